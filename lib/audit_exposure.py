"""Which of a run's files open for anyone who knows their address: a sample drawn by chance, or every one of them.

Asked only for files that exist: a 403 for another says nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice
from threading import Lock

from lib import audit_findings, exposure, keys, link_check
from lib.audit_terms import Terms, text
from lib.exposure import UNASKED, Exposure
from lib.findings import Finding
from lib.leftovers import Scratch
from lib.objects import ObjectStore, ObjectUnavailable, Presence
from lib.reconcile import RowAlone
from lib.row_lines import key_of
from lib.row_spool import RowReader, RowSpool

SAMPLE = 50  # files
DRAWN = 200  # are tried for them, since some do not exist
BATCH = 16  # of a sample
PIECE = 64  # of all
AT_ONCE = 4
BUDGET = timedelta(seconds=20)  # for the HEADs of a batch
SILENT = 100  # files in a row without an answer: then no more are asked for
AGAIN = 4_000  # rows and lone files that are remembered, to be asked for once more


class Strangers:
    """Strangers who are sent to files, and how many of the files gave them what.

    ``told`` is called after each file with the requests that it took, and 1; 0 for one that was asked for before.
    After SILENT files in a row without an answer nobody is sent any more: the rest is counted as unasked.
    """

    def __init__(self, heads: ObjectStore, *, told: Callable[[int, int], None]) -> None:
        self.heads = heads
        self.told = told
        self.is_answered = False  # storage said to its owner of any file whether it is there
        self._counts = dict.fromkeys((*map(str, Exposure), UNASKED), 0)
        self._heard: frozenset[str] = frozenset()  # files that gave no answer, and are asked for once more
        self._silent = 0  # the last so many
        self._lock = Lock()

    @property
    def counts(self) -> dict[str, int]:
        """How many files are ``open``, ``closed``, ``unknown`` and ``unasked``."""
        return dict(self._counts)

    def ask(self, wanted: Iterable[str]) -> dict[str, Exposure | None]:
        """Return what each file of a few gave, None where nobody was sent, and count it."""
        asked = list(dict.fromkeys(wanted))
        answers: dict[str, Exposure | None] = dict.fromkeys(asked)
        if self._silent < SILENT:
            with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="stranger") as several:
                answers = dict(zip(asked, several.map(self._ask, asked), strict=True))
        for key, answer in answers.items():
            self._counts[answer or (Exposure.UNKNOWN if key in self._heard else UNASKED)] += 1
        return answers

    def silent(self, files: int) -> None:
        """Count files that gave no answer without a stranger being sent."""
        self._counts[Exposure.UNKNOWN] += files

    def once_more(self, unknown: Iterable[str], *, unasked: int) -> None:
        """Take back that files gave no answer, or were not asked for: they are now, also where nobody answered before."""
        self._heard = frozenset(unknown)
        self._counts[Exposure.UNKNOWN] -= len(self._heard)
        self._counts[UNASKED] -= unasked
        self._silent = 0

    def _ask(self, key: str) -> Exposure | None:
        if self._silent >= SILENT:
            return None
        try:
            address = self.heads.plain_url(key)
        except ObjectUnavailable:
            return None
        fetched, requests = self.heads.fetch_as_stranger(address, first_bytes=link_check.FIRST_BYTES), 1
        is_public = link_check.is_public(fetched, None)
        if is_public is None and fetched.status in {200, 206, 416}:  # no PDF, or a page of somebody else's
            is_public = link_check.is_public(fetched, self.heads.head([key], budget=BUDGET)[key])
            requests += 1
        self.told(requests, key not in self._heard)
        answer = exposure.exposure(is_public)
        with self._lock:
            is_silent = answer is Exposure.UNKNOWN and not link_check.is_archived(fetched)
            self._silent = self._silent + 1 if is_silent else 0
        return answer


def sampled(spool: RowSpool, scratch: Scratch, strangers: Strangers, *, chance: random.Random) -> Iterator[Finding]:
    """Send strangers to up to SAMPLE files, drawn by chance from all rows; yield at most one finding, of the bucket.

    A file for which storage does not even answer its owner gave no answer, and where it answers for none of a batch, no
    more are drawn. Where no row has a file, nothing is asked.
    """
    if spool.rows > scratch.count(RowAlone):
        _sample(spool, strangers, chance)
    yield from audit_findings.of_strangers(strangers.counts, is_all=False)


def every(spool: RowSpool, scratch: Scratch, rows: RowReader, strangers: Strangers, terms: Terms) -> Iterator[Finding]:
    """Send strangers to every file of a row, and to every lone object below an owned prefix.

    1. Yield a finding for each that opens.
    2. What gave no answer is asked for once more at the end, as far as it is remembered: AGAIN of them. Where SILENT in a
       row gave none, the rest is not asked for; the second round asks for that too, until SILENT give none once more.
    3. If any remain without an answer, yield one finding of the bucket.
    """
    waiting = _Waiting()
    for files in _files(spool, scratch, terms):
        yield from _open(files, rows, strangers, waiting)
    lone = (key for key, *_ in scratch.objects() if terms.is_ours(key) and not keys.impossible(key))
    for some in _batched(lone, PIECE):
        yield from _open(dict.fromkeys(some, ()), rows, strangers, waiting)
    again, nobody = waiting.files, _Waiting()
    strangers.once_more(waiting.heard, unasked=len(again) - len(waiting.heard))
    for some in _batched(again, PIECE):
        yield from _open({key: again[key] for key in some}, rows, strangers, nobody)
    yield from audit_findings.of_strangers(strangers.counts, is_all=True)


class _Waiting:
    """Files that gave no answer, each with its rows: AGAIN rows and lone files at most. Those in ``heard`` were asked for."""

    def __init__(self) -> None:
        self.files: dict[str, Sequence[int]] = {}
        self.heard: set[str] = set()
        self._room = AGAIN

    def add(self, key: str, numbers: Sequence[int], *, was_asked: bool) -> None:
        """Remember one, if there is room."""
        size = max(1, len(numbers))
        if size <= self._room and key not in self.files:
            self.files[key] = numbers
            self._room -= size
            self.heard.update([key] if was_asked else [])


def _open(
    files: Mapping[str, Sequence[int]], rows: RowReader, strangers: Strangers, waiting: _Waiting
) -> Iterator[Finding]:
    """Yield a finding for each of a few files that opens, or for each of its rows."""
    answers = strangers.ask(files)
    for key, answer in answers.items():
        if answer in {None, Exposure.UNKNOWN}:
            waiting.add(key, files[key], was_asked=answer is not None)
    opened = [key for key, answer in answers.items() if answer is Exposure.OPEN]
    public = [number for key in opened for number in files[key]]
    details = rows.details(public) if public else {}
    for key in opened:
        if not files[key]:
            yield audit_findings.of_open(key)
        yield from (audit_findings.of_open(key, details.get(number)) for number in files[key])


def _files(spool: RowSpool, scratch: Scratch, terms: Terms) -> Iterator[Mapping[str, Sequence[int]]]:
    """Yield the files that rows have, a few at a time, each with its rows."""
    for block in spool.blocks():
        numbers = {int(line.rpartition(b"\t")[2]): text(key_of(line)) for line in block}
        gone = scratch.alone(list(numbers))
        found: dict[str, list[int]] = {}
        for number, key in numbers.items():
            if number not in gone and not keys.impossible(key) and terms.is_listed(key):
                found.setdefault(key, []).append(number)
        for some in _batched(found, PIECE):
            yield {key: found[key] for key in some}


def _sample(spool: RowSpool, strangers: Strangers, chance: random.Random) -> None:
    left = SAMPLE
    for some in _batched(_drawn(spool, chance), BATCH):
        seen = strangers.heads.head(some, budget=BUDGET)
        strangers.told(len(some), 0)
        present = [key for key, each in seen.items() if each.presence is Presence.PRESENT][:left]
        silent = min(sum(each.presence is Presence.UNKNOWN for each in seen.values()), left - len(present))
        strangers.is_answered = strangers.is_answered or any(
            each.presence is not Presence.UNKNOWN for each in seen.values()
        )
        strangers.ask(present)
        strangers.silent(silent)
        left -= len(present) + silent
        if not left or silent == len(some):
            return


def _drawn(spool: RowSpool, chance: random.Random) -> list[str]:
    cuts = spool.cuts(DRAWN * 10)
    if len(cuts) < DRAWN:
        cuts = [key_of(line) for line in next(spool.blocks(), [])]
    drawn = chance.sample(cuts, min(DRAWN, len(cuts)))
    return [key for each in dict.fromkeys(drawn) if not keys.impossible(key := text(each))]


def _batched(several: Iterable[str], most: int) -> Iterator[list[str]]:
    waiting = iter(several)
    while some := list(islice(waiting, most)):
        yield some
