"""What the commands ``audit`` and ``audits`` say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dashboard.wording import audit_files, audit_verdict, problems
from dashboard.wording import audits as words
from dashboard.wording.times import took
from lib import audit_pace
from lib.audits import Phase, Progress, Run, Status

BUSY = "Run {run} of this bucket is under way; one at a time. See: python -m dashboard audits"
BUSY_ELSEWHERE = "A run of this bucket with another database is under way; one at a time. Try again when it has ended."
NOT_RESUMABLE = (
    "Run {run} cannot go on: it is complete, or there is none of this number. See: python -m dashboard audits"
)
NO_PREFIX = "--prefix: no object key can begin so; it is longer than 1,024 bytes, or holds what storage refuses."
OPTION_OF_ANOTHER = (
    "Run {run} began with another --{option}, and goes on with what it began with: leave --{option} out."
)
LEASE_LOST = "Run {run} is worked by another process now, or was ended; this one stopped."
NOT_WRITTEN = (
    "Run {run} is in the book, but its findings could not be written into {out}: {why}. "
    "Write them again with: python -m dashboard audits export {run} --out DIR"
)
STILL_UNDER_WAY = "Run {run} is still under way; its findings can be written when it has ended."
NOT_ENDED = "Run {run} was interrupted before its end. Go on with: python -m dashboard audit --resume {run}"
NO_RUNS = "No check of all files yet. Start with: python -m dashboard audit"
NO_SUCH_RUN = "There is no run {run} of this bucket. See: python -m dashboard audits"


def counted(progress: Progress, *, seconds: float, since: Progress, is_each_asked: bool) -> str:
    """Say how far a run is, below a bar. The rest is as ``audit_pace`` takes it, ``seconds`` those of this phase.

    >>> began = Progress(Phase.LISTING, records=12011)
    >>> counted(Progress(Phase.LISTING, 12011, 6000, 6010, 7, 8, 16), seconds=4.0, since=began, is_each_asked=False)
    '8 of 16 ranges · 6,000 of 12,011 records · 6,010 files · 1,502 files a second · about 4 s left · 7 requests'
    """
    if progress.phase is Phase.ROWS:
        return ""
    rate = audit_pace.files_a_second(progress, seconds=seconds, since=since)
    left = audit_pace.seconds_left(progress, seconds=seconds, since=since, is_each_asked=is_each_asked)
    told = [
        f"{progress.ranges_done} of {progress.ranges} ranges",
        f"{progress.rows:,} of {progress.records:,} records",
        f"{progress.objects:,} files",
        f"{rate:,.0f} files a second" if rate >= 1 else "",
        "" if left is None else f"about {took(left)} left" if left >= 1 else "under 1 s left",
        f"{progress.findings:,} problem{'' if progress.findings == 1 else 's'} so far" if progress.findings else "",
        f"{progress.asked:,} files asked for" if progress.asked else "",
        f"{progress.requests:,} requests",
    ]
    return " · ".join(filter(None, told))


def written(run_id: int, files: Sequence[str]) -> str:
    """Say where the findings of a run lie.

    >>> written(12, ["audit/findings.csv", "audit/about.txt"])
    'The findings of run 12 are in audit/findings.csv and audit/about.txt.'
    """
    return f"The findings of run {run_id} are in {', '.join(files[:-1])} and {files[-1]}."


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
