"""A mend plan for the broken ones of some records: each is looked for, and taking the plan along is in the trail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from lib import authority, diagnosis, documents, explanation, keys, objects, plans
from lib.access import Actor, Permission, Scope
from lib.catalogue import Code
from lib.diagnosis import State
from lib.plans import Case, Plan, Site
from lib.records import Record
from lib.trail import NOBODY, OK, Action

if TYPE_CHECKING:
    from lib.services import Services

MAX_RECORDS = 2000  # of one plan; each broken one costs up to twelve requests
AT_ONCE = 100  # HEADs of one batch
BUDGET = timedelta(seconds=40)  # for one batch
BROKEN = frozenset({State.MISSING, State.DAMAGED, State.UNKNOWN})


def plan(
    actor: Actor,
    scope: Scope,
    *,
    services: Services,
    records: Sequence[Record],
    links: Iterable[Code] = (),
    include_likely: bool = False,
    walked: Callable[[int], None] = lambda _count: None,
) -> Plan:
    """Return what mends the broken ones of these records. ``walked`` is told how many were looked at.

    ``links`` are the codes of links that were looked at: where the code that signs is at fault, its correction is in it.

    1. All are checked, in batches; what is found and agrees is passed over.
    2. Each broken one is looked for, as when it is opened in Find.
    3. The intent is committed before, the outcome after: the plan holds keys, and leaves the dashboard.

    Raises NotAllowed, DatabaseUnavailable and LedgerUnavailable.
    """
    scope = authority.require(actor, scope, Permission.KEYS, services=services)
    visible = [row for row in records[:MAX_RECORDS] if row.has_pdf and scope.sees(row.clinic_id)]
    told = {"kind": "mend_plan", "records": len(visible), "include_likely": include_likely}
    reason = json.dumps(told, separators=(",", ":"))
    intent = services.trail.intent(actor, scope, Action.EXPORT, at=services.clock(), subject=NOBODY, reason=reason)
    result = "failed:ERROR"
    try:
        made = plans.make(
            _cases(visible, scope, services=services, walked=walked),
            Site(services.rules, services.endpoint_url, services.region),
            links=links,
            include_likely=include_likely,
            is_taken=lambda key: documents.is_taken(key, but=None, services=services),
        )
        result = OK
    finally:
        services.trail.outcome(intent, at=services.clock(), result=result)
    return made


def _cases(
    records: Sequence[Record], scope: Scope, *, services: Services, walked: Callable[[int], None]
) -> Iterator[Case]:
    location = services.rules.location
    for start in range(0, len(records), AT_ONCE):
        some = records[start : start + AT_ONCE]
        resolved = {row: keys.resolve(row.stored_key or "", location=location) for row in some}
        seen = objects.check(
            list(resolved.values()),
            store=services.objects,
            cache=services.presence,
            now=services.clock(),
            budget=BUDGET,
        )
        for count, (row, key) in enumerate(resolved.items(), start=start + 1):
            if diagnosis.state(row, seen[key]) in BROKEN:
                yield Case(row, explanation.seen_by(scope, explanation.look(row, services=services)).diagnosis)
            walked(count)
