"""The index of the objects that no row means, in the file that only judging uses. Made in one pass over them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from zlib import crc32

from lib.inventory import Sighting, form, hex_name, stem
from lib.stores import scratch_db

_ASKED_AT_ONCE = 256
_READ_AT_ONCE = 5000
_TABLE = """
CREATE TABLE judging.lone (
  key BLOB PRIMARY KEY, size INTEGER, etag TEXT, form INTEGER, stem INTEGER, hex INTEGER) WITHOUT ROWID;
"""
_INDEXES = """
CREATE INDEX judging.lone_etag ON lone (etag, key);
CREATE INDEX judging.lone_form ON lone (form);
CREATE INDEX judging.lone_stem ON lone (stem);
CREATE INDEX judging.lone_hex ON lone (hex, key) WHERE hex IS NOT NULL;
"""


def some(values: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield values in blocks with as many question marks as stand in one of few statements, filled up with NULL."""
    for first in range(0, len(values), _ASKED_AT_ONCE):
        block = list(values[first : first + _ASKED_AT_ONCE])
        size = next(each for each in (1, 4, 16, 64, _ASKED_AT_ONCE) if each >= len(block))
        yield ",".join("?" * size), [*block, *[None] * (size - len(block))]


class LoneObjects:
    """An Index (``lib.near``). Forms, stems and hex names are kept as numbers: one that is met by chance does no harm."""

    def __init__(self, db: sqlite3.Connection, told: Callable[[int], None]) -> None:
        self._db = db
        scratch_db.begin(db)
        db.execute("DROP TABLE IF EXISTS judging.lone")
        db.execute(_TABLE)
        found = db.execute("SELECT key, size, etag FROM object_alone ORDER BY key")
        while block := found.fetchmany(_READ_AT_ONCE):
            db.executemany("INSERT OR IGNORE INTO judging.lone VALUES (?,?,?,?,?,?)", map(_row, block))
            told(0)
        for statement in _INDEXES.strip().splitlines():
            db.execute(statement)
            told(0)

    def of_keys(self, wanted: Sequence[str]) -> Iterable[Sighting]:
        """Return the objects of exactly these keys."""
        for marks, block in some([key_bytes(key) for key in wanted]):
            yield from self._found(f"key IN ({marks})", block)

    def of_content(self, md5: str, *, below: str = "", limit: int) -> Iterable[Sighting]:
        """Return the first objects with this MD5 below a prefix."""
        first = key_bytes(below)
        return self._found("etag = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?", (md5, first, _end(first), limit))

    def of_hex(self, digits: str, *, limit: int) -> Iterable[Sighting]:
        """Return the first objects with these 32 hex digits in their names."""
        return self._found("hex = ? ORDER BY key LIMIT ?", (_number(digits), limit))

    def alike(self, forms: Sequence[str], stems: Sequence[str], *, limit: int) -> Iterable[Sighting]:
        """Return the first objects of these normal forms and stems."""
        for column, wanted in (("form", forms), ("stem", stems)):
            for marks, block in some([crc32(key_bytes(each)) for each in wanted]):
                yield from self._found(f"{column} IN ({marks}) LIMIT ?", [*block, limit])

    def below(self, prefix: str, *, limit: int) -> Iterable[Sighting]:
        """Return the first objects whose keys begin with a prefix."""
        first = key_bytes(prefix)
        return self._found("key >= ? AND key < ? ORDER BY key LIMIT ?", (first, _end(first), limit))

    def twins(self, keys: Sequence[str]) -> frozenset[str]:
        """Return which of these hold the bytes of another of the objects."""
        is_twin = (
            "size > 0 AND etag <> '' AND EXISTS (SELECT 1 FROM judging.lone AS other"
            " WHERE other.etag = lone.etag AND other.size = lone.size AND other.key <> lone.key)"
        )
        return frozenset(
            seen.key
            for marks, block in some([key_bytes(key) for key in keys])
            for seen in self._found(f"key IN ({marks}) AND {is_twin}", block)
        )

    def _found(self, asked: str, values: Sequence[Any]) -> list[Sighting]:
        rows = self._db.execute(f"SELECT key, size, etag FROM judging.lone WHERE {asked}", values)  # noqa: S608
        return [Sighting(key.decode("utf-8", "surrogateescape"), size, etag) for key, size, etag in rows]


def _row(found: tuple[bytes, int, str]) -> tuple[bytes, int, str, int, int, int | None]:
    key, size, etag = found
    name = key.decode("utf-8", "surrogateescape")
    digits = hex_name(name)
    return (
        key,
        size,
        etag,
        crc32(key_bytes(form(name))),
        crc32(key_bytes(stem(name))),
        None if digits is None else _number(digits),
    )


def _number(digits: str) -> int:
    return int(digits[:15], 16)


def key_bytes(text: str) -> bytes:
    """Return a key as bytes; one that no object can have becomes bytes that none has."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _end(prefix: bytes) -> bytes:
    return prefix + b"\xff"  # which is in no UTF-8
