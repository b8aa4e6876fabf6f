"""Which of a run's files open for anyone who knows their address: a sample drawn by chance, or every one of them.

Asked only for files that exist: a 403 for another says nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import islice

from lib import audit_findings, exposure, keys, link_check
from lib.audit_findings import Terms, text
from lib.exposure import Exposure, Sample
from lib.findings import Finding
from lib.leftovers import Scratch
from lib.objects import ObjectStore, ObjectUnavailable, Presence
from lib.row_lines import key_of
from lib.row_spool import RowReader, RowSpool

SAMPLE = 50  # files
DRAWN = 200  # are tried for them, since some do not exist
BATCH = 16
AT_ONCE = 4
BUDGET = timedelta(seconds=20)  # for the HEADs of a batch


def sample(spool: RowSpool, heads: ObjectStore, *, chance: random.Random, clock: Callable[[], datetime]) -> Sample:
    """Return what strangers get for up to SAMPLE files, drawn by chance from all rows."""
    answers = list[Exposure]()
    for some in _batched(_drawn(spool, chance)):
        seen = heads.head(some, budget=BUDGET)
        present = [key for key, each in seen.items() if each.presence is Presence.PRESENT]
        answers += [answer for _, answer in _asked(present[: SAMPLE - len(answers)], heads)]
        if len(answers) >= SAMPLE or any(each.presence is Presence.UNKNOWN for each in seen.values()):
            break  # a bucket that does not answer is not asked fifty times
    return exposure.count(answers, at=clock())


def all_open(
    spool: RowSpool, scratch: Scratch, rows: RowReader, heads: ObjectStore, terms: Terms, *, told: Callable[[int], None]
) -> Iterator[Finding]:
    """Yield a finding for every file of a row, and every lone object below an owned prefix, that opens for anyone."""
    for block in spool.blocks():
        numbers = {int(line.rpartition(b"\t")[2]): text(key_of(line)) for line in block}
        gone = scratch.alone(list(numbers))
        asked = {number: key for number, key in numbers.items() if number not in gone and not keys.impossible(key)}
        found = {key for key, answer in _asked(asked.values(), heads) if answer is Exposure.OPEN}
        told(len(set(asked.values())))
        public = [number for number, key in asked.items() if key in found]
        details = rows.details(public)
        yield from (audit_findings.of_open(asked[number], details.get(number)) for number in public)
    lone = (key for key, *_ in scratch.objects() if terms.is_ours(key) and not keys.impossible(key))
    for some in _batched(lone):
        yield from (audit_findings.of_open(key) for key, answer in _asked(some, heads) if answer is Exposure.OPEN)
        told(len(some))


def _drawn(spool: RowSpool, chance: random.Random) -> list[str]:
    cuts = spool.cuts(DRAWN * 10)
    if len(cuts) < DRAWN:
        cuts = [key_of(line) for line in next(spool.blocks(), [])]
    drawn = chance.sample(cuts, min(DRAWN, len(cuts)))
    return [key for each in dict.fromkeys(drawn) if not keys.impossible(key := text(each))]


def _asked(wanted: Iterable[str], heads: ObjectStore) -> Iterator[tuple[str, Exposure]]:
    def ask(key: str) -> tuple[str, Exposure]:
        try:
            address = heads.plain_url(key)
        except ObjectUnavailable:
            return key, Exposure.UNKNOWN
        fetched = heads.fetch_as_stranger(address, first_bytes=link_check.FIRST_BYTES)
        return key, exposure.exposure(link_check.is_public(fetched))

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="stranger") as several:
        yield from several.map(ask, dict.fromkeys(wanted))


def _batched(several: Iterable[str]) -> Iterator[list[str]]:
    waiting = iter(several)
    while some := list(islice(waiting, BATCH)):
        yield some
