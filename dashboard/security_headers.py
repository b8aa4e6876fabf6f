"""What every answer tells the browser it may do. ASGI middleware, the outermost; knows no Streamlit.

The app's page alone runs scripts: those of our own address, and two inline ones, our watch and Streamlit's, by their
hashes. Nothing is evaluated, framed, sent elsewhere or, but for the fingerprinted assets, stored.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_ANY_SCRIPT = re.compile(r"<script\b([^>]*)>")

COMMON = {
    "Referrer-Policy": "no-referrer",  # the address may name a record
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}


class UnknownPage(Exception):
    """Streamlit's page is not the one that the policy was written for."""


def hash_source(text: str) -> str:
    """Return how a policy names one inline script or style.

    >>> hash_source("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def inline_script(page: str) -> str:
    """Return the one inline script of Streamlit's page; raise UnknownPage where there is another number of them."""
    found = _INLINE_SCRIPT.findall(page)
    inline = [attributes for attributes in _ANY_SCRIPT.findall(page) if "src=" not in attributes]
    if len(found) != 1 or len(inline) != 1:
        raise UnknownPage(f"{len(inline)} inline scripts")
    return str(found[0])


def page_policy(*, scripts: Iterable[str], styles: Iterable[str]) -> str:
    """Return the policy of the app's page: scripts of our address, and the inline scripts and styles with these hashes.

    ``wasm-unsafe-eval``: protobuf.js compiles a module for 64-bit numbers; it allows no evaluation of text.
    ``style-src-attr``: React and the data grid set style attributes, which cannot be hashed; they load nothing.
    """
    return _joined(
        {
            "default-src": "'none'",
            "script-src": " ".join(["'self'", "'wasm-unsafe-eval'", *scripts]),
            "style-src": " ".join(["'self'", *styles]),
            "style-src-attr": "'unsafe-inline'",
            "img-src": "'self' data: blob:",
            "font-src": "'self' data:",
            "media-src": "'self'",
            "connect-src": "'self'",
            "worker-src": "'self'",
            "manifest-src": "'self'",
            "form-action": "'self'",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
        }
    )


def file_policy() -> str:
    """Return the policy of what is no page of ours: nothing runs, nothing is loaded."""
    return _joined(
        {"default-src": "'none'", "form-action": "'none'", "base-uri": "'none'", "frame-ancestors": "'none'"}
    )


def form_policy(style: str) -> str:
    """Return the policy of our own form pages: no script at all, one style."""
    return _joined(
        {
            "default-src": "'none'",
            "style-src": hash_source(style),
            "form-action": "'self'",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
        }
    )


def _joined(directives: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in directives.items())


class SecurityHeaders:
    """Adds the headers to every answer. A policy or a referrer rule that an answer brings itself stays."""

    def __init__(self, app: ASGIApp, *, policy: str, is_secure: bool) -> None:
        self._app = app
        self._own = {"Content-Security-Policy": policy, **COMMON, **(HTTPS_ONLY if is_secure else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - the ASGI interface
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._own.items():
                    headers.setdefault(name, value)
                if not (scope["path"].startswith("/static/") and message["status"] == 200):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self._app(scope, receive, with_headers)
