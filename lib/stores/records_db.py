"""The RecordStore over the clinic's own database: PostgreSQL, or SQLite for the demo. Reads, never writes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from lib import masking
from lib.access import Scope
from lib.errors import DatabaseFault, DatabaseUnavailable
from lib.records import Clinic, Cursor, Filters, MissingIndex, Page, Record, Term, Total
from lib.stores import records_indexes, records_tables
from lib.stores.records_engine import Limits, ReadOnlyEngine
from lib.stores.records_explain import Explain
from lib.stores.records_query import Queries
from lib.stores.records_question import BIGINT, FEW_PATIENTS, PatientTerm, Question, answerable
from lib.stores.records_tables import DEFAULT_NAMES, Names

__all__ = ["DEFAULT_NAMES", "Limits", "Names", "RecordsDb", "connect"]

Stream = list[tuple[int, int, Any]]  # id, prescription_id, instant


def connect(url: str, *, names: Names = DEFAULT_NAMES, limits: Limits | None = None) -> RecordsDb:
    """Return the store at an SQLAlchemy URL. Touches no network; raises SettingInvalid for an unreadable URL."""
    limits = limits or Limits()
    return RecordsDb(ReadOnlyEngine(url, limits=limits), names=names, limits=limits)


class RecordsDb:
    """Every method reads one snapshot in a read-only transaction and raises DatabaseUnavailable."""

    def __init__(self, engine: ReadOnlyEngine, *, names: Names, limits: Limits) -> None:
        self._engine = engine
        self._limits = limits
        self._tables = records_tables.build(names)
        self._queries = Queries(self._tables, is_sqlite=engine.is_sqlite)

    def search(self, term: Term, filters: Filters, *, scope: Scope, limit: int, after: Cursor | None = None) -> Page:
        """Return one page, newest first.

        1. A phone or a name becomes patient ids first; too common a name is looked at row by row instead.
        2. The ids of the newest ``limit`` + 1 PDF rows below the cursor.
        3. The same of prescriptions without PDF, no older than those.
        4. Both merged, cut, and read with all that is shown.
        """
        if masking.hides(scope, term) or not answerable(term, filters, after):
            return Page((), None)
        began = time.monotonic()
        with self._engine.transaction() as connection:
            question = self._ask(connection, term, filters, scope)
            if question.is_walked:
                # Parallel workers run far ahead of the 26 rows that are wanted: at 1M rows the page of a small clinic
                # took 64 ms with them and 7 ms without.
                self._engine.without_workers(connection)
            with_pdf = self._with_pdf(connection, question, limit=limit + 1, after=after)
            without = self._without_pdf(connection, question, limit=limit + 1, after=after, with_pdf=with_pdf)
            places = [(at, True, number, owner) for number, owner, at in with_pdf]
            places += [(at, False, number, owner) for number, owner, at in without]
            places.sort(reverse=True)
            shown = places[:limit]
            read = {
                record.place: record for record in self._read(connection, {owner for *_, owner in shown}, scope=scope)
            }
            slow = timedelta(seconds=time.monotonic() - began) > self._limits.slow
            missing = records_indexes.missing(connection, self._tables, term) if slow else ()
        # A row that was counted and not read has no prescription any more: it is nobody's.
        records = tuple(read[place[:3]] for place in shown if place[:3] in read)
        if len(places) <= limit:
            return Page(records, None, missing)
        at, has_pdf, number, owner = shown[-1]
        return Page(records, Cursor(at, number if has_pdf else None, owner), missing)

    def total(self, term: Term, filters: Filters, *, scope: Scope) -> Total | None:
        """Count within a short budget; estimate where that is not enough (PostgreSQL), else None."""
        if masking.hides(scope, term) or not answerable(term, filters):
            return Total(0, is_exact=True)
        for attempt in (self._count, self._estimate):
            try:
                return attempt(term, filters, scope)
            except DatabaseUnavailable as error:
                if error.fault is not DatabaseFault.SLOW:
                    raise
        return None

    def get(self, record_id: int, *, scope: Scope) -> Record | None:
        """Return one PDF row, or None where it does not exist or is not visible in this scope."""
        if record_id not in BIGINT:
            return None
        with self._engine.transaction() as connection:
            owner = connection.execute(self._queries.prescription_of(record_id)).scalar_one_or_none()
            versions = self._read(connection, () if owner is None else (owner,), scope=scope)
        return next((version for version in versions if version.record_id == record_id), None)

    def versions(self, prescription_id: int, *, scope: Scope) -> Sequence[Record]:
        """Return every version of one prescription, newest first; one record without PDF where none was made."""
        if prescription_id not in BIGINT:
            return ()
        with self._engine.transaction() as connection:
            return self._read(connection, (prescription_id,), scope=scope)

    def clinics(self, *, scope: Scope) -> Sequence[Clinic]:
        """Return the active clinics that the scope sees, by name."""
        with self._engine.transaction() as connection:
            return tuple(Clinic(row.id, row.name) for row in connection.execute(self._queries.clinics(scope=scope)))

    def missing_indexes(self) -> tuple[MissingIndex, ...]:
        """Return every index that some search would be faster with. Reads the catalogue only, in milliseconds."""
        with self._engine.transaction() as connection:
            return records_indexes.missing(connection, self._tables)

    def close(self) -> None:
        """Close every pooled connection."""
        self._engine.close()

    def _ask(self, connection: sa.Connection, term: Term, filters: Filters, scope: Scope) -> Question:
        if not isinstance(term, PatientTerm):
            return Question(term, filters, scope)
        found = connection.execute(self._queries.patients(term)).scalars().all()
        return Question(term, filters, scope, tuple(found) if len(found) <= FEW_PATIENTS else None)

    def _with_pdf(self, connection: sa.Connection, question: Question, *, limit: int, after: Cursor | None) -> Stream:
        if question.filters.only_without_pdf:
            return []
        below = None if after is None else (after.at, after.record_id)
        statement = self._queries.page(
            self._queries.with_pdf(question), narrow=question.is_narrow, limit=limit, below=below
        )
        return [(row.id, row.prescription_id, row.at) for row in connection.execute(statement)]

    def _without_pdf(
        self, connection: sa.Connection, question: Question, *, limit: int, after: Cursor | None, with_pdf: Stream
    ) -> Stream:
        if question.asks_for_a_file:
            return []
        matching = self._queries.without_pdf(question)
        if len(with_pdf) == limit:
            # What is older than the whole page cannot be on it. Without this, every page would look through
            # all prescriptions for the few that have no PDF.
            matching = self._queries.not_before(matching, with_pdf[-1][2])
        below = None
        if after is not None:
            # At one instant rows with a PDF come first: below such a row lies every one without at that instant.
            below = (after.at, BIGINT[-1] if after.record_id is not None else after.prescription_id)
        statement = self._queries.page(matching, narrow=question.is_narrow, limit=limit, below=below)
        return [(row.id, row.prescription_id, row.at) for row in connection.execute(statement)]

    def _streams(self, question: Question) -> list[sa.Select[Any]]:
        streams = [] if question.filters.only_without_pdf else [self._queries.with_pdf(question)]
        return streams if question.asks_for_a_file else [*streams, self._queries.without_pdf(question)]

    def _count(self, term: Term, filters: Filters, scope: Scope) -> Total:
        with self._engine.transaction(budget=self._limits.total) as connection:
            statements = self._streams(self._ask(connection, term, filters, scope))
            counts = [sa.select(sa.func.count()).select_from(each.subquery()) for each in statements]
            return Total(sum(connection.execute(count).scalar_one() for count in counts), is_exact=True)

    def _estimate(self, term: Term, filters: Filters, scope: Scope) -> Total | None:
        if self._engine.is_sqlite:
            return None
        with self._engine.transaction(budget=self._limits.total) as connection:
            plans = [
                connection.execute(Explain(statement)).scalar_one()
                for statement in self._streams(Question(term, filters, scope))
            ]
        return Total(sum(int(plan[0]["Plan"]["Plan Rows"]) for plan in plans), is_exact=False)

    def _read(self, connection: sa.Connection, prescription_ids: Iterable[int], *, scope: Scope) -> tuple[Record, ...]:
        wanted = sorted(prescription_ids)
        if not wanted:
            return ()
        rows: dict[int, list[Any]] = {}
        for row in connection.execute(self._queries.details(wanted, scope=scope)):
            rows.setdefault(row.prescription_id, []).append(row)
        return tuple(masking.seen_by(scope, record) for versions in rows.values() for record in _records(versions))


def _records(rows: Sequence[Any]) -> list[Record]:
    """The versions of one prescription, the highest first; one record without PDF where there is none."""
    made = [row for row in rows if row.record_id is not None]
    current = [row.version for row in made if row.is_current]
    latest = max(current or [row.version for row in made], default=None)
    return [
        Record(
            record_id=row.record_id,
            prescription_id=row.prescription_id,
            consultation_id=row.consultation_id,
            patient_id=row.patient_id,
            patient_name=row.patient_name or "",
            patient_phone=row.patient_phone or "",
            doctor_name=row.doctor_name or "",
            clinic_id=row.clinic_id,
            clinic_name=row.clinic_name,
            issued_date=row.issued_date,
            is_draft=row.is_draft,
            is_finalized=row.is_finalized,
            stored_key=row.stored_key,
            version=row.version,
            versions=len(made),
            latest_version=latest,
            is_current=bool(row.is_current),
            generated_at=row.generated_at,
            size_bytes=row.size_bytes,
            checksum=row.checksum or "",
            created_at=row.created_at,
        )
        for row in rows
    ]
