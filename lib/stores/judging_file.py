"""What only judging needs, in a file that is attached to the leftovers' own: drafts of findings, the index of lone objects.

It is made anew each time, and its loss costs nothing.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from lib.finding_text import text_of
from lib.findings import Finding
from lib.stores import scratch_db
from lib.stores.lone_objects import LoneObjects, key_bytes, some

Draft = tuple[bytes, int, str]  # key, record number and kind: their order
FIRST: Draft = (b"", -1, "")
_DRAFTS = """
CREATE TABLE judging.draft (
  key BLOB, record INTEGER, kind TEXT, claim BLOB, finding TEXT, PRIMARY KEY (key, record, kind)) WITHOUT ROWID;
CREATE INDEX judging.draft_claim ON draft (claim, record) WHERE claim IS NOT NULL;
"""
_NEXT = """
SELECT key, record, kind, finding, claim IS NOT NULL AND EXISTS (
  SELECT 1 FROM judging.draft AS other WHERE other.claim = draft.claim AND other.record <> draft.record)
FROM judging.draft WHERE (key, record, kind) > (?, ?, ?) ORDER BY key, record, kind LIMIT ?
"""


def _nobody(_: int) -> None:
    return None


class JudgingFile:
    """The file beside ``db``, begun when it is first needed."""

    def __init__(self, db: sqlite3.Connection, path: str) -> None:
        self._db = db
        self._path = path
        self._lone: LoneObjects | None = None
        self._is_begun = False

    def restart(self) -> None:
        """Forget all drafts, and the index."""
        scratch_db.commit(self._db)
        if self._is_begun:
            self._db.execute("DETACH judging")
        self._lone, self._is_begun = None, False
        self._begin()

    def index(self, told: Callable[[int], None] = _nobody) -> LoneObjects:
        """Return the index of lone objects, made where it is not yet."""
        self._begin()
        if self._lone is None:
            self._lone = LoneObjects(self._db, told)
        return self._lone

    def draft(self, findings: Sequence[Finding]) -> None:
        """Add some findings."""
        rows = [
            (key_bytes(each.resolved or ""), each.record_id or 0, each.kind, _claim(each), text_of(each))
            for each in findings
        ]
        self._begin()
        scratch_db.begin(self._db)
        self._db.executemany("INSERT OR REPLACE INTO judging.draft VALUES (?,?,?,?,?)", rows)

    def drafts(self, *, after: Draft, limit: int) -> list[tuple[bytes, int, str, str, int]]:
        """Return the next drafts in order, each with its finding as text, and whether its object is claimed twice."""
        self._begin()
        return self._db.execute(_NEXT, (*after, limit)).fetchall()

    def claims(self, keys: Sequence[str]) -> Mapping[str, int]:
        """Return which of these objects one record alone claims, with its number."""
        self._begin()
        found: dict[str, int] = {}
        for marks, block in some([key_bytes(key) for key in keys]):
            asked = f"SELECT claim, min(record) FROM judging.draft WHERE claim IN ({marks}) GROUP BY claim HAVING min(record) = max(record)"  # noqa: S608
            for claim, number in self._db.execute(asked, block):
                if claim is not None:
                    found[claim.decode("utf-8", "surrogateescape")] = number
        return found

    def remove(self) -> None:
        """Take the file away."""
        with suppress(FileNotFoundError):
            os.unlink(self._path)

    def _begin(self) -> None:
        if self._is_begun:
            return
        scratch_db.commit(self._db)
        self.remove()
        scratch_db.make(self._path)
        self._db.execute("ATTACH ? AS judging", (self._path,))
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-8192"):
            self._db.execute(f"PRAGMA judging.{pragma}")
        self._db.executescript(_DRAFTS)
        self._is_begun = True


def _claim(finding: Finding) -> bytes | None:
    found = finding.suggestion
    return key_bytes(found.key) if found is not None and found.is_safe else None
