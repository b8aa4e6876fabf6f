"""What several runs of "Check all files" say together, and what the findings of one cause have in common. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lib.audits import Run
from lib.kept_findings import Group, Tally

FEWEST = 3  # of one or two rows nothing is said to be in common


@dataclass(frozen=True, slots=True)
class Compared:
    """How many findings of a run are new, still there and gone, against the run before."""

    new: int
    still: int
    gone: int


@dataclass(frozen=True, slots=True)
class Point:
    """One full verdict in a chart: of so many records, so many are in a state that is not FOUND.

    Every run looks for those. What needs attention is not the same: a file that opens for anyone does, where a run asked.
    """

    run_id: int
    ended_at: datetime
    not_found: int
    records: int


def compare(groups: Iterable[Group]) -> Compared:
    """Return the sums of groups that were compared with another run."""
    new = still = gone = 0
    for group in groups:
        new += group.new
        still += group.still
        gone += group.gone
    return Compared(new, still, gone)


def shared(group: Group, tallies: Iterable[Tally]) -> tuple[Tally, ...]:
    """Return what nine of ten of a cause's rows have in common; a row that lacks the fact counts against.

    ``tallies`` are those of the run; those of other causes are passed over.
    """
    if group.count < FEWEST:
        return ()
    return tuple(
        each
        for each in tallies
        if (each.kind, each.code) == (group.kind, group.code) and 10 * each.count >= 9 * group.count
    )


def trend(runs: Iterable[Run]) -> Sequence[Point]:
    """Return the full verdicts, the oldest first."""
    points = [
        Point(run.run_id, run.ended_at, sum(run.result.states.values()), run.progress.records)
        for run in runs
        if run.is_full and run.ended_at is not None and run.result is not None
    ]
    return sorted(points, key=lambda point: point.run_id)
