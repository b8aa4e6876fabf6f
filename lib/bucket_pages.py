"""A bucket, a page at a time and in the order of its keys' bytes: the port of whoever reads all of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from lib.objects import Doubt


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """Some objects that follow one another, as lines (``lib.row_lines``), ascending by key.

    ``keys`` are their keys, plain, in the same order. ``modified`` returns when the object of a line was last written
    (aware UTC), None where the page does not say: it is asked for leftovers only. ``reached`` is the key up to which
    nothing is left out, None where nothing more follows in this range.
    """

    lines: list[bytes]
    keys: list[bytes]
    reached: bytes | None
    requests: int  # that this page cost, those that failed included
    modified: Callable[[bytes], datetime | None]


class ListingBroken(Exception):
    """A listing that could not go on. Nothing is known of what lies behind ``reached`` (None: of all of the range)."""

    def __init__(self, doubt: Doubt, *, reached: bytes | None, requests: int, is_out_of_order: bool = False) -> None:
        super().__init__(str(doubt))
        self.doubt = doubt
        self.reached = reached
        self.requests = requests
        self.is_out_of_order = is_out_of_order  # the store does not sort: another way of matching would be needed


@dataclass(frozen=True, slots=True)
class Turn:
    """Of threads that share it, one at a time works on its page; who waits for the network is away.

    A core's cache holds what is made of one page, not of eight: by turns each costs less.
    """

    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have the turn; wait for it."""
        with self._lock:
            yield

    @contextmanager
    def away(self) -> Iterator[None]:
        """Leave the turn that one has to others."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()


class BucketPages(Protocol):
    """Lists one bucket. Threads may share it."""

    def pages(
        self, *, prefix: bytes = b"", after: bytes = b"", until: bytes | None = None, turn: Turn | None = None
    ) -> Generator[ObjectPage, None, None]:
        """Yield the objects below ``prefix`` whose keys are above ``after`` and not above ``until``.

        ``turn`` is had while a page is read, and until whoever takes it asks for the next or closes them.

        An answer that fails a check (keys fewer than it says, out of order, outside the range, truncated without a
        token, no listing) is asked for again within a budget; raise ListingBroken after it.
        """
        ...
