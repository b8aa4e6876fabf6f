"""The open record beyond its HEAD: looked for, looked into, asked for as a stranger; the states at a glance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.once import Kept
from lib.access import Actor, Permission, Role, Scope
from lib.diagnosis import State
from lib.explanation import MAX_REQUESTS
from lib.exposure import Exposure, Samples
from lib.keys import Rules
from lib.listing import Listed, Version
from lib.objects import Doubt
from lib.records import Record
from lib.stores.memory.listing import MemoryLister
from lib.stores.memory.objects import StoredObject
from tests.screens.conftest import LOCATION, PDF, Bench, row
from tests.screens.test_find import cells, words
from tests.screens.test_roles import drawn, sent

Maker = Callable[..., Bench]

OWNER = Actor("asha", Role.OWNER)
DEVELOPER = Actor("dev", Role.DEVELOPER)
STAFF = (Actor("bilal", Role.CLINIC_ADMIN), Actor("chitra", Role.SUPPORT))
NORTH = Scope(frozenset({"CLN001"}))
RIGHT = f"{LOCATION}/prescriptions/pdfs/CON001/{1:032x}.pdf"
FOUND_ELSEWHERE = "The file is in the wrong place. We checked that it is the right one."


def lost(bench: Maker, *more: Record) -> Bench:
    """Return a clinic in which the key of record 1 begins with a location of before, and its file was moved."""
    shop = bench(row(1, stored_key=f"old/prescriptions/pdfs/CON001/{1:032x}.pdf"), *more, absent=(1,))
    shop.objects.objects[RIGHT] = StoredObject(PDF)
    return with_services(shop, rules=Rules(LOCATION, "edrspace", previous_locations=("old",)))


def with_services(shop: Bench, **changes: object) -> Bench:
    return replace(shop, visit=replace(shop.visit, services=replace(shop.visit.services, **changes)))  # type: ignore[arg-type]


def keys_of(at: AppTest) -> set[str]:
    return {str(button.key) for button in at.button}


def test_a_healthy_record_costs_its_head_and_nothing_more(bench: Maker) -> None:
    shop = bench(row(1), row(2))
    for number in ("1", "2"):
        drawn(shop, OWNER, Scope(), record=number).run()
    assert [verb for verb, _ in shop.objects.calls] == ["head", "head"]


@pytest.mark.parametrize("actor", [OWNER, *STAFF], ids=lambda actor: actor.name)
def test_a_file_in_the_wrong_place_is_found_shared_and_said_to_be_there(bench: Maker, actor: Actor) -> None:
    shop = lost(bench)
    at = drawn(shop, actor, NORTH, record="1")
    assert FOUND_ELSEWHERE in words(at)
    at.button(key="act-create-1-0").click().run()
    assert "Opens as a PDF" in words(at)
    assert "this link leads to where it is. We checked that it is the right one." in words(at)
    assert shop.trail.rows[-1].reason == "[in the wrong place]"


def test_a_file_in_the_wrong_place_is_shown_and_said_to_be_there(bench: Maker) -> None:
    at = drawn(lost(bench), OWNER, Scope(), record="1")
    at.button(key="act-show_pdf-1-0").click().run()
    assert "This is the right file, found in the wrong place." in words(at)


def test_the_row_of_a_file_that_was_found_says_so_until_the_answer_is_old(bench: Maker) -> None:
    shop = lost(bench, row(2))
    at = shop.open(browse="1")
    assert [each["State"] for each in cells(at)] == ["❌ Missing", "✅ File found"]
    at.session_state["open"] = ("record", 1)
    at.run()
    assert [each["State"] for each in cells(at)] == ["🔀 In the wrong place", "✅ File found"]
    assert "1 found, 1 in the wrong place" in words(at)
    at.button(key="close").click().run()
    assert cells(at)[0]["State"] == "🔀 In the wrong place"
    shop.instant[0] += timedelta(minutes=6)
    at.run()
    assert cells(at)[0]["State"] == "❌ Missing"


@pytest.mark.parametrize("actor", STAFF, ids=lambda actor: actor.name)
def test_staff_are_told_what_to_do_and_neither_code_nor_key(bench: Maker, actor: Actor) -> None:
    shop = bench(row(1), absent=(1,))
    at = drawn(shop, actor, NORTH, record="1")
    assert "Tell the patient you will call back" in words(at)
    assert "Ask the doctor to make the PDF again." in words(at)
    for secret in ("NEVER_UPLOADED", LOCATION, "edrspace", f"{1:032x}"):
        assert secret not in sent(at)
    at = drawn(lost(bench), actor, NORTH, record="1")
    for secret in ("LOCATION_OLD", LOCATION, "edrspace", f"{1:032x}"):
        assert secret not in sent(at)


def test_a_developer_sees_the_code_the_suggestion_its_proof_and_what_differs(bench: Maker) -> None:
    at = drawn(lost(bench), DEVELOPER, Scope(), record="1")
    said = words(at)
    assert FOUND_ELSEWHERE in said
    assert "Older location (LOCATION_OLD)." in said
    assert "suggestion  [edrcontainer1]/prescriptions/pdfs/CON001/" in said
    assert "Proven" in said
    assert not any("Suggestion" in each.value.columns for each in at.dataframe), "a table for one alone"
    assert "act-create-1-0" not in keys_of(at)


def test_a_record_is_looked_for_once_for_each_opening_and_each_check_again(bench: Maker) -> None:
    shop = bench(row(1), absent=(1,))
    at = shop.open(record="1")
    once = len(shop.objects.calls)
    assert 1 < once <= 1 + MAX_REQUESTS
    at.run()
    at.run()
    assert len(shop.objects.calls) == once
    shop.objects.objects[f"{LOCATION}/prescriptions/pdfs/CON001/{1:032x}.pdf"] = StoredObject(PDF)
    at.button(key="recheck").click().run()
    assert "is in storage" in words(at)


def test_a_record_that_is_opened_again_or_checked_again_is_looked_for_again(bench: Maker) -> None:
    shop = bench(row(1), row(2), absent=(1,))
    at = shop.open(browse="1")

    def looks() -> int:
        return [verb for verb, _ in shop.objects.calls].count("uploads")

    for count in (1, 2):
        at.session_state["open"] = ("record", 1)
        at.run()
        assert looks() == count
        at.button(key="close").click().run()
    at.session_state["open"] = ("record", 1)
    at.run()
    at.button(key="recheck").click().run()
    assert looks() == 4


def test_another_record_takes_the_diagnosis_away(bench: Maker) -> None:
    at = lost(bench, row(2)).open(record="1")
    at.text_input(key="text").set_value("CON002").run()
    assert FOUND_ELSEWHERE not in words(at)
    assert "PAT002" in words(at)


def test_while_the_file_is_looked_for_that_is_said_and_nothing_holds_up_the_page(bench: Maker) -> None:
    shop, may_answer = lost(bench), Event()

    class Slow(MemoryLister):
        def below(self, prefix: str, *, after: str = "", limit: int = 1000) -> Listed:
            may_answer.wait(10)
            return super().below(prefix, after=after, limit=limit)

    at = with_services(shop, lister=Slow(shop.objects)).open(record="1")
    assert "Looking for the file…" in words(at)
    assert "is not in storage" not in words(at)
    assert "act-create-1-0" not in keys_of(at)
    may_answer.set()
    for _ in range(50):
        at.run()
        if FOUND_ELSEWHERE in words(at):
            break
    assert FOUND_ELSEWHERE in words(at)


def test_a_bucket_that_does_not_answer_is_not_looked_around_in(bench: Maker) -> None:
    shop = bench(row(1))
    shop.objects.doubt = Doubt.UNREACHABLE
    at = shop.open(record="1")
    assert "We can't check the PDF" in words(at)
    assert {verb for verb, _ in shop.objects.calls} == {"head"}


def test_the_file_of_an_empty_key_is_found_and_a_link_made(bench: Maker) -> None:
    shop = bench(row(1, stored_key=""))
    shop.objects.objects[RIGHT] = StoredObject(PDF)
    at = shop.open(record="1")
    assert FOUND_ELSEWHERE in words(at)
    at.button(key="act-create-1-0").click().run()
    assert "Opens as a PDF" in words(at)


def test_what_a_file_holds_is_said_to_staff_without_codes_and_to_developers_with(bench: Maker) -> None:
    page = b"<html><body>404"
    shop = bench(row(1, size_bytes=None, checksum=""))
    shop.objects.objects[RIGHT] = StoredObject(page)
    at = drawn(shop, STAFF[1], NORTH, record="1")
    at.button(key="act-inside-1-0").click().run()
    assert "It is a web page (15 bytes), saved in the PDF's place. What lies in storage is not a PDF." in words(at)
    assert "NOT_PDF" not in sent(at)
    at = drawn(shop, DEVELOPER, Scope(), record="1")
    at.button(key="act-inside-1-0").click().run()
    assert "Not a PDF (NOT_PDF)." in words(at)
    assert [event.action for event in shop.trail.rows if event.result == "ok"].count("content_checked") == 2


def test_whether_a_file_opens_for_anyone_is_not_checked_until_somebody_asks(bench: Maker) -> None:
    shop = bench(row(1))
    at = drawn(shop, STAFF[0], NORTH, record="1")
    assert at.button(key="act-exposure-1-0").label == "Opens without a link? Not checked"
    assert {verb for verb, _ in shop.objects.calls} == {"head"}
    at.button(key="act-exposure-1-0").click().run()
    assert "Opens only with a link." in words(at)
    shop.objects.objects[RIGHT] = StoredObject(PDF, is_public=True)
    at = drawn(shop, STAFF[0], NORTH, record="1")
    at.button(key="act-exposure-1-0").click().run()
    assert "opens for anyone who knows its address, also without a link" in words(at)


def test_the_answers_of_one_record_do_not_stand_under_another(bench: Maker) -> None:
    at = bench(row(1), row(2)).open(record="1")
    at.button(key="act-exposure-1-0").click().run()
    at.text_input(key="text").set_value("CON002").run()
    assert "Opens only with a link." not in words(at)
    at.session_state["exposure"] = Kept(Exposure.CLOSED, of=1)  # one that comes late
    at.run()
    assert "Opens only with a link." not in words(at)


def test_the_storage_details_compare_the_whole_content_and_tell_the_versions(bench: Maker) -> None:
    shop = bench(row(1))
    kept = (Version("v2", is_latest=True, is_delete_marker=False, last_modified=shop.instant[0], size_bytes=23),)
    at = with_services(shop, lister=MemoryLister(shop.objects, kept={RIGHT: kept})).open(record="1")
    at.session_state["details_open"] = True
    at.run()
    at.button(key="act-compared-1-0").click().run()
    assert "agrees with the record." in words(at)
    at.button(key="act-kept_versions-1-0").click().run()
    assert "23 bytes  ← now" in words(at)


def test_the_state_filter_shows_the_rows_of_one_state_and_says_that_it_covers_this_page(bench: Maker) -> None:
    at = bench(row(1), row(2), row(3), absent=(2,)).open(browse="1")
    assert [each.content for each in choice(at).proto.options] == ["All", "File found", "Missing"]
    choice(at).set_value(State.MISSING).run()
    assert [each["State"] for each in cells(at)] == ["❌ Missing"]
    assert "Shown: 1 of the 3 on this page. The filter covers this page only." in words(at)
    assert "3 of 3, the newest prescriptions; this page: 2 found, 1 missing" in words(at)


def test_a_page_of_one_state_has_no_filter(bench: Maker) -> None:
    assert not bench(row(1), row(2)).open(browse="1").get("button_group")


def test_a_filter_that_fits_nothing_any_more_is_dropped(bench: Maker) -> None:
    shop = bench(row(1), row(2), row(3, size_bytes=1), absent=(2,))
    at = shop.open(browse="1")
    choice(at).set_value(State.MISSING).run()
    shop.objects.objects[f"{LOCATION}/{shop.records.rows[1].stored_key}"] = StoredObject(PDF)
    at.button(key="check_again").click().run()
    at.run()
    assert len(cells(at)) == 3
    assert not at.exception


def test_another_search_shows_every_state_again(bench: Maker) -> None:
    at = bench(row(1), row(2), row(3, name="Bina Das"), absent=(2, 3)).open(browse="1")
    choice(at).set_value(State.MISSING).run()
    at.text_input(key="text").set_value("asha").run()
    assert [each["State"] for each in cells(at)] == ["✅ File found", "❌ Missing"]


def test_the_filter_asks_nobody_anything(bench: Maker) -> None:
    shop = bench(row(1), row(2), absent=(2,))
    at = shop.open(browse="1")
    asked, events = len(shop.objects.calls), len(shop.trail.rows)
    choice(at).set_value(State.MISSING).run()
    assert len(cells(at)) == 1
    assert (len(shop.objects.calls), len(shop.trail.rows)) == (asked, events)


def choice(at: AppTest) -> Any:
    return at.get("button_group")[0]


def banner_of(shop: Bench, actor: Actor, scope: Scope = Scope()) -> str:  # noqa: B008 - a frozen value
    at = drawn(shop, actor, scope, browse="1")
    return "\n".join(line for line in words(at).splitlines() if "sampled" in line)


def public(bench: Maker, count: int) -> Bench:
    shop = with_services(bench(*(row(number) for number in range(1, 6))), exposure=Samples())
    for key in list(shop.objects.objects)[:count]:
        shop.objects.objects[key] = StoredObject(PDF, is_public=True)
    return shop


@pytest.mark.parametrize("actor", [OWNER, DEVELOPER], ids=lambda actor: actor.name)
def test_owners_and_developers_are_told_how_many_pdfs_open_for_anyone(bench: Maker, actor: Actor) -> None:
    said = banner_of(public(bench, 2), actor)
    assert said == "2 of 5 PDFs sampled open for anyone who knows the address. Checked 14:02."
    assert banner_of(public(bench, 0), actor).startswith("None of 5 PDFs sampled opens for anyone")


@pytest.mark.parametrize("actor", STAFF, ids=lambda actor: actor.name)
def test_nobody_else_is_told_and_nobody_else_begins_a_sample(bench: Maker, actor: Actor) -> None:
    shop = public(bench, 2)
    assert banner_of(shop, actor, NORTH) == ""
    assert len(cells(drawn(shop, actor, NORTH, browse="1"))) == 5
    assert "fetch" not in {verb for verb, _ in shop.objects.calls}


def test_a_sample_is_taken_once_an_hour_for_everybody_and_when_somebody_asks(bench: Maker) -> None:
    shop = public(bench, 2)

    def fetched() -> int:
        return [verb for verb, _ in shop.objects.calls].count("fetch")

    at = drawn(shop, OWNER, Scope(), browse="1")
    banner_of(shop, DEVELOPER)
    assert fetched() == 5
    shop.instant[0] += timedelta(minutes=2)
    at.button(key="sample_again").click().run()
    at.run()
    assert fetched() == 10
    assert "Checked 14:04." in words(at)
    shop.instant[0] += timedelta(hours=1)
    banner_of(shop, DEVELOPER)
    assert fetched() == 15


def test_a_sample_that_failed_is_no_sample_and_the_page_stands(bench: Maker) -> None:
    shop = public(bench, 2)
    shop.objects.doubt = Doubt.UNREACHABLE
    at = drawn(shop, OWNER, Scope(), browse="1")
    assert not at.exception
    assert "sampled" not in words(at)
    assert len(cells(at)) == 5


def test_nobody_is_granted_the_banner_by_a_link(bench: Maker) -> None:
    granted = Actor("dev", Role.SUPPORT, frozenset({Permission.STORAGE_DETAILS}))
    assert banner_of(public(bench, 2), granted) == ""
