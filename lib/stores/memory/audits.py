"""The book of runs in memory, with the rules of the real one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import RLock

from lib.audit_book import LEASE, Busy, LeaseLost
from lib.audits import RESUMABLE, Exposure, Options, Progress, Range, Result, Run, Status, bucket_of
from lib.errors import LedgerUnavailable
from lib.findings import Finding


class MemoryAudits:
    """Runs and Worked. ``clock`` tells the instants of leases. ``fault`` is raised while it is set."""

    def __init__(
        self, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC), fault: LedgerUnavailable | None = None
    ) -> None:
        self.fault = fault
        self.kept: dict[int, list[Finding]] = {}  # by run; the first is number 1
        self._clock = clock
        self._runs: dict[int, Run] = {}
        self._leases: dict[int, datetime] = {}
        self._ranges: dict[int, tuple[Range, ...]] = {}
        self._lock = RLock()

    def check(self) -> None:
        """Raise the fault that is set."""
        if self.fault is not None:
            raise self.fault

    def begin(self, target: str, options: Options, *, by: str, at: datetime) -> Run:
        """Add a run and hold its lease; raise Busy while another of this bucket holds one."""
        self.check()
        with self._lock:
            self._free(target)
            run = Run(len(self._runs) + 1, target, options, by, at, Status.RUNNING, Progress(), fence=1)
            return self._hold(run)

    def take_over(self, run_id: int, *, by: str, at: datetime) -> Run:
        """Hold the lease of a run that is resumable, with a new fence; raise Busy, LookupError where it is not."""
        self.check()
        with self._lock:
            found = self.run(run_id)
            if found is not None and found.status is Status.RUNNING:
                raise Busy(run_id)
            if found is None or found.status not in RESUMABLE:
                raise LookupError(run_id)
            self._free(found.target)
            return self._hold(
                replace(
                    found,
                    status=Status.RUNNING,
                    fence=found.fence + 1,
                    ended_at=None,
                    is_cancelling=False,
                    result=None,
                    resumed_by=by,
                    resumed_at=at,
                )
            )

    def cancel(self, run_id: int) -> None:
        """Ask the worker to stop. Nothing happens to a run that is not running."""
        self.check()
        with self._lock:
            run = self._runs.get(run_id)
            if run is not None and run.status is Status.RUNNING:
                self._runs[run_id] = replace(run, is_cancelling=True)

    def run(self, run_id: int) -> Run | None:
        """Return one run."""
        self.check()
        with self._lock:
            run = self._runs.get(run_id)
            return None if run is None else self._seen(run)

    def newest(self, target: str, *, limit: int = 50) -> Sequence[Run]:
        """Return the runs of a target, the newest first."""
        self.check()
        with self._lock:
            mine = [self._seen(run) for run in reversed(self._runs.values()) if run.target == target]
            return mine[:limit]

    def last_full(self, target: str, *, before: int | None = None, exposure: Exposure | None = None) -> Run | None:
        """Return the newest run that is a verdict on all files, below a run's number, and of one exposure."""
        self.check()
        with self._lock:
            full = [
                run
                for run in self._runs.values()
                if run.target == target and run.is_full and exposure in {None, run.options.exposure}
            ]
            return next((run for run in reversed(full) if before is None or run.run_id < before), None)

    def beat(self, run: Run, progress: Progress, *, worked: timedelta) -> bool:
        """Renew the lease and write down how far it is; return whether somebody asked to cancel it."""
        with self._lock:
            mine = self._mine(run)
            seconds = run.seconds + worked.total_seconds()
            self._hold(replace(mine, progress=progress, seconds=seconds))
            return mine.is_cancelling

    def cut(self, run: Run, ranges: Sequence[Range], *, snapshot_at: datetime) -> None:
        """Keep the ranges in place of those before."""
        with self._lock:
            self._runs[run.run_id] = replace(self._mine(run), snapshot_at=snapshot_at)
            self._ranges[run.run_id] = tuple(sorted(ranges, key=lambda each: each.number))

    def ranges(self, run: Run) -> Sequence[Range]:
        """Return the ranges by number; () before they were cut."""
        self.check()
        with self._lock:
            return self._ranges.get(run.run_id, ())

    def finish(self, run: Run, done: Range) -> None:
        """Keep that a range is done."""
        with self._lock:
            self._mine(run)
            known = self._ranges.get(run.run_id, ())
            if done.number not in {each.number for each in known}:
                raise LookupError(done.number)
            self._ranges[run.run_id] = tuple(
                replace(each, is_done=True, rows=done.rows, objects=done.objects)
                if each.number == done.number
                else each
                for each in known
            )

    def keep(self, run: Run, findings: Sequence[Finding]) -> None:
        """Add findings."""
        with self._lock:
            self._mine(run)
            self.kept.setdefault(run.run_id, []).extend(findings)

    def forget(self, run: Run) -> None:
        """Take this run's findings away."""
        with self._lock:
            self._mine(run)
            self.kept.pop(run.run_id, None)

    def end(self, run: Run, result: Result, *, progress: Progress, at: datetime, worked: timedelta) -> Run:
        """Keep what it came to, and give the lease back."""
        with self._lock:
            ended = replace(
                self._mine(run),
                status=result.status,
                result=result,
                progress=progress,
                ended_at=at,
                is_cancelling=False,
                seconds=run.seconds + worked.total_seconds(),
            )
            self._runs[run.run_id] = ended
            return ended

    def _mine(self, run: Run) -> Run:
        self.check()
        found = self._runs.get(run.run_id)
        if found is None or (found.fence, found.status) != (run.fence, Status.RUNNING):
            raise LeaseLost
        return found

    def _hold(self, run: Run) -> Run:
        self._runs[run.run_id] = run
        self._leases[run.run_id] = self._clock()
        return run

    def _free(self, target: str) -> None:
        for run in self._runs.values():
            if bucket_of(run.target) == bucket_of(target) and run.status is Status.RUNNING:
                seen = self._seen(run)
                if seen.status is Status.RUNNING:
                    raise Busy(run.run_id, is_elsewhere=run.target != target)
                self._runs[run.run_id] = seen

    def _seen(self, run: Run) -> Run:
        lease = self._leases[run.run_id]
        if run.status is Status.RUNNING and abs(self._clock() - lease) > LEASE:
            return replace(run, status=Status.INTERRUPTED, ended_at=lease, is_cancelling=False)
        return run
