"""Record + observation -> the state that a person sees. Pure."""

from __future__ import annotations

from enum import StrEnum

from lib.objects import Observation, Presence
from lib.records import Record


class State(StrEnum):
    """The closed set of states a row can have."""

    FOUND = "found"
    DAMAGED = "damaged"  # present, but size or MD5 disagree with the row
    MISSING = "missing"
    UNKNOWN = "unknown"
    NO_PDF = "no_pdf"  # the prescription has no PDF row


class Md5(StrEnum):
    """How the object's ETag compares with the row's checksum."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_COMPARABLE = "not_comparable"  # multipart ETag, or the row has no checksum


def compare_md5(record: Record, observation: Observation) -> Md5:
    """Compare checksums; a multipart ETag (``…-2``) or an empty checksum is never called different."""
    raise NotImplementedError


def state(record: Record, observation: Observation | None) -> State:
    """Return the state; no observation is UNKNOWN, a record without PDF row is NO_PDF."""
    raise NotImplementedError
