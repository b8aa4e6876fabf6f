"""The book of runs for whoever starts and reads them, in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, insert, select, update

from lib.audit_book import Busy
from lib.audits import RESUMABLE, Exposure, Options, Progress, Run, Status, bucket_of
from lib.stores import ledger_engine
from lib.stores.ledger_audit_rows import Clock, is_alive, now, progress_text, run_of
from lib.stores.ledger_audit_tables import AUDITS, AUDITS_LOCK

_RUNNING = AUDITS.c.status == Status.RUNNING


class LedgerRuns:
    """A Runs that replicas share. ``clock`` tells the instants of leases, the database's own where it is None."""

    def __init__(self, engine: Engine, *, clock: Clock | None = None) -> None:
        self._engine = engine
        self._clock = clock

    def begin(self, target: str, options: Options, *, by: str, at: datetime) -> Run:
        """Commit a run and hold its lease; raise Busy while another of this bucket holds one."""
        with ledger_engine.writing(self._engine, lock=AUDITS_LOCK) as connection:
            held_at = now(connection, self._clock)
            _free(connection, target, held_at)
            # Not a sequence: to use one would be a further grant.
            run_id = (connection.execute(select(func.max(AUDITS.c.run_id))).scalar_one() or 0) + 1
            connection.execute(
                insert(AUDITS),
                {
                    "run_id": run_id,
                    "target": target,
                    "bucket": bucket_of(target),
                    "prefix": options.prefix,
                    "grace_s": options.grace.total_seconds(),
                    "exposure": options.exposure,
                    "ranges": options.ranges,
                    "started_by": by,
                    "started_at": at,
                    "status": Status.RUNNING,
                    "is_cancelling": False,
                    "fence": 1,
                    "lease_at": held_at,
                    "seconds": 0.0,
                    "progress": progress_text(Progress()),
                },
            )
            return _one(connection, run_id, held_at)

    def take_over(self, run_id: int, *, by: str, at: datetime) -> Run:
        """Commit a new lease and fence for a run that is resumable; raise Busy, LookupError where it is not."""
        with ledger_engine.writing(self._engine, lock=AUDITS_LOCK) as connection:
            held_at = now(connection, self._clock)
            found = _some(connection, select(AUDITS).where(AUDITS.c.run_id == run_id), held_at)
            if not found:
                raise LookupError(run_id)
            if found[0].status is Status.RUNNING:
                raise Busy(run_id)
            if found[0].status not in RESUMABLE:
                raise LookupError(run_id)
            _free(connection, found[0].target, held_at)
            values = {
                "status": Status.RUNNING,
                "fence": AUDITS.c.fence + 1,
                "lease_at": held_at,
                "ended_at": None,
                "is_cancelling": False,
                "result": None,
                "resumed_by": by,
                "resumed_at": at,
            }
            connection.execute(update(AUDITS).where(AUDITS.c.run_id == run_id).values(values))
            return _one(connection, run_id, held_at)

    def cancel(self, run_id: int) -> None:
        """Commit that the worker is asked to stop. Nothing happens to a run that is not running."""
        with ledger_engine.writing(self._engine, lock=AUDITS_LOCK) as connection:
            which = (AUDITS.c.run_id == run_id) & _RUNNING
            connection.execute(update(AUDITS).where(which).values(is_cancelling=True))

    def run(self, run_id: int) -> Run | None:
        """Return one run."""
        found = self._read(select(AUDITS).where(AUDITS.c.run_id == run_id))
        return found[0] if found else None

    def newest(self, target: str, *, limit: int = 50) -> Sequence[Run]:
        """Return the runs of a target, the newest first."""
        asked = select(AUDITS).where(AUDITS.c.target == target).order_by(AUDITS.c.run_id.desc())
        return self._read(asked.limit(limit))

    def last_full(self, target: str, *, before: int | None = None, exposure: Exposure | None = None) -> Run | None:
        """Return the newest run that is a verdict on all files, below a run's number, and of one exposure."""
        full = (AUDITS.c.target == target) & (AUDITS.c.status == Status.COMPLETE) & (AUDITS.c.prefix == "")
        asked = select(AUDITS).where(full).order_by(AUDITS.c.run_id.desc()).limit(1)
        if before is not None:
            asked = asked.where(AUDITS.c.run_id < before)
        if exposure is not None:
            asked = asked.where(AUDITS.c.exposure == exposure)
        found = self._read(asked)
        return found[0] if found else None

    def _read(self, asked: Select[Any]) -> list[Run]:
        with ledger_engine.reading(self._engine) as connection:
            return _some(connection, asked, now(connection, self._clock))


def _free(connection: Connection, target: str, at: datetime) -> None:
    """Make sure that no run of the target's bucket is running: raise Busy, and mark one interrupted whose lease is too old."""
    asked = select(AUDITS.c.run_id, AUDITS.c.target, AUDITS.c.lease_at)
    bucket = bucket_of(target)
    # A replica that is still of the version before writes no bucket: its target is one.
    asked = asked.where(_RUNNING, (AUDITS.c.bucket == bucket) | (AUDITS.c.target == bucket))
    for row in connection.execute(asked).all():
        if is_alive(row.lease_at, at):
            raise Busy(row.run_id, is_elsewhere=row.target != target)
        values = {"status": Status.INTERRUPTED, "ended_at": row.lease_at, "is_cancelling": False}
        connection.execute(update(AUDITS).where(AUDITS.c.run_id == row.run_id).values(values))


def _one(connection: Connection, run_id: int, at: datetime) -> Run:
    return _some(connection, select(AUDITS).where(AUDITS.c.run_id == run_id), at)[0]


def _some(connection: Connection, asked: Select[Any], at: datetime) -> list[Run]:
    return [run_of(row, at) for row in connection.execute(asked).mappings()]
