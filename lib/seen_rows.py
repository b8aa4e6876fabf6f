"""Which key each row resolved to, as a short number: what a run remembers for the next one. Pure.

4 bytes a row, no key and no name: the CRC-32 of the key, found by the row's number.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from zlib import crc32

from lib.row_lines import Parted, key_of

PAGE_BITS = 16  # of a row's number: one page is 256 KiB
MAX_PAGES = 256  # 64 MiB; of more rows, or of numbers that are spread wider, nothing is remembered
_WITHIN = (1 << PAGE_BITS) - 1

Sums = tuple["array[int]", "array[int]"]  # of some rows the numbers, and what each key comes to


def summed(rows: list[Parted], keys: list[bytes] | None = None) -> Sums:
    r"""Return the numbers and sums of some rows, whose plain keys are ``keys`` where somebody has them already.

    >>> numbers, sums = summed([(b"a/b.pdf\tabc\t12", b"\t", b"7")])
    >>> list(numbers), list(sums) == [crc32(b"a/b.pdf")]
    ([7], True)
    """
    numbers = array("q", [int(number) for _, _, number in rows])
    return numbers, array("I", map(crc32, keys or [key_of(line) for line, _, _ in rows]))


class SeenRows:
    """The sums of many rows; 0 is a row that nobody saw."""

    def __init__(self, pages: dict[int, array[int]] | None = None, *, bound: int = MAX_PAGES) -> None:
        self.pages = pages or {}
        self._bound = bound
        self._is_spread = False

    def add(self, some: Sums) -> None:
        """Add some rows."""
        numbers, sums = some
        if not numbers or self._is_spread:
            return
        self._add(numbers, sums)
        if len(self.pages) > self._bound:
            self._is_spread = True
            self.pages.clear()

    def _add(self, numbers: array[int], sums: array[int]) -> None:
        first, last = min(numbers) >> PAGE_BITS, max(numbers) >> PAGE_BITS
        if first == last:  # as it nearly always is: rows whose keys are neighbours were made one after the other
            page = self._page(first)
            for number, value in zip(numbers, sums, strict=True):
                page[number & _WITHIN] = value
        else:
            for number, value in zip(numbers, sums, strict=True):
                self._page(number >> PAGE_BITS)[number & _WITHIN] = value
                if len(self.pages) > self._bound:
                    return

    def _page(self, number: int) -> array[int]:
        page = self.pages.get(number)
        if page is None:
            page = self.pages[number] = array("I", bytes(4 << PAGE_BITS))
        return page

    def has(self, number: int, value: int) -> bool:
        """Whether a row of this number had a key of this sum."""
        page = self.pages.get(number >> PAGE_BITS)
        return value != 0 and page is not None and page[number & _WITHIN] == value

    def drop(self, numbers: Iterable[int], *, but: SeenRows) -> None:
        """Take these rows out, but those that are the same in ``but``."""
        for number in numbers:
            page = self.pages.get(number >> PAGE_BITS)
            if page is not None and not but.has(number, page[number & _WITHIN]):
                page[number & _WITHIN] = 0
