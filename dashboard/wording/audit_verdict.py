"""The verdict of a check of all files: how many files are there, what is wrong, and of when that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.wording import problems
from dashboard.wording.times import as_of, day
from lib import audit_history
from lib.audits import Result, Run, Status
from lib.diagnosis import State
from lib.findings import ATTENTION, STATES, Kind
from lib.kept_findings import Group, Tally

NEVER_FULL = "No complete check of all files yet."
EXPECT_NONE = "expect 0"
UNREFERENCED = "Unreferenced files"
OF_STORAGE, OF_FILES = frozenset({Kind.PUBLICLY_READABLE}), frozenset({Kind.UNREFERENCED_OBJECT})


def sentence(run: Run, groups: Sequence[Group], tallies: Sequence[Tally], *, zone: ZoneInfo) -> str:
    """Return how many files of all records were found, how many need attention, what most of those have, and since when.

    What rows share comes from the clinic's database, and is not made fit to be shown.
    """
    assert run.result is not None
    told = verdict(run, run.result, cause=_cause(run, groups, tallies, zone))
    storage = storage_troubles(groups)
    return f"{told} {of_storage(storage)}" if storage else told


def verdict(run: Run, result: Result, *, cause: str = "") -> str:
    """Say what a run found of all records: how many files are there, and what needs somebody. ``cause`` as for ``attention``."""
    looked_at = run.progress.records if run.status is Status.COMPLETE else run.progress.rows
    told = [
        files_found(looked_at, looked_at - sum(result.states.values()), is_prefix=bool(run.options.prefix)),
        not_checked(run.progress.records - looked_at),
        attention(result.attention, cause=cause),
    ]
    return " ".join(filter(None, told))


def files_found(records: int, found: int, *, is_prefix: bool) -> str:
    """Say how many of the files are there.

    >>> files_found(12011, 12011, is_prefix=False), files_found(12011, 11968, is_prefix=False)
    ('All 12,011 PDF files found.', '11,968 of 12,011 PDF files found.')
    >>> files_found(0, 0, is_prefix=False), files_found(10, 10, is_prefix=True)
    ('There is no record with a PDF yet.', 'All 10 PDF files below the prefix found.')
    >>> files_found(0, 0, is_prefix=True)
    'No record has a key that begins with the prefix.'
    """
    if records == 0:
        return "No record has a key that begins with the prefix." if is_prefix else "There is no record with a PDF yet."
    where = " below the prefix" if is_prefix else ""
    if records == found:
        return f"All {records:,} PDF file{'' if records == 1 else 's'}{where} found."
    return f"{found:,} of {records:,} PDF files{where} found."


def not_checked(records: int) -> str:
    """Say how many records the check did not come to.

    >>> not_checked(0), not_checked(412)
    ('', '412 were not checked.')
    """
    return f"{records:,} {'was' if records == 1 else 'were'} not checked." if records > 0 else ""


def attention(records: int, *, cause: str) -> str:
    """Say how many records need somebody, and what most of them have.

    >>> attention(0, cause=""), attention(1, cause=""), attention(43, cause="all of them “Cut off”.")
    ('No record needs attention.', '1 record needs attention.', '43 records need attention: all of them “Cut off”.')
    """
    if records == 0:
        return "No record needs attention."
    said = "1 record needs attention" if records == 1 else f"{records:,} records need attention"
    return f"{said}: {cause}" if cause else f"{said}."


def biggest(count: int, title: str, *, since: str, shared: str, of: int) -> str:
    """Say what most of them have: the cause, since when, and what its rows share.

    >>> biggest(31, "Older location", since="15 Oct 2026", shared="all made on a phone", of=43)
    '31 of them “Older location”, since 15 Oct 2026, all made on a phone.'
    >>> biggest(1, "Cut off", since="", shared="", of=1)
    'its cause: “Cut off”.'
    """
    some = (
        "its cause:"
        if of == count == 1
        else "all of them"
        if count == of and count > 1
        else f"{count:,} of them"
        if count < of
        else f"{count:,} problems"
    )
    told = [f"{some} “{title}”", f"since {since}" if since else "", shared]
    return ", ".join(filter(None, told)) + "."


def of_storage(titles: Sequence[str]) -> str:
    """Say what is wrong with the storage as a whole.

    >>> of_storage(["Open for everybody"])
    'The storage itself: “Open for everybody”.'
    """
    return f"The storage itself: {', '.join(f'“{each}”' for each in titles)}."


def clinics_only(states: Mapping[State, int], words: Mapping[State, str]) -> str:
    """Say what stands in the records of some clinics alone: how many there are in all is not known there.

    >>> clinics_only({State.MISSING: 2}, {State.MISSING: "Missing"}), clinics_only({}, {})
    ('In the records of your clinics: 2 missing.', 'In the records of your clinics every PDF file was found.')
    """
    told = ", ".join(f"{count:,} {words[state].lower()}" for state, count in states.items() if count)
    return (
        f"In the records of your clinics: {told}."
        if told
        else "In the records of your clinics every PDF file was found."
    )


def another(run: Run, *, now: datetime, zone: ZoneInfo) -> str:
    """Say that another run is the last full check."""
    at = run.snapshot_at or run.started_at
    return f"This is another check: the last full one is run {run.run_id}, {as_of(at, now=now, zone=zone)}."


def stale(run: Run, *, now: datetime, zone: ZoneInfo) -> str:
    """Say that the last full check is old."""
    at = run.snapshot_at or run.started_at
    days = (now - at).days
    age = f"{days} days old" if days > 1 else "more than a day old"
    return f"This is {age}: the last full check is of {as_of(at, now=now, zone=zone)}. Check all files again."


def storage_troubles(groups: Sequence[Group]) -> list[str]:
    """Return what is wrong with the storage as a whole."""
    return [problems.title(each.kind, each.code) for each in _troubling(groups) if each.kind in OF_STORAGE]


def _cause(run: Run, groups: Sequence[Group], tallies: Sequence[Tally], zone: ZoneInfo) -> str:
    """Return what most of the records that need attention have, '' where there is none."""
    of_records = [each for each in _troubling(groups) if each.kind not in OF_STORAGE | OF_FILES]
    if not of_records:
        return ""
    most = max(of_records, key=lambda each: (each.kind in STATES, each.count))  # what does not open comes first
    assert run.result is not None
    return biggest(
        most.count,
        problems.title(most.kind, most.code),
        since=day(most.first_bad, zone) if most.first_bad else "",
        shared=problems.shared(audit_history.shared(most, tallies), of=most.count),
        of=run.result.attention,
    )


def _troubling(groups: Sequence[Group]) -> list[Group]:
    return [each for each in groups if each.count and each.severity in ATTENTION]
