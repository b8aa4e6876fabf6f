"""Starting, stopping and reading the runs of "Check all files", each asked of the role first. Works nothing itself.

What reads a run raises LookupError for one that is not of the desk's bucket and database: several dashboards may share a
ledger.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lib import audit_since, authority
from lib.access import Actor, Permission, Scope
from lib.audit_book import Desk
from lib.audit_since import Since
from lib.audits import STALE, Options, Run, Status
from lib.catalogue import Code
from lib.diagnosis import State
from lib.errors import LedgerUnavailable, NotAllowed
from lib.findings import Finding
from lib.kept_findings import Chosen, Difference, Flow, Group, Month, Tally
from lib.trail import OK, Action, Trail

MAX_FILTERED = 10_000  # records of one state that Find narrows to; reaching it is said
NEWEST = 50
MAX_FLOWS = 30


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


@dataclass(frozen=True, slots=True)
class Verdict:
    """The last full verdict, with the states of the records that the scope sees."""

    run: Run
    states: Mapping[State, int]

    def is_stale(self, now: datetime) -> bool:
        """Whether what it says of the rows is older than a day, whenever it ended."""
        return now - (self.run.snapshot_at or self.run.started_at) > STALE


def start(actor: Actor, scope: Scope, *, services: Office, options: Options) -> Run:
    """Begin a run and have a process of its own work it; raise Busy, NotAllowed, LedgerUnavailable and OSError."""
    run = begin(actor, scope, services=services, options=options)
    _desk(services).launch(run)
    return run


def begin(actor: Actor, scope: Scope, *, services: Office, options: Options) -> Run:
    """Do the same for a process that works the run itself. Who is bound to clinics starts none: a run is of all files."""
    scope = _require_all(actor, scope, services)
    desk, now = _desk(services), services.clock()
    run = desk.runs.begin(desk.target, options, by=actor.name, at=now)
    _write(actor, scope, run, services=services)
    return run


def resume(actor: Actor, scope: Scope, *, services: Office, run_id: int, launch: bool = True) -> Run:
    """Go on with a run from its last finished range; raise Busy, LookupError, NotAllowed, LedgerUnavailable and OSError."""
    scope = _require_all(actor, scope, services)
    desk = _desk_with(run_id, services=services)  # or its rows would be looked for here
    run = desk.runs.take_over(run_id, by=actor.name, at=services.clock())
    _write(actor, scope, run, services=services)
    if launch:
        desk.launch(run)
    return run


def cancel(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> None:
    """Ask a run to stop: its worker does within two seconds, and what it finished is kept. Who asked is in the trail.

    Nothing happens to a run of another bucket or database.
    """
    scope = _require_all(actor, scope, services)
    desk = _desk(services)
    if _here(desk, run_id) is None:
        return
    asked = json.dumps({"run": run_id, "asked": "cancel"}, separators=(",", ":"))
    services.trail.record(actor, scope, Action.AUDIT_ENDED, at=services.clock(), reason=asked)
    desk.runs.cancel(run_id)


def run(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> Run | None:
    """Return one run of this bucket and database."""
    _require(actor, scope, Permission.AUDIT, services)
    return _here(_desk(services), run_id)


def runs(actor: Actor, scope: Scope, *, services: Office, limit: int = NEWEST) -> Sequence[Run]:
    """Return the runs of this bucket and database, the newest first."""
    _require(actor, scope, Permission.AUDIT, services)
    desk = _desk(services)
    return desk.runs.newest(desk.target, limit=limit)


def verdict(actor: Actor, scope: Scope, *, services: Office) -> Verdict | None:
    """Return the last full verdict for the records that the scope sees, or None. Who may find may know it.

    None also where this process keeps no book of runs.
    """
    scope = _require(actor, scope, Permission.FIND, services)
    desk = services.audits
    if desk is None or (last := desk.runs.last_full(desk.target)) is None:
        return None
    return Verdict(last, desk.findings.states(last.run_id, scope=scope))


def records_in(actor: Actor, scope: Scope, *, services: Office, run_id: int, state: State) -> Sequence[int]:
    """Return the numbers of the visible records that a run found in a state, MAX_FILTERED at most."""
    scope = _require(actor, scope, Permission.FIND, services)
    return _desk_with(run_id, services=services).findings.records_in(run_id, state, scope=scope, limit=MAX_FILTERED)


def findings(
    actor: Actor, scope: Scope, *, services: Office, run_id: int, chosen: Chosen, limit: int, after: int = 0
) -> Sequence[tuple[int, Finding]]:
    """Return a page of findings with their numbers, ascending."""
    scope = _require(actor, scope, Permission.AUDIT, services)
    return _desk_with(run_id, services=services).findings.page(run_id, chosen, scope=scope, limit=limit, after=after)


def groups(actor: Actor, scope: Scope, *, services: Office, run_id: int, than: int | None = None) -> Sequence[Group]:
    """Return the findings of a run by cause, compared with another run in what both looked for."""
    scope = _require(actor, scope, Permission.AUDIT, services)
    desk = _desk_with(run_id, *(() if than is None else (than,)), services=services)
    return desk.findings.groups(run_id, scope=scope, than=than)


def tallies(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> Sequence[Tally]:
    """Return what the findings of each cause have in common."""
    scope = _require(actor, scope, Permission.AUDIT, services)
    return _desk_with(run_id, services=services).findings.tallies(run_id, scope=scope)


def since(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> Since:
    """Return the findings of a run by cause, compared with the full verdict before it; one of a prefix with none."""
    scope = _require(actor, scope, Permission.AUDIT, services)
    desk = _desk(services)
    run = _must_be_here(desk, run_id)
    if run.options.prefix:
        return Since(None, desk.findings.groups(run_id, scope=scope))
    return audit_since.since(run, runs=desk.runs, findings=desk.findings, scope=scope)


def states(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> Mapping[State, int]:
    """Return how many of the visible records a run found in each state that is not FOUND."""
    scope = _require(actor, scope, Permission.AUDIT, services)
    return _desk_with(run_id, services=services).findings.states(run_id, scope=scope)


def months(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> Sequence[Month]:
    """Return the findings of a run by month and cause; () where nobody counts them."""
    scope = _require(actor, scope, Permission.AUDIT, services)
    pictures = _desk_with(run_id, services=services).pictures
    return () if pictures is None else pictures.months(run_id, scope=scope)


def flows(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> Sequence[Flow]:
    """Return where rows point and where their files lie, MAX_FLOWS at most; () where nobody counts them."""
    scope = _require(actor, scope, Permission.KEYS, services)
    pictures = _desk_with(run_id, services=services).pictures
    return () if pictures is None else pictures.flows(run_id, scope=scope, limit=MAX_FLOWS)


def right_files(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> Mapping[Code | None, int]:
    """Return, by code, how many of the objects that no row means are the right file of a row that means another."""
    scope = _require(actor, scope, Permission.AUDIT, services)
    pictures = _desk_with(run_id, services=services).pictures
    return {} if pictures is None else pictures.right_files(run_id, scope=scope)


def difference(
    actor: Actor,
    scope: Scope,
    *,
    services: Office,
    first: int,
    second: int,
    limit: int,
    after: Difference | None = None,
) -> Sequence[Difference]:
    """Return what only one of two runs found, the added first."""
    scope = _require(actor, scope, Permission.AUDIT, services)
    desk = _desk_with(first, second, services=services)
    return desk.findings.difference(first, second, scope=scope, limit=limit, after=after)


def ended(actor: Actor, scope: Scope, run: Run, *, services: Office) -> None:
    """Write down how a run ended, as the process that worked it."""
    told = {"run": run.run_id, "records": run.progress.records, "findings": run.progress.findings}
    result = OK if run.status is Status.COMPLETE else f"failed:{run.status}"
    services.trail.record(
        actor,
        scope,
        Action.AUDIT_ENDED,
        at=services.clock(),
        reason=json.dumps(told, separators=(",", ":")),
        result=result,
    )


def _require_all(actor: Actor, scope: Scope, services: Office) -> Scope:
    """Ask for the permission, and for all clinics: a run is of all files."""
    scope = _require(actor, scope, Permission.AUDIT, services)
    if scope.clinics is not None:
        with suppress(LedgerUnavailable):
            services.trail.record(
                actor, scope, Action.DENIED, at=services.clock(), result=f"refused:{Permission.AUDIT}"
            )
        raise NotAllowed(Permission.AUDIT)
    return scope


def _require(actor: Actor, scope: Scope, permission: Permission, services: Office) -> Scope:
    return authority.ask(actor, scope, permission, trail=services.trail, clock=services.clock)


def _write(actor: Actor, scope: Scope, run: Run, *, services: Office) -> None:
    told = {
        "run": run.run_id,
        "is_resumed": run.fence > 1,
        "is_full": not run.options.prefix,  # the prefix itself may name a consultation
        "exposure": run.options.exposure,
    }
    services.trail.record(
        actor, scope, Action.AUDIT_STARTED, at=services.clock(), reason=json.dumps(told, separators=(",", ":"))
    )


def _here(desk: Desk, run_id: int) -> Run | None:
    """Return a run of the desk's own, None for another's."""
    found = desk.runs.run(run_id)
    return found if found is not None and found.target == desk.target else None


def _must_be_here(desk: Desk, run_id: int) -> Run:
    found = _here(desk, run_id)
    if found is None:
        raise LookupError(run_id)
    return found


def _desk_with(*run_ids: int, services: Office) -> Desk:
    """Return the desk, all of these runs being its own; raise LookupError."""
    desk = _desk(services)
    for run_id in run_ids:
        _must_be_here(desk, run_id)
    return desk


def _desk(services: Office) -> Desk:
    if services.audits is None:
        raise LookupError("no book of runs")
    return services.audits
