"""Getting in: what is right, what is said where it is not, and that nothing tells a wrong name from a wrong password."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from lib import accounts as use
from lib import sign_in
from lib.access import Role
from lib.errors import LedgerFault, LedgerUnavailable, NotAllowed
from lib.passwords import Cost, Hasher, PasswordProblem
from lib.people import Account
from lib.sessions import lives, new_token, token_hash
from lib.sign_in import Attempt, Denial, Denied, SignedIn
from lib.throttle import Throttle
from tests.conftest import NOW
from tests.parts.accounts import HOME, LIFETIMES, OPERATOR, PASSWORD, MemoryBench, added, invited, signed_in, tried

AWAY = "198.51.100.7"
WRONG = Denied(Denial.WRONG)
OTHER = "another four words entirely"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def bench() -> MemoryBench:
    made = MemoryBench()
    added(made.accounts)
    return made


def test_the_right_name_and_password_get_in_however_the_name_is_typed(bench: MemoryBench) -> None:
    for name in ("Asha", "asha", " ASHA ", "Ａｓｈａ"):
        done = tried(bench.accounts, name)
        assert isinstance(done, SignedIn)
        assert done.opened.person.name == "Asha"


def test_every_sign_in_has_a_new_token_of_256_bits_and_only_its_hash_is_kept(bench: MemoryBench) -> None:
    tokens = {signed_in(bench.accounts).token for _ in range(20)}
    assert len(tokens) == 20
    opened = signed_in(bench.accounts)
    assert len(opened.token) == 43
    assert opened.session.id_hash == token_hash(opened.token)
    assert opened.token not in repr(opened)


def test_the_trail_says_which_session_a_sign_in_opened(bench: MemoryBench) -> None:
    opened = signed_in(bench.accounts)
    assert [each.session_hash for each in list(bench.trail.events())[-2:]] == [None, opened.session.id_hash]


def test_a_session_begins_with_what_the_server_made_and_never_with_what_the_browser_brought(bench: MemoryBench) -> None:
    planted = new_token()
    assert isinstance(tried(bench.accounts, device=planted), SignedIn)
    assert bench.accounts.sessions.live(planted, at=NOW) is None


@pytest.mark.parametrize("who", ["unknown", "wrong", "disabled", "no password"])
def test_whatever_is_not_right_has_one_answer(bench: MemoryBench, who: str) -> None:
    person = added(bench.accounts, "Dev", Role.DEVELOPER)
    invited(bench.accounts, "Chitra", Role.SUPPORT)
    use.disable(OPERATOR, bench.accounts, person.person_id, at=NOW)
    bench.trail.rows.clear()
    name, password = {
        "unknown": ("Nobody Here", PASSWORD),
        "wrong": ("Asha", PASSWORD + "!"),
        "disabled": ("Dev", PASSWORD),
        "no password": ("Chitra", ""),
    }[who]
    assert tried(bench.accounts, name, password) == WRONG
    assert [(row.action, row.result) for row in bench.trail.rows] == [("sign_in_failed", "refused:wrong")]


def test_an_unknown_name_takes_as_long_as_a_wrong_password() -> None:
    bench = MemoryBench(cost=Cost(rounds=2, memory_kib=8192, lanes=1))
    added(bench.accounts, "Asha")
    person = added(bench.accounts, "Dev", Role.DEVELOPER)
    use.disable(OPERATOR, bench.accounts, person.person_id, at=NOW)
    invited(bench.accounts, "Chitra", Role.SUPPORT)
    attempts = {
        "wrong": ("Asha", "wrong words all along"),
        "unknown": ("Nobody Here", "wrong words all along"),
        "disabled": ("Dev", PASSWORD),
        "no password": ("Chitra", "wrong words all along"),
        "hostile": ("\ud800\0" * 4096, "wrong words all along"),
        "8 KB": ("Asha", "x" * 8192),
    }
    took: dict[str, list[float]] = {kind: [] for kind in attempts}
    for number in range(12):  # interleaved, so that a busy machine is busy for all of them
        for kind, (name, password) in attempts.items():
            attempt = Attempt(name, password, f"10.0.{number}.{len(took)}")
            before = time.process_time()
            assert sign_in.sign_in(bench.accounts, attempt, at=NOW) == WRONG
            took[kind].append(time.process_time() - before)
        bench.throttle.counts.clear()
    # The lower quartile: what the work takes when nothing else gets in between.
    usual = {kind: statistics.quantiles(times, n=4)[0] for kind, times in took.items()}
    assert usual["wrong"] > 0.002, "too cheap to tell"
    for kind, typical in usual.items():
        assert typical == pytest.approx(usual["wrong"], rel=0.25), (kind, usual)


def test_after_too_many_failures_even_the_right_password_waits_and_then_gets_in(bench: MemoryBench) -> None:
    for _ in range(5):
        assert tried(bench.accounts, password="wrong") == WRONG
    assert tried(bench.accounts) == Denied(Denial.WAIT, timedelta(seconds=1))
    assert isinstance(tried(bench.accounts, after=timedelta(seconds=1)), SignedIn)
    assert tried(bench.accounts, password="wrong", after=timedelta(seconds=1)) == WRONG


def test_an_unknown_name_waits_like_a_known_one(bench: MemoryBench) -> None:
    for name in ("Asha", "Nobody Here"):
        done = [tried(bench.accounts, name, "wrong", address=AWAY) for _ in range(7)]
        assert done == [WRONG] * 5 + [Denied(Denial.WAIT, timedelta(seconds=1))] * 2


def test_the_owner_gets_in_while_a_stranger_guesses_from_elsewhere_and_from_the_same_address(
    bench: MemoryBench,
) -> None:
    first = tried(bench.accounts)
    assert isinstance(first, SignedIn)
    for address in (HOME, AWAY):
        for number in range(300):
            tried(bench.accounts, password="wrong", address=address, after=timedelta(seconds=number))
    at = timedelta(seconds=300)
    assert isinstance(tried(bench.accounts, address="192.0.2.44", after=at), SignedIn)
    known = tried(bench.accounts, device=first.device, after=at)
    assert isinstance(known, SignedIn)
    assert known.device == first.device


def test_an_attempt_that_waits_is_not_written_so_that_a_flood_does_not_fill_the_disk(bench: MemoryBench) -> None:
    bench.trail.rows.clear()
    for _ in range(100):
        tried(bench.accounts, password="wrong")
    assert len(bench.trail.rows) == 5


def test_the_trail_names_whose_account_failed_and_never_what_was_typed_for_nobodys(bench: MemoryBench) -> None:
    bench.trail.rows.clear()
    tried(bench.accounts, "Asha", "my wrong secret")
    tried(bench.accounts, "my password in the wrong box", "x")
    signed_in(bench.accounts)
    known, unknown, intent, outcome = bench.trail.rows
    assert (known.actor, known.role, known.result) == ("Asha", "nobody", "refused:wrong")
    assert (unknown.actor, unknown.role, unknown.result) == ("unknown", "nobody", "refused:wrong")
    assert (intent.actor, intent.action, intent.result, outcome.result) == ("Asha", "sign_in", "intent", "ok")
    assert "my" not in repr(bench.trail.rows)


def test_a_hash_of_yesterdays_cost_is_renewed_at_the_next_sign_in(bench: MemoryBench) -> None:
    dearer = replace(bench.accounts, hasher=Hasher(Cost(rounds=2, memory_kib=16, lanes=1)))
    opened = signed_in(bench.accounts)
    assert tried(dearer, password="wrong") == WRONG
    assert isinstance(tried(dearer), SignedIn)
    account = bench.people.by_name("Asha")
    assert account is not None
    assert "t=2" in (account.password_hash or "")
    assert bench.accounts.sessions.live(opened.token, at=NOW) is not None


def test_a_weak_password_does_not_use_the_link_up(bench: MemoryBench) -> None:
    link = invited(bench.accounts, "Dev", Role.DEVELOPER)
    for weak, problem in (
        ("short", PasswordProblem.TOO_SHORT),
        ("passwordpassword", PasswordProblem.COMMON),
        ("x" * 8192, PasswordProblem.TOO_LONG),
        ("words with a \ud800 in them", PasswordProblem.NOT_TEXT),
    ):
        assert sign_in.set_password(bench.accounts, link.token, weak, address=HOME, at=NOW) == Denied(problem)
    done = sign_in.set_password(bench.accounts, link.token, OTHER, address=HOME, at=NOW)
    assert not isinstance(done, Denied)


def test_a_screen_is_unlocked_with_the_password_of_who_is_signed_in(bench: MemoryBench) -> None:
    added(bench.accounts, "Dev", Role.DEVELOPER)
    opened = signed_in(bench.accounts, "Dev")
    live = bench.accounts.sessions.live(opened.token, at=NOW)
    assert live is not None
    assert sign_in.confirm(bench.accounts, live, PASSWORD, at=NOW) is None
    assert [sign_in.confirm(bench.accounts, live, "wrong", at=NOW) for _ in range(6)] == [
        *[WRONG] * 5,
        Denied(Denial.WAIT, timedelta(seconds=1)),
    ]
    assert bench.trail.rows[-1].actor == "Dev"
    nobody = replace(live, person=replace(live.person, role=Role.NOBODY))
    for act in (
        lambda: sign_in.confirm(bench.accounts, nobody, PASSWORD, at=NOW),
        lambda: sign_in.open_sessions(bench.accounts, nobody, at=NOW),
    ):
        with pytest.raises(NotAllowed):
            act()
        assert (bench.trail.rows[-1].action, bench.trail.rows[-1].result) == ("denied", "refused:account")


def test_changing_the_password_needs_the_old_one_and_guessing_it_is_throttled(bench: MemoryBench) -> None:
    live = bench.accounts.sessions.live(signed_in(bench.accounts).token, at=NOW)
    assert live is not None
    for _ in range(5):
        assert sign_in.change_password(bench.accounts, live, old="wrong", new=OTHER, at=NOW) == WRONG
    waits = sign_in.change_password(bench.accounts, live, old=PASSWORD, new=OTHER, at=NOW)
    assert waits == Denied(Denial.WAIT, timedelta(seconds=1))
    soon = NOW + timedelta(seconds=1)
    weak = sign_in.change_password(bench.accounts, live, old=PASSWORD, new="short", at=soon)
    assert weak == Denied(PasswordProblem.TOO_SHORT)
    assert not isinstance(sign_in.change_password(bench.accounts, live, old=PASSWORD, new=OTHER, at=soon), Denied)
    assert tried(bench.accounts, after=MINUTE) == WRONG
    assert isinstance(tried(bench.accounts, password=OTHER, after=MINUTE), SignedIn)


def test_a_session_that_is_dead_changes_no_password(bench: MemoryBench) -> None:
    dev = added(bench.accounts, "Dev", Role.DEVELOPER)
    live = bench.accounts.sessions.live(signed_in(bench.accounts, "Dev").token, at=NOW)
    assert live is not None
    use.disable(OPERATOR, bench.accounts, dev.person_id, at=NOW)
    assert sign_in.change_password(bench.accounts, live, old=PASSWORD, new=OTHER, at=NOW) == WRONG


@pytest.mark.parametrize("fault", [LedgerFault.DOWN, LedgerFault.LOCKED, LedgerFault.READ_ONLY])
@pytest.mark.parametrize("part", ["people", "trail", "throttle"])
def test_where_the_ledger_fails_nobody_gets_in(bench: MemoryBench, part: str, fault: LedgerFault) -> None:
    link = invited(bench.accounts, "Dev", Role.DEVELOPER)
    opened = signed_in(bench.accounts)
    getattr(bench, part).fault = LedgerUnavailable(fault)
    acts: list[Callable[[], object]] = [lambda: tried(bench.accounts), lambda: tried(bench.accounts, password="wrong")]
    if part == "people":
        acts.append(lambda: bench.accounts.sessions.live(opened.token, at=NOW))
    if part != "throttle":
        acts.append(lambda: sign_in.set_password(bench.accounts, link.token, OTHER, address=HOME, at=NOW))
    for act in acts:
        with pytest.raises(LedgerUnavailable) as refused:
            act()
        assert refused.value.fault is fault
    getattr(bench, part).fault = None
    assert sign_in.link_person(bench.accounts, link.token, at=NOW) == link.person


def test_whoever_is_in_the_trail_as_signed_in_is_signed_in(bench: MemoryBench) -> None:
    class Forgetful:
        """A store of counts that locks up after the attempt was counted."""

        take = bench.throttle.take

        def settle(self, *, forget: str, give_back: str | None) -> None:
            raise LedgerUnavailable(LedgerFault.LOCKED)

    accounts = replace(bench.accounts, throttle=Throttle(Forgetful(), secret=b"secret"))
    assert isinstance(tried(accounts), SignedIn)
    assert bench.trail.rows[-1].result == "ok"


def test_a_trail_that_fills_up_between_intent_and_outcome_lets_nobody_in(bench: MemoryBench) -> None:
    bench.trail.fail_after = len(bench.trail.rows) + 1
    with pytest.raises(LedgerUnavailable):
        tried(bench.accounts)


def test_a_clock_that_is_set_back_does_not_revive_and_one_that_leaps_does_not_extend(bench: MemoryBench) -> None:
    opened = signed_in(bench.accounts, after=24 * HOUR)  # the clock was a day ahead, and was put right
    assert bench.accounts.sessions.live(opened.token, at=NOW) is None
    skewed = signed_in(bench.accounts, after=4 * MINUTE)  # another replica's clock, a little ahead
    assert bench.accounts.sessions.live(skewed.token, at=NOW) is not None
    honest = signed_in(bench.accounts)
    assert bench.accounts.sessions.live(honest.token, at=NOW + 24 * HOUR) is None
    assert bench.accounts.sessions.live(honest.token, at=NOW) is not None


@pytest.mark.parametrize(
    ("changed", "is_alive"),
    [
        ({}, True),
        ({"last_seen_at": NOW - HOUR}, False),
        ({"last_seen_at": NOW - HOUR + timedelta(microseconds=1)}, True),
        ({"ends_at": NOW}, False),
        ({"generation": 1}, False),
        ({"generation": 3}, False),
        ({"created_at": NOW + 6 * MINUTE}, False),
    ],
)
def test_when_a_session_lives(bench: MemoryBench, changed: dict[str, object], is_alive: bool) -> None:
    opened = signed_in(bench.accounts)
    session = replace(opened.session, **changed)  # type: ignore[arg-type]
    assert lives(session, opened.person, at=NOW, idle=LIFETIMES.idle) is is_alive
    assert not lives(session, replace(opened.person, is_active=False), at=NOW, idle=LIFETIMES.idle)


def test_no_repr_shows_a_password_a_hash_or_a_token(bench: MemoryBench) -> None:
    account = bench.people.by_name("Asha")
    assert isinstance(account, Account)
    assert "argon2" not in repr(account)
    done = tried(bench.accounts)
    assert isinstance(done, SignedIn)
    assert done.device not in repr(done)
    assert "secret" not in repr(Attempt("my secret", "my secret", HOME, "my secret"))
