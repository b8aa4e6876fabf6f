"""What a person does on Find, and how the dashboard is given its settings by the environment alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

from tests.parts.chromium import App, start_app

BOX = "Phone, name, PAT…, CON…, or paste a link"


def search(page: Page, text: str) -> None:
    """Type a search into the page that is open."""
    box = page.get_by_placeholder(BOX)
    box.fill(text)
    box.press("Enter")


def click_row(page: Page, row: int, *, x: int = 200) -> None:
    """Click on a cell of a row of the table."""
    box = page.get_by_test_id("stDataFrame").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x, box["y"] + 35 * (row + 1) + 17)


@contextmanager
def tab(browser: Browser, app: App, *, width: int = 1280, height: int = 900) -> Iterator[Page]:
    """Yield a tab with the dashboard in it; a script error in the page fails the test."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, permissions=["clipboard-read", "clipboard-write"]
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(app.url)
    yield page
    context.close()
    assert errors == []


@contextmanager
def served(settings: Mapping[str, str]) -> Iterator[App]:
    """Yield the dashboard, not the demo, with these settings and no .env file."""
    app = start_app(env={"DASHBOARD_ENV_FILE": "", "DASHBOARD_SECRET_KEY": "s" * 40, **settings})
    yield app
    app.stop()
