"""Find with a full check of all files behind it: its states, their counts and age, and what a choice leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lib import audit_reading
from lib.access import Actor, Role, Scope
from lib.audits import Options, Status
from lib.diagnosis import State
from lib.errors import LedgerFault, LedgerUnavailable
from lib.findings import Finding
from lib.records import Clinic
from tests.conftest import NOW
from tests.parts.audited import Audited, missing
from tests.screens.conftest import Bench, row
from tests.screens.test_find import cells, words

Maker = Callable[..., Bench]
ROWS = tuple(row(number) for number in range(1, 5))
THIS_MORNING = NOW - timedelta(hours=8)


def audited(
    shop: Bench, findings: Sequence[Finding] | None, *, who: Actor | None = None, scope: Scope | None = None
) -> Audited:
    """Put a book of runs behind the screen, with one full check of this morning where findings are given."""
    book = Audited(shop.visit.services)
    actor = who or Actor("local", Role.OPERATOR)
    shop.visit = replace(shop.visit, services=book.services, who=lambda: (actor, scope or Scope()))
    if findings is not None:
        book.check(findings, at=THIS_MORNING)
    return book


def control(at: AppTest) -> Any:
    """Return the choice of a state."""
    return at.get("button_group")[0]


def choices(at: AppTest) -> list[str]:
    """Return what can be chosen as a state."""
    return [f"{option.content_icon}{option.content}" for option in control(at).proto.options]


def numbers(at: AppTest) -> list[str]:
    """Return the prescriptions of the table."""
    return [each["Prescription"] for each in cells(at)] if at.dataframe else []


FINDINGS = (missing(2), missing(3), missing(4, found_at="old/4.pdf"))


def test_each_state_stands_with_its_count_and_age_before_anything_is_searched(bench: Maker) -> None:
    shop = bench(*ROWS, absent=(2, 3, 4))
    audited(shop, FINDINGS)
    at = shop.open()
    assert not at.exception
    assert choices(at) == ["All", "❌Missing 2", "🔀In the wrong place 1"]
    assert "as of the check of all files, today 06:02" in words(at)
    assert not at.dataframe


def test_a_chosen_state_finds_its_records_on_all_pages_without_a_text(bench: Maker) -> None:
    shop = bench(*(row(number) for number in range(1, 61)), absent=tuple(range(3, 61, 2)))
    audited(shop, [missing(number) for number in range(3, 61, 2)])
    at = control(shop.open()).set_value(State.MISSING).run()
    assert numbers(at) == [str(number) for number in range(3, 53, 2)]
    assert "25 of 29, the newest prescriptions; this page: 25 missing" in words(at)
    at.button(key="next").click().run()
    assert numbers(at) == ["53", "55", "57", "59"]


def test_a_chosen_state_narrows_together_with_text_and_clinic(bench: Maker) -> None:
    rows = (row(1), row(2), row(3, name="Bina Das"), row(4, clinic_id="CLN002"))
    shop = bench(*rows, absent=(2, 3, 4), clinics=(Clinic("CLN001", "North"), Clinic("CLN002", "South")))
    audited(shop, [missing(2), missing(3), missing(4)])
    at = control(shop.open()).set_value(State.MISSING).run()
    assert numbers(at) == ["2", "3", "4"]
    at.text_input(key="text").set_value("asha").run()
    assert numbers(at) == ["2", "4"]
    at.selectbox(key="clinic").set_value("CLN002").run()
    assert numbers(at) == ["4"]
    assert "Missing then: 3 records. 1 of them fit" in words(at)


def test_a_row_that_was_mended_since_says_so_by_its_live_state(bench: Maker) -> None:
    shop = bench(*ROWS, absent=(2,))
    audited(shop, [missing(2), missing(3)])
    at = control(shop.open()).set_value(State.MISSING).run()
    assert [(each["Prescription"], each["State"]) for each in cells(at)] == [
        ("2", "❌ Missing"),
        ("3", "✅ File found"),
    ]


def test_a_file_that_the_check_proved_in_another_place_is_not_called_missing(bench: Maker) -> None:
    shop = bench(*ROWS, absent=(2, 4))
    audited(shop, [missing(2), missing(4, found_at="old/4.pdf"), missing(3, found_at="old/3.pdf")])
    at = control(shop.open()).set_value(State.ELSEWHERE).run()
    assert [each["State"] for each in cells(at)] == ["✅ File found", "🔀 In the wrong place"]


def test_replaced_versions_are_listed_only_with_older_versions_and_the_counts_say_so(bench: Maker) -> None:
    old = row(1, version=1, versions=2)
    new = replace(row(2, version=2, versions=2), prescription_id=1)
    shop = bench(old, new, row(3), absent=(1, 2))
    audited(shop, [missing(1), missing(2)])
    at = control(shop.open()).set_value(State.MISSING).run()
    at.button(key="close").click().run()
    assert len(cells(at)) == 1
    assert "1 of them fit this search; replaced versions are only among them with “Older versions”." in words(at)
    at.toggle(key="older").set_value(True).run()
    assert len(cells(at)) == 2
    assert "Missing then" not in words(at)


def test_more_records_than_can_be_searched_are_said(bench: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_reading, "MAX_FILTERED", 2)
    shop = bench(*ROWS, absent=(2, 3, 4))
    audited(shop, [missing(2), missing(3), missing(4)])
    at = control(shop.open()).set_value(State.MISSING).run()
    assert numbers(at) == ["3", "4"]
    assert "only the 2 with the highest record numbers are." in words(at)


def test_the_address_holds_the_chosen_state_and_opens_it_again(bench: Maker) -> None:
    shop = bench(*ROWS, absent=(2, 3))
    audited(shop, [missing(2), missing(3)])
    at = control(shop.open()).set_value(State.MISSING).run()
    assert at.query_params["state"] == "missing"
    assert numbers(shop.open(state="missing")) == ["2", "3"]
    assert numbers(shop.open(state="nonsense", browse="1")) == ["1", "2", "3", "4"]


def test_a_state_that_nothing_is_in_any_more_is_dropped_with_the_next_check(bench: Maker) -> None:
    shop = bench(*ROWS, absent=(2, 3))
    book = audited(shop, [missing(2), missing(3)])
    at = control(shop.open(browse="1")).set_value(State.MISSING).run()
    book.check([], at=NOW)
    shop.instant[0] += timedelta(minutes=2)
    at.run()
    assert not at.exception
    assert numbers(at) == ["1", "2", "3", "4"]
    assert "No record was broken, as of the check of all files, today 14:02" in words(at)
    assert not at.get("button_group")


def test_another_count_of_the_same_state_keeps_the_choice(bench: Maker) -> None:
    shop = bench(*ROWS, absent=(2, 3))
    book = audited(shop, [missing(2), missing(3)])
    at = control(shop.open()).set_value(State.MISSING).run()
    book.check([missing(2), missing(3), missing(4)], at=NOW)
    shop.instant[0] += timedelta(minutes=2)
    at.run()
    assert numbers(at) == ["2", "3", "4"]
    assert control(at).value is State.MISSING


def test_a_check_that_is_older_than_a_day_says_so_with_a_warning(bench: Maker) -> None:
    shop = bench(*ROWS, absent=(2,))
    book = audited(shop, None)
    book.check([missing(2)], at=NOW - timedelta(days=3))
    said = words(shop.open())
    assert ":material/warning: as of the check of all files, 21 Nov 2026, 14:02. That was 3 days ago" in said
    fresh = bench(*ROWS)
    audited(fresh, [missing(2)])
    assert ":material/warning:" not in words(fresh.open())


def test_a_clinic_admin_is_told_the_numbers_of_their_clinics_alone(bench: Maker) -> None:
    rows = (row(1), row(2), row(3, clinic_id="CLN002"))
    shop = bench(*rows, absent=(2, 3))
    bilal, north = Actor("bilal", Role.CLINIC_ADMIN), Scope(frozenset({"CLN001"}))
    audited(shop, [missing(2), missing(3, clinic_id="CLN002"), missing(9, clinic_id=None)], who=bilal, scope=north)
    at = shop.open()
    assert choices(at) == ["All", "❌Missing 1"]
    control(at).set_value(State.MISSING).run()
    assert numbers(at) == ["2"]


def test_only_a_complete_check_of_all_files_counts(bench: Maker) -> None:
    shop = bench(*ROWS, absent=(2,))
    book = audited(shop, [missing(2)])
    book.check([missing(1), missing(2)], at=NOW, status=Status.INCOMPLETE)
    book.check([], at=NOW, options=Options(prefix="edrcontainer1/a"))
    assert choices(shop.open()) == ["All", "❌Missing 1"]


@pytest.mark.parametrize(("role", "is_told"), [(Role.OPERATOR, True), (Role.SUPPORT, False)])
def test_without_a_check_the_page_has_its_own_filter_and_who_may_make_one_is_told(
    bench: Maker, role: Role, is_told: bool
) -> None:
    shop = bench(*ROWS, absent=(2,))
    audited(shop, None, who=Actor("chitra", role))
    at = shop.open(browse="1", state="missing")
    assert choices(at) == ["All", "✅File found", "❌Missing"]
    assert numbers(at) == ["1", "2", "3", "4"]
    assert ("Run “Check all files” once" in words(at)) is is_told


def test_a_ledger_that_is_down_costs_the_counts_and_not_the_search(bench: Maker) -> None:
    shop = bench(*ROWS, absent=(2, 3))
    book = audited(shop, [missing(2), missing(3)])
    at = control(shop.open(browse="1")).set_value(State.MISSING).run()
    book.broken(LedgerUnavailable(LedgerFault.DOWN))
    shop.instant[0] += timedelta(minutes=2)
    at.run()
    assert not at.exception
    assert numbers(at) == ["1", "2", "3", "4"]
    assert "The last check of all files cannot be read" in words(at)
    assert "the list is not narrowed" in words(at)
    book.broken(None)
    at.run()
    assert numbers(at) == ["2", "3"]


def test_a_rerun_asks_the_book_nothing_again(bench: Maker) -> None:
    shop = bench(*ROWS, absent=(2, 3))
    book = audited(shop, [missing(2), missing(3)])
    at = control(shop.open()).set_value(State.MISSING).run()
    book.broken(LedgerUnavailable(LedgerFault.DOWN))
    at.run()
    assert numbers(at) == ["2", "3"]


def test_the_trail_says_how_many_records_a_search_was_narrowed_to(bench: Maker) -> None:
    shop = bench(*ROWS, absent=(2, 3))
    audited(shop, [missing(2), missing(3)])
    control(shop.open()).set_value(State.MISSING).run()
    assert '"filters":{"among":2}' in (shop.trail.rows[-1].reason or "")
