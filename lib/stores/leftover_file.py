"""What a run could not match, in an SQLite file of its own (mode 0600): durable once ``done`` returned.

What only judging needs is in a second file beside it (``judging_file``).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from threading import RLock
from typing import Any

from lib import nearby
from lib.evidence import Wanted
from lib.finding_text import finding_of
from lib.findings import Finding
from lib.inventory import Inventory
from lib.keys import Rules
from lib.leftovers import Place
from lib.reconcile import Left, ObjectAlone
from lib.stores import judging_file, leftover_rows, scratch_db
from lib.stores.judging_file import JudgingFile
from lib.stores.leftover_rows import KINDS, TABLES
from lib.stores.lone_objects import some
from lib.stores.scratch_db import disk

_BLOCK = 1000


class LeftoverFile:
    """A Scratch. Opens the file that is there, or makes one; threads may share it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._lock = RLock()
        scratch_db.make(os.fspath(path))
        with disk():
            self._db = sqlite3.connect(os.fspath(path), isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA cache_size=-8192")
            self._db.executescript(leftover_rows.SCHEMA)
        self._judging = JudgingFile(self._db, f"{path}.judging")
        self._is_sorted = False

    def keep(self, number: int, left: Sequence[tuple[Left, datetime | None]]) -> None:
        """Add what a range left."""
        rows: list[list[tuple[Any, ...]]] = [[] for _ in KINDS]
        for each, modified in left:
            rows[KINDS.index(type(each))].append(leftover_rows.values(number, each, modified))
        with self._lock, disk():
            scratch_db.begin(self._db)
            for table, some_rows in zip(TABLES, rows, strict=True):
                if some_rows:
                    marks = ",".join("?" * len(some_rows[0]))
                    self._db.executemany(f"INSERT INTO {table} VALUES (NULL,{marks})", some_rows)  # noqa: S608

    def done(self, number: int) -> None:
        """Make what was kept durable."""
        with self._lock, disk():
            scratch_db.begin(self._db)
            self._db.execute("INSERT OR IGNORE INTO done VALUES (?)", (number,))
            scratch_db.commit(self._db)

    def only(self, numbers: Sequence[int]) -> None:
        """Drop what other ranges left."""
        kept = ",".join(str(int(each)) for each in numbers)
        with self._lock, disk():
            scratch_db.begin(self._db)
            known = {part for (part,) in self._db.execute("SELECT part FROM done")}
            if not known.issuperset(numbers):
                raise ValueError("a range is missing from the scratch file")
            for table in (*TABLES, "done"):
                self._db.execute(f"DELETE FROM {table} WHERE part NOT IN ({kept})")  # noqa: S608
            scratch_db.commit(self._db)

    def all_of(
        self, kind: type[Left], *, after: int = 0, limit: int = _BLOCK
    ) -> Sequence[tuple[int, Left, datetime | None]]:
        """Return what is kept of one kind by number."""
        at = KINDS.index(kind)
        return self._read(at, "WHERE id > ? ORDER BY id LIMIT ?", (leftover_rows.id_above(at, after), limit))

    def drop(self, numbers: Sequence[int]) -> None:
        """Forget some."""
        with self._lock, disk():
            if numbers:
                scratch_db.begin(self._db)
            for number in numbers:
                table, row = leftover_rows.place_of(number)
                self._db.execute(f"DELETE FROM {table} WHERE id = ?", (row,))  # noqa: S608

    def near(self, wanted: Wanted, rules: Rules) -> Inventory:
        """Return the lone objects that may be the right one of a row."""
        with self._lock, disk():
            return nearby.inventory(wanted, rules, self._judging.index())

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
        with self._lock, disk():
            return int(self._one(f"SELECT count(*) FROM {TABLES[KINDS.index(kind)]}"))  # noqa: S608

    def cuts(self, kind: type[Left], parts: int) -> list[bytes]:
        """Return keys that part a kind about equally."""
        with self._lock, disk():
            self._sort()
            table, count = TABLES[KINDS.index(kind)], self.count(kind)
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
        with self._lock, disk():
            self._sort()
        asked = "WHERE (key, record) > (?, ?) AND (? IS NULL OR key <= ?) ORDER BY key, record LIMIT ?"
        return self._read(KINDS.index(kind), asked, (*after, until, until, limit))

    def alone(self, record_ids: Sequence[int]) -> frozenset[int]:
        """Return which of these rows have no object."""
        found: set[int] = set()
        with self._lock, disk():
            self._sort()
            for marks, block in some(list(record_ids)):
                found.update(
                    number
                    for (number,) in self._db.execute(f"SELECT record FROM row_alone WHERE record IN ({marks})", block)  # noqa: S608
                )
        return frozenset(found)

    def twins(self, keys: Sequence[str]) -> frozenset[str]:
        """Return which of these lone objects hold the bytes of another one."""
        with self._lock, disk():
            return self._judging.index().twins(keys)

    def restart(self) -> None:
        """Forget all drafts, and the index."""
        with self._lock, disk():
            self._judging.restart()

    def index(self, told: Callable[[int], None]) -> None:
        """Make the index of lone objects."""
        with self._lock, disk():
            self._judging.index(told)

    def draft(self, findings: Sequence[Finding]) -> None:
        """Add some findings."""
        with self._lock, disk():
            self._judging.draft(findings)

    def drafts(self) -> Iterator[tuple[Finding, bool]]:
        """Yield all drafts, in order, and whether another record claims the same object."""
        after = judging_file.FIRST
        while True:
            with self._lock, disk():
                block = self._judging.drafts(after=after, limit=_BLOCK)
            if not block:
                return
            for _, _, _, finding, is_contested in block:
                yield finding_of(finding), bool(is_contested)
            after = block[-1][:3]

    def claims(self, keys: Sequence[str]) -> Mapping[str, int]:
        """Return which of these objects one record alone claims, with its number."""
        with self._lock, disk():
            return self._judging.claims(keys)

    def close(self) -> None:
        """Close the file and take away the one beside it; what was not ``done`` is lost."""
        with self._lock, disk():
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._db.close()
        self._judging.remove()

    def _one(self, asked: str) -> Any:
        return self._db.execute(asked).fetchone()[0]

    def _sort(self) -> None:
        """Make the indexes that reading in order needs, once."""
        if not self._is_sorted:
            for table in TABLES:
                self._db.execute(f"CREATE INDEX IF NOT EXISTS {table}_key ON {table} (key, record)")
            self._db.execute("CREATE INDEX IF NOT EXISTS row_alone_record ON row_alone (record)")
            self._is_sorted = True

    def _read(self, at: int, asked: str, values: Iterable[Any]) -> Sequence[tuple[int, Left, datetime | None]]:
        selected = f"SELECT {leftover_rows.COLUMNS[at]} FROM {TABLES[at]} {asked}"  # noqa: S608
        with self._lock, disk():
            rows = self._db.execute(selected, tuple(values)).fetchall()
        return [leftover_rows.left_of(at, row) for row in rows]
