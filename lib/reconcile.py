"""Rows against objects: two streams, each ascending by key, matched in bounded memory. Pure: knows neither S3 nor SQL.

1. A page of objects and the rows up to its last key are lines (``lib.row_lines``). A row that agrees with its object in
   key, MD5 and size is the same line, so that two equal lists need no look, and of others the difference of their
   sets, made in C, is all that is looked at.
2. Of what is left, a row whose key the page has is compared with that object by what both know; one whose key it has
   not is without an object; an object that no row named is without a row.
3. Two rows of one key are seen as such, also where both agree with the object.

https://en.wikipedia.org/wiki/Sort-merge_join
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from operator import lt

from lib.bucket_pages import ObjectPage
from lib.diagnosis import md5_of
from lib.row_lines import Parted, key_of, parted


class NotAscending(ValueError):
    """A stream whose keys do not ascend: nothing that was matched with it can be believed."""


@dataclass(frozen=True, slots=True)
class RowAlone:
    """A row without an object. ``size_bytes`` and ``md5`` are None where the row does not know them."""

    key: bytes
    record_id: int


@dataclass(frozen=True, slots=True)
class ObjectAlone:
    """An object without a row. ``etag`` is lower case, without quotes; ``line`` finds it in its page again."""

    key: bytes
    etag: str
    size_bytes: int
    line: bytes


@dataclass(frozen=True, slots=True)
class Differs:
    """A row whose object is there and not as the row says, or is empty."""

    key: bytes
    record_id: int
    row_size: int | None
    row_md5: str | None
    etag: str
    size_bytes: int
    line: bytes


@dataclass(frozen=True, slots=True)
class Shared:
    """Several rows of one key, whatever lies there."""

    key: bytes
    record_ids: tuple[int, ...]


Left = RowAlone | ObjectAlone | Differs | Shared

ROWS_AT_ONCE = 8_000  # of a stretch without objects there may be a million


@dataclass(slots=True)
class Rows:
    """The rows of one range, taken up to a key at a time. ``blocks`` are as those of ``RowSpool``."""

    blocks: Iterator[list[bytes]]
    taken: int = 0
    at_once: int = ROWS_AT_ONCE
    is_cut: bool = False  # more follow up to the key that was last asked for
    _waiting: list[bytes] = field(default_factory=list)

    def up_to(self, key: bytes | None) -> list[bytes]:
        """Return the lines whose key is not above this one, all that are left for None; some at once, never half a key."""
        found: list[bytes] = []
        self.is_cut = False
        while True:
            if self._waiting and (key is None or key_of(self._waiting[-1]) <= key):
                found += self._waiting
                self._waiting = []
            if self._waiting:
                cut = 0 if key is None else bisect_right(self._waiting, key, key=key_of)
                found += self._waiting[:cut]
                self._waiting = self._waiting[cut:]
                break
            block = next(self.blocks, None)
            if block is None:
                break
            self._waiting = block
            if len(found) >= self.at_once and block and found[-1:] and key_of(block[0]) != key_of(found[-1]):
                self.is_cut = key is None or key_of(block[0]) <= key
                break
        self.taken += len(found)
        return found


@dataclass(frozen=True, slots=True)
class Step:
    """One page matched with its rows. ``reached``: nothing up to this key is left out; None at the end of the range."""

    page: ObjectPage
    left: tuple[Left, ...]
    rows: list[Parted]
    reached: bytes | None


def walk(rows: Rows, pages: Iterable[ObjectPage], *, folder: bytes = b"") -> Iterator[Step]:
    """Match one range, a page at a time; raise NotAscending. What ``rows`` and ``pages`` raise goes through.

    An object ``folder`` is passed over: a row without a stored key resolves to it, and has no file all the same.
    Nothing is yielded of rows whose stretch of keys was not listed, so that a listing that breaks calls none of them missing.
    """
    last: bytes | None = None
    for page in pages:
        keys = page.keys
        if (keys and last is not None and keys[0] <= last) or not all(map(lt, keys, keys[1:])):
            raise NotAscending
        last = keys[-1] if keys else last
        if keys and keys[0] <= folder <= keys[-1] and folder in keys:
            page = _without(page, folder)
        some = parted(rows.up_to(page.reached))
        while rows.is_cut:
            upto = key_of(some[-1][0])
            end = bisect_right(page.keys, upto)
            part = replace(page, lines=page.lines[:end], keys=page.keys[:end], reached=upto, requests=0)
            yield Step(part, tuple(match(some, part.lines, part.keys)), some, upto)
            page = replace(page, lines=page.lines[end:], keys=page.keys[end:])
            some = parted(rows.up_to(page.reached))
        yield Step(page, tuple(match(some, page.lines, page.keys)), some, page.reached)


def _without(page: ObjectPage, key: bytes) -> ObjectPage:
    at = page.keys.index(key)
    return replace(page, lines=page.lines[:at] + page.lines[at + 1 :], keys=page.keys[:at] + page.keys[at + 1 :])


def match(rows: list[Parted], objects: list[bytes], keys: list[bytes]) -> Iterator[Left]:
    r"""Yield what does not agree between rows and objects of one stretch of keys. ``keys`` are the objects', plain.

    >>> rows = parted([b"a\tx\t1\t7", b"b\tx\t1\t8"])
    >>> [type(each).__name__ for each in match(rows, [b"a\tx\t1", b"c\tx\t1"], [b"a", b"c"])]
    ['RowAlone', 'ObjectAlone']
    >>> list(match(rows[:1], [b"a\tx\t1"], [b"a"]))
    []
    """
    if [line for line, _, _ in rows] == objects:
        return  # as it nearly always is
    agreeing, there = {line for line, _, _ in rows}, set(objects)
    # A row that agrees and has a twin of another size or MD5 shows in that twin, which does not agree.
    numbers: dict[bytes, list[int]] = {}
    for line, _, number in rows:
        numbers.setdefault(key_of(line), []).append(int(number))
    yield from (Shared(key, tuple(found)) for key, found in numbers.items() if len(found) > 1)
    by_key = dict(zip(keys, objects, strict=True))
    for line, _, number in rows:
        if line not in there:
            key = key_of(line)
            if key not in by_key:
                yield RowAlone(key, int(number))
            elif (found := _compared(key, int(number), line, by_key[key])) is not None:
                yield found
    for line in sorted(there - agreeing):
        key = key_of(line)
        if key not in numbers:
            _, etag, size = line.split(b"\t")
            yield ObjectAlone(key, etag.decode(), int(size), line)


def _compared(key: bytes, number: int, row: bytes, line: bytes) -> Differs | None:
    """Return how an object is not as its row says, by what both know; None where they agree in that."""
    _, md5, size = row.split(b"\t")
    _, etag, length = line.split(b"\t")
    row_size, row_md5 = int(size) if size else None, md5_of(md5.decode())
    differs = Differs(key, number, row_size, row_md5, etag.decode(), int(length), line)
    if differs.size_bytes == 0 or row_size not in {None, differs.size_bytes}:
        return differs
    object_md5 = md5_of(differs.etag)  # that of a multipart upload is none
    return differs if None not in {row_md5, object_md5} and row_md5 != object_md5 else None
