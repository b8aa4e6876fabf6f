"""What ranges left, as rows of four tables in SQLite: one for each kind, and which ranges are done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.reconcile import Differs, Left, ObjectAlone, RowAlone, Shared
from lib.row_lines import escaped

KINDS: tuple[type[Left], ...] = (RowAlone, ObjectAlone, Differs, Shared)
TABLES = ("row_alone", "object_alone", "differs", "shared")  # of the kinds, in their order
COLUMNS = (
    "id, key, record",
    "id, key, etag, size, modified",
    "id, key, record, row_size, row_md5, etag, size, modified",
    "id, key, records",
)
SCHEMA = """
CREATE TABLE IF NOT EXISTS row_alone (id INTEGER PRIMARY KEY, part INTEGER, key BLOB, record INTEGER);
CREATE TABLE IF NOT EXISTS object_alone (
  id INTEGER PRIMARY KEY, part INTEGER, key BLOB, record INTEGER, etag TEXT, size INTEGER, modified INTEGER);
CREATE TABLE IF NOT EXISTS differs (
  id INTEGER PRIMARY KEY, part INTEGER, key BLOB, record INTEGER, row_size INTEGER, row_md5 TEXT, etag TEXT,
  size INTEGER, modified INTEGER);
CREATE TABLE IF NOT EXISTS done (part INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS shared (id INTEGER PRIMARY KEY, part INTEGER, key BLOB, record INTEGER, records TEXT);
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


def values(number: int, left: Left, modified: datetime | None) -> tuple[Any, ...]:
    """Return the row of what a range left, but for its id."""
    match left:
        case RowAlone():
            return number, left.key, left.record_id
        case ObjectAlone():
            return number, left.key, 0, left.etag, left.size_bytes, _stamp(modified)
        case Differs():
            row = (left.row_size, left.row_md5)
            return number, left.key, left.record_id, *row, left.etag, left.size_bytes, _stamp(modified)
        case Shared():
            return number, left.key, 0, ",".join(map(str, left.record_ids))


def left_of(at: int, row: Sequence[Any]) -> tuple[int, Left, datetime | None]:
    """Return the COLUMNS of a kind's table as what was left, with a number that no two have."""
    return (row[0] * len(KINDS) + at, *_left(at, row[1:]))


def place_of(number: int) -> tuple[str, int]:
    """Return the table and the id of such a number."""
    return TABLES[number % len(KINDS)], number // len(KINDS)


def id_above(at: int, number: int) -> int:
    """Return the id above which a kind's numbers are above this one."""
    return (number - at) // len(KINDS)


def _left(at: int, row: Sequence[Any]) -> tuple[Left, datetime | None]:
    if at == 0:
        return RowAlone(row[0], row[1]), None
    if at == 1:
        key, etag, size, modified = row
        return ObjectAlone(key, etag, size, _line(key, etag, size)), _instant(modified)
    if at == 2:
        key, record, row_size, row_md5, etag, size, modified = row
        return Differs(key, record, row_size, row_md5, etag, size, _line(key, etag, size)), _instant(modified)
    return Shared(row[0], tuple(map(int, row[1].split(",")))), None


def _line(key: bytes, etag: str, size: int) -> bytes:
    return b"\t".join((escaped(key), etag.encode(), str(size).encode()))


def _stamp(at: datetime | None) -> int | None:
    return None if at is None else (at - _EPOCH) // _MICRO


def _instant(stamp: int | None) -> datetime | None:
    return None if stamp is None else _EPOCH + stamp * _MICRO
