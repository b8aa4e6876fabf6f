"""One run of "Check all files", from the snapshot of the rows to the last finding. Knows neither S3 nor SQL.

1. The rows are written to a private file as one snapshot, sorted; its ranges are cut. A run that is taken up again uses
   the same file and walks only what is not done.
2. The bucket is listed in those ranges and matched with the rows (``audit_listing``).
3. What did not match is confirmed, read again and judged (``audit_judging``), and its findings are kept in the book.
4. Strangers are sent to a sample of the files, or to all.
5. The run ends complete where everything was listed, else incomplete, up to a stated key.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Protocol

from lib import audit_exposure, audit_findings, audit_judging, audit_listing, audit_site, keys
from lib.access import Scope
from lib.audit_book import BATCH, Runs, Worked
from lib.audit_findings import Terms, text
from lib.audit_listing import Listed, Meter
from lib.audit_site import LEFTOVERS, SPOOL, Site, SpoolLost
from lib.audits import Exposure, Fault, Phase, Range, Result, Run, Status
from lib.bucket_pages import BucketPages, ListingBroken
from lib.catalogue import Code
from lib.diagnosis import State
from lib.findings import Finding, Kind
from lib.kept_findings import Findings
from lib.keys import Rules
from lib.leftovers import Scratch
from lib.listing import ObjectLister
from lib.objects import Doubt, ObjectStore
from lib.reconcile import RowAlone
from lib.row_spool import Checked, Checking, Detail, RowReader, RowSpool, Settled
from lib.seen_rows import SeenRows, summed
from lib.walking import Helpers, Here, Walker

OF_ONE_KEY = frozenset({Doubt.DENIED, Doubt.IMPOSSIBLE_KEY, Doubt.OTHER})
RANGES_OF_A_PROCESS = 8  # whoever takes fewer wants little memory: one process, and nothing that may not be needed
ROWS_OF_A_PROCESS = 50_000  # that another process is worth its start
SEEN_BOUND = 100_000  # rows without a file; above, the next run says of none that it was there before

CHECKED = {  # what the snapshot's own checks are of, by their names there
    "consultation_differs": Kind.CONSULTATION_DIFFERS,
    "resolvers_disagree": Kind.RESOLVERS_DISAGREE,
    "versions": Kind.VERSION_STATE,
}


@dataclass(frozen=True, slots=True)
class Shop:
    """What one process works a run with. ``folder`` is private, and this run's alone."""

    book: Worked
    runs: Runs
    findings: Findings
    rows: RowReader
    pages: BucketPages
    heads: Callable[[], ObjectStore]
    lister: Callable[[], ObjectLister]
    open_spool: Callable[[Path], RowSpool]
    open_scratch: Callable[[Path], Scratch]
    helpers: Helpers
    seen: Seen
    folder: Path
    rules: Rules
    owned: tuple[str, ...]
    ignored: tuple[str, ...]
    clock: Callable[[], datetime]
    source: str = ""  # tells one database from another
    cores: int = 1  # that this process may use


class Seen(Protocol):
    """Which rows' files the last full run found."""

    def saw(self, run_id: int, record_id: int, key: bytes) -> bool:
        """Whether this run found a row of this number with a file at this key; False where nobody knows."""
        ...

    def keep(self, run_id: int, rows: SeenRows, *, lacking: Iterable[int], before: int | None) -> None:
        """Keep what a run found in place of the run before; a row that lacks its file stays seen where that run saw it.

        Raise OSError where the disk is full.
        """
        ...


def work(run: Run, shop: Shop, meter: Meter) -> Result:
    """Do it all; raise DatabaseUnavailable, LedgerUnavailable, LeaseLost, OSError, SpoolLost, ListingBroken.

    ListingBroken where not even the first page could be had: then nothing was checked.
    """
    if run.options.ranges >= RANGES_OF_A_PROCESS:
        threading.Thread(target=shop.heads, name="heads", daemon=True).start()  # half a second, while the rows are read
    ranges = list(shop.book.ranges(run))
    site, checking = _resumed(run, shop) if ranges else _begun(run, shop, meter)
    try:
        with closing(_spool(shop)) as spool, closing(shop.open_scratch(shop.folder / LEFTOVERS)) as scratch:
            if not ranges:
                ranges = audit_listing.cut(spool, threads=run.options.ranges)
                scratch.only(())
                shop.book.cut(run, ranges, snapshot_at=site.taken_at)
            return _worked(run, shop, site, checking, spool, scratch, ranges, meter)
    finally:
        checking.cancel()


def _worked(
    run: Run,
    shop: Shop,
    site: Site,
    checking: Checking,
    spool: RowSpool,
    scratch: Scratch,
    ranges: list[Range],
    meter: Meter,
) -> Result:
    seen = SeenRows()
    listed = _listed(run, shop, site, spool, scratch, seen, ranges, meter)
    checked = checking.result()
    audit_site.keep_checked(checked, shop.folder)
    terms = Terms(
        shop.rules,
        site.taken_at,
        owned=shop.owned,
        ignored=shop.ignored,
        grace=run.options.grace,
        is_whole=listed.fault is None and not site.is_narrow and not run.options.prefix,
        unlisted=listed.unlisted,
    )
    last = shop.runs.last_full(run.target, before=run.run_id)
    kinds, causes, strangers, doubt = _judged(run, shop, site, terms, checked, spool, scratch, meter, last)
    states = shop.findings.states(run.run_id, scope=Scope())
    attention = shop.findings.attention(run.run_id, scope=Scope())
    cut = {CHECKED[name]: count for name, count in checked.cut.items()}
    result = replace(_result(site, listed, kinds, causes, states, attention), strangers=strangers, cut=cut)
    if result.status is Status.COMPLETE and doubt is not None:
        return replace(result, status=Status.INCOMPLETE, reason=str(doubt))
    if result.status is Status.COMPLETE and not run.options.prefix:
        _remember(run, shop, seen, scratch, last)
    return result


def _begun(run: Run, shop: Shop, meter: Meter) -> tuple[Site, Checking]:
    """Take the snapshot, and look whether the whole bucket may be listed or only what lies below the location."""
    meter.set(phase=Phase.ROWS)
    for name in audit_site.FILES:
        (shop.folder / name).unlink(missing_ok=True)
    began = shop.clock()
    snapshot = shop.rows.snapshot(str(shop.folder / SPOOL), prefix=run.options.prefix)
    try:
        # A database whose clock is ahead would leave no grace to what is on its way.
        site = _site(run, shop, meter, taken_at=min(snapshot.taken_at, began))
        audit_site.keep_site(site, shop.folder)
    except BaseException:
        snapshot.checks.cancel()
        raise
    return site, snapshot.checks


def _site(run: Run, shop: Shop, meter: Meter, *, taken_at: datetime) -> Site:
    prefix, is_narrow = run.options.prefix.encode(), False
    try:
        first = next(shop.pages.pages(prefix=prefix, until=b"\x00"), None)
        meter.add(requests=first.requests if first else 0)
    except ListingBroken as error:
        meter.add(requests=error.requests)
        is_narrow = error.doubt is Doubt.DENIED and not prefix and bool(shop.rules.prefix)
        if not is_narrow:
            raise
        prefix = shop.rules.prefix.encode()
    return Site(taken_at, prefix, is_narrow, shop.rules.location, shop.source)


def _resumed(run: Run, shop: Shop) -> tuple[Site, Checking]:
    site, checked = audit_site.site(shop.folder), audit_site.checked(shop.folder)
    if (site.location, site.source) != (shop.rules.location, shop.source):
        raise SpoolLost  # no row is any more as the snapshot had it: all of its findings would be passed over
    return site, shop.rows.check(prefix=run.options.prefix) if checked is None else Settled(checked)


def _spool(shop: Shop) -> RowSpool:
    try:
        return shop.open_spool(shop.folder / SPOOL)
    except (OSError, ValueError) as error:
        raise SpoolLost from error


def _listed(
    run: Run,
    shop: Shop,
    site: Site,
    spool: RowSpool,
    scratch: Scratch,
    seen: SeenRows,
    ranges: list[Range],
    meter: Meter,
) -> Listed:
    done = [each for each in ranges if each.is_done]
    try:
        scratch.only([each.number for each in done])
    except ValueError as error:
        raise SpoolLost from error
    meter.set(
        phase=Phase.LISTING,
        records=spool.rows,
        rows=sum(each.rows for each in done),
        objects=sum(each.objects for each in done),
        ranges=len(ranges),
        ranges_done=len(done),
    )
    with _walkers(shop, site, spool, threads=run.options.ranges) as walkers:
        for each in done:
            for block in spool.blocks(after=each.after, until=each.until):
                seen.add(summed(block))
        walking = audit_listing.Pass(walkers, scratch, seen, meter, finish=lambda one: shop.book.finish(run, one))
        return walking.walk(ranges)


@contextmanager
def _walkers(shop: Shop, site: Site, spool: RowSpool, *, threads: int) -> Iterator[list[Walker]]:
    """Give who walks for each thread: here, and of many threads and rows on as many processes as are worth it."""
    here = Here(spool, shop.pages, site.prefix)
    processes = min(shop.cores, threads // RANGES_OF_A_PROCESS, spool.rows // ROWS_OF_A_PROCESS)
    share = threads // max(1, processes)
    found: list[Walker] = []
    with ExitStack() as helping:
        for _ in range(processes - 1):
            helpers = shop.helpers.walkers(share, shop.folder / SPOOL, site.prefix, here=here)
            found += helping.enter_context(helpers)
        yield found + [here] * (threads - len(found))


def _judged(
    run: Run,
    shop: Shop,
    site: Site,
    terms: Terms,
    checked: Checked,
    spool: RowSpool,
    scratch: Scratch,
    meter: Meter,
    last: Run | None,
) -> tuple[Counter[Kind], Counter[Code], dict[str, int], Doubt | None]:
    """Keep every finding in the book, some hundred a commit.

    Return how many there are of each kind and cause, what strangers got for a sample, and why confirming broke off.
    """
    meter.set(phase=Phase.CONFIRMING, findings=0)
    shop.book.forget(run)
    judged = audit_judging.judge(
        scratch,
        rows=shop.rows,
        pages=shop.pages,
        heads=shop.heads,
        lister=shop.lister,
        checked=checked,
        terms=terms,
        was_seen=_was_seen(shop, last),
        told=lambda requests: meter.add(requests=requests),
        clock=shop.clock,
        prefix=site.prefix,
    )
    kinds, causes, strangers, doubts = Counter[Kind](), Counter[Code](), dict[str, int](), list[Doubt]()

    def keep(findings: Iterator[Finding], phase: Phase) -> None:
        kept: Future[None] | None = None  # the disk writes one batch while the next is judged
        while some := list(islice(findings, BATCH)):
            if kept is not None:
                kept.result()
            kept = writer.submit(shop.book.keep, run, some)
            kinds.update(each.kind for each in some)
            causes.update(each.code for each in some if each.code is not None)
            doubts.extend(islice(_doubts(some), 0 if doubts else 1))
            meter.set(phase=phase)
            meter.add(findings=len(some))
        if kept is not None:
            kept.result()

    with ThreadPoolExecutor(1, thread_name_prefix="findings") as writer:
        keep(judged, Phase.DIAGNOSING)
        if run.options.exposure is Exposure.FULL:
            meter.set(phase=Phase.EXPOSURE)
            keep(_all_open(shop, terms, spool, scratch, meter), Phase.EXPOSURE)
        elif run.options.exposure is Exposure.SAMPLE:
            meter.set(phase=Phase.EXPOSURE)
            sample = audit_exposure.sample(spool, shop.heads(), chance=random.SystemRandom(), clock=shop.clock)
            meter.add(requests=2 * sample.asked)
            strangers = {"open": sample.open, "closed": sample.closed, "unknown": sample.unknown}
            found = audit_findings.of_sample(sample)
            keep(iter(() if found is None else (found,)), Phase.EXPOSURE)
    meter.set(phase=Phase.STORING)
    return kinds, causes, strangers, doubts[0] if doubts else None


def _doubts(findings: Sequence[Finding]) -> Iterator[Doubt]:
    """Yield why rows could not be confirmed, where it is not one key that is refused but the storage that answers no more."""
    for each in findings:
        doubt = each.evidence.get("doubt")
        if each.kind is Kind.UNDETERMINED and doubt is not None and doubt not in OF_ONE_KEY:
            yield Doubt(str(doubt))


def _all_open(shop: Shop, terms: Terms, spool: RowSpool, scratch: Scratch, meter: Meter) -> Iterator[Finding]:
    return audit_exposure.all_open(
        spool, scratch, shop.rows, shop.heads(), terms, told=lambda requests: meter.add(requests=requests)
    )


def _was_seen(shop: Shop, last: Run | None) -> Callable[[Detail], bool]:
    """Return whether the last full run before this one found the file of a row, at the key that the row still names."""

    def was_seen(row: Detail) -> bool:
        if last is None:
            return False
        key = keys.resolve(row.stored_key or "", location=shop.rules.location)
        return shop.seen.saw(last.run_id, row.record_id, key.encode("utf-8", "replace"))

    return was_seen


def _remember(run: Run, shop: Shop, seen: SeenRows, scratch: Scratch, last: Run | None) -> None:
    """Keep for the next run which rows had their file, unless very many had none. What is in flight had none yet."""
    if scratch.count(RowAlone) > SEEN_BOUND:
        return
    lacking, after = set[int](), 0
    while some := scratch.all_of(RowAlone, after=after):
        lacking.update(each.record_id for _, each, _ in some if isinstance(each, RowAlone))
        after = some[-1][0]
    shop.seen.keep(run.run_id, seen, lacking=lacking, before=last.run_id if last else None)


def _result(
    site: Site,
    listed: Listed,
    kinds: Counter[Kind],
    causes: Counter[Code],
    states: Mapping[State, int],
    attention: int,
) -> Result:
    gaps = listed.unlisted
    if site.is_narrow:
        beyond = site.prefix[:-1] + bytes([site.prefix[-1] + 1])  # the first key behind all that begin with the prefix
        gaps = _joined(((b"", site.prefix), *gaps, (beyond, None)))
    unlisted = tuple((text(after), None if until is None else text(until)) for after, until in gaps)
    found = Result(Status.COMPLETE, None, dict(kinds), dict(causes), attention, dict(states), None, unlisted)
    if listed.fault is None:
        return found
    reason = Fault.OUT_OF_ORDER if listed.fault.is_out_of_order else listed.fault.doubt
    return replace(found, status=Status.INCOMPLETE, reason=str(reason), listed_until=text(listed.unlisted[0][0]))


def _joined(gaps: Iterable[tuple[bytes, bytes | None]]) -> tuple[tuple[bytes, bytes | None], ...]:
    """Return gaps, those that overlap or touch as one.

    >>> _joined([(b"", b"b"), (b"a", b"c"), (b"d", None), (b"e", b"f")])
    ((b'', b'c'), (b'd', None))
    """
    found: list[tuple[bytes, bytes | None]] = []
    for after, until in sorted(gaps, key=lambda gap: gap[0]):
        if found and (found[-1][1] is None or after <= found[-1][1]):
            start, end = found.pop()
            found.append((start, None if None in (end, until) else max(end or b"", until or b"")))
        else:
            found.append((after, until))
    return tuple(found)
