"""One run of "Check all files", from the snapshot of the rows to the last finding. Knows neither S3 nor SQL.

1. The rows are written to a private file as one snapshot, sorted; its ranges are cut. A run that is taken up again uses
   the same file and walks only what is not done (``audit_start``). The snapshot's own checks go on meanwhile.
2. The bucket is listed in those ranges and matched with the rows (``audit_listing``, ``walking``).
3. What did not match is confirmed, read again and judged (``audit_judging``), and its findings are kept in the book.
4. Strangers are sent to a sample of the files, or to all (``audit_exposure``).
5. The run ends complete where everything was listed and storage answered who asked again, else incomplete.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace

from lib import audit_exposure, audit_judging, audit_listing, audit_site, audit_start, keys, stretches
from lib.access import Scope
from lib.audit_exposure import Strangers
from lib.audit_keeping import Keeping, keeping
from lib.audit_listing import Listed, Meter
from lib.audit_shop import Shop
from lib.audit_site import LEFTOVERS, SPOOL, Site, SpoolLost
from lib.audit_terms import Terms, text
from lib.audits import Exposure, Fault, Phase, Range, Result, Run, Status
from lib.findings import Finding, Kind
from lib.leftovers import Scratch
from lib.objects import Doubt
from lib.reconcile import RowAlone
from lib.row_lines import parted
from lib.row_spool import Checked, Detail, RowSpool
from lib.seen_rows import MAX_PAGES, SeenRows, summed
from lib.walking import Here, Walker

RANGES_OF_A_PROCESS = 8  # whoever takes fewer wants little memory: one process, and nothing that may not be needed
FEW_PAGES = MAX_PAGES // 4  # 16 MiB, four million rows: what such a run remembers at most
SEEN_BOUND = 100_000  # rows without a file; above, the next run says of none that it was there before

CHECKED = {  # what the snapshot's own checks are of, by their names there
    "consultation_differs": Kind.CONSULTATION_DIFFERS,
    "resolvers_disagree": Kind.RESOLVERS_DISAGREE,
    "versions": Kind.VERSION_STATE,
}


def work(run: Run, shop: Shop, meter: Meter) -> Result:
    """Do it all; raise DatabaseUnavailable, LedgerUnavailable, LeaseLost, OSError, SpoolLost, ListingBroken.

    ListingBroken where not even the first page could be had: then nothing was checked.
    """
    if run.options.ranges >= RANGES_OF_A_PROCESS:
        threading.Thread(target=shop.heads, name="heads", daemon=True).start()  # half a second, while the rows are read
    ranges = list(shop.book.ranges(run))
    site, checking = audit_start.resumed(run, shop) if ranges else audit_start.begun(run, shop, meter)
    try:
        with closing(_spool(shop)) as spool, closing(shop.open_scratch(shop.folder / LEFTOVERS)) as scratch:
            if not ranges:
                ranges = audit_listing.cut(spool, threads=run.options.ranges)
                scratch.only(())
                shop.book.cut(run, ranges, snapshot_at=site.taken_at)
            job = _Job(run, shop, meter, site, spool, scratch)
            listed = job.walk(ranges)
            checked = checking.result()
            audit_site.keep_checked(checked, shop.folder)
            return job.judge(listed, checked)
    finally:
        checking.cancel()


def _spool(shop: Shop) -> RowSpool:
    try:
        return shop.open_spool(shop.folder / SPOOL)
    except (OSError, ValueError) as error:
        raise SpoolLost from error


class _Job:
    """A run whose rows are spooled and whose ranges are cut."""

    def __init__(self, run: Run, shop: Shop, meter: Meter, site: Site, spool: RowSpool, scratch: Scratch) -> None:
        self._run = run
        self._shop = shop
        self._meter = meter
        self._site = site
        self._spool = spool
        self._scratch = scratch
        self._seen = SeenRows(bound=MAX_PAGES if run.options.ranges >= RANGES_OF_A_PROCESS else FEW_PAGES)
        self._last = shop.runs.last_full(run.target, before=run.run_id)

    def walk(self, ranges: Sequence[Range]) -> Listed:
        """List and match what is not done yet."""
        done = [each for each in ranges if each.is_done]
        try:
            self._scratch.only([each.number for each in done])
        except ValueError as error:
            raise SpoolLost from error
        self._meter.set(
            phase=Phase.LISTING,
            records=self._spool.rows,
            rows=sum(each.rows for each in done),
            objects=sum(each.objects for each in done),
            ranges=len(ranges),
            ranges_done=len(done),
        )
        for each in done:
            for block in self._spool.blocks(after=each.after, until=each.until):
                self._seen.add(summed(parted(block)))
        with self._walkers() as walkers:
            walking = audit_listing.Pass(
                walkers,
                self._scratch,
                self._seen,
                self._meter,
                finish=lambda one: self._shop.book.finish(self._run, one),
            )
            return walking.walk(ranges)

    def judge(self, listed: Listed, checked: Checked) -> Result:
        """Judge what did not match, keep every finding in the book, and return what the run came to."""
        run, shop = self._run, self._shop
        is_whole = listed.fault is None and not self._site.is_narrow and not run.options.prefix
        self._meter.set(phase=Phase.CONFIRMING, findings=0)
        shop.book.forget(run)
        with keeping(run, shop.book, self._meter) as kept:
            terms = self._terms(listed, is_whole=is_whole)
            kept.keep(self._judged(checked, terms), Phase.DIAGNOSING)
            strangers = self._exposure(kept, terms)
        self._meter.set(phase=Phase.STORING)
        result = replace(
            _verdict(self._site, listed, kept.doubt),
            kinds=dict(kept.kinds),
            causes=dict(kept.causes),
            states=dict(shop.findings.states(run.run_id, scope=Scope())),
            attention=shop.findings.attention(run.run_id, scope=Scope()),
            strangers=strangers,
            cut={CHECKED[name]: count for name, count in checked.cut.items()},
        )
        if result.status is Status.COMPLETE and not run.options.prefix:
            self._remember()
        return result

    @contextmanager
    def _walkers(self) -> Iterator[list[Walker]]:
        """Lend who walks for each thread: here, and of many threads and rows on as many processes as are worth it."""
        shop, threads = self._shop, self._run.options.ranges
        here = Here(self._spool, shop.pages, self._site.prefix, shop.rules.prefix.encode())
        processes = min(shop.cores, threads // RANGES_OF_A_PROCESS, self._spool.rows // shop.share)
        with ExitStack() as stack:
            found: list[Walker] = []
            for _ in range(processes - 1):
                lent = shop.helpers.walkers(threads // processes, shop.folder / SPOOL, self._site.prefix, here=here)
                found += stack.enter_context(lent)
            yield found + [here] * (threads - len(found))

    def _terms(self, listed: Listed, *, is_whole: bool) -> Terms:
        return Terms(
            self._shop.rules,
            self._site.taken_at,
            owned=self._shop.owned,
            ignored=self._shop.ignored,
            grace=self._run.options.grace,
            is_whole=is_whole,
            unlisted=listed.unlisted,
        )

    def _judged(self, checked: Checked, terms: Terms) -> Iterator[Finding]:
        return audit_judging.judge(
            self._scratch,
            rows=self._shop.rows,
            pages=self._shop.pages,
            heads=self._shop.heads,
            lister=self._shop.lister,
            checked=checked,
            terms=terms,
            was_seen=self._was_seen,
            told=self._told,
            clock=self._shop.clock,
            prefix=self._site.prefix,
        )

    def _exposure(self, kept: Keeping, terms: Terms) -> dict[str, int]:
        """Send strangers to the files, and return how many of those gave them what; nothing where none were sent."""
        wanted, shop = self._run.options.exposure, self._shop
        if wanted is Exposure.NONE:
            return {}
        self._meter.set(phase=Phase.EXPOSURE)
        sent = Strangers(shop.heads(), told=lambda requests, files: self._meter.add(requests=requests, asked=files))
        if wanted is Exposure.FULL:
            found = audit_exposure.every(self._spool, self._scratch, shop.rows, sent, terms)
        else:
            found = audit_exposure.sampled(self._spool, self._scratch, sent, chance=random.SystemRandom())
        kept.keep(found, Phase.EXPOSURE)
        kept.is_answered = kept.is_answered or sent.is_answered
        return sent.counts

    def _told(self, requests: int) -> None:
        self._meter.add(requests=requests)

    def _was_seen(self, row: Detail) -> bool:
        """Whether the last full run before this one found the file of a row, at the key that the row still names."""
        if self._last is None:
            return False
        key = keys.resolve(row.stored_key or "", location=self._shop.rules.location)
        return self._shop.seen.saw(self._last.run_id, row.record_id, key.encode("utf-8", "replace"))

    def _remember(self) -> None:
        """Keep for the next run which rows had their file, unless very many had none. What is in flight had none yet."""
        if self._scratch.count(RowAlone) > SEEN_BOUND:
            return
        lacking, after = set[int](), 0
        while some := self._scratch.all_of(RowAlone, after=after):
            lacking.update(each.record_id for _, each, _ in some if isinstance(each, RowAlone))
            after = some[-1][0]
        before = self._last.run_id if self._last else None
        self._shop.seen.keep(self._run.run_id, self._seen, lacking=lacking, before=before)


def _verdict(site: Site, listed: Listed, doubt: Doubt | None) -> Result:
    """Return whether everything was listed and confirmed, and what was not listed."""
    gaps = listed.unlisted
    if site.is_narrow:
        beyond = site.prefix[:-1] + bytes([site.prefix[-1] + 1])  # the first key behind all that begin with the prefix
        gaps = stretches.joined(((b"", site.prefix), *gaps, (beyond, None)))
    unlisted = tuple((text(after), None if until is None else text(until)) for after, until in gaps)
    if listed.fault is not None:
        reason = Fault.OUT_OF_ORDER if listed.fault.is_out_of_order else listed.fault.doubt
        until = text(listed.unlisted[0][0])
        return Result(Status.INCOMPLETE, str(reason), listed_until=until, unlisted=unlisted)
    if doubt is not None:
        return Result(Status.INCOMPLETE, str(doubt), unlisted=unlisted)
    return Result(Status.COMPLETE, unlisted=unlisted)
