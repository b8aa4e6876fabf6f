"""Reading the rows of the trail on a connection that somebody else opened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, select

from lib.stores.ledger_tables import TRAIL
from lib.trail import EVERYTHING, Selection, TrailEvent

PAGE = 1000  # rows in memory while the trail is walked


def page(connection: Connection, chosen: Selection, *, after: int | None) -> list[TrailEvent]:
    """Return the next chosen events by sequence."""
    asked = select(TRAIL).where(*_conditions(chosen)).order_by(TRAIL.c.sequence).limit(PAGE)
    if after is not None:
        asked = asked.where(TRAIL.c.sequence > after)
    return [_event(row) for row in connection.execute(asked).mappings()]


def every(connection: Connection) -> Iterator[TrailEvent]:
    """Yield every event by sequence, in this transaction's view."""
    after: int | None = None
    while found := page(connection, EVERYTHING, after=after):
        yield from found
        after = found[-1].sequence


def end(connection: Connection) -> tuple[int, str] | None:
    """Return number and hash of the newest event."""
    newest = select(TRAIL.c.sequence, TRAIL.c.hash).order_by(TRAIL.c.sequence.desc()).limit(1)
    found = connection.execute(newest).first()
    return None if found is None else (found.sequence, found.hash)


def newest(connection: Connection, chosen: Selection, *, limit: int, before: int | None) -> list[TrailEvent]:
    """Return the last chosen events, newest first, of those below a sequence number."""
    asked = select(TRAIL).where(*_conditions(chosen)).order_by(TRAIL.c.sequence.desc()).limit(limit)
    if before is not None:
        asked = asked.where(TRAIL.c.sequence < before)
    return [_event(row) for row in connection.execute(asked).mappings()]


def count(connection: Connection, *, actor: str, action: str, result: str, since: datetime, before: int | None) -> int:
    """Return how many events of an actor, an action and a result there are from an instant on, below a number."""
    # Not by the index on actors: SQLite would take it, and read every event that this one ever wrote.
    whose = TRAIL.c.actor.concat("") == actor
    same = (whose, TRAIL.c.action == action, TRAIL.c.result == result, TRAIL.c.at >= since)
    asked = select(func.count()).select_from(TRAIL).where(*same)
    if before is not None:
        asked = asked.where(TRAIL.c.sequence < before)
    return connection.execute(asked).scalar_one()


def _conditions(chosen: Selection) -> list[ColumnElement[bool]]:
    wanted = {name: getattr(chosen, name) for name in ("actor", "action", "patient_id", "record_id")}
    found = [TRAIL.c[name] == value for name, value in wanted.items() if value is not None]
    if chosen.since is not None:
        found.append(TRAIL.c.at >= chosen.since)
    if chosen.until is not None:
        found.append(TRAIL.c.at < chosen.until)
    if chosen.clinics is not None:
        found.append(TRAIL.c.clinic_id.in_(sorted(chosen.clinics)))
    return found


def _event(row: RowMapping) -> TrailEvent:
    return TrailEvent(**{name: _readable(value) for name, value in row.items()})


# A value may be whatever somebody forged into an SQLite column.
def _readable(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
