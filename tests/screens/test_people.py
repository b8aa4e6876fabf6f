"""People, as an owner works with it: every sentence, every refusal, and where the link goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from dashboard.wording import people as people_words
from lib import accounts as use
from lib.access import Actor, Role, Scope
from lib.errors import DatabaseFault, DatabaseUnavailable, LedgerFault, LedgerUnavailable, NotAllowed
from lib.people import Identity, PasswordState, Person
from lib.records import Clinic
from pages import PAGES
from tests.conftest import NOW
from tests.parts.accounts import added
from tests.screens.conftest import Bench, row, session_of
from tests.screens.test_find import cells, words
from tests.screens.test_roles import page

Maker = Callable[..., Bench]
CLINICS = (Clinic("CLN001", "North clinic"), Clinic("CLN002", "South clinic"))
ASHA = Actor("Asha", Role.OWNER)
NUMBER = [screen.url for screen in PAGES].index("people")


@pytest.fixture
def shop(bench: Maker) -> Bench:
    """Asha, an owner, and Bilal, clinic admin of one clinic."""
    made = bench(row(1), clinics=CLINICS)
    added(made.visit.accounts)
    added(made.visit.accounts, "Bilal", Role.CLINIC_ADMIN, frozenset({"CLN001"}))
    made.trail.rows.clear()
    return made


def opened(shop: Bench) -> AppTest:
    visit = replace(shop.visit, who=lambda: (ASHA, Scope()), session=lambda: session_of(ASHA, Scope()))
    return page(NUMBER, [visit])


def known(shop: Bench, name: str) -> Person:
    person = use.named(ASHA, shop.visit.accounts, name, at=NOW)
    assert person is not None
    return person


def picked(shop: Bench, name: str) -> AppTest:
    return opened(shop).selectbox(key="person").set_value(known(shop, name).person_id).run()


def own(shop: Bench, widget: str, name: str) -> str:
    """Return the key of a widget of somebody as they are now."""
    person = known(shop, name)
    return f"{widget}-{person.person_id}-{person.generation}"


def act(at: AppTest, name: str) -> Button:
    (found,) = [each for each in at.button if str(each.key).startswith(f"act-{name}-")]
    return found


def acts(at: AppTest) -> set[str]:
    return {str(each.key).split("-")[1] for each in at.button if str(each.key).startswith("act-")}


def token_in(at: AppTest) -> bool:
    return any("/set-password?token=" in str(each.proto) for each in at.main.get("bidi_component"))


def test_everybody_stands_in_the_table(shop: Bench) -> None:
    assert [tuple(cell.values()) for cell in cells(opened(shop))] == [
        ("Asha", "Owner", "all clinics", "active", "set", ""),
        ("Bilal", "Clinic admin", "CLN001", "active", "set", ""),
    ]


def test_somebody_is_added_and_their_link_is_shown_until_it_is_put_away(shop: Bench) -> None:
    at = opened(shop)
    at.text_input(key="name-0").set_value("Chitra")
    at.multiselect(key="clinics-new-0").set_value(["CLN002"])
    act(at, "add").click().run()
    assert not at.exception
    assert "Chitra sets their own password there, once, until tomorrow" in words(at)
    assert token_in(at)
    assert "token" not in str(dict(at.query_params))
    assert cells(at)[2] == {
        "Name": "Chitra",
        "Role": "Clinic admin",
        "Clinics": "CLN002",
        "Account": "active",
        "Password": "not set yet",
        "Granted": "",
    }
    assert at.text_input(key="name-1").value == ""
    at.button(key="put_away").click().run()
    assert "sets their own password" not in words(at)
    assert not token_in(at)
    assert [(event.action, event.actor, event.result) for event in shop.trail.rows] == [
        ("people_changed", "Asha", "intent"),
        ("people_changed", "Asha", "ok"),
    ]


def test_a_link_leaves_the_screen_after_10_minutes(shop: Bench) -> None:
    at = act(picked(shop, "Bilal"), "reset").click().run()
    assert token_in(at)
    shop.instant[0] += timedelta(minutes=11)
    assert not token_in(at.run())


@pytest.mark.parametrize(
    ("name", "clinics", "said"),
    [
        ("", ["CLN001"], "That cannot be a name"),
        ("cli:asha", ["CLN001"], "That cannot be a name"),
        ("bilal", ["CLN001"], "Somebody has that name"),
        ("Chitra", [], "These clinics do not fit the role"),
    ],
)
def test_who_cannot_be_added_is_said_and_what_was_typed_stays(
    shop: Bench, name: str, clinics: list[str], said: str
) -> None:
    at = opened(shop)
    at.text_input(key="name-0").set_value(name)
    at.multiselect(key="clinics-new-0").set_value(clinics)
    act(at, "add").click().run()
    assert said in at.error[0].value
    assert at.text_input(key="name-0").value == name
    assert len(cells(at)) == 2


def test_nobody_gets_all_clinics_by_leaving_them_empty(shop: Bench) -> None:
    at = opened(shop)
    at.text_input(key="name-0").set_value("Chitra")
    at.selectbox(key="role-new-0").set_value(Role.SUPPORT).run()
    act(at, "add").click().run()
    assert "These clinics do not fit the role" in at.error[0].value
    at.toggle(key="all-new-0").set_value(True).run()
    act(at, "add").click().run()
    assert known(shop, "Chitra").clinics is None


def test_another_role_and_its_clinics_are_saved(shop: Bench) -> None:
    at = picked(shop, "Bilal")
    assert act(at, "save").disabled
    at.selectbox(key=own(shop, "role", "Bilal")).set_value(Role.DEVELOPER).run()
    at.multiselect(key=own(shop, "granted", "Bilal")).set_value(["link"]).run()
    act(at, "save").click().run()
    assert "Bilal: Developer, CLN001." in words(at)
    assert cells(at)[1]["Granted"] == "link"


def test_somebody_is_disabled_and_enabled(shop: Bench) -> None:
    at = act(picked(shop, "Bilal"), "disable").click().run()
    assert "Bilal: Clinic admin, CLN001. The account is disabled." in words(at)
    assert cells(at)[1]["Account"] == "disabled"
    assert not acts(at) & {"reset", "disable"}
    act(at, "enable").click().run()
    assert cells(at)[1]["Account"] == "active"


def test_the_last_owner_stays(shop: Bench) -> None:
    at = picked(shop, "Asha")
    assert "This is you: a change signs you out." in words(at)
    act(at, "disable").click().run()
    assert "That would leave no owner" in at.error[0].value
    assert known(shop, "Asha").is_active


def test_accounts_are_kept_also_while_the_records_cannot_be_read(shop: Bench) -> None:
    shop.records.fault = DatabaseUnavailable(DatabaseFault.DOWN)
    at = picked(shop, "Bilal")
    assert "The clinics cannot be read now" in words(at)
    act(at, "disable").click().run()
    assert not known(shop, "Bilal").is_active


def test_where_the_trail_cannot_be_written_nothing_is_changed(shop: Bench) -> None:
    at = picked(shop, "Bilal")
    shop.trail.fault = LedgerUnavailable(LedgerFault.FULL)
    act(at, "disable").click().run()
    assert not at.exception
    assert at.error
    assert known(shop, "Bilal").is_active


def test_a_click_that_comes_after_a_downgrade_changes_nobody(shop: Bench) -> None:
    who = [ASHA]
    visit = replace(shop.visit, who=lambda: (who[0], Scope()))
    at = page(NUMBER, [visit])
    at.selectbox(key="person").set_value(known(shop, "Bilal").person_id).run()
    who[0] = Actor("Asha", Role.SUPPORT)
    act(at, "disable").click().run()
    assert "You may not do this." in words(at)
    assert not at.dataframe
    assert known(shop, "Bilal").is_active


def test_a_link_is_at_the_address_that_people_use_where_that_is_set(shop: Bench) -> None:
    shop.visit = replace(shop.visit, public_url="https://rx.example")
    at = act(picked(shop, "Bilal"), "reset").click().run()
    (copied,) = [str(each.proto) for each in at.main.get("bidi_component")]
    assert "https://rx.example/set-password?token=" in copied
    assert "Put the dashboard's address before it" not in words(at)


def test_a_denied_act_stands_in_the_trail_with_what_its_actor_sees(shop: Bench) -> None:
    bilal, theirs = Actor("Bilal", Role.CLINIC_ADMIN), Scope(frozenset({"CLN001"}))
    with pytest.raises(NotAllowed):
        use.disable(bilal, shop.visit.accounts, known(shop, "Asha").person_id, at=NOW, scope=theirs)
    assert (shop.trail.rows[-1].action, shop.trail.rows[-1].scope) == ("denied", "CLN001")


def test_the_second_click_of_a_double_click_is_heard_by_nobody_and_the_link_stays(shop: Bench) -> None:
    at = opened(shop)
    at.text_input(key="name-0").set_value("Chitra")
    at.multiselect(key="clinics-new-0").set_value(["CLN002"])
    act(at, "add").click()
    sent = at._tree.get_widget_states()  # what the browser sends with each of the two clicks
    at._run(sent)
    at._run(sent)
    assert not at.error
    assert "Chitra sets their own password there" in words(at)
    assert [event.result for event in shop.trail.rows] == ["intent", "ok"]


def test_who_comes_through_a_provider_gets_no_role_and_no_password_here(shop: Bench) -> None:
    bilal = known(shop, "Bilal")
    kept = replace(bilal, person_id="c" * 32, name="Chitra via EDR", identity=Identity("https://id.example", "7"))
    shop.visit.accounts.people.add(replace(kept, password=PasswordState.ELSEWHERE))
    at = picked(shop, "Chitra via EDR")
    assert people_words.FROM_PROVIDER in words(at)
    assert acts(at) == {"add", "disable"}
    assert ("Chitra via EDR", "elsewhere") in [(cell["Name"], cell["Password"]) for cell in cells(at)]
    act(at, "disable").click().run()
    assert not known(shop, "Chitra via EDR").is_active


def test_what_is_refused_takes_no_link_from_the_screen(shop: Bench) -> None:
    at = act(picked(shop, "Bilal"), "reset").click().run()
    act(at, "add").click().run()
    assert "That cannot be a name" in at.error[0].value
    assert token_in(at)


def test_what_was_done_is_said_also_where_a_late_click_stops_the_run_that_says_it_first(shop: Bench) -> None:
    at = act(picked(shop, "Bilal"), "disable").click().run()
    assert "The account is disabled." in words(at.run())
    shop.instant[0] += timedelta(seconds=11)
    assert "The account is disabled." not in words(at.run())
