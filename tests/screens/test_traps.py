"""Find: what goes from one patient to the next, from one tab's address to another's, and what must not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from threading import Timer

from streamlit.testing.v1 import AppTest

from lib.access import Actor, Role, Scope
from lib.errors import DatabaseFault, DatabaseUnavailable, LedgerFault, LedgerUnavailable
from lib.records import Clinic, Cursor, Filters, IndexKind, MissingIndex, Page, Term
from lib.refusals import RefusalCode, Refused
from lib.stores.memory.records import MemoryRecords
from pages.link import Made
from tests.conftest import NOW
from tests.screens.conftest import Bench, row
from tests.screens.test_find import cells, words

Maker = Callable[..., Bench]
CLINICS = (Clinic("CLN001", "North *clinic*"), Clinic("CLN002", "South clinic"))


def buttons(at: AppTest) -> set[str]:
    """Return the keys of all buttons on the screen."""
    return {str(button.key) for button in at.button}


def test_a_reason_typed_for_one_draft_does_not_stand_under_another(bench: Maker) -> None:
    drafts = [row(number, is_draft=True, is_finalized=False) for number in (1, 2)]
    at = bench(*drafts).search("CON001")
    at.text_input(key="reason-1").set_value("asked by the doctor").run()
    at.text_input(key="text").set_value("CON002").run()
    assert at.text_input(key="reason-2").value == ""
    at.button(key="act-create-2-0").click().run()
    assert "This is a draft. Say why" in words(at)


def test_a_duration_chosen_for_one_patient_is_not_the_next_patients(bench: Maker) -> None:
    at = bench(row(1), row(2)).search("CON001")
    at.radio(key="expiry-1").set_value(timedelta(days=7)).run()
    at.text_input(key="text").set_value("CON002").run()
    assert at.radio(key="expiry-2").value == timedelta(hours=1)


def test_a_click_meant_for_one_record_does_nothing_under_another(bench: Maker) -> None:
    at = bench(row(1), row(2)).search("CON001")
    at.button(key="act-create-1-0").click()
    at.text_input(key="text").set_value("CON002").run()
    assert "PAT002" in words(at)
    assert "Opens as a PDF" not in words(at)


def test_a_click_while_the_one_before_is_still_being_answered_waits_for_its_link(bench: Maker) -> None:
    shop = bench(row(1))
    at = shop.search("CON001")
    kept = at.session_state["link"]
    kept.turn.acquire()  # by the script beside this one
    made = Made(NOW, Refused(RefusalCode.LINK_REFUSED))

    def answered() -> None:
        kept.last, kept.acts = made, kept.acts + 1
        kept.turn.release()

    Timer(0.3, answered).start()
    at.button(key="act-create-1-0").click().run()
    assert at.session_state["link"].last is made
    assert "link" not in {event.action for event in shop.trail.rows}


def test_a_pdf_asked_for_one_record_is_not_fetched_for_another(bench: Maker) -> None:
    shop = bench(row(1), row(2))
    at = shop.search("CON001")
    at.button(key="act-show_pdf-1-0").click()
    at.text_input(key="text").set_value("CON002").run()
    assert "hide_pdf" not in buttons(at)
    assert "preview" not in {event.action for event in shop.trail.rows}


def test_a_bad_duration_is_refused_as_it_is_typed_with_form_and_bounds(bench: Maker) -> None:
    at = bench(row(1)).search("CON001")
    at.radio(key="expiry-1").set_value(timedelta(0)).run()
    at.text_input(key="custom-1").set_value("soon").run()
    assert "That is not a duration. From 1s to 7d, written like 15m, 1h, 2d or 90s." in words(at)
    at.text_input(key="custom-1").set_value("8d").run()
    assert "That is too long. From 1s to 7d" in words(at)
    at.button(key="act-create-1-0").click().run()
    assert "That is too long. From 1s to 7d" in words(at)
    at.text_input(key="custom-1").set_value("2h").run()
    assert "That is too long" not in words(at)


def test_a_date_at_the_end_of_time_is_no_fault_of_ours(bench: Maker) -> None:
    at = bench(row(1)).open(until="9999-12-31", since="0001-01-01", browse="1")
    assert "Something went wrong" not in words(at)
    assert len(cells(at)) == 1


def test_dates_the_wrong_way_round_say_so(bench: Maker) -> None:
    at = bench(row(1)).open(since="2026-11-20", until="2026-11-01")
    assert "“From” lies after “To”" in words(at)


def test_a_pasted_text_of_any_length_is_answered(bench: Maker) -> None:
    at = bench(row(1)).search("k" * 100_000)
    assert "Only its first 4,096 characters were read." in words(at)
    assert "Nothing found" in words(at)


def test_show_keys_stays_on_over_a_search_that_finds_nothing(bench: Maker) -> None:
    at = bench(row(1), row(2)).search("asha")
    at.toggle(key="show_keys").set_value(True).run()
    at.text_input(key="text").set_value("zebra").run()
    at.text_input(key="text").set_value("asha").run()
    assert at.toggle(key="show_keys").value is True


def test_filters_stay_while_the_database_is_down(bench: Maker) -> None:
    shop = bench(row(1), row(2), clinics=CLINICS)
    at = shop.search("asha")
    at.toggle(key="older").set_value(True).run()
    at.date_input(key="since").set_value(date(2026, 11, 1)).run()
    shop.records.fault = DatabaseUnavailable(DatabaseFault.DOWN)
    shop.instant[0] += timedelta(minutes=5)
    at.run()
    shop.records.fault = None
    at.button(key="retry").click().run()
    assert at.toggle(key="older").value is True
    assert at.date_input(key="since").value == date(2026, 11, 1)


def test_a_search_limited_to_a_clinic_says_so(bench: Maker) -> None:
    at = bench(row(1), row(2), clinics=CLINICS).search("asha")
    assert "in one clinic only" not in words(at)
    at.selectbox(key="clinic").set_value("CLN001").run()
    assert "2 of 2 in one clinic only, taken as part of a name" in words(at)


def test_a_page_behind_the_last_row_leads_back(bench: Maker) -> None:
    at = bench(row(1), row(2)).open(browse="1", after="2001-01-01T00:00:00+00:00~1~1")
    at.button(key="newer").click().run()
    assert len(cells(at)) == 2


def test_a_page_that_makes_no_sense_is_the_first_one(bench: Maker) -> None:
    at = bench(row(1), row(2)).open(browse="1", after="junk")
    assert len(cells(at)) == 2
    assert dict(at.query_params) == {"browse": "1"}


class Slow(MemoryRecords):
    """Answers, and names the index that would have helped."""

    def search(self, term: Term, filters: Filters, *, scope: Scope, limit: int, after: Cursor | None = None) -> Page:
        page = super().search(term, filters, scope=scope, limit=limit, after=after)
        indexes = (
            MissingIndex("prescription_pdfs", ("generated_at", "id")),
            MissingIndex("users", ("name",), IndexKind.TRIGRAM),
        )
        return replace(page, missing_indexes=indexes)


def test_a_slow_page_says_which_index_would_help(bench: Maker) -> None:
    shop = bench(row(1), row(2))
    services = replace(shop.visit.services, records=Slow([row(1), row(2)]))
    at = replace(shop, visit=replace(shop.visit, services=services)).search("asha")
    assert "CREATE INDEX CONCURRENTLY ON prescription_pdfs (generated_at, id);" in words(at)
    assert "CREATE INDEX CONCURRENTLY ON users USING gin (name gin_trgm_ops);" in words(at)


def test_a_folder_that_says_no_consultation_is_no_warning(bench: Maker) -> None:
    at = bench(row(1, stored_key=f"prescriptions/pdfs/no-consultation/{1:032x}.pdf")).open(record="1")
    at.session_state["details_open"] = True
    at.run()
    assert [each.value for each in at.info] == ["The PDF was made without a consultation; its folder says so."]
    assert not at.warning


def test_a_prescription_that_is_neither_draft_nor_final_says_so(bench: Maker) -> None:
    at = bench(row(1, is_draft=False, is_finalized=False)).search("CON001")
    assert "Version 1 of 1, current, not finalized" in words(at)


def test_the_address_of_an_earlier_place_leads_back_to_it(bench: Maker) -> None:
    """As the browser's Back button does: the address is another than the one that we wrote."""
    shop = bench(row(1), row(2))
    at = shop.search("CON001")
    shop.instant[0] += timedelta(seconds=5)
    at.text_input(key="text").set_value("CON002").run()
    shop.instant[0] += timedelta(seconds=5)
    at.query_params["q"] = "CON001"
    at.query_params["record"] = "1"
    at.run()
    assert "PAT001" in words(at)
    assert "PAT002" not in words(at)
    assert at.text_input(key="text").value == "CON001"


def test_back_finds_a_name_again_that_was_never_in_the_address(bench: Maker) -> None:
    shop = bench(row(1), row(2))
    at = shop.search("asha")
    shop.instant[0] += timedelta(seconds=5)
    at.text_input(key="text").set_value("CON002").run()
    shop.instant[0] += timedelta(seconds=5)
    at.query_params.clear()
    at.run()
    assert at.text_input(key="text").value == "asha"
    assert len(cells(at)) == 2


def test_a_missing_pdf_is_not_offered_to_be_shown(bench: Maker) -> None:
    at = bench(row(1), absent=(1,)).search("CON001")
    assert "act-show_pdf-1-0" not in buttons(at)


def test_a_ledger_that_is_away_for_a_moment_takes_one_click_to_come_back_from(bench: Maker) -> None:
    shop, faults = bench(row(1)), [LedgerUnavailable(LedgerFault.LOCKED)]

    def who() -> tuple[Actor, Scope]:
        if faults:
            raise faults[0]
        return Actor("Asha", Role.OWNER), Scope()

    shop.visit = replace(shop.visit, who=who)
    at = shop.open()
    assert "The activity database is locked" in at.error[0].value
    faults.clear()
    at.button(key="retry").click().run()
    assert not at.error
    assert at.text_input(key="text")
