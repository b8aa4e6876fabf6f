"""Draw the pictures of the README and of ``docs/`` anew, from the demo clinic in Chromium: ``python -m tests.pictures``.

They are written over those that are there. Run it where a screen has changed, look at each, and commit them. The signs
before a state want a font that has them, such as Debian's fonts-noto-color-emoji.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.steps import at_rest, environment, ran
from tests.parts import chromium
from tests.parts.chromium import ROOT, App, demo_folder, sign_in, start_app

DOCS = ROOT / "docs"
WIDTH, HEIGHT = 1280, 900
ROOM = 40  # below the last line
CASES = {
    "A link of the bare key": "bare-key-link",
    "A link from a mail": "link-from-a-mail",
    "The browser's page": "error-page",
    "A line break at the end": "line-break",
    "Never uploaded": "never-uploaded",
}
NOTHING_OWNED = {"DASHBOARD_OWNED_PREFIXES": "edrcontainer1/nothing/"}  # no file of the demo is unreferenced then
RUN_MS = 60_000


def main() -> None:
    """Draw them all."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.installed(), args=chromium.ARGS)
        expect.set_options(timeout=RUN_MS)
        with _demo(browser) as (page, _app):
            _find(page)
            _explain(page)
            _checked(page)
            _draw(page, "audit/findings.png")
        with _demo(browser, NOTHING_OWNED) as (page, app):
            _checked(page)
            _mend(demo_folder(app))
            _interrupted(page, app)
            _draw(page, "audit/interrupted.png", height=1180)
            for _ in range(2):  # the first one still tells what is gone; some of the demo's files open for anyone
                ran(environment(app) | NOTHING_OWNED, "audit", "--exposure", "none")
            page.reload()
            _draw(page, "audit/clean.png")
        browser.close()


@contextmanager
def _demo(browser: Browser, env: dict[str, str] | None = None) -> Iterator[tuple[Page, App]]:
    app = start_app("--demo", env=env)
    try:
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        sign_in(page, app)
        yield page, app
    finally:
        app.stop()


def _draw(page: Page, name: str, *, height: int | None = None) -> None:
    """Draw the page, or as much of it as has this height."""
    page.mouse.move(0, 0)
    at_rest(page)
    main = page.get_by_test_id("stMain")
    height = height or int(main.evaluate("(main) => main.scrollHeight")) + ROOM
    page.set_viewport_size({"width": WIDTH, "height": height})
    page.wait_for_timeout(3_000)  # until the pictures in it are drawn at their new size
    page.screenshot(path=DOCS / name)
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


def _find(page: Page) -> None:
    page.get_by_role("button", name="Newest prescriptions").click()
    page.get_by_text("Show keys").click()
    page.get_by_role("button", name="Check this page").click()
    page.wait_for_timeout(1_000)  # until they are being asked for
    _draw(page, "find.png", height=HEIGHT)


def _explain(page: Page) -> None:
    page.get_by_role("link", name="Explain").click()
    for label, name in CASES.items():
        page.get_by_role("button", name=label).click()
        expect(page.get_by_text("Taken as")).to_be_visible()
        _draw(page, f"explain/{name}.png")
        if name == "bare-key-link":
            _draw(page, "explain.png", height=1100)
        page.reload()


def _checked(page: Page) -> None:
    page.get_by_role("link", name="Check all files").click()
    page.get_by_role("button", name="Check all files").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)


def _mend(folder: Path) -> None:
    """Take away what is wrong in the clinic: the prescriptions of all records with a finding."""
    with closing(sqlite3.connect(folder / "ledger.sqlite3")) as ledger:
        found = [
            number for (number,) in ledger.execute("SELECT DISTINCT record_id FROM audit_findings WHERE record_id")
        ]
    with closing(sqlite3.connect(folder / "records.sqlite3")) as records:
        marks = ",".join("?" * len(found))
        records.execute(
            "DELETE FROM prescription_pdfs WHERE prescription_id IN "
            f"(SELECT prescription_id FROM prescription_pdfs WHERE id IN ({marks}))",
            found,
        )
        records.commit()


def _interrupted(page: Page, app: App) -> None:
    page.get_by_role("button", name="Check all files").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    mine = str(demo_folder(app)).encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            is_worker = b"dashboard.audit_worker" in (folder / "cmdline").read_bytes()
            if is_worker and mine in (folder / "environ").read_bytes():
                os.kill(int(folder.name), signal.SIGKILL)
    expect(page.get_by_role("button", name="Go on")).to_be_visible()


if __name__ == "__main__":
    main()
