"""What a person does on Find, and how the dashboard is given its settings by the environment alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from dotenv import dotenv_values
from playwright.sync_api import Browser, Page, expect

from dashboard import wiring
from lib import accounts
from lib import sign_in as passwords
from lib.access import Role
from lib.password_links import PasswordLink
from lib.people import NewRole, Person
from lib.settings import Settings
from tests.parts import sample_clinic
from tests.parts.accounts import OPERATOR
from tests.parts.bad_servers import refused_address
from tests.parts.chromium import PATIENCE_MS, ROOT, App, demo_folder, sign_in, start_app
from tests.parts.provider import CLIENT_ID, CLIENT_SECRET, Provider
from tests.parts.served import Served

PASSWORD = "violet harbour ledger tuning fork"
BARE = {"DASHBOARD_ENV_FILE": "", "DASHBOARD_SECRET_KEY": "s" * 40}
PROVIDER_NAME = "Clinic SSO"
BOX = "Phone, name, PAT…, CON…, or paste a link"
LOCATION = "edrcontainer1"
ONE_SENTENCE_MS = 15_000  # until it must stand there
STILL_MS = 500
STILL = """([quiet, most]) => new Promise((done, failed) => {
  const ends = performance.now() + most;
  const look = (before, since) => requestAnimationFrame((now) => {
    const main = document.querySelector('[data-testid=stMain]');
    const stale = document.querySelector('[data-stale="true"]') !== null;
    const at = main && `${main.scrollHeight} ${main.scrollTop} ${stale}`;
    if (now > ends) failed(new Error('the page does not come to rest'));
    else if (!main || at !== before) look(at, now);
    else if (now - since < quiet) look(at, since);
    else done();
  });
  look('', 0);
})"""


def search(page: Page, text: str) -> None:
    """Type a search into the page that is open."""
    box = page.get_by_placeholder(BOX)
    box.fill(text)
    box.press("Enter")


def at_rest(page: Page) -> None:
    """Wait until all is drawn anew and nothing moves: what is clicked before may be gone, and an open list is closed."""
    page.locator("[data-test-script-state=notRunning]").wait_for()
    page.evaluate(STILL, [STILL_MS, PATIENCE_MS])


def choose(page: Page, label: str, option: str) -> None:
    """Choose from the list with this label; from the last one, where there are several."""
    at_rest(page)
    page.get_by_role("combobox", name=label).last.click()
    page.get_by_role("option", name=option).click()


def click_row(page: Page, row: int, *, x: int = 200) -> None:
    """Click on a cell of a row of the table."""
    box = page.get_by_test_id("stDataFrame").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x, box["y"] + 35 * (row + 1) + 17)


@contextmanager
def tab(browser: Browser, app: App, *, width: int = 1280, height: int = 900, **signing_in: str) -> Iterator[Page]:
    """Yield a tab with the dashboard in it, signed in (``chromium.sign_in``); a script error in it fails the test."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, permissions=["clipboard-read", "clipboard-write"]
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(page, app, **signing_in)
    yield page
    context.close()
    assert errors == []


def assert_alive(page: Page, app: App) -> None:
    """The search box can be typed into, and nobody was shown a traceback, on screen or in the log."""
    expect(page.get_by_placeholder(BOX)).to_be_enabled()
    expect(page.get_by_text("Traceback")).to_have_count(0)
    expect(page.get_by_text("Something went wrong")).to_have_count(0)
    assert "Traceback" not in "".join(app.lines)


def on_sqlite(folder: Path, endpoint_url: str, **changes: str) -> dict[str, str]:
    """Return the settings of a clinic and a ledger in SQLite files of this folder; make the clinic."""
    return {
        "DATABASE_URL": sample_clinic.sqlite_clinic(folder / "records.sqlite3"),
        "AWS_ACCESS_KEY_ID": "DEMOACCESSKEY",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_STORAGE_BUCKET_NAME": "edrspace",
        "AWS_S3_ENDPOINT_URL": endpoint_url,
        "AWS_LOCATION": LOCATION,
        "DASHBOARD_DATABASE_URL": f"sqlite:///{folder}/ledger.sqlite3",
        **changes,
    }


def with_provider(idp: Provider, folder: Path) -> dict[str, str]:
    """Return settings of a clinic whose storage is down and whose provider is this one; put two people into it."""
    idp.people["b"] = {"name": "Bilal Khan", "role": "front-desk", "clinics": ["CLN1"]}
    idp.people["z"] = {"name": "Zoya", "role": "visitor"}
    return on_sqlite(
        folder,
        refused_address(),
        DASHBOARD_OIDC_ISSUER=idp.issuer,
        DASHBOARD_OIDC_CLIENT_ID=CLIENT_ID,
        DASHBOARD_OIDC_CLIENT_SECRET=CLIENT_SECRET,
        DASHBOARD_OIDC_ROLES="front-desk=clinic_admin,help=support",
        DASHBOARD_OIDC_NAME=PROVIDER_NAME,
    )


@contextmanager
def served(settings: Mapping[str, str]) -> Iterator[App]:
    """Yield the dashboard, not the demo, with these settings and no .env file; Asha owns it."""
    wiring.migrate(Settings.load({**BARE, **settings}))
    hire(settings, "Asha", NewRole(Role.OWNER, None))
    app = start_app(env={**os.environ, **BARE, **settings})
    app.password = PASSWORD
    yield app
    app.stop()


def environment(app: App) -> dict[str, str]:
    """Return the settings that a demo keeps for the command line."""
    values = dotenv_values(demo_folder(app) / "env", interpolate=False)
    return {name: value or "" for name, value in values.items()}


def hire(settings: Mapping[str, str], name: str, rights: NewRole) -> None:
    """Add somebody whose password is ``PASSWORD`` to the ledger of these settings."""
    values, now = Settings.load({**BARE, **settings}), datetime.now(UTC)
    desk = wiring.accounts(values, trail=wiring.build(values).trail)
    link = accounts.add(OPERATOR, desk, accounts.NewPerson(name, rights), at=now)
    assert isinstance(link, PasswordLink), link
    assert isinstance(passwords.set_password(desk, link.token, PASSWORD, address="", at=now), Person)


def ran(settings: Mapping[str, str], *words: str) -> str:
    """Run one command of the dashboard with these settings; return what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "dashboard", *words],
        cwd=ROOT,
        env={**os.environ, **BARE, **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.strip()


def set_password(app: App, path: str) -> None:
    """Open the link that ``people add`` printed, and send its form."""
    server = Served(int(app.url.rpartition(":")[2]))
    page = server.ask(path)
    form = re.search(r'name="form_token" value="([^"]+)"', page.body.decode())
    assert form
    fields = {"form_token": form[1], "token": path.partition("token=")[2], "password": PASSWORD}
    answer = server.ask(
        "/set-password",
        "POST",
        body=urlencode(fields).encode(),
        cookie=page.headers["set-cookie"].partition(";")[0],
        origin=server.origin,
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status == 200
