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
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import unquote

from lib import audit_findings, causes, diagnosis
from lib.audit_before import NOT_LOOKED_AT, SOUGHT, Before
from lib.audit_confirm import BATCH, Answered, Asking, confirmed, heads_of
from lib.audit_findings import MAX_OTHERS, Terms, is_unchanged, is_unresolvable, text
from lib.bucket_pages import BucketPages
from lib.causes import Known
from lib.findings import Finding, Kind
from lib.inventory import form
from lib.leftovers import Place, Scratch
from lib.listing import ObjectLister
from lib.objects import ObjectStore, Observation
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
    lister: Callable[[], ObjectLister],
    snapshot: Snapshot,
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
    judging = _Judging(left, rows, Asking(heads, pages, clock, told, prefix), terms, was_seen, Before(lister, told))
    left.restart()
    yield from judging.absent()
    yield from judging.differing()
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
    before: Before

    def absent(self) -> Iterator[Finding]:
        """Yield the rows without an object, once all of them are known."""
        if self.left.count(RowAlone):
            self.left.index(self.asking.told)
        for some in confirmed(self.left, self.asking, self.terms):
            self._draft(some)
            self.asking.told(0)
        for finding, is_contested in self.left.drafts():
            yield audit_findings.contested(finding) if is_contested else finding

    def differing(self) -> Iterator[Finding]:
        """Yield the rows whose object is not as they say, looked at by HEAD as many as the bound allows."""
        heads, is_encrypted = self.terms.max_heads, False
        for block in self._of_kind(Differs, BATCH):
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
        for block in self._of_kind(Shared, BATCH):
            for each, _ in block:
                if sum(len(one.record_ids) for one in (*waiting, each)) > BLOCK:
                    yield from self._of_shared(waiting)
                    waiting = []
                waiting.append(each)
        yield from self._of_shared(waiting)

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
            there = self._with_object(sorted({number for name in plain for number in _of(meant, plain[name])}))
            for each, modified in ours:
                name = text(each.key)
                if name not in meant:
                    near = next(
                        (other for other in plain.get(name, ()) if _is_copy(each, meant.get(other, ()), there)), None
                    )
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
                if made is not None and self.terms.is_listed(made.resolved or ""):
                    yield made

    def _with_object(self, numbers: Sequence[int]) -> dict[int, Detail]:
        """Return those of some rows that have their object."""
        found: dict[int, Detail] = {}
        for block in _blocks(numbers, BLOCK):
            alone = self.left.alone(block)
            found |= self.rows.details([each for each in block if each not in alone])
        return found

    def _of_kind(self, kind: type[Some], limit: int) -> Iterator[list[tuple[Some, datetime | None]]]:
        after: Place = (b"", -1)
        while some := self.left.in_order(kind, after=after, limit=limit):
            yield [(each, modified) for _, each, modified in some if isinstance(each, kind)]
            last = some[-1][1]
            after = (last.key, last.record_id if isinstance(last, RowAlone | Differs) else 0)

    def _draft(self, some: Sequence[Answered]) -> None:
        details = self.rows.details([each.row.record_id for each in some])
        found: list[Finding] = []
        nowhere: list[tuple[Detail, Observation, Known]] = []
        for each in some:
            row = details.get(each.row.record_id)
            if row is not None and is_unchanged(row, text(each.row.key), self.terms):
                known = self._known(row)
                made = audit_findings.of_absent(row, each.observation, self.terms, known)
                if made.kind is Kind.DANGLING_REFERENCE and made.code in SOUGHT:
                    nowhere.append((row, each.observation, known))
                else:
                    found.append(made)
        traces = self.before.traces([seen.key for _, seen, _ in nowhere])
        for row, seen, known in nowhere:
            at = traces.get(seen.key, NOT_LOOKED_AT)
            known = replace(
                known,
                is_deleted=at.is_deleted,
                is_uploading=at.is_uploading,
                is_unsure=known.is_unsure or at.is_unsure,
            )
            made = audit_findings.of_absent(row, seen, self.terms, known)
            found.append(made if at.was_looked_at else audit_findings.not_looked_at(made))
        suggested = {each.suggestion.key for each in found if each.suggestion is not None}
        meant = self.rows.resolving_to(sorted(suggested)) if suggested else {}
        self.left.draft([_but_taken(each, meant) for each in found])

    def _known(self, row: Detail) -> Known:
        return Known(
            self.left.near(causes.wanted(row), self.terms.rules),
            is_unsure=not self.terms.is_whole,
            was_seen=self.was_seen(row),
        )

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
        for numbers in _blocks(sorted(left.record_ids), BLOCK):
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


def _but_taken(made: Finding, meant: Mapping[str, Sequence[int]]) -> Finding:
    """Return a finding whose suggestion is not safe where another row came to resolve to that object."""
    if made.suggestion is None or made.suggestion.key not in meant:
        return made
    # Without a number, another declared column names it.
    return made if set(meant[made.suggestion.key]) == {made.record_id} else audit_findings.contested(made)


def _is_certain(left: Differs) -> bool:
    return left.size_bytes == 0 or left.row_size not in {None, left.size_bytes}


def _of(meant: Mapping[str, Sequence[int]], names: Sequence[str]) -> Iterator[int]:
    for name in names:
        yield from meant.get(name, ())


def _is_copy(left: ObjectAlone, numbers: Sequence[int], there: Mapping[int, Detail]) -> bool:
    """Whether an object holds the bytes of one of these rows, which have theirs: a second copy of them."""
    etag = diagnosis.md5_of(left.etag)
    return any(etag is not None and diagnosis.md5_of(there[each].checksum) == etag for each in numbers if each in there)


def plainer(key: str) -> tuple[str, ...]:
    """Return how a key may be written more plainly, nothing for one that is plain.

    >>> plainer("a/CON153/b.pdf"), plainer("a//my%20rx.pdf ")
    ((), ('a//my rx.pdf ', 'a//my%20rx.pdf', 'a/my rx.pdf', 'a/my%20rx.pdf ', 'a/myrx.pdf'))
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
