"""What is said about a run of "Check all files": what it looked at, how far it is, how it ended, what to do next."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.wording.faults import DOUBT, database
from dashboard.wording.problems import title
from dashboard.wording.times import as_of, clock_time, day, took
from lib import audit_pace
from lib.audits import Fault, Phase, Progress, Run, Status
from lib.errors import DatabaseFault, DatabaseUnavailable
from lib.findings import Kind
from lib.objects import Doubt

GO_ON = "Go on"
GO_ON_HELP = "From the last finished part; what was done is kept."
START_AGAIN = "Start again with the same options"
CANCEL = "Cancel"
CANCELLING = "Stopping; this takes two seconds at most."
EVERYTHING, BELOW = "All files", "Below a prefix"
NO_BOOK = "This dashboard keeps no checks of all files."
STATUS = {
    Status.RUNNING: "Under way",
    Status.COMPLETE: "Complete",
    Status.INCOMPLETE: "Incomplete",
    Status.FAILED: "Failed",
    Status.CANCELLED: "Cancelled",
    Status.INTERRUPTED: "Interrupted",
}
STATUS_ICON = {
    Status.RUNNING: "⏳",
    Status.COMPLETE: "✅",
    Status.INCOMPLETE: "⚠️",
    Status.FAILED: "❌",
    Status.CANCELLED: "⏹️",
    Status.INTERRUPTED: "⏸️",
}
PHASE = {
    Phase.ROWS: "Reading the rows",
    Phase.LISTING: "Listing the files and comparing",
    Phase.CONFIRMING: "Looking again at what seemed missing",
    Phase.DIAGNOSING: "Looking for causes and for the right files",
    Phase.EXPOSURE: "Asking for files as a stranger",
    Phase.STORING: "Writing down what was found",
}
_ENDED = {
    Status.INTERRUPTED: "The check of {began} was interrupted: the process that worked it is gone.",
    Status.CANCELLED: "The check of {began} was cancelled.",
    Status.INCOMPLETE: "The check of {began} is incomplete: storage did not answer all that it was asked.",
    Status.FAILED: "The check of {began} failed.",
}
_THEN = {
    Status.INTERRUPTED: "Go on from there, or start a new check.",
    Status.CANCELLED: "Go on from there, or start a new check.",
    Status.INCOMPLETE: "Go on when the cause is gone; only what is left is listed then.",
    Status.FAILED: "Mend the cause, then go on.",
}
_FAULT = {
    Fault.OUT_OF_ORDER: "The storage listed its files out of order, so that nothing could be compared with certainty. "
    "Tell whoever runs the storage.",
    Fault.SPOOL_LOST: "The private file with the rows is gone or changed, so the run cannot go on where it was. "
    "Start a new check.",
    Fault.DISK_FULL: "The disk of this computer is full. Free some space.",
    Fault.NO_FOLDER: "The folder for the private files of a check could not be made or written. See that "
    "DASHBOARD_AUDIT_FOLDER names one that the dashboard may write into.",
    Fault.UNEXPECTED: "Something went wrong on our side; developers find the details in the log.",
}
BACK = "Back to the last full check"
PICK_RUN = "Click a line, or go to it with the arrow keys, to see above what that check found."
COMPARE = "Compare two checks"
OPEN_TO_ANYONE = "Asked as anyone"
LATER, EARLIER = "This check", "with the earlier one"
SAME_RUN = "Choose two different checks."


def not_full(run: Run) -> str:
    """Say why a run is no verdict on all files."""
    if run.options.prefix:
        return "Only the files below a prefix were checked: this is no verdict on all of them."
    return "This check did not come to its end: this is no verdict on all files."


def checked(run: Run, *, now: datetime | None, zone: ZoneInfo) -> str:
    """Say when a run was, how long it took, and what it looked at; without ``now``, as it is read on any day."""
    at = run.snapshot_at or run.started_at
    when = f"{day(at, zone)}, {clock_time(at, zone)}" if now is None else as_of(at, now=now, zone=zone)
    told = [
        f"As of the check, {when}, took {took(run.seconds)}",
        f"{run.progress.records:,} records and {run.progress.objects:,} files",
        f"{run.progress.requests:,} requests",
        f"run {run.run_id}",
    ]
    return " · ".join(told)


def more_than_counted(kind: Kind, count: int) -> str:
    """Say that a check reached its bound.

    >>> more_than_counted(Kind.RESOLVERS_DISAGREE, 250000)
    'Two rules, two keys: 250,000 rows may be so. Not all were looked at: there are more than are counted.'
    """
    return f"{title(kind, None)}: {count:,} rows may be so. Not all were looked at: there are more than are counted."


def part_done(progress: Progress) -> float:
    """Return how much of a run is done, 0 to 1: mostly the match of its rows, or of its ranges.

    >>> part_done(Progress(Phase.LISTING, records=100, rows=50)), part_done(Progress(Phase.STORING))
    (0.5, 0.97)
    """
    late = {Phase.CONFIRMING: 0.9, Phase.DIAGNOSING: 0.92, Phase.EXPOSURE: 0.94, Phase.STORING: 0.97}
    if progress.phase in late:
        return late[progress.phase]
    if progress.phase is Phase.ROWS:
        return 0.02
    rows = progress.rows / progress.records if progress.records else 0.0
    ranges = progress.ranges_done / progress.ranges if progress.ranges else 0.0
    return min(max(rows, ranges, 0.05), 0.9)


def under_way(run: Run) -> str:
    """Say what a run does just now."""
    progress = run.progress
    has_parts = progress.phase is Phase.LISTING and progress.ranges > 1
    return PHASE[progress.phase] + (f" · {progress.ranges_done} of {progress.ranges} parts done" if has_parts else "")


def figures(run: Run, *, seconds: float) -> str:
    """Say how far a run is, in numbers. ``seconds`` are those it was worked.

    How long it takes is said of the listing alone: what comes after it takes as long as what was found does.

    >>> from datetime import UTC
    >>> from lib.audits import Options
    >>> def at(progress):
    ...     return Run(7, "t", Options(), "asha", datetime(2026, 11, 24, tzinfo=UTC), Status.RUNNING, progress, 1)
    >>> figures(at(Progress(Phase.LISTING, 12011, 6000, 6010, 7, 8, 16)), seconds=4.0)
    '6,000 of 12,011 records · 6,010 files · 1,502 files a second · about 4 s left · 7 requests'
    >>> figures(at(Progress(Phase.DIAGNOSING, 12011, 12011, 12030, 24, 16, 16, 2000)), seconds=9.0)
    '12,011 records and 12,030 files compared · 2,000 problems judged so far · 24 requests so far'
    >>> figures(at(Progress(Phase.ROWS)), seconds=1.0)
    'How many records there are is known when they have been read.'
    """
    progress = run.progress
    if progress.phase is Phase.ROWS:
        return "How many records there are is known when they have been read."
    if progress.phase is not Phase.LISTING:
        return _judged(progress)
    rate = audit_pace.files_a_second(progress, seconds=seconds)
    left = audit_pace.seconds_left(progress, seconds=seconds)
    told = [
        f"{progress.rows:,} of {progress.records:,} records" if progress.records else "",
        f"{progress.objects:,} files",
        f"{rate:,.0f} files a second" if rate >= 1 else "",
        f"about {took(left)} left" if left else "",
        f"{progress.requests:,} requests",
    ]
    return " · ".join(filter(None, told))


def _judged(progress: Progress) -> str:
    problems = f"{progress.findings:,} problem{'' if progress.findings == 1 else 's'} judged"
    is_last = progress.phase is Phase.STORING
    told = [
        f"{progress.rows:,} records and {progress.objects:,} files compared",
        problems if is_last else f"{problems} so far",
        f"{progress.asked:,} files asked for" if progress.asked else "",
        f"{progress.requests:,} requests" + ("" if is_last else " so far"),
    ]
    return " · ".join(filter(None, told))


def ended(run: Run, *, now: datetime, zone: ZoneInfo) -> str:
    """Say how a run ended that is no verdict, why, and what to do next."""
    why = reason(run.result.reason) if run.result and run.result.reason else ""
    began = as_of(run.started_at, now=now, zone=zone)
    then = "" if run.is_lost else _THEN[run.status]
    return " ".join(filter(None, [_ENDED[run.status].format(began=began), why, reached(run), then]))


def reached(run: Run) -> str:
    """Say how much of a run was done, and what is not known because of the rest."""
    progress = run.progress
    if not progress.ranges_done and not progress.rows:
        return "Nothing was compared yet."
    if progress.ranges_done >= progress.ranges:
        return "All of storage was listed and compared; what comes after that is not done."
    parts = f"{progress.ranges_done} of {progress.ranges} parts are done"
    left = progress.ranges - progress.ranges_done
    if run.status is Status.INCOMPLETE:
        return f"{parts}; of the files behind the keys where the listing broke off nothing is known."
    return f"{parts}; of the files in the other {left} nothing is known."


def unlisted(run: Run) -> str:
    """Say that keys follow which were not listed."""
    gaps = len(run.result.unlisted) if run.result else 0
    return "Where nothing was listed" + (f", {gaps} stretches of keys" if gaps > 1 else "")


def reason(code: str) -> str:
    """Say why a run stopped: a fault of its own, of the clinic's database, or what storage answered.

    >>> reason("disk_full")
    'The disk of this computer is full. Free some space.'
    """
    if code in set(Fault):
        return _FAULT[Fault(code)]
    if code.startswith("database_"):
        return database(DatabaseUnavailable(DatabaseFault(code.removeprefix("database_"))))
    return DOUBT[Doubt(code)] if code in set(Doubt) else _FAULT[Fault.UNEXPECTED]
