"""Since which full check a cause has been found without a gap. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from lib.audits import Exposure, Result, Run
from lib.catalogue import Code
from lib.findings import Kind


def first_seen(kind: Kind, code: Code | None, *, run: Run, earlier: Iterable[Run]) -> Run:
    """Return the run that was the first to have a cause, every full verdict since then having it too.

    ``run`` has it; ``earlier`` are those before it, the newest first. A run's result counts its kinds and its codes, each
    for themselves, so a run with both has the cause. One that asked for no file as a stranger says nothing of files that
    open for anyone, neither that they do nor that they do not.
    """
    first = run
    for each in earlier:
        if not each.is_full or each.result is None or not _was_looked_for(kind, each):
            continue
        if not _has(each.result, kind, code):
            break
        first = each
    return first


def _was_looked_for(kind: Kind, run: Run) -> bool:
    return kind is not Kind.PUBLICLY_READABLE or run.options.exposure is not Exposure.NONE


def _has(result: Result, kind: Kind, code: Code | None) -> bool:
    return bool(result.kinds.get(kind)) and (code is None or bool(result.causes.get(code)))
