"""What a run could not match, and the rows and the bucket around it, for tests of what is made of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lib import keys
from lib.audit_terms import Terms
from lib.bucket_pages import ListingBroken, ObjectPage, Turn
from lib.findings import Facts
from lib.listing import Ends, Listed, Version
from lib.objects import Doubt, ObjectUnavailable
from lib.reconcile import ObjectAlone
from lib.row_lines import escaped
from lib.row_spool import Checked, Checking, Detail, Snapshot
from tests.conftest import NOW
from tests.parts.broken_keys import RULES

OLD = NOW - timedelta(days=3)
YOUNG = NOW - timedelta(minutes=5)
FOLDER = "edrcontainer1/prescriptions/pdfs/"
TERMS = Terms(RULES, NOW, owned=("prescriptions/pdfs/",), ignored=("*/.keep", "*/"))
CHECKED = Checked()


def detail(number: int, stored: str | None, *, at: datetime = OLD, patient: str = "PAT1", **changed: object) -> Detail:
    told = {"consultation_id": "CON1", "size_bytes": 10, "checksum": "", "prescription_id": number, "version": 1}
    facts = Facts(patient, "CLINIC1", at, "7", False)
    return Detail(number, stored, **{"is_current": True, "facts": facts, **told, **changed})  # type: ignore[arg-type]


def lone(key: str, *, etag: str = "", size: int = 10) -> ObjectAlone:
    line = b"\t".join((escaped(key.encode()), etag.encode(), str(size).encode()))
    return ObjectAlone(key.encode(), etag, size, line)


@dataclass(slots=True)
class Rows:
    """A RowReader over details. ``asked`` counts its queries."""

    rows: Mapping[int, Detail]
    asked: int = 0

    @classmethod
    def of(cls, *details: Detail) -> Rows:
        return cls({each.record_id: each for each in details})

    def snapshot(self, path: str, *, prefix: str = "") -> Snapshot:
        raise AssertionError("nobody takes a second snapshot")

    def check(self, *, prefix: str = "") -> Checking:
        raise AssertionError("nobody checks a second time")

    def details(self, record_ids: Sequence[int]) -> Mapping[int, Detail]:
        self.asked += 1
        assert len(record_ids) <= 1000
        return {each: self.rows[each] for each in record_ids if each in self.rows}

    def resolving_to(self, wanted: Sequence[str]) -> Mapping[str, Sequence[int]]:
        self.asked += 1
        found: dict[str, list[int]] = {}
        for number, row in self.rows.items():
            key = keys.resolve(row.stored_key or "", location=RULES.location)
            if key in wanted:
                found.setdefault(key, []).append(number)
        return found


@dataclass(slots=True)
class Pages:
    """A bucket's listing. It breaks for keys from ``broken_from`` on."""

    keys: Sequence[bytes]
    page: int = 1000
    broken_from: bytes | None = None
    asked: list[bytes] = field(default_factory=list)

    def pages(
        self, *, prefix: bytes = b"", after: bytes = b"", until: bytes | None = None, turn: Turn | None = None
    ) -> Generator[ObjectPage, None, None]:
        there = sorted(self.keys)
        at = bisect_right(there, after)
        while True:
            self.asked.append(after)
            some = [key for key in there[at : at + self.page] if until is None or key <= until]
            if self.broken_from is not None and (not some or some[-1] >= self.broken_from):
                raise ListingBroken(Doubt.DENIED, reached=None, requests=1)
            at += len(some)
            is_last = at >= len(there) or len(some) < self.page
            yield ObjectPage(list(some), list(some), None if is_last else some[-1], 1, _no_instant)
            if is_last:
                return
            after = some[-1]


def _no_instant(_line: bytes) -> datetime | None:
    return None


def nobody_asks() -> object:
    """Stands where an ObjectStore is made that must not be."""
    raise AssertionError("there is nothing to ask")


Told = Callable[[int], None]


@dataclass(slots=True)
class Past:
    """An ObjectLister that knows what lay at keys before: ``deleted`` has delete markers, ``down`` gives no answer."""

    deleted: Sequence[str] = ()
    uploading: Sequence[str] = ()
    down: Doubt | None = None
    is_busy: bool = False  # more uploads are open than a page shows
    asked: list[str] = field(default_factory=list)

    def _answer(self) -> None:
        if self.down is not None:
            raise ObjectUnavailable(self.down)

    def versions(self, key: str) -> tuple[Version, ...]:
        self.asked.append(key)
        self._answer()
        return (Version("2", True, True, OLD), Version("1", False, False, OLD)) if key in self.deleted else ()

    def keeps_versions(self) -> bool:
        self._answer()
        return bool(self.deleted)

    def uploads(self) -> frozenset[str] | None:
        self._answer()
        return None if self.is_busy else frozenset(self.uploading)

    def is_uploading(self, key: str) -> bool:
        assert self.is_busy
        return key in self.uploading

    def below(self, prefix: str, *, after: str = "", limit: int = 1000) -> Listed:
        raise AssertionError("nobody looks around")

    def ends(self, key: str) -> Ends:
        raise AssertionError("nobody reads bytes")
