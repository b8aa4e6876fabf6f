"""What a run could not match, kept aside until all ranges are done: the port of a scratch file that may be large.

The right object of a row without one is nearly always an object without a row: both are here. Memory does not grow
with what is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from lib.evidence import Wanted
from lib.findings import Finding
from lib.inventory import Inventory
from lib.keys import Rules
from lib.reconcile import Differs, Left, ObjectAlone, RowAlone, Shared

BLOCK = 1000  # of what is left, read at once

Some = TypeVar("Some", RowAlone, ObjectAlone, Differs, Shared)


class Leftovers(Protocol):
    """One run's scratch. Raises OSError where the disk is full."""

    def keep(self, number: int, left: Sequence[tuple[Left, datetime | None]]) -> None:
        """Add what a range left, each with when its object was last written. Not durable before ``done``."""
        ...

    def done(self, number: int) -> None:
        """Make what a range left durable."""
        ...

    def only(self, numbers: Sequence[int]) -> None:
        """Drop what ranges left that are not among these: they are walked again.

        Raise ValueError where one of these was never ``done``: this is not the file that was written.
        """
        ...

    def all_of(
        self, kind: type[Left], *, after: int = 0, limit: int = BLOCK
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


Place = tuple[bytes, int]  # a key, and a record number (0 where there is none): sorts what is left


class Ordered(Protocol):
    """The same, read in the order of keys, which is the same for every run; ranges end in any order."""

    def count(self, kind: type[Left]) -> int:
        """Return how many of a kind are kept."""
        ...

    def cuts(self, kind: type[Left], parts: int) -> list[bytes]:
        """Return at most ``parts`` - 1 keys that part what is kept of a kind into about equal parts, ascending."""
        ...

    def in_order(
        self, kind: type[Left], *, after: Place = (b"", -1), until: bytes | None = None, limit: int = BLOCK
    ) -> Sequence[tuple[int, Left, datetime | None]]:
        """Return what is kept of one kind, ascending by key and record number: above a place, no key above ``until``."""
        ...

    def alone(self, record_ids: Sequence[int]) -> frozenset[int]:
        """Return which of these rows are kept as rows without an object."""
        ...

    def twins(self, keys: Sequence[str]) -> frozenset[str]:
        """Return which of these lone objects hold the bytes of another one: of one size and ETag, whatever their names."""
        ...


class Drafts(Protocol):
    """Findings that wait until all of a run are known: two rows may claim one object. Not durable."""

    def restart(self) -> None:
        """Forget all drafts."""
        ...

    def index(self, told: Callable[[int], None]) -> None:
        """Make ``near`` fast where it is not yet; ``told`` is called with 0 every second or so, and may raise."""
        ...

    def draft(self, findings: Sequence[Finding]) -> None:
        """Add some. One with a safe suggestion claims that object."""
        ...

    def drafts(self) -> Iterator[tuple[Finding, bool]]:
        """Yield all, ascending by resolved key, record number and kind; and whether another record claims the same object."""
        ...

    def claims(self, keys: Sequence[str]) -> Mapping[str, int]:
        """Return which of these objects one record alone claims, each with its number: that of several is nobody's."""
        ...


class Scratch(Leftovers, Ordered, Drafts, Protocol):
    """All that one run keeps aside."""

    def close(self) -> None:
        """Close the file; what was not ``done`` is lost."""
        ...


def blocks(left: Ordered, kind: type[Some], *, limit: int = BLOCK) -> Iterator[list[tuple[Some, datetime | None]]]:
    """Yield all that is kept of one kind in the order of keys, ``limit`` at once, each with when its object was written."""
    after: Place = (b"", -1)
    while found := left.in_order(kind, after=after, limit=limit):
        yield [(each, modified) for _, each, modified in found if isinstance(each, kind)]
        last = found[-1][1]
        after = (last.key, last.record_id if isinstance(last, RowAlone | Differs) else 0)
