"""Reading the runs of "Check all files" and what they found, each asked of the role first.

What reads a run raises LookupError for one that is not of the desk's bucket and database: several dashboards may share a
ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lib import audit_office, audit_since
from lib.access import Actor, Permission, Scope
from lib.audit_first_seen import Past
from lib.audit_office import Office
from lib.audit_since import Since
from lib.audits import STALE, Run
from lib.catalogue import Code
from lib.diagnosis import State
from lib.findings import Finding
from lib.kept_findings import Chosen, Difference, Flow, Group, Month, Tally

MAX_FILTERED = 10_000  # records of one state that Find narrows to; reaching it is said
NEWEST = 50
MAX_FLOWS = 30
MOST_EARLIER = 400  # runs that are looked through for since when a cause is there: more than a year of nights


@dataclass(frozen=True, slots=True)
class Verdict:
    """The last full verdict, with the states of the records that the scope sees."""

    run: Run
    states: Mapping[State, int]

    def is_stale(self, now: datetime) -> bool:
        """Whether what it says of the rows is older than a day, whenever it ended."""
        return now - (self.run.snapshot_at or self.run.started_at) > STALE


def run(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> Run | None:
    """Return one run of this bucket and database."""
    audit_office.require(actor, scope, Permission.AUDIT, services)
    return audit_office.find_own(audit_office.desk_of(services), run_id)


def runs(actor: Actor, scope: Scope, *, services: Office, limit: int = NEWEST) -> Sequence[Run]:
    """Return the runs of this bucket and database, the newest first."""
    audit_office.require(actor, scope, Permission.AUDIT, services)
    desk = audit_office.desk_of(services)
    return desk.runs.newest(desk.target, limit=limit)


def verdict(actor: Actor, scope: Scope, *, services: Office) -> Verdict | None:
    """Return the last full verdict for the records that the scope sees, or None. Who may find may know it.

    None also where this process keeps no book of runs.
    """
    scope = audit_office.require(actor, scope, Permission.FIND, services)
    desk = services.audits
    if desk is None or (last := desk.runs.last_full(desk.target)) is None:
        return None
    return Verdict(last, desk.findings.states(last.run_id, scope=scope))


def records_in(actor: Actor, scope: Scope, *, services: Office, run_id: int, state: State) -> Sequence[int]:
    """Return the numbers of the visible records that a run found in a state, MAX_FILTERED at most."""
    scope = audit_office.require(actor, scope, Permission.FIND, services)
    return audit_office.desk_of(services, run_id).findings.records_in(run_id, state, scope=scope, limit=MAX_FILTERED)


def findings(
    actor: Actor, scope: Scope, *, services: Office, run_id: int, chosen: Chosen, limit: int, after: int = 0
) -> Sequence[tuple[int, Finding]]:
    """Return a page of findings with their numbers, ascending."""
    scope = audit_office.require(actor, scope, Permission.AUDIT, services)
    return audit_office.desk_of(services, run_id).findings.page(run_id, chosen, scope=scope, limit=limit, after=after)


def groups(actor: Actor, scope: Scope, *, services: Office, run_id: int, than: int | None = None) -> Sequence[Group]:
    """Return the findings of a run by cause, compared with another run in what both looked for."""
    scope = audit_office.require(actor, scope, Permission.AUDIT, services)
    desk = audit_office.desk_of(services, run_id, *(() if than is None else (than,)))
    return desk.findings.groups(run_id, scope=scope, than=than)


def tallies(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> Sequence[Tally]:
    """Return what the findings of each cause have in common."""
    scope = audit_office.require(actor, scope, Permission.AUDIT, services)
    return audit_office.desk_of(services, run_id).findings.tallies(run_id, scope=scope)


def since(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> Since:
    """Return the findings of a run by cause, compared with the full verdict before it; one of a prefix with none."""
    scope = audit_office.require(actor, scope, Permission.AUDIT, services)
    desk = audit_office.desk_of(services)
    run = audit_office.own(desk, run_id)
    if run.options.prefix:
        return Since(None, desk.findings.groups(run_id, scope=scope))
    return audit_since.since(run, runs=desk.runs, findings=desk.findings, scope=scope)


def past(actor: Actor, scope: Scope, *, services: Office, run_id: int, before: Run | None) -> Past:
    """Return the full verdicts before a run, of very many the last ones; ``before`` is the last of all.

    The last one that asked for as many files as a stranger is known too, however old.
    None of a prefix, and none for some clinics: what they counted, which was of all records, may not stand beside that.
    """
    scope = audit_office.require(actor, scope, Permission.AUDIT, services)
    desk = audit_office.desk_of(services)
    run = audit_office.own(desk, run_id)
    if scope.clinics is not None or run.options.prefix:
        return Past(run)
    read = desk.runs.newest(desk.target, limit=MOST_EARLIER)
    found = tuple(each for each in read if each.is_full and each.run_id < run.run_id)
    if len(read) < MOST_EARLIER:
        return Past(run, found)
    if not found and before is not None:
        found = (before,)
    asked = run.options.exposure
    is_known = any(each.options.exposure is asked for each in found)
    alike = None if is_known else desk.runs.last_full(desk.target, before=run_id, exposure=asked)
    return Past(run, found, alike, is_cut=True)


def states(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> Mapping[State, int]:
    """Return how many of the visible records a run found in each state that is not FOUND."""
    scope = audit_office.require(actor, scope, Permission.AUDIT, services)
    return audit_office.desk_of(services, run_id).findings.states(run_id, scope=scope)


def months(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> Sequence[Month]:
    """Return the findings of a run by month and cause; () where nobody counts them."""
    scope = audit_office.require(actor, scope, Permission.AUDIT, services)
    pictures = audit_office.desk_of(services, run_id).pictures
    return () if pictures is None else pictures.months(run_id, scope=scope)


def flows(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> Sequence[Flow]:
    """Return where rows point and where their files lie, MAX_FLOWS at most; () where nobody counts them."""
    scope = audit_office.require(actor, scope, Permission.KEYS, services)
    pictures = audit_office.desk_of(services, run_id).pictures
    return () if pictures is None else pictures.flows(run_id, scope=scope, limit=MAX_FLOWS)


def right_files(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> Mapping[Code | None, int]:
    """Return, by code, how many of the objects that no row means are the right file of a row that means another."""
    scope = audit_office.require(actor, scope, Permission.AUDIT, services)
    pictures = audit_office.desk_of(services, run_id).pictures
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
    scope = audit_office.require(actor, scope, Permission.AUDIT, services)
    desk = audit_office.desk_of(services, first, second)
    return desk.findings.difference(first, second, scope=scope, limit=limit, after=after)
