"""The ASGI app: Streamlit behind our own middleware. Serve it with ``python -m dashboard run``.

Until people can sign in, the gate is the loopback address: the Host header must name this computer, so that a
foreign web page cannot reach the app through a name that it lets point here.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from dashboard import logs, wording

LOOPBACK = ("127.0.0.1", "localhost")
HEADERS = {
    "Referrer-Policy": "no-referrer",  # the address may name a record
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class SameOrigin:
    """Refuses what another web page asks for: a websocket, or anything but reading, whose Origin is not our address.

    Streamlit itself (1.67.0) accepts any port of this computer, and looks its public address up on the internet to
    accept that too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - the ASGI interface
        if scope["type"] == "lifespan" or scope.get("method") in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin, host = headers.get("origin"), headers.get("host")
        if origin is None or origin in {f"http://{host}", f"https://{host}"}:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(code=1008)(scope, receive, send)  # before it is accepted: an answer of 403
        else:
            await PlainTextResponse("Foreign origin", status_code=403)(scope, receive, send)


class SecurityHeaders:
    """Adds the security headers to every answer, a refusal too; nothing but the fingerprinted assets may be stored."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - the ASGI interface
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if not scope["path"].startswith("/static/"):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self._app(scope, receive, with_headers)


def say_fault(error: Exception) -> bool:
    """Answer an error that escaped the entry script (a callback's): our sentence, no traceback."""
    logs.failed("callback", error)
    st.error(wording.UNEXPECTED, icon=":material/error:")
    return True


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Take what start-up imported out of the garbage collector's sight, once.

    Streamlit collects fully after every script run (script_runner.py, 1.67.0), which then costs seven times the run.
    """
    logs.quiet()
    gc.collect()
    gc.freeze()
    yield {}


hosts = list(LOOPBACK)  # ``run --demo --host …`` adds to it before the first request
app = st.App(
    Path(__file__).with_name("app.py"),
    lifespan=lifespan,
    middleware=[
        Middleware(SecurityHeaders),
        Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False),
        Middleware(SameOrigin),
    ],
    on_script_error=say_fault,
)
