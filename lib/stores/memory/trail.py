"""A trail in memory, with the chain of the real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import takewhile
from threading import Lock

from lib.errors import LedgerFault, LedgerUnavailable
from lib.trail import EVERYTHING, GENESIS, Broken, Cut, Draft, Selection, TrailEvent, seal, verify


class MemoryTrail:
    """A TrailStore. ``fault`` is raised always, or only once ``fail_after`` events have been written.

    Both may be set while it is in use. ``rows`` is open, so that a test can forge a row.
    """

    def __init__(
        self,
        *,
        fault: LedgerUnavailable | None = None,
        fail_after: int | None = None,
        mac_key: bytes | None = None,
    ) -> None:
        self.fault = fault
        self.fail_after = fail_after
        self.rows: list[TrailEvent] = []
        self._key = mac_key
        self._lock = Lock()

    def append(self, draft: Draft) -> TrailEvent:
        """Add one event at the end of the chain."""
        with self._lock:
            return self._append(draft)

    def events(self, chosen: Selection = EVERYTHING) -> Iterator[TrailEvent]:
        """Yield the chosen events, oldest first."""
        self._fail_if_down()
        yield from (event for event in tuple(self.rows) if chosen.has(event))

    def newest(self, chosen: Selection = EVERYTHING, *, limit: int, before: int | None = None) -> list[TrailEvent]:
        """Return the last chosen events, newest first."""
        self._fail_if_down()
        found = [row for row in reversed(self.rows) if chosen.has(row) and (before is None or row.sequence < before)]
        return found[:limit]

    def count(self, *, actor: str, action: str, result: str, since: datetime, before: int | None = None) -> int:
        """Count one actor's events."""
        self._fail_if_down()
        return sum(
            (event.actor, event.action, event.result) == (actor, action, result)
            and event.at >= since
            and (before is None or event.sequence < before)
            for event in tuple(self.rows)
        )

    def prune(self, before: datetime, *, event: Callable[[Cut | None], Draft]) -> TrailEvent | Broken:
        """Take away what is older, and append ``event``."""
        with self._lock:
            checked = verify(self.rows, key=self._key)
            if isinstance(checked, Broken):
                return checked
            old = list(takewhile(lambda row: row.at < before, self.rows))
            written = self._append(event(Cut(len(old), old[-1].sequence, old[-1].hash) if old else None))
            del self.rows[: len(old)]
            return written

    def _append(self, draft: Draft) -> TrailEvent:
        if self.fail_after is None:
            self._fail_if_down()
        elif len(self.rows) >= self.fail_after:
            raise self.fault or LedgerUnavailable(LedgerFault.FULL)
        end = self.rows[-1] if self.rows else None
        event = seal(
            draft,
            sequence=end.sequence + 1 if end else 1,
            previous_hash=end.hash if end else GENESIS,
            key=self._key,
        )
        self.rows.append(event)
        return event

    def _fail_if_down(self) -> None:
        if self.fail_after is None and self.fault is not None:
            raise self.fault
