"""Activity in a real browser, on the demo clinic: the auditor's walk, and the owner's one click from a record."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.steps import tab
from tests.parts.chromium import App, sign_in

PATIENT = re.compile(r"^(PAT\d+) · phone")
SHOTS = os.environ.get("SCREENSHOTS", "")  # a folder, for who wants to look


@pytest.mark.parametrize("width", [1280, 390])
def test_an_owner_asks_who_saw_a_patient_and_the_auditor_checks_and_takes_it_along(
    browser: Browser, demo_app: App, width: int
) -> None:
    with tab(browser, demo_app, width=width, wanted="/?record=12") as page:
        line = page.get_by_text(PATIENT).first
        expect(line).to_be_visible()
        found = PATIENT.match(line.inner_text())
        assert found
        with page.context.expect_page() as opened:
            page.get_by_role("link", name="Who saw this patient?").click()
        activity = opened.value
        expect(activity.get_by_label("Patient id")).to_have_value(found[1])
        expect(activity.get_by_test_id("stDataFrame")).to_be_visible()
        expect(activity.get_by_text("Whoever opened, looked at or shared")).to_be_visible()
        if SHOTS:
            activity.screenshot(path=f"{SHOTS}/owner-{width}.png")
        activity.get_by_role("button", name="Sign out").click()
        activity.wait_for_url("**/signin")
        sign_in(activity, demo_app, name="Esha")
        expect(activity.get_by_test_id("stDataFrame")).to_be_visible()
        activity.get_by_role("button", name="Check that nobody changed it").click()
        expect(activity.get_by_text("The trail is intact")).to_be_visible()
        activity.get_by_role("button", name="Prepare a CSV of these").click()
        with activity.expect_download() as download:
            activity.get_by_role("button", name="Save the CSV").click()
        lines = list(csv.DictReader(Path(download.value.path()).read_text("utf-8-sig").splitlines()))
        assert any(each["What"] == "Opened the record" and each["Patient id"] == found[1] for each in lines)
        wide = activity.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        if SHOTS:
            activity.screenshot(path=f"{SHOTS}/activity-{width}.png", full_page=True)


@pytest.mark.parametrize("name", ["Esha", "Asha"])
def test_an_address_with_a_patient_opens_their_activity_for_who_begins_there_and_who_does_not(
    browser: Browser, demo_app: App, name: str
) -> None:
    page = browser.new_context().new_page()
    sign_in(page, demo_app, name=name, wanted="/activity?patient=PAT012")
    expect(page.get_by_label("Patient id")).to_have_value("PAT012")
    expect(page.get_by_text("Page not found")).to_have_count(0)
    page.context.close()
