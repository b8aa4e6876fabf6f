"""The questions, as SQL. Two streams make one list: rows with a PDF, and prescriptions without any.

Each stream's query only finds ids, so that the database can walk an index and stop at LIMIT; everything
shown is then read for those few rows. What a row has to meet is in ``records_conditions``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lib.access import Scope
from lib.records import KeyContains, KeyIs, RecordIs
from lib.stores.records_conditions import Conditions
from lib.stores.records_question import FEW_PATIENTS, PatientTerm, Question
from lib.stores.records_tables import Tables


class Queries:
    """The statements for one set of tables and one kind of database."""

    def __init__(self, tables: Tables, *, is_sqlite: bool) -> None:
        self._tables = tables
        self._is_sqlite = is_sqlite
        self._where = Conditions(tables, is_sqlite=is_sqlite)
        self._made_at = self._where.instant(tables.pdfs.c.generated_at)
        self._written_at = self._where.instant(tables.prescriptions.c.created_at)

    def patients(self, term: PatientTerm) -> sa.Select[Any]:
        """Ids of the users that a phone or name fits, one more than ``FEW_PATIENTS`` at most."""
        users = self._tables.users
        return sa.select(users.c.id).where(self._where.person(users, term)).limit(FEW_PATIENTS + 1)

    def with_pdf(self, question: Question) -> sa.Select[Any]:
        """Every PDF row that matches: id, prescription_id, at. Unordered."""
        pdfs = self._tables.pdfs
        filters = question.filters
        conditions = [*self._where.prescription(question), *self._where.between(self._made_at, filters)]
        if filters.among is not None:
            conditions.append(self._where.is_among(pdfs.c.id, filters.among))
        match question.term:
            case RecordIs(record_id):
                conditions.append(pdfs.c.id == record_id)
            case KeyIs(stored_keys):
                conditions.append(pdfs.c.pdf_file.in_(stored_keys))
            case KeyContains(fragment):
                conditions.append(self._where.contains(pdfs.c.pdf_file, fragment))
            case _:
                pass
        if not filters.older_versions and not isinstance(question.term, RecordIs | KeyIs):
            conditions.append(self._where.is_version_to_use())
        source: sa.FromClause = pdfs
        if question.needs_prescription:
            source = pdfs.join(self._tables.prescriptions, self._tables.prescriptions.c.id == pdfs.c.prescription_id)
            source = self._where.with_neighbours(source, question)
        return (
            sa.select(pdfs.c.id.label("id"), pdfs.c.prescription_id.label("prescription_id"), self._made_at.label("at"))
            .select_from(source)
            .where(*conditions)
        )

    def without_pdf(self, question: Question) -> sa.Select[Any]:
        """Every prescription without PDF row that matches: id, prescription_id, at. Unordered."""
        prescriptions, pdfs = self._tables.prescriptions, self._tables.pdfs
        made = sa.exists().where(pdfs.c.prescription_id == prescriptions.c.id).correlate(prescriptions)
        conditions = [
            ~made,
            *self._where.prescription(question),
            *self._where.between(self._written_at, question.filters),
        ]
        source = self._where.with_neighbours(prescriptions, question)
        return (
            sa.select(
                prescriptions.c.id.label("id"),
                prescriptions.c.id.label("prescription_id"),
                self._written_at.label("at"),
            )
            .select_from(source)
            .where(*conditions)
        )

    def page(
        self, matching: sa.Select[Any], *, narrow: bool, limit: int, below: tuple[datetime, int | None] | None
    ) -> sa.Select[Any]:
        """The newest ``limit`` rows of a stream, below a place in it. An id of None: below every row of that instant."""
        columns = list(matching.selected_columns)
        number, at = _bare(columns[0]), _bare(columns[2])
        if below is not None and below[1] is None:
            matching = matching.where(at < self._where.bound(below[0]))
        elif below is not None:
            place = sa.tuple_(self._where.bound(below[0]), sa.bindparam(None, below[1], sa.BigInteger()))
            matching = matching.where(sa.tuple_(at, number) < place)
        if narrow and not self._is_sqlite:
            # Asked for the newest 26 of a few rows, PostgreSQL may walk the whole index of instants to find them.
            rows = matching.cte("matching").prefix_with("MATERIALIZED")
            return sa.select(rows).order_by(rows.c.at.desc(), rows.c.id.desc()).limit(limit)
        return matching.order_by(at.desc(), number.desc()).limit(limit)

    def not_before(self, matching: sa.Select[Any], at: datetime) -> sa.Select[Any]:
        """Narrow a stream to what is not older than this instant."""
        return matching.where(_bare(list(matching.selected_columns)[2]) >= self._where.bound(at))

    def details(self, prescription_ids: Sequence[int], *, scope: Scope) -> sa.Select[Any]:
        """Every version of these prescriptions with all that is shown, the highest first."""
        tables = self._tables
        prescriptions, pdfs, consultations, clinics = (
            tables.prescriptions, tables.pdfs, tables.consultations, tables.clinics,
        )  # fmt: skip
        source = (
            prescriptions.outerjoin(tables.patient, tables.patient.c.id == prescriptions.c.patient_id)
            .outerjoin(tables.doctor, tables.doctor.c.id == prescriptions.c.doctor_id)
            .outerjoin(consultations, consultations.c.id == prescriptions.c.consultation_id)
            .outerjoin(clinics, clinics.c.id == consultations.c.clinic_id)
            .outerjoin(pdfs, pdfs.c.prescription_id == prescriptions.c.id)
        )
        columns = {
            "prescription_id": prescriptions.c.id,
            "consultation_id": prescriptions.c.consultation_id,
            "patient_id": prescriptions.c.patient_id,
            "patient_name": tables.patient.c.name,
            "patient_phone": tables.patient.c.phone,
            "doctor_name": tables.doctor.c.name,
            "clinic_id": consultations.c.clinic_id,
            "clinic_name": clinics.c.name,
            "issued_date": prescriptions.c.issued_date,
            "is_draft": prescriptions.c.is_draft,
            "is_finalized": prescriptions.c.is_finalized,
            "created_at": prescriptions.c.created_at,
            "record_id": pdfs.c.id,
            "stored_key": pdfs.c.pdf_file,
            "version": pdfs.c.version_number,
            "is_current": pdfs.c.is_current,
            "generated_at": pdfs.c.generated_at,
            "size_bytes": pdfs.c.file_size,
            "checksum": pdfs.c.checksum,
        }
        return (
            sa.select(*(column.label(name) for name, column in columns.items()))
            .select_from(source)
            .where(prescriptions.c.id.in_(prescription_ids), *self._where.scoped(scope))
            .order_by(prescriptions.c.id, pdfs.c.version_number.desc(), pdfs.c.id.desc())
        )

    def prescription_of(self, record_id: int) -> sa.Select[Any]:
        """The prescription that a PDF row belongs to."""
        pdfs = self._tables.pdfs
        return sa.select(pdfs.c.prescription_id).where(pdfs.c.id == record_id)

    def clinics(self, *, scope: Scope) -> sa.Select[Any]:
        """Active clinics by name."""
        clinics = self._tables.clinics
        statement = sa.select(clinics.c.id, clinics.c.name).where(clinics.c.is_active)
        if scope.clinics is not None:
            statement = statement.where(clinics.c.id.in_(sorted(scope.clinics)))
        return statement.order_by(clinics.c.name, clinics.c.id)


def _bare(column: Any) -> Any:
    return column.element if isinstance(column, sa.Label) else column
