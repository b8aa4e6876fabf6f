"""Explain: what stands on the screen after something was pasted, for each role, and what does not."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import wording
from dashboard.visit import Visit
from dashboard.wording import explain as said
from lib.access import Actor, Permission, Role, Scope
from lib.errors import DatabaseFault, DatabaseUnavailable, LedgerFault, LedgerUnavailable
from lib.keys import Rules
from lib.objects import Doubt
from lib.records import Record
from lib.stores.memory.objects import StoredObject
from pages import PAGES
from tests.conftest import NOW
from tests.core import wrecks
from tests.screens.conftest import LOCATION, PDF, Bench, row, session_of
from tests.screens.test_find import cells, words
from tests.screens.test_roles import sent

Maker = Callable[..., Bench]
ASHA = Actor("Asha", Role.OWNER)
CHITRA = Actor("Chitra", Role.SUPPORT)
DEV = Actor("Dev", Role.DEVELOPER)
BILAL = Actor("Bilal", Role.CLINIC_ADMIN)
HOST = "objects.example"
STORED = row(1).stored_key or ""
FOUNDING = "The link asks for the stored key as it stands in the database"
PAGE = (
    "<Error><Code>NoSuchKey</Code><Message/><BucketName>edrspace</BucketName>"
    "<RequestId>tx00000a1b2c3d4e5f60718-0065f1c2d3-5a5a5a-sgp1b</RequestId></Error>"
)


def asked_by(shop: Bench, actor: Actor, scope: Scope | None = None) -> Visit:
    """Return a visit of somebody, in a clinic whose storage has an address and had another location."""
    rules = Rules(LOCATION, "edrspace", previous_locations=("media",), url_hosts=(HOST,))
    seen = scope or Scope()
    return replace(
        shop.visit,
        services=replace(shop.visit.services, rules=rules),
        who=lambda: (actor, seen),
        session=lambda: session_of(actor, seen),
    )


def page(
    shop: Bench, actor: Actor = ASHA, scope: Scope | None = None, *, where: Sequence[str] = ("explain",)
) -> AppTest:
    given = {"visit": asked_by(shop, actor, scope), "where": where}
    return AppTest.from_function(_draw, kwargs=given, default_timeout=20).run()


def _draw(visit, where) -> None:  # type: ignore[no-untyped-def]  # AppTest runs the source alone: no names from here
    from dashboard.frame import show
    from pages import PAGES

    show(next(screen for screen in PAGES if screen.url == where[0]), visit)


def ask(at: AppTest, text: str) -> AppTest:
    at.text_area(key="explain_text").set_value(text)
    at.button(key="explain_it").click().run()
    assert not at.exception
    return at


def explained(shop: Bench, text: str, actor: Actor = ASHA, scope: Scope | None = None) -> AppTest:
    return ask(page(shop, actor, scope), text)


def bare_link(key: str = STORED, *, expires: int = 3600, hours_ago: float = 0.1) -> str:
    """Return a link of a key as boto3 signs it, some time before the instant of the tests."""
    link = wrecks.signed(key, endpoint=f"https://{HOST}", expires=expires)
    return wrecks.signed_at(link, NOW - timedelta(hours=hours_ago))


def moved(number: int, to: str, **changes: object) -> tuple[Record, dict[str, StoredObject]]:
    """Return a row whose file lies somewhere else, and that file."""
    return row(number, **changes), {to.format(key=row(number).stored_key): StoredObject(PDF)}


def keys_drawn(at: AppTest) -> set[str]:
    kinds = ("button", "link_button", "toggle", "checkbox", "download_button", "text_area", "radio")
    return {str(getattr(each, "key", None) or each.label) for kind in kinds for each in at.get(kind)}


def test_it_stands_in_the_menu_for_who_may_explain() -> None:
    (screen,) = [each for each in PAGES if each.title == "Explain"]
    assert (screen.url, screen.permission) == ("explain", Permission.EXPLAIN)


def test_a_clinic_admin_has_no_such_page(bench: Maker) -> None:
    at = page(bench(row(1)), BILAL, Scope(frozenset({"CLN001"})))
    assert "You may not do this." in words(at)
    assert keys_drawn(at) == set()


def test_before_anything_is_pasted_it_teaches_and_shows_nobody(bench: Maker) -> None:
    at = page(bench(row(1)))
    assert "A link that does not open" in words(at)
    assert said.GOES_NOWHERE in words(at)
    assert "Asha Rao" not in sent(at)


def test_the_link_of_the_bare_key_gives_the_founding_diagnosis_and_one_button_makes_the_right_link(
    bench: Maker,
) -> None:
    shop = bench(row(1))
    at = explained(shop, bare_link())
    assert FOUNDING in words(at)
    assert "Asha Rao · PAT001" in words(at)
    at.button(key="act-quick-1-0").click().run()
    assert "Opens as a PDF" in words(at)
    assert (shop.trail.rows[-1].action, shop.trail.rows[-1].result) == ("link", "ok")
    assert "X-Amz-Signature" not in repr(shop.trail.rows)


def test_the_usual_link_lasts_as_long_as_the_settings_say_and_the_choices_are_those_of_the_role(bench: Maker) -> None:
    granted = Actor("Dev", Role.DEVELOPER, frozenset({Permission.LINK}))
    at = explained(bench(row(1)), STORED, granted)
    assert at.button(key="act-quick-1-0").label == "Make the right link (1 hour)"
    at.toggle(key="choices-1").set_value(True).run()
    assert [each.split(":")[0] for each in at.radio(key="expiry-1").options] == ["15 minutes", "1 hour", "Other…"]
    assert "act-quick-1-0" not in keys_drawn(at)


def test_support_gets_the_verdict_and_the_link_and_no_key(bench: Maker) -> None:
    shop = bench(row(1))
    at = explained(shop, bare_link(), CHITRA)
    assert FOUNDING in words(at)
    assert "act-quick-1-0" in keys_drawn(at)
    for hidden in ("edrspace", LOCATION, "Ask it yourself", "taken apart", "act-prepare_plan-0"):
        assert hidden not in sent(at).replace(bare_link(), "")


def test_a_developer_sees_keys_and_neither_name_nor_link(bench: Maker) -> None:
    at = explained(bench(row(1)), bare_link(), DEV)
    assert f"[{LOCATION}/]{STORED}" in words(at)
    assert "LOCATION_MISSING" in words(at)
    assert "Asha Rao" not in sent(at)
    assert {"act-quick-1-0", "act-create-1-0"}.isdisjoint(keys_drawn(at))


def test_what_the_four_rules_ask_for_is_shown_with_the_answers(bench: Maker) -> None:
    at = explained(bench(row(1)), "record 1")
    assert [(each["Rule"], each["Answer"]) for each in cells(at)][-1] == ("Bare stored key", "NoSuchKey")
    assert cells(at)[0]["Asks for"] == f"{LOCATION}/{STORED}"


def test_an_expired_link_says_for_how_long_in_the_clinics_zone(bench: Maker) -> None:
    at = explained(bench(row(1)), bare_link(f"{LOCATION}/{STORED}", hours_ago=4), CHITRA)
    assert "The link has expired." in words(at)
    assert "The link expired 3 h ago (Tue 24 Nov, 11:02 am India time)." in words(at)


def test_a_mended_link_is_offered_to_who_may_share_the_record(bench: Maker) -> None:
    shop, broken = bench(row(1)), bare_link(f"{LOCATION}/{STORED}").replace("&", "&amp;")
    at = explained(shop, broken)
    assert r"wrote each \& in it as \&amp;" in words(at)
    assert "Copy the mended link" in sent(at)
    assert "Copy the mended link" not in sent(explained(shop, broken, DEV))


def test_an_error_page_names_both_suspects_and_each_is_checked_by_one_click(bench: Maker) -> None:
    at = explained(bench(row(9, generated_at=NOW), row(1), row(2), absent=(9,)), PAGE)
    assert "This page does not say which file." in words(at)
    at.button(key="suspect-0").click().run()
    assert "Record 1: bare key: NoSuchKey; resolved key: 200" in words(at), "record 9 is newer, but its file is nowhere"
    at.button(key="suspect-1").click().run()
    assert "Our own endpoint does not hold the bucket edrspace." in words(at)
    assert "suspect-0" not in keys_drawn(explained(bench(row(1)), PAGE, CHITRA))


@pytest.mark.parametrize(
    ("stored", "glyph"), [(f"{STORED}\n", "␊"), (f"{STORED}\u00a0", "⟨U+00A0⟩"), (f"a\u202e{STORED}", "⟨U+202E⟩")]
)
def test_what_nobody_sees_in_a_key_is_shown_as_a_glyph(bench: Maker, stored: str, glyph: str) -> None:
    shop = bench(row(1, stored_key=stored))
    shop.objects.objects = {f"{LOCATION}/{STORED}": StoredObject(PDF)}
    at = explained(shop, "record 1")
    assert glyph in words(at)
    assert stored not in sent(at)
    assert "The file is in the wrong place." in words(at)


def test_a_file_in_the_wrong_place_is_suggested_with_its_proof_and_can_be_shared(bench: Maker) -> None:
    lost, files = moved(1, "media/{key}")
    shop = bench(lost)
    shop.objects.objects = files
    at = explained(shop, "record 1")
    assert "Proven: size agrees with the record; MD5 agrees with the record" in words(at)
    assert f"suggestion  [media/]{STORED}" in words(at)
    at.button(key="act-quick-1-0").click().run()
    assert "Opens as a PDF" in words(at)
    assert shop.trail.rows[-1].reason == "[in the wrong place]"


def test_a_file_that_is_nowhere_gets_no_link(bench: Maker) -> None:
    at = explained(bench(row(1), absent=(1,)), "record 1")
    assert "NEVER_UPLOADED" in words(at)
    assert "act-quick-1-0" not in keys_drawn(at)


def test_of_a_replaced_version_the_newest_is_offered_first_and_the_old_one_asks_why(bench: Maker) -> None:
    old = row(1, version=1, versions=2, latest_version=2, is_current=False)
    new = replace(row(2, version=2, versions=2), prescription_id=1)
    shop = bench(old, new)
    at = explained(shop, "record 1")
    assert "act-quick-1-0" not in keys_drawn(at)
    assert at.button(key="use_newer").label == "Use version 2"
    assert at.text_input(key="reason-1").label == "Why share a replaced version?"
    at.button(key="use_newer").click().run()
    assert at.text_area(key="explain_text").value == "record 2"
    at.button(key="act-quick-2-0").click().run()
    assert "Opens as a PDF" in words(at)


def test_a_draft_asks_why(bench: Maker) -> None:
    at = explained(bench(row(1, is_draft=True)), "record 1")
    assert at.text_input(key="reason-1").label == "Why share a draft?"
    assert "act-quick-1-0" not in keys_drawn(at)


def test_another_text_takes_the_link_and_the_answer_off_the_screen(bench: Maker) -> None:
    at = explained(bench(row(1), row(2, name="Asha Roy")), "record 1")
    at.button(key="act-quick-1-0").click().run()
    assert "Opens as a PDF" in words(at)
    ask(at, "record 2")
    assert "Asha Roy" in words(at)
    for gone in ("Asha Rao", "Opens as a PDF", "X-Amz-Signature"):
        assert gone not in sent(at)
    ask(at, "")
    assert "Asha Roy" not in sent(at)


def test_who_comes_back_to_an_empty_field_finds_no_answer_below_it(bench: Maker) -> None:
    where = ["explain"]
    at = ask(page(bench(row(1)), where=where), "record 1")
    assert "Asha Rao" in sent(at)
    for where[0] in ("account", "explain"):
        at.run()
    assert at.text_area(key="explain_text").value == ""
    assert "Asha Rao" not in sent(at)


def test_a_record_that_is_not_visible_is_no_record(bench: Maker) -> None:
    for text in ("record 1", STORED, bare_link(), "record 99"):
        at = explained(bench(row(1)), text, CHITRA, Scope(frozenset({"CLN002"})))
        assert "Asha Rao" not in sent(at)
        assert "No record that you may see" in words(at)


def test_words_and_nothing_and_bytes_are_answered(bench: Maker) -> None:
    shop = bench(row(1))
    assert "Names and phones are searched on the page Find." in words(explained(shop, "Asha Rao"))
    assert "A link that does not open" in words(explained(shop, "  \n "))
    assert "This is not text" in words(explained(shop, "%PDF-1.7 \x00\x01\x02\x03\x04\x05\x06\x07"))


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "\x00\x01" * 500,
        f"a/{'k' * 2000}.pdf",
        "[click](javascript:alert(1)).pdf",
        "<img src=x onerror=alert(1)>/a.pdf",
        ":red[shout] `code` $x$/a.pdf",
        "https://evil.example/edrspace/a.pdf?X-Amz-Signature=" + "a" * 64,
        '<!DOCTYPE e [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Error><Code>&b;</Code></Error>',
        "<Error><Code>[x](http://evil.example)</Code></Error>",
        "= 1 +\n" * 50,
    ],
)
def test_hostile_text_is_answered_and_never_becomes_markup(bench: Maker, text: str) -> None:
    at = explained(bench(row(1)), text)
    markup = [str(each.value) for kind in ("markdown", "info", "warning", "error", "caption") for each in at.get(kind)]
    for piece in ("javascript:", "<img", ":red[", "evil.example"):
        assert not any(piece in each for each in markup)


def test_a_hostile_name_and_key_of_a_record_are_shown_as_they_are(bench: Maker) -> None:
    hostile = "[x](http://evil.example) <b>\u202e"
    at = explained(bench(row(1, name=hostile, stored_key=f"{hostile}.pdf")), "record 1")
    assert any(each.value.startswith("[x](http://evil.example) <b>⟨U+202E⟩ ·") for each in at.text)
    assert not any("evil.example" in str(each.value) for each in (*at.markdown, *at.error, *at.caption, *at.info))


def test_many_are_a_table_of_which_the_first_few_are_looked_up(bench: Maker) -> None:
    rows = [row(number) for number in range(1, 6)]
    shop = bench(*rows, absent=(2,))
    at = explained(shop, "\n".join(bare_link(each.stored_key or "") for each in rows))
    table = cells(at)
    assert [each["Record"] for each in table] == ["1", "2", "3", "–", "–"]
    assert [each["State"] for each in table][1:4] == ["❌ Missing", "✅ File found", "not looked up"]
    assert all(each["What is wrong"].startswith("LOCATION_MISSING") for each in table)
    assert "Only the first 3 were looked up" in words(at)
    assert "5 links or keys were read" in words(at)
    heads = {key for verb, key in shop.objects.calls if verb == "head"}
    assert not any(rows[4].stored_key in key for key in heads if rows[4].stored_key)


def test_a_thousand_links_cost_no_more_than_the_first_few(bench: Maker) -> None:
    shop = bench(row(1), absent=(1,))
    at = explained(shop, "\n".join(f"https://{HOST}/edrspace/{LOCATION}/a/{number}.pdf" for number in range(1000)))
    assert "100 of 1,000 links or keys were read" in words(at)
    assert len(cells(at)) == 100
    assert len(shop.objects.calls) < 3 * 14


def test_support_sees_no_key_in_the_table_of_many(bench: Maker) -> None:
    at = explained(bench(row(1), row(2)), f"{STORED}\n{row(2).stored_key}", CHITRA)
    assert [each["Record"] for each in cells(at)] == ["1", "2"]
    assert "Key" not in cells(at)[0]
    assert LOCATION not in at.dataframe[0].value.to_csv()


def test_while_the_trail_cannot_be_written_it_explains_and_makes_no_link(bench: Maker) -> None:
    shop = bench(row(1))
    at = page(shop)
    shop.trail.fault = LedgerUnavailable(LedgerFault.DOWN)
    ask(at, "record 1")
    assert "Asha Rao" in words(at)
    assert wording.search_not_written(shop.trail.fault) in words(at)
    at.button(key="act-quick-1-0").click().run()
    assert "Activity cannot be written down, so previews and links are switched off." in words(at)
    assert not any(verb == "presign" for verb, _ in shop.objects.calls)


def test_while_the_database_is_down_a_sentence_says_so_and_nothing_of_before_is_left(bench: Maker) -> None:
    shop = bench(row(1))
    at = explained(shop, "record 1")
    shop.records.fault = DatabaseUnavailable(DatabaseFault.DOWN)
    ask(at, "record 1")
    assert "retry" in keys_drawn(at)
    assert "Asha Rao" not in sent(at)


def test_a_bucket_that_does_not_answer_is_never_called_missing(bench: Maker) -> None:
    shop = bench(row(1))
    shop.objects.doubt = Doubt.TIMED_OUT
    at = explained(shop, "record 1")
    assert "not in storage" not in words(at)
    assert "No link: we can't check the PDF now." in words(at)


def test_the_pasted_text_goes_into_no_address_and_no_trail(bench: Maker) -> None:
    shop, link = bench(row(1)), bare_link()
    at = explained(shop, link)
    signature = link.rpartition("=")[2]
    assert dict(at.query_params) == {}
    assert signature not in repr(shop.trail.rows)
    kept = {name: repr(at.session_state[name]) for name in at.session_state if name != "explain_text"}
    assert [name for name, text in kept.items() if signature in text and name != "explained"] == []


def planned(at: AppTest) -> AppTest:
    at.button(key="act-prepare_plan-0").click().run()
    assert not at.exception
    return at


def saved(at: AppTest) -> dict[str, str]:
    """Return the files of the plan that is kept, by name."""
    with zipfile.ZipFile(io.BytesIO(at.session_state["plan"].last.file)) as archive:
        return {name.partition("/")[2]: archive.read(name).decode() for name in archive.namelist()}


def lost_rows(bench: Maker) -> Bench:
    """Return a clinic in which record 1 is proven elsewhere, 2 is only likely, 3 is healthy and 4 is nowhere."""
    spaced = row(1, stored_key=f"{STORED} ")
    bare = replace(row(2), size_bytes=None, checksum="", stored_key=f"{row(2).stored_key} ")
    shop = bench(spaced, bare, row(3), row(4))
    files = {f"{LOCATION}/{row(number).stored_key}": StoredObject(PDF) for number in (1, 2, 3)}
    shop.objects.objects = files
    return shop


def test_a_plan_for_the_record_above_holds_what_is_proven(bench: Maker) -> None:
    shop = lost_rows(bench)
    at = planned(explained(shop, "record 1"))
    assert "Rows to point at the right key: 1." in words(at)
    files = saved(at)
    assert set(files) == {"README.txt", "mend.sql", "plan.json"}
    assert f"{STORED}'" in files["mend.sql"]
    assert (shop.trail.rows[-1].action, shop.trail.rows[-1].result) == ("export", "ok")


def test_what_is_only_likely_is_in_a_plan_when_somebody_asks_for_it(bench: Maker) -> None:
    at = planned(explained(lost_rows(bench), "record 2"))
    assert "Nothing here can be mended with proof. Left to a person: 1" in words(at)
    at.checkbox(key="plan_likely").set_value(True).run()
    assert at.get("download_button") == [], "the plan without them is not the one that is asked for now"
    assert "NOT PROVEN" in saved(planned(at))["mend.sql"]


def test_the_plan_of_a_bare_link_holds_the_corrected_signer(bench: Maker) -> None:
    at = planned(explained(bench(row(1)), bare_link()))
    assert "A corrected signer for the backend." in words(at)
    assert set(saved(at)) == {"README.txt", "signer.py", "plan.json"}


def test_a_healthy_record_has_no_plan(bench: Maker) -> None:
    assert "act-prepare_plan-0" not in keys_drawn(explained(lost_rows(bench), "record 3"))


def test_no_trail_no_plan(bench: Maker) -> None:
    shop = lost_rows(bench)
    at = explained(shop, "record 1")
    shop.trail.fault = LedgerUnavailable(LedgerFault.DOWN)
    planned(at)
    assert "No plan was made" in words(at)
    assert at.get("download_button") == []


def test_another_text_drops_the_plan(bench: Maker) -> None:
    at = planned(explained(lost_rows(bench), "record 1"))
    ask(at, "record 4")
    assert at.get("download_button") == []
    assert at.session_state["plan"].last is None


def find(shop: Bench, actor: Actor) -> AppTest:
    return replace(shop, visit=asked_by(shop, actor)).search("asha")


def test_find_offers_a_plan_for_the_broken_rows_in_view(bench: Maker) -> None:
    at = find(lost_rows(bench), ASHA)
    assert "Mend plan for 3 broken records" in [each.label for each in at.expander]
    assert "Rows to point at the right key: 1. Left to a person: 2" in words(planned(at))


def test_find_offers_no_plan_to_who_sees_no_keys_nor_where_nothing_is_broken(bench: Maker) -> None:
    assert "act-prepare_plan-0" not in keys_drawn(find(lost_rows(bench), CHITRA))
    assert "act-prepare_plan-0" not in keys_drawn(find(bench(row(1), row(2)), ASHA))
