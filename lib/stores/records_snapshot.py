"""Reads the clinic's database for an audit: all rows of one instant into a file, and details of a few."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from lib.row_spool import Checking, Detail, Settled, Snapshot
from lib.stores import records_spool, records_tables, row_file
from lib.stores.records_checking import Beside
from lib.stores.records_checks import Checks
from lib.stores.records_details import Details, References
from lib.stores.records_engine import Limits, ReadOnlyEngine
from lib.stores.records_tables import DEFAULT_NAMES, Names
from lib.stores.row_file import Spooling

MAX_NUMBERS = 100_000  # of each check
SNAPSHOT_TIME = timedelta(minutes=30)  # for each of its statements
BESIDE_TIME = timedelta(seconds=10)  # once the rows are copied: a pool of one connection gives no second before we end
DETAILS_TIME = timedelta(seconds=60)  # for each batch: without an index on the keys all rows are looked at


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long an audit's questions may take, and how many numbers each of its checks keeps.

    ``beside``: how long a second connection is waited for, in which the checks go on.
    """

    statement: timedelta = SNAPSHOT_TIME
    details: timedelta = DETAILS_TIME
    beside: timedelta = BESIDE_TIME
    numbers: int = MAX_NUMBERS


def connect(
    url: str,
    *,
    location: str,
    names: Names = DEFAULT_NAMES,
    files: Sequence[str] = (),
    bounds: Bounds | None = None,
) -> RecordRows:
    """Return the reader at an SQLAlchemy URL. Touches no network; raises SettingInvalid for an unreadable URL.

    ``files`` are other columns whose values are stored keys too: ``table.column`` or ``schema.table.column``.
    """
    bounds = bounds or Bounds()
    engine = ReadOnlyEngine(url, limits=Limits(statement=bounds.details, connections=4))
    return RecordRows(engine, location=location, names=names, files=files, bounds=bounds)


class RecordRows:
    """A RowReader over PostgreSQL or SQLite. Raises DatabaseUnavailable, and SettingInvalid for a declared column."""

    def __init__(
        self, engine: ReadOnlyEngine, *, location: str, names: Names, files: Sequence[str], bounds: Bounds
    ) -> None:
        self._engine = engine
        self._location = location
        self._bounds = bounds
        self._tables = records_tables.build(names)
        self._details = Details(engine, self._tables, names)
        self._references = References(engine, self._tables, location=location, files=files)
        self._one = threading.Lock()  # question at a time: there may be no second connection

    def snapshot(self, path: str, *, prefix: str = "") -> Snapshot:
        """Write the rows whose resolved key begins with ``prefix`` to a new private file, and begin to check them.

        A file that could not be finished is removed; OSError where the disk is full, or the file is there.
        """
        self._references.check()
        checks = self._checks(prefix)
        with row_file.writing(path) as spooling:
            work = self._sqlite if self._engine.is_sqlite else self._postgresql
            taken_at, checking = work(spooling, checks, prefix)
        return Snapshot(taken_at, spooling.rows, checking)

    def check(self, *, prefix: str = "") -> Checking:
        """Begin the checks alone, of this moment."""
        return self._beside(self._checks(prefix))

    def details(self, record_ids: Sequence[int]) -> Mapping[int, Detail]:
        """Return the rows of these numbers as they are now; one that is gone is left out."""
        with self._one:
            return self._details.of(record_ids)

    def resolving_to(self, keys: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """Return which of these object keys a row resolves to now, with the numbers of those rows.

        A key that only a declared column names is there without a number.
        """
        with self._one:
            return self._references.to(keys)

    def close(self) -> None:
        """Close every pooled connection."""
        self._engine.close()

    def _checks(self, prefix: str) -> Checks:
        return Checks(
            self._tables,
            location=self._location,
            is_sqlite=self._engine.is_sqlite,
            prefix=prefix,
            limit=self._bounds.numbers,
        )

    def _sqlite(self, spooling: Spooling, checks: Checks, prefix: str) -> tuple[datetime, Checking]:
        with self._engine.transaction(budget=self._bounds.statement) as connection:
            now = connection.execute(sa.select(sa.func.strftime("%Y-%m-%dT%H:%M:%f000", "now"))).scalar_one()
            records_spool.write(connection, self._tables, spooling, location=self._location, prefix=prefix)
            checked = checks.run(connection)
        return datetime.fromisoformat(now).replace(tzinfo=UTC), Settled(checked)

    def _postgresql(self, spooling: Spooling, checks: Checks, prefix: str) -> tuple[datetime, Checking]:
        """Copy, while the checks begin on a second connection that sees the same.

        Where it cannot see what the first does (a pool that leads elsewhere, or nowhere), the checks follow the copy.
        """
        for is_shared in (True, False):
            with self._engine.transaction(budget=self._bounds.statement) as connection:
                adopting = _exported(connection) if is_shared else ""
                if adopting is None:
                    continue
                records_spool.with_room_to_sort(connection)
                taken_at: datetime = connection.execute(sa.select(sa.func.now())).scalar_one()
                beside = self._beside(checks, adopting=adopting) if adopting else None
                try:
                    records_spool.copy(connection, self._tables, spooling, location=self._location, prefix=prefix)
                except BaseException:
                    if beside is not None:
                        beside.cancel()
                    raise
                if beside is not None and beside.is_connected(within=self._bounds.beside):
                    return taken_at.astimezone(UTC), beside
                return taken_at.astimezone(UTC), Settled(checks.run(connection))
        raise AssertionError  # the second turn returns or raises

    def _beside(self, checks: Checks, *, adopting: str = "") -> Beside:
        return Beside(lambda: self._engine.transaction(budget=self._bounds.statement, adopting=adopting), checks.run)


def _exported(connection: sa.Connection) -> str | None:
    """Return the name of this transaction's snapshot, None where the server does not tell; the transaction is void then."""
    try:
        name: str = connection.execute(sa.select(sa.func.pg_export_snapshot())).scalar_one()
    except sa.exc.DBAPIError:
        return None
    return name
