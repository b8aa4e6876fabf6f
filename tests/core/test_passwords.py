from __future__ import annotations

import time
import unicodedata

import pytest

from lib import passwords
from lib.passwords import Cost, Hasher, Match, PasswordProblem, problem
from tests.parts.accounts import CHEAP, PASSWORD


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "vier worte die keiner errät",
        "मेरा पहला लंबा पासवर्ड नदी",
        "x7Kq!mP2vLw9sRt",
        "all lower case, no digit",
        "x7Kq!mP2vLw9sRt" * 17,
    ],
)
def test_a_long_password_needs_no_special_characters(password: str) -> None:
    assert problem(password, name="Asha") is None


@pytest.mark.parametrize(
    ("password", "found"),
    [
        ("", PasswordProblem.TOO_SHORT),
        ("x7Kq!mP2vLw9sR", PasswordProblem.TOO_SHORT),
        ("passwordpassword", PasswordProblem.COMMON),
        ("password123456789", PasswordProblem.COMMON),
        ("qwertyuiopasdfgh", PasswordProblem.COMMON),
        ("aaaaaaaaaaaaaaaaaaaaaaaa", PasswordProblem.COMMON),
        ("123456789012345", PasswordProblem.COMMON),
        ("prescription dashboard", PasswordProblem.COMMON),
        ("Asha Demo-Lotus", PasswordProblem.COMMON),
        ("x" * 257, PasswordProblem.TOO_LONG),
        ("x" * 8192, PasswordProblem.TOO_LONG),
        ("good long words \ud800 here", PasswordProblem.NOT_TEXT),
    ],
)
def test_what_would_be_guessed_early_is_refused(password: str, found: PasswordProblem) -> None:
    assert problem(password, name="Asha Demo-Lotus") is found


def test_characters_are_counted_and_not_bytes() -> None:
    assert problem("ж" * 8, name="Asha") is PasswordProblem.TOO_SHORT


@pytest.mark.parametrize("password", ["x7Kq!mP2vLw9sRt" * 17, "aB1" * 85, "é" * 256, "ﷺ" * 256, "12" * 128])
def test_judging_takes_no_longer_than_a_person_waits(password: str) -> None:
    before = time.process_time()
    problem(password, name="x" * 100)
    assert time.process_time() - before < 1


def test_only_the_same_password_matches() -> None:
    hasher = Hasher(CHEAP)
    kept = hasher.hash(PASSWORD)
    assert kept.startswith("$argon2id$")
    assert hasher.hash(PASSWORD) != kept
    assert hasher.match(PASSWORD, kept) == Match(True)
    for wrong in ("", PASSWORD + " ", PASSWORD.upper(), PASSWORD + "\0", PASSWORD[:-1], "x" * 8192, "\ud800"):
        assert hasher.match(wrong, kept) == Match(False)


def test_a_password_typed_on_another_keyboard_is_the_same() -> None:
    hasher = Hasher(CHEAP)
    kept = hasher.hash(unicodedata.normalize("NFC", "vier wörter für ärzte"))
    assert hasher.match(unicodedata.normalize("NFD", "vier wörter für ärzte"), kept).is_right


@pytest.mark.parametrize("kept", [None, "", "$argon2id$", "plain text", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA", "\0"])
@pytest.mark.parametrize("typed", [PASSWORD, "", "x" * 8192, "\ud800"])
def test_without_a_hash_that_holds_nothing_matches(typed: str, kept: str | None) -> None:
    assert not Hasher(CHEAP).match(typed, kept).is_right


def test_a_hash_of_another_cost_is_outdated() -> None:
    kept = Hasher(CHEAP).hash(PASSWORD)
    dearer = Hasher(Cost(rounds=2, memory_kib=16, lanes=1))
    assert dearer.match(PASSWORD, kept) == Match(True, is_outdated=True)
    assert dearer.match("wrong", kept) == Match(False)
    assert dearer.match(PASSWORD, dearer.hash(PASSWORD)) == Match(True)


def test_the_cost_is_the_second_recommendation_of_rfc_9106() -> None:
    assert "m=65536,t=3,p=4" in Hasher().hash(PASSWORD)
    assert passwords.SHORTEST == 15
