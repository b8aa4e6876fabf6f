"""Whether the rows without an object really have none: asked a second time, before anything is called missing.

1. A few are asked for by HEAD, unless only a part of the bucket is listed: who may list no more than that gets 403 for
   what is not there.
2. Many are looked up in a second listing. It begins just below the first of them; every row up to where its page
   reached is answered by it, and the next page begins just below the next row. So no page is asked for that answers
   nothing, and never more than a listing of the whole bucket has.
3. A key that cannot be in S3, and that of a row without a stored key, are asked for by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lib import keys
from lib.audit_terms import Terms, text
from lib.bucket_pages import BucketPages, ListingBroken
from lib.leftovers import Place, Scratch
from lib.objects import Doubt, ObjectStore, Observation, Presence
from lib.reconcile import RowAlone

AT_ONCE = 4  # listings
BATCH = 250  # rows that are judged between two calls of ``told``: within a second
BLOCK = 1000  # rows that one part waits with
TOP = 1 << 62  # above every record number
BUDGET = timedelta(seconds=60)  # for the HEADs of one batch


@dataclass(frozen=True, slots=True)
class Answered:
    """A row without an object, and what the bucket says about it now: ABSENT or UNKNOWN."""

    row: RowAlone
    observation: Observation


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom to ask, and when it is. ``told`` is called with the requests since the last time."""

    heads: Callable[[], ObjectStore]
    pages: BucketPages
    clock: Callable[[], datetime]
    told: Callable[[int], None]
    prefix: bytes = b""  # below which everything lies that is asked for: elsewhere nobody may be allowed to list


def confirmed(left: Scratch, asking: Asking, terms: Terms) -> Iterator[list[Answered]]:
    """Yield the rows that still have no object, some hundred at a time; those that have one now are dropped."""
    if not asking.prefix and left.count(RowAlone) <= terms.max_heads:
        yield from _by_head(left, asking, terms)
    else:
        yield from _by_listing(left, asking, terms)


def heads_of(wanted: Sequence[str], asking: Asking) -> dict[str, Observation]:
    """Return what HEADs say about these keys; nobody is asked about none."""
    if not wanted:
        return {}
    asked = list(dict.fromkeys(wanted))
    seen = asking.heads().head(asked, budget=BUDGET)
    asking.told(len(asked))
    return dict(seen)


def _by_head(left: Scratch, asking: Asking, terms: Terms) -> Iterator[list[Answered]]:
    after: Place = (b"", -1)
    while some := _rows(left, after, None, BATCH):
        seen = heads_of([text(row.key) for _, row in some if not _is_unaskable(row.key, terms)], asking)
        observed = [(number, row, seen.get(text(row.key)) or _unasked(row.key, asking)) for number, row in some]
        left.drop([number for number, _, each in observed if each.presence is Presence.PRESENT])
        yield [Answered(row, each) for _, row, each in observed if each.presence is not Presence.PRESENT]
        after = (some[-1][1].key, some[-1][1].record_id)


def _by_listing(left: Scratch, asking: Asking, terms: Terms) -> Iterator[list[Answered]]:
    cuts = left.cuts(RowAlone, AT_ONCE)
    starts: list[Place] = [(b"", -1), *((cut, TOP) for cut in cuts)]
    sweeps = [_Sweep(left, terms, after, until) for after, until in zip(starts, [*cuts, None], strict=True)]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="confirm") as pool:
        while sweeps := [sweep for sweep in sweeps if sweep.fill()]:
            asked = [pool.submit(_page, asking, sweep.start, sweep.until) for sweep in sweeps]
            for sweep, page in zip(sweeps, asked, strict=True):
                found = page.result()
                asking.told(found.requests)
                yield from sweep.answered(found, asking)


@dataclass(frozen=True, slots=True)
class _Page:
    """Which keys there are up to ``reached`` (None: to the end of the part); with a doubt, nothing is known of them."""

    keys: frozenset[bytes]
    reached: bytes | None
    requests: int
    doubt: Doubt | None = None


@dataclass(slots=True)
class _Sweep:
    """One part of the rows without an object, in order, and how far it is."""

    left: Scratch
    terms: Terms
    after: Place
    until: bytes | None
    waiting: list[tuple[int, RowAlone]] = field(default_factory=list)
    reached: bytes = b""  # by the last page, which may have ended before the row that it was asked for

    @property
    def start(self) -> bytes | None:
        """Behind which key the next page begins; None where nobody has to be asked about what waits."""
        first = next((row.key for _, row in self.waiting if not _is_unaskable(row.key, self.terms)), None)
        return None if first is None else max(just_below(first), self.reached)

    def fill(self) -> bool:
        """Take the next rows where none are waiting; return whether any are."""
        if not self.waiting:
            self.waiting = _rows(self.left, self.after, self.until, BLOCK)
            if self.waiting:
                last = self.waiting[-1][1]
                self.after = (last.key, last.record_id)
        return bool(self.waiting)

    def answered(self, page: _Page, asking: Asking) -> Iterator[list[Answered]]:
        """Yield what a page says about the rows up to where it reached."""
        # With nobody to be asked about, all that waits is answered.
        reached = self.waiting[-1][1].key if page.reached is None and not page.requests else page.reached
        self.reached = reached or self.reached
        while self.fill():
            some = [each for each in self.waiting[:BATCH] if reached is None or each[1].key <= reached]
            if not some:
                return
            self.waiting = self.waiting[len(some) :]
            there = [number for number, row in some if row.key in page.keys]
            self.left.drop(there)
            now = asking.clock()
            yield [self._of(row, page.doubt, now) for _, row in some if row.key not in page.keys]
            asking.told(0)

    def _of(self, row: RowAlone, doubt: Doubt | None, now: datetime) -> Answered:
        if _is_unaskable(row.key, self.terms):
            doubt = Doubt.IMPOSSIBLE_KEY
        presence = Presence.ABSENT if doubt is None else Presence.UNKNOWN
        return Answered(row, Observation(text(row.key), presence, now, doubt))


def _page(asking: Asking, after: bytes | None, until: bytes | None) -> _Page:
    if after is None:
        return _Page(frozenset(), None, 0)
    try:
        page = next(iter(asking.pages.pages(prefix=asking.prefix, after=after, until=until)), None)
    except ListingBroken as error:
        return _Page(frozenset(), None, error.requests, error.doubt)
    if page is None:
        return _Page(frozenset(), None, 1)
    return _Page(frozenset(page.keys), page.reached, page.requests)


def just_below(key: bytes) -> bytes:
    """Return a key below this one with next to nothing between them, in UTF-8.

    >>> just_below(b"a/b.pdf"), just_below(b"a/"), just_below("é".encode()), just_below(b"a")
    (b'a/b.pde', b'a.', b'', b'`')
    """
    rest, last = key[:-1], key[-1]
    if 0x20 < last < 0x80:
        return rest + bytes([last - 1])
    return key.decode("utf-8", "surrogateescape")[:-1].encode("utf-8", "surrogateescape")


def _rows(left: Scratch, after: Place, until: bytes | None, limit: int) -> list[tuple[int, RowAlone]]:
    found = left.in_order(RowAlone, after=after, until=until, limit=limit)
    return [(number, row) for number, row, _ in found if isinstance(row, RowAlone)]


def _is_unaskable(key: bytes, terms: Terms) -> bool:
    return key == terms.rules.prefix.encode() or keys.impossible(text(key))


def _unasked(key: bytes, asking: Asking) -> Observation:
    return Observation(text(key), Presence.UNKNOWN, asking.clock(), Doubt.IMPOSSIBLE_KEY)
