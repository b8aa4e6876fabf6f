"""The gate: in front of Streamlit, and of every byte of it. Knows no Streamlit.

1. The Host must be ours, and a request that a page makes must come from our own page (``origins``).
2. The open routes (signing in, also through a provider; unlocking; setting a password) answer anybody.
3. Everything else needs the cookie of a session that lives: a script run, media, a metric, also the static assets.
   Without it a page is sent to the sign-in, a websocket is refused before it is accepted, the rest gets 401.
4. No header names a person. Who acts is read from the session, by the cookie's token, in every script run
   (``dashboard/app.py``), so there is nothing to forge; ``safety`` sees to it that Streamlit trusts no header either.
5. A file is for the browser that was sent its address (``sent_files``), and for no other that is signed in.
6. Streamlit resumes a session for whoever names its id. It may be named only under the session of ours that began it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import wording
from dashboard.origins import Site, has, only
from dashboard.sent_files import SentFiles
from dashboard.sockets import Learn, OpenSockets, Owners, Sessions, Socket
from lib.errors import LedgerUnavailable

SIGN_IN = "/signin"
SAFE_METHODS = frozenset({"GET", "HEAD"})
OPEN_ROUTES = {  # everything else of these paths needs a session too: behind them is Streamlit, which answers any path
    SIGN_IN: SAFE_METHODS | {"POST"},
    "/signout": frozenset({"POST"}),
    "/session": SAFE_METHODS,
    "/unlock": SAFE_METHODS | {"POST"},
    "/set-password": SAFE_METHODS | {"POST"},
    "/oidc/start": SAFE_METHODS,
    "/oidc/callback": SAFE_METHODS,
}
MAX_COOKIE_BYTES = 4096
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 bits, URL-safe base64


def nothing_learnt(_message: bytes) -> None:
    """Tell no Streamlit session's id from what is sent."""


def no_files(_message: bytes) -> tuple[str, ...]:
    """Tell no file's address from what is sent."""
    return ()


class Gate:
    """ASGI middleware; the outermost but for the security headers."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        site: Site,
        sessions: Sessions,
        learn: Learn = nothing_learnt,
        addresses: Callable[[bytes], Iterable[str]] = no_files,
    ) -> None:
        self._app = app
        self._site = site
        self._sessions = sessions
        self._learn = learn
        self._addresses = addresses
        self._owners = Owners()
        self._files = SentFiles()
        self._sockets = OpenSockets(sessions)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - the ASGI interface
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (refusal := self._foreign(scope)) is not None:
            await refusal(scope, receive, send)
            return
        if scope["method"] in OPEN_ROUTES.get(scope["path"], ()):
            await self._app(scope, receive, send)
            return
        token = token_of(scope, self._site)
        try:
            is_live = token is not None and await self._lives(token)
        except LedgerUnavailable as error:
            await PlainTextResponse(wording.ledger(error), 503)(scope, receive, send)
            return
        if token is None or not is_live:
            await _turned_away(scope)(scope, receive, send)
            return
        if not self._files.opens(scope["path"], token):
            await Response(status_code=404)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _foreign(self, scope: Scope) -> Response | None:
        """Return the refusal of a request that does not come to us, or not from our own page."""
        origin = self._site.origin(scope["headers"])
        if origin is None:
            return PlainTextResponse(wording.FOREIGN_HOST, 400)
        if has(scope["headers"], b"origin"):
            is_ours = only(scope["headers"], b"origin") == origin
        else:
            is_ours = scope["type"] == "http" and scope["method"] in SAFE_METHODS
        return None if is_ours else PlainTextResponse(wording.FOREIGN_ORIGIN, 403)

    async def _lives(self, token: str) -> bool:
        return token in await asyncio.to_thread(self._sessions.live, (token,))

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = token_of(scope, self._site) if self._foreign(scope) is None else None
        try:
            is_live = token is not None and await self._lives(token)
        except LedgerUnavailable:
            is_live = False
        if token is None or not is_live:
            await receive()  # the handshake; closing before accepting answers 403
            await send({"type": "websocket.close", "code": 1008})
            return
        socket = Socket(token, receive, send, learn=self._learner(token))
        self._sockets.add(socket)
        try:
            await self._app(self._without_foreign_session(scope, token), socket.receive, socket.send)
        finally:
            self._sockets.remove(socket)

    def _learner(self, token: str) -> Callable[[bytes], None]:
        """Return what reads from what is sent: addresses of files, and the Streamlit session's id until it is known."""
        is_known = False

        def learn(message: bytes) -> None:
            nonlocal is_known
            self._files.learn(self._addresses(message), token)
            if not is_known and (session_id := self._learn(message)):
                self._owners.remember(session_id, token)
                is_known = True

        return learn

    def _without_foreign_session(self, scope: Scope, token: str) -> Scope:
        """Return the handshake without the id of a Streamlit session that another of our sessions began."""
        offered: list[str] = scope.get("subprotocols", [])
        if len(offered) < 3 or (len(offered) == 3 and self._owners.owns(offered[2], token)):
            return scope
        name = b"sec-websocket-protocol"
        headers = [(key, value) for key, value in scope["headers"] if key.lower() != name]
        headers.append((name, ", ".join(offered[:2]).encode("latin-1", "replace")))
        return {**scope, "headers": headers, "subprotocols": offered[:2]}


def token_of(scope: Scope, site: Site) -> str | None:
    """Return the session cookie's value, if there is exactly one and it has the form of a token."""
    cookies = [value for key, value in scope["headers"] if key.lower() == b"cookie"]
    if sum(map(len, cookies)) > MAX_COOKIE_BYTES:
        return None
    pairs = [part.partition("=") for line in cookies for part in line.decode("latin-1").split(";")]
    found = [value.strip() for name, _, value in pairs if name.strip() == site.cookie]
    return found[0] if len(found) == 1 and _TOKEN.fullmatch(found[0]) else None


def _turned_away(scope: Scope) -> Response:
    """Return the answer to a request without a session: the same for every path, there or not."""
    wants_page = "text/html" in Headers(scope=scope).get("accept", "")
    if scope["method"] not in SAFE_METHODS or not wants_page:
        return PlainTextResponse(wording.SIGN_IN_FIRST, 401)
    wanted = scope.get("raw_path", b"/").decode("latin-1") or "/"
    if query := scope.get("query_string", b"").decode("latin-1"):
        wanted += f"?{query}"
    return RedirectResponse(f"{SIGN_IN}?next={quote(wanted, safe='')}" if wanted != "/" else SIGN_IN, 303)
