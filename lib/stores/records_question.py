"""What is asked of the records database, before it is SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from lib.access import Scope
from lib.records import (
    ConsultationIs,
    Cursor,
    Everything,
    Filters,
    KeyContains,
    KeyIs,
    NameContains,
    PatientIs,
    PhoneEnds,
    PhoneIs,
    PrescriptionIs,
    RecordIs,
    Term,
)

PatientTerm = PhoneIs | PhoneEnds | NameContains
FileTerm = RecordIs | KeyIs | KeyContains  # what a PDF row alone answers
FEW_PATIENTS = 1000  # beyond that the newest rows are walked and each patient is looked at instead
BIGINT = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of both streams. ``patients`` are the ids that a phone or name search found, None if too many."""

    term: Term
    filters: Filters
    scope: Scope
    patients: tuple[str, ...] | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether an index leads to few rows, which are then sorted."""
        if self.filters.among is not None:
            return True
        if isinstance(self.term, PatientTerm):
            return self.patients is not None
        return not isinstance(self.term, Everything | KeyContains)

    @property
    def needs_prescription(self) -> bool:
        """Whether a PDF row alone does not tell if it matches."""
        return self.is_one_clinic or not isinstance(self.term, Everything | FileTerm)

    @property
    def is_walked(self) -> bool:
        """Whether rows are looked at from the newest on, each with its prescription, until enough fit."""
        return self.needs_prescription and not self.is_narrow and not self.filters.only_without_pdf

    @property
    def is_one_clinic(self) -> bool:
        """Whether only some clinics' rows match."""
        return self.scope.clinics is not None or self.filters.clinic_id is not None

    @property
    def asks_for_a_file(self) -> bool:
        """Whether a prescription without PDF cannot match."""
        return self.filters.among is not None or isinstance(self.term, FileTerm)


def answerable(term: Term, filters: Filters, after: Cursor | None = None) -> bool:
    """Whether the database can hold such values at all: no NUL, no lone surrogate, no number over 64 bits.

    PostgreSQL would refuse the question; the right answer is that nothing matches.
    """
    numbers = () if after is None else (after.prescription_id, after.record_id or 0)
    return (
        _holdable(term)
        and (filters.clinic_id is None or _storable(filters.clinic_id))
        and all(number in BIGINT for number in numbers)
    )


def _holdable(term: Term) -> bool:
    match term:
        case Everything():
            return True
        case PrescriptionIs(number) | RecordIs(number):
            return number in BIGINT
        case PatientIs(texts) | ConsultationIs(texts) | KeyIs(texts):
            return all(_storable(text) for text in texts)
        case PhoneIs(text) | PhoneEnds(text) | KeyContains(text) | NameContains(text):
            return _storable(text)
        case _:
            assert_never(term)


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
