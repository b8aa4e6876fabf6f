"""People in a real browser, on the demo clinic: an owner adds somebody, who sets a password, and disables them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.steps import PASSWORD, at_rest, choose, tab
from tests.parts.chromium import App


def test_an_owner_adds_somebody_who_gets_in_until_they_are_disabled(browser: Browser, demo_app: App) -> None:
    with tab(browser, demo_app) as page:
        page.get_by_role("link", name="People").click()
        expect(page.get_by_text("Change somebody")).to_be_visible()
        page.get_by_role("button", name="Sign out").click(trial=True)  # the menu lies over nothing
        page.get_by_role("textbox", name="Name").fill("Farid")
        choose(page, "Clinics", "CLN001")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Add", exact=True).dblclick()  # an impatient one is one act
        expect(page.get_by_text("Farid sets their own password there")).to_be_visible()
        page.wait_for_timeout(500)
        at_rest(page)
        expect(page.get_by_role("alert")).to_have_count(0)
        page.get_by_role("button", name="Copy link").click()
        link = page.evaluate("navigator.clipboard.readText()")
        assert link.startswith(f"{demo_app.url}/set-password?token=")
        assert "token" not in page.url

        theirs = browser.new_context().new_page()
        theirs.goto(link)
        theirs.get_by_label("New password").fill(PASSWORD)
        theirs.get_by_role("button").first.click()
        theirs.goto(f"{demo_app.url}/signin")
        theirs.get_by_label("Name").fill("Farid")
        theirs.get_by_label("Password").fill(PASSWORD)
        theirs.get_by_role("button", name="Sign in", exact=True).click()
        expect(theirs.get_by_text("Farid, Clinic admin")).to_be_visible()
        expect(theirs.get_by_role("link", name="People")).to_have_count(0)

        page.get_by_role("button", name="Done").click()
        expect(page.get_by_role("button", name="Done")).to_have_count(0)
        choose(page, "Person", "Farid")
        page.get_by_role("button", name="Disable").click()
        said = page.get_by_text("Farid: Clinic admin, CLN001. The account is disabled.")
        expect(said).to_be_visible()
        theirs.wait_for_url("**/signin")
        theirs.context.close()


@pytest.mark.parametrize("gap_ms", [0, 30])
def test_of_two_fast_clicks_the_second_finds_what_the_first_did(browser: Browser, demo_app: App, gap_ms: int) -> None:
    name = f"Faiz {gap_ms}"
    with tab(browser, demo_app, wanted="/people") as page:
        page.get_by_role("textbox", name="Name").fill(name)
        choose(page, "Clinics", "CLN001")
        page.keyboard.press("Escape")
        add = page.get_by_role("button", name="Add", exact=True)
        add.evaluate("(button, gap) => { button.click(); setTimeout(() => button.click(), gap); }", gap_ms)
        expect(page.get_by_text(f"{name} sets their own password there")).to_be_visible()
        at_rest(page)
        expect(page.get_by_role("alert")).to_have_count(0)


def test_the_second_click_of_a_slow_double_click_does_not_undo_what_the_first_did(
    browser: Browser, demo_app: App
) -> None:
    with tab(browser, demo_app, wanted="/people") as page:
        choose(page, "Person", "Dev")
        page.get_by_role("button", name="Disable").click()
        enable = page.get_by_role("button", name="Enable")
        expect(page.get_by_text("The account is disabled.")).to_be_visible()
        enable.hover()
        page.mouse.down(click_count=2)  # it stands where the first one found "Disable"
        page.mouse.up(click_count=2)
        page.wait_for_timeout(700)
        expect(page.get_by_text("The account is disabled.")).to_be_visible()
        enable.click()
        expect(page.get_by_text("The account is disabled.")).to_have_count(0)
        expect(page.get_by_role("button", name="Disable")).to_be_visible()
