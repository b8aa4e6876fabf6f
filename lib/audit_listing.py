"""The main pass of a run: its ranges, each walked by one of a few threads, and what does not match kept aside.

A range that was walked to its end is written down, its leftovers made durable first: a run that is taken up again does
not walk it a second time. The first range that breaks ends the pass; what was listed up to there still counts.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from lib.audits import Phase, Progress, Range
from lib.bucket_pages import ListingBroken
from lib.leftovers import Leftovers
from lib.row_spool import RowSpool
from lib.seen_rows import SeenRows
from lib.walking import Walker

FEWEST_ROWS = 4_000  # of a range: fewer are not worth the page that each costs on top
MOST_ROWS = 50_000  # of more, a crash has too many walked twice
RANGES_OF_A_THREAD = 2  # so that no thread walks alone at the end


class Meter:
    """How far a run is, counted by several threads."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._lock = threading.Lock()
        self._now = progress or Progress()

    def now(self) -> Progress:
        """Return the counts of this moment."""
        return self._now

    def set(self, **values: Phase | int) -> None:
        """Set some counts."""
        with self._lock:
            self._now = replace(self._now, **values)  # type: ignore[arg-type]  # by name

    def add(
        self,
        *,
        rows: int = 0,
        objects: int = 0,
        requests: int = 0,
        ranges_done: int = 0,
        findings: int = 0,
        asked: int = 0,
    ) -> None:
        """Add to some counts."""
        with self._lock:
            was = self._now
            self._now = replace(
                was,
                rows=was.rows + rows,
                objects=was.objects + objects,
                requests=was.requests + requests,
                ranges_done=was.ranges_done + ranges_done,
                findings=was.findings + findings,
                asked=was.asked + asked,
            )


@dataclass(frozen=True, slots=True)
class Listed:
    """What the pass came to: what was not listed, in the order of the keys, and why."""

    unlisted: tuple[tuple[bytes, bytes | None], ...]
    fault: ListingBroken | None = None


def cut(spool: RowSpool, *, threads: int) -> list[Range]:
    """Return the ranges of all keys, cut at quantiles of the rows' own."""
    fewest, most = -(-spool.rows // MOST_ROWS), spool.rows // FEWEST_ROWS
    wanted = max(1, min(max(threads * RANGES_OF_A_THREAD, fewest), most))
    cuts = spool.cuts(wanted)
    return [
        Range(number, after, until)
        for number, (after, until) in enumerate(zip([b"", *cuts], [*cuts, None], strict=True))
    ]


@dataclass(slots=True)
class Pass:
    """One pass over the ranges that are not done, a thread for each walker. ``finish`` writes a range down as done."""

    walkers: Sequence[Walker]
    left: Leftovers
    seen: SeenRows
    meter: Meter
    finish: Callable[[Range], None]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _failed: list[BaseException] = field(default_factory=list)
    _unlisted: list[tuple[bytes, bytes | None]] = field(default_factory=list)

    def walk(self, ranges: Sequence[Range]) -> Listed:
        """Walk them; raise what is no fault of the listing. The threads end with the process, whatever they wait for."""
        waiting = deque(each for each in ranges if not each.is_done)
        threads = [
            threading.Thread(target=self._walk_all, args=(waiting, walker), name=f"range-{number}", daemon=True)
            for number, walker in enumerate(self.walkers[: len(waiting)])
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for error in self._failed:
            if not isinstance(error, ListingBroken):
                raise error
        self._unlisted += [(each.after, each.until) for each in waiting]
        broken = next((each for each in self._failed if isinstance(each, ListingBroken)), None)
        return Listed(tuple(sorted(self._unlisted, key=lambda gap: gap[0])), broken)

    def _walk_all(self, waiting: deque[Range], walker: Walker) -> None:
        while not self._failed:
            try:
                one = waiting.popleft()
            except IndexError:
                return
            reached = one.after
            try:
                for reached in self._walk(one, walker):  # noqa: B007 - where it broke is asked below
                    if self._failed:
                        break
                else:
                    continue
                self._stop(one, reached)
            except ListingBroken as error:
                self._failed.append(error)
                self._stop(one, reached)
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
                self._failed.append(error)
            return

    def _stop(self, one: Range, reached: bytes) -> None:
        """Keep what was listed of a range before it broke: it is true all the same."""
        with self._lock:
            self._unlisted.append((reached, one.until))
            self.left.done(one.number)

    def _walk(self, one: Range, walker: Walker) -> Iterator[bytes]:
        """Walk one range; yield the key up to which nothing is left out."""
        rows = objects = 0
        try:
            for page in walker.walk(one.after, one.until):
                rows, objects = rows + page.rows, objects + page.objects
                self.meter.add(rows=page.rows, objects=page.objects, requests=page.requests)
                with self._lock:
                    self.seen.add(page.sums)
                    if page.left:
                        self.left.keep(one.number, page.left)
                if page.reached is not None:
                    yield page.reached
        except ListingBroken as error:
            self.meter.add(requests=error.requests)
            raise
        with self._lock:
            self.left.done(one.number)
        self.finish(replace(one, is_done=True, rows=rows, objects=objects))
        self.meter.add(ranges_done=1)
