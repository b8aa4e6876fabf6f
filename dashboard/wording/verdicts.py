"""The verdict of a run in one sentence, the same on the screen and on paper."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from dashboard.wording import audits, problems
from dashboard.wording.times import day
from lib import audit_history
from lib.audits import Group, Run, Status, Tally
from lib.findings import ATTENTION, STATES, Kind

OF_STORAGE, OF_FILES = frozenset({Kind.PUBLICLY_READABLE}), frozenset({Kind.UNREFERENCED_OBJECT})


def sentence(run: Run, groups: Sequence[Group], tallies: Sequence[Tally], *, zone: ZoneInfo) -> str:
    """Return how many files of all records were found, how many need attention, what most of those have, and since when.

    What rows share comes from the clinic's database, and is not made fit to be shown.
    """
    assert run.result is not None
    records = run.progress.records if run.status is Status.COMPLETE else run.progress.rows
    found = records - sum(run.result.states.values())
    storage = of_storage(groups)
    told = [
        audits.files_found(records, found, is_prefix=bool(run.options.prefix)),
        audits.not_checked(run.progress.records - records),
        audits.attention(run.result.attention, cause=_cause(run, groups, tallies, zone)),
        audits.of_storage(storage) if storage else "",
    ]
    return " ".join(filter(None, told))


def of_storage(groups: Sequence[Group]) -> list[str]:
    """Return what is wrong with the storage as a whole."""
    return [problems.title(each.kind, each.code) for each in _troubling(groups) if each.kind in OF_STORAGE]


def _cause(run: Run, groups: Sequence[Group], tallies: Sequence[Tally], zone: ZoneInfo) -> str:
    """Return what most of the records that need attention have, '' where there is none."""
    of_records = [each for each in _troubling(groups) if each.kind not in OF_STORAGE | OF_FILES]
    if not of_records:
        return ""
    most = max(of_records, key=lambda each: (each.kind in STATES, each.count))  # what does not open comes first
    assert run.result is not None
    return audits.biggest(
        most.count,
        problems.title(most.kind, most.code),
        since=day(most.first_bad, zone) if most.first_bad else "",
        shared=problems.shared(audit_history.shared(most, tallies), of=most.count),
        of=run.result.attention,
    )


def _troubling(groups: Sequence[Group]) -> list[Group]:
    return [each for each in groups if each.count and each.severity in ATTENTION]
