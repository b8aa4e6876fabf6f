"""What a row has to meet, as SQL that an index can answer, on PostgreSQL and on SQLite."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, assert_never

import sqlalchemy as sa

from lib.access import Scope
from lib.records import (
    ConsultationIs,
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
)
from lib.stores.records_question import BIGINT, PatientTerm, Question
from lib.stores.records_tables import Instant, Tables

Condition = sa.ColumnElement[bool]


class Conditions:
    """The conditions for one set of tables and one kind of database."""

    def __init__(self, tables: Tables, *, is_sqlite: bool) -> None:
        self._tables = tables
        self._is_sqlite = is_sqlite

    def instant(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Return a column of instants as it is compared and ordered."""
        if not self._is_sqlite:
            return column
        # Django leaves '.000000' out of SQLite's text; without it '08:32:00' sorts before its own page cursor.
        return sa.type_coerce(sa.func.substr(sa.type_coerce(column, sa.String()) + ".000000", 1, 26), Instant())

    def bound(self, at: datetime) -> sa.ColumnElement[Any]:
        """Return an instant to compare such a column with."""
        return sa.bindparam(None, at, Instant())

    def between(self, at: sa.ColumnElement[Any], filters: Filters) -> list[Condition]:
        """Within the filters' days."""
        conditions = []
        if filters.since is not None:
            conditions.append(at >= self.bound(filters.since))
        if filters.before is not None:
            conditions.append(at < self.bound(filters.before))
        return conditions

    def scoped(self, scope: Scope) -> list[Condition]:
        """Of the clinics that the scope sees."""
        if scope.clinics is None:
            return []
        return [self._tables.consultations.c.clinic_id.in_(sorted(scope.clinics))]

    def prescription(self, question: Question) -> list[Condition]:
        """What both streams ask of the prescription, its consultation and its patient."""
        prescriptions = self._tables.prescriptions
        conditions = self.scoped(question.scope)
        if question.filters.clinic_id is not None:
            conditions.append(self._tables.consultations.c.clinic_id == question.filters.clinic_id)
        match question.term:
            case PatientIs(ids):
                conditions.append(prescriptions.c.patient_id.in_(ids))
            case ConsultationIs(ids):
                conditions.append(prescriptions.c.consultation_id.in_(ids))
            case PrescriptionIs(prescription_id):
                conditions.append(prescriptions.c.id == prescription_id)
            case PhoneIs() | PhoneEnds() | NameContains():
                if question.patients is None:
                    conditions.append(self.person(self._tables.patient, question.term))
                else:
                    conditions.append(prescriptions.c.patient_id.in_(question.patients))
            case Everything() | RecordIs() | KeyIs() | KeyContains():
                pass
            case _:
                assert_never(question.term)
        return conditions

    def with_neighbours(self, source: sa.FromClause, question: Question) -> sa.FromClause:
        """Join what the conditions on a prescription name, and nothing else."""
        prescriptions, consultations, patient = (
            self._tables.prescriptions, self._tables.consultations, self._tables.patient,
        )  # fmt: skip
        if question.is_one_clinic:
            source = source.join(consultations, consultations.c.id == prescriptions.c.consultation_id)
        if isinstance(question.term, PatientTerm) and question.patients is None:
            source = source.join(patient, patient.c.id == prescriptions.c.patient_id)
        return source

    def is_version_to_use(self) -> Condition:
        """No other version is better: a current one before any other, then the higher number.

        The application flips ``is_current`` in two steps, so that none or several may have it.
        """
        pdfs = self._tables.pdfs
        other = pdfs.alias("other")
        better = sa.or_(
            sa.and_(other.c.is_current, ~pdfs.c.is_current),
            sa.and_(other.c.is_current == pdfs.c.is_current, other.c.version_number > pdfs.c.version_number),
        )
        same = other.c.prescription_id == pdfs.c.prescription_id
        return ~sa.select(sa.literal(1)).select_from(other).where(same, better).correlate(pdfs).exists()

    def is_among(self, column: sa.ColumnElement[int], numbers: Sequence[int]) -> Condition:
        """The numbers as one value: thousands of parameters of their own are more than SQLite takes."""
        held = [number for number in numbers if number in BIGINT]
        if self._is_sqlite:
            listed = sa.func.json_each(json.dumps(held)).table_valued("value")
            return column.in_(sa.select(listed.c.value))
        return column == sa.any_(sa.bindparam(None, held, sa.ARRAY(sa.BigInteger())))

    def person(self, users: sa.FromClause, term: PatientTerm) -> Condition:
        """A user that a phone or name fits."""
        match term:
            case PhoneIs(e164):
                return users.c.phone == e164
            case PhoneEnds(digits):
                if self._is_sqlite:
                    return sa.func.substr(users.c.phone, -len(digits)) == digits
                return users.c.phone.endswith(digits, autoescape=True)
            case NameContains(fragment):
                if self._is_sqlite:
                    return sa.func.instr(sa.func.lower(users.c.name), fragment.lower()) > 0
                return users.c.name.icontains(fragment, autoescape=True)
            case _:
                assert_never(term)

    def contains(self, column: sa.ColumnElement[str], fragment: str) -> Condition:
        """A text with this in it, in the same case."""
        if self._is_sqlite:  # whose LIKE takes A for a, and no pattern over 50,000 bytes
            return sa.func.instr(column, fragment) > 0
        return column.contains(fragment, autoescape=True)
