"""Signed links: bounds, issue, verification. A link is made on click, checked as a stranger, and kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from lib.access import Actor, Scope
from lib.objects import Disposition, Doubt
from lib.records import Record

if TYPE_CHECKING:
    from lib.services import Services

MIN_EXPIRY = timedelta(seconds=1)
MAX_EXPIRY = timedelta(days=7)  # what SigV4 allows: 604800 s


@dataclass(frozen=True, slots=True)
class Policy:
    """Bounds for link expiry. With temporary credentials links die with them."""

    default_expiry: timedelta = timedelta(hours=1)
    max_expiry: timedelta = MAX_EXPIRY
    has_session_token: bool = False
    credentials_expire_at: datetime | None = None


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
    NOT_VISIBLE = "NOT_VISIBLE"  # no such record in this scope
    SEVERAL_PATIENTS = "SEVERAL_PATIENTS"  # an object key that rows of two patients resolve to
    LINK_MALFORMED = "LINK_MALFORMED"  # the signed link is not what was asked for
    LINK_REFUSED = "LINK_REFUSED"  # the stranger got no 206
    NOT_A_PDF = "NOT_A_PDF"
    WRONG_LENGTH = "WRONG_LENGTH"
    UNBROWSABLE_KEY = "UNBROWSABLE_KEY"  # ./ or ../ segment: browsers fold it
    TOO_LARGE = "TOO_LARGE"  # preview only


@dataclass(frozen=True, slots=True)
class Refused:
    """No link, and why. ``detail`` is for machines and developers: a code, bounds, a status; never a key or name."""

    code: RefusalCode
    detail: str = ""
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class PresignedUrl:
    """A link that was fetched as a stranger and opened. Show it in this session only; never store or log it."""

    url: str
    record_id: int
    key: str
    issued_at: datetime
    expires_at: datetime  # effective: the earlier of the link's and the credentials' end
    may_end_sooner: bool  # temporary credentials of unknown end
    content_type: str | None
    size_bytes: int | None
    is_public: bool | None  # None: the anonymous probe gave no answer

    def __repr__(self) -> str:
        return f"PresignedUrl(record_id={self.record_id}, expires_at={self.expires_at.isoformat()})"


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """What somebody asked for. ``reason`` is required for drafts and replaced versions."""

    expires: timedelta
    disposition: Disposition = Disposition.INLINE
    reason: str | None = None


def parse_duration(text: str) -> timedelta | None:
    """Return the duration of ``15m``, ``1h``, ``2d``, ``90s`` or ``1h30m``; None for anything else."""
    raise NotImplementedError


def issue(
    actor: Actor, scope: Scope, *, services: Services, record: Record, request: LinkRequest
) -> PresignedUrl | Refused:
    """Re-authorise, check afresh, write the intent, sign, verify as a stranger, write the outcome."""
    raise NotImplementedError
