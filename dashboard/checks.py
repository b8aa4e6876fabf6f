"""Asking the bucket without holding up the page: a check runs in a thread, the page polls it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from datetime import timedelta

from lib import objects
from lib.objects import Observation
from lib.services import Services

BUDGET = timedelta(seconds=10)  # for one page of rows
FIRST_LOOK_S = 0.25  # a warm bucket answers within this, and then no "Checking…" is drawn

_pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="check")


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
