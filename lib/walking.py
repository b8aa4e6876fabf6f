"""Walking one range of keys, in this process or in another: the port, and who does it here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from lib.bucket_pages import BucketPages, ListingBroken, ObjectPage, Turn
from lib.objects import Doubt
from lib.reconcile import Differs, Left, NotAscending, ObjectAlone, Rows, walk
from lib.row_spool import RowSpool
from lib.seen_rows import Sums, summed

# For ``gc.set_threshold``: a page is a thousand tuples that live for a moment, and none of them is in a circle.
SELDOM = 50_000


@dataclass(frozen=True, slots=True)
class Walked:
    """One page, matched: what did not agree, with when its object was last written. ``reached``: None at the range's end."""

    rows: int
    objects: int
    requests: int
    left: tuple[tuple[Left, datetime | None], ...]
    sums: Sums
    reached: bytes | None


class Walker(Protocol):
    """Walks a range at a time, for one thread."""

    def walk(self, after: bytes, until: bytes | None) -> Iterator[Walked]:
        """Yield the pages of the keys above ``after`` and not above ``until``; raise ListingBroken, ValueError of the spool."""
        ...


class Helpers(Protocol):
    """Processes beside this one."""

    def walkers(
        self, count: int, spool: Path, prefix: bytes, *, here: Walker
    ) -> AbstractContextManager[Sequence[Walker]]:
        """Lend walkers in one more process. Where it is lost, each goes on ``here`` from where it was."""
        ...


@dataclass(frozen=True, slots=True)
class Here:
    """A Walker in this process; threads may share it, and work by turns."""

    spool: RowSpool
    pages: BucketPages
    prefix: bytes
    folder: bytes = b""  # the location with its slash, as an object that somebody made: no row's file
    turn: Turn = field(default_factory=Turn)

    def walk(self, after: bytes, until: bytes | None) -> Iterator[Walked]:
        """Yield the pages of a range; a listing that is not in order is broken."""
        rows = Rows(self.spool.blocks(after=after, until=until))
        pages = self.pages.pages(prefix=self.prefix, after=after, until=until, turn=self.turn)
        # Closed here: an error that is kept for whoever waits would keep the pages, and they the turn.
        with closing(pages):
            yield from self._walked(rows, pages)

    def _walked(self, rows: Rows, pages: Iterator[ObjectPage]) -> Iterator[Walked]:
        try:
            for step in walk(rows, pages, folder=self.folder):
                page, left = step.page, tuple((each, _modified(each, step.page)) for each in step.left)
                sums = summed(step.rows, None if left else page.keys)  # with nothing left, a row for each object
                yield Walked(len(step.rows), len(page.lines), page.requests, left, sums, step.reached)
        except NotAscending as error:
            raise ListingBroken(Doubt.OTHER, reached=None, requests=0, is_out_of_order=True) from error


def _modified(left: Left, page: ObjectPage) -> datetime | None:
    return page.modified(left.line) if isinstance(left, ObjectAlone | Differs) else None
