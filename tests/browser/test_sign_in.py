"""Signing in and out in a real browser, on the demo clinic; and what the browser is told to refuse."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Page, expect

from tests.parts.chromium import App, sign_in
from tests.parts.watched import Watched

PATIENT_LINE = re.compile(r"^PAT\d+ · phone …\d{4}")
BOX = "Phone, name, PAT…, CON…, or paste a link"


def open_record(page: Page, app: App, number: int) -> None:
    page.goto(f"{app.url}/?record={number}")
    expect(page.get_by_text(PATIENT_LINE).first).to_be_visible()


def test_a_link_to_a_record_leads_there_through_the_sign_in(watched: Watched, demo_app: App) -> None:
    page = watched.tab()
    page.goto(f"{demo_app.url}/?record=12")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_role("button", name="Asha, owner").click()
    expect(page.get_by_text(PATIENT_LINE).first).to_be_visible()
    expect(page.get_by_text("Asha, Owner")).to_be_visible()


def test_the_browser_keeps_the_session_where_no_script_reads_it(watched: Watched, demo_app: App) -> None:
    page = watched.tab()
    sign_in(page, demo_app)
    (cookie,) = [each for each in watched.context.cookies() if each.get("name") == "dashboard-development-session"]
    assert (cookie.get("httpOnly"), cookie.get("sameSite"), cookie.get("path")) == (True, "Lax", "/")
    assert "session" not in page.evaluate("document.cookie")


def test_a_wrong_password_is_said_and_the_name_stays(watched: Watched, demo_app: App) -> None:
    page = watched.tab()
    page.goto(f"{demo_app.url}/signin")
    said = []
    for name in ("Asha", "Nobody of that name"):
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill("not the password at all")
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_label("Name")).to_have_value(name)
        said.append(page.get_by_role("alert").inner_text())
    assert said[0] == said[1]


def test_signing_out_in_one_tab_empties_the_other_within_5_seconds(watched: Watched, demo_app: App) -> None:
    one, other = watched.tab(), watched.tab()
    sign_in(one, demo_app)
    open_record(other, demo_app, 12)
    start = time.monotonic()
    one.get_by_role("button", name="Sign out").click()
    other.wait_for_url("**/signin", timeout=5000)
    assert time.monotonic() - start < 5
    one.wait_for_url("**/signin", timeout=5000)
    other.go_back()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(other.get_by_text(PATIENT_LINE)).to_have_count(0)


def test_the_policy_stops_an_inline_script(watched: Watched, demo_app: App) -> None:
    page = watched.tab()
    sign_in(page, demo_app)
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = true'}))"
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.ran") is None
    assert any(each.startswith("script-src-elem inline") for each in watched.violations)
