"""Find: what is on the screen after what somebody typed and clicked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from streamlit.testing.v1 import AppTest

from lib.errors import DatabaseFault, DatabaseUnavailable, LedgerFault, LedgerUnavailable
from lib.objects import Doubt
from lib.records import Clinic
from tests.screens.conftest import LOCATION, Bench, row

Maker = Callable[..., Bench]


def words(at: AppTest) -> str:
    """Return everything that stands on the screen, but table cells."""
    kinds = ("caption", "markdown", "text", "info", "warning", "error", "success", "code")
    return "\n".join(str(element.value) for kind in kinds for element in at.get(kind))


def cells(at: AppTest) -> list[dict[str, str]]:
    """Return the rows of the table."""
    return at.dataframe[0].value.to_dict("records")  # type: ignore[no-any-return]


def test_nothing_about_a_patient_is_shown_before_a_search(bench: Maker) -> None:
    at = bench(row(1, name="Asha Rao")).open()
    assert not at.exception
    assert "Asha" not in words(at)
    assert not at.dataframe
    assert "Type a phone number" in words(at)


def test_a_name_finds_rows_with_their_states(bench: Maker) -> None:
    at = bench(row(1), row(2, name="Asha Roy"), absent=(2,)).search("asha")
    assert [(each["Patient"], each["State"]) for each in cells(at)] == [
        ("Asha Rao", "✅ File found"),
        ("Asha Roy", "❌ Missing"),
    ]
    assert "2 of 2, taken as part of a name; this page: 1 found, 1 missing" in words(at)


def test_a_list_shows_four_digits_of_a_phone_and_no_more(bench: Maker) -> None:
    at = bench(row(1), row(2)).search("asha")
    assert [each["Phone"] for each in cells(at)] == ["…0001", "…0002"]


def test_a_single_hit_opens_itself(bench: Maker) -> None:
    at = bench(row(1), row(2)).search("CON002")
    assert "PAT002 · phone …0002" in words(at)
    assert "The PDF of 22 Nov 2026 is in storage" in words(at)


def test_a_closed_single_hit_stays_closed(bench: Maker) -> None:
    at = bench(row(1)).search("CON001")
    at.button(key="close").click().run()
    assert "PAT001" not in words(at)


def test_an_unreachable_bucket_says_cannot_check_and_why_beside_the_rows(bench: Maker) -> None:
    shop = bench(row(1), row(2))
    shop.objects.doubt = Doubt.UNREACHABLE
    at = shop.search("asha")
    assert {each["State"] for each in cells(at)} == {"❔ Can't check"}
    assert "Storage cannot be reached" in words(at)


def test_a_database_that_is_down_is_said_in_one_sentence_and_the_box_stays(bench: Maker) -> None:
    shop = bench(row(1))
    at = shop.open()
    shop.records.fault = DatabaseUnavailable(DatabaseFault.DOWN)
    at.text_input(key="text").set_value("asha").run()
    assert not at.exception
    assert "database cannot be reached" in words(at)
    assert at.text_input(key="text").value == "asha"


def test_a_search_without_trail_works_and_says_that_previews_and_links_do_not(bench: Maker) -> None:
    shop = bench(row(1), row(2))
    shop.trail.fault = LedgerUnavailable(LedgerFault.FULL)
    at = shop.search("asha")
    assert len(cells(at)) == 2
    assert "the disk is full. Searching works; previews and links are switched off." in words(at)


def test_a_link_without_trail_is_refused_with_that_reason(bench: Maker) -> None:
    shop = bench(row(1))
    at = shop.search("CON001")
    shop.trail.fault = LedgerUnavailable(LedgerFault.READ_ONLY)
    at.button(key="act-create-1-0").click().run()
    assert "previews and links are switched off" in words(at)
    assert not at.success or "Opens as a PDF" not in words(at)


def test_a_made_link_says_that_it_opens_and_until_when(bench: Maker) -> None:
    at = bench(row(1)).search("CON001")
    at.button(key="act-create-1-0").click().run()
    assert "Opens as a PDF, 23 bytes, until today 3:02 pm India time." in words(at)
    assert "Sent to the wrong person? A signed link cannot be cancelled" in words(at)


def test_a_link_leaves_the_screen_after_ten_minutes(bench: Maker) -> None:
    shop = bench(row(1))
    at = shop.search("CON001")
    at.button(key="act-create-1-0").click().run()
    shop.instant[0] += timedelta(minutes=11)
    at.run()
    assert "Opens as a PDF" not in words(at)
    assert "You made a link at 14:02. Make again." in words(at)


def test_another_search_takes_the_link_away_at_once(bench: Maker) -> None:
    at = bench(row(1), row(2)).search("CON001")
    at.button(key="act-create-1-0").click().run()
    at.text_input(key="text").set_value("CON002").run()
    assert "PAT002" in words(at)
    assert "Opens as a PDF" not in words(at)
    assert at.session_state["link"].last is None


def test_a_missing_pdf_offers_no_link_and_says_the_next_step(bench: Maker) -> None:
    at = bench(row(1), absent=(1,)).search("CON001")
    assert "is not in storage. Tell the patient you will call back" in words(at)
    assert "No link: the PDF is not in storage." in words(at)
    assert "act-create-1-0" not in {button.key for button in at.button}


def test_an_old_version_offers_the_version_to_use_first(bench: Maker) -> None:
    old = row(1, version=1, versions=2)
    new = replace(row(2, version=2, versions=2), prescription_id=1, patient_id="PAT001", consultation_id="CON001")
    at = bench(old, new).search("record 1")
    assert "Version 1 of 2, replaced by version 2" in words(at)
    at.button(key="use_newer").click().run()
    assert "Version 2 of 2, current, final" in words(at)


def test_a_draft_gives_no_link_without_a_reason(bench: Maker) -> None:
    at = bench(row(1, is_draft=True, is_finalized=False)).search("CON001")
    at.button(key="act-create-1-0").click().run()
    assert "This is a draft. Say why" in words(at)
    at.text_input(key="reason-1").set_value("asked by the doctor").run()
    at.button(key="act-create-1-0").click().run()
    assert "Opens as a PDF" in words(at)


def test_the_keys_stand_side_by_side_with_what_was_added_marked(bench: Maker) -> None:
    at = bench(row(1), row(2)).search("asha")
    at.toggle(key="show_keys").set_value(True).run()
    first = cells(at)[0]
    assert first["Stored key"].startswith("prescriptions/pdfs/CON001/")
    assert first["Resolved key"].startswith(f"[{LOCATION}/]prescriptions/")
    assert first["Stored key alone"] == "not checked"


def test_the_founding_failure_can_be_seen(bench: Maker) -> None:
    at = bench(row(1), row(2)).search("asha")
    at.toggle(key="show_keys").set_value(True).run()
    at.button(key="check_alone").click().run()
    assert [(each["State"], each["Stored key alone"]) for each in cells(at)] == [("✅ File found", "NoSuchKey")] * 2


def test_the_address_holds_the_record_and_an_id_but_never_a_name(bench: Maker) -> None:
    at = bench(row(1), row(2)).search("CON002")
    assert dict(at.query_params) == {"q": "CON002", "record": "2"}
    at = bench(row(1)).search("asha")
    assert dict(at.query_params) == {"record": "1"}


def test_an_address_with_a_record_opens_it(bench: Maker) -> None:
    at = bench(row(1), row(2)).open(record="2")
    assert "PAT002" in words(at)


def test_an_address_with_a_record_of_nobody_says_so(bench: Maker) -> None:
    at = bench(row(1)).open(record="99")
    assert "There is no such record, or you may not see it." in words(at)


def test_nothing_found_says_what_the_text_was_taken_for_and_what_limits_it(bench: Maker) -> None:
    clinics = (Clinic("CLN001", "North clinic"), Clinic("CLN002", "South clinic"))
    at = bench(row(1), clinics=clinics).search("zebra")
    at.selectbox(key="clinic").set_value("CLN002").run()
    assert "Nothing found. The text was taken as part of a name." in words(at)
    assert "Only one clinic is being searched" in words(at)


def test_a_rerun_is_neither_another_search_nor_another_opening(bench: Maker) -> None:
    shop = bench(row(1))
    at = shop.search("CON001")
    written = [event.action for event in shop.trail.rows]
    at.run()
    at.run()
    assert [event.action for event in shop.trail.rows] == written == ["search", "record_opened"]


def test_the_trail_holds_neither_name_nor_phone_nor_typed_text_nor_link(bench: Maker) -> None:
    shop = bench(row(1))
    at = shop.search("asha")
    at.button(key="act-create-1-0").click().run()
    kept = repr(shop.trail.rows)
    assert "create" not in kept
    for secret in ("asha", "Asha", "98765", "X-Amz", f"{LOCATION}/prescriptions"):
        assert secret not in kept


def test_hostile_names_reach_only_safe_sinks(bench: Maker) -> None:
    name = "**b** <img src=x onerror=alert(1)> [x](javascript:alert(1)) \u202egnp"
    at = bench(row(1, name=name)).search("CON001")
    assert any("⟨U+202E⟩" in str(text.value) for text in at.text)
    assert all("onerror" not in str(element.value) for kind in ("markdown", "caption") for element in at.get(kind))


def test_a_page_of_25_leads_to_the_next_and_back(bench: Maker) -> None:
    at = bench(*(row(number) for number in range(1, 31))).open()
    at.button(key="newest").click().run()
    assert len(cells(at)) == 25
    at.button(key="next").click().run()
    assert [each["Prescription"] for each in cells(at)] == ["26", "27", "28", "29", "30"]
    at.button(key="newer").click().run()
    assert cells(at)[0]["Prescription"] == "1"
