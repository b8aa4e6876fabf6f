"""The findings of a run on their way into its book: counted, and written down while the next are judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice

from lib.audit_book import BATCH, Worked
from lib.audit_listing import Meter
from lib.audits import Phase, Run
from lib.catalogue import Code
from lib.findings import Finding, Kind
from lib.objects import Doubt

OF_ONE_KEY = frozenset({Doubt.DENIED, Doubt.IMPOSSIBLE_KEY, Doubt.OTHER})


class Keeping:
    """What was kept so far. ``is_answered``: the storage answered a HEAD, or a listing in its place."""

    def __init__(self, run: Run, book: Worked, meter: Meter, writer: ThreadPoolExecutor) -> None:
        self.kinds = Counter[Kind]()
        self.causes = Counter[Code]()
        self.is_answered = False
        self._doubt: Doubt | None = None
        self._is_denied = False
        self._run = run
        self._book = book
        self._meter = meter
        self._writer = writer

    @property
    def doubt(self) -> Doubt | None:
        """Why rows could not be confirmed, where it is the storage that answers no more, or that denied whatever it was asked.

        A policy may deny single keys: that says nothing about the others.
        """
        return Doubt.DENIED if self._doubt is None and self._is_denied and not self.is_answered else self._doubt

    def keep(self, findings: Iterator[Finding], phase: Phase) -> None:
        """Keep them all, BATCH a commit; raise what the book raises, and what judging them raises."""
        kept: Future[None] | None = None  # the disk writes one batch while the next is judged
        while some := list(islice(findings, BATCH)):
            if kept is not None:
                kept.result()
            kept = self._writer.submit(self._book.keep, self._run, some)
            self._count(some)
            self._meter.set(phase=phase)
            self._meter.add(findings=len(some))
        if kept is not None:
            kept.result()

    def _count(self, some: Sequence[Finding]) -> None:
        self.kinds.update(each.kind for each in some)
        self.causes.update(each.code for each in some if each.code is not None)
        self.is_answered = self.is_answered or any(map(_is_answer, some))
        self._is_denied = self._is_denied or Doubt.DENIED in _doubts(some)
        if self._doubt is None:
            self._doubt = next((each for each in _doubts(some) if each not in OF_ONE_KEY), None)


@contextmanager
def keeping(run: Run, book: Worked, meter: Meter) -> Iterator[Keeping]:
    """Lend an empty one, with a thread that writes."""
    with ThreadPoolExecutor(1, thread_name_prefix="findings") as writer:
        yield Keeping(run, book, meter, writer)


def _doubts(findings: Sequence[Finding]) -> Iterator[Doubt]:
    for each in findings:
        doubt = each.evidence.get("doubt")
        if each.kind is Kind.UNDETERMINED and doubt is not None:
            yield Doubt(str(doubt))


def _is_answer(finding: Finding) -> bool:
    """Whether a row has this finding only because it was confirmed what lies at its key."""
    by_kind = finding.kind in {Kind.DANGLING_REFERENCE, Kind.WRONG_CONTENT_TYPE}
    return by_kind or finding.evidence.get("is_confirmed") is True
