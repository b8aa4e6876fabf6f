"""The book of runs for the one process that works a run, in SQLite or PostgreSQL.

Everything that is written asks in its own transaction whether the run is still this process's. Transactions are short:
SQLite has one writer, and the trail must not wait behind a run. Between two batches there is room for whoever waits.

A ledger that is away for a moment ends no run: what a run cannot do without is written again for as long as its lease
holds, and never twice, also where the first commit was only not answered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from lib.audit_book import BATCH, LEASE, LeaseLost
from lib.audits import Progress, Range, Result, Run, Status
from lib.errors import LedgerUnavailable
from lib.findings import Finding
from lib.stores import ledger_engine, ledger_finding_batch
from lib.stores.ledger_audit_rows import (
    Clock,
    now,
    progress_text,
    range_of,
    range_row,
    result_text,
    run_of,
)
from lib.stores.ledger_audit_tables import AUDIT_FINDINGS, AUDIT_RANGES, AUDITS, AUDITS_LOCK

ROOM_S = 5 * ledger_engine.LOOK_S  # from batch to batch in SQLite; to judge the next one takes longer
PAUSE_S = 0.5  # before something is written again

Written = TypeVar("Written")


class LedgerWork:
    """A Worked. ``clock`` tells the instants of leases, the database's own where it is None.

    ``patience``: for how long something is written again; a beat is not, since the next one follows.
    """

    def __init__(self, engine: Engine, *, clock: Clock | None = None, patience: timedelta = LEASE) -> None:
        self._engine = engine
        self._clock = clock
        self._patience = patience
        self._left_at = -ROOM_S  # when the last batch let go

    def beat(self, run: Run, progress: Progress, *, worked: timedelta) -> bool:
        """Commit a new lease and how far it is; return whether somebody asked to cancel it."""
        with self._writing(run) as connection:
            _change(
                connection,
                run,
                lease_at=now(connection, self._clock),
                progress=progress_text(progress),
                seconds=run.seconds + worked.total_seconds(),
            )
            asked = select(AUDITS.c.is_cancelling).where(AUDITS.c.run_id == run.run_id)
            return bool(connection.execute(asked).scalar_one())

    def cut(self, run: Run, ranges: Sequence[Range], *, snapshot_at: datetime) -> None:
        """Commit the ranges in place of those before."""

        def write() -> None:
            with self._writing(run) as connection:
                _change(connection, run, snapshot_at=snapshot_at)
                connection.execute(delete(AUDIT_RANGES).where(AUDIT_RANGES.c.run_id == run.run_id))
                if ranges:
                    connection.execute(insert(AUDIT_RANGES), [range_row(run.run_id, each) for each in ranges])

        self._patiently(write)

    def ranges(self, run: Run) -> Sequence[Range]:
        """Return the ranges by number; () before they were cut."""
        asked = select(AUDIT_RANGES).where(AUDIT_RANGES.c.run_id == run.run_id).order_by(AUDIT_RANGES.c.number)
        with ledger_engine.reading(self._engine) as connection:
            return tuple(range_of(row) for row in connection.execute(asked).mappings())

    def finish(self, run: Run, done: Range) -> None:
        """Commit that a range is done; raise LookupError for one that was not cut."""
        which = (AUDIT_RANGES.c.run_id == run.run_id) & (AUDIT_RANGES.c.number == done.number)
        values = {"is_done": True, "rows": done.rows, "objects": done.objects}

        def write() -> None:
            with self._writing(run) as connection:
                if not connection.execute(update(AUDIT_RANGES).where(which).values(values)).rowcount:
                    raise LookupError(done.number)

        self._patiently(write)

    def keep(self, run: Run, findings: Sequence[Finding]) -> None:
        """Add findings, BATCH of them a commit."""
        for start in range(0, len(findings), BATCH):
            self._keep(run, findings[start : start + BATCH])

    def _keep(self, run: Run, batch: Sequence[Finding]) -> None:
        rows = ledger_finding_batch.rows_of(batch)
        after: int | None = None  # which number the first try went on from: nobody else adds to this run

        def write() -> None:
            nonlocal after
            with self._batch(run) as connection:
                last = _last(connection, run)
                if after is not None and last > after:
                    return  # that try was committed, and only its answer was lost
                after = last
                ledger_finding_batch.add(connection, rows, run_id=run.run_id, after=last)

        self._patiently(write)

    def forget(self, run: Run) -> None:
        """Take this run's findings away, from its last to its first, BATCH of them a commit."""

        def write() -> int:
            with self._batch(run) as connection:
                last = _last(connection, run)
                which = (AUDIT_FINDINGS.c.run_id == run.run_id) & (AUDIT_FINDINGS.c.number > last - BATCH)
                connection.execute(delete(AUDIT_FINDINGS).where(which))
                return last

        while self._patiently(write):
            pass

    def end(self, run: Run, result: Result, *, progress: Progress, at: datetime, worked: timedelta) -> Run:
        """Commit what it came to, and give the lease back. A cancelled run does not wait for a ledger that is away."""
        asked = select(AUDITS).where(AUDITS.c.run_id == run.run_id, AUDITS.c.fence == run.fence)
        was_sent = False

        def write() -> Run:
            nonlocal was_sent
            try:
                with self._writing(run) as connection:
                    _change(
                        connection,
                        run,
                        status=result.status,
                        result=result_text(result),
                        progress=progress_text(progress),
                        ended_at=at,
                        is_cancelling=False,
                        seconds=run.seconds + worked.total_seconds(),
                    )
                    was_sent = True
                    return run_of(connection.execute(asked).mappings().one(), at)
            except LeaseLost:
                if not was_sent:
                    raise
            with ledger_engine.reading(self._engine) as connection:
                found = connection.execute(asked.where(AUDITS.c.status == result.status)).mappings().first()
            if found is None:
                raise LeaseLost
            return run_of(found, at)  # the try before was committed, and only its answer was lost

        return write() if result.status is Status.CANCELLED else self._patiently(write)

    def _patiently(self, write: Callable[[], Written]) -> Written:
        """Return what a write returns, tried again while the ledger is away; LeaseLost goes through at once."""
        ends = time.monotonic() + self._patience.total_seconds()
        while True:
            try:
                return write()
            except LedgerUnavailable:
                if time.monotonic() >= ends:
                    raise
            time.sleep(PAUSE_S)

    @contextmanager
    def _batch(self, run: Run) -> Iterator[Connection]:
        if self._engine.dialect.name == "sqlite":
            time.sleep(max(0.0, self._left_at + ROOM_S - time.monotonic()))
        with self._writing(run) as connection:
            yield connection
        self._left_at = time.monotonic()

    @contextmanager
    def _writing(self, run: Run) -> Iterator[Connection]:
        with ledger_engine.writing(self._engine, lock=AUDITS_LOCK) as connection:
            # Whoever takes a run over holds the same lock, so that what is read here holds until the commit.
            mine = (AUDITS.c.run_id == run.run_id) & (AUDITS.c.fence == run.fence)
            if (
                connection.execute(select(AUDITS.c.run_id).where(mine, AUDITS.c.status == Status.RUNNING)).first()
                is None
            ):
                raise LeaseLost
            yield connection


def _change(connection: Connection, run: Run, **values: Any) -> None:
    connection.execute(update(AUDITS).where(AUDITS.c.run_id == run.run_id).values(values))


def _last(connection: Connection, run: Run) -> int:
    asked = select(func.max(AUDIT_FINDINGS.c.number)).where(AUDIT_FINDINGS.c.run_id == run.run_id)
    return connection.execute(asked).scalar_one() or 0
