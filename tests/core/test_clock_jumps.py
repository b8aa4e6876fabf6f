"""The server's clock leaps ahead by hours and is put back: what is counted, ordered and ended by it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from lib.access import LINK_LIMITS, Actor, Role, Scope
from lib.links import LinkRequest, PresignedUrl, RefusalCode, Refused, issue
from lib.objects import Disposition
from lib.sign_in import link_person
from lib.throttle import AT_ADDRESS
from lib.trail import NOBODY, Action, Intact
from tests.conftest import NOW
from tests.core.clinic import RECORD, Bench, bench
from tests.parts.accounts import MemoryBench, added, invited, signed_in, tried

HOUR = timedelta(hours=1)
CHITRA = Actor("Chitra", Role.SUPPORT)
REQUEST = LinkRequest(timedelta(minutes=5), Disposition.INLINE)
JUMPS = [3 * HOUR, -3 * HOUR, 200 * HOUR, -200 * HOUR]


@pytest.fixture
def clock() -> list[datetime]:
    return [NOW]


def link(where: Bench) -> PresignedUrl | Refused:
    return issue(CHITRA, Scope(), services=where.services, record=RECORD, request=REQUEST)


@pytest.mark.parametrize("jump", JUMPS)
def test_the_trail_stays_one_chain_in_the_order_in_which_things_happened(
    clock: list[datetime], jump: timedelta
) -> None:
    where = bench(clock=lambda: clock[0])
    trail = where.services.trail
    for at in (NOW, NOW + jump, NOW + timedelta(minutes=1)):
        clock[0] = at
        trail.record(CHITRA, Scope(), Action.OPEN, at=at)
    assert isinstance(trail.verified(seen=lambda events: events), Intact)
    assert [event.at for event in trail.newest(limit=3)] == [NOW + timedelta(minutes=1), NOW + jump, NOW]


def test_a_clock_that_is_put_back_gives_nobody_more_links_than_the_limit(clock: list[datetime]) -> None:
    where = bench(clock=lambda: clock[0])
    for _ in range(LINK_LIMITS[Role.SUPPORT].per_hour):
        where.services.trail.intent(CHITRA, Scope(), Action.LINK, at=clock[0], subject=NOBODY)
    for back in (timedelta(), HOUR, 5 * HOUR):
        clock[0] = NOW - back
        refused = link(where)
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.LINKS_PER_HOUR


def test_a_session_of_before_is_neither_lost_by_a_leap_that_is_put_right_nor_made_longer_by_it() -> None:
    house = MemoryBench()
    added(house.accounts)
    opened = signed_in(house.accounts)

    def living(after: timedelta) -> bool:
        return house.accounts.sessions.live(opened.token, at=NOW + after, is_use=False) is not None

    assert [living(after) for after in (timedelta(), 3 * HOUR, timedelta(minutes=1))] == [True, False, True]
    assert house.accounts.sessions.live(opened.token, at=NOW + timedelta(minutes=59)) is not None  # a use, far ahead
    assert [living(after) for after in (timedelta(minutes=10), 12 * HOUR)] == [True, False]


@pytest.mark.parametrize("jump", JUMPS)
def test_the_right_password_gets_in_within_the_longest_wait_after_a_jump(jump: timedelta) -> None:
    house = MemoryBench()
    added(house.accounts)
    for _ in range(6):
        tried(house.accounts, password="not the password at all", after=jump)
    tried(house.accounts, after=timedelta(minutes=1))  # may have to wait
    assert signed_in(house.accounts, after=timedelta(minutes=1) + AT_ADDRESS.longest).person.name == "Asha"


def test_a_set_password_link_does_not_live_longer_than_its_day_ahead() -> None:
    house = MemoryBench()
    made = invited(house.accounts, "Gita", Role.SUPPORT)
    assert link_person(house.accounts, made.token, at=NOW + 25 * HOUR) is None
    assert link_person(house.accounts, made.token, at=NOW - 3 * HOUR) is not None
