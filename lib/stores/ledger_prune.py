"""Taking old events out of an append-only trail, so that everybody can see that and what was taken.

In one transaction, which the tables' owner alone may do on PostgreSQL:

1. The whole chain is verified. A broken one is left as it is: a prune must not take the proof away.
2. The event of the prune is appended. It holds the number and hash of the last event that goes, and is
   sealed like every other: the chain that remains begins where it says, or it is broken.
3. The trigger that refuses deletes is lifted, the oldest events up to that number are deleted, and the trigger
   is put back as it was.
4. What remains is verified. Unless it holds, nothing has happened.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.exc import ProgrammingError

from lib.errors import LedgerFault, LedgerUnavailable
from lib.stores import ledger_rows
from lib.stores.ledger_tables import TRAIL
from lib.trail import Broken, Cut, TrailEvent, verify

NO_GRANT = "42501"


def prune(
    connection: Connection, before: datetime, *, key: bytes | None, append: Callable[[Cut | None], TrailEvent]
) -> TrailEvent | Broken:
    """Take away the events before the first that is of ``before`` or later; raise LedgerUnavailable."""
    checked = verify(ledger_rows.every(connection), key=key)
    if isinstance(checked, Broken):
        return checked
    cut = _cut(connection, before)
    event = append(cut)
    if cut is None:
        return event
    try:
        _delete(connection, cut)
    except ProgrammingError as error:
        if getattr(error.orig, "pgcode", None) == NO_GRANT:
            raise LedgerUnavailable(LedgerFault.NOT_OWNER) from error
        raise
    if isinstance(verify(ledger_rows.every(connection), key=key), Broken):
        raise LedgerUnavailable(LedgerFault.OTHER)  # rolls back
    return event


def _cut(connection: Connection, before: datetime) -> Cut | None:
    # By number, not by time: a clock that jumped back must leave no hole in the middle.
    first_kept = select(func.min(TRAIL.c.sequence)).where(TRAIL.c.at >= before).scalar_subquery()
    goes = select(TRAIL.c.sequence, TRAIL.c.hash).where(
        func.coalesce(TRAIL.c.sequence < first_kept, True)  # None kept by age: all may go
    )
    last = connection.execute(goes.order_by(TRAIL.c.sequence.desc()).limit(1)).first()
    if last is None:
        return None
    first = connection.execute(select(func.min(TRAIL.c.sequence))).scalar_one()
    return Cut(last.sequence - first + 1, last.sequence, last.hash)


def _delete(connection: Connection, cut: Cut) -> None:
    old = delete(TRAIL).where(TRAIL.c.sequence <= cut.sequence)
    if connection.dialect.name == "sqlite":
        name = "trail_no_delete"
        asked = text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name")
        trigger = connection.execute(asked, {"name": name}).scalar_one()
        connection.exec_driver_sql("PRAGMA secure_delete = ON")  # what is taken away is overwritten in the file
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.execute(old)
        connection.exec_driver_sql(trigger)
    else:
        connection.exec_driver_sql("ALTER TABLE trail DISABLE TRIGGER trail_append_only")
        connection.execute(old)
        connection.exec_driver_sql("ALTER TABLE trail ENABLE ALWAYS TRIGGER trail_append_only")
