"""Somebody is disabled, or signed out elsewhere, while a record is open, and clicks before the page is gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import wording
from dashboard.visit import SignedOut
from lib.access import Actor, Role, Scope
from tests.screens.conftest import Bench, row
from tests.screens.test_find import words
from tests.screens.test_traps import buttons

Maker = Callable[..., Bench]
BILAL = Actor("Bilal", Role.CLINIC_ADMIN)


def open_record(bench: Maker) -> tuple[Bench, AppTest, list[bool]]:
    """Return the clinic, a record that Bilal has open, and what ends his session."""
    shop, ended = bench(row(1)), [False]

    def who() -> tuple[Actor, Scope]:
        if ended[0]:
            raise SignedOut
        return BILAL, Scope(frozenset({"CLN001"}))

    shop.visit = replace(shop.visit, who=who)
    at = shop.search("CON001")
    assert "PAT001" in words(at)
    return shop, at, ended


def after(_clicked: object, at: AppTest, ended: list[bool]) -> None:
    """Run what was clicked, once the session has ended."""
    sent = at._tree.get_widget_states()
    ended[0] = True
    at._run(sent)


def test_there_is_something_to_click(bench: Maker) -> None:
    _, at, _ = open_record(bench)
    assert {"act-show_pdf-1-0", "act-create-1-0"} <= buttons(at)


@pytest.mark.parametrize("button", ["act-show_pdf-1-0", "act-create-1-0"])
def test_a_click_after_that_does_nothing_and_leaves_nothing(bench: Maker, button: str) -> None:
    shop, at, ended = open_record(bench)
    events, asked = len(shop.trail.rows), len(shop.objects.calls)
    after(at.button(key=button).click(), at, ended)
    assert not at.exception
    assert len(shop.trail.rows) == events
    assert len(shop.objects.calls) == asked
    assert wording.SIGNED_OUT in at.info[0].value
    assert "PAT001" not in words(at)
    assert not at.dataframe
    assert not at.button


def test_a_search_after_that_finds_nobody(bench: Maker) -> None:
    shop, at, ended = open_record(bench)
    events = len(shop.trail.rows)
    after(at.text_input(key="text").set_value("PAT001"), at, ended)
    assert len(shop.trail.rows) == events
    assert "PAT001" not in words(at)
