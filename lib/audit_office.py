"""The desk at which the runs of "Check all files" are started and read, as a use case comes to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from lib import authority
from lib.access import Actor, Permission, Scope
from lib.audit_book import Desk
from lib.audits import Run
from lib.trail import Trail


class Office(Protocol):
    """What starting and reading runs takes; ``Services`` is one, and a command that checks files needs no more."""

    @property
    def trail(self) -> Trail:
        """Where it is written down who starts a run."""
        ...

    @property
    def clock(self) -> Callable[[], datetime]:
        """What time it is."""
        ...

    @property
    def audits(self) -> Desk | None:
        """The book of runs, None where this process keeps none."""
        ...


def require(actor: Actor, scope: Scope, permission: Permission, office: Office) -> Scope:
    """Return the scope that the actor has at this desk; raise NotAllowed, which is written down."""
    return authority.ask(actor, scope, permission, trail=office.trail, clock=office.clock)


def desk_of(office: Office, *run_ids: int) -> Desk:
    """Return the desk, all of these runs being its own; raise LookupError."""
    if office.audits is None:
        raise LookupError("no book of runs")
    for run_id in run_ids:
        own(office.audits, run_id)
    return office.audits


def own(desk: Desk, run_id: int) -> Run:
    """Return a run of the desk's own; raise LookupError for another's, as for one that there is not."""
    found = find_own(desk, run_id)
    if found is None:
        raise LookupError(run_id)
    return found


def find_own(desk: Desk, run_id: int) -> Run | None:
    """Return a run of the desk's own, None for another's."""
    found = desk.runs.run(run_id)
    return found if found is not None and found.target == desk.target else None
