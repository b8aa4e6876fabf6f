"""Sessions, and the counts that slow guessing down, in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, delete, insert, select, update

from lib.sessions import Held, Session
from lib.stores import ledger_engine
from lib.stores.ledger_people import person_of
from lib.stores.ledger_people_tables import PEOPLE, SESSIONS, THROTTLE
from lib.throttle import FORGOTTEN_AFTER, Count, Limit, taken

SESSIONS_LOCK = 7_305_819_214_400_004  # PostgreSQL advisory locks
THROTTLE_LOCK = 7_305_819_214_400_005
FOUND_AT_ONCE = 500  # parameters of one statement; SQLite had a bound of 999


SESSION: tuple[ColumnElement[Any], ...] = (  # PEOPLE has columns of the same names
    SESSIONS.c.id_hash,
    SESSIONS.c.person_id.label("whose"),
    SESSIONS.c.generation.label("begun_in"),
    SESSIONS.c.created_at.label("begun_at"),
    SESSIONS.c.last_seen_at,
    SESSIONS.c.ends_at,
    SESSIONS.c.address,
    SESSIONS.c.locked_at,
)


class LedgerSessions:
    """A SessionStore. Threads and processes may share one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, session: Session) -> None:
        """Commit a session; those that ended before it began are forgotten."""
        with ledger_engine.writing(self._engine, lock=SESSIONS_LOCK) as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.ends_at <= session.created_at))
            connection.execute(insert(SESSIONS), asdict(session))

    def find(self, id_hashes: Collection[str]) -> dict[str, Held]:
        """Return those that were not ended, each with its person as they are now, in one read."""
        asked = select(*SESSION, *PEOPLE.c).join(PEOPLE, PEOPLE.c.person_id == SESSIONS.c.person_id)
        wanted = sorted(id_hashes)
        found: dict[str, Held] = {}
        with ledger_engine.reading(self._engine) as connection:
            for start in range(0, len(wanted), FOUND_AT_ONCE):
                some = wanted[start : start + FOUND_AT_ONCE]
                for row in connection.execute(asked.where(SESSIONS.c.id_hash.in_(some))):
                    found[row.id_hash] = Held(_session(row), person_of(row))
        return found

    def seen(self, id_hash: str, *, at: datetime) -> None:
        """Commit that it was used; never earlier than before, nothing for a session that was ended."""
        which = (SESSIONS.c.id_hash == id_hash) & (SESSIONS.c.last_seen_at < at)
        with ledger_engine.writing(self._engine, lock=SESSIONS_LOCK) as connection:
            connection.execute(update(SESSIONS).where(which), {"last_seen_at": at})

    def lock(self, id_hash: str, *, at: datetime) -> None:
        """Commit that it is locked; nothing for a session that was ended."""
        with ledger_engine.writing(self._engine, lock=SESSIONS_LOCK) as connection:
            connection.execute(update(SESSIONS).where(SESSIONS.c.id_hash == id_hash), {"locked_at": at})

    def renew(self, id_hash: str, new_hash: str, *, at: datetime) -> bool:
        """Commit that it is open, was used now and has another token; of any number at once, one gets True."""
        values = {"id_hash": new_hash, "last_seen_at": at, "locked_at": None}
        with ledger_engine.writing(self._engine, lock=SESSIONS_LOCK) as connection:
            return connection.execute(update(SESSIONS).where(SESSIONS.c.id_hash == id_hash).values(values)).rowcount > 0

    def end(self, person_id: str, *, id_hash: str | None = None) -> int:
        """Commit the end of one session of this person, or of all of them; return how many ended."""
        which = SESSIONS.c.person_id == person_id
        if id_hash is not None:
            which &= SESSIONS.c.id_hash == id_hash
        with ledger_engine.writing(self._engine, lock=SESSIONS_LOCK) as connection:
            return connection.execute(delete(SESSIONS).where(which)).rowcount

    def of(self, person_id: str) -> tuple[Session, ...]:
        """Return what was not ended of this person, the newest first."""
        asked = select(*SESSION).where(SESSIONS.c.person_id == person_id).order_by(SESSIONS.c.created_at.desc())
        with ledger_engine.reading(self._engine) as connection:
            return tuple(_session(row) for row in connection.execute(asked))


def _session(row: Row[Any]) -> Session:
    return Session(
        id_hash=row.id_hash,
        person_id=row.whose,
        generation=row.begun_in,
        created_at=row.begun_at,
        last_seen_at=row.last_seen_at,
        ends_at=row.ends_at,
        address=row.address,
        locked_at=row.locked_at,
    )


class LedgerThrottle:
    """A ThrottleStore that replicas share."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, limits: Mapping[str, Limit], *, at: datetime) -> timedelta:
        """Commit ``taken(…)`` of these keys in one transaction; return how long to wait, zero when it was counted."""
        with ledger_engine.writing(self._engine, lock=THROTTLE_LOCK) as connection:
            connection.execute(delete(THROTTLE).where(THROTTLE.c.last_at < at - FORGOTTEN_AFTER))
            rows = connection.execute(select(THROTTLE).where(THROTTLE.c.key.in_(list(limits))))
            counts = {row.key: Count(row.failures, row.last_at) for row in rows}
            wait, after = taken(counts, limits, at=at)
            _write(connection, after, known=counts)
        return wait

    def settle(self, *, forget: str, give_back: str | None) -> None:
        """Commit a success: forget one key, take one failure off the other."""
        with ledger_engine.writing(self._engine, lock=THROTTLE_LOCK) as connection:
            connection.execute(delete(THROTTLE).where(THROTTLE.c.key == forget))
            if give_back is not None:
                which = (THROTTLE.c.key == give_back) & (THROTTLE.c.failures > 0)
                connection.execute(update(THROTTLE).where(which).values(failures=THROTTLE.c.failures - 1))


def _write(connection: Connection, after: Mapping[str, Count], *, known: Mapping[str, Count]) -> None:
    for key, count in after.items():
        values = {"key": key, "failures": count.failures, "last_at": count.last_at}
        if key in known:
            connection.execute(update(THROTTLE).where(THROTTLE.c.key == key), values)
        else:
            connection.execute(insert(THROTTLE), values)
