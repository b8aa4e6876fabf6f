"""What is said of two runs of "Check all files" beside each other, and of what they cannot be compared in."""

from __future__ import annotations

from collections.abc import Iterator

from lib import audit_reach
from lib.audit_reach import Unlike
from lib.audits import Exposure, Run, Status

ASKED = {Exposure.NONE: "no file", Exposure.SAMPLE: "a sample", Exposure.FULL: "every file"}  # as a stranger
_HOW = {
    Status.RUNNING: "is under way",
    Status.FAILED: "failed",
    Status.CANCELLED: "was cancelled",
    Status.INTERRUPTED: "was interrupted",
}


def refused(run: Run) -> str:
    """Say that a run cannot be compared with another, since it did not come to its end."""
    return f"Run {run.run_id} {_HOW.get(run.status, 'found nothing')}: it has no complete findings to compare."


def compared(*, new: int, still: int, gone: int, is_all: bool = True) -> str:
    """Say what changed between two checks; ``is_all``: both looked at the same.

    >>> compared(new=2, still=41, gone=5), compared(new=0, still=0, gone=0)
    ('2 problems are new, 41 are still there, 5 are gone.', 'Neither found a problem.')
    >>> compared(new=0, still=120, gone=0)
    'Nothing is new and nothing is gone: 120 problems are still there.'
    >>> compared(new=0, still=0, gone=0, is_all=False)
    'In what both looked at, neither found a problem.'
    """
    if not (new or still or gone):
        said = "Neither found a problem."
    elif not (new or gone):
        many = "1 problem is" if still == 1 else f"{still:,} problems are"
        said = f"Nothing is new and nothing is gone: {many} still there."
    else:
        said = f"{new:,} problem{' is' if new == 1 else 's are'} new, {_are(still)} still there, {_are(gone)} gone."
    return said if is_all else f"In what both looked at, {said[0].lower()}{said[1:]}"


def left_out(first: Run, second: Run) -> Iterator[str]:
    """Yield a sentence for each thing in which two runs are not compared."""
    for unlike in audit_reach.unlike(first, second):
        match unlike:
            case Unlike.EXPOSURE if first.options.exposure is second.options.exposure:
                yield (
                    f"Run {second.run_id} did not find out of every file whether it opens for anyone: of none it is said that "
                    "it does no more."
                )
            case Unlike.EXPOSURE:
                asked, then = (ASKED[each.options.exposure] for each in (first, second))
                yield (
                    f"Run {first.run_id} asked for {asked} as anyone may, run {second.run_id} for {then}: which files open "
                    "for anyone is not compared."
                )
            case Unlike.PREFIX:
                yield from (_below(each) for each in (first, second) if each.options.prefix)
            case Unlike.UNLISTED:
                yield from filter(None, map(_unlisted, (first, second)))


def _are(count: int) -> str:
    return f"{count:,} {'is' if count == 1 else 'are'}"


def _below(run: Run) -> str:
    return f"Run {run.run_id} looked only below a prefix: what lies elsewhere is not compared."


def _unlisted(run: Run) -> str:
    if run.status is Status.INCOMPLETE:
        return f"Run {run.run_id} is incomplete: what it did not list or could not tell is not compared."
    if run.result is not None and run.result.unlisted:
        return f"Run {run.run_id} could list a part of the bucket only: what lies elsewhere is not compared."
    return ""
