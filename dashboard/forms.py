"""Reading a form that our own page sent: small, url-encoded, with the token that the page was given."""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from dashboard.origins import Site

MAX_BYTES = 8192
MAX_FIELDS = 8
PATIENCE_S = 5  # for all of it: who sends a byte a second holds a connection and no more
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,1000}")  # printable ASCII without a backslash; never //host


class NotOurForm(Exception):
    """Too large, too slow, not a form, or not from our page. ``status`` is what HTTP calls it."""

    def __init__(self, status: int) -> None:
        super().__init__(f"form refused: {status}")
        self.status = status


def token_cookie(site: Site) -> str:
    """Return the name of the cookie that holds the form's token."""
    return f"{site.cookie}-form"


def token_for(request: Request, *, site: Site) -> str:
    """Return the token for a page's form: the browser's own if it has one, so that two tabs do not disturb each other."""
    kept = request.cookies.get(token_cookie(site), "")
    return kept if _TOKEN.fullmatch(kept) else secrets.token_urlsafe(32)


def keep_token(answer: Response, token: str, *, site: Site) -> Response:
    """Put the form's token into the browser. ``Strict``: no other site's page makes the browser send it."""
    answer.set_cookie(
        token_cookie(site), token, path="/", secure=site.is_secure, httponly=True, samesite="strict", max_age=3600
    )
    return answer


async def read(request: Request, *, site: Site) -> dict[str, str]:
    """Return the fields of a form; raise NotOurForm before more than MAX_BYTES are read, or after PATIENCE_S."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise NotOurForm(415)
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length[:10]) > MAX_BYTES:
        raise NotOurForm(413)
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise NotOurForm(413)
    except TimeoutError:
        raise NotOurForm(408) from None
    except ClientDisconnect:
        raise NotOurForm(400) from None
    try:
        fields = dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:  # not ASCII, or too many fields
        raise NotOurForm(400) from None
    kept = request.cookies.get(token_cookie(site), "")
    if not _TOKEN.fullmatch(kept) or not hmac.compare_digest(kept, _ascii(fields.get("form_token", ""))):
        raise NotOurForm(403)
    return fields


def own_path(text: str) -> str:
    """Return where to go after signing in: a path of our own, else the start.

    >>> own_path("/?record=12"), own_path("//evil.example"), own_path("/\\\\evil.example"), own_path("https://evil.example")
    ('/?record=12', '/', '/', '/')
    """
    return text if _OWN_PATH.fullmatch(text) else "/"


def _ascii(text: str) -> str:
    return text if text.isascii() else ""
