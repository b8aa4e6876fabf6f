"""What is looked for in the rows alone, in the snapshot that is spooled.

The database only says which rows may be wrong, as cheaply as it can; the rules of ``lib`` say which are. Each list is
cut at a bound, and how many there really were is counted on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

from lib import keys
from lib.evidence import consultation_of, contradicts
from lib.inventory import form
from lib.row_spool import Checked, Versions
from lib.stores import records_spool
from lib.stores.records_resolved import begins
from lib.stores.records_spool import as_bytes, as_text, beginning, resolved_in
from lib.stores.records_tables import Tables

T = TypeVar("T", int, tuple[int, int, int, int])
_AT_ONCE = 5000
_BATCH = 1000
# Another consultation's folder, what ``evidence.contradicts`` reads a second time, decoded, and what a path's rule folds:
# in one expression, since PostgreSQL walks a key once for all of it, and one walk costs as much as all else.
_ODD = r"/[cC][oO][nN]|[^A-Za-z0-9_./-]|//|\./|\.$"
_HIDING = r"^$|[^A-Za-z0-9_-]"  # a consultation whose own folder, taken out of the key, may take such a sign with it
_ODD_GLOB = "*[^A-Za-z0-9_./-]*"


@dataclass(slots=True)
class Found:
    """What one transaction found, each list up to ``limit``; ``counts`` says how many there were of what was cut."""

    limit: int
    consultation_differs: list[int] = field(default_factory=list)
    resolvers_disagree: list[int] = field(default_factory=list)
    versions: list[Versions] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def checked(self) -> Checked:
        """All of it, and which lists are cut."""
        cut = {name: count for name, count in self.counts.items() if count > self.limit}
        return Checked(self.consultation_differs, self.versions, self.resolvers_disagree, cut)

    def add(self, name: str, into: list[T], some: list[T]) -> None:
        """Count some more, and keep the lowest of all up to the bound."""
        if some:
            self.counts[name] = self.counts.get(name, 0) + len(some)
            into[:] = sorted(into + some)[: self.limit]


class Checks:
    """The checks for one set of tables and one kind of database."""

    def __init__(self, tables: Tables, *, location: str, is_sqlite: bool, prefix: str, limit: int) -> None:
        self._tables = tables
        self._limit = limit
        self._location = location
        self._is_sqlite = is_sqlite
        resolved = resolved_in(tables, location=location, is_sqlite=is_sqlite)
        self._within = beginning(resolved, prefix, is_sqlite=is_sqlite)

    def run(self, connection: sa.Connection) -> Checked:
        """Return what is wrong, by row number and by prescription, ascending, each up to ``limit``."""
        if not self._is_sqlite:
            records_spool.with_room_to_sort(connection)
        found = Found(self._limit)
        for some in self._suspects(connection):
            strangers, disputed = [], []
            for number, stored, consultation in some:
                resolved = keys.resolve(stored, location=self._location)
                if consultation and contradicts(resolved, consultation):
                    strangers.append(number)
                if keys.written(stored, location=self._location) != resolved:
                    disputed.append(number)
            found.add("consultation_differs", found.consultation_differs, strangers)
            found.add("resolvers_disagree", found.resolvers_disagree, disputed)
        found.versions = self._versions(connection, found)
        return found.checked

    def _suspects(self, connection: sa.Connection) -> Iterator[list[tuple[int, str, str | None]]]:
        """Yield number, stored key and consultation of every row for which one of the rules may say no, some at once.

        All others are plain: no odd sign, no segment that a path's rule folds, not prefixed, and no ``CON…`` folder but
        their own consultation's.
        """
        pdfs, prescriptions = self._tables.pdfs, self._prescriptions()
        stored = as_text(pdfs.c.pdf_file) if self._is_sqlite else sa.func.coalesce(pdfs.c.pdf_file, "")
        consultation = prescriptions.c.consultation_id
        statement = (
            sa.select(
                pdfs.c.id,
                as_bytes(stored) if self._is_sqlite else stored,
                as_bytes(consultation) if self._is_sqlite else consultation,
            )
            .select_from(pdfs.outerjoin(prescriptions, prescriptions.c.id == pdfs.c.prescription_id))
            .where(sa.or_(*self._suspicions(stored, prescriptions.c)), *self._within)
        )
        for rows in connection.execute(statement, execution_options={"yield_per": _AT_ONCE}).partitions():
            yield [(number, text_of(key) or "", text_of(owner)) for number, key, owner in rows]

    def _prescriptions(self) -> sa.FromClause:
        """Return the prescriptions; of PostgreSQL with whether their consultation hides, asked once for all its PDFs."""
        prescriptions = self._tables.prescriptions
        if self._is_sqlite:
            return prescriptions
        hides = sa.collate(prescriptions.c.consultation_id, "C").regexp_match(_HIDING)
        asked = sa.select(prescriptions.c.id, prescriptions.c.consultation_id, hides.label("hides"))
        return asked.offset(0).subquery()  # OFFSET: or PostgreSQL asks it of each PDF

    def _suspicions(self, stored: Any, prescription: sa.ColumnCollection[str, Any]) -> Iterator[sa.ColumnElement[bool]]:
        prefix, consultation = keys.prefix_of(self._location), prescription.consultation_id
        if any(consultation_of(text) is not None for text in (prefix, f"{form(prefix)}/")):
            yield sa.true()  # the location itself is like a consultation's folder
        if prefix:
            yield begins(stored if self._is_sqlite else sa.collate(stored, "C"), prefix)
        within = sa.literal("/") + stored
        if self._is_sqlite:
            # Its lower() is ours, which it can call only with valid text.
            others = sa.func.replace(within, sa.literal("/") + consultation + "/", "/")
            yield others.op("GLOB")("*/[cC][oO][nN]*")
            yield stored.op("GLOB")(_ODD_GLOB)
            yield sa.func.length(stored) != sa.func.length(as_bytes(stored))  # a NUL ends what GLOB sees
            yield sa.func.instr(within, "//") > 0
            yield sa.func.instr(stored + "/", "./") > 0
        else:
            within = sa.collate(within, "C")
            others = sa.func.replace(within, sa.literal("/") + consultation + "/", "/")
            yield sa.func.coalesce(others, within).regexp_match(_ODD)
            yield prescription.hides

    def _versions(self, connection: sa.Connection, found: Found) -> list[Versions]:
        """Prescriptions with no current version or several, or whose highest number is not that of its rows."""
        pdfs = self._tables.pdfs
        rows, highest = sa.func.count(), sa.func.max(pdfs.c.version_number)
        current = sa.func.count().filter(pdfs.c.is_current)
        statement = (
            sa.select(pdfs.c.prescription_id, rows, current, highest)
            .where(pdfs.c.prescription_id.is_not(None))  # rows of no prescription are no versions of one another
            .group_by(pdfs.c.prescription_id)
            .having(sa.or_(current != 1, highest != rows))
        )
        if self._within:
            statement = statement.having(sa.func.count().filter(*self._within) > 0)
        kept: list[tuple[int, int, int, int]] = []
        for some in connection.execute(statement, execution_options={"yield_per": _AT_ONCE}).partitions():
            found.add("versions", kept, [(each[0], each[1], each[2], each[3]) for each in some])
        newest = self._newest(connection, [each[0] for each in kept])
        return [Versions(*each, newest_record_id=newest[each[0]]) for each in kept]

    def _newest(self, connection: sa.Connection, prescription_ids: Sequence[int]) -> dict[int, int]:
        pdfs = self._tables.pdfs
        newest: dict[int, int] = {}
        for start in range(0, len(prescription_ids), _BATCH):
            statement = (
                sa.select(pdfs.c.prescription_id, pdfs.c.id)
                .where(pdfs.c.prescription_id.in_(prescription_ids[start : start + _BATCH]))
                .order_by(pdfs.c.prescription_id, pdfs.c.version_number, pdfs.c.id)
            )
            newest |= {each.prescription_id: each.id for each in connection.execute(statement)}
        return newest


def text_of(value: Any) -> str | None:
    """Return what a column holds as text. What is no valid UTF-8 comes with lone surrogates, which no S3 key can have.

    >>> text_of(b"a\\xff"), text_of("a"), text_of(None)
    ('a\\udcff', 'a', None)
    """
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else value
