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

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import unquote

from lib import audit_findings, causes
from lib.audit_confirm import BATCH, Answered, Asking, confirmed, heads_of
from lib.audit_findings import MAX_OTHERS, Terms, is_current, is_unresolvable, text
from lib.bucket_pages import BucketPages
from lib.causes import Known
from lib.findings import Finding
from lib.inventory import form
from lib.leftovers import Place, Scratch
from lib.objects import ObjectStore
from lib.reconcile import Differs, ObjectAlone, RowAlone, Shared
from lib.row_spool import Detail, RowReader, Snapshot

BLOCK = 1000

Each = TypeVar("Each")
Some = TypeVar("Some", RowAlone, ObjectAlone, Differs, Shared)


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
    snapshot: Snapshot,
    terms: Terms,
    was_seen: Callable[[Detail], bool] = _never,
    told: Callable[[int], None] = _nobody,
    clock: Callable[[], datetime] = _now,
) -> Iterator[Finding]:
    """Yield all findings but those about who may read the files.

    ``told`` is called every second or so with the requests made since; what it raises goes through, which is how a run
    is cancelled. ``heads`` is called only when there is something to ask. ``was_seen``: an earlier run saw the
    object of that row. Raises DatabaseUnavailable, OSError.
    """
    judging = _Judging(left, rows, Asking(heads, pages, clock, told), terms, was_seen)
    left.restart()
    judging.look_at_rows()
    yield from judging.drafts()
    yield from judging.shared()
    yield from judging.lone()
    yield from judging.checks(snapshot)


@dataclass(frozen=True, slots=True)
class _Judging:
    left: Scratch
    rows: RowReader
    asking: Asking
    terms: Terms
    was_seen: Callable[[Detail], bool]

    def look_at_rows(self) -> None:
        """Make drafts of the rows without an object, and of those whose object differs."""
        for some in confirmed(self.left, self.asking, self.terms):
            self._draft_absent(some)
            self.asking.told(0)
        heads = self.terms.max_heads
        for block in self._of_kind(Differs, BATCH):
            heads -= self._draft_differing(block, heads)
            self.asking.told(0)

    def drafts(self) -> Iterator[Finding]:
        """Yield the findings of rows, in order."""
        for finding, is_contested in self.left.drafts():
            yield audit_findings.contested(finding) if is_contested else finding

    def shared(self) -> Iterator[Finding]:
        """Yield the rows that mean one object, each by itself."""
        for block in self._of_kind(Shared, BATCH):
            self.asking.told(0)
            for each, _ in block:
                yield from self._of_shared(each)

    def lone(self) -> Iterator[Finding]:
        """Yield the objects below an owned prefix that no row means, also not by now."""
        for block in self._of_kind(ObjectAlone, BLOCK):
            self.asking.told(0)
            ours = [
                (each, modified)
                for each, modified in block
                if modified is not None and not self.terms.is_young(modified) and self.terms.is_ours(text(each.key))
            ]
            if not ours:
                continue
            names = [text(each.key) for each, _ in ours]
            plain = {name: found for name in names if (found := plainer(name))}
            meant = self.rows.resolving_to([*names, *(each for found in plain.values() for each in found)])
            twins, claims = self.left.twins(names), self.left.claims(names)
            for each, modified in ours:
                name = text(each.key)
                if name not in meant:
                    near = next((other for other in plain.get(name, ()) if other in meant), None)
                    is_near = near is not None or name in twins
                    yield audit_findings.of_lone(each, modified, is_near=is_near, right_of=claims.get(name), near=near)

    def checks(self, snapshot: Snapshot) -> Iterator[Finding]:
        """Yield what the snapshot's own checks found, where it still holds."""
        for numbers in _blocks(sorted(snapshot.consultation_differs), BLOCK):
            self.asking.told(0)
            details = self.rows.details(numbers)
            found = (audit_findings.of_consultation(details[each], self.terms) for each in numbers if each in details)
            yield from (each for each in found if each is not None)
        for some in _blocks(sorted(snapshot.versions, key=lambda each: each.prescription_id), BLOCK):
            self.asking.told(0)
            details = self.rows.details([each.newest_record_id for each in some])
            for versions in some:
                newest = details.get(versions.newest_record_id)
                made = newest and audit_findings.of_versions(versions, newest, self.terms)
                if made:
                    yield made
        for numbers in _blocks(sorted(snapshot.resolvers_disagree), BLOCK):
            self.asking.told(0)
            alone = self.left.alone(numbers)
            details = self.rows.details([each for each in numbers if each not in alone])
            for number in numbers:
                made = audit_findings.of_resolvers(details[number], self.terms) if number in details else None
                if made is not None:
                    yield made

    def _of_kind(self, kind: type[Some], limit: int) -> Iterator[list[tuple[Some, datetime | None]]]:
        after: Place = (b"", -1)
        while some := self.left.in_order(kind, after=after, limit=limit):
            yield [(each, modified) for _, each, modified in some if isinstance(each, kind)]
            last = some[-1][1]
            after = (last.key, last.record_id if isinstance(last, RowAlone | Differs) else 0)

    def _draft_absent(self, some: Sequence[Answered]) -> None:
        details = self.rows.details([each.row.record_id for each in some])
        found: list[tuple[Finding, Detail]] = []
        for each in some:
            row = details.get(each.row.record_id)
            if row is not None and is_current(row, text(each.row.key), self.terms):
                known = self._known(row)
                found.append((audit_findings.of_absent(row, each.observation, self.terms, known), row))
        self._draft(found)

    def _draft_differing(self, some: Sequence[tuple[Differs, datetime | None]], heads: int) -> int:
        """Make the drafts of some; return how many HEADs it took."""
        details = self.rows.details([each.record_id for each, _ in some])
        fresh = [
            (each, modified, row)
            for each, modified in some
            if (row := details.get(each.record_id)) is not None
            and is_current(row, text(each.key), self.terms)
            and not is_unresolvable(row, self.terms.rules)
        ]
        # Only a checksum needs to be confirmed: its ETag may be that of an encrypted object.
        asked = sorted(
            fresh, key=lambda found: found[0].size_bytes == 0 or found[0].row_size not in {None, found[0].size_bytes}
        )
        seen = heads_of([text(each.key) for each, _, _ in asked[: max(0, heads)]], self.asking)
        found = [
            (made, row)
            for each, modified, row in fresh
            for made in audit_findings.of_differs(each, modified, row, seen.get(text(each.key)), self.terms)
        ]
        self._draft(found)
        return len(seen)

    def _draft(self, found: Sequence[tuple[Finding, Detail]]) -> None:
        suggested = [made.suggestion.key for made, _ in found if made.suggestion is not None]
        meant = self.rows.resolving_to(list(dict.fromkeys(suggested))) if suggested else {}
        self.left.draft([self._but_taken(made, meant) for made, _ in found])

    @staticmethod
    def _but_taken(made: Finding, meant: Mapping[str, Sequence[int]]) -> Finding:
        """Return a finding whose suggestion is not safe where another row came to resolve to that object."""
        others = () if made.suggestion is None else meant.get(made.suggestion.key, ())
        return audit_findings.contested(made) if any(each != made.record_id for each in others) else made

    def _known(self, row: Detail) -> Known:
        return Known(
            self.left.near(causes.wanted(row), self.terms.rules),
            is_unsure=not self.terms.is_whole,
            was_seen=self.was_seen(row),
        )

    def _of_shared(self, left: Shared) -> Iterator[Finding]:
        key, patients, rows, first = text(left.key), set[str | None](), 0, list[int]()
        for row in self._rows_of(left.record_ids, key):
            rows += 1
            if len(patients) < 2:
                patients.add(row.facts.patient_id)
            if len(first) <= MAX_OTHERS:
                first.append(row.record_id)
        if rows < 2:
            return
        for row in self._rows_of(left.record_ids, key):
            others = [each for each in first if each != row.record_id][:MAX_OTHERS]
            yield audit_findings.of_shared(row, others, self.terms, rows=rows, is_of_several=len(patients) > 1)

    def _rows_of(self, record_ids: Sequence[int], key: str) -> Iterator[Detail]:
        for numbers in _blocks(sorted(record_ids), BLOCK):
            self.asking.told(0)
            details = self.rows.details(numbers)
            for number in numbers:
                row = details.get(number)
                if row is not None and is_current(row, key, self.terms) and not is_unresolvable(row, self.terms.rules):
                    yield row


def plainer(key: str) -> tuple[str, ...]:
    """Return how a key may be written more plainly, nothing for one that is plain.

    >>> plainer("a/CON153/b.pdf"), plainer("a//my%20rx.pdf ")
    ((), ('a//my rx.pdf ', 'a//my%20rx.pdf', 'a/my%20rx.pdf ', 'a/myrx.pdf'))
    """
    if not re.search(r"[^\w./-]|//|/\./|^/", key, re.ASCII):
        return ()
    read = html.unescape(unquote(key))
    tidy = re.sub(r"/(?:\./)*/*", "/", read.replace("\\", "/")).strip("/ \t\r\n")
    bare = "".join(sign for sign in unicodedata.normalize("NFKC", tidy) if unicodedata.category(sign)[0] not in "CZ")
    found = (
        unquote(key),
        key.strip(),
        re.sub("/+", "/", key).lstrip("/"),
        unicodedata.normalize("NFC", key),
        unicodedata.normalize("NFD", key),
        tidy,
        bare.replace("+", ""),
        key.replace("+", " "),
    )
    return tuple(sorted({each for each in found if each and each != key and form(each) == form(key)}))


def _blocks(several: Sequence[Each], size: int) -> Iterator[Sequence[Each]]:
    for first in range(0, len(several), size):
        yield several[first : first + size]
