"""Signing in through an identity provider in a real browser: to its page, and back to Find."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard import wording
from dashboard.wording import federation as words
from lib.errors import ProviderFault, ProviderUnavailable
from lib.federated_sign_in import Outside
from lib.federation import Unfit
from tests.browser.steps import PROVIDER_NAME as NAME
from tests.parts.chromium import App, sign_in
from tests.parts.provider import Provider

BUTTON = f"Sign in with {NAME}"


@pytest.fixture
def app(provider_app: App) -> App:
    """The dashboard with a provider, and with an owner who has a password."""
    return provider_app


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser in which nobody is signed in; what breaks the content security policy fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    violations: list[str] = []
    opened = context.new_page()
    opened.on("console", lambda line: violations.append(line.text) if "Content Security Policy" in line.text else None)
    yield opened
    context.close()
    assert violations == []


def through(page: Page, app: App, person: str, *, wanted: str = "/") -> None:
    """Press the button, and choose somebody on the provider's page."""
    page.goto(f"{app.url}{wanted}")
    page.get_by_role("link", name=BUTTON).click()
    page.get_by_role("button", name=person).click()


def test_signing_in_leads_to_find_as_the_role_that_the_provider_says(page: Page, app: App, idp: Provider) -> None:
    through(page, app, "Bilal Khan")
    expect(page.get_by_text(f"Bilal Khan via {NAME}, Clinic admin")).to_be_visible()
    idp.people["b"] = {"name": "Bilal Khan", "role": "help", "clinics": "*"}
    expect(page.get_by_text("Clinic admin")).to_be_visible()  # nothing is asked until the next sign-in
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/signin")
    through(page, app, "Bilal Khan")
    expect(page.get_by_text(f"Bilal Khan via {NAME}, Support")).to_be_visible()


def test_a_clinic_admin_of_one_clinic_opens_a_record_of_it_and_none_of_another(
    page: Page, app: App, idp: Provider
) -> None:
    idp.people["b"] = {"name": "Bilal Khan", "role": "front-desk", "clinics": ["CLN1"]}
    through(page, app, "Bilal Khan", wanted="/?record=13")
    expect(page.get_by_text("Meera Nair").first).to_be_visible()
    idp.people["b"] = {"name": "Bilal Khan", "role": "front-desk", "clinics": ["CLN2"]}
    page.context.clear_cookies()
    through(page, app, "Bilal Khan", wanted="/?record=13")
    expect(page.get_by_text(wording.NO_SUCH_RECORD)).to_be_visible()
    expect(page.get_by_text("Meera Nair")).to_have_count(0)


def test_whom_the_provider_gives_no_role_reads_why_and_gets_in_nowhere(page: Page, app: App) -> None:
    through(page, app, "Zoya")
    expect(page.get_by_text(words.outside(Outside(Unfit.NO_ROLE), name=NAME))).to_be_visible()
    page.goto(f"{app.url}/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_while_the_provider_is_broken_it_is_said_and_a_password_works_on(page: Page, app: App, idp: Provider) -> None:
    idp.answer, idp.answers_at = (503, b"", {}), "/token"
    through(page, app, "Bilal Khan")
    expect(page.get_by_text(words.provider(ProviderUnavailable(ProviderFault.DOWN), name=NAME))).to_be_visible()
    page.get_by_role("link", name="Sign in").click()
    sign_in(page, app)
    expect(page.get_by_text("Asha, Owner")).to_be_visible()
