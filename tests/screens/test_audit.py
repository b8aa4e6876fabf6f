"""Check all files: the verdict, a run under way and one that ended early, the problems by cause, and who sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.wording import audit_starting as start_words
from dashboard.wording import audit_verdict as verdict_words
from dashboard.wording import audits as words_
from lib import audit_reading, planning
from lib.access import Actor, Role, Scope
from lib.audit_book import Busy
from lib.audit_pages import Place
from lib.audits import Exposure, Options, Phase, Progress, Result, Run, Status
from lib.catalogue import Code, Severity
from lib.errors import LedgerFault, LedgerUnavailable
from lib.findings import Finding, Kind
from lib.stores.memory.audits import MemoryAudits
from tests.conftest import NOW
from tests.screens.audit_house import ASHA, DEV, HALF, House, house, missing
from tests.screens.conftest import Bench
from tests.screens.test_find import words

Maker = Callable[..., Bench]
DAY = timedelta(days=1)


def table(at: AppTest, number: int = 0) -> list[dict[str, object]]:
    return at.dataframe[number].value.to_dict("records")  # type: ignore[no-any-return]


def keys(at: AppTest) -> set[str]:
    return {str(each.key) for each in at.button}


def test_before_the_first_check_the_screen_teaches_what_one_does_and_starts_it_by_one_click(bench: Maker) -> None:
    home = house(bench)
    at = home.open()
    assert start_words.NEVER in words(at)
    assert "It only reads." in words(at)
    at.button(key="act-audit_start-0").click().run()
    assert [run.options for run in home.launched] == [Options()]
    assert "Under way since today" in words(at)
    assert [(each.actor, each.action) for each in home.shop.trail.rows] == [("Asha", "audit_started")]


def test_the_verdict_says_how_many_are_found_and_what_most_of_the_others_have_in_common(bench: Maker) -> None:
    home = house(bench)
    found = [*(missing(number) for number in range(1, 32)), missing(40, code=Code.TRUNCATED)]
    home.run(found)
    said = home.open().text[0].value
    assert said == (
        "⚠️ 11,979 of 12,011 PDF files found. 32 records need attention: 31 of them “Older location”, "
        "since 15 Oct 2026, all made on a phone, in Oct 2026, by user 7, in clinic CLN001."
    )


def test_the_first_bad_day_is_the_clinics(bench: Maker) -> None:
    home = house(bench)
    home.run([missing(1, at=datetime.fromisoformat("2026-10-14T18:30:00+00:00"))])  # midnight in India
    assert "since 15 Oct 2026" in home.open().text[0].value


def test_where_nothing_is_wrong_one_calm_sentence_says_so(bench: Maker) -> None:
    home = house(bench)
    home.run()
    at = home.open()
    assert at.text[0].value == "✅ All 12,011 PDF files found. No record needs attention."
    assert "took 12 s" in words(at)
    assert not at.error
    assert {each.value for each in at.metric} == {"0"}
    assert {each.delta for each in at.metric} == {"expect 0"}


def test_a_storage_that_opens_for_everybody_is_not_called_clean(bench: Maker) -> None:
    home = house(bench)
    home.run([Finding(Kind.PUBLICLY_READABLE, Severity.CRITICAL, Code.PUBLIC)])
    assert home.open().text[0].value == (
        "⚠️ All 12,011 PDF files found. No record needs attention, but files open for anyone who knows their address."
    )


def test_a_check_that_sent_no_stranger_says_so_beside_its_verdict(bench: Maker) -> None:
    home = house(bench)
    home.run(options=Options(exposure=Exposure.NONE))
    at = home.open()
    verdict, beside = at.text[0].value, at.markdown[0].value
    assert verdict == "✅ All 12,011 PDF files found. No record needs attention."
    assert beside == "Whether anyone can read the files was not asked in this run."


def test_what_strangers_got_for_a_sample_stands_beside_the_verdict(bench: Maker) -> None:
    home = house(bench)
    home.run(result=Result(Status.COMPLETE, strangers={"open": 0, "closed": 49, "unknown": 1}))
    at = home.open()
    verdict, beside = at.text[0].value, at.markdown[0].value
    assert verdict.startswith("✅ All 12,011 PDF files found.")
    assert beside == (
        "Of 50 files drawn by chance, 0 open for anyone who knows their address; 49 do not, 1 gave no answer."
    )


def test_a_storage_that_answers_no_stranger_is_not_called_clean(bench: Maker) -> None:
    home = house(bench)
    counts = {"open": 0, "closed": 0, "unknown": 359}
    found = [Finding(Kind.UNDETERMINED, Severity.UNKNOWN, evidence={"asked": 359, "unknown": 359})]
    result = Result(Status.COMPLETE, kinds={Kind.UNDETERMINED: 1}, strangers=counts)
    home.run(found, result=result, options=Options(exposure=Exposure.FULL))
    at = home.open()
    verdict, beside = at.text[0].value, at.markdown[0].value
    assert verdict == (
        "⚠️ All 12,011 PDF files found. No record needs attention, but whether anyone can read the files "
        "could not be found out."
    )
    assert beside == "Whether anyone can read the files could not be found out: 359 of 359 gave no answer."
    assert not at.success


def test_what_is_of_no_record_is_not_named_as_what_most_records_have(bench: Maker) -> None:
    home = house(bench)
    versions = Finding(Kind.VERSION_STATE, Severity.MEDIUM, Code.VERSION_STATE, record_id=1)
    silent = Finding(Kind.UNDETERMINED, Severity.UNKNOWN, evidence={"asked": 50, "unknown": 50})
    result = Result(
        Status.COMPLETE,
        kinds={Kind.UNDETERMINED: 1, Kind.VERSION_STATE: 1},
        attention=1,
        strangers={"open": 0, "closed": 0, "unknown": 50},
    )
    home.run([versions, silent], result=result)
    assert home.open().text[0].value == (
        "⚠️ All 12,011 PDF files found. 1 record needs attention: its cause: “Versions in disorder”. "
        "Whether anyone can read the files could not be found out."
    )


def test_a_verdict_that_is_older_than_a_day_says_so_in_red(bench: Maker) -> None:
    home = house(bench)
    home.run(ago=DAY)
    assert not home.open().error
    home.run(ago=2 * DAY)
    fresh = house(bench)
    fresh.run(ago=DAY + timedelta(seconds=1))
    at = fresh.open()
    assert "more than a day old" in at.error[0].value
    assert at.button(key="act-audit_start-0").proto.type == "primary"


def test_a_check_of_one_prefix_is_no_verdict_on_all_files(bench: Maker) -> None:
    home = house(bench)
    home.run(options=Options(prefix="edrcontainer1/a"), progress=Progress(records=10, rows=10))
    at = home.open()
    assert verdict_words.NEVER_FULL in at.error[0].value
    assert "below a prefix" in at.error[0].value
    home.run([missing(1)])
    assert home.open().text[0].value.startswith("⚠️ 12,010 of 12,011")
    home.run(options=Options(prefix="edrcontainer1/a"), progress=Progress(records=10, rows=10))
    assert home.open().text[0].value.startswith("⚠️ 12,010 of 12,011")
    at = home.open(run=3)
    assert at.text[0].value.startswith("✅ All 10 PDF files below the prefix found.")
    assert "This is another check: the last full one is run 2, today" in words(at)
    at.button(key="audit_last").click().run()
    assert at.text[0].value.startswith("⚠️ 12,010 of 12,011")


def test_a_run_under_way_shows_how_far_it_is_and_can_be_cancelled(bench: Maker) -> None:
    home = house(bench)
    run = home.under_way()
    at = home.open()
    said = words(at)
    assert "500 of 1,000 records · 510 files · 102 files a second · about 5 s left · 9 requests" in said
    assert "act-audit_start-0" not in keys(at)
    assert table(at)[0]["Took"] == "–"  # it would stand still while the numbers above go on
    at.button(key="audit_cancel").click().run()
    assert words_.CANCELLING in words(at)
    assert home.book.beat(run, HALF, worked=timedelta(seconds=6)) is True
    home.book.end(run, Result(Status.CANCELLED), progress=HALF, at=NOW, worked=timedelta(seconds=6))
    at.run()
    assert "was cancelled" in at.warning[0].value
    assert "8 of 16 parts are done" in at.warning[0].value
    assert table(at)[0]["Need attention"] == "–"
    assert "PDF files found" not in words(at)  # what was not looked at to the end is not called so


def main_buttons(at: AppTest) -> list[str]:
    return [str(each.key) for each in at.button if each.proto.type == "primary" and "start_so" not in str(each.key)]


def test_a_run_whose_worker_is_gone_can_go_on(bench: Maker) -> None:
    home = house(bench)
    home.under_way(ago=timedelta(minutes=5))
    at = home.open()
    assert "was interrupted: the process that worked it is gone" in at.warning[0].value
    at.button(key="act-audit_resume-0").click().run()
    assert [(run.run_id, run.fence) for run in home.launched] == [(1, 2)]
    assert "Under way" in words(at)


def test_a_run_with_options_of_its_own_can_start_again_with_them(bench: Maker) -> None:
    home = house(bench)
    options = Options(prefix="edrcontainer1/a")
    home.under_way(ago=timedelta(minutes=5), options=options)
    home.open().button(key="act-audit_again-0").click().run()
    assert [(run.run_id, run.fence, run.options) for run in home.launched] == [(2, 1, options)]


def test_of_a_check_that_ended_early_one_button_comes_first_and_no_act_stands_there_twice(bench: Maker) -> None:
    home = house(bench)
    home.run(ago=2 * DAY)
    home.under_way(ago=timedelta(minutes=5))
    at = home.open()
    assert "2 days old" in at.error[0].value
    assert main_buttons(at) == ["act-audit_resume-0"]
    assert "act-audit_start-0" in keys(at)
    assert "act-audit_again-0" not in keys(at)


def test_a_check_that_cannot_go_on_leads_to_a_new_one(bench: Maker) -> None:
    home = house(bench)
    home.run(ago=DAY)
    home.run(result=Result(Status.FAILED, "spool_lost"), progress=HALF)
    at = home.open()
    assert "Start a new check." in at.error[-1].value
    assert "go on." not in at.error[-1].value
    assert "act-audit_resume-0" not in keys(at)
    assert main_buttons(at) == ["act-audit_start-0"]


def test_an_incomplete_run_says_why_and_what_is_not_known(bench: Maker) -> None:
    home = house(bench)
    result = Result(Status.INCOMPLETE, "throttled", attention=1, unlisted=(("edrcontainer1/\u202em\n", None),))
    home.run([missing(1)], result=result, progress=HALF)
    at = home.open()
    said = at.warning[0].value
    assert "is incomplete" in said
    assert "Storage is busy" in said
    assert "8 of 16 parts are done; of the files behind the keys where the listing broke off nothing is known." in said
    assert "edrcontainer1/⟨U+202E⟩m␊" in words(at)
    assert at.text[0].value.startswith("⚠️ All 500 PDF files found. 500 were not checked. 1 record needs attention")
    assert verdict_words.NEVER_FULL in at.error[0].value


def test_a_failed_run_says_what_to_mend_first(bench: Maker) -> None:
    home = house(bench)
    home.run(result=Result(Status.FAILED, "disk_full"), progress=HALF)
    assert "The disk of this computer is full." in home.open().error[-1].value


class Refusing(MemoryAudits):
    """A book in which somebody else was a moment faster, or that cannot be written."""

    def begin(self, *_about: object, **_more: object) -> Run:
        raise Busy(7)


def test_who_comes_second_is_told_which_check_is_under_way(bench: Maker) -> None:
    at = house(bench, Refusing).open()
    at.button(key="act-audit_start-0").click().run()
    assert "Check 7 of this storage is under way" in at.error[0].value


def test_a_start_that_failed_says_why(bench: Maker) -> None:
    home = house(bench)
    home.launch_fault = BlockingIOError(11, "no process")
    at = home.open()
    at.button(key="act-audit_start-0").click().run()
    assert at.error[0].value == start_words.NOT_STARTED
    full = house(bench)
    at = full.open()
    full.shop.trail.fault, full.shop.trail.fail_after = LedgerUnavailable(LedgerFault.FULL), 0
    at.button(key="act-audit_start-0").click().run()
    assert "the disk is full" in at.error[0].value
    assert not full.launched


def test_a_run_below_a_prefix_is_started_with_what_the_form_says(bench: Maker) -> None:
    home = house(bench)
    at = home.open()
    at.text_input(key="audit_prefix").set_value("a" * 1025)
    at.button(key="act-audit_start_so-0").click().run()
    assert at.error[0].value == start_words.PREFIX_IMPOSSIBLE
    assert not home.launched
    at.text_input(key="audit_prefix").set_value("edrcontainer1/prescriptions/ ")
    at.selectbox(key="audit_grace").set_value(timedelta(hours=1))
    at.radio(key="audit_exposure").set_value(Exposure.NONE)
    at.button(key="act-audit_start_so-0").click().run()
    assert [run.options for run in home.launched] == [
        Options("edrcontainer1/prescriptions/ ", timedelta(hours=1), Exposure.NONE)
    ]


def test_each_cause_says_how_it_went_on_what_its_rows_share_and_what_mends_it(bench: Maker) -> None:
    home = house(bench)
    home.run([missing(1), missing(2), missing(9, code=Code.TRUNCATED)], ago=timedelta(hours=9))
    home.run([missing(2), missing(3), missing(4), Finding(Kind.SHARED_OBJECT, Severity.CRITICAL, record_id=5)])
    first, second, gone = table(home.open())
    assert first["Problem"] == "One file, several records"
    assert first["Severity"] == "⛔ Critical"
    assert second == {
        "Problem": "Missing file: Older location",
        "Severity": "🔴 High",
        "Count": 3,
        "First seen": "24 Nov 2026",
        "First made": "15 Oct 2026",
        "Trend": "2 new, 1 still, 1 gone",
        "In common": "all made on a phone, in Oct 2026, by user 7, in clinic CLN001",
        "What mends it": "Point the row at the right key",
    }
    assert (gone["Severity"], gone["Count"], gone["Trend"]) == ("✅ Gone", 0, "1 gone")


def test_a_cause_says_since_which_full_check_it_is_there_without_a_gap(bench: Maker) -> None:
    home = house(bench)
    lone = Finding(Kind.SHARED_OBJECT, Severity.HIGH, record_id=5)
    home.run([missing(1), missing(9, code=Code.TRUNCATED), lone], ago=4 * DAY)
    home.run([missing(1), missing(8, code=Code.CASE)], ago=3 * DAY)
    home.run([missing(7, code=Code.MOVED)], ago=2 * DAY, options=Options(prefix="edrcontainer1/a"))
    home.run([missing(1), missing(9, code=Code.TRUNCATED), missing(8, code=Code.CASE)], ago=DAY)
    home.run([missing(2), missing(9, code=Code.TRUNCATED), missing(7, code=Code.MOVED), lone])
    at = home.open()
    assert {each["Problem"]: each["First seen"] for each in table(at)} == {
        "Missing file: Older location": "20 Nov 2026",
        "Missing file: Cut off": "23 Nov 2026",  # it was not there the day after the first check
        "Missing file: In another folder": "this check",  # one of a prefix is no verdict
        "One file, several records": "this check",
        "Missing file: Upper or lower case": "21 Nov 2026",  # gone, and seen until the check before
    }
    at.selectbox(key="audit_cause").set_value("dangling_reference LOCATION_OLD").run()
    assert "First seen by the check of 20 Nov 2026, 14:02, and by every full check since that looked for it." in words(
        at
    )
    at.selectbox(key="audit_cause").set_value("dangling_reference MOVED").run()
    assert "First seen by this check." in words(at)
    earlier = home.open(run=4)
    assert {each["First seen"] for each in table(earlier)} == {"20 Nov 2026", "21 Nov 2026", "this check"}


def test_of_more_checks_than_are_read_the_first_that_saw_a_cause_is_not_made_up(
    bench: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = house(bench)
    for days in (4, 3, 2, 1):
        home.run([missing(1)], ago=days * DAY)
    monkeypatch.setattr(audit_reading, "MOST_EARLIER", 3)
    at = home.open()
    assert table(at)[0]["First seen"] == "21 Nov 2026 or before"
    at.selectbox(key="audit_cause").set_value("dangling_reference LOCATION_OLD").run()
    assert "of 21 Nov 2026, 14:02 or one before it, and by every" in words(at)
    assert table(home.open(run=2))[0]["First seen"] == "20 Nov 2026 or before"  # all that were read are younger


def test_since_which_check_is_not_said_of_a_part_of_the_files_nor_of_some_clinics(bench: Maker) -> None:
    home = house(bench)
    home.run([missing(1)], ago=DAY)
    home.run([missing(1)])
    assert "First seen" not in table(home.open(DEV, Scope(frozenset({"CLN001"}))))[0]
    home.run([missing(1)], options=Options(prefix="edrcontainer1/a"))
    assert "First seen" not in table(home.open(run=3))[0]


def test_a_chosen_cause_says_to_the_minute_when_its_first_bad_pdf_was_made(bench: Maker) -> None:
    home = house(bench)
    first, last = (datetime.fromisoformat(f"2026-10-{day}:30+00:00") for day in ("14T18:35", "20T03:00"))
    home.run([missing(1, at=last), missing(2, at=first)])
    at = home.open()
    assert table(at)[0]["First made"] == "15 Oct 2026"
    at.selectbox(key="audit_cause").set_value("dangling_reference LOCATION_OLD").run()
    assert "The first of its PDFs was made 15 Oct 2026, 00:05, the last 20 Oct 2026, 08:30." in words(at)
    assert "What mends it: Point the row at the right key." in words(at)


def test_files_that_no_record_points_at_stand_beside_the_shares_and_say_whose_they_are(bench: Maker) -> None:
    home = house(bench)
    alone = Finding(Kind.UNREFERENCED_OBJECT, Severity.LOW, Code.UNREFERENCED, key="edrcontainer1/lone.pdf")
    right = replace(alone, key="edrcontainer1/right.pdf", evidence={"right_of_record": 1})
    home.run([missing(1), alone, right])
    at = home.open()
    said = words(at)
    assert "Of 1 problem of records the most are “Older location”: 1 (100 %)." in said
    assert "Not among them: 2 files that no record points at; 1 of these is the right file of a record" in said
    at.selectbox(key="audit_cause").set_value("unreferenced_object UNREFERENCED").run()
    assert "1 of 2 is the right file of a record that points elsewhere" in words(at)


def test_after_the_listing_a_run_says_what_it_came_to_so_far_and_guesses_no_time(bench: Maker) -> None:
    home = house(bench)
    home.under_way(replace(HALF, phase=Phase.DIAGNOSING, rows=1000, objects=1010, findings=120, requests=40))
    at = home.open()
    said = words(at)
    assert "1,000 records and 1,010 files compared · 120 problems judged so far · 40 requests so far" in said
    (bar,) = at.get("progress")
    assert bar.proto.text == "Looking for causes and for the right files"
    assert " left" not in said
    assert "a second" not in said


def test_what_is_gone_stands_below_what_is_there_also_where_it_was_worse(bench: Maker) -> None:
    home = house(bench)
    home.run([Finding(Kind.SHARED_OBJECT, Severity.CRITICAL, record_id=5)], ago=timedelta(hours=9))
    home.run([missing(1)])
    assert [each["Count"] for each in table(home.open())] == [1, 0]


def test_nothing_found_in_a_part_is_not_said_of_all(bench: Maker) -> None:
    home = house(bench)
    home.run(options=Options(prefix="edrcontainer1/a"), progress=Progress(records=10, rows=10))
    at = home.open()
    assert [each.value for each in at.success] == ["No problem was found in what was looked at."]
    assert "Below a prefix: edrcontainer1/a" in words(at)
    home.run()
    assert "every record's file is there" in home.open().success[0].value


def test_what_no_cause_has_takes_no_room_and_there_is_no_trend_before_a_second_check(bench: Maker) -> None:
    home = house(bench)
    home.run([missing(1)])
    at = home.open()
    assert list(table(at)[0]) == ["Severity", "Count", "Problem", "First made", "What mends it"]
    assert "1 cause. There is no earlier full check to compare with." in words(at)


def test_a_chosen_cause_shows_its_rows_page_by_page_and_narrowed_by_a_text(bench: Maker) -> None:
    home = house(bench)
    lone = Finding(Kind.UNREFERENCED_OBJECT, Severity.LOW, Code.UNREFERENCED, key="edrcontainer1/\u202el\n.pdf")
    home.run([lone, *(missing(number) for number in range(1, 18))])
    at = home.open()
    assert len(table(at, 1)) == 15
    at.button(key="audit_more").click().run()
    assert [each["Record"] for each in table(at, 1)] == ["16", "17", "–"]
    assert table(at, 1)[2]["Object key"] == "edrcontainer1/⟨U+202E⟩l␊.pdf"
    assert "16 to 18 of 18" in words(at)
    at.button(key="audit_back").click().run()
    assert len(table(at, 1)) == 15
    at.selectbox(key="audit_cause").set_value("dangling_reference LOCATION_OLD").run()
    assert [each["Record"] for each in table(at, 1)] == [str(number) for number in range(1, 16)]
    assert "Object key" not in table(at, 1)[0]
    assert "AWS_LOCATION was changed" in words(at)
    at.text_input(key="audit_text").set_value("con017").run()
    assert [each["Record"] for each in table(at, 1)] == ["17"]
    at.text_input(key="audit_text").set_value("nowhere").run()
    assert "No problem fits" in words(at)


def test_all_problems_are_listed_the_worst_first(bench: Maker) -> None:
    home = house(bench)
    wrong = (Severity.LOW, Severity.UNKNOWN, Severity.HIGH, Severity.CRITICAL, Severity.MEDIUM, Severity.HIGH)
    home.run([replace(missing(number), severity=each) for number, each in enumerate(wrong, start=1)])
    shown = [(each["Severity"], each["Record"]) for each in table(home.open(), 1)]
    assert shown == [
        ("⛔ Critical", "4"),
        ("🔴 High", "3"),
        ("🔴 High", "6"),
        ("🟠 Medium", "5"),
        ("❔ Can't tell", "2"),
        ("🔵 Low", "1"),
    ]


def test_an_opened_problem_shows_its_keys_and_leads_to_its_record(bench: Maker) -> None:
    home = house(bench)
    found = replace(missing(7), stored="old/\u202e.pdf", evidence={"size": 0})
    home.run([found])
    at = home.open()
    at.session_state["audit_open"] = (Place(found.severity, 1), found)
    at.run()
    (link,) = at.get("link_button")
    assert link.proto.url == "/find?record=7"
    (keys_,) = [each.value for each in at.code]
    assert keys_.startswith("stored      [old/⟨U+202E⟩].pdf\n")
    assert "MD5 agrees with the record" in words(at)
    assert table(at, 2) == [{"What": "size in storage", "Is": "0 bytes"}]


def test_the_mend_plan_of_a_cause_looks_at_its_records_as_they_are_now(
    bench: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = house(bench)
    home.run([missing(1), missing(2), missing(99), missing(3, code=Code.TRUNCATED)])
    at = home.open()
    at.selectbox(key="audit_cause").set_value("dangling_reference LOCATION_OLD").run()
    assert "Mend plan for 3 broken records" in [each.label for each in at.expander]
    at.button(key="act-prepare_plan-0").click().run()
    assert "Left to a person: 2" in words(at)  # record 99 is gone, record 3 has another cause
    assert home.shop.trail.rows[-2].reason == '{"kind":"mend_plan","records":2,"include_likely":false}'
    monkeypatch.setattr(planning, "MAX_RECORDS", 1)
    at = home.open()
    at.selectbox(key="audit_cause").set_value("dangling_reference LOCATION_OLD").run()
    assert "A plan takes 1 records at most" in words(at)
    at.button(key="act-prepare_plan-0").click().run()
    assert "Left to a person: 1" in words(at)


def test_all_checks_are_listed_and_two_are_compared(bench: Maker) -> None:
    home = house(bench)
    home.run([missing(1), missing(2)], ago=2 * DAY)
    home.run(result=Result(Status.CANCELLED), progress=HALF, ago=DAY)
    home.run([missing(2), missing(3), missing(4)])
    at = home.open()
    runs = table(at, -1)
    assert [(each["Run"], each["How it ended"]) for each in runs] == [
        (3, "✅ Complete"),
        (2, "⏹️ Cancelled"),
        (1, "✅ Complete"),
    ]
    assert [each["Need attention"] for each in runs] == ["3", "–", "2"]
    at.session_state["audit_compare"] = True
    at.run()
    at.selectbox(key="audit_earlier").set_value(1).run()
    assert "2 problems are new, 1 is still there, 1 is gone." in words(at)
    assert table(at, -1) == [{"Problem": "Missing file: Older location", "New": 2, "Still": 1, "Gone": 1}]
    at.selectbox(key="audit_earlier").set_value(3).run()
    assert words_.SAME_RUN in words(at)


def test_of_two_checks_that_found_the_same_only_a_sentence_is_drawn(bench: Maker) -> None:
    home = house(bench)
    home.run([missing(1)], ago=DAY)
    home.run([missing(1)])
    at = home.open()
    drawn = len(at.dataframe)
    at.session_state["audit_compare"] = True
    at.run()
    assert "Nothing is new and nothing is gone: 1 problem is still there." in words(at)
    assert len(at.dataframe) == drawn


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CLINIC_ADMIN, Role.AUDITOR])
def test_who_is_not_there_for_it_does_not_see_the_screen(bench: Maker, role: Role) -> None:
    home = house(bench)
    home.run([missing(1)])
    at = home.open(Actor("somebody", role))
    assert [each.value for each in at.error] == ["You may not do this."]
    assert not at.dataframe
    assert not at.button


def test_who_is_bound_to_clinics_reads_of_these_alone_and_starts_nothing(bench: Maker) -> None:
    home = house(bench)
    other = replace(missing(2), facts=replace(missing(2).facts, clinic_id="CLN002"))
    lone = Finding(Kind.UNREFERENCED_OBJECT, Severity.LOW, Code.UNREFERENCED, key="edrcontainer1/lone.pdf")
    home.run([missing(1), other, lone])
    at = home.open(DEV, Scope(frozenset({"CLN001"})))
    assert at.text[0].value == "⚠️ In the records of your clinics: 1 in the wrong place."
    assert [each["Record"] for each in table(at, 1)] == ["1"]
    assert not at.metric
    assert "act-audit_start-0" not in keys(at)
    assert start_words.ONLY_CLINICS in words(at)


def test_a_book_that_cannot_be_read_is_said_in_place_of_the_screen(bench: Maker) -> None:
    home = house(bench)
    home.run()
    home.book.fault = LedgerUnavailable(LedgerFault.DOWN)
    assert "cannot be reached" in home.open().error[0].value


def test_a_click_of_somebody_who_lost_the_right_starts_nothing(bench: Maker) -> None:
    home = house(bench)
    who = [(ASHA, Scope())]
    at = home.open(who=lambda: who[0])
    who[0] = (Actor("Asha", Role.SUPPORT), Scope())
    at.button(key="act-audit_start-0").click().run()
    assert [each.value for each in at.error] == ["You may not do this."]
    assert not home.launched


def readable(number: int) -> Finding:
    return Finding(Kind.PUBLICLY_READABLE, Severity.CRITICAL, Code.PUBLIC, record_id=number, key=f"{number}.pdf")


def compared(home: House, *, later: int, earlier: int) -> AppTest:
    at = home.open()
    at.session_state["audit_compare"] = True
    at.run()
    at.selectbox(key="audit_later").set_value(later).run()
    return at.selectbox(key="audit_earlier").set_value(earlier).run()


def test_files_that_open_for_anyone_go_on_since_the_last_check_that_asked_for_them(bench: Maker) -> None:
    home = house(bench)
    full, none = (Options(exposure=each) for each in (Exposure.FULL, Exposure.NONE))
    home.run([readable(1), readable(2), missing(1)], ago=2 * DAY, options=full)
    home.run([missing(1)], ago=DAY, options=none)
    home.run([readable(2), readable(3), missing(1)], options=full)
    assert [each["Trend"] for each in table(home.open())] == ["1 new, 1 still, 1 gone", "1 still"]
    at = home.open(run=2)
    assert [each["Trend"] for each in table(at)] == ["1 still"], "nothing is gone that was not asked for"
    runs = table(at, -1)
    assert [each["Asked as anyone"] for each in runs] == ["every file", "no file", "every file"]


def test_what_two_checks_are_not_compared_in_is_said_below_the_sentence(bench: Maker) -> None:
    home = house(bench)
    home.run([readable(1), missing(1)], ago=4 * DAY, options=Options(exposure=Exposure.FULL))
    home.run([missing(1)], ago=3 * DAY, options=Options(exposure=Exposure.NONE))
    broken = Result(Status.INCOMPLETE, "denied", unlisted=(("", None),))
    home.run(ago=2 * DAY, result=broken, options=Options(exposure=Exposure.NONE))
    home.run(ago=DAY, options=Options(prefix="nothing", exposure=Exposure.NONE))
    home.run(result=Result(Status.FAILED), ago=timedelta(hours=9))
    at = compared(home, later=2, earlier=1)
    assert "In what both looked at, nothing is new and nothing is gone: 1 problem is still there." in words(at)
    assert "Run 1 asked for every file as anyone may, run 2 for no file: which files open for anyone" in words(at)
    for later, said in ((3, "Run 3 is incomplete: what it did not list"), (4, "Run 4 looked only below a prefix:")):
        at = compared(home, later=later, earlier=2)
        assert "In what both looked at, neither found a problem." in words(at)
        assert said in words(at)
    offered = at.selectbox(key="audit_later").options
    assert [each.partition(",")[0] for each in offered] == ["Run 4", "Run 3", "Run 2", "Run 1"]
