"""What is asked of a few rows once something is wrong with them, and which keys a row resolves to now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from lib import keys
from lib.errors import DatabaseFault, DatabaseUnavailable, SettingInvalid
from lib.findings import Facts
from lib.row_spool import Detail
from lib.stores.records_checks import text_of
from lib.stores.records_engine import ReadOnlyEngine
from lib.stores.records_question import BIGINT
from lib.stores.records_spool import as_bytes
from lib.stores.records_tables import Instant, Names, Tables

FILE_COLUMNS = "DASHBOARD_FILE_COLUMNS"
_RECORDS_AT_ONCE = 1000
_KEYS_AT_ONCE = 5000  # two spellings of each, below SQLite's bound of 32,766 values
_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)  # in any zone of the server's
_OPTIONAL = ("generated_by_id", "is_mobile_generated")


class Details:
    """The rows of some numbers. Columns that only say who made a PDF may be missing: then nobody is known to have."""

    def __init__(self, engine: ReadOnlyEngine, tables: Tables, names: Names) -> None:
        self._engine = engine
        self._tables = tables
        self._theirs = {names.of(f"prescription_pdfs.{ours}"): ours for ours in _OPTIONAL}
        self._missing: set[str] = set()

    def of(self, record_ids: Sequence[int]) -> Mapping[int, Detail]:
        """Return them as they are now, some in one transaction; raise DatabaseUnavailable."""
        wanted = [number for number in dict.fromkeys(record_ids) if number in BIGINT]
        found: dict[int, Detail] = {}
        for start in range(0, len(wanted), _RECORDS_AT_ONCE):
            found |= {each.record_id: each for each in self._read(wanted[start : start + _RECORDS_AT_ONCE])}
        return found

    def _read(self, some: Sequence[int]) -> list[Detail]:
        while True:
            try:
                with self._engine.transaction() as connection:
                    return [_detail(row) for row in connection.execute(self._statement(some))]
            except DatabaseUnavailable as error:
                column = self._theirs.get(error.detail.rpartition(".")[2])
                if error.fault is not DatabaseFault.SCHEMA or column is None or column in self._missing:
                    raise
                self._missing.add(column)

    def _statement(self, some: Sequence[int]) -> sa.Select[Any]:
        pdfs, prescriptions, consultations = self._tables.pdfs, self._tables.prescriptions, self._tables.consultations
        raw = as_bytes if self._engine.is_sqlite else (lambda column: column)
        columns = {
            "record_id": pdfs.c.id,
            "stored_key": raw(pdfs.c.pdf_file),
            "size_bytes": pdfs.c.file_size,
            "checksum": raw(pdfs.c.checksum),
            "prescription_id": pdfs.c.prescription_id,
            "version": pdfs.c.version_number,
            "is_current": pdfs.c.is_current,
            "generated_at": self._instant(pdfs.c.generated_at),
            "consultation_id": prescriptions.c.consultation_id,
            "patient_id": prescriptions.c.patient_id,
            "clinic_id": consultations.c.clinic_id,
        } | {ours: sa.null() if ours in self._missing else pdfs.c[ours] for ours in _OPTIONAL}
        source = pdfs.outerjoin(prescriptions, prescriptions.c.id == pdfs.c.prescription_id)
        source = source.outerjoin(consultations, consultations.c.id == prescriptions.c.consultation_id)
        return (
            sa.select(*(column.label(name) for name, column in columns.items()))
            .select_from(source)
            .where(pdfs.c.id.in_(some))
        )

    def _instant(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Return a column of instants without those that Python cannot hold: one date must not end a whole run."""
        if self._engine.is_sqlite:
            return sa.type_coerce(column, _Tolerant())
        return sa.case((column.between(_FIRST, _LAST), column), else_=None)


class _Tolerant(Instant):
    """An instant of SQLite, whose columns hold anything; None for what is no date."""

    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return an aware UTC datetime, or None."""
        try:
            return super().process_result_value(value, dialect)
        except (TypeError, ValueError, OverflowError):
            return None


def _detail(row: Any) -> Detail:
    return Detail(
        record_id=row.record_id,
        stored_key=text_of(row.stored_key),
        consultation_id=row.consultation_id,
        size_bytes=row.size_bytes,
        checksum=text_of(row.checksum) or "",
        prescription_id=row.prescription_id,
        version=row.version,
        is_current=bool(row.is_current),
        facts=Facts(row.patient_id, row.clinic_id, row.generated_at, row.generated_by_id, row.is_mobile_generated),
    )


class References:
    """Which keys are referenced: by the PDF rows, and by the other columns that the operator declared."""

    def __init__(self, engine: ReadOnlyEngine, tables: Tables, *, location: str, files: Iterable[str]) -> None:
        self._engine = engine
        self._pdfs = tables.pdfs
        self._location = location
        self._files = {name: _column(name) for name in files}

    def check(self) -> None:
        """Ask each declared column for nothing; raise SettingInvalid where one does not exist, or holds no text."""
        # PostgreSQL compares no number with a text; SQLite anything with everything.
        faults = (DatabaseFault.SCHEMA,) if self._engine.is_sqlite else (DatabaseFault.SCHEMA, DatabaseFault.OTHER)
        for name, column in self._files.items():
            self._declared(name, sa.select(column).where(column.in_(["a"])).limit(0), faults=faults)

    def to(self, wanted: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """Return which of the keys a row resolves to, and its number; none of a declared column's row."""
        found: dict[str, list[int]] = {}
        for some in self._spelled(wanted):
            statement = sa.select(self._pdfs.c.pdf_file, self._pdfs.c.id).where(self._pdfs.c.pdf_file.in_(some))
            with self._engine.transaction() as connection:
                for stored, number in connection.execute(statement.order_by(self._pdfs.c.id)):
                    found.setdefault(keys.resolve(stored, location=self._location), []).append(number)
            for name, column in self._files.items():
                for stored in self._declared(name, sa.select(column).where(column.in_(some)).distinct()):
                    found.setdefault(keys.resolve(stored, location=self._location), [])
        return found

    def _spelled(self, wanted: Sequence[str]) -> Iterator[list[str]]:
        """Yield some stored keys at once, those that resolve to the wanted ones."""
        prefix = keys.prefix_of(self._location)
        possible = [key for key in dict.fromkeys(wanted) if not keys.impossible(key)]
        for start in range(0, len(possible), _KEYS_AT_ONCE):
            some = set(possible[start : start + _KEYS_AT_ONCE])
            both = some | {key.removeprefix(prefix) for key in some}
            yield sorted(each for each in both if keys.resolve(each, location=self._location) in some)

    def _declared(
        self, name: str, statement: sa.Select[Any], *, faults: Sequence[DatabaseFault] = (DatabaseFault.SCHEMA,)
    ) -> Sequence[str]:
        try:
            with self._engine.transaction() as connection:
                return connection.execute(statement).scalars().all()
        except DatabaseUnavailable as error:
            if error.fault not in faults:
                raise
            rule = f"must name columns of text in the clinic's database; {name} is none"
            raise SettingInvalid(FILE_COLUMNS, rule) from error


def _column(name: str) -> sa.ColumnClause[str]:
    """Return a column by ``table.column`` or ``schema.table.column``, every part quoted."""
    *schema, table, column = (sa.sql.quoted_name(part, quote=True) for part in name.split("."))
    file: sa.ColumnClause[str] = sa.column(column, sa.String())
    sa.table(table, file, schema=schema[0] if schema else None)
    return file
