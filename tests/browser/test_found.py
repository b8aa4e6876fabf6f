"""A file in the wrong place, and how many files open for anyone: in a real browser, on the demo clinic."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import at_rest, click_row, search
from tests.parts.chromium import App, sign_in


@pytest.fixture
def page(browser: Browser, demo_app: App) -> Iterator[Page]:
    """One tab, not signed in yet."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=["clipboard-read"])
    yield context.new_page()
    context.close()


def test_a_file_in_the_wrong_place_is_found_linked_and_opened(page: Page, demo_app: App) -> None:
    sign_in(page, demo_app, name="Chitra")
    page.get_by_role("button", name="Newest prescriptions").click()
    # Where all files were checked before, what is in the wrong place has a choice of its own.
    page.get_by_role("radio", name=re.compile("^(Missing|In the wrong place)")).last.click()
    page.wait_for_timeout(1000)  # until the list of before is being drawn anew
    at_rest(page)
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    for number in range(3):  # among the newest, some are lost for good
        click_row(page, number)
        shown = page.get_by_text(re.compile("We checked that it is the right one|is not in storage. Tell")).first
        expect(shown).to_be_visible()
        if "right one" in shown.inner_text():
            break
        page.get_by_role("button", name="Close").click()
        expect(shown).to_have_count(0)
    page.get_by_role("button", name="Check and create").click()
    expect(page.get_by_text("so this link leads to where it is")).to_be_visible()
    address = page.get_by_role("link", name="Open it here").get_attribute("href")
    assert address is not None
    answer = page.request.get(address)
    assert answer.status == 200
    assert answer.body().startswith(b"%PDF")


def test_an_owner_sees_how_many_of_a_sample_open_for_anyone_and_support_does_not(page: Page, demo_app: App) -> None:
    sign_in(page, demo_app)
    said = page.get_by_text(re.compile(r"^(None|\d+) of 50 PDFs sampled opens? for anyone who knows the address\."))
    expect(said).to_be_visible()
    page.context.clear_cookies()
    sign_in(page, demo_app, name="Chitra")
    expect(page.get_by_text("Find a prescription's PDF")).to_be_visible()
    page.wait_for_timeout(500)
    at_rest(page)
    expect(said).to_have_count(0)


@pytest.mark.parametrize(("number", "gap_ms"), [(25, 0), (22, 30), (23, 150), (24, 400)])
def test_two_fast_clicks_show_the_pdf_once_and_make_one_link(
    page: Page, demo_app: App, number: int, gap_ms: int
) -> None:
    sign_in(page, demo_app)
    page.goto(f"{demo_app.url}/find?record={number}")
    for label, shown in (("Show PDF", "Hide PDF"), ("Check and create", "Copy link")):
        button = page.get_by_role("button", name=label)
        expect(button).to_be_visible()
        at_rest(page)
        button.evaluate("(button, gap) => { button.click(); setTimeout(() => button.click(), gap); }", gap_ms)
        expect(page.get_by_role("button", name=shown)).to_be_visible()
        page.wait_for_timeout(gap_ms + 200)
        at_rest(page)
        expect(page.get_by_role("button", name=shown)).to_be_visible()
    page.goto(f"{demo_app.url}/activity?record={number}")
    page.get_by_role("button", name="Prepare a CSV of these").click()
    # The opening, and of the preview and the link each what was meant and what came of it; and that somebody asks here.
    expect(page.get_by_text("6 events are in the file.")).to_be_visible()


def test_looking_inside_a_file_says_what_it_is(page: Page, demo_app: App) -> None:
    sign_in(page, demo_app)
    search(page, "CON005")
    page.get_by_role("button", name="Look inside the file").click()
    expect(page.get_by_text("whole: it begins and ends as one")).to_be_visible()
