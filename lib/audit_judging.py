"""What a run could not match, judged: confirmed, diagnosed, and put in an order that is the same for every run.

1. Rows without an object are confirmed (``audit_confirm``) and diagnosed with the lone objects near them; rows whose
   object differs are looked at by HEAD, as many as the bound allows. Their findings wait in the scratch file: two rows
   may claim one object, which then is safe for neither.
2. Then they are yielded, and after them what several rows share, the objects that no row means, and what the
   snapshot's own checks found.
3. Everything is read again from the database before it is judged: a row that changed meanwhile is no finding.

All of it goes in batches: memory does not grow with what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from lib import audit_findings, audit_lone, leftovers
from lib.audit_absent import Absent
from lib.audit_before import Before
from lib.audit_confirm import BATCH, Asking, heads_of
from lib.audit_findings import MAX_OTHERS
from lib.audit_terms import Terms, is_unchanged, is_unresolvable, text
from lib.bucket_pages import BucketPages
from lib.findings import Finding
from lib.leftovers import BLOCK, Scratch
from lib.listing import ObjectLister
from lib.objects import ObjectStore
from lib.reconcile import Differs, Shared
from lib.row_spool import Checked, Detail, RowReader

Each = TypeVar("Each")


def _now() -> datetime:
    return datetime.now(UTC)


def _never(_: Detail) -> bool:
    return False


def _nobody(_: int) -> None:
    return None


def judge(
    left: Scratch,
    *,
    rows: RowReader,
    pages: BucketPages,
    heads: Callable[[], ObjectStore],
    lister: Callable[[], ObjectLister],
    checked: Checked,
    terms: Terms,
    was_seen: Callable[[Detail], bool] = _never,
    told: Callable[[int], None] = _nobody,
    clock: Callable[[], datetime] = _now,
    prefix: bytes = b"",
) -> Iterator[Finding]:
    """Yield all findings but those about who may read the files.

    ``told`` is called every second or so with the requests made since; what it raises goes through, which is how a run
    is cancelled. ``heads`` and ``lister`` are called only when there is something to ask. ``was_seen``: an earlier run saw the
    object of that row. Raises DatabaseUnavailable, OSError.
    """
    asking = Asking(heads, pages, clock, told, prefix)
    judging = _Judging(left, rows, asking, terms)
    left.restart()
    lone = audit_lone.found(left, rows, asking, terms)
    yield from Absent(left, rows, asking, terms, was_seen, Before(lister, told)).found()
    yield from judging.differing()
    yield from judging.shared()
    yield from lone
    yield from judging.checks(checked)


@dataclass(frozen=True, slots=True)
class _Judging:
    left: Scratch
    rows: RowReader
    asking: Asking
    terms: Terms

    def differing(self) -> Iterator[Finding]:
        """Yield the rows whose object is not as they say, looked at by HEAD as many as the bound allows."""
        heads, is_encrypted = self.terms.max_heads, False
        for block in leftovers.blocks(self.left, Differs, limit=BATCH):
            self.asking.told(0)
            details = self.rows.details([each.record_id for each, _ in block])
            fresh = [
                (each, modified, row)
                for each, modified in block
                if (row := details.get(each.record_id)) is not None and is_unchanged(row, text(each.key), self.terms)
            ]
            # Those first of which only the MD5 speaks: it may be no MD5, that of an encrypted object.
            asked = sorted(
                (each for each, _, row in fresh if not is_unresolvable(row, self.terms.rules)), key=_is_certain
            )
            seen = heads_of([text(each.key) for each in asked[: max(0, heads)]], self.asking)
            heads -= len(seen)
            is_encrypted = is_encrypted or any(not each.is_etag_md5 for each in seen.values())
            for each, modified, row in fresh:
                now = seen.get(text(each.key))
                if now is None and is_encrypted and not _is_certain(each):
                    continue  # others of this bucket are encrypted: its ETag is nothing to compare with
                yield from audit_findings.of_differs(each, modified, row, now, self.terms)

    def shared(self) -> Iterator[Finding]:
        """Yield the rows that mean one object, each by itself."""
        waiting: list[Shared] = []
        for block in leftovers.blocks(self.left, Shared, limit=BATCH):
            for each, _ in block:
                if sum(len(one.record_ids) for one in (*waiting, each)) > BLOCK:
                    yield from self._of_shared(waiting)
                    waiting = []
                waiting.append(each)
        yield from self._of_shared(waiting)

    def checks(self, checked: Checked) -> Iterator[Finding]:
        """Yield what the snapshot's own checks found, where it still holds."""
        for numbers in _blocks(sorted(checked.consultation_differs)):
            self.asking.told(0)
            details = self.rows.details(numbers)
            found = (audit_findings.of_consultation(details[each], self.terms) for each in numbers if each in details)
            yield from (each for each in found if each is not None)
        for some in _blocks(sorted(checked.versions, key=lambda each: each.prescription_id)):
            self.asking.told(0)
            details = self.rows.details([each.newest_record_id for each in some])
            for versions in some:
                newest = details.get(versions.newest_record_id)
                made = newest and audit_findings.of_versions(versions, newest, self.terms)
                if made:
                    yield made
        for numbers in _blocks(sorted(checked.resolvers_disagree)):
            self.asking.told(0)
            alone = self.left.alone(numbers)
            details = self.rows.details([each for each in numbers if each not in alone])
            for number in numbers:
                made = audit_findings.of_resolvers(details[number], self.terms) if number in details else None
                if made is not None and self.terms.is_listed(made.resolved or ""):
                    yield made

    def _of_shared(self, some: Sequence[Shared]) -> Iterator[Finding]:
        """Yield the findings of some keys, whose rows are read together where they are few."""
        self.asking.told(0)
        numbers = sorted({number for each in some for number in each.record_ids})
        details = self.rows.details(numbers) if len(numbers) <= BLOCK else None
        for each in some:
            key, patients, rows, first = text(each.key), set[str | None](), 0, list[int]()
            for row in self._rows_of(each, details):
                rows += 1
                if len(patients) < 2:
                    patients.add(row.facts.patient_id)
                if len(first) <= MAX_OTHERS:
                    first.append(row.record_id)
            for row in self._rows_of(each, details) if rows > 1 else ():
                others = [number for number in first if number != row.record_id][:MAX_OTHERS]
                yield audit_findings.of_shared(row, key, others, self.terms, rows=rows, is_of_several=len(patients) > 1)

    def _rows_of(self, left: Shared, known: Mapping[int, Detail] | None) -> Iterator[Detail]:
        key = text(left.key)
        for numbers in _blocks(sorted(left.record_ids)):
            self.asking.told(0)
            details = self.rows.details(numbers) if known is None else known
            for number in numbers:
                row = details.get(number)
                if (
                    row is not None
                    and is_unchanged(row, key, self.terms)
                    and not is_unresolvable(row, self.terms.rules)
                ):
                    yield row


def _is_certain(left: Differs) -> bool:
    return left.size_bytes == 0 or left.row_size not in {None, left.size_bytes}


def _blocks(several: Sequence[Each]) -> Iterator[Sequence[Each]]:
    for first in range(0, len(several), BLOCK):
        yield several[first : first + BLOCK]
