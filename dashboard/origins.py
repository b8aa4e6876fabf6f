"""Which addresses the dashboard answers to, and which pages may ask it. Pure.

A browser is steered by names: a foreign page that lets its own name point at this computer sends a foreign Host, and
a foreign page that asks across sites sends a foreign Origin. Both are refused before anything else is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost")
SECURE_COOKIE = "__Host-dashboard-session"
DEVELOPMENT_COOKIE = "dashboard-development-session"  # plain http on this computer: browsers refuse __Host- there
_HOST = re.compile(r"([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::[0-9]{1,5})?")

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Site:
    """Where people reach the dashboard. Without a public address: plain http, by a name of this computer."""

    public_url: str = ""
    names: frozenset[str] | None = frozenset(LOOPBACK)  # None: any name (the demo on a network)

    @property
    def is_secure(self) -> bool:
        """Whether people come over https, so that cookies may be bound to it."""
        return self.public_url.startswith("https:")

    @property
    def cookie(self) -> str:
        """The name of the session's cookie."""
        return SECURE_COOKIE if self.is_secure else DEVELOPMENT_COOKIE

    def origin(self, headers: Headers) -> str | None:
        """Return the one origin that may ask, from this request's Host; None where that host is not ours.

        >>> Site().origin([(b"host", b"localhost:8501")])
        'http://localhost:8501'
        >>> Site().origin([(b"host", b"evil.example")]) is None
        True
        >>> Site("https://rx.example").origin([(b"host", b"rx.example")])
        'https://rx.example'
        """
        host = only(headers, b"host")
        found = _HOST.fullmatch(host.lower()) if host else None
        if host is None or found is None:
            return None
        if self.public_url:
            parts = urlsplit(self.public_url)
            return f"{parts.scheme}://{parts.netloc.lower()}" if host.lower() == parts.netloc.lower() else None
        return f"http://{host.lower()}" if self.names is None or found[1] in self.names else None


def only(headers: Headers, name: bytes) -> str | None:
    """Return the value of a header that is there exactly once and is ASCII; None otherwise.

    >>> only([(b"host", b"a"), (b"host", b"b")], b"host") is None
    True
    """
    values = [value for key, value in headers if key.lower() == name]
    return values[0].decode("ascii") if len(values) == 1 and values[0].isascii() else None


def has(headers: Headers, name: bytes) -> bool:
    """Whether a header is there at all."""
    return any(key.lower() == name for key, _ in headers)
