"""Which object a stored key means: the signer's rule and the storage's rule, exactly. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Rules:
    """What turns stored keys into object keys. ``location`` has no slash at either end and may be ''."""

    location: str
    bucket: str
    previous_locations: tuple[str, ...] = ()
    url_hosts: tuple[str, ...] = ()  # lower-case hosts (with port if not default) whose URLs mean our bucket


class Problem(StrEnum):
    """Catalogue codes that a stored key shows by itself, without any request."""

    EMPTY = "EMPTY"


@dataclass(frozen=True, slots=True)
class Resolution:
    """A stored key and what each rule makes of it. ``written`` is None where the storage refuses it."""

    stored: str
    resolved: str
    written: str | None
    agree: bool
    problem: Problem | None


def resolve(stored: str, *, location: str) -> str:
    """Return the object key that the backend's signer asks for."""
    raise NotImplementedError


def written(stored: str, *, location: str) -> str | None:
    """Return the object key that the backend's storage wrote, or None where it refuses the name."""
    raise NotImplementedError


def describe(stored: str, rules: Rules) -> Resolution:
    """Return what both rules make of a stored key, whether they agree, and what is wrong with it by itself."""
    raise NotImplementedError


def impossible(key: str) -> bool:
    """Whether no S3 request can be made for this key: empty, over 1024 bytes, NUL, lone surrogate."""
    raise NotImplementedError


def key_of_url(text: str, rules: Rules) -> str | None:
    """Return the object key that a URL of our bucket names (virtual host, path style, CDN, signed), else None."""
    raise NotImplementedError
