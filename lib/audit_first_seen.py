"""Since which full check a cause has been found without a gap. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from lib.audits import Result, Run
from lib.catalogue import Code
from lib.findings import Kind
from lib.kept_findings import Group


@dataclass(frozen=True, slots=True)
class Past:
    """The full verdicts before a run, the newest first, as far as they are known; ``is_cut``: there may be older ones.

    The last one that asked strangers for as many files as the run is always known.
    """

    run: Run
    earlier: tuple[Run, ...] = ()
    is_cut: bool = False

    def first_seen(self, group: Group) -> tuple[datetime | None, bool]:
        """Return of when the check is that saw a cause first, None for the run itself, and whether an older one may have.

        What is gone was there in the check before, and is told of that one.
        """
        asked = [each for each in self.earlier if _asks_as(self.run, each, group.kind)]
        run, earlier = (self.run, asked) if group.count else (asked[0], asked[1:])
        first = first_seen(group.kind, group.code, run=run, earlier=earlier)
        is_cut = self.is_cut and first in asked[-1:]
        return None if first is self.run else first.snapshot_at or first.started_at, is_cut


def first_seen(kind: Kind, code: Code | None, *, run: Run, earlier: Iterable[Run]) -> Run:
    """Return the run that was the first to have a cause, every full verdict since then having it too.

    ``run`` has it; ``earlier`` are those before it, the newest first. A run's result counts its kinds and its codes, each
    for themselves, so a run with both has the cause. One that asked otherwise for files as a stranger says nothing of
    files that open for anyone, neither that they do nor that they do not.
    """
    first = run
    for each in earlier:
        if not each.is_full or each.result is None or not _asks_as(run, each, kind):
            continue
        if not _has(each.result, kind, code):
            break
        first = each
    return first


def _asks_as(run: Run, other: Run, kind: Kind) -> bool:
    return kind is not Kind.PUBLICLY_READABLE or other.options.exposure is run.options.exposure


def _has(result: Result, kind: Kind, code: Code | None) -> bool:
    return bool(result.kinds.get(kind)) and (code is None or bool(result.causes.get(code)))
