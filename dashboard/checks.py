"""Asking without holding up the page: checks and counts run in threads, the page looks whether they are done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from datetime import timedelta

from lib import explanation, objects, search, strangers
from lib.access import Actor, Scope
from lib.errors import DatabaseUnavailable
from lib.explanation import Explanation
from lib.objects import Observation
from lib.readings import Reading
from lib.records import Filters, Record, Total
from lib.refusals import Refused
from lib.services import Services

BUDGET = timedelta(seconds=10)  # for one page of rows
FIRST_LOOK_S = 0.25  # a warm bucket answers within this, and then no "Checking…" is drawn

COUNT_LOOK_S = 0.1

_pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="check")
_samplers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sample")  # a minute's work must not crowd out checks


@dataclass(frozen=True, slots=True)
class Check:
    """One round of questions about some keys, under way or done."""

    keys: tuple[str, ...]
    future: Future[Mapping[str, Observation]]

    def result(self, *, wait_s: float = 0.0) -> Mapping[str, Observation] | None:
        """Return the observations, or None while they are under way."""
        try:
            return self.future.result(timeout=wait_s)
        except NotYet:
            return None


def start(keys: Sequence[str], *, services: Services) -> Check:
    """Begin to check these keys."""
    wanted = tuple(dict.fromkeys(keys))
    future = _pool.submit(
        objects.check,
        wanted,
        store=services.objects,
        cache=services.presence,
        now=services.clock(),
        budget=BUDGET,
    )
    return Check(wanted, future)


@dataclass(frozen=True, slots=True)
class Diagnosing:
    """The search for one record's file, under way or done."""

    record: Record
    future: Future[Explanation | Refused]

    def result(self, *, wait_s: float = 0.0) -> Explanation | Refused | None:
        """Return what was learnt, or None while it is under way; raise DatabaseUnavailable."""
        try:
            return self.future.result(timeout=wait_s)
        except NotYet:
            return None


def diagnose(actor: Actor, scope: Scope, *, services: Services, record: Record) -> Diagnosing:
    """Begin to look for the file of a record."""
    future = _pool.submit(explanation.explain, actor, scope, services=services, record=record)
    return Diagnosing(record, future)


def sample(actor: Actor, scope: Scope, *, services: Services, again: bool) -> Future[bool]:
    """Begin to ask as a stranger for a sample of files, unless that was done a short while ago."""
    return _samplers.submit(strangers.refresh, actor, scope, services=services, again=again)


def count(
    actor: Actor, scope: Scope, *, services: Services, reading: Reading, filters: Filters
) -> Future[Total | None]:
    """Begin to count what matches; the page does not wait for it."""
    return _pool.submit(search.total, actor, scope, services=services, reading=reading, filters=filters)


def ready(total: Future[Total | None]) -> Total | None:
    """Return the count if it has come (waiting a moment), else None. A count that failed is no count."""
    try:
        return total.result(timeout=COUNT_LOOK_S)
    except (NotYet, DatabaseUnavailable):
        return None
