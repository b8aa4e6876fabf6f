"""The ASGI app: Streamlit behind the security headers and the gate. Serve it with ``python -m dashboard run``."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from google.protobuf.message import DecodeError
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from streamlit import file_util
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from dashboard import drawn_files, logs, security_headers, watched_page, widgets, wording
from dashboard.gate import Gate
from dashboard.origins import Site
from dashboard.security_headers import SecurityHeaders
from dashboard.sockets import Sessions
from dashboard.visit import SignedOut

# The hashes of the inline styles that Streamlit 1.67.0 puts into the page by itself, as Chromium reports them when one
# is missing here: an empty element that emotion fills by script, and styled-components' for the data grid.
STREAMLIT_STYLES = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='",
)


def build(site: Site, sessions: Sessions, *, routes: Sequence[BaseRoute]) -> st.App:
    """Return the app. ``routes`` are our own, in front of Streamlit's; raise UnknownPage for a Streamlit we do not know."""
    page = Path(file_util.get_static_dir(), "index.html")
    text = page.read_text(encoding="utf-8")
    policy = security_headers.page_policy(
        scripts=map(security_headers.hash_source, (watched_page.WATCH, security_headers.inline_script(text))),
        styles=(security_headers.hash_source(widgets.STYLE), *STREAMLIT_STYLES),
    )
    return st.App(
        Path(__file__).with_name("app.py"),
        lifespan=lifespan,
        routes=[*routes, *watched_page.routes(page, watched=watched_page.with_watch(text), policy=policy)],
        middleware=[
            Middleware(SecurityHeaders, policy=security_headers.file_policy(), is_secure=site.is_secure),
            Middleware(Gate, site=site, sessions=sessions, learn=session_begun, addresses=drawn_files.addresses),
        ],
        on_script_error=say_fault,
    )


def session_begun(message: bytes) -> str | None:
    """Return the id of the Streamlit session that this message to the browser announces, if it announces one."""
    read = ForwardMsg()
    try:
        read.ParseFromString(message)
    except DecodeError:
        return None
    if read.WhichOneof("type") != "new_session":
        return None
    return read.new_session.initialize.session_id or None


def say_fault(error: Exception) -> bool:
    """Answer an error that escaped the entry script (a callback's): our sentence, no traceback."""
    if isinstance(error, SignedOut):
        widgets.signed_out(is_locked=error.is_locked)
        return True
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
