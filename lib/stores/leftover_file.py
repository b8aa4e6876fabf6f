"""What a run could not match, in an SQLite file of its own (mode 0600).

What ranges left is durable once ``done`` returned. What only judging needs (the index of lone objects, drafts of
findings) is in a second file beside it that is made anew each time, and whose loss costs nothing.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any

from lib import nearby
from lib.evidence import Wanted
from lib.finding_text import finding_of, text_of
from lib.findings import Finding
from lib.inventory import Inventory
from lib.keys import Rules
from lib.leftovers import Place
from lib.reconcile import Differs, Left, ObjectAlone, RowAlone, Shared
from lib.row_lines import escaped
from lib.stores.lone_objects import LoneObjects, key_bytes, some

KINDS: tuple[type[Left], ...] = (RowAlone, ObjectAlone, Differs, Shared)
_TABLES = ("row_alone", "object_alone", "differs", "shared")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_BLOCK = 1000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS row_alone (id INTEGER PRIMARY KEY, part INTEGER, key BLOB, record INTEGER);
CREATE TABLE IF NOT EXISTS object_alone (
  id INTEGER PRIMARY KEY, part INTEGER, key BLOB, record INTEGER, etag TEXT, size INTEGER, modified INTEGER);
CREATE TABLE IF NOT EXISTS differs (
  id INTEGER PRIMARY KEY, part INTEGER, key BLOB, record INTEGER, row_size INTEGER, row_md5 TEXT, etag TEXT,
  size INTEGER, modified INTEGER);
CREATE TABLE IF NOT EXISTS done (part INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS shared (id INTEGER PRIMARY KEY, part INTEGER, key BLOB, record INTEGER, records TEXT);
"""
_DRAFTS = """
CREATE TABLE judging.draft (
  key BLOB, record INTEGER, kind TEXT, claim BLOB, finding TEXT, PRIMARY KEY (key, record, kind)) WITHOUT ROWID;
CREATE INDEX judging.draft_claim ON draft (claim, record) WHERE claim IS NOT NULL;
"""
# https://www.sqlite.org/rescode.html: what means that the file cannot be written or read any more.
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})


@contextmanager
def _disk() -> Iterator[None]:
    """Turn SQLite's errors about the disk or a spoilt file into OSError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        raise OSError(errno.ENOSPC if code in _FULL else errno.EIO, "the scratch file of a run") from error


def _nobody(_: int) -> None:
    return None


class LeftoverFile:
    """A Scratch. Opens the file that is there, or makes one; threads may share it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._judging = f"{path}.judging"
        self._lock = RLock()
        _make(os.fspath(path))
        with _disk():
            self._db = sqlite3.connect(os.fspath(path), isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA cache_size=-8192")
            self._db.executescript(_SCHEMA)
        self._lone: LoneObjects | None = None
        self._is_sorted = self._is_judging = False

    def keep(self, number: int, left: Sequence[tuple[Left, datetime | None]]) -> None:
        """Add what a range left."""
        rows: tuple[list[Any], list[Any], list[Any], list[Any]] = ([], [], [], [])
        for each, modified in left:
            match each:
                case RowAlone():
                    rows[0].append((number, each.key, each.record_id))
                case ObjectAlone():
                    rows[1].append((number, each.key, 0, each.etag, each.size_bytes, _stamp(modified)))
                case Differs():
                    rows[2].append(
                        (
                            *(number, each.key, each.record_id, each.row_size, each.row_md5),
                            *(each.etag, each.size_bytes, _stamp(modified)),
                        )
                    )
                case Shared():
                    rows[3].append((number, each.key, 0, ",".join(map(str, each.record_ids))))
        with self._lock, _disk():
            self._begin()
            for table, some_rows in zip(_TABLES, rows, strict=True):
                if some_rows:
                    marks = ",".join("?" * len(some_rows[0]))
                    self._db.executemany(f"INSERT INTO {table} VALUES (NULL,{marks})", some_rows)  # noqa: S608

    def done(self, number: int) -> None:
        """Make what was kept durable."""
        with self._lock, _disk():
            self._begin()
            self._db.execute("INSERT OR IGNORE INTO done VALUES (?)", (number,))
            self._commit()

    def only(self, numbers: Sequence[int]) -> None:
        """Drop what other ranges left."""
        kept = ",".join(str(int(each)) for each in numbers)
        with self._lock, _disk():
            self._begin()
            known = {part for (part,) in self._db.execute("SELECT part FROM done")}
            if not known.issuperset(numbers):
                raise ValueError("a range is missing from the scratch file")
            for table in (*_TABLES, "done"):
                self._db.execute(f"DELETE FROM {table} WHERE part NOT IN ({kept})")  # noqa: S608
            self._commit()

    def all_of(
        self, kind: type[Left], *, after: int = 0, limit: int = _BLOCK
    ) -> Sequence[tuple[int, Left, datetime | None]]:
        """Return what is kept of one kind by number."""
        at = KINDS.index(kind)
        return self._read(at, "WHERE id > ? ORDER BY id LIMIT ?", ((after - at) // len(KINDS), limit))

    def drop(self, numbers: Sequence[int]) -> None:
        """Forget some."""
        with self._lock, _disk():
            if numbers:
                self._begin()
            for number in numbers:
                table = _TABLES[number % len(KINDS)]
                self._db.execute(f"DELETE FROM {table} WHERE id = ?", (number // len(KINDS),))  # noqa: S608

    def near(self, wanted: Wanted, rules: Rules) -> Inventory:
        """Return the lone objects that may be the right one of a row."""
        with self._lock, _disk():
            return nearby.inventory(wanted, rules, self._index())

    def objects(self) -> Iterator[tuple[str, int, str, datetime | None]]:
        """Yield every lone object, ascending by key."""
        after: Place = (b"", -1)
        while block := self.in_order(ObjectAlone, after=after):
            for _, each, modified in block:
                assert isinstance(each, ObjectAlone)
                yield each.key.decode("utf-8", "surrogateescape"), each.size_bytes, each.etag, modified
            after = (block[-1][1].key, 0)

    def count(self, kind: type[Left]) -> int:
        """Return how many of a kind are kept."""
        with self._lock, _disk():
            return int(self._one(f"SELECT count(*) FROM {_TABLES[KINDS.index(kind)]}"))  # noqa: S608

    def cuts(self, kind: type[Left], parts: int) -> list[bytes]:
        """Return keys that part a kind about equally."""
        with self._lock, _disk():
            self._sort()
            table, count = _TABLES[KINDS.index(kind)], self.count(kind)
            found = [
                bytes(self._one(f"SELECT key FROM {table} ORDER BY key LIMIT 1 OFFSET {count * part // parts}"))  # noqa: S608
                for part in range(1, parts)
                if count
            ]
        return sorted(set(found))

    def in_order(
        self, kind: type[Left], *, after: Place = (b"", -1), until: bytes | None = None, limit: int = _BLOCK
    ) -> Sequence[tuple[int, Left, datetime | None]]:
        """Return what is kept of one kind by key."""
        with self._lock, _disk():
            self._sort()
        asked = "WHERE (key, record) > (?, ?) AND (? IS NULL OR key <= ?) ORDER BY key, record LIMIT ?"
        return self._read(KINDS.index(kind), asked, (*after, until, until, limit))

    def alone(self, record_ids: Sequence[int]) -> frozenset[int]:
        """Return which of these rows have no object."""
        found: set[int] = set()
        with self._lock, _disk():
            self._sort()
            for marks, block in some(list(record_ids)):
                found.update(
                    number
                    for (number,) in self._db.execute(f"SELECT record FROM row_alone WHERE record IN ({marks})", block)  # noqa: S608
                )
        return frozenset(found)

    def twins(self, keys: Sequence[str]) -> frozenset[str]:
        """Return which of these lone objects have one of the same form beside them."""
        with self._lock, _disk():
            return self._index().twins(keys)

    def restart(self) -> None:
        """Forget all drafts, and the index."""
        with self._lock, _disk():
            self._commit()
            if self._is_judging:
                self._db.execute("DETACH judging")
            self._lone, self._is_judging = None, False
            self._judge()

    def index(self, told: Callable[[int], None]) -> None:
        """Make the index of lone objects."""
        with self._lock, _disk():
            self._index(told)

    def draft(self, findings: Sequence[Finding]) -> None:
        """Add some findings."""
        rows = [
            (key_bytes(each.resolved or ""), each.record_id or 0, each.kind, _claim(each), text_of(each))
            for each in findings
        ]
        with self._lock, _disk():
            self._judge()
            self._begin()
            self._db.executemany("INSERT OR REPLACE INTO judging.draft VALUES (?,?,?,?,?)", rows)

    def drafts(self) -> Iterator[tuple[Finding, bool]]:
        """Yield all drafts, in order, and whether another record claims the same object."""
        asked = """
          SELECT key, record, kind, finding, claim IS NOT NULL AND EXISTS (
            SELECT 1 FROM judging.draft AS other WHERE other.claim = draft.claim AND other.record <> draft.record)
          FROM judging.draft WHERE (key, record, kind) > (?, ?, ?) ORDER BY key, record, kind LIMIT ?
        """
        after: tuple[bytes, int, str] = (b"", -1, "")
        while True:
            with self._lock, _disk():
                self._judge()
                block = self._db.execute(asked, (*after, _BLOCK)).fetchall()
            if not block:
                return
            for _, _, _, finding, is_contested in block:
                yield finding_of(finding), bool(is_contested)
            after = block[-1][:3]

    def claims(self, keys: Sequence[str]) -> Mapping[str, int]:
        """Return which of these objects one record alone claims, with its number."""
        found: dict[str, int] = {}
        with self._lock, _disk():
            self._judge()
            for marks, block in some([key_bytes(key) for key in keys]):
                asked = f"SELECT claim, min(record) FROM judging.draft WHERE claim IN ({marks}) GROUP BY claim HAVING min(record) = max(record)"  # noqa: S608
                for claim, number in self._db.execute(asked, block):
                    if claim is not None:
                        found[claim.decode("utf-8", "surrogateescape")] = number
        return found

    def close(self) -> None:
        """Close the file and take away the one beside it; what was not ``done`` is lost."""
        with self._lock, _disk():
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._db.close()
        with suppress(FileNotFoundError):
            os.unlink(self._judging)

    def _begin(self) -> None:
        if not self._db.in_transaction:
            self._db.execute("BEGIN")

    def _commit(self) -> None:
        if self._db.in_transaction:
            self._db.execute("COMMIT")

    def _one(self, asked: str) -> Any:
        return self._db.execute(asked).fetchone()[0]

    def _sort(self) -> None:
        """Make the indexes that reading in order needs, once."""
        if not self._is_sorted:
            for table in _TABLES:
                self._db.execute(f"CREATE INDEX IF NOT EXISTS {table}_key ON {table} (key, record)")
            self._db.execute("CREATE INDEX IF NOT EXISTS row_alone_record ON row_alone (record)")
            self._is_sorted = True

    def _judge(self) -> None:
        """Begin the file that only judging uses, unless it is begun."""
        if self._is_judging:
            return
        self._commit()
        with suppress(FileNotFoundError):
            os.unlink(self._judging)
        _make(self._judging)
        self._db.execute("ATTACH ? AS judging", (self._judging,))
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-8192"):
            self._db.execute(f"PRAGMA judging.{pragma}")
        self._db.executescript(_DRAFTS)
        self._is_judging = True

    def _index(self, told: Callable[[int], None] = _nobody) -> LoneObjects:
        self._judge()
        if self._lone is None:
            self._lone = LoneObjects(self._db, told)
        return self._lone

    def _read(self, at: int, asked: str, values: Iterable[Any]) -> Sequence[tuple[int, Left, datetime | None]]:
        columns = (
            "id, key, record",
            "id, key, etag, size, modified",
            "id, key, record, row_size, row_md5, etag, size, modified",
            "id, key, records",
        )[at]
        with self._lock, _disk():
            rows = self._db.execute(f"SELECT {columns} FROM {_TABLES[at]} {asked}", tuple(values)).fetchall()  # noqa: S608
        return [(row[0] * len(KINDS) + at, *_left(at, row[1:])) for row in rows]


def _make(path: str) -> None:
    """Make a private file unless it is there; a new one begins without what an older one had beside it."""
    if not os.path.exists(path):
        for beside in (f"{path}-wal", f"{path}-shm", f"{path}-journal"):
            with suppress(FileNotFoundError):
                os.unlink(beside)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))


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


def _claim(finding: Finding) -> bytes | None:
    found = finding.suggestion
    return key_bytes(found.key) if found is not None and found.is_safe else None
