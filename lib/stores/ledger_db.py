"""The ledger, our own database: the trail in SQLite or PostgreSQL.

Append-only by trigger (``migrations``). On PostgreSQL by grant too, when the dashboard is not the tables' owner.
Let one role run ``python -m dashboard migrate`` and another run the dashboard::

    GRANT SELECT, INSERT ON trail TO dashboard;
    GRANT SELECT ON ledger_version TO dashboard;
    REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON trail FROM dashboard, PUBLIC;
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from threading import Lock
from typing import Any

from sqlalchemy import Engine, RowMapping, insert, select

from lib.errors import LedgerFault, LedgerUnavailable
from lib.stores import ledger_engine
from lib.stores.ledger_migration import is_current, migrate
from lib.stores.ledger_tables import TRAIL
from lib.trail import GENESIS, Draft, TrailEvent, seal

__all__ = ["LedgerDb", "connect", "is_current", "migrate"]

PAGE = 1000  # rows in memory while the trail is walked
APPEND_LOCK = 7_305_819_214_400_001  # PostgreSQL advisory lock: one appending transaction at a time


class LedgerDb:
    """A TrailStore. Threads and processes may share one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = Lock()  # threads queue here; in SQLite they would poll for the lock

    def append(self, draft: Draft) -> TrailEvent:
        """Commit one event durably before returning; the chain stays linear under concurrent writers."""
        if not self._turn.acquire(timeout=ledger_engine.WAIT_S):
            raise LedgerUnavailable(LedgerFault.LOCKED)
        try:
            with ledger_engine.writing(self._engine, lock=APPEND_LOCK) as connection:
                last = connection.execute(
                    select(TRAIL.c.sequence, TRAIL.c.hash).order_by(TRAIL.c.sequence.desc()).limit(1)
                ).first()
                event = seal(
                    draft,
                    sequence=last.sequence + 1 if last else 1,
                    previous_hash=last.hash if last else GENESIS,
                )
                connection.execute(insert(TRAIL), asdict(event))
            return event
        finally:
            self._turn.release()

    def events(self) -> Iterator[TrailEvent]:
        """Yield every event by sequence, a page at a time. Rows are as they stand, also where they were forged."""
        page = select(TRAIL).order_by(TRAIL.c.sequence).limit(PAGE)
        after: int | None = None
        while True:
            with ledger_engine.reading(self._engine) as connection:
                asked = page if after is None else page.where(TRAIL.c.sequence > after)
                rows = connection.execute(asked).mappings().all()
            for row in rows:
                yield _event(row)
            if len(rows) < PAGE:
                return
            after = rows[-1]["sequence"]


def _event(row: RowMapping) -> TrailEvent:
    return TrailEvent(**{name: _readable(value) for name, value in row.items()})


# A value may be whatever somebody forged into an SQLite column.
def _readable(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def connect(url: str) -> LedgerDb:
    """Return the trail in this database. Touches neither network nor disk; raise LedgerUnavailable for a bad address."""
    return LedgerDb(ledger_engine.make(url))
