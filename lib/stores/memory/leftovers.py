"""What a run could not match, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from lib.evidence import Wanted
from lib.findings import Finding
from lib.inventory import Inventory, Sighting
from lib.keys import Rules
from lib.leftovers import Place
from lib.reconcile import Differs, Left, ObjectAlone, RowAlone


class MemoryLeftovers:
    """A Scratch whose ``near`` is all lone objects."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[int, Left, datetime | None]] = {}
        self._drafts: dict[tuple[str, int, str], Finding] = {}
        self._done: set[int] = set()
        self._last = 0

    def keep(self, number: int, left: Sequence[tuple[Left, datetime | None]]) -> None:
        """Add what a range left."""
        for each, modified in left:
            self._last += 1
            self._kept[self._last] = (number, each, modified)

    def done(self, number: int) -> None:
        """Write down that a range is whole."""
        self._done.add(number)

    def only(self, numbers: Sequence[int]) -> None:
        """Drop what other ranges left."""
        if not self._done.issuperset(numbers):
            raise ValueError("a range is missing")
        self._done.intersection_update(numbers)
        self._kept = {at: each for at, each in self._kept.items() if each[0] in numbers}

    def all_of(
        self, kind: type[Left], *, after: int = 0, limit: int = 1000
    ) -> Sequence[tuple[int, Left, datetime | None]]:
        """Return what is kept of one kind by number."""
        return [each for each in self._of(kind) if each[0] > after][:limit]

    def drop(self, numbers: Sequence[int]) -> None:
        """Forget some."""
        for number in numbers:
            self._kept.pop(number, None)

    def near(self, wanted: Wanted, rules: Rules) -> Inventory:
        """Return all lone objects."""
        return Inventory(Sighting(*each[:3]) for each in self.objects())

    def objects(self) -> Iterator[tuple[str, int, str, datetime | None]]:
        """Yield every lone object, ascending by key."""
        for _, each, modified in sorted(self._of(ObjectAlone), key=lambda found: _place(found[1])):
            assert isinstance(each, ObjectAlone)
            yield each.key.decode(), each.size_bytes, each.etag, modified

    def count(self, kind: type[Left]) -> int:
        """Return how many of a kind are kept."""
        return len(self._of(kind))

    def cuts(self, kind: type[Left], parts: int) -> list[bytes]:
        """Return keys that part a kind about equally."""
        keys = sorted(each.key for _, each, _ in self._of(kind))
        return sorted({keys[len(keys) * part // parts] for part in range(1, parts) if keys})

    def in_order(
        self, kind: type[Left], *, after: Place = (b"", -1), until: bytes | None = None, limit: int = 1000
    ) -> Sequence[tuple[int, Left, datetime | None]]:
        """Return what is kept of one kind by key."""
        found = sorted(self._of(kind), key=lambda found: _place(found[1]))
        return [each for each in found if _place(each[1]) > after and (until is None or each[1].key <= until)][:limit]

    def alone(self, record_ids: Sequence[int]) -> frozenset[int]:
        """Return which of these rows have no object."""
        kept = {each.record_id for _, each, _ in self._of(RowAlone) if isinstance(each, RowAlone)}
        return frozenset(record_ids) & kept

    def twins(self, keys: Sequence[str]) -> frozenset[str]:
        """Return which of these lone objects hold the bytes of another one."""
        of = {key: (size, etag) for key, size, etag, _ in self.objects()}
        many = {each for each, count in Counter(of.values()).items() if count > 1 and all(each)}
        return frozenset(key for key in keys if of.get(key) in many)

    def close(self) -> None:
        """Keep everything: nothing is open."""

    def restart(self) -> None:
        """Forget all drafts."""
        self._drafts.clear()

    def index(self, told: Callable[[int], None]) -> None:
        """Nothing is to be made."""

    def draft(self, findings: Sequence[Finding]) -> None:
        """Add some findings."""
        self._drafts |= {(each.resolved or "", each.record_id or 0, str(each.kind)): each for each in findings}

    def drafts(self) -> Iterator[tuple[Finding, bool]]:
        """Yield all drafts, in order, and whether another record claims the same object."""
        for _, each in sorted(self._drafts.items(), key=lambda found: found[0]):
            claim = _claim(each)
            rivals = {other.record_id for other in self._drafts.values() if _claim(other) == claim}
            yield each, claim is not None and len(rivals) > 1

    def claims(self, keys: Sequence[str]) -> Mapping[str, int]:
        """Return which of these objects one record alone claims, with its number."""
        found: dict[str, set[int]] = {}
        for each in self._drafts.values():
            if (claim := _claim(each)) in keys and claim is not None:
                found.setdefault(claim, set()).add(each.record_id or 0)
        return {claim: min(numbers) for claim, numbers in found.items() if len(numbers) == 1}

    def _of(self, kind: type[Left]) -> list[tuple[int, Left, datetime | None]]:
        return [(number, each, modified) for number, (_, each, modified) in self._kept.items() if type(each) is kind]


def _place(left: Left) -> Place:
    return left.key, left.record_id if isinstance(left, RowAlone | Differs) else 0


def _claim(finding: Finding) -> str | None:
    found = finding.suggestion
    return found.key if found is not None and found.is_safe else None
