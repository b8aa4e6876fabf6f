"""What is said about taking the problems of a check along, and in the report of one."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.wording.times import clock_time, day, zone_name
from lib.audit_export import Form

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
COUNT_HEADS = ("Found", "Records", "")
CAUSE_HEADS = ("Problem", "Severity", "Count", "", "First bad PDF made", "Since the check before")
NUMBER_HEADS = frozenset({"Records", "Count"})
ROW_HEADS = ("Problem", "Severity", "Record", "Stored key", "Resolved or object key", "Suggestion")


def file_name(form: Form, run_id: int) -> str:
    """Return what a file is called when it is saved.

    >>> file_name(Form.CSV, 7), file_name(Form.REPORT, 7)
    ('check-7-findings.csv', 'check-7-report.html')
    """
    return f"check-{run_id}-{form.value}"


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
