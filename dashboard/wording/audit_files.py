"""What is said about taking the problems of a check along, and in the report of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.wording import audit_verdict, audits
from dashboard.wording.times import clock_time, day, zone_name
from lib.audit_export import Form
from lib.audits import Exposure, Run

MAX_GAPS = 20  # stretches of keys that are named
HELP = "These files hold stored keys and object keys, no names and no phones. That they were taken is in the activity."
PREPARE = {
    Form.CSV: "CSV for a spreadsheet",
    Form.JSON_LINES: "JSON lines for a program",
    Form.REPORT: "Report to print",
}
ICON = {Form.CSV: ":material/table:", Form.JSON_LINES: ":material/data_object:", Form.REPORT: ":material/print:"}
MIME = {Form.CSV: "text/csv", Form.JSON_LINES: "application/jsonl", Form.REPORT: "text/html"}
WRITING = "Writing…"
NOT_WRITTEN = "No file was made: it holds keys, and taking it along must be in the activity first."

TITLE = "Check of all files"
NUMBERS = "Records by what was found"
CAUSES = "Problems by cause"
ROWS = "Problems"
NOT_COMPARED = "There is no earlier full check to compare with."
NO_PROBLEM = "No problem was found."
ONLY_CLINICS = "Only the records of some clinics are counted here."
CONFIDENTIAL = "This report holds keys of patients' files. Keep it as you keep patients' files."
CONFIDENTIAL_FILES = "These files hold keys of patients' files. Keep them as you keep patients' files."
COUNT_HEADS = ("Found", "Records", "")
CAUSE_HEADS = ("Problem", "Severity", "Count", "", "First bad PDF made")
SEEN_HEAD = "First seen"
TREND_HEAD = "Since the check before"
NUMBER_HEADS = frozenset({"Records", "Count"})
ROW_HEADS = ("Problem", "Severity", "Record", "Stored key", "Resolved or object key", "Suggestion")


def file_name(form: Form, run_id: int, *, is_full: bool) -> str:
    """Return what a file is called when it is saved: it says of itself that it is not of all files.

    >>> file_name(Form.CSV, 7, is_full=True), file_name(Form.REPORT, 7, is_full=False)
    ('check-7-findings.csv', 'check-7-not-all-files-report.html')
    """
    return f"check-{run_id}-{form.value}" if is_full else f"check-{run_id}-not-all-files-{form.value}"


def save(form: Form) -> str:
    """Return what stands on the button.

    >>> save(Form.JSON_LINES)
    'Save findings.jsonl'
    """
    return f"Save {form.value}"


def prepared(count: int, most: int) -> str:
    """Say how many problems are in a file.

    >>> prepared(1, 50000), prepared(50000, 50000)
    ('1 problem is in the file.', 'The first 50,000 problems are in the file; there may be more. audit --out writes all.')
    """
    if count >= most:
        return f"The first {most:,} problems are in the file; there may be more. audit --out writes all."
    return "1 problem is in the file." if count == 1 else f"{count:,} problems are in the file."


def no_problem(run: Run) -> str:
    """Say that a run found no problem, and what it did not look for."""
    not_asked = run.options.exposure is Exposure.NONE
    return f"{NO_PROBLEM} {audit_verdict.NOT_ASKED}" if not_asked else NO_PROBLEM


def heading(run_id: int) -> str:
    """Return the report's title.

    >>> heading(7)
    'Check of all files, run 7'
    """
    return f"{TITLE}, run {run_id}"


def made(at: datetime, zone: ZoneInfo) -> str:
    """Say when a report was made.

    >>> made(datetime(2026, 11, 24, 8, 32, tzinfo=ZoneInfo("UTC")), ZoneInfo("Asia/Kolkata"))
    'Report made 24 Nov 2026 14:02 India time.'
    """
    return f"Report made {day(at, zone)} {clock_time(at, zone)} {zone_name(zone)}."


def compared(run_id: int, at: datetime, zone: ZoneInfo) -> str:
    """Say which run the trend is compared with.

    >>> compared(6, datetime(2026, 11, 23, 8, 32, tzinfo=ZoneInfo("UTC")), ZoneInfo("Asia/Kolkata"))
    'Compared with run 6 of 23 Nov 2026 14:02.'
    """
    return f"Compared with run {run_id} of {day(at, zone)} {clock_time(at, zone)}."


def rows_left_out(shown: int, of: int) -> str:
    """Say that a report does not list every problem.

    >>> rows_left_out(1000, 4321)
    'The first 1,000 of 4,321 problems are listed; findings.csv has all of them.'
    """
    return f"The first {shown:,} of {of:,} problems are listed; findings.csv has all of them."


def caveats(run: Run, *, quoted: Callable[[str], str], has_all_records: bool = True) -> Iterator[str]:
    """Yield what a reader of the problems must know: that they are not of all files, up to where, and what was not looked at.

    How many rows a check may have found is told to who sees all records. ``quoted`` makes a key fit to be shown.
    """
    if not run.is_full:
        yield audits.not_full(run)
    if run.result is None:
        return
    if run.result.unlisted:
        yield not_listed(run.result.unlisted, quoted=quoted)
    if has_all_records:
        for kind, count in run.result.cut.items():
            yield audits.more_than_counted(kind, count)


def not_listed(gaps: Sequence[tuple[str, str | None]], *, quoted: Callable[[str], str]) -> str:
    """Say up to which key storage was listed, or which stretches of keys were not.

    >>> not_listed([("", None)], quoted=repr)
    'Storage was not listed at all: of no file anything is known.'
    >>> not_listed([("loc/c.pdf", None)], quoted=repr)
    "Storage was listed up to the key 'loc/c.pdf'. Of the files behind it nothing is known: none of them stands here."
    >>> not_listed([("", "b"), ("loc/c", "loc/d"), ("loc/x", None)], quoted=repr)
    "Some of storage was not listed: up to 'b'; behind 'loc/c' up to 'loc/d'; behind 'loc/x'. Of the files there nothing is known: none of them stands here."
    """
    if gaps[0] == ("", None):
        return "Storage was not listed at all: of no file anything is known."
    last, end = gaps[0]
    if len(gaps) == 1 and end is None:
        return f"Storage was listed up to the key {quoted(last)}. Of the files behind it nothing is known: none of them stands here."
    named = [
        " ".join(
            filter(
                None, [f"behind {quoted(after)}" if after else "", "" if until is None else f"up to {quoted(until)}"]
            )
        )
        for after, until in gaps[:MAX_GAPS]
    ]
    more = f"; and {len(gaps) - MAX_GAPS:,} more stretches" if len(gaps) > MAX_GAPS else ""
    return (
        f"Some of storage was not listed: {'; '.join(named)}{more}. "
        "Of the files there nothing is known: none of them stands here."
    )
