"""How long the links of a role are, and how many an hour."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from lib import links, previews
from lib.access import LINK_LIMITS, Actor, Permission, Role, Scope
from lib.errors import LedgerFault, LedgerUnavailable
from lib.links import LinkRequest, PresignedUrl, RefusalCode, Refused
from lib.stores.memory.trail import MemoryTrail
from lib.trail import Action
from tests.conftest import NOW
from tests.core.clinic import RECORD, Bench, bench, bucket

MINUTE = LinkRequest(timedelta(minutes=1))
NORTH = Scope(frozenset({"CLN1"}))
MAKERS = [role for role in Role if LINK_LIMITS[role].per_hour]
DEV = Actor("dev", Role.DEVELOPER, frozenset({Permission.LINK, Permission.PREVIEW}))
PER_HOUR = LINK_LIMITS[Role.DEVELOPER].per_hour


def ask(where: Bench, actor: Actor = DEV, request: LinkRequest = MINUTE) -> PresignedUrl | Refused:
    return links.issue(actor, NORTH, services=where.services, record=RECORD, request=request)


def code(answer: object) -> RefusalCode | None:
    return answer.code if isinstance(answer, Refused) else None


def begun(where: Bench, count: int, *, actor: Actor = DEV, at: datetime = NOW) -> None:
    for _ in range(count):
        where.services.trail.record(actor, NORTH, Action.LINK, at=at, result="intent")


@pytest.mark.parametrize("role", MAKERS)
def test_a_role_gets_its_longest_link_and_none_a_second_longer(role: Role) -> None:
    actor = Actor("somebody", role, frozenset(Permission))
    longest = LINK_LIMITS[role].longest
    assert isinstance(ask(bench(), actor, LinkRequest(longest)), PresignedUrl)
    assert code(ask(bench(), actor, LinkRequest(longest + timedelta(seconds=1)))) is RefusalCode.TOO_LONG


@pytest.mark.parametrize("role", MAKERS)
def test_a_role_gets_its_links_of_an_hour_and_not_one_more(role: Role) -> None:
    actor = Actor("somebody", role, frozenset(Permission))
    where = bench()
    begun(where, LINK_LIMITS[role].per_hour - 1, actor=actor)
    assert code(ask(where, actor)) is None
    refused = ask(where, actor)
    assert refused == Refused(RefusalCode.LINKS_PER_HOUR, str(LINK_LIMITS[role].per_hour))
    assert where.results[-1] == "refused:LINKS_PER_HOUR"


def test_the_hour_goes_by_and_what_was_refused_in_it_does_not_count() -> None:
    instant = [NOW]
    where = bench(clock=lambda: instant[0], objects=bucket(clock=lambda: instant[0]))
    begun(where, PER_HOUR)
    assert [code(ask(where)) for _ in range(5)] == [RefusalCode.LINKS_PER_HOUR] * 5
    instant[0] += timedelta(hours=1)
    assert code(ask(where)) is RefusalCode.LINKS_PER_HOUR  # to the microsecond an hour ago
    instant[0] += timedelta(microseconds=1)
    assert code(ask(where)) is None


@pytest.mark.parametrize(
    "others",
    [
        lambda where: begun(where, PER_HOUR, actor=Actor("somebody else", Role.DEVELOPER)),
        lambda where: [previews.open_pdf(DEV, NORTH, services=where.services, record=RECORD) for _ in range(PER_HOUR)],
    ],
    ids=["another person's links", "previews"],
)
def test_only_ones_own_links_count(others: Callable[[Bench], object]) -> None:
    where = bench()
    others(where)
    assert code(ask(where)) is None


def test_many_requests_at_once_get_no_more_than_the_limit() -> None:
    where = bench()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: ask(where), range(4 * PER_HOUR)))
    assert sum(isinstance(answer, PresignedUrl) for answer in answers) == PER_HOUR
    assert {code(answer) for answer in answers} == {None, RefusalCode.LINKS_PER_HOUR}


def test_requests_that_all_passed_the_first_look_are_stopped_by_the_second() -> None:
    class Late(MemoryTrail):
        """Shows nobody's intents before one is written, as to requests at the same moment."""

        def count(self, *, before: int | None = None, **asked: object) -> int:  # type: ignore[override]
            return 0 if before is None else super().count(before=before, **asked)  # type: ignore[arg-type]

    where = bench(trail=Late())
    answers = [ask(where) for _ in range(PER_HOUR + 3)]
    assert [code(answer) for answer in answers] == [None] * PER_HOUR + [RefusalCode.LINKS_PER_HOUR] * 3
    assert where.results[-2:] == ["intent", "failed:LINKS_PER_HOUR"]
    assert where.asked("presign") == PER_HOUR


def test_a_trail_that_cannot_be_counted_means_no_link() -> None:
    class Unreadable(MemoryTrail):
        def count(self, **asked: object) -> int:  # type: ignore[override]
            raise LedgerUnavailable(LedgerFault.DOWN)

    where = bench(trail=Unreadable())
    assert ask(where) == Refused(RefusalCode.TRAIL_UNAVAILABLE, "down")
    assert where.asked("presign") == 0
