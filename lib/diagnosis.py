"""Row + observation -> the state that a person sees. Pure."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Protocol, assert_never

from lib.objects import Observation, Presence


class Facts(Protocol):
    """What a row says of its file; a ``Record`` does."""

    @property
    def has_pdf(self) -> bool:
        """Whether there is a PDF row at all."""
        ...

    @property
    def size_bytes(self) -> int | None:
        """The size, where the row knows it."""
        ...

    @property
    def checksum(self) -> str:
        """The MD5 of the bytes in hex, or ''."""
        ...


class State(StrEnum):
    """The closed set of states a row can have."""

    FOUND = "found"
    DAMAGED = "damaged"  # present, but size or MD5 disagree with the row
    ELSEWHERE = "elsewhere"  # absent there, the right object proven elsewhere
    MISSING = "missing"
    UNKNOWN = "unknown"
    NO_PDF = "no_pdf"  # the prescription has no PDF row


class Md5(StrEnum):
    """How the object's ETag compares with the row's checksum."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_COMPARABLE = "not_comparable"  # multipart ETag, encrypted object, or the row has no checksum


def size_of(record: Facts) -> int | None:
    """Return the size that a row says, None where it says none: no PDF has zero bytes."""
    return record.size_bytes if record.size_bytes and record.size_bytes > 0 else None


def compare_md5(record: Facts, observation: Observation) -> Md5:
    """Compare checksums; a multipart ETag (``…-2``) or an empty checksum is never called different.

    Only two strings of 32 hex digits are compared, in any case: ``checksum`` may hold up to 64 characters of
    something else, and only the ETag of a simple put is an MD5.
    """
    checksum, etag = md5_of(record.checksum), md5_of(observation.etag or "")
    if not observation.is_etag_md5 or checksum is None or etag is None:
        return Md5.NOT_COMPARABLE
    return Md5.AGREES if checksum == etag else Md5.DIFFERS


def md5_of(text: str) -> str | None:
    """Return 32 hex digits in lower case, or None for what is no MD5.

    >>> md5_of(" " + "AB" * 16), md5_of("ab-2")
    ('abababababababababababababababab', None)
    """
    found = text.strip().lower()
    return found if re.fullmatch(r"[0-9a-f]{32}", found) else None


def state(record: Facts, observation: Observation | None) -> State:
    """Return the state; no observation is UNKNOWN, a record without PDF row is NO_PDF.

    An empty object is DAMAGED even where the row knows neither size nor checksum: no PDF has zero bytes.
    """
    if not record.has_pdf:
        return State.NO_PDF
    if observation is None:
        return State.UNKNOWN
    match observation.presence:
        case Presence.UNKNOWN:
            return State.UNKNOWN
        case Presence.ABSENT:
            return State.MISSING
        case Presence.PRESENT:
            return State.DAMAGED if _disagrees(record, observation) else State.FOUND
        case unreachable:
            assert_never(unreachable)


def _disagrees(record: Facts, observation: Observation) -> bool:
    size = observation.size_bytes
    if size is not None and (size == 0 or size_of(record) not in {None, size}):
        return True
    return compare_md5(record, observation) is Md5.DIFFERS
