"""The ledger, our own database: the trail in SQLite or PostgreSQL.

Append-only by trigger (``migrations``). On PostgreSQL by grant too, when the dashboard is not the tables' owner:
``docs/trail.md`` has the recipe.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from threading import Lock

from sqlalchemy import Connection, Engine, insert

from lib.errors import LedgerFault, LedgerUnavailable
from lib.stores import ledger_engine, ledger_prune, ledger_rows
from lib.stores.ledger_tables import TRAIL
from lib.trail import EVERYTHING, GENESIS, MAC_KEY, TEXT_KEY, Broken, Cut, Draft, Selection, Trail, TrailEvent, seal

APPEND_LOCK = 7_305_819_214_400_001  # PostgreSQL advisory lock: one appending transaction at a time
PRUNE_WAIT_S = 600  # for a statement of a prune


class LedgerDb:
    """A TrailStore. Threads and processes may share one database. Without ``mac_key`` its events have no MAC."""

    def __init__(self, engine: Engine, *, mac_key: bytes | None = None) -> None:
        self._engine = engine
        self._key = mac_key
        self._turn = Lock()  # threads queue here; in SQLite they would poll for the lock
        weakref.finalize(self, engine.dispose)

    def append(self, draft: Draft) -> TrailEvent:
        """Commit one event durably before returning; the chain stays linear under concurrent writers."""
        with self._writing() as connection:
            return self._append(connection, draft)

    def events(self, chosen: Selection = EVERYTHING) -> Iterator[TrailEvent]:
        """Yield the chosen events by sequence, a page at a time, as they stand, also where they were forged."""
        after: int | None = None
        while True:
            with ledger_engine.reading(self._engine, wait_s=ledger_engine.READ_WAIT_S) as connection:
                page = ledger_rows.page(connection, chosen, after=after)
            yield from page
            if len(page) < ledger_rows.PAGE:
                return
            after = page[-1].sequence

    def newest(self, chosen: Selection = EVERYTHING, *, limit: int, before: int | None = None) -> list[TrailEvent]:
        """Return the last chosen events, newest first, of those below a sequence number."""
        with ledger_engine.reading(self._engine, wait_s=ledger_engine.READ_WAIT_S) as connection:
            return ledger_rows.newest(connection, chosen, limit=limit, before=before)

    def count(self, *, actor: str, action: str, result: str, since: datetime, before: int | None = None) -> int:
        """Count one actor's events of an action and result, from an instant on and below a sequence number."""
        with ledger_engine.reading(self._engine, wait_s=ledger_engine.READ_WAIT_S) as connection:
            return ledger_rows.count(connection, actor=actor, action=action, result=result, since=since, before=before)

    def prune(self, before: datetime, *, event: Callable[[Cut | None], Draft]) -> TrailEvent | Broken:
        """Take away what is older, and append ``event``, in one transaction. On PostgreSQL only the tables' owner may."""
        with self._writing(wait_s=PRUNE_WAIT_S) as connection:
            return ledger_prune.prune(
                connection, before, key=self._key, append=lambda cut: self._append(connection, event(cut))
            )

    @contextmanager
    def _writing(self, *, wait_s: int = ledger_engine.WAIT_S) -> Iterator[Connection]:
        if not self._turn.acquire(timeout=wait_s):
            raise LedgerUnavailable(LedgerFault.LOCKED)
        try:
            with ledger_engine.writing(self._engine, lock=APPEND_LOCK, wait_s=wait_s) as connection:
                yield connection
        finally:
            self._turn.release()

    def _append(self, connection: Connection, draft: Draft) -> TrailEvent:
        sequence, previous_hash = ledger_rows.end(connection) or (0, GENESIS)
        event = seal(draft, sequence=sequence + 1, previous_hash=previous_hash, key=self._key)
        connection.execute(insert(TRAIL), asdict(event))
        return event


def connect(url: str, *, mac_key: bytes | None = None) -> LedgerDb:
    """Return the trail in this database. Touches neither network nor disk; raise LedgerUnavailable for a bad address."""
    return LedgerDb(ledger_engine.make(url), mac_key=mac_key)


def open_trail(url: str, *, derive: Callable[[str], bytes]) -> Trail:
    """Return the trail in this database with its keys, each derived for its purpose. Touches neither network nor disk."""
    key = derive(MAC_KEY)
    return Trail(connect(url, mac_key=key), key_secret=derive(TEXT_KEY), mac_key=key)
