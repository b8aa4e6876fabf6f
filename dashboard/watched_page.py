"""Streamlit's page with the watch in it, at every address of a screen.

The watch (``assets/watch.js``) is in the page itself, before every other script, so that nothing is drawn that it does not
see. A script of its own could fail to load where the page did not, and one that a running page loads later comes too late:
once the session is locked the gate gives it to nobody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard import assets
from dashboard.security_headers import UnknownPage

WATCH = (assets.FOLDER / "watch.js").read_text(encoding="utf-8")
_FIRST_SCRIPT = "<script>"  # Streamlit's own inline one


def routes(page: Path, *, watched: str, policy: str) -> list[BaseRoute]:
    """Return what answers every address of one segment: the ``watched`` page, and the files beside Streamlit's ``page``.

    ``policy`` is for the watched page alone: Streamlit's own, which it gives at any address, runs no script.
    """

    async def show(_request: Request) -> Response:
        return HTMLResponse(watched, headers={"Content-Security-Policy": policy})

    return [
        *(Route(f"/{each.name}", _giving(each)) for each in page.parent.iterdir() if each.is_file() and each != page),
        Route("/", show),
        Route("/{address}", show),
    ]


def with_watch(page: str) -> str:
    """Return the page with the watch before its first script; raise UnknownPage where there is none.

    >>> with_watch("<head><script>…</script></head>") == f"<head><script>{WATCH}</script><script>…</script></head>"
    True
    """
    before, first, after = page.partition(_FIRST_SCRIPT)
    if not first or "<script" in before:
        raise UnknownPage("another script comes first")
    return f"{before}<script>{WATCH}</script>{first}{after}"


def _giving(file: Path) -> Callable[[Request], Awaitable[Response]]:
    async def give(_request: Request) -> Response:
        return FileResponse(file)

    return give
