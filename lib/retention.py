"""Taking old events out of the trail: who may, and in what order. How the store does it: ``lib.stores.ledger_prune``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import takewhile

from lib import authority
from lib.access import Actor, Permission, Scope, require
from lib.errors import LedgerUnavailable
from lib.trail import Action, Broken, Subject, Trail, TrailEvent


def would_take(actor: Actor, *, trail: Trail, before: datetime) -> int:
    """Return how many events a prune would take away; raise NotAllowed and LedgerUnavailable."""
    require(actor, Permission.RETENTION)
    return sum(1 for _ in takewhile(lambda event: event.at < before, trail.events()))


def prune(
    actor: Actor, scope: Scope, *, trail: Trail, clock: Callable[[], datetime], before: datetime
) -> TrailEvent | Broken:
    """Take away what is older than ``before``, and return the event that says so.

    The intent is committed first. The outcome is part of the commit that takes the events away; where nothing
    is taken, because the chain is broken or the database refuses, it says that.
    Raises NotAllowed and LedgerUnavailable.
    """
    authority.ask(actor, scope, Permission.RETENTION, trail=trail, clock=clock)
    intent = trail.intent(actor, scope, Action.PRUNE, at=clock(), subject=Subject(), reason=before.isoformat())
    try:
        done = trail.prune(intent, before, at=clock())
    except LedgerUnavailable as error:
        trail.outcome(intent, at=clock(), result=f"failed:{error.fault}")
        raise
    if isinstance(done, Broken):
        trail.outcome(intent, at=clock(), result="refused:BROKEN")
    return done
