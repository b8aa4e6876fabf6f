"""Locking a screen in a real browser: by a click, by a key, by nobody touching it; and what opens it again."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from dashboard import watched_page
from tests.parts import cut
from tests.parts.chromium import ROOT, App, demo_folder, sign_in, start_app

PATIENT_LINE = re.compile(r"^PAT\d+ · phone …\d{4}")
BOX = "Phone, name, PAT…, CON…, or paste a link"
PIN = "482913"
PASSWORD = "violet harbour ledger tuning fork"
LOCKS_AFTER_S = 10


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser in which nobody is signed in."""
    opened = browser.new_context(viewport={"width": 1280, "height": 900})
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def quick_app() -> Iterator[App]:
    """The demo clinic, whose screens lock after seconds."""
    app = start_app("--demo", env={"DASHBOARD_LOCK_AFTER": f"{LOCKS_AFTER_S}s"})
    yield app
    app.stop()


def open_record(page: Page, app: App, number: int) -> None:
    page.goto(f"{app.url}/?record={number}")
    expect(page.get_by_text(PATIENT_LINE).first).to_be_visible()


def lock(page: Page) -> None:
    page.get_by_role("button", name="Lock").click()
    page.wait_for_url("**/unlock?**")


def locked(app: App) -> float:
    """Return when the newest lock was written down."""
    with closing(sqlite3.connect(demo_folder(app) / "ledger.sqlite3")) as connection:
        (text,) = connection.execute("SELECT max(locked_at) FROM sessions").fetchone()
    return datetime.fromisoformat(text).timestamp()


def expect_nothing_of_the_patient(page: Page) -> None:
    expect(page.get_by_text(PATIENT_LINE)).to_have_count(0)
    assert "PAT" not in page.content()


def test_lock_in_one_tab_empties_both_within_5_seconds_and_cuts_the_sockets_within_one(
    context: BrowserContext, demo_app: App
) -> None:
    one, other = context.new_page(), context.new_page()
    sign_in(one, demo_app, wanted="/?record=12")
    expect(one.get_by_text(PATIENT_LINE).first).to_be_visible()
    open_record(other, demo_app, 12)
    with cut.watched(demo_app, context) as cut_at:
        start = time.time()
        one.get_by_role("button", name="Lock").click()
        for page in (other, one):
            expect(page.get_by_text(PATIENT_LINE)).to_have_count(0, timeout=5000)
        emptied = time.time() - start
        cut_s = cut_at() - locked(demo_app)
    assert emptied < 5
    assert cut_s < 1
    for page in (one, other):
        expect(page.get_by_role("heading", name="Locked")).to_be_visible()
        expect_nothing_of_the_patient(page)


def test_a_tab_that_has_not_loaded_all_of_its_parts_is_emptied_too(context: BrowserContext, demo_app: App) -> None:
    one, other = context.new_page(), context.new_page()
    sign_in(one, demo_app)
    other.route("**/BidiComponent*", lambda route: route.abort())
    open_record(other, demo_app, 12)
    lock(one)
    expect(other.get_by_role("heading", name="Locked")).to_be_visible()
    expect_nothing_of_the_patient(other)


@pytest.mark.parametrize("address", ["/index.html", "/nothing", "/x.y", "/audit%2Fx", "/static/x", "/audit/x"])
def test_no_address_shows_anything_without_the_watch(context: BrowserContext, demo_app: App, address: str) -> None:
    page = context.new_page()
    sign_in(page, demo_app)
    page.goto(demo_app.url + address)
    app = page.get_by_test_id("stApp")
    if page.locator("head script").first.text_content() == watched_page.WATCH:
        expect(app).to_be_visible()
    else:
        page.wait_for_timeout(2000)
        expect(app).to_have_count(0)


def test_a_page_that_leaves_asks_a_slow_server_once(context: BrowserContext, demo_app: App) -> None:
    page = context.new_page()
    sign_in(page, demo_app)
    asked = []

    def slowly(route: Route) -> None:
        asked.append(route.request.url)
        time.sleep(5)
        route.continue_()

    page.route("**/unlock?**", slowly)
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    assert len(asked) == 1


def test_the_back_button_a_reload_and_a_deep_link_show_nothing(context: BrowserContext, demo_app: App) -> None:
    page = context.new_page()
    sign_in(page, demo_app, wanted="/?record=12")
    expect(page.get_by_text(PATIENT_LINE).first).to_be_visible()
    answers = []
    page.on("response", lambda answer: answers.append(answer) if "/unlock" in answer.url else None)
    lock(page)
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    page.go_back()
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    expect_nothing_of_the_patient(page)
    page.reload()
    expect_nothing_of_the_patient(page)
    page.goto(f"{demo_app.url}/?record=12")
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    expect_nothing_of_the_patient(page)
    page.get_by_role("button", name="Continue as Asha").click()
    expect(page.get_by_text(PATIENT_LINE).first).to_be_visible()


def test_the_key_locks_also_while_somebody_types(context: BrowserContext, demo_app: App) -> None:
    page = context.new_page()
    sign_in(page, demo_app)
    expect(page.get_by_role("button", name="Lock")).to_be_visible()
    box = page.get_by_placeholder(BOX)
    box.click()
    box.press("Alt+l")
    page.wait_for_url("**/unlock?**")


def test_a_pin_opens_the_same_page_again_and_five_wrong_ones_are_the_end_of_it(
    context: BrowserContext, demo_app: App
) -> None:
    page = context.new_page()
    sign_in(page, demo_app, name="Bilal")
    page.get_by_role("link", name="Account").click()
    page.get_by_role("link", name="Set or forget a PIN").click()
    page.get_by_label("New PIN").fill(PIN)
    page.get_by_role("button", name="Set the PIN").click()
    page.get_by_role("link", name="Go back to Account").click()
    expect(page.get_by_text("Where you are signed in")).to_be_visible()
    lock(page)
    expect(page.get_by_label("PIN")).to_be_focused()
    page.get_by_label("PIN").fill("000000")
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("alert")).to_have_text("That PIN is not right.")
    page.get_by_label("PIN").fill(PIN)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account")
    expect(page.get_by_text("Where you are signed in")).to_be_visible()
    lock(page)
    for _ in range(5):
        page.get_by_label("PIN").fill("000000")
        page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_label("PIN")).to_have_count(0)


def test_the_password_opens_the_same_record_again(context: BrowserContext, demo_app: App) -> None:
    env = {**os.environ, "DASHBOARD_ENV_FILE": str(demo_folder(demo_app) / "env")}
    reset = [sys.executable, "-m", "dashboard", "people", "reset", "Chitra"]
    link = subprocess.run(reset, cwd=ROOT, env=env, capture_output=True, text=True, check=True, timeout=60).stdout
    page = context.new_page()
    page.goto(demo_app.url + link.strip())
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Set your password").click()
    page.goto(f"{demo_app.url}/signin?next=%2F%3Frecord%3D12")
    page.get_by_label("Name").fill("Chitra")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text(PATIENT_LINE).first).to_be_visible()
    lock(page)
    page.get_by_label("Password").fill("not the password at all")
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("alert")).to_have_text("That password is not right.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_text(PATIENT_LINE).first).to_be_visible()
    assert "record=12" in page.url


def test_a_screen_that_nobody_touches_empties_itself_and_a_moving_mouse_in_one_tab_keeps_all_open(
    context: BrowserContext, quick_app: App
) -> None:
    used, idle = context.new_page(), context.new_page()
    sign_in(used, quick_app)
    open_record(idle, quick_app, 12)
    used.bring_to_front()
    for step in range(LOCKS_AFTER_S + 6):
        used.mouse.move(300 + step, 300)
        used.wait_for_timeout(1000)
    assert "/unlock" not in used.url + idle.url
    expect(idle.get_by_text(PATIENT_LINE).first).to_be_visible()
    start = time.monotonic()
    idle.wait_for_url("**/unlock?**", timeout=(LOCKS_AFTER_S + 5) * 1000)
    took = time.monotonic() - start
    assert took > LOCKS_AFTER_S / 2
    used.wait_for_url("**/unlock**")
    expect_nothing_of_the_patient(idle)
