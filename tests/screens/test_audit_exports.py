"""The buttons that take the problems of a run along: prepared on a click, given to who may have them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.visit import Visit
from lib.access import Actor, Role, Scope
from lib.audits import Result, Run, Status
from lib.errors import LedgerFault, LedgerUnavailable
from lib.findings import Finding, Kind
from pages import audit_exports
from tests.conftest import NOW
from tests.parts.audited import Audited, missing
from tests.screens.conftest import Bench, row
from tests.screens.test_find import words

Maker = Callable[..., Bench]
DEV = Actor("dev", Role.DEVELOPER)
FOUND = (missing(2), missing(3))


def _draw(visit, run) -> None:  # type: ignore[no-untyped-def]  # AppTest runs the source alone: no names from here
    from pages import audit_exports

    audit_exports.render(visit, run)


def checked(shop: Bench, findings: tuple[Finding, ...] = FOUND, *, actor: Actor = DEV) -> tuple[Visit, Run]:
    """Return somebody's visit with a run to take along."""
    book = Audited(shop.visit.services)
    visit = replace(shop.visit, services=book.services, who=lambda: (actor, Scope()))
    return visit, book.check(findings, at=NOW)


def drawn(visit: Visit, run: Run) -> AppTest:
    return AppTest.from_function(_draw, kwargs={"visit": visit, "run": run}, default_timeout=20).run()


def saves(at: AppTest) -> list[Any]:
    return list(at.get("download_button"))


@pytest.mark.parametrize(
    ("button", "label", "said"),
    [
        ("act-prepare_csv-0", "Save findings.csv", "2 problems are in the file."),
        ("act-prepare_json_lines-0", "Save findings.jsonl", "2 problems are in the file."),
        ("act-prepare_report-0", "Save report.html", "2 problems are in the file."),
    ],
)
def test_a_file_is_prepared_on_a_click_and_written_into_the_trail_once(
    bench: Maker, button: str, label: str, said: str
) -> None:
    shop = bench(row(1))
    at = drawn(*checked(shop))
    assert not at.exception
    assert (saves(at), shop.trail.rows) == ([], [])
    at.button(key=button).click().run()
    at.run()
    assert not at.exception
    assert [each.proto.label for each in saves(at)] == [label]
    assert said in words(at)
    assert [(event.action, event.result) for event in shop.trail.rows] == [("export", "intent"), ("export", "ok")]


def test_a_file_of_another_run_is_not_offered(bench: Maker) -> None:
    shop = bench(row(1))
    visit, run = checked(shop)
    at = drawn(visit, run)
    at.button(key="act-prepare_csv-0").click().run()
    name = f"{audit_exports.MADE}_csv"
    state = at.session_state[name]
    other = AppTest.from_function(_draw, kwargs={"visit": visit, "run": replace(run, run_id=99)}, default_timeout=20)
    other.session_state[name] = state
    assert saves(other.run()) == []


def test_more_problems_than_a_file_takes_are_said(bench: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_exports, "MOST_EXPORTED", 1)
    at = drawn(*checked(bench(row(1))))
    at.button(key="act-prepare_json_lines-0").click().run()
    assert "The first 1 problems are in the file; there may be more." in words(at)
    assert at.session_state[f"{audit_exports.MADE}_json_lines"].last.file.count(b"\n") == 1


def test_a_file_of_a_run_that_is_not_of_all_files_says_so_beside_it(bench: Maker) -> None:
    shop = bench(row(1))
    visit, _ = checked(shop)
    book = Audited(shop.visit.services)
    cut = {Kind.RESOLVERS_DISAGREE: 250_000}
    run = book.ended(Result(Status.INCOMPLETE, "throttled", unlisted=(("loc/c.pdf", None),), cut=cut), FOUND, at=NOW)
    at = drawn(replace(visit, services=book.services), run)
    at.button(key="act-prepare_csv-0").click().run()
    assert "Storage was listed up to the key “loc/c.pdf”." in words(at)
    assert "this is no verdict on all files" in words(at)
    assert "250,000 rows may be so" in words(at)


def test_without_a_trail_no_file_is_made_and_it_is_said_why(bench: Maker) -> None:
    shop = bench(row(1))
    at = drawn(*checked(shop))
    shop.trail.fault = LedgerUnavailable(LedgerFault.FULL)
    at.button(key="act-prepare_csv-0").click().run()
    assert not at.exception
    assert saves(at) == []
    assert "No file was made" in words(at)


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CLINIC_ADMIN, Role.AUDITOR])
def test_nobody_else_is_shown_a_button(bench: Maker, role: Role) -> None:
    at = drawn(*checked(bench(row(1)), actor=Actor("chitra", role)))
    assert not at.button
