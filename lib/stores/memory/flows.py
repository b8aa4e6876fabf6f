"""Which sign-ins at an identity provider were used up, in memory."""

from __future__ import annotations

from datetime import datetime
from threading import Lock


class MemoryFlows:
    """A SpentFlows for one process."""

    def __init__(self) -> None:
        self._spent: dict[str, datetime] = {}
        self._lock = Lock()

    def spend(self, state_hash: str, *, at: datetime, ends_at: datetime) -> bool:
        """Keep that it is used up; False when it was."""
        with self._lock:
            self._spent = {each: end for each, end in self._spent.items() if end > at}
            if state_hash in self._spent:
                return False
            self._spent[state_hash] = ends_at
            return True
