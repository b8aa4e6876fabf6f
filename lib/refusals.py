"""Why no link or no preview was made. ``lib.links`` hands these names on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lib.objects import Doubt


class RefusalCode(StrEnum):
    """Why no link (or no preview) was made."""

    TOO_LONG = "TOO_LONG"
    TOO_SHORT = "TOO_SHORT"
    NOT_A_DURATION = "NOT_A_DURATION"
    CREDENTIALS_EXPIRED = "CREDENTIALS_EXPIRED"
    NO_PDF = "NO_PDF"
    MISSING = "MISSING"
    WRONG_CONTENT = "WRONG_CONTENT"
    UNKNOWN = "UNKNOWN"
    DRAFT_NEEDS_REASON = "DRAFT_NEEDS_REASON"
    OLD_VERSION_NEEDS_REASON = "OLD_VERSION_NEEDS_REASON"
    TRAIL_UNAVAILABLE = "TRAIL_UNAVAILABLE"
    CHANGED = "CHANGED"  # the record is no longer what was checked when the act began
    NOT_VISIBLE = "NOT_VISIBLE"  # no such record in this scope, or it is no longer of that patient
    SEVERAL_PATIENTS = "SEVERAL_PATIENTS"  # an object key that rows of two patients resolve to
    LINK_MALFORMED = "LINK_MALFORMED"  # the signed link is not what was asked for
    LINK_REFUSED = "LINK_REFUSED"  # the stranger got no 206
    NOT_A_PDF = "NOT_A_PDF"
    WRONG_LENGTH = "WRONG_LENGTH"
    UNBROWSABLE_KEY = "UNBROWSABLE_KEY"  # ./ or ../ segment: browsers fold it
    TOO_LARGE = "TOO_LARGE"  # preview only
    LINKS_PER_HOUR = "LINKS_PER_HOUR"  # as many as the role may make


@dataclass(frozen=True, slots=True)
class Refused:
    """No link, and why. ``detail`` is for machines and developers: a code, bounds, a status; never a key or name."""

    code: RefusalCode
    detail: str = ""
    doubt: Doubt | None = None
