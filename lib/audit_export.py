"""Taking along what a run found: its findings one after the other, or a report of it. Both are in the trail."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from lib import audit_reading, authority
from lib.access import Actor, Permission, Scope
from lib.audit_book import BATCH
from lib.audit_first_seen import Past
from lib.audit_office import Office
from lib.audits import Run
from lib.diagnosis import State
from lib.findings import Finding
from lib.kept_findings import Chosen, Group, Tally
from lib.trail import NOBODY, OK, Action, TrailEvent

MAX_REPORTED = 1_000  # findings that a report lists; reaching it is said


class Form(StrEnum):
    """What findings are taken along as; the name of the file."""

    CSV = "findings.csv"
    JSON_LINES = "findings.jsonl"
    REPORT = "report.html"


@dataclass(frozen=True, slots=True)
class Report:
    """One run, as far as the scope sees it. ``before`` is the full run that ``groups`` are compared with.

    ``has_all_records`` is False for a scope of clinics: what the run counted itself is then not told.
    """

    run: Run
    before: Run | None
    groups: Sequence[Group]
    states: Mapping[State, int]
    findings: Sequence[Finding]
    tallies: Sequence[Tally]  # what the findings of each cause have in common
    past: Past
    has_all_records: bool

    @property
    def problems(self) -> int:
        """How many findings there are in all."""
        return sum(group.count for group in self.groups)


def export(
    actor: Actor, scope: Scope, *, services: Office, run_id: int, form: Form, limit: int | None = None
) -> Generator[Finding, None, None]:
    """Commit that somebody takes these findings along, then return them by number, ``limit`` at most.

    The outcome is written when the last one was taken, or the generator closed before: then it says so.
    Raises NotAllowed, LedgerUnavailable, and LookupError for a run that is none of this bucket.
    """
    scope = _authorised(actor, scope, services=services)
    _run(actor, scope, services=services, run_id=run_id)
    intent = _intent(actor, scope, services=services, run_id=run_id, form=form)
    return _taken(intent, islice(_findings(actor, scope, services, run_id), limit), services=services)


def report(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> Report:
    """Return a run for a report, with its first findings; raise as ``export`` does."""
    scope = _authorised(actor, scope, services=services)
    run, desk = _run(actor, scope, services=services, run_id=run_id), services.audits
    assert desk is not None
    intent = _intent(actor, scope, services=services, run_id=run_id, form=Form.REPORT)
    since = audit_reading.since(actor, scope, services=services, run_id=run_id)
    taken = _taken(intent, islice(_findings(actor, scope, services, run_id), MAX_REPORTED), services=services)
    return Report(
        run,
        since.before,
        since.groups,
        desk.findings.states(run_id, scope=scope),
        tuple(taken),
        audit_reading.tallies(actor, scope, services=services, run_id=run_id),
        audit_reading.past(actor, scope, services=services, run_id=run_id, before=since.before),
        has_all_records=scope.clinics is None,
    )


def _authorised(actor: Actor, scope: Scope, *, services: Office) -> Scope:
    """Return the scope of who may read findings and see keys."""
    for permission in (Permission.AUDIT, Permission.KEYS):
        scope = authority.ask(actor, scope, permission, trail=services.trail, clock=services.clock, reason="export")
    return scope


def _run(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> Run:
    found = audit_reading.run(actor, scope, services=services, run_id=run_id)
    if found is None:
        raise LookupError(run_id)
    return found


def _intent(actor: Actor, scope: Scope, *, services: Office, run_id: int, form: Form) -> TrailEvent:
    told = json.dumps({"audit": run_id, "form": form.value}, separators=(",", ":"))
    return services.trail.intent(actor, scope, Action.EXPORT, at=services.clock(), subject=NOBODY, reason=told)


def _findings(actor: Actor, scope: Scope, services: Office, run_id: int) -> Generator[Finding, None, None]:
    after = 0
    while page := audit_reading.findings(
        actor, scope, services=services, run_id=run_id, chosen=Chosen(), limit=BATCH, after=after
    ):
        for after, finding in page:  # noqa: B007 - the last number is where the next page begins
            yield finding


def _taken(intent: TrailEvent, findings: islice[Finding], *, services: Office) -> Generator[Finding, None, None]:
    result = "failed:ERROR"
    try:
        yield from findings
        result = OK
    finally:
        services.trail.outcome(intent, at=services.clock(), result=result)
