"""What is remembered about the bucket, for how long, and what is asked anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from lib import objects
from lib.objects import Disposition, Doubt, Fetched, Observation, Presence, PresenceCache

AT = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)
BUDGET = timedelta(seconds=10)
SECOND = timedelta(seconds=1)


def seen(key: str, presence: Presence = Presence.PRESENT, *, at: datetime = AT) -> Observation:
    return Observation(key, presence, at, doubt=Doubt.DENIED if presence is Presence.UNKNOWN else None)


class Bucket:
    """Answers HEAD from a table and remembers what it was asked."""

    def __init__(self, **answers: Presence) -> None:
        self.answers = answers
        self.asked: list[tuple[list[str], timedelta]] = []

    def head(self, keys: Sequence[str], *, budget: timedelta) -> Mapping[str, Observation]:
        self.asked.append((list(keys), budget))
        return {key: seen(key, self.answers[key]) for key in keys}

    def read(self, key: str, *, limit_bytes: int) -> bytes:
        raise AssertionError(key)

    def presign(self, key: str, *, expires: timedelta, filename: str, disposition: Disposition) -> str:
        raise AssertionError(key)

    def plain_url(self, key: str) -> str:
        raise AssertionError(key)

    def fetch_as_stranger(self, url: str, *, first_bytes: int) -> Fetched:
        raise AssertionError(url)


@pytest.mark.parametrize("presence", [Presence.PRESENT, Presence.ABSENT])
def test_present_and_absent_are_kept_until_their_time_is_over(presence: Presence) -> None:
    cache = PresenceCache(ttl=timedelta(seconds=45))
    cache.put(seen("a", presence))
    assert cache.get("a", now=AT) == seen("a", presence)
    assert cache.get("a", now=AT + 44 * SECOND) == seen("a", presence)
    assert cache.get("a", now=AT + 45 * SECOND) is None
    assert cache.get("a", now=AT) is None


def test_unknown_is_never_kept() -> None:
    cache = PresenceCache()
    cache.put(seen("a", Presence.UNKNOWN))
    assert cache.get("a", now=AT) is None


def test_an_observation_from_the_future_is_not_trusted() -> None:
    cache = PresenceCache()
    cache.put(seen("a", at=AT + SECOND))
    assert cache.get("a", now=AT) is None


def test_a_slow_check_that_ends_late_does_not_replace_a_newer_one() -> None:
    cache = PresenceCache()
    cache.put(seen("a", Presence.PRESENT, at=AT))
    cache.put(seen("a", Presence.ABSENT, at=AT - SECOND))
    assert cache.get("a", now=AT) == seen("a", Presence.PRESENT)


def test_the_least_recently_used_key_makes_room() -> None:
    cache = PresenceCache(max_keys=2)
    cache.put(seen("a"))
    cache.put(seen("b"))
    cache.get("a", now=AT)
    cache.put(seen("c"))
    assert [key for key in "abc" if cache.get(key, now=AT)] == ["a", "c"]


def test_a_forgotten_key_is_asked_again() -> None:
    cache = PresenceCache()
    cache.put(seen("a"))
    cache.put(seen("b"))
    cache.forget(["a", "never seen"])
    assert cache.get("a", now=AT) is None
    assert cache.get("b", now=AT) is not None


def test_many_threads_leave_the_cache_whole() -> None:
    cache = PresenceCache(max_keys=50)

    def work(number: int) -> None:
        for step in range(300):
            key = str((number * 7 + step) % 80)
            cache.put(seen(key))
            kept = cache.get(key, now=AT)
            assert kept is None or kept.key == key
            cache.forget([str(step % 80)])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert sum(cache.get(str(key), now=AT) is not None for key in range(80)) <= 50


def test_only_what_is_not_kept_is_asked_in_one_call() -> None:
    bucket = Bucket(b=Presence.ABSENT, c=Presence.UNKNOWN)
    cache = PresenceCache()
    cache.put(seen("a"))
    answers = objects.check(["c", "a", "b", "a", "c"], store=bucket, cache=cache, now=AT, budget=BUDGET)
    assert {key: answer.presence for key, answer in answers.items()} == {
        "c": Presence.UNKNOWN,
        "a": Presence.PRESENT,
        "b": Presence.ABSENT,
    }
    assert bucket.asked == [(["c", "b"], BUDGET)]
    objects.check(["a", "b", "c"], store=bucket, cache=cache, now=AT, budget=BUDGET)
    assert bucket.asked[1:] == [(["c"], BUDGET)]


def test_nothing_is_asked_for_no_keys_or_when_all_are_kept() -> None:
    bucket = Bucket()
    cache = PresenceCache()
    cache.put(seen("a"))
    assert objects.check([], store=bucket, cache=cache, now=AT, budget=BUDGET) == {}
    assert objects.check(["a"], store=bucket, cache=cache, now=AT, budget=BUDGET) == {"a": seen("a")}
    assert bucket.asked == []
