"""What somebody typed or pasted, understood, and the records it finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lib.access import Actor, Scope
from lib.errors import LedgerUnavailable
from lib.keys import Rules
from lib.records import Cursor, Filters, Page, Record, Term

if TYPE_CHECKING:
    from lib.services import Services

MAX_TEXT = 4096  # characters read from the search box; more is said, not hidden


class Kind(StrEnum):
    """What the text was taken for; ``wording`` says it ("Taken as a consultation number")."""

    EVERYTHING = "everything"
    PHONE = "phone"
    PHONE_END = "phone_end"
    PATIENT = "patient"
    CONSULTATION = "consultation"
    PRESCRIPTION = "prescription"
    RECORD = "record"
    KEY = "key"
    KEY_PART = "key_part"
    URL = "url"
    FOREIGN_URL = "foreign_url"  # a URL of another bucket or host: nothing is asked
    NAME = "name"
    TOO_SHORT = "too_short"  # one letter, two digits: nothing is asked


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to take the text. ``term`` is None where nothing should be asked."""

    kind: Kind
    term: Term | None

    @property
    def is_id(self) -> bool:
        """Whether the text may stand in the URL: ids only, never a name, phone or key."""
        return self.kind in {Kind.PATIENT, Kind.CONSULTATION, Kind.PRESCRIPTION, Kind.RECORD}


def understand(text: str, *, rules: Rules, phone_region: str) -> tuple[Reading, ...]:
    """Return the readings to try in order; the first that finds anything is taken. Pure."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Found:
    """One page, and what the text was taken for. ``trail_fault`` is set when the search could not be written down."""

    reading: Reading
    tried: tuple[Kind, ...]
    page: Page
    trail_fault: LedgerUnavailable | None = None


def find(
    actor: Actor,
    scope: Scope,
    *,
    services: Services,
    text: str,
    filters: Filters,
    limit: int = 25,
    after: Cursor | None = None,
) -> Found:
    """Understand the text, ask the first reading that finds anything, write the search to the trail."""
    raise NotImplementedError


def open_record(actor: Actor, scope: Scope, *, services: Services, record_id: int) -> Record | None:
    """Re-read and re-authorise one record and write that it was opened; None where it is not visible."""
    raise NotImplementedError
