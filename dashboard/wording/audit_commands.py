"""What the commands ``audit`` and ``audits`` say."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.wording import audit_files, audit_verdict, problems
from dashboard.wording import audits as words
from dashboard.wording.times import took
from lib.audits import Progress, Run, Status

BUSY = "Run {run} of this bucket is under way; one at a time. See: python -m dashboard audits"
BUSY_ELSEWHERE = "A run of this bucket with another database is under way; one at a time. Try again when it has ended."
NOT_RESUMABLE = (
    "Run {run} cannot go on: it is complete, or there is none of this number. See: python -m dashboard audits"
)
NO_PREFIX = "--prefix: no object key can begin so; it is longer than 1,024 bytes, or holds what storage refuses."
PREFIX_OF_ANOTHER = "A run goes on with the options that it began with: leave --prefix out."
LEASE_LOST = "Run {run} is worked by another process now, or was ended; this one stopped."
NOT_WRITTEN = "Run {run} is in the book, but its findings could not be written into {out}: {why}."
NO_RUNS = "No check of all files yet. Start with: python -m dashboard audit"
NO_SUCH_RUN = "There is no run {run} of this bucket. See: python -m dashboard audits"


def counted(progress: Progress) -> str:
    """Say how far a run is, beside a bar.

    >>> counted(Progress(records=12011, rows=6000, objects=6010, requests=7))
    '6,000 of 12,011 records, 6,010 files, 7 requests'
    """
    return (
        f"{progress.rows:,} of {progress.records:,} records, {progress.objects:,} files, {progress.requests:,} requests"
    )


def told(run: Run) -> Iterator[str]:
    """Yield what there is to say of a run that ended, the verdict first."""
    result, records = run.result, run.progress.records
    if result is None:
        return
    if run.status is Status.COMPLETE:
        yield audit_verdict.verdict(run, result)
    else:
        yield (
            f"{words.STATUS[run.status]}: {words.reason(result.reason)}"
            if result.reason
            else (f"{words.STATUS[run.status]}.")
        )
    yield from audit_files.caveats(run, quoted=ascii)
    if run.is_resumable:
        yield f"Go on with: python -m dashboard audit --resume {run.run_id}"
    if strangers := audit_verdict.strangers(run):
        yield strangers
    yield (
        f"Run {run.run_id}: {records:,} records, {run.progress.objects:,} files, {run.progress.requests:,} requests, "
        f"{took(run.seconds)}."
    )


def about(run: Run) -> Iterator[str]:
    """Yield what lies beside the findings of a run in their folder: what they are, and what they are not."""
    yield f"{audit_files.heading(run.run_id)}."
    yield from told(run)
    yield audit_files.CONFIDENTIAL_FILES


def kinds(run: Run) -> list[dict[str, object]]:
    """Return the rows of a table of what was found."""
    result = run.result
    if result is None:
        return []
    return [{"problem": problems.title(kind, None), "count": count} for kind, count in result.kinds.items() if count]
