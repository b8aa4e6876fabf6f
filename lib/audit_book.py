"""The book in which every run is kept: the ports of whoever starts and reads runs, and of the one process that works one.

A run is worked by one process that holds its lease: it says so every BEAT, and whoever finds a lease that is older
than LEASE may take the run over. Each taking over raises the fence; what a worker writes under an older fence is refused
(LeaseLost), so that a process that was only asleep cannot write beside its successor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from lib.audits import Exposure, Options, Progress, Range, Result, Run
from lib.findings import Finding
from lib.kept_findings import Findings, Pictures

BEAT = timedelta(seconds=1)
LEASE = timedelta(seconds=15)
BATCH = 1000  # findings of one commit, so that the trail never waits


class Busy(Exception):
    """Another run of this bucket is under way; ``is_elsewhere``: about another database, so that nobody sees it here."""

    def __init__(self, run_id: int, *, is_elsewhere: bool = False) -> None:
        super().__init__(str(run_id))
        self.run_id = run_id
        self.is_elsewhere = is_elsewhere


class LeaseLost(Exception):
    """Another process works this run now, or it was ended: stop without a further word."""


class Worked(Protocol):
    """The book, as the one process that works a run writes into it. Raises LedgerUnavailable, and LeaseLost.

    ``run`` is what ``begin`` or ``take_over`` returned, ``worked`` how long this process has worked since then.
    """

    def beat(self, run: Run, progress: Progress, *, worked: timedelta) -> bool:
        """Renew the lease and write down how far it is; return whether somebody asked to cancel it."""
        ...

    def cut(self, run: Run, ranges: Sequence[Range], *, snapshot_at: datetime) -> None:
        """Write down the ranges in place of those before, and which of them are done."""
        ...

    def ranges(self, run: Run) -> Sequence[Range]:
        """Return the ranges by number; () before they were cut."""
        ...

    def finish(self, run: Run, done: Range) -> None:
        """Write down that a range is done. Durable when it returns. Raise LookupError for one that was not cut."""
        ...

    def keep(self, run: Run, findings: Sequence[Finding]) -> None:
        """Add findings, BATCH of them a commit."""
        ...

    def forget(self, run: Run) -> None:
        """Take this run's findings away, a batch a commit: they are made again."""
        ...

    def end(self, run: Run, result: Result, *, progress: Progress, at: datetime, worked: timedelta) -> Run:
        """Write down what it came to, and give the lease back."""
        ...


class Runs(Protocol):
    """The book of runs, as whoever starts and reads them sees it. Raises LedgerUnavailable.

    A RUNNING run whose lease is older than LEASE reads as INTERRUPTED.
    """

    def begin(self, target: str, options: Options, *, by: str, at: datetime) -> Run:
        """Add a run and hold its lease; raise Busy while another of this bucket holds one."""
        ...

    def take_over(self, run_id: int, *, by: str, at: datetime) -> Run:
        """Hold the lease of a run that is resumable, with a new fence; raise Busy, LookupError where it is not.

        Ranges and findings stay; that somebody asked to cancel it, and what it came to, are forgotten.
        """
        ...

    def cancel(self, run_id: int) -> None:
        """Ask the worker to stop. Nothing happens to a run that is not running."""
        ...

    def run(self, run_id: int) -> Run | None:
        """Return one run."""
        ...

    def newest(self, target: str, *, limit: int = 50) -> Sequence[Run]:
        """Return the runs of a target, the newest first."""
        ...

    def last_full(self, target: str, *, before: int | None = None, exposure: Exposure | None = None) -> Run | None:
        """Return the newest run that is a verdict on all files, below a run's number, and of one exposure."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What a process needs to start runs of its bucket and database, and to read them.

    ``launch`` starts a worker of its own for a run.
    """

    runs: Runs
    findings: Findings
    target: str
    launch: Callable[[Run], None]
    pictures: Pictures | None = None  # None: nobody counts for pictures
