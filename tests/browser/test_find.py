"""Find in a real browser, on the demo clinic: what a person at the front desk does."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import BOX, at_rest, search
from tests.parts.chromium import App, sign_in

PATIENT_LINE = re.compile(r"^PAT\d+ · phone …\d{4}")


@pytest.fixture
def page(browser: Browser, demo_app: App) -> Iterator[Page]:
    """One tab at desktop width, signed in and on Find; a script error in it fails the test."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(opened, demo_app)
    yield opened
    context.close()
    assert errors == []


def cell(page: Page, row: int, column: int) -> tuple[int, int]:
    """Return where a cell of the table is, in pixels of the page."""
    box = page.get_by_test_id("stDataFrame").bounding_box()
    assert box is not None
    return int(box["x"] + 60 + 140 * column), int(box["y"] + 35 * (row + 1) + 17)


def test_the_demo_says_that_it_is_one_and_shows_nobody_before_a_search(page: Page) -> None:
    expect(page.get_by_text("Demo clinic: everything here is made up")).to_be_visible()
    expect(page.get_by_text("Find a prescription's PDF")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)


def test_the_search_box_is_the_first_thing_that_tab_reaches_in_the_page(page: Page) -> None:
    expect(page.get_by_role("button", name="Newest prescriptions")).to_be_enabled()
    page.wait_for_function("document.querySelectorAll('[data-testid=stMainBlockContainer] button').length > 5")
    order = page.evaluate(
        """() => [...document.querySelectorAll('[data-testid=stMainBlockContainer] :is(input, button, a[href], [tabindex])')]
             .filter((each) => each.tabIndex >= 0 && each.offsetParent !== null).map((each) => each.tagName + (each.placeholder || ''))"""
    )
    assert order[0] == "INPUTPhone, name, PAT…, CON…, or paste a link"


def test_a_consultation_id_opens_its_record_and_states_are_filled_in(page: Page) -> None:
    search(page, "CON005")
    expect(page.get_by_text(PATIENT_LINE).first).to_be_visible()
    expect(page.get_by_text("Checking…")).to_have_count(0)


def test_a_click_on_any_cell_opens_the_record(page: Page) -> None:
    page.get_by_role("button", name="Newest prescriptions").click()
    expect(page.get_by_text("this page:")).to_be_visible()
    at_rest(page)
    page.mouse.click(*cell(page, 2, 1))
    expect(page.get_by_text(PATIENT_LINE).first).to_be_visible()
    expect(page).to_have_url(re.compile(r"[?&](record|prescription)=\d+"))


def test_a_link_is_made_verified_and_copied_whole(page: Page) -> None:
    search(page, "CON005")
    page.get_by_role("button", name="Check and create").click()
    expect(page.get_by_text("Opens as a PDF")).to_be_visible()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "X-Amz-Signature=" in copied
    answer = page.request.get(copied)
    assert answer.status == 200
    assert answer.body().startswith(b"%PDF")
    assert "X-Amz" not in page.url


def test_where_there_is_no_clipboard_the_link_is_shown_selected(page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.reload()
    search(page, "CON005")
    page.get_by_role("button", name="Check and create").click()
    page.get_by_role("button", name="Copy link").click()
    field = page.get_by_label("Select and copy").locator("visible=true")
    expect(field).to_be_visible()
    assert "X-Amz-Signature=" in field.input_value()


def test_the_pdf_is_shown_by_the_server(page: Page) -> None:
    search(page, "CON005")
    page.get_by_role("button", name=re.compile("Show PDF")).click()
    expect(page.get_by_role("button", name="Hide PDF")).to_be_visible()
    expect(page.get_by_role("region", name=re.compile("The PDF of record")).locator("canvas").first).to_be_visible()


def test_another_search_takes_link_and_pdf_away(page: Page) -> None:
    search(page, "CON005")
    page.get_by_role("button", name="Check and create").click()
    expect(page.get_by_text("Opens as a PDF")).to_be_visible()
    box = page.get_by_placeholder(BOX)
    box.fill("CON006")
    box.press("Enter")
    expect(page.get_by_text("Opens as a PDF")).to_have_count(0)


def test_an_address_opens_its_record_again(page: Page) -> None:
    search(page, "CON005")
    first = page.get_by_text(PATIENT_LINE).first
    expect(first).to_be_visible()
    line = first.inner_text()
    expect(page).to_have_url(re.compile("record="))
    page.reload()
    expect(page.get_by_text(line).first).to_be_visible()


def test_a_phone_shows_state_patient_and_phone_without_scrolling(browser: Browser, demo_app: App) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    sign_in(page, demo_app)
    page.get_by_role("button", name="Newest prescriptions").click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_no_request_leaves_this_computer(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    search(page, "CON005")
    expect(page.get_by_text(PATIENT_LINE).first).to_be_visible()
    strangers = [url for url in asked if not re.match(r"(?:http|ws)s?://127\.0\.0\.1[:/]|data:|blob:", url)]
    assert strangers == []


def test_a_foreign_host_name_is_refused(page: Page, demo_app: App) -> None:
    answer = page.request.get(demo_app.url, headers={"Host": "evil.example"})
    assert answer.status == 400


def test_the_same_cell_opens_its_record_again_after_close_and_after_another_search(page: Page) -> None:
    search(page, "Demo")
    expect(page.get_by_text("this page:")).to_be_visible()
    at_rest(page)
    for again in ("Close", "another search", ""):
        page.mouse.click(*cell(page, 2, 1))
        expect(page.get_by_text(PATIENT_LINE).first).to_be_visible()
        at_rest(page)
        if again == "Close":
            page.get_by_role("button", name="Close").click()
        elif again:
            box = page.get_by_placeholder(BOX)
            box.fill("demo")  # the same rows
            box.press("Enter")
        if again:
            expect(page.get_by_text(PATIENT_LINE)).to_have_count(0)
            page.wait_for_timeout(300)
            at_rest(page)


def test_a_long_paste_is_answered_and_not_dropped(page: Page) -> None:
    box = page.get_by_placeholder(BOX)
    box.focus()
    page.evaluate("document.execCommand('insertText', false, 'k'.repeat(100_000))")
    box.press("Enter")
    expect(page.get_by_text("Only its first 4,096 characters were read.")).to_be_visible()


def test_back_leads_to_the_record_before(page: Page) -> None:
    search(page, "CON005")
    first = page.get_by_text(PATIENT_LINE).first
    expect(first).to_be_visible()
    line = first.inner_text()
    expect(page).to_have_url(re.compile("q=CON005.*record="))
    page.wait_for_timeout(2500)  # sooner, Back was seen to stay where it is
    box = page.get_by_placeholder(BOX)
    box.fill("CON006")
    box.press("Enter")
    expect(page.get_by_text(line)).to_have_count(0)
    expect(page).to_have_url(re.compile("q=CON006.*record="))
    page.wait_for_timeout(2500)  # sooner, Back was seen to stay where it is
    page.go_back()
    expect(page.get_by_text(line)).to_be_visible()
    expect(box).to_have_value("CON005")


def test_two_clicks_make_one_link(page: Page) -> None:
    search(page, "CON005")
    page.get_by_role("button", name="Check and create").dblclick()
    expect(page.get_by_text("Opens as a PDF")).to_have_count(1)
    target = page.get_by_role("link", name="Open WhatsApp").get_attribute("href") or ""
    assert re.match(r"whatsapp://send\?phone=91\d{10}&text=Hello%2C", target)
    expect(page.get_by_role("button", name="Check and create")).to_have_count(0)


def test_what_is_done_is_not_asked_for_again_and_again(page: Page) -> None:
    frames: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: frames.append(frame)))
    page.reload()
    search(page, "CON005")
    expect(page.get_by_text("is in storage")).to_be_visible()
    page.wait_for_timeout(1500)
    before = len(frames)
    page.wait_for_timeout(2500)
    assert len(frames) == before
