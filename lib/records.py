"""The rows of the clinic's database and the port that reads them.

A record is one PDF version of one prescription, or a prescription of which no PDF was made
(then ``record_id`` and everything about the file is None). ``primary_diagnosis`` is never read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Protocol

from lib.access import Scope


@dataclass(frozen=True, slots=True)
class Record:
    """One PDF version, or a prescription without any (``record_id`` None). Instants are aware UTC."""

    record_id: int | None
    prescription_id: int
    consultation_id: str | None
    patient_id: str
    patient_name: str
    patient_phone: str  # as the application normalised it: +91XXXXXXXXXX
    doctor_name: str
    clinic_id: str | None
    clinic_name: str | None
    issued_date: date
    is_draft: bool
    is_finalized: bool
    stored_key: str | None
    version: int | None
    versions: int  # how many PDF versions the prescription has
    latest_version: int | None  # the version that "Use version n" means: the current one, else the highest
    is_current: bool
    generated_at: datetime | None
    size_bytes: int | None
    checksum: str  # MD5 hex of the bytes, or ''
    created_at: datetime | None = None  # of the prescription; the place in the list where no PDF was made

    @property
    def instant(self) -> datetime:
        """What the list is ordered by: when the PDF was made, or the prescription where no PDF was."""
        return self.generated_at or self.created_at or datetime.combine(self.issued_date, time.min, tzinfo=UTC)

    @property
    def place(self) -> tuple[datetime, bool, int]:
        """The place in a list; newest first is descending by it. At one instant, rows with a PDF come first."""
        if self.record_id is None:
            return self.instant, False, self.prescription_id
        return self.instant, True, self.record_id

    @property
    def cursor(self) -> Cursor:
        """The cursor of the page that begins after this row."""
        return Cursor(self.instant, self.record_id, self.prescription_id)

    @property
    def has_pdf(self) -> bool:
        """Whether a PDF row exists at all."""
        return self.record_id is not None

    @property
    def is_replaced(self) -> bool:
        """Whether another version is the one to use."""
        return self.version is not None and self.version != self.latest_version


@dataclass(frozen=True, slots=True)
class Everything:
    """No text: the newest PDFs, within the filters."""


@dataclass(frozen=True, slots=True)
class PhoneIs:
    """A whole phone number, in E.164."""

    e164: str


@dataclass(frozen=True, slots=True)
class PhoneEnds:
    """The last digits of a phone number (3 or more)."""

    digits: str


@dataclass(frozen=True, slots=True)
class PatientIs:
    """A patient id in every spelling that means the same (PAT7, PAT007)."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConsultationIs:
    """A consultation id in every spelling that means the same."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PrescriptionIs:
    """A prescription number."""

    prescription_id: int


@dataclass(frozen=True, slots=True)
class RecordIs:
    """The number of one PDF row (``--record``, a pasted 'record 123')."""

    record_id: int


@dataclass(frozen=True, slots=True)
class KeyIs:
    """A whole key: rows whose stored key is any of these strings, byte for byte."""

    stored_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyContains:
    """A part of a key."""

    fragment: str


@dataclass(frozen=True, slots=True)
class NameContains:
    """Any part of a patient's name, case-insensitive."""

    fragment: str


Term = (
    Everything
    | PhoneIs
    | PhoneEnds
    | PatientIs
    | ConsultationIs
    | PrescriptionIs
    | RecordIs
    | KeyIs
    | KeyContains
    | NameContains
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a search. Dates are days in the clinic's zone, both inclusive.

    Without ``older_versions`` each prescription shows the one version to use; who asks for one row by its
    number or its whole key (``RecordIs``, ``KeyIs``) gets that row, replaced or not. ``among`` leaves only PDF rows of
    these numbers, and of them those that would be shown without it.

    The store gets instants: ``since`` inclusive, ``before`` exclusive, on generated_at (created_at of
    the prescription where no PDF was made).
    """

    since: datetime | None = None
    before: datetime | None = None
    clinic_id: str | None = None
    older_versions: bool = False
    only_without_pdf: bool = False
    among: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page starts: after this row, in (instant, kind, id) order, newest first."""

    at: datetime
    record_id: int | None
    prescription_id: int

    @property
    def place(self) -> tuple[datetime, bool, int]:
        """The place in a list, as ``Record.place``: the next page is what lies below it."""
        if self.record_id is None:
            return self.at, False, self.prescription_id
        return self.at, True, self.record_id


class IndexKind(StrEnum):
    """What sort of index would help."""

    BTREE = "btree"
    TRIGRAM = "trigram"  # GIN with gin_trgm_ops, extension pg_trgm


@dataclass(frozen=True, slots=True)
class MissingIndex:
    """An index that this question would be faster with. It is only ever named, never made."""

    table: str
    columns: tuple[str, ...]
    kind: IndexKind = IndexKind.BTREE


@dataclass(frozen=True, slots=True)
class Page:
    """At most ``limit`` records, newest first; ``after`` is None on the last page.

    ``missing_indexes`` is filled only where the page came slowly and an index would help.
    """

    records: tuple[Record, ...]
    after: Cursor | None
    missing_indexes: tuple[MissingIndex, ...] = ()


@dataclass(frozen=True, slots=True)
class Total:
    """How many records match. An estimate when counting them would hold up the page."""

    count: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Clinic:
    """A clinic that the scope sees."""

    clinic_id: str
    name: str


class RecordStore(Protocol):
    """Reads records, read-only. Every method raises ``DatabaseUnavailable``.

    A masked scope gets records without name and phone, and nothing for a term by name or phone (``masking``).
    """

    def search(self, term: Term, filters: Filters, *, scope: Scope, limit: int, after: Cursor | None = None) -> Page:
        """Return one page, newest first. Without an index it is slow, never wrong."""
        ...

    def total(self, term: Term, filters: Filters, *, scope: Scope) -> Total | None:
        """Count within a short budget; estimate where the database can; None when neither is possible."""
        ...

    def get(self, record_id: int, *, scope: Scope) -> Record | None:
        """Return one PDF row, or None where it does not exist or is not visible in this scope."""
        ...

    def versions(self, prescription_id: int, *, scope: Scope) -> Sequence[Record]:
        """Return every version of one prescription, newest first; one record without PDF where none was made."""
        ...

    def clinics(self, *, scope: Scope) -> Sequence[Clinic]:
        """Return the active clinics that the scope sees, by name."""
        ...
