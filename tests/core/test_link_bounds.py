"""How long a link may live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.link_bounds import MAX_EXPIRY, Policy, effective, parse_duration, presets, written
from lib.refusals import RefusalCode, Refused

NOW = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("15m", 15 * MINUTE),
        ("1h", HOUR),
        ("2d", 2 * DAY),
        ("7d", 7 * DAY),
        ("90s", timedelta(seconds=90)),
        ("1h30m", 90 * MINUTE),
        ("1d2h3m4s", DAY + 2 * HOUR + 3 * MINUTE + timedelta(seconds=4)),
        ("1h0m", HOUR),
        ("24h", DAY),
        (" 1h ", HOUR),
        ("1 h 30 m", 90 * MINUTE),
        ("1H", HOUR),
        ("2D", 2 * DAY),
        ("007d", 7 * DAY),
        ("604800s", 7 * DAY),
        ("100000000s", timedelta(seconds=100_000_000)),
        ("999999999d24h", timedelta.max),
    ],
)
def test_a_duration_is_read(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "0s",
        "0d0h",
        "-1h",
        "+1h",
        "1.5h",
        "1,5h",
        "1e3s",
        "60",
        "h",
        "1w",
        "1y",
        "1ms",
        "1hour",
        "1 hour",
        "1m1h",
        "1h1h",
        "1h-30m",
        "1h,30m",
        "1h\n30m",
        "1h\0",
        "١h",
        "1ｈ",
        "½h",
        "inf",
        "nan",
        "P1D",
        "1:30",
        "9" * 10 + "s",
        "9" * 5000 + "d",
        "1h" + " " * 5000 + "x",
    ],
)
def test_anything_else_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


@given(st.text())
def test_no_text_raises_and_no_duration_is_below_a_second(text: str) -> None:
    duration = parse_duration(text)
    assert duration is None or duration >= timedelta(seconds=1)


@given(st.integers(1, 604_800))
def test_what_is_written_is_read_back(seconds: int) -> None:
    assert parse_duration(written(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize("asked", [timedelta(seconds=1), HOUR, 7 * DAY])
def test_within_the_bounds_a_link_lives_as_long_as_asked(asked: timedelta) -> None:
    assert effective(asked, policy=Policy(), now=NOW) == asked


@pytest.mark.parametrize("asked", [timedelta(0), timedelta(seconds=-5), timedelta(milliseconds=999), timedelta.min])
def test_less_than_a_second_is_refused(asked: timedelta) -> None:
    refused = effective(asked, policy=Policy(), now=NOW)
    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.TOO_SHORT


@pytest.mark.parametrize("asked", [7 * DAY + timedelta(seconds=1), timedelta(seconds=100_000_000), timedelta.max])
def test_more_than_seven_days_is_refused_with_form_and_bounds(asked: timedelta) -> None:
    refused = effective(asked, policy=Policy(), now=NOW)
    assert refused == Refused(RefusalCode.TOO_LONG, "From 1s to 7d, written like 15m, 1h, 2d or 90s.")


def test_the_clinics_own_maximum_counts() -> None:
    refused = effective(2 * DAY, policy=Policy(max_expiry=DAY), now=NOW)
    assert refused == Refused(RefusalCode.TOO_LONG, "From 1s to 1d, written like 15m, 1h, 2d or 90s.")


def test_no_setting_lifts_the_bound_of_the_signature() -> None:
    refused = effective(8 * DAY, policy=Policy(max_expiry=30 * DAY), now=NOW)
    assert isinstance(refused, Refused)
    assert refused.code is RefusalCode.TOO_LONG


def test_a_fraction_of_a_second_is_dropped() -> None:
    assert effective(timedelta(seconds=1.9), policy=Policy(), now=NOW) == timedelta(seconds=1)


def test_a_link_dies_with_credentials_of_known_end() -> None:
    policy = Policy(has_session_token=True, credentials_expire_at=NOW + timedelta(minutes=40, milliseconds=700))
    assert effective(7 * DAY, policy=policy, now=NOW) == 40 * MINUTE
    assert effective(15 * MINUTE, policy=policy, now=NOW) == 15 * MINUTE
    assert not policy.may_end_sooner


@pytest.mark.parametrize("left", [timedelta(milliseconds=999), timedelta(0), -DAY])
def test_dead_credentials_refuse(left: timedelta) -> None:
    policy = Policy(has_session_token=True, credentials_expire_at=NOW + left)
    assert effective(HOUR, policy=policy, now=NOW) == Refused(RefusalCode.CREDENTIALS_EXPIRED)


def test_a_session_token_of_unknown_end_caps_at_an_hour() -> None:
    policy = Policy(has_session_token=True)
    assert effective(7 * DAY, policy=policy, now=NOW) == HOUR
    assert effective(15 * MINUTE, policy=policy, now=NOW) == 15 * MINUTE
    assert policy.may_end_sooner


def test_the_presets_are_the_five_usual_ones() -> None:
    assert presets(Policy()) == (15 * MINUTE, HOUR, DAY, 3 * DAY, 7 * DAY)


def test_the_default_of_the_clinic_is_among_the_presets() -> None:
    assert presets(Policy(default_expiry=timedelta(hours=2))) == (15 * MINUTE, 2 * HOUR, DAY, 3 * DAY, 7 * DAY)


def test_no_preset_is_longer_than_the_maximum() -> None:
    assert presets(Policy(max_expiry=DAY)) == (15 * MINUTE, HOUR, DAY)


def test_with_a_session_token_of_unknown_end_no_preset_is_longer_than_an_hour() -> None:
    assert presets(Policy(has_session_token=True)) == (15 * MINUTE, HOUR)


def test_there_is_a_preset_even_under_a_tiny_maximum() -> None:
    assert presets(Policy(max_expiry=MINUTE)) == (MINUTE,)


@given(
    asked=st.timedeltas(min_value=timedelta(seconds=-10), max_value=timedelta(days=30)),
    left=st.none() | st.timedeltas(min_value=timedelta(days=-1), max_value=timedelta(days=30)),
    longest=st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=30)),
    has_token=st.booleans(),
)
def test_no_link_lives_longer_than_anything_allows(
    asked: timedelta, left: timedelta | None, longest: timedelta, has_token: bool
) -> None:
    policy = Policy(HOUR, longest, has_token, None if left is None else NOW + left)
    lives = effective(asked, policy=policy, now=NOW)
    if isinstance(lives, Refused):
        return
    assert timedelta(seconds=1) <= lives <= min(asked, longest, MAX_EXPIRY)
    assert lives.microseconds == 0
    assert left is None or lives <= left
    assert not policy.may_end_sooner or lives <= HOUR
