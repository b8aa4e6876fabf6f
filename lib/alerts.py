"""What an alert about a run says: counts alone. No key, no name, no number of a record, no bucket. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from lib.audits import Run, Status
from lib.findings import Kind
from lib.kept_findings import Group

SCHEMA = 1
BROKE_OFF = frozenset({Status.FAILED, Status.INCOMPLETE})

Message = Mapping[str, object]


def message(run: Run, groups: Sequence[Group], *, than: Run | None) -> Message | None:
    """Return what to send about a run that ended, or None where nobody need be told.

    ``groups`` are its findings compared with ``than``, the last full run before it; without one, everything is new.

    1. It is complete and found something new: it is sent.
    2. It failed, or part of the bucket was not listed: it is sent, with nothing new too.
    3. It was cancelled, which somebody knows, or is not at its end: nothing is.
    """
    if run.result is None:
        return None
    found = _counted(groups, lambda group: group.count)
    new = found if than is None else _counted(groups, lambda group: group.new)
    if run.status not in BROKE_OFF and not (new and run.status is Status.COMPLETE):
        return None
    return {
        "schema": SCHEMA,
        "run_id": run.run_id,
        "status": run.status.value,
        "attention": run.result.attention,
        "new": new,
        "findings": found,
        "at": None if run.ended_at is None else run.ended_at.isoformat().replace("+00:00", "Z"),
    }


def _counted(groups: Sequence[Group], count: Callable[[Group], int]) -> dict[str, int]:
    """Return how many findings there are of each kind that has any, in the order of the kinds."""
    counts: Counter[Kind] = Counter()
    for group in groups:
        counts[group.kind] += count(group)
    return {kind.value: counts[kind] for kind in Kind if counts[kind]}
