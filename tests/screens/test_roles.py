"""Role × page × action × clinic, through the screens: what is drawn and sent is what the permission table says."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.visit import Visit
from lib import access
from lib.access import Actor, Permission, Role, Scope
from lib.records import Clinic
from pages import PAGES, Screen
from tests.screens.conftest import LOCATION, Bench, row, session_of
from tests.screens.test_find import words

Maker = Callable[..., Bench]
ROOT = Path(__file__).parents[2]
CLINICS = (Clinic("CLN001", "North clinic"), Clinic("CLN002", "South clinic"))
NAMES = ("Asha Rao", "Asha Roy", "Asha Rai")
PHONES = ("+919876547183", "+919876548294", "+919876549305")
KEPT = ("answer", "opened", "preview", "link", "clinics", "picked")  # what a browser session holds of records
ROWS = (
    row(1, name=NAMES[0], patient_phone=PHONES[0]),
    row(2, name=NAMES[1], patient_phone=PHONES[1], clinic_id="CLN002", clinic_name="South clinic"),
    row(3, name=NAMES[2], patient_phone=PHONES[2], clinic_id=None, clinic_name=None),
)
ACTORS = (
    *(Actor(role.value, role) for role in Role),
    Actor("granted", Role.DEVELOPER, frozenset({Permission.PREVIEW, Permission.LINK})),
)
SCOPES = (Scope(), Scope(frozenset({"CLN001"})))

WIDGETS = {  # every widget and section of a screen, and what it needs; a number at the end of its key does not count
    "text": Permission.FIND,
    "since": Permission.FIND,
    "until": Permission.FIND,
    "clinic": Permission.FIND,
    "older": Permission.FIND,
    "no_pdf": Permission.FIND,
    "newest": Permission.FIND,
    "check_again": Permission.FIND,
    "close": Permission.FIND,
    "recheck": Permission.FIND,
    "version": Permission.FIND,
    "rows": Permission.FIND,
    "inside": Permission.FIND,
    "exposure": Permission.FIND,
    "compared": Permission.STORAGE_DETAILS,
    "kept_versions": Permission.STORAGE_DETAILS,
    "show_keys": Permission.KEYS,
    "check_alone": Permission.KEYS,
    "show_pdf": Permission.PREVIEW,
    "hide_pdf": Permission.PREVIEW,
    "use_newer": Permission.LINK,
    "expiry": Permission.LINK,
    "reason": Permission.LINK,
    "disposition": Permission.LINK,
    "create": Permission.LINK,
    "another": Permission.LINK,
    "More": Permission.LINK,
    "Share this old version all the same": Permission.LINK,
    "details_open": Permission.STORAGE_DETAILS,
    "who_saw": Permission.ACTIVITY,
}
COLUMNS = {
    **dict.fromkeys(("Stored key", "Resolved key", "Stored key alone"), Permission.KEYS),
    **dict.fromkeys(
        ("State", "Patient", "Phone", "Date", "Doctor", "Version", "Prescription", "Clinic"), Permission.FIND
    ),
}


def visit_of(shop: Bench, actor: Actor, scope: Scope = SCOPES[0]) -> Visit:
    return replace(shop.visit, who=lambda: (actor, scope), session=lambda: session_of(actor, scope))


def drawn(shop: Bench, actor: Actor, scope: Scope, **query: str) -> AppTest:
    return replace(shop, visit=visit_of(shop, actor, scope)).open(**query)


def widgets(at: AppTest) -> set[str]:
    """Return every widget and section on the screen, by key or title."""
    kinds = ("button", "link_button", "toggle", "radio", "text_input", "selectbox", "date_input", "expander")
    found = {str(getattr(each, "key", None) or each.label) for kind in kinds for each in at.get(kind)}
    return {re.sub(r"^act-|(-\d+)+$", "", name) for name in found}


def sent(at: AppTest) -> str:
    """Return everything that went to the browser but the random part of the widgets' ids, in which any digits can stand."""
    tables = "\n".join(each.value.to_csv() for each in at.dataframe)
    return "\n".join([*(re.sub(r"\$\$ID-[0-9a-f]{32}", "", str(block.proto)) for block in _blocks(at.main)), tables])


def _blocks(block: object) -> Iterator[object]:
    for child in getattr(block, "children", {}).values():
        if getattr(child, "proto", None) is not None:
            yield child
        yield from _blocks(child)


def full(bench: Maker) -> Bench:
    """Return a clinic in which record 1 is an old version, so that everything there is can be seen."""
    old = replace(ROWS[0], version=1, versions=2, latest_version=2, is_current=False)
    new = replace(row(4, version=2, versions=2), prescription_id=1, patient_id="PAT001", consultation_id="CON001")
    return bench(old, new, *ROWS[1:], clinics=CLINICS)


@pytest.mark.parametrize("actor", ACTORS, ids=lambda actor: actor.name)
@pytest.mark.parametrize("screen", PAGES, ids=lambda screen: screen.url)
def test_a_page_opens_for_the_roles_of_its_permission_and_for_nobody_else(
    bench: Maker, actor: Actor, screen: Screen
) -> None:
    shop = bench(*ROWS, clinics=CLINICS)
    at = page(PAGES.index(screen), [visit_of(shop, actor)])
    is_denied = "You may not do this." in words(at)
    assert is_denied is not access.may(actor, screen.permission)
    assert not at.exception
    if is_denied:
        assert widgets(at) == set()
        assert [(each.action, each.result, each.reason) for each in shop.trail.rows] == [
            ("denied", f"refused:{screen.permission}", screen.url)
        ]


@pytest.mark.parametrize("record", ["1", "2", "3"])
@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_a_record_shows_the_actions_that_the_role_may_do_and_no_others(bench: Maker, record: str, scope: Scope) -> None:
    shop = full(bench)
    everything = widgets(drawn(shop, Actor("asha", Role.OWNER), scope, record=record))
    nothing = {"text", "since", "until", "older", "no_pdf", "close"}
    assert everything <= set(WIDGETS), "a widget is missing from the table"
    assert (everything == nothing) is not scope.sees(ROWS[int(record) - 1].clinic_id)
    for actor in ACTORS:
        is_clinicless = actor.role is Role.CLINIC_ADMIN and scope.clinics is None  # nobody said which are theirs
        seen = nothing if is_clinicless else everything
        shown = widgets(drawn(shop, actor, scope, record=record))
        may = {name for name in seen if access.may(actor, WIDGETS[name]) and access.may(actor, Permission.FIND)}
        assert shown == may, actor


def test_the_table_names_no_widget_that_does_not_exist(bench: Maker) -> None:
    shop, asha = full(bench), Actor("asha", Role.OWNER)
    at = drawn(shop, asha, Scope(), record="1")
    seen = widgets(at) | widgets(shop.open())
    at.toggle(key="show_keys").set_value(True).run()
    at.button(key="act-show_pdf-1-0").click().run()
    seen |= widgets(at)
    at = drawn(shop, asha, Scope(), record="2")
    at.session_state["details_open"] = True
    at.button(key="act-create-2-0").click().run()
    assert seen | widgets(at) | {"rows"} >= set(WIDGETS)


@pytest.mark.parametrize("actor", ACTORS, ids=lambda actor: actor.name)
def test_a_list_sends_the_columns_that_the_role_may_see_and_no_others(bench: Maker, actor: Actor) -> None:
    shop = bench(*ROWS, clinics=CLINICS)
    at = drawn(shop, actor, Scope(frozenset({"CLN001", "CLN002"})), browse="1")
    at.session_state["show_keys"] = True  # as somebody left it who might
    at.run()
    columns = {column for table in at.dataframe for column in table.value.columns}
    expected = {name for name, permission in COLUMNS.items() if access.may(actor, permission)}
    assert columns == (expected if access.may(actor, Permission.FIND) else set())


@pytest.mark.parametrize(("actor", "scope"), list(product(ACTORS, SCOPES)), ids=str)
def test_nothing_that_a_role_may_not_see_is_sent_to_its_browser(bench: Maker, actor: Actor, scope: Scope) -> None:
    shop = bench(*ROWS, clinics=CLINICS)
    for query in ({"browse": "1"}, {"record": "1"}, {"record": "2"}):
        at = drawn(shop, actor, scope, **query)
        text = sent(at)
        assert not at.exception
        visible = access.narrowed(actor, scope)
        for each, name in zip(ROWS, NAMES, strict=True):
            may_see = access.may(actor, Permission.FIND) and visible.sees(each.clinic_id)
            if not (may_see and access.may(actor, Permission.NAMES)):
                assert name not in text
                assert f"…{each.patient_phone[-4:]}" not in text
                assert each.patient_phone[-10:] not in text
            elif "browse" in query:
                assert name in text
            if not may_see:
                assert each.patient_id not in text
            if not access.may(actor, Permission.KEYS) and not access.may(actor, Permission.STORAGE_DETAILS):
                assert f"{each.record_id:032x}" not in text
        if not access.may(actor, Permission.STORAGE_DETAILS):
            assert "edrspace" not in text
            assert LOCATION not in text


def test_storage_details_that_were_left_open_stay_away_from_whom_they_are_not_for(bench: Maker) -> None:
    shop = bench(*ROWS, clinics=CLINICS)
    at = drawn(shop, Actor("chitra", Role.SUPPORT), Scope(), record="1")
    at.session_state["details_open"] = True
    at.run()
    assert "edrspace" not in sent(at)


def test_a_developer_is_told_that_names_cannot_be_searched(bench: Maker) -> None:
    shop = bench(*ROWS, clinics=CLINICS)
    at = drawn(shop, Actor("dev", Role.DEVELOPER), Scope())
    assert "Names and phones are hidden from your role." in words(at)
    at.text_input(key="text").set_value("asha").run()
    assert "so they cannot be searched" in words(at)
    assert not at.dataframe
    assert dict(at.query_params) == {}


def test_no_role_is_offered_a_link_that_is_longer_than_it_may_make(bench: Maker) -> None:
    for role, longest in ((Role.CLINIC_ADMIN, "3 days"), (Role.SUPPORT, "7 days")):
        at = drawn(bench(*ROWS, clinics=CLINICS), Actor("somebody", role), Scope(frozenset({"CLN001"})), record="1")
        assert at.radio(key="expiry-1").options[-2].startswith(longest)


def _draw(number, who) -> None:  # type: ignore[no-untyped-def]  # AppTest runs the source alone: no names from here
    from dashboard.frame import show
    from pages import PAGES

    show(PAGES[number], who[0])


def page(number: int, who: list[Visit]) -> AppTest:
    """Draw a page for whoever stands in ``who`` at each run."""
    return AppTest.from_function(_draw, kwargs={"number": number, "who": who}, default_timeout=20).run()


def downgraded(bench: Maker, actor: Actor, scope: Scope) -> tuple[Bench, AppTest]:
    """Return a screen on which an owner has a record, its PDF and a link, once it is drawn for somebody else."""
    shop = bench(*ROWS, clinics=CLINICS)
    who = [visit_of(shop, Actor("asha", Role.OWNER))]
    at = page(0, who)
    at.text_input(key="text").set_value("record 2").run()
    at.button(key="act-show_pdf-2-0").click().run()
    at.button(key="act-create-2-0").click().run()
    assert "Opens as a PDF" in words(at)
    who[0] = visit_of(shop, actor, scope)
    return shop, at.run()


@pytest.mark.parametrize(
    ("actor", "scope"),
    [
        (Actor("asha", Role.AUDITOR), Scope()),
        (Actor("asha", Role.CLINIC_ADMIN), Scope(frozenset({"CLN001"}))),
        (Actor("asha", Role.OWNER), Scope(frozenset({"CLN001"}))),
        (Actor("asha", Role.NOBODY), Scope()),
    ],
    ids=str,
)
def test_after_a_downgrade_nothing_of_before_is_left_on_screen_or_in_the_session(
    bench: Maker, actor: Actor, scope: Scope
) -> None:
    _shop, at = downgraded(bench, actor, scope)
    text = sent(at)
    for secret in (NAMES[1], "PAT002", "X-Amz", "Opens as a PDF"):
        assert secret not in text
    kept = [repr(at.session_state[name]) for name in KEPT if name in at.session_state]
    assert not any("PAT002" in each for each in kept)


def test_a_developer_after_an_owner_sees_the_record_without_name_preview_and_link(bench: Maker) -> None:
    _shop, at = downgraded(bench, Actor("asha", Role.DEVELOPER), Scope())
    text = sent(at)
    assert "PAT002" in text
    for secret in (NAMES[1], PHONES[1][-4:], "X-Amz", "Opens as a PDF"):
        assert secret not in text


def test_a_click_that_comes_after_a_downgrade_makes_no_link_and_no_preview(bench: Maker) -> None:
    for button in ("act-create-2-0", "act-show_pdf-2-0"):
        shop = bench(*ROWS, clinics=CLINICS)
        who = [visit_of(shop, Actor("asha", Role.OWNER))]
        at = page(0, who)
        at.text_input(key="text").set_value("record 2").run()
        who[0] = visit_of(shop, Actor("asha", Role.AUDITOR))
        at.button(key=button).click().run()
        assert "You may not do this." in words(at)
        assert {verb for verb, _ in shop.objects.calls} == {"head"}
        assert shop.trail.rows[-1].action == "denied"


def test_screens_and_commands_reach_records_only_through_use_cases() -> None:
    for path in (*ROOT.glob("pages/*.py"), *ROOT.glob("dashboard/*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr == "records":
                assert not ast.unparse(node.value).endswith("services"), f"{path.name}:{node.lineno}"
