"""A real browser, and the app in it: Debian's Chromium driven by Playwright, and the dashboard in its own process."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.parts import canaries, needed

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_MS = 30_000  # for what has no bound of its own, on a busy machine; who finds it sooner waits no longer
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def installed() -> str | None:
    """Return where Chromium is on this machine."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; each test opens its own context."""
    path = installed()
    if path is None:
        needed.missing("Chromium", how="apt-get install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield opened
        opened.close()


@dataclass
class App:
    """The dashboard, served by ``python -m dashboard run`` in a process of its own."""

    process: subprocess.Popen[str]
    url: str
    lines: list[str]  # what it says on stderr
    keeper: threading.Thread  # which collects them
    password: str = ""  # Asha's, outside the demo

    def stop(self) -> None:
        """Stop it as Ctrl+C does; kill it if that takes too long."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.keeper.join()  # to the end of what it says
        assert self.process.stderr is not None
        self.process.stderr.close()
        canaries.check("".join(self.lines), where="stderr of run")


def start_app(*options: str, env: Mapping[str, str] | None = None) -> App:
    """Start the dashboard on a free port and return when it says its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard", "run", "--port", "0", *options],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if found := re.search(r"Open (http://\S+)", line):
            keeper = threading.Thread(target=_keep, args=(process, lines), daemon=True)
            keeper.start()
            return App(process, found[1], lines, keeper)
    process.wait()
    pytest.fail("the dashboard did not start:\n" + "".join(lines), pytrace=False)


def demo_folder(app: App) -> Path:
    """Return where a demo that was started with ``--port 0`` keeps what is its own."""
    return ROOT / "var" / f"demo-{urlsplit(app.url).port}"


def sign_in(page: Page, app: App, *, name: str = "Asha", password: str = "", wanted: str = "/") -> None:
    """Sign in, and arrive at the wanted page: in the demo as one of its staff, by one click; else with a password.

    Where no other is given it is that of the app, and in the demo none. A page that is opened so is loaded once; one that
    is opened after the sign-in comes on top of Find, which takes a busy machine seconds.
    """
    page.goto(f"{app.url}/signin?next={quote(wanted, safe='')}")
    if secret := password or app.password:
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(secret)
        page.get_by_role("button", name="Sign in", exact=True).click()
    else:
        page.get_by_role("button", name=f"{name}, ").click()
    page.wait_for_url(re.compile(rf"{re.escape(app.url)}/(?!signin)"))


def _keep(process: subprocess.Popen[str], lines: list[str]) -> None:
    assert process.stderr is not None
    lines.extend(process.stderr)


@pytest.fixture(scope="session")
def demo_app() -> Iterator[App]:
    """The demo clinic, started once."""
    app = start_app("--demo")
    yield app
    canaries.check(metrics(app), where="metrics")
    app.stop()


def metrics(app: App) -> str:
    """Return what the app measures, as somebody who is signed in is told."""
    with closing(http.client.HTTPConnection(app.url.removeprefix("http://"), timeout=10)) as connection:
        connection.request("GET", "/_stcore/metrics", headers={"Cookie": signed_in(app.url)})
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read().decode()


def signed_in(url: str) -> str:
    """Sign in to the demo clinic as its owner; return the cookie."""
    with closing(http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)) as connection:
        connection.request("GET", "/signin")
        answer = connection.getresponse()
        page, form = answer.read().decode(), answer.headers["set-cookie"].partition(";")[0]
        token, person = (re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("form_token", "person"))
        assert token
        assert person
        body = urlencode({"form_token": token[1], "person": person[1]})
        headers = {"Cookie": form, "Origin": url, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/signin", body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.headers["set-cookie"].partition(";")[0]
