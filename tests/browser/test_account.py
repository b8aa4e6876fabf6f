"""Account in a real browser: another password, what is said on the way, and that every session ends with the old one."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from lib.access import Role
from lib.people import NewRole
from tests.browser.steps import PASSWORD, environment, hire, tab
from tests.parts.chromium import App, sign_in

NEW = "copper lantern orbit meadow nine"


def change(page: Page, *, old: str, new: str) -> None:
    page.get_by_label("Password now").fill(old)
    page.get_by_label("New password").fill(new)
    page.get_by_role("button", name="Change password").click()


def test_another_password_is_set_by_who_knows_the_old_one_and_ends_every_session(
    browser: Browser, demo_app: App
) -> None:
    hire(environment(demo_app), "Mira", NewRole(Role.OWNER, None))
    mira, said_before = {"name": "Mira", "password": PASSWORD, "wanted": "/account"}, len(demo_app.lines)
    with tab(browser, demo_app, **mira) as page, tab(browser, demo_app, **mira) as elsewhere:
        change(page, old="not the one she has", new=NEW)
        expect(page.get_by_text("The password that you have now is not right.")).to_be_visible()
        change(page, old=PASSWORD, new="short")
        expect(page.get_by_text("That is too short: at least 15 characters.")).to_be_visible()
        change(page, old=PASSWORD, new="passwordpassword")
        expect(page.get_by_text("That would be guessed early")).to_be_visible()
        expect(elsewhere.get_by_text("Mira, Owner")).to_be_visible()
        change(page, old=PASSWORD, new=NEW)
        page.wait_for_url("**/signin")
        elsewhere.wait_for_url("**/signin")
        page.get_by_label("Name").fill("Mira")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("alert")).to_have_text("The name or the password is not right.")
        sign_in(page, demo_app, name="Mira", password=NEW)
        expect(page.get_by_text("Mira, Owner")).to_be_visible()
        said = demo_app.lines[said_before:]
        assert not [line for line in said if NEW in line or PASSWORD in line or "Traceback" in line]
