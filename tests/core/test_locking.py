"""When a session is locked, what opens it again, and what a PIN may be."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import accounts as use
from lib import locking, pins, sign_in
from lib.access import Role
from lib.errors import LedgerFault, LedgerUnavailable, NotAllowed
from lib.locking import Key, Locks, NewPin, NoPin, StillLocked
from lib.people import NewRole
from lib.pins import GUESSES, PinProblem
from lib.sessions import Lifetimes, Live, Locked, Opened, is_locked
from lib.sign_in import Denial, Denied
from lib.stores.memory.pins import MemoryPins
from tests.conftest import NOW
from tests.parts.accounts import OPERATOR, PASSWORD, MemoryBench, added, invited, signed_in, tried

MINUTE = timedelta(minutes=1)
LIFETIMES = Lifetimes()
PIN = "482913"
BROWSER, OTHER_BROWSER = "b" * 43, "c" * 43
WRONG = Denied(Denial.WRONG)


class Front:
    """Asha, signed in, and the parts behind her."""

    def __init__(self, name: str = "Asha", *, has_password: bool = True) -> None:
        self.bench = MemoryBench(lifetimes=LIFETIMES)
        self.accounts = self.bench.accounts
        self.pins = MemoryPins()
        self.locks = Locks(self.accounts, self.pins)
        if has_password:
            added(self.accounts, name)
            self.token = signed_in(self.accounts, name).token
        else:
            person = invited(self.accounts, name).person
            self.token = self.accounts.sessions.open_session(person, at=NOW, address="203.0.113.9").token

    def live(self, after: timedelta = timedelta()) -> Live:
        found = self.accounts.sessions.live(self.token, at=NOW + after)
        assert found is not None
        return found

    def locked(self, after: timedelta = timedelta()) -> Locked:
        found = self.accounts.sessions.held(self.token, at=NOW + after)
        assert isinstance(found, Locked)
        return found

    def lock(self) -> Locked:
        locking.lock(self.accounts, self.live(), at=NOW)
        return self.locked()

    def set_pin(self, pin: str = PIN, *, browser: str = BROWSER, password: str = PASSWORD) -> object:
        return locking.set_pin(self.locks, self.live(), NewPin(pin, browser), password=password, at=NOW)

    def unlock(self, after: timedelta = timedelta(), **key: str) -> object:
        return locking.unlock(self.locks, self.locked(after), Key(**key), at=NOW + after)

    def live_person(self) -> str:
        account = self.accounts.people.by_name("Asha")
        assert account is not None
        return account.person.person_id

    @property
    def acts(self) -> list[tuple[str, str, str]]:
        return [(row.actor, row.action, row.result) for row in self.bench.trail.rows]


@pytest.fixture
def front() -> Front:
    return Front()


@pytest.mark.parametrize(
    ("idle", "by_hand", "is_so"),
    [
        (timedelta(), False, False),
        (10 * MINUTE - timedelta(microseconds=1), False, False),
        (10 * MINUTE, False, True),
        (timedelta(), True, True),
        (-MINUTE, True, True),  # a clock that was set back unlocks nothing
    ],
)
def test_when_a_session_is_locked(front: Front, idle: timedelta, by_hand: bool, is_so: bool) -> None:
    session = replace(front.live().session, locked_at=NOW if by_hand else None)
    assert is_locked(session, at=NOW + idle, after=10 * MINUTE) is is_so


def test_a_locked_session_is_for_every_question_as_closed_as_none(front: Front) -> None:
    front.lock()
    assert front.accounts.sessions.live(front.token, at=NOW) is None
    assert front.accounts.sessions.living([front.token], at=NOW) == frozenset()
    assert isinstance(front.accounts.sessions.held(front.token, at=NOW, is_use=True), Locked)


def test_a_use_does_not_wake_a_session_that_locked_itself(front: Front) -> None:
    for _ in range(2):
        assert isinstance(front.accounts.sessions.held(front.token, at=NOW + 10 * MINUTE, is_use=True), Locked)


def test_uses_keep_a_session_open_and_questions_do_not(front: Front) -> None:
    for minute in range(1, 30):
        front.accounts.sessions.held(front.token, at=NOW + minute * MINUTE, is_use=minute < 12)
        is_open = front.accounts.sessions.live(front.token, at=NOW + minute * MINUTE, is_use=False) is not None
        assert is_open is (minute < 21)


def test_where_it_locks_after_seconds_a_use_is_written_down_as_often_as_that_needs() -> None:
    bench = MemoryBench(lifetimes=Lifetimes(lock=timedelta(seconds=10)))
    added(bench.accounts)
    token = signed_in(bench.accounts).token
    for second in range(120):
        assert bench.accounts.sessions.live(token, at=NOW + timedelta(seconds=second)) is not None


def test_a_session_that_stays_locked_ends_like_one_that_is_idle(front: Front) -> None:
    front.lock()
    assert front.accounts.sessions.held(front.token, at=NOW + 59 * MINUTE) is not None
    assert front.accounts.sessions.held(front.token, at=NOW + 60 * MINUTE) is None


def test_the_password_opens_it_under_another_token_and_the_old_one_is_worth_nothing(front: Front) -> None:
    front.lock()
    opened = front.unlock(20 * MINUTE, password=PASSWORD)
    assert isinstance(opened, Opened)
    assert front.accounts.sessions.held(front.token, at=NOW + 20 * MINUTE) is None
    found = front.accounts.sessions.live(opened.token, at=NOW + 29 * MINUTE, is_use=False)
    assert found is not None
    assert found.session == opened.session
    assert found.session.ends_at == NOW + LIFETIMES.absolute


def test_lock_unlock_and_failures_are_in_the_trail_as_the_person_in_this_session(front: Front) -> None:
    before, session = len(front.acts), front.live().session.id_hash
    front.lock()
    assert front.unlock(password="wrong words all along") == WRONG
    opened = front.unlock(password=PASSWORD)
    assert isinstance(opened, Opened)
    assert front.acts[before:] == [
        ("Asha", "lock", "ok"),
        ("Asha", "unlock_failed", "refused:wrong"),
        ("Asha", "unlock", "intent"),
        ("Asha", "unlock", "ok"),
    ]
    rows = front.bench.trail.rows[before:]
    assert [row.session_hash for row in rows] == [*3 * [session], opened.session.id_hash]  # the last ties old to new
    assert {row.role for row in rows} == {"owner"}
    assert json.loads(rows[-1].reason or "") == {"by": "password"}


def test_guessing_the_password_waits_and_a_stranger_elsewhere_delays_nobody_in_a_known_browser(front: Front) -> None:
    done = tried(front.accounts)
    assert isinstance(done, sign_in.SignedIn)
    front.lock()
    assert [front.unlock(password="wrong words all along") for _ in range(6)] == [
        *[WRONG] * 5,
        Denied(Denial.WAIT, timedelta(seconds=1)),
    ]
    assert isinstance(front.unlock(password=PASSWORD, device=done.device), Opened)


@pytest.mark.parametrize("what", ["disabled", "role", "signed out", "unlocked elsewhere"])
def test_what_ended_meanwhile_is_not_opened(front: Front, what: str) -> None:
    added(front.accounts, "Indu")
    locked, person = front.lock(), front.live_person()
    if what == "disabled":
        use.disable(OPERATOR, front.accounts, person, at=NOW)
    elif what == "role":
        use.set_role(OPERATOR, front.accounts, person, NewRole(Role.SUPPORT, None), at=NOW)
    elif what == "signed out":
        sign_in.sign_out(front.accounts, locked, at=NOW)
    else:
        assert isinstance(front.unlock(password=PASSWORD), Opened)
    done = locking.unlock(front.locks, locked, Key(password=PASSWORD), at=NOW)
    if isinstance(done, Opened):
        assert front.accounts.sessions.live(done.token, at=NOW) is None
    else:
        assert done in (WRONG, StillLocked.OVER)


def test_a_role_that_may_nothing_unlocks_nothing(front: Front) -> None:
    front.lock()
    locked = front.locked()
    nobody = Locked(locked.session, replace(locked.person, role=Role.NOBODY))
    with pytest.raises(NotAllowed):
        locking.unlock(front.locks, nobody, Key(password=PASSWORD), at=NOW)


def test_a_trail_that_cannot_be_written_leaves_the_screen_locked(front: Front) -> None:
    front.bench.trail.fault = LedgerUnavailable(LedgerFault.FULL)
    with pytest.raises(LedgerUnavailable):
        locking.lock(front.accounts, front.live(), at=NOW)
    with pytest.raises(LedgerUnavailable):
        front.unlock(password=PASSWORD)
    assert isinstance(front.locked(), Locked)


def test_the_pin_opens_a_locked_session_in_its_browser(front: Front) -> None:
    assert front.set_pin() is None
    front.lock()
    assert locking.has_pin(front.locks, front.locked(), browser=BROWSER)
    opened = front.unlock(pin=PIN, browser=BROWSER)
    assert isinstance(opened, Opened)
    assert json.loads(front.bench.trail.rows[-1].reason or "") == {"by": "pin"}
    assert PIN not in repr(front.bench.trail.rows)


def test_a_pin_counts_in_no_other_browser_and_for_nobody_else(front: Front) -> None:
    front.set_pin()
    added(front.accounts, "Bilal", Role.CLINIC_ADMIN, frozenset({"CLN001"}))
    front.lock()
    for browser in (OTHER_BROWSER, "", "b" * 42, "é" * 43):
        assert front.unlock(pin=PIN, browser=browser) is StillLocked.PIN_FORGOTTEN
    front.token = signed_in(front.accounts, "Bilal").token
    front.lock()
    assert front.unlock(pin=PIN, browser=BROWSER) is StillLocked.PIN_FORGOTTEN


def test_two_people_of_one_browser_have_a_pin_each(front: Front) -> None:
    front.set_pin()
    asha, front.token = front.token, ""
    added(front.accounts, "Bilal", Role.CLINIC_ADMIN, frozenset({"CLN001"}))
    front.token = signed_in(front.accounts, "Bilal").token
    front.set_pin("730518")
    front.lock()
    assert front.unlock(pin=PIN, browser=BROWSER) is StillLocked.WRONG_PIN
    assert isinstance(front.unlock(pin="730518", browser=BROWSER), Opened)
    front.token = asha
    front.lock()
    assert isinstance(front.unlock(pin=PIN, browser=BROWSER), Opened)


def test_five_wrong_pins_in_a_row_forget_it_and_the_password_still_opens(front: Front) -> None:
    front.set_pin()
    front.lock()
    guesses = [front.unlock(pin="000000", browser=BROWSER) for _ in range(GUESSES)]
    assert guesses == [*[StillLocked.WRONG_PIN] * (GUESSES - 1), StillLocked.PIN_FORGOTTEN]
    assert front.unlock(pin=PIN, browser=BROWSER) is StillLocked.PIN_FORGOTTEN
    assert not locking.has_pin(front.locks, front.locked(), browser=BROWSER)
    assert [act for act in front.acts if act[1] == "unlock_failed"] == [
        *[("Asha", "unlock_failed", "refused:wrong_pin")] * (GUESSES - 1),
        ("Asha", "unlock_failed", "refused:pin_forgotten"),
    ]
    assert isinstance(front.unlock(password=PASSWORD), Opened)


def test_a_right_pin_forgets_the_wrong_ones_before_it(front: Front) -> None:
    front.set_pin()
    for _ in range(3):
        front.lock()
        for _ in range(GUESSES - 1):
            assert front.unlock(pin="000000", browser=BROWSER) is StillLocked.WRONG_PIN
        opened = front.unlock(pin=PIN, browser=BROWSER)
        assert isinstance(opened, Opened)
        front.token = opened.token


@pytest.mark.parametrize("hostile", ["", "x" * 8192, "\ud800" * 6, "\0" * 6, "482913 ", "0482913"])
def test_what_can_be_no_pin_is_a_wrong_one(front: Front, hostile: str) -> None:
    front.set_pin()
    front.lock()
    assert front.unlock(pin=hostile, browser=BROWSER) is StillLocked.WRONG_PIN


@pytest.mark.parametrize("what", ["role", "disabled and enabled", "password"])
def test_what_changes_the_account_voids_its_pins(front: Front, what: str) -> None:
    added(front.accounts, "Indu")
    front.set_pin()
    person = front.live_person()
    if what == "role":
        use.set_role(OPERATOR, front.accounts, person, NewRole(Role.SUPPORT, None), at=NOW)
    elif what == "password":
        sign_in.change_password(front.accounts, front.live(), old=PASSWORD, new="another four words entirely", at=NOW)
    else:
        use.disable(OPERATOR, front.accounts, person, at=NOW)
        use.enable(OPERATOR, front.accounts, person, at=NOW)
    account = front.accounts.people.by_name("Asha")
    assert account is not None
    front.token = front.accounts.sessions.open_session(account.person, at=NOW, address="203.0.113.9").token
    front.lock()
    assert not locking.has_pin(front.locks, front.locked(), browser=BROWSER)
    assert front.unlock(pin=PIN, browser=BROWSER) is StillLocked.PIN_FORGOTTEN


def test_setting_a_pin_needs_the_password_and_is_in_the_trail(front: Front) -> None:
    assert front.set_pin(password="wrong words all along") == WRONG
    assert front.pins.browsers(front.live().person.person_id, generation=2) == frozenset()
    before = len(front.acts)
    assert front.set_pin() is None
    assert front.acts[before:] == [("Asha", "people_changed", "intent"), ("Asha", "people_changed", "ok")]
    assert json.loads(front.bench.trail.rows[-1].reason or "") == {"act": "set_pin", "person": "Asha"}


def test_who_has_no_password_sets_a_pin_soon_after_signing_in() -> None:
    front = Front("Chitra", has_password=False)
    late = locking.set_pin(front.locks, front.live(), NewPin(PIN, BROWSER), password="", at=NOW + 5 * MINUTE)
    assert late is NoPin.NOT_FRESH
    assert front.set_pin(password="") is None
    front.lock()
    assert isinstance(front.unlock(pin=PIN, browser=BROWSER), Opened)


def test_who_has_no_password_is_not_let_in_by_an_empty_one() -> None:
    front = Front("Chitra", has_password=False)
    front.lock()
    assert front.unlock(password="") == WRONG


def test_forgetting_forgets_it_in_every_browser(front: Front) -> None:
    front.set_pin()
    front.set_pin(browser=OTHER_BROWSER)
    assert locking.forget_pins(front.locks, front.live(), at=NOW) == 2
    assert front.acts[-1] == ("Asha", "people_changed", "ok")
    front.lock()
    assert front.unlock(pin=PIN, browser=BROWSER) is StillLocked.PIN_FORGOTTEN


@pytest.mark.parametrize(
    ("pin", "problem"),
    [
        ("482913", None),
        ("010190", None),
        ("482913482913", None),
        ("12345", PinProblem.LENGTH),
        ("4829134829134", PinProblem.LENGTH),
        ("", PinProblem.NOT_DIGITS),
        ("48291x", PinProblem.NOT_DIGITS),
        ("-48291", PinProblem.NOT_DIGITS),
        ("000000", PinProblem.EASY),
        ("000001", PinProblem.EASY),
        ("123456", PinProblem.EASY),
        ("234567890", PinProblem.EASY),
        ("654321", PinProblem.EASY),
        ("246246", PinProblem.EASY),
        ("123123123", PinProblem.EASY),
    ],
)
def test_which_pins_can_be_chosen(pin: str, problem: PinProblem | None) -> None:
    assert pins.problem(pin) is problem


@given(st.text(max_size=20))
def test_every_pin_that_can_be_chosen_is_six_to_twelve_ascii_digits(text: str) -> None:
    if pins.problem(text) is None:
        assert 6 <= len(text) <= 12
        assert set(text) <= set("0123456789")


def test_no_repr_shows_a_pin_or_a_password() -> None:
    shown = repr([Key("my secret", "482913", "my secret", BROWSER), NewPin("482913", BROWSER)])
    assert not [secret for secret in ("482913", "my secret", BROWSER) if secret in shown]


def test_a_pin_that_was_guessed_away_is_kept_nowhere(front: Front) -> None:
    front.set_pin()
    front.lock()
    for _ in range(GUESSES):
        front.unlock(pin="000000", browser=BROWSER)
    assert front.pins.forget(front.live_person()) == 0


def test_whoever_reads_the_hash_cannot_try_pins_without_the_browsers_secret(front: Front) -> None:
    front.set_pin()
    hashed, person = pins.browser_hash(BROWSER), front.live().person
    assert hashed is not None
    guess = front.pins.guess(person.person_id, hashed, generation=person.generation)
    assert guess is not None
    assert not front.accounts.hasher.match(PIN, guess.pin_hash).is_right
    assert front.accounts.hasher.match(pins.salted(PIN, BROWSER), guess.pin_hash).is_right
