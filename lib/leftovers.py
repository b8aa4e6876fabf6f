"""What a run could not match, kept aside until all ranges are done: the port of a scratch file that may be large.

The right object of a row without one is nearly always an object without a row: both are here. Memory does not grow
with what is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from lib.evidence import Wanted
from lib.inventory import Inventory
from lib.keys import Rules
from lib.reconcile import Left


class Leftovers(Protocol):
    """One run's scratch. Raises OSError where the disk is full."""

    def keep(self, number: int, left: Sequence[tuple[Left, datetime | None]]) -> None:
        """Add what a range left, each with when its object was last written. Not durable before ``done``."""
        ...

    def done(self, number: int) -> None:
        """Make what a range left durable."""
        ...

    def only(self, numbers: Sequence[int]) -> None:
        """Drop what ranges left that are not among these: they are walked again."""
        ...

    def all_of(
        self, kind: type[Left], *, after: int = 0, limit: int = 1000
    ) -> Sequence[tuple[int, Left, datetime | None]]:
        """Return what is kept of one kind with its number, ascending, those above a number."""
        ...

    def drop(self, numbers: Sequence[int]) -> None:
        """Forget some: they were confirmed to be no finding."""
        ...

    def near(self, wanted: Wanted, rules: Rules) -> Inventory:
        """Return the lone objects that may be the right one of a row, a few at most, with no request.

        By exact guess, MD5, 32 hex digits, normal form, stem, and what lies below a cut name or a folder.
        """
        ...

    def objects(self) -> Iterator[tuple[str, int, str, datetime | None]]:
        """Yield key, size, ETag and when it was written of every lone object, ascending by key."""
        ...
