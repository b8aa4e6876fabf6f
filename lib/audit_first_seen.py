"""Since which full check a cause has been found without a gap. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from operator import attrgetter

from lib.audits import Run
from lib.findings import Kind
from lib.kept_findings import Group


@dataclass(frozen=True, slots=True)
class Past:
    """The full verdicts before a run, the newest first, as far as they are known; ``is_cut``: there may be older ones.

    ``alike`` is the last one that asked strangers for as many files as the run, where none of these did.
    """

    run: Run
    earlier: tuple[Run, ...] = ()
    alike: Run | None = None
    is_cut: bool = False

    def first_seen(self, group: Group) -> tuple[datetime | None, bool]:
        """Return of when the check is that saw a cause first, None for the run itself, and whether an older one may have.

        1. The checks that have it one after the other up to the run are looked through. A result counts its kinds and its
           codes, each for themselves, so a check with both has the cause.
        2. Who can read the files, and that this could not be found out, say those alone that sent as many strangers. The
           latter is one of the UNDETERMINED without a code, whose others have checks of their own: the older ones count.
        3. What is gone was there in the check before, and is told of that one.
        """
        exposure = self.run.options.exposure
        alike = [each for each in (*self.earlier, self.alike) if each is not None and each.options.exposure is exposure]
        is_with_silence = (group.kind, group.code) == (Kind.UNDETERMINED, None)

        def has(run: Run) -> bool:
            silence = run.is_silent if is_with_silence else 0
            return group.count > silence if run is self.run else _count(run, group) > silence

        found = [self._first(has, alike if group.kind is Kind.PUBLICLY_READABLE else self.earlier, group)]
        if is_with_silence:
            found.append(self._first(attrgetter("is_silent"), alike, group))
        first, is_cut = min(filter(None, found), key=lambda each: each[0].run_id, default=(self.run, False))
        return None if first is self.run else first.snapshot_at or first.started_at, is_cut

    def _first(self, has: Callable[[Run], bool], earlier: Sequence[Run], group: Group) -> tuple[Run, bool] | None:
        *_, first = None, *takewhile(has, [self.run, *earlier] if group.count else earlier)
        return None if first is None else (first, self.is_cut and first in earlier[-1:])


def _count(run: Run, group: Group) -> int:
    """Return how many findings of the kind of a group a full verdict has, 0 where it has none of its code."""
    assert run.result is not None
    has_code = group.code is None or bool(run.result.causes.get(group.code))
    return run.result.kinds.get(group.kind, 0) if has_code else 0
