"""Account in a real browser: another password, what is said on the way, and that every session ends with the old one."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import PASSWORD, served, tab
from tests.browser.test_bad_days import Day
from tests.parts import bad_servers
from tests.parts.chromium import sign_in

NEW = "copper lantern orbit meadow nine"


def change(page: Page, *, old: str, new: str) -> None:
    page.get_by_label("Password now").fill(old)
    page.get_by_label("New password").fill(new)
    page.get_by_role("button", name="Change password").click()


def test_another_password_is_set_by_who_knows_the_old_one_and_ends_every_session(
    browser: Browser, tmp_path: Path
) -> None:
    settings = Day(tmp_path).settings(bad_servers.refused_address())
    with served(settings) as app, tab(browser, app) as page, tab(browser, app) as elsewhere:
        page.goto(f"{app.url}/account")
        change(page, old="not the one she has", new=NEW)
        expect(page.get_by_text("The password that you have now is not right.")).to_be_visible()
        change(page, old=PASSWORD, new="short")
        expect(page.get_by_text("That is too short: at least 15 characters.")).to_be_visible()
        change(page, old=PASSWORD, new="passwordpassword")
        expect(page.get_by_text("That would be guessed early")).to_be_visible()
        expect(elsewhere.get_by_text("Asha, Owner")).to_be_visible()
        change(page, old=PASSWORD, new=NEW)
        page.wait_for_url("**/signin")
        elsewhere.wait_for_url("**/signin")
        page.get_by_label("Name").fill("Asha")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_have_text("The name or the password is not right.")
        app.password = NEW
        sign_in(page, app)
        expect(page.get_by_text("Asha, Owner")).to_be_visible()
        assert not [line for line in app.lines if NEW in line or PASSWORD in line or "Traceback" in line]
