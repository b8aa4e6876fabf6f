"""The findings of a run a page at a time, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lib import audit_reading
from lib.access import Actor, Scope
from lib.audit_office import Office
from lib.catalogue import Severity
from lib.findings import WORST_FIRST, Finding
from lib.kept_findings import Chosen, Group


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding stands: among those of its severity, by number. 0 is before the first of them."""

    severity: Severity = WORST_FIRST[0]
    number: int = 0


def beginning(groups: Iterable[Group]) -> Place:
    """Return the place before the worst finding of these groups, so that nobody looks for worse ones.

    >>> beginning([])
    Place(severity=<Severity.CRITICAL: 'critical'>, number=0)
    """
    return Place(min((each.severity for each in groups if each.count), key=WORST_FIRST.index, default=WORST_FIRST[0]))


def page(
    actor: Actor,
    scope: Scope,
    *,
    services: Office,
    run_id: int,
    chosen: Chosen,
    limit: int,
    after: Place,
) -> Sequence[tuple[Place, Finding]]:
    """Return findings with their places, the worst first, those behind a place; raise as ``audit_reading.findings``.

    The book is asked for one severity after the other, from that of the place until the page is full.
    """
    found: list[tuple[Place, Finding]] = []
    for severity in WORST_FIRST[WORST_FIRST.index(after.severity) :]:
        some = audit_reading.findings(
            actor,
            scope,
            services=services,
            run_id=run_id,
            chosen=replace(chosen, severity=severity),
            limit=limit - len(found),
            after=after.number if severity is after.severity else 0,
        )
        found += ((Place(severity, number), each) for number, each in some)
        if len(found) == limit:
            break
    return found
