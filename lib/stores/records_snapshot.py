"""Reads the clinic's database for an audit: all rows of one instant into a file, and details of a few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2  # type: ignore[import-untyped]
import sqlalchemy as sa

from lib.errors import DatabaseUnavailable
from lib.row_spool import Detail, Snapshot
from lib.stores import records_spool, records_tables, row_file
from lib.stores.records_checks import Checks, Found
from lib.stores.records_details import Details, References
from lib.stores.records_engine import Limits, ReadOnlyEngine
from lib.stores.records_tables import DEFAULT_NAMES, Names
from lib.stores.row_file import Spooling

MAX_NUMBERS = 100_000  # of each check
SNAPSHOT_TIME = timedelta(minutes=30)  # for each of its statements
DETAILS_TIME = timedelta(seconds=60)  # for each batch: without an index on the keys all rows are looked at


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long an audit's questions may take, and how many numbers each of its checks keeps."""

    statement: timedelta = SNAPSHOT_TIME
    details: timedelta = DETAILS_TIME
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

    def snapshot(self, path: str, *, prefix: str = "") -> Snapshot:
        """Write the rows whose resolved key begins with ``prefix`` to a new private file, and check them.

        A file that could not be finished is removed; OSError where the disk is full, or the file is there.
        """
        self._references.check()
        is_sqlite = self._engine.is_sqlite
        checks = Checks(self._tables, location=self._location, is_sqlite=is_sqlite, prefix=prefix)
        with row_file.writing(path) as spooling:
            work = self._sqlite if is_sqlite else self._postgresql
            taken_at, found = work(spooling, checks, prefix)
        return Snapshot(
            taken_at,
            spooling.rows,
            consultation_differs=found.consultation_differs,
            versions=found.versions,
            resolvers_disagree=found.resolvers_disagree,
            cut=found.cut,
        )

    def details(self, record_ids: Sequence[int]) -> Mapping[int, Detail]:
        """Return the rows of these numbers as they are now; one that is gone is left out."""
        return self._details.of(record_ids)

    def resolving_to(self, keys: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """Return which of these object keys a row resolves to now, with the numbers of those rows.

        A key that only a declared column names is there without a number.
        """
        return self._references.to(keys)

    def close(self) -> None:
        """Close every pooled connection."""
        self._engine.close()

    def _sqlite(self, spooling: Spooling, checks: Checks, prefix: str) -> tuple[datetime, Found]:
        with self._engine.transaction(budget=self._bounds.statement) as connection:
            now = connection.execute(sa.select(sa.func.strftime("%Y-%m-%dT%H:%M:%f000", "now"))).scalar_one()
            records_spool.write(connection, self._tables, spooling, location=self._location, prefix=prefix)
            found = checks.run(connection, limit=self._bounds.numbers)
        return datetime.fromisoformat(now).replace(tzinfo=UTC), found

    def _postgresql(self, spooling: Spooling, checks: Checks, prefix: str) -> tuple[datetime, Found]:
        """Copy and check at the same time, on two connections that see the same: 1M rows take little more than the copy.

        Where the second cannot see what the first does (a pool that leads elsewhere), the checks follow the copy.
        """
        for is_shared in (True, False):
            with self._engine.transaction(budget=self._bounds.statement) as connection:
                adopting = _exported(connection) if is_shared else ""
                if adopting is None:
                    continue
                records_spool.with_room_to_sort(connection)
                taken_at: datetime = connection.execute(sa.select(sa.func.now())).scalar_one()
                with self._beside(checks, adopting) as beside:
                    records_spool.copy(connection, self._tables, spooling, location=self._location, prefix=prefix)
                    found = beside.result()
                return taken_at.astimezone(UTC), found or checks.run(connection, limit=self._bounds.numbers)
        raise AssertionError  # the second turn returns or raises

    @contextmanager
    def _beside(self, checks: Checks, adopting: str) -> Iterator[Future[Found | None]]:
        """Run the checks in a thread, to None where it cannot adopt the snapshot. Cancel them when the body fails."""
        running: list[Any] = []

        def work() -> Found | None:
            with ExitStack() as stack:
                try:
                    transaction = self._engine.transaction(budget=self._bounds.statement, adopting=adopting)
                    connection = stack.enter_context(transaction)
                except DatabaseUnavailable:
                    return None
                running.append(connection.connection.driver_connection)
                records_spool.with_room_to_sort(connection)
                return checks.run(connection, limit=self._bounds.numbers)

        with ThreadPoolExecutor(1, "checks") as pool:
            future: Future[Found | None] = pool.submit(work) if adopting else _settled()
            try:
                yield future
            except BaseException:
                for driver in running:
                    with suppress(psycopg2.Error):
                        driver.cancel()
                raise


def _exported(connection: sa.Connection) -> str | None:
    """Return the name of this transaction's snapshot, None where the server does not tell; the transaction is void then."""
    try:
        name: str = connection.execute(sa.select(sa.func.pg_export_snapshot())).scalar_one()
    except sa.exc.DBAPIError:
        return None
    return name


def _settled() -> Future[Found | None]:
    future: Future[Found | None] = Future()
    future.set_result(None)
    return future
