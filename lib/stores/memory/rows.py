"""The clinic's rows in memory, for tests of an audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from lib import keys
from lib.errors import DatabaseUnavailable
from lib.evidence import contradicts
from lib.row_spool import Checking, Detail, Settled, Snapshot, Versions
from lib.stores import row_file
from lib.stores.records_checks import Found
from lib.stores.records_snapshot import MAX_NUMBERS
from lib.stores.records_spool import line_of


class MemoryRows:
    """A RowReader over ``rows``; ``files`` are stored keys of other columns. ``fault`` is raised while it is set."""

    def __init__(
        self,
        rows: Iterable[Detail],
        *,
        location: str,
        taken_at: datetime,
        files: Iterable[str] = (),
        numbers: int = MAX_NUMBERS,
    ) -> None:
        self.rows = list(rows)
        self.files = list(files)
        self.taken_at = taken_at
        self.fault: DatabaseUnavailable | None = None
        self._location = location
        self._numbers = numbers

    def snapshot(self, path: str, *, prefix: str = "") -> Snapshot:
        """Write the rows whose resolved key begins with ``prefix``; find what is wrong with them by looking at each."""
        self._answer()
        within = self._within(prefix)
        lines = sorted(
            (self._resolved(row).encode(errors="surrogatepass"), row.checksum.encode(), row.size_bytes, row.record_id)
            for row in within
        )
        with row_file.writing(path) as spooling:
            spooling.add(list(map(line_of, lines)))
        return Snapshot(self.taken_at, len(within), self.check(prefix=prefix))

    def check(self, *, prefix: str = "") -> Checking:
        """Look at each of the rows whose resolved key begins with ``prefix``."""
        self._answer()
        within, found = self._within(prefix), Found(self._numbers)
        found.add(
            "consultation_differs", found.consultation_differs, [row.record_id for row in within if self._differs(row)]
        )
        found.add(
            "resolvers_disagree", found.resolvers_disagree, [row.record_id for row in within if self._disputed(row)]
        )
        wrong = [each for number in sorted({row.prescription_id for row in within}) for each in self._versions(number)]
        found.counts["versions"] = len(wrong)
        found.versions = wrong[: self._numbers]
        return Settled(found.checked)

    def details(self, record_ids: Sequence[int]) -> Mapping[int, Detail]:
        """Return the rows of these numbers; one that is gone is left out."""
        self._answer()
        return {row.record_id: row for row in self.rows if row.record_id in set(record_ids)}

    def resolving_to(self, keys: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """Return which of these keys a row or another column's value resolves to, with the numbers of the rows."""
        self._answer()
        asked = _possible(keys)
        found: dict[str, list[int]] = {}
        for row in sorted(self.rows, key=lambda row: row.record_id):
            if (key := self._resolved(row)) in asked:
                found.setdefault(key, []).append(row.record_id)
        for stored in self.files:
            if (key := self._resolved(stored)) in asked:
                found.setdefault(key, [])
        return found

    def _answer(self) -> None:
        if self.fault is not None:
            raise self.fault

    def _within(self, prefix: str) -> list[Detail]:
        return [row for row in self.rows if self._resolved(row).startswith(prefix)]

    def _resolved(self, row: Detail | str) -> str:
        return keys.resolve(row if isinstance(row, str) else row.stored_key or "", location=self._location)

    def _differs(self, row: Detail) -> bool:
        return bool(row.consultation_id) and contradicts(self._resolved(row), row.consultation_id)

    def _disputed(self, row: Detail) -> bool:
        return keys.written(row.stored_key or "", location=self._location) != self._resolved(row)

    def _versions(self, prescription_id: int) -> list[Versions]:
        rows = [row for row in self.rows if row.prescription_id == prescription_id]
        newest = max(rows, key=lambda row: (row.version, row.record_id))
        current = sum(row.is_current for row in rows)
        if current == 1 and newest.version == len(rows):
            return []
        return [Versions(prescription_id, len(rows), current, newest.version, newest.record_id)]


def _possible(wanted: Sequence[str]) -> set[str]:
    return {key for key in wanted if not keys.impossible(key)}
