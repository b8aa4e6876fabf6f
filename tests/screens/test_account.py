"""Account, as everybody who is signed in works with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.visit import SignedOut
from dashboard.wording import people as people_words
from lib.access import Actor, Role, Scope
from lib.accounts import Accounts
from lib.errors import LedgerFault, LedgerUnavailable
from lib.people import Identity, PasswordState
from lib.sessions import Live
from pages import PAGES
from tests.parts.accounts import PASSWORD, added, signed_in, tried
from tests.screens.conftest import Bench
from tests.screens.test_find import cells, words
from tests.screens.test_roles import page

Maker = Callable[..., Bench]
OTHER = "four other words entirely here"
NUMBER = [screen.url for screen in PAGES].index("account")


@dataclass
class Desk:
    """Bilal's screen, and what is behind it."""

    shop: Bench
    accounts: Accounts
    token: str

    def live(self) -> Live:
        found = self.accounts.sessions.live(self.token, at=self.shop.instant[0])
        if found is None:
            raise SignedOut
        return found

    def who(self) -> tuple[Actor, Scope]:
        live = self.live()
        return live.actor, live.person.scope

    def open(self) -> AppTest:
        return page(NUMBER, [replace(self.shop.visit, who=self.who, session=self.live)])


@pytest.fixture
def desk(bench: Maker) -> Desk:
    """Bilal, signed in twice; the screen is of the first."""
    shop = bench()
    accounts = shop.visit.accounts
    added(accounts, "Bilal", Role.CLINIC_ADMIN, frozenset({"CLN001"}))
    token = signed_in(accounts, "Bilal").token
    signed_in(accounts, "Bilal", after=timedelta(minutes=2))
    shop.instant[0] += timedelta(minutes=5)
    shop.trail.rows.clear()
    return Desk(shop, accounts, token)


def changed(at: AppTest, old: str, new: str) -> AppTest:
    at.text_input(key="old_password").set_value(old)
    at.text_input(key="new_password").set_value(new)
    (button,) = [each for each in at.button if str(each.key).startswith("act-change_password-")]
    return button.click().run()


def test_who_i_am_and_where_i_am_signed_in(desk: Desk) -> None:
    at = desk.open()
    assert not at.exception
    assert "Bilal: Clinic admin, CLN001." in words(at)
    assert [(cell["Address"], cell[""]) for cell in cells(at)] == [("203.0.113.9", ""), ("203.0.113.9", "this one")]


def test_signing_out_everywhere_ends_every_session_and_this_screen(desk: Desk) -> None:
    at = desk.open().button(key="sign_out_everywhere").click().run()
    person = desk.accounts.people.by_name("Bilal")
    assert person is not None
    assert desk.accounts.sessions.of(person.person, at=desk.shop.instant[0]) == ()
    assert desk.shop.trail.rows[-1].action == "sign_out"
    assert not at.run().dataframe


def test_another_password_signs_out_everywhere_and_is_the_one_that_counts(desk: Desk) -> None:
    at = changed(desk.open(), PASSWORD, OTHER)
    assert "Your password is set. Sign in with it." in words(at)
    with pytest.raises(SignedOut):
        desk.live()
    later = timedelta(minutes=6)
    assert type(tried(desk.accounts, "Bilal", PASSWORD, after=later)).__name__ == "Denied"
    assert type(tried(desk.accounts, "Bilal", OTHER, after=later)).__name__ == "SignedIn"
    assert OTHER not in repr(desk.shop.trail.rows)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("wrong", OTHER, "The password that you have now is not right."),
        (PASSWORD, "short", "That is too short"),
        (PASSWORD, "passwordpassword", "That would be guessed early"),
    ],
)
def test_why_a_password_is_not_taken_is_said(desk: Desk, old: str, new: str, said: str) -> None:
    at = changed(desk.open(), old, new)
    assert said in at.error[0].value
    assert desk.live()


def test_whoever_guesses_the_old_password_waits(desk: Desk) -> None:
    at = desk.open()
    for _ in range(6):
        changed(at, "wrong", OTHER)
    assert "Too many attempts." in at.error[0].value


def test_the_second_click_of_a_double_click_does_not_compare_another_time(desk: Desk) -> None:
    at = desk.open()
    at.text_input(key="old_password").set_value("wrong")
    at.text_input(key="new_password").set_value(OTHER)
    at.button(key="act-change_password-0").click()
    sent = at._tree.get_widget_states()  # what the browser sends with each of the two clicks
    at._run(sent)
    tries = len(desk.shop.trail.rows)
    at._run(sent)
    assert len(desk.shop.trail.rows) == tries
    assert at.error


def test_where_the_ledger_cannot_be_written_nothing_is_changed(desk: Desk) -> None:
    at = desk.open()
    desk.shop.trail.fault = LedgerUnavailable(LedgerFault.FULL)
    changed(at, PASSWORD, OTHER)
    assert not at.exception
    assert at.error
    assert desk.live()


def test_who_comes_through_a_provider_is_offered_no_password(desk: Desk) -> None:
    def elsewhere() -> Live:
        live = desk.live()
        identity = Identity("https://id.example", "7")
        return replace(live, person=replace(live.person, password=PasswordState.ELSEWHERE, identity=identity))

    at = page(NUMBER, [replace(desk.shop.visit, who=desk.who, session=elsewhere)])
    assert people_words.PASSWORD_ELSEWHERE in words(at)
    assert len(at.text_input) == 0
