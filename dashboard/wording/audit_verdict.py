"""The verdict of a check of all files: how many files are there, what is wrong, and of when that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.wording import problems
from dashboard.wording.times import as_of, day
from lib import audit_history
from lib.audits import Exposure, Result, Run, Status
from lib.diagnosis import State
from lib.findings import ATTENTION, STATES, Kind
from lib.kept_findings import Group, Tally

NEVER_FULL = "No complete check of all files yet."
EXPECT_NONE = "expect 0"
UNREFERENCED = "Unreferenced files"
NOT_ASKED = "Whether anyone can read the files was not asked in this run."
NONE_DRAWN = "Whether anyone can read the files was not found out: none of the files drawn by chance is there."
OPEN = "files open for anyone who knows their address"
NOT_FOUND_OUT = "whether anyone can read the files could not be found out"
NOT_OF_RECORDS = frozenset({Kind.PUBLICLY_READABLE, Kind.UNREFERENCED_OBJECT})


def sentence(run: Run, groups: Sequence[Group], tallies: Sequence[Tally], *, zone: ZoneInfo) -> str:
    """Return how many files of all records were found, how many need attention, what most of those have, and since when.

    What rows share comes from the clinic's database, and is not made fit to be shown.
    """
    assert run.result is not None
    return verdict(run, run.result, cause=_cause(run, groups, tallies, zone))


def verdict(run: Run, result: Result, *, cause: str = "") -> str:
    """Say what a run found: how many files of all records are there, what needs somebody, and whether files open for anyone.

    ``cause`` as for ``attention``.
    """
    looked_at = run.progress.records if run.status is Status.COMPLETE else run.progress.rows
    told = [
        files_found(looked_at, looked_at - sum(result.states.values()), is_prefix=bool(run.options.prefix)),
        not_checked(run.progress.records - looked_at),
        attention(result.attention, cause=cause, readers=readers(run, result)),
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


def readers(run: Run, result: Result) -> str:
    """Return what is wrong with who can read the files, '' where nothing is, as far as it was asked."""
    if result.kinds.get(Kind.PUBLICLY_READABLE):
        return OPEN
    return NOT_FOUND_OUT if run.is_silent else ""


def strangers(run: Run) -> str:
    """Say who can read the files, from what strangers got in a run; '' where it did not come to that."""
    result = run.result
    if result is None or run.status not in {Status.COMPLETE, Status.INCOMPLETE}:
        return ""
    if run.options.exposure is Exposure.NONE:
        return NOT_ASKED
    counts = result.strangers
    drawn = sum(counts.values())
    if not drawn:
        return NONE_DRAWN if counts and run.progress.records else ""
    if not counts["open"] and not counts["closed"]:
        return problems.unanswered({"asked": counts["unknown"], **counts})
    files = f"{drawn:,} file{'' if drawn == 1 else 's'}"
    is_all = run.options.exposure is Exposure.FULL
    of = f"{'all ' if run.is_full else ''}{files}" if is_all else f"{files} drawn by chance"
    return f"Of {of}, {opened(**counts)}"


def opened(*, open: int, closed: int, unknown: int, unasked: int = 0) -> str:
    """Say what files gave to whoever knows their address.

    >>> opened(open=0, closed=49, unknown=1)
    '0 open for anyone who knows their address; 49 do not, 1 gave no answer.'
    >>> opened(open=1, closed=1, unknown=0, unasked=7)
    '1 opens for anyone who knows its address; 1 does not, 7 were not asked for.'
    """
    told = "1 opens for anyone who knows its" if open == 1 else f"{open:,} open for anyone who knows their"
    silent = f", {unknown:,} gave no answer" if unknown else ""
    left = f", {unasked:,} {'was' if unasked == 1 else 'were'} not asked for" if unasked else ""
    return f"{told} address; {closed:,} {'does' if closed == 1 else 'do'} not{silent}{left}."


def is_clean(run: Run) -> bool:
    """Whether a run found nothing that needs somebody, in its records or in who can read the files."""
    result = run.result
    assert result is not None
    return not (result.attention or any(result.states.values()) or readers(run, result))


def attention(records: int, *, cause: str, readers: str = "") -> str:
    """Say how many records need somebody, what most of them have, and what is wrong with who can read the files.

    >>> attention(0, cause=""), attention(1, cause=""), attention(43, cause="all of them “Cut off”.")
    ('No record needs attention.', '1 record needs attention.', '43 records need attention: all of them “Cut off”.')
    >>> attention(0, cause="", readers=OPEN)
    'No record needs attention, but files open for anyone who knows their address.'
    >>> attention(1, cause="", readers=OPEN)
    '1 record needs attention. Files open for anyone who knows their address.'
    """
    if records == 0:
        return f"No record needs attention, but {readers}." if readers else "No record needs attention."
    said = "1 record needs attention" if records == 1 else f"{records:,} records need attention"
    told = f"{said}: {cause}" if cause else f"{said}."
    return f"{told} {readers[0].upper()}{readers[1:]}." if readers else told


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


def _cause(run: Run, groups: Sequence[Group], tallies: Sequence[Tally], zone: ZoneInfo) -> str:
    """Return what most of the records that need attention have, '' where there is none."""
    assert run.result is not None
    of_bucket = int(run.is_silent)  # one of those that storage gave no answer for is of no record
    counted = [
        replace(each, count=each.count - of_bucket) if (each.kind, each.code) == (Kind.UNDETERMINED, None) else each
        for each in groups
        if each.kind not in NOT_OF_RECORDS and each.severity in ATTENTION
    ]
    of_records = [each for each in counted if each.count > 0]
    if not of_records:
        return ""
    most = max(of_records, key=lambda each: (each.kind in STATES, each.count))  # what does not open comes first
    return biggest(
        most.count,
        problems.title(most.kind, most.code),
        since=day(most.first_bad, zone) if most.first_bad else "",
        shared=problems.shared(audit_history.shared(most, tallies), of=most.count),
        of=run.result.attention,
    )
