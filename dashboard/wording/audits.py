"""What is said about a run of "Check all files": its verdict, how far it is, how it ended, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dashboard.wording.faults import DOUBT, database
from dashboard.wording.problems import title
from dashboard.wording.times import clock_time, date_words, day, duration
from lib.audit_exposure import SAMPLE
from lib.audits import Exposure, Fault, Options, Phase, Progress, Run, Status
from lib.diagnosis import State
from lib.errors import DatabaseFault, DatabaseUnavailable
from lib.findings import Kind
from lib.objects import Doubt

TEACH = (
    "It compares every record with every file in storage, in both directions: records whose file is not there, files "
    "that no record names, files that are not what their record says.",
    "It only reads. Nothing in the clinic's database or in storage is changed, and a run can be stopped at any time.",
    "A million files take some seconds to a minute; what is younger than the grace time is left alone, it may be on its way.",
    "It runs by itself: you can close this page and come back.",
)
NEVER = "No check of all files yet."
NEVER_FULL = "No complete check of all files yet."
CHECK = "Check all files"
GO_ON = "Go on"
GO_ON_HELP = "From the last finished part; what was done is kept."
START_AGAIN = "Start again"
CANCEL = "Cancel"
CANCELLING = "Stopping; this takes two seconds at most."
OPTIONS = "Options"
START = "Start"
EVERYTHING, BELOW = "All files", "Below a prefix"
PREFIX = "Object keys begin with"
PREFIX_PLACEHOLDER = "Nothing here: all files"
PREFIX_HELP = (
    "The full beginning of the object keys, the location included. Such a run is no verdict on all files: "
    "the sentence above stays the one of the last full check."
)
PREFIX_IMPOSSIBLE = "No object key can begin so: it is longer than 1,024 bytes, or holds a sign that storage refuses."
GRACE = "Grace time"
GRACE_HELP = "What is younger, on either side, may still be on its way, and is no problem yet."
EXPOSURE_LABEL = "Whether files open for anyone"
EXPOSURE = {
    Exposure.NONE: "Do not ask",
    Exposure.SAMPLE: "Ask for a sample",
    Exposure.FULL: "Ask for every file",
}
EXPOSURE_HELP = {
    Exposure.NONE: "No file is asked for without a signature.",
    Exposure.SAMPLE: f"{SAMPLE} files, chosen by chance, are asked for as a stranger would: one answer for the whole storage.",
    Exposure.FULL: "Each file is asked for as a stranger would: one request a file, so minutes to hours.",
}
GRACES = (timedelta(0), timedelta(minutes=15), timedelta(hours=1), timedelta(days=1))
NO_BOOK = "This dashboard keeps no checks of all files."
NOT_STARTED = (
    "The check could not be started: this computer gave no process for it. It will stand here as interrupted; "
    "free some memory, then go on with it."
)
NOT_RESUMABLE = "That check cannot go on any more. Start again."
ONLY_CLINICS = "A check is of all files, so who sees only some clinics cannot start one."
TRAIL_FIRST = "No check was started: it must be in the activity first."

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
    Status.INCOMPLETE: "The check of {began} is incomplete: some of the storage could not be listed.",
    Status.FAILED: "The check of {began} failed.",
}
_THEN = {
    Status.INTERRUPTED: "Go on from there, or start again.",
    Status.CANCELLED: "Go on from there, or start again.",
    Status.INCOMPLETE: "Go on when the cause is gone; only what is left is listed then.",
    Status.FAILED: "Mend the cause, then go on or start again.",
}
_FAULT = {
    Fault.OUT_OF_ORDER: "The storage listed its files out of order, so that nothing could be compared with certainty. "
    "Tell whoever runs the storage.",
    Fault.SPOOL_LOST: "The private file with the rows is gone or changed, so the run cannot go on where it was. Start again.",
    Fault.DISK_FULL: "The disk of this computer is full. Free some space.",
    Fault.UNEXPECTED: "Something went wrong on our side; developers find the details in the log.",
}

BACK = "Back to the last full check"
PICK_RUN = "Click a line, or go to it with the arrow keys, to see above what that check found."
COMPARE = "Compare two checks"
LATER, EARLIER = "This check", "with the earlier one"
SAME_RUN = "Choose two different checks."

EXPECT_NONE = "expect 0"
EXPECTED_NONE = (State.MISSING, State.ELSEWHERE, State.DAMAGED, State.UNKNOWN)
UNREFERENCED = "Unreferenced files"


def as_of(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """Return day and time, the day as people say it.

    >>> utc, india = ZoneInfo("UTC"), ZoneInfo("Asia/Kolkata")
    >>> now = datetime(2026, 11, 24, 9, 10, tzinfo=utc)
    >>> as_of(datetime(2026, 11, 24, 0, 30, tzinfo=utc), now=now, zone=india)
    'today 06:00'
    >>> as_of(datetime(2026, 11, 23, 0, 30, tzinfo=utc), now=now, zone=india)
    'yesterday 06:00'
    >>> as_of(datetime(2026, 11, 1, 0, 30, tzinfo=utc), now=now, zone=india)
    '1 Nov 2026, 06:00'
    """
    that = at.astimezone(zone).date()
    days = (now.astimezone(zone).date() - that).days
    said = {0: "today ", 1: "yesterday "}.get(days, f"{date_words(that)}, ")
    return said + clock_time(at, zone)


def took(seconds: float) -> str:
    """Return how long something took.

    >>> took(0.4), took(12.3), took(200), took(7500)
    ('under 1 s', '12 s', '3 min 20 s', '2 h 5 min')
    """
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def files_found(records: int, found: int, *, is_prefix: bool) -> str:
    """Say how many of the files are there.

    >>> files_found(12011, 12011, is_prefix=False), files_found(12011, 11968, is_prefix=False)
    ('All 12,011 PDF files found.', '11,968 of 12,011 PDF files found.')
    >>> files_found(0, 0, is_prefix=False), files_found(10, 10, is_prefix=True)
    ('There is no record with a PDF yet.', 'All 10 PDF files below the prefix found.')
    """
    if records == 0:
        return "There is no record with a PDF yet."
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


def more_than_counted(kind: Kind, count: int) -> str:
    """Say that a check reached its bound.

    >>> more_than_counted(Kind.RESOLVERS_DISAGREE, 250000)
    'Two rules, two keys: 250,000 rows may be so. Not all were looked at: there are more than are counted.'
    """
    return f"{title(kind, None)}: {count:,} rows may be so. Not all were looked at: there are more than are counted."


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


def asked_for(options: Options) -> str:
    """Say what a run was asked for, but for its prefix.

    >>> asked_for(Options())
    'grace 15 minutes, a sample asked for as a stranger'
    """
    asked = {
        Exposure.NONE: "nothing asked for as a stranger",
        Exposure.SAMPLE: "a sample asked for as a stranger",
        Exposure.FULL: "every file asked for as a stranger",
    }
    return f"grace {duration(options.grace)}, {asked[options.exposure]}"


def busy(run_id: int) -> str:
    """Say that another run is under way."""
    return (
        f"Check {run_id} of this storage is under way; one at a time. It stands on this page. "
        "Wait for its end, or cancel it."
    )


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
    done = f" · {run.progress.ranges_done} of {run.progress.ranges} parts done" if run.progress.ranges > 1 else ""
    return PHASE[run.progress.phase] + done


def figures(run: Run, *, seconds: float) -> str:
    """Say how far a run is, in numbers. ``seconds`` are those it was worked.

    >>> from datetime import UTC
    >>> def at(progress):
    ...     return Run(7, "t", Options(), "asha", datetime(2026, 11, 24, tzinfo=UTC), Status.RUNNING, progress, 1)
    >>> figures(at(Progress(Phase.LISTING, 12011, 6000, 6010, 7, 8, 16)), seconds=4.0)
    '6,000 of 12,011 records · 6,010 files · 1,502 files a second · about 4 s left · 7 requests'
    """
    progress = run.progress
    listing = progress.phase is Phase.LISTING and seconds > 0
    rate = progress.objects / seconds if listing else 0
    part = progress.rows / progress.records if progress.records else 0
    told = [
        f"{progress.rows:,} of {progress.records:,} records" if progress.records else "",
        f"{progress.objects:,} files",
        f"{rate:,.0f} files a second" if rate >= 1 else "",
        f"about {took(seconds * (1 - part) / part)} left" if listing and 0.02 < part < 1 else "",
        f"{progress.findings:,} problems written down" if progress.findings else "",
        f"{progress.requests:,} requests",
    ]
    return " · ".join(filter(None, told))


def ended(run: Run, *, now: datetime, zone: ZoneInfo) -> str:
    """Say how a run ended that is no verdict, why, and what to do next."""
    why = reason(run.result.reason) if run.result and run.result.reason else ""
    began = as_of(run.started_at, now=now, zone=zone)
    return " ".join(filter(None, [_ENDED[run.status].format(began=began), why, reached(run), _THEN[run.status]]))


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


def compared(*, new: int, still: int, gone: int) -> str:
    """Say what changed between two checks.

    >>> compared(new=2, still=41, gone=5), compared(new=0, still=0, gone=0)
    ('2 problems are new, 41 are still there, 5 are gone.', 'Neither found a problem.')
    >>> compared(new=0, still=120, gone=0)
    'Nothing is new and nothing is gone: 120 problems are still there.'
    """
    if not (new or still or gone):
        return "Neither found a problem."
    if not (new or gone):
        return (
            "Nothing is new and nothing is gone: "
            + ("1 problem is" if still == 1 else f"{still:,} problems are")
            + " still there."
        )
    return f"{new:,} problem{' is' if new == 1 else 's are'} new, {still:,} {'is' if still == 1 else 'are'} still there, {gone:,} {'is' if gone == 1 else 'are'} gone."
