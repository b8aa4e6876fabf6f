"""A trail in memory, with the chain of the real one."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock

from lib.errors import LedgerFault, LedgerUnavailable
from lib.trail import GENESIS, Draft, TrailEvent, seal


class MemoryTrail:
    """A TrailStore. ``fault`` is raised always, or only once ``fail_after`` events have been written.

    Both may be set while it is in use. ``rows`` is open, so that a test can forge a row.
    """

    def __init__(self, *, fault: LedgerUnavailable | None = None, fail_after: int | None = None) -> None:
        self.fault = fault
        self.fail_after = fail_after
        self.rows: list[TrailEvent] = []
        self._lock = Lock()

    def append(self, draft: Draft) -> TrailEvent:
        """Add one event at the end of the chain."""
        with self._lock:
            if self.fail_after is None and self.fault is not None:
                raise self.fault
            if self.fail_after is not None and len(self.rows) >= self.fail_after:
                raise self.fault or LedgerUnavailable(LedgerFault.FULL)
            previous_hash = self.rows[-1].hash if self.rows else GENESIS
            event = seal(draft, sequence=len(self.rows) + 1, previous_hash=previous_hash)
            self.rows.append(event)
            return event

    def events(self) -> Iterator[TrailEvent]:
        """Yield every event, oldest first."""
        if self.fail_after is None and self.fault is not None:
            raise self.fault
        yield from tuple(self.rows)
