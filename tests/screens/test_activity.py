"""Activity: what the auditor reads of the trail, and what is never among it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.wording import account_acts
from dashboard.wording import activity as said
from lib.access import Actor, Permission, Role, Scope
from lib.activity import export
from lib.errors import LedgerFault, LedgerUnavailable
from lib.settings import ROOT
from lib.trail import EVERYTHING, Action, Selection, Subject, TrailEvent
from pages import PAGES, activity
from tests.conftest import NOW
from tests.screens.conftest import Bench, row
from tests.screens.test_find import cells, words

Maker = Callable[..., Bench]
ESHA = Actor("Esha", Role.AUDITOR)
BILAL = Actor("Bilal", Role.CLINIC_ADMIN)
SEEN = Subject(record_id=12, patient_id="PAT012", clinic_id="CLN001", object_key="edrcontainer1/secret-key.pdf")


def shop_with_a_past(bench: Maker) -> Bench:
    """Return a clinic in which Bilal searched, opened a record and made a link of it; three minutes passed."""
    shop = bench(row(12))
    trail, scope = shop.visit.services.trail, Scope(frozenset({"CLN001"}))
    trail.record(BILAL, scope, Action.SEARCH, at=NOW, reason='{"kind": "name"}')
    trail.record(BILAL, scope, Action.OPEN, at=NOW + timedelta(minutes=1), subject=SEEN)
    intent = trail.intent(
        BILAL,
        scope,
        Action.LINK,
        at=NOW + timedelta(minutes=2),
        subject=SEEN,
        reason="her father +919876500012 asked",
        expires_at=NOW + timedelta(hours=1),
    )
    trail.outcome(intent, at=NOW + timedelta(minutes=3), result="ok")
    shop.instant[0] = NOW + timedelta(minutes=4)
    return shop


def drawn(shop: Bench, actor: Actor = ESHA, scope: Scope | None = None, **query: str) -> AppTest:
    """Draw Activity at an address."""
    visit = replace(shop.visit, who=lambda: (actor, scope or Scope()))
    at = AppTest.from_function(_draw, kwargs={"visit": visit}, default_timeout=20)
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def _draw(visit) -> None:  # type: ignore[no-untyped-def]  # AppTest runs the source alone: no names from here
    from dashboard.frame import show
    from pages import PAGES

    show(next(screen for screen in PAGES if screen.url == "activity"), visit)


def column(at: AppTest, name: str) -> list[object]:
    return [each[name] for each in cells(at)] if at.dataframe else []


def test_it_stands_in_the_menu_for_who_may_read_the_activity() -> None:
    (screen,) = [each for each in PAGES if each.title == "Activity"]
    assert (screen.permission, screen.url) == (Permission.ACTIVITY, activity.address("").partition("?")[0])


def test_the_newest_event_comes_first_and_is_said_in_words(bench: Maker) -> None:
    at = drawn(shop_with_a_past(bench))
    assert not at.exception
    assert column(at, "What") == ["Made a signed link", "Made a signed link", "Opened the record", "Searched"]
    first = cells(at)[0]
    assert {name: first[name] for name in ("When", "Who", "Role", "Result", "Patient id", "Clinic", "Link until")} == {
        "When": "24 Nov 2026, 14:05:00",
        "Who": "Bilal",
        "Role": "Clinic admin",
        "Result": "Done",
        "Patient id": "PAT012",
        "Clinic": "CLN001",
        "Link until": "24 Nov 2026, 15:02:00",
    }
    assert first["Record"] == "12"


def test_whether_a_signed_link_was_opened_is_not_known_and_said_so(bench: Maker) -> None:
    at = drawn(shop_with_a_past(bench))
    assert column(at, "Opened") == ["Not known", "", "", ""]
    assert "Opened: not known." in words(at)


def test_no_name_no_phone_no_key_and_no_typed_reason_is_shown_or_exported(bench: Maker) -> None:
    shop = shop_with_a_past(bench)
    at = drawn(shop)
    at.button(key="act-export-0").click().run()
    everything = words(at) + at.dataframe[0].value.to_csv() + at.session_state["trail_file"].last.text
    secrets = (
        "Asha Rao",
        "+9198765",
        "father",
        "secret-key",
        shop.visit.services.trail.key_hmac(SEEN.object_key or ""),
    )
    assert [each for each in secrets if each in everything] == []


def test_a_changed_account_says_whose_and_what_they_were_to_be_and_a_typed_reason_stays_unsaid(bench: Maker) -> None:
    shop = shop_with_a_past(bench)
    assert set(column(drawn(shop), "About")) == {""}
    changed = {"act": "set_role", "clinics": ["CLN001"], "granted": [], "person": "Dev", "role": "support"}
    trail = shop.visit.services.trail
    trail.record(ESHA, Scope(), Action.PEOPLE_CHANGED, at=shop.instant[0], reason=json.dumps(changed))
    assert column(drawn(shop), "About")[:2] == ["Rights of Dev: support, CLN001", ""]


def test_every_act_on_an_account_that_is_written_anywhere_has_words() -> None:
    written = {
        act
        for file in (ROOT / "lib").glob("*.py")
        for act in re.findall(r'(?:"act": |act=|_act\(|_changed\()"(\w+)"', file.read_text("utf-8"))
    }
    asked_only = {"list", "confirm", "sessions", "sign_out"}  # stand in a denial, which changes nothing
    assert written - asked_only == set(account_acts.ACTS)


@pytest.mark.parametrize("reason", ["{", "[]", "null", '{"act": ["add"]}', '{"act": "other"}', "[" * 100_000, None])
def test_a_forged_reason_is_no_account_and_breaks_nothing(reason: str | None) -> None:
    assert account_acts.about(Action.PEOPLE_CHANGED, reason) == ""


@pytest.mark.parametrize(
    ("key", "value", "count"),
    [("trail_person", "Bilal", 4), ("trail_person", "Dev", 0), ("trail_patient", " PAT012 ", 3)],
)
def test_a_typed_filter_leaves_what_fits(bench: Maker, key: str, value: str, count: int) -> None:
    at = drawn(shop_with_a_past(bench)).text_input(key=key).set_value(value).run()
    assert len(column(at, "What")) == count
    assert (said.NO_EVENT in words(at)) is (count == 0)


def test_the_other_filters_leave_what_fits(bench: Maker) -> None:
    def shown() -> AppTest:
        return drawn(shop_with_a_past(bench)).text_input(key="trail_person").set_value("Bilal").run()

    assert len(column(shown().selectbox(key="trail_action").set_value(Action.OPEN).run(), "What")) == 1
    assert len(column(shown().number_input(key="trail_record").set_value(12).run(), "What")) == 3
    today, yesterday = NOW.date(), NOW.date() - timedelta(days=1)
    assert len(column(shown().date_input(key="trail_since").set_value(today).run(), "What")) == 4
    assert len(column(shown().date_input(key="trail_until").set_value(today).run(), "What")) == 4
    assert len(column(shown().date_input(key="trail_until").set_value(yesterday).run(), "What")) == 0


def test_an_address_names_a_patient_until_another_filter_is_chosen(bench: Maker) -> None:
    at = drawn(shop_with_a_past(bench), patient="PAT012")
    assert at.text_input(key="trail_patient").value == "PAT012"
    assert len(column(at, "What")) == 3
    assert said.WHO_SAW_LIMITS in words(at)
    at.text_input(key="trail_patient").set_value("").run()
    assert len(column(at, "What")) == 5  # that PAT012 was asked for is one of them
    assert dict(at.query_params) == {}


@pytest.mark.parametrize("record", ["0", "-1", "²", "1e3", "9" * 40, "<b>"])
def test_a_nonsense_record_number_in_the_address_is_harmless(bench: Maker, record: str) -> None:
    at = drawn(shop_with_a_past(bench), record=record)
    assert not at.exception
    assert not at.error


def test_fifty_events_fill_a_page_and_older_ones_follow(bench: Maker) -> None:
    shop = bench()
    for number in range(1, 121):
        shop.visit.services.trail.record(BILAL, Scope(), Action.OPEN, at=NOW, subject=Subject(record_id=number))
    at = drawn(shop)
    assert column(at, "Event") == list(range(120, 70, -1))
    at.button(key="older_events").click().run()
    at.button(key="older_events").click().run()
    assert column(at, "Event") == list(range(20, 0, -1))
    assert "older_events" not in [button.key for button in at.button]
    at.button(key="newer").click().run()
    assert column(at, "Event") == list(range(70, 20, -1))
    at.number_input(key="trail_record").set_value(120).run()
    assert column(at, "Event") == [120]


def test_an_empty_trail_teaches_what_will_be_in_it(bench: Maker) -> None:
    assert said.NOTHING_YET in words(drawn(bench()))


def test_the_auditor_of_a_clinic_reads_the_events_of_its_records(bench: Maker) -> None:
    shop = shop_with_a_past(bench)
    assert len(column(drawn(shop, scope=Scope(frozenset({"CLN001"}))), "What")) == 3
    assert column(drawn(shop, scope=Scope(frozenset({"CLN002"}))), "What") == []


def test_a_check_says_that_the_trail_is_intact_and_when(bench: Maker) -> None:
    at = drawn(shop_with_a_past(bench)).button(key="verify").click().run()
    assert [each.value.partition(",")[0] for each in at.success] == ["The trail is intact: 5 events"]
    assert "Checked 14:06." in at.success[0].value


def test_a_check_names_the_first_event_that_was_changed(bench: Maker) -> None:
    shop = shop_with_a_past(bench)
    shop.trail.rows[1] = replace(shop.trail.rows[1], actor="Dev")
    at = drawn(shop).button(key="verify").click().run()
    assert at.error[0].value.startswith("The trail is broken at event 2: the event was changed")


def test_an_export_holds_what_the_filters_choose_and_is_in_the_trail(bench: Maker) -> None:
    shop = shop_with_a_past(bench)
    at = drawn(shop, patient="PAT012")
    assert at.session_state["trail_file"].last is None
    at.button(key="act-export-0").click().run()
    assert "4 events are in the file." in words(at)
    head, *lines = csv.reader(at.session_state["trail_file"].last.text.splitlines())
    assert head == list(cells(at)[0])
    assert [line[head.index("Event")] for line in lines] == ["2", "3", "4", "5"]
    exports = [event for event in shop.trail.events(EVERYTHING) if event.action == Action.EXPORT]
    assert [(event.actor, event.patient_id, event.result) for event in exports] == [
        ("Esha", "PAT012", "intent"),
        ("Esha", "PAT012", "ok"),
    ]
    at.text_input(key="trail_person").set_value("Bilal").run()
    assert at.session_state["trail_file"].last is None


def test_no_cell_of_an_export_begins_a_formula(bench: Maker) -> None:
    shop = bench()
    evil = Actor("=HYPERLINK(1)", Role.SUPPORT)
    shop.visit.services.trail.record(evil, Scope(), Action.OPEN, at=NOW, subject=Subject(patient_id="@SUM(1)"))
    at = drawn(shop).button(key="act-export-0").click().run()
    line = list(csv.reader(at.session_state["trail_file"].last.text.splitlines()))[1]
    assert {"'=HYPERLINK(1)", "'@SUM(1)"} <= set(line)


def test_more_events_than_a_file_may_hold_make_no_file(bench: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "MOST_EXPORTED", 2)
    at = drawn(shop_with_a_past(bench)).button(key="act-export-0").click().run()
    assert "More than 2 events fit, so no file was made." in words(at)
    assert not at.get("download_button")


def test_without_its_place_in_the_trail_there_is_no_export(bench: Maker) -> None:
    shop = shop_with_a_past(bench)
    at = drawn(shop)
    shop.trail.fault, shop.trail.fail_after = LedgerUnavailable(LedgerFault.FULL), 0
    at.button(key="act-export-0").click().run()
    assert at.error
    assert not at.get("download_button")


def test_a_forged_row_is_shown_as_it_stands_and_breaks_no_screen(bench: Maker) -> None:
    shop = shop_with_a_past(bench)
    forged = {"action": "<b>x", "role": "queen", "result": "fine", "at": datetime.min.replace(tzinfo=UTC)}
    shop.trail.rows[0] = replace(shop.trail.rows[0], **forged)  # type: ignore[arg-type]
    at = drawn(shop)
    assert not at.exception
    assert (cells(at)[3]["What"], cells(at)[3]["Role"], cells(at)[3]["Result"]) == ("<b>x", "queen", "fine")


def test_a_record_leads_to_who_saw_its_patient_for_who_may_read_that(bench: Maker) -> None:
    shop = bench(row(12, patient_id="PAT 012&x=1"))
    at = shop.open(record="12")
    assert [(each.label, each.url) for each in at.get("link_button")] == [
        ("Who saw this patient?", "activity?patient=PAT+012%26x%3D1")
    ]
    chitra = replace(shop, visit=replace(shop.visit, who=lambda: (Actor("Chitra", Role.SUPPORT), Scope())))
    assert not chitra.open(record="12").get("link_button")


def asked(shop: Bench) -> list[TrailEvent]:
    return [event for event in shop.trail.rows if event.action == Action.ACTIVITY_SEARCHED]


def test_who_looks_at_the_activity_is_in_it_once_for_each_question(bench: Maker) -> None:
    shop = shop_with_a_past(bench)
    at = drawn(shop).run()
    assert [(event.actor, event.role, event.patient_id, event.reason) for event in asked(shop)] == [
        ("Esha", "auditor", None, "{}")
    ]
    at.text_input(key="trail_patient").set_value("PAT012").run()
    at.run()
    assert [event.patient_id for event in asked(shop)] == [None, "PAT012"]
    at.selectbox(key="trail_action").set_value(Action.OPEN).run()
    assert asked(shop)[-1].reason == '{"action":"record_opened"}'
    at.button(key="verify").click().run()
    assert len(asked(shop)) == 3
    assert "Looked at the activity" in column(drawn(shop), "What")


def test_a_name_that_somebody_types_into_a_filter_is_a_keyed_hash_in_the_trail(bench: Maker) -> None:
    shop = shop_with_a_past(bench)
    at = drawn(shop).text_input(key="trail_patient").set_value("Meera Nair").run()
    at.text_input(key="trail_person").set_value("Meera Nair").run()
    assert "Meera" not in str(shop.trail.rows)
    hashed = shop.visit.services.trail.keyed_hash("Meera Nair")
    assert json.loads(asked(shop)[-1].reason or "") == {"actor_hmac": hashed, "patient_hmac": hashed}
    taken = export(
        ESHA, Scope(), trail=shop.visit.services.trail, clock=lambda: NOW, chosen=Selection(patient_id="Meera")
    )
    assert list(taken) == []
    assert "Meera" not in str(shop.trail.rows)


def test_where_it_cannot_be_written_down_the_activity_is_shown_and_that_is_said(bench: Maker) -> None:
    shop = shop_with_a_past(bench)
    shop.trail.fault = LedgerUnavailable(LedgerFault.FULL)
    shop.trail.fail_after = 0
    at = drawn(shop)
    assert len(column(at, "What")) == 4
    assert said.NOT_WRITTEN in at.warning[0].value
    shop.trail.fault = shop.trail.fail_after = None
    at.run()
    assert not at.warning
    assert len(asked(shop)) == 1
