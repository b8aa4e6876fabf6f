"""Records in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lib import masking
from lib.access import Scope
from lib.errors import DatabaseUnavailable
from lib.records import (
    Clinic,
    ConsultationIs,
    Cursor,
    Everything,
    Filters,
    KeyContains,
    KeyIs,
    NameContains,
    Page,
    PatientIs,
    PhoneEnds,
    PhoneIs,
    PrescriptionIs,
    Record,
    RecordIs,
    Term,
    Total,
)


class MemoryRecords:
    """A RecordStore over ``rows``. ``fault`` is raised by every method while it is set."""

    def __init__(
        self, records: Iterable[Record], clinics: Iterable[Clinic] = (), *, fault: DatabaseUnavailable | None = None
    ) -> None:
        self.rows = list(records)
        self.fault = fault
        self._clinics = tuple(clinics)

    def search(self, term: Term, filters: Filters, *, scope: Scope, limit: int, after: Cursor | None = None) -> Page:
        """Return one page, newest first."""
        rows = sorted(self._matching(term, filters, scope), key=lambda row: row.place, reverse=True)
        if after is not None:
            rows = [row for row in rows if row.place < after.place]
        page = tuple(rows[:limit])
        return Page(page, page[-1].cursor if page and len(rows) > limit else None)

    def total(self, term: Term, filters: Filters, *, scope: Scope) -> Total | None:
        """Count exactly."""
        return Total(len(self._matching(term, filters, scope)), is_exact=True)

    def get(self, record_id: int, *, scope: Scope) -> Record | None:
        """Return one visible PDF row."""
        return next((row for row in self._visible(scope) if row.record_id == record_id), None)

    def versions(self, prescription_id: int, *, scope: Scope) -> Sequence[Record]:
        """Return every version, newest first."""
        rows = [row for row in self._visible(scope) if row.prescription_id == prescription_id]
        return sorted(rows, key=lambda row: row.version or 0, reverse=True)

    def clinics(self, *, scope: Scope) -> Sequence[Clinic]:
        """Return the visible clinics, by name."""
        self._answer()
        return sorted((clinic for clinic in self._clinics if scope.sees(clinic.clinic_id)), key=lambda each: each.name)

    def _answer(self) -> None:
        if self.fault is not None:
            raise self.fault

    def _visible(self, scope: Scope) -> list[Record]:
        self._answer()
        return [masking.seen_by(scope, row) for row in self.rows if scope.sees(row.clinic_id)]

    def _matching(self, term: Term, filters: Filters, scope: Scope) -> list[Record]:
        rows = [] if masking.hides(scope, term) else self._visible(scope)
        return [row for row in rows if _matches(row, term) and _passes(row, term, filters)]


def _matches(row: Record, term: Term) -> bool:
    match term:
        case Everything():
            return True
        case PhoneIs(e164):
            return row.patient_phone == e164
        case PhoneEnds(digits):
            return row.patient_phone.endswith(digits)
        case PatientIs(ids):
            return row.patient_id in ids
        case ConsultationIs(ids):
            return row.consultation_id in ids
        case PrescriptionIs(prescription_id):
            return row.prescription_id == prescription_id
        case RecordIs(record_id):
            return row.record_id == record_id
        case KeyIs(stored_keys):
            return row.stored_key in stored_keys
        case KeyContains(fragment):
            return row.stored_key is not None and fragment in row.stored_key
        case NameContains(fragment):
            return fragment.lower() in row.patient_name.lower()


def _passes(row: Record, term: Term, filters: Filters) -> bool:
    names_one_file = isinstance(term, RecordIs | KeyIs)
    if filters.only_without_pdf and row.has_pdf:
        return False
    if filters.among is not None and row.record_id not in filters.among:
        return False
    if not (filters.older_versions or names_one_file) and row.is_replaced:
        return False
    if filters.clinic_id is not None and row.clinic_id != filters.clinic_id:
        return False
    since, before = filters.since, filters.before
    return (since is None or row.instant >= since) and (before is None or row.instant < before)
