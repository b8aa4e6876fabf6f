from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.stores.memory.people import MemoryThrottle
from lib.throttle import ADDRESS, AT_ADDRESS, DEVICE, Count, Limit, Throttle, network, taken
from tests.conftest import NOW

SECOND = timedelta(seconds=1)
HOME, AWAY = "203.0.113.9", "198.51.100.7"


def throttle(store: MemoryThrottle | None = None) -> Throttle:
    return Throttle(store or MemoryThrottle(), secret=b"secret")


def failures(
    guard: Throttle, count: int, *, name: str = "asha", address: str = AWAY, device: str | None = None
) -> None:
    """Fail so often, each time as soon as it is heard."""
    at = NOW
    for _ in range(count):
        wait = guard.take(name, address=address, device=device, at=at)
        while wait:
            at += wait
            wait = guard.take(name, address=address, device=device, at=at)


def test_the_waits_double_up_to_minutes() -> None:
    waits = [AT_ADDRESS.wait(failures) // SECOND for failures in range(1, 20)]
    assert waits[:10] == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32]
    assert set(waits[14:]) == {300}
    assert ADDRESS.wait(10**9) == DEVICE.wait(10**9) == timedelta(minutes=1)


def test_five_attempts_are_free_and_the_sixth_waits() -> None:
    guard = throttle()
    waits = [guard.take("asha", address=HOME, device=None, at=NOW) for _ in range(7)]
    assert waits == [timedelta()] * 5 + [SECOND, SECOND]
    assert guard.take("asha", address=HOME, device=None, at=NOW + SECOND) == timedelta()
    assert guard.take("asha", address=HOME, device=None, at=NOW + SECOND) == 2 * SECOND


def test_a_stranger_elsewhere_keeps_nobody_out() -> None:
    guard = throttle()
    failures(guard, 200)
    assert guard.take("asha", address=HOME, device=None, at=NOW) == timedelta()


def test_a_stranger_at_the_same_address_keeps_no_known_browser_out() -> None:
    guard = throttle()
    failures(guard, 200, address=HOME)
    device = guard.new_device("asha")
    assert guard.take("asha", address=HOME, device=None, at=NOW) > timedelta()
    assert guard.take("asha", address=HOME, device=device, at=NOW) == timedelta()


def test_a_known_browser_is_known_for_its_account_alone_and_waits_too() -> None:
    guard = throttle()
    device = guard.new_device("asha")
    assert guard.is_known(device, "asha")
    other = ("y" if device[0] == "x" else "x") + device[1:]
    for forged in (device[:-1], device + "0", other, "", "x" * 8192, "\ud800", "ключ"):
        assert not guard.is_known(forged, "asha")
    assert not guard.is_known(device, "bilal")
    assert not Throttle(MemoryThrottle(), secret=b"another").is_known(device, "asha")
    failures(guard, 5, device=device)
    assert guard.take("asha", address=AWAY, device=device, at=NOW) == SECOND


def test_a_name_more_does_not_help_at_one_address() -> None:
    guard = throttle()
    waits = [guard.take(f"name {number}", address=AWAY, device=None, at=NOW) for number in range(60)]
    assert waits == [timedelta()] * 50 + [SECOND] * 10
    assert guard.take("asha", address=HOME, device=None, at=NOW) == timedelta()


def test_an_account_of_ones_own_does_not_reset_the_address() -> None:
    guard = throttle()
    for number in range(49):
        guard.take(f"name {number}", address=AWAY, device=None, at=NOW)
    guard.take("own", address=AWAY, device=None, at=NOW)
    guard.succeeded("own", address=AWAY, device=None)
    assert guard.take("name 49", address=AWAY, device=None, at=NOW) == timedelta()
    assert guard.take("name 50", address=AWAY, device=None, at=NOW) == SECOND


def test_success_forgets_the_failures_of_that_account_there() -> None:
    guard = throttle()
    for _ in range(5):
        guard.take("asha", address=HOME, device=None, at=NOW)
    guard.succeeded("asha", address=HOME, device=None)
    assert [guard.take("asha", address=HOME, device=None, at=NOW) for _ in range(5)] == [timedelta()] * 5


def test_a_whole_ipv6_network_is_one_address() -> None:
    guard = throttle()
    for number in range(5):
        guard.take("asha", address=f"2001:db8:1:2::{number}", device=None, at=NOW)
    assert guard.take("asha", address="2001:db8:1:2:ffff::1", device=None, at=NOW) == SECOND
    assert guard.take("asha", address="2001:db8:1:3::1", device=None, at=NOW) == timedelta()


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(hours=-1), timedelta(seconds=-1)])
def test_a_clock_that_is_set_back_makes_nobody_wait_longer_than_the_bound(jump: timedelta) -> None:
    guard = throttle()
    failures(guard, 12)  # about two minutes of waiting
    wait = guard.take("asha", address=AWAY, device=None, at=NOW + jump)
    assert timedelta() < wait <= AT_ADDRESS.longest
    assert guard.take("asha", address=AWAY, device=None, at=NOW + jump + wait) == timedelta()


def test_a_clock_that_leaps_ahead_lets_one_attempt_through_and_no_flood() -> None:
    guard = throttle()
    failures(guard, 12)
    ahead = NOW + timedelta(hours=5)
    assert guard.take("asha", address=AWAY, device=None, at=ahead) == timedelta()
    assert guard.take("asha", address=AWAY, device=None, at=ahead) > timedelta(minutes=1)


def test_failures_are_forgotten_after_a_day_and_take_no_room() -> None:
    store = MemoryThrottle()
    guard = throttle(store)
    failures(guard, 12)
    guard.take("bilal", address=HOME, device=None, at=NOW + timedelta(days=2))
    assert len(store.counts) == 2


def test_names_and_addresses_are_kept_only_as_keyed_hashes() -> None:
    store = MemoryThrottle()
    failures(throttle(store), 2, name="my secret", address=HOME)
    assert all(len(key) == 64 for key in store.counts)
    other = MemoryThrottle()
    failures(Throttle(other, secret=b"another"), 2, name="my secret", address=HOME)
    assert store.counts.keys().isdisjoint(other.counts)


@pytest.mark.parametrize(
    "address", ["", "x" * 8192, "\0", "\ud800", "1.2.3.4, 5.6.7.8", "::1%" + "z" * 60, "999.1.1.1"]
)
def test_an_address_that_is_none_is_counted_all_the_same(address: str) -> None:
    assert len(network(address)) <= 64
    guard = throttle()
    waits = [guard.take("asha", address=address, device=None, at=NOW) for _ in range(6)]
    assert waits[-1] == SECOND


@given(st.integers(0, 10**6), st.integers(-(10**7), 10**7), st.integers(0, 10))
def test_no_wait_is_ever_longer_than_the_bound(failed: int, ago_s: int, free: int) -> None:
    limit = Limit(free, timedelta(minutes=5))
    counts = {"key": Count(failed, NOW - timedelta(seconds=ago_s))}
    wait, after = taken(counts, {"key": limit}, at=NOW)
    assert timedelta() <= wait <= limit.longest
    assert all(count.last_at <= NOW for count in after.values())
