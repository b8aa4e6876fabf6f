"""A walk through every screen and every plain page, with a look at each thing that can be seen there.

A new screen in ``PAGES`` and a new route of ours have no walk yet: ``test_all_pages`` fails until they have.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page, expect

from tests.browser.steps import PASSWORD, at_rest, choose, search
from tests.parts.chromium import PATIENCE_MS, App, sign_in
from tests.parts.provider import Provider

PATIENT_LINE = re.compile(r"^PAT\d+ · phone …\d{4}")
PIN = "482913"
NEW_PEOPLE = iter(("Gita", "Hari", "Indra", "Jaya", "Kiran", "Lata"))  # a name is never given twice


@dataclass
class Walk:
    """One browser on its way. ``look`` is called with the name of what stands on the screen."""

    page: Page
    app: App
    look: Callable[[str], None]
    links: list[tuple[str, str]] = field(default_factory=list)  # that set a password, and whose
    with_password: str = ""  # who has one

    def go(self, path: str) -> None:
        self.page.goto(f"{self.app.url}{path}")


def find(walk: Walk) -> None:
    """The welcome, the newest, nothing found, a record, its PDF, its storage details, its link."""
    page = walk.page
    walk.go("/find")
    expect(page.get_by_role("button", name="Newest prescriptions")).to_be_visible()
    walk.look("welcome")
    page.get_by_role("button", name="Newest prescriptions").click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    page.get_by_text("Show keys").click()
    expect(page.get_by_role("button", name="Check this page")).to_be_visible()
    walk.look("list with keys")
    search(page, "CON999999")
    expect(page.get_by_text("Nothing found").first).to_be_visible()
    walk.look("nothing found")
    search(page, "CON005")
    expect(page.get_by_text(PATIENT_LINE).first).to_be_visible()
    page.get_by_role("button", name=re.compile("Show PDF")).click()
    expect(page.locator("canvas.react-pdf__Page__canvas").first).to_be_visible()
    page.get_by_text("Storage details").click()
    expect(page.get_by_text("Ask it yourself")).to_be_visible()
    page.get_by_role("button", name="Check and create").click()
    expect(page.get_by_role("button", name="Copy link")).to_be_visible()
    page.get_by_role("button", name="Copy link").click()
    walk.look("record with PDF, details and link")


def explain(walk: Walk) -> None:
    """What it teaches, a link of the bare key with the right one, an error page, many keys, a file elsewhere, its plan."""
    page = walk.page
    walk.go("/explain")
    field_ = page.get_by_label("Paste a key, a link")
    expect(page.get_by_text("A link that does not open:")).to_be_visible()
    walk.look("what can be pasted")
    page.get_by_role("button", name="A link of the bare key").click()
    page.get_by_role("button", name="Make the right link").click()
    expect(page.get_by_role("button", name="Copy link")).to_be_visible()
    walk.look("a link of the bare key, and the right one")
    field_.fill("<Error><Code>NoSuchKey</Code><Message/></Error>")
    field_.press("Control+Enter")
    page.get_by_role("button", name="Check the newest record").click()
    expect(page.get_by_text("bare key: NoSuchKey")).to_be_visible()
    walk.look("an error page, and a suspect")
    field_.fill("a/1.pdf\na/2.pdf\na/3.pdf\na/4.pdf")
    field_.press("Control+Enter")
    expect(page.get_by_text("4 links or keys were read.")).to_be_visible()
    walk.look("many keys")
    walk.go("/explain")
    page.get_by_role("button", name="An old location").click()
    page.get_by_text("Mend plan for 1 broken record").click()
    page.get_by_role("button", name="Prepare a mend plan").click()
    with page.expect_download():
        page.get_by_role("button", name="Save the plan").click()
    walk.look("a file in the wrong place, and its plan")


def audit(walk: Walk) -> None:
    """What stands there before a run, a run to its end, the rows of a cause, its plan, a picture as a table, the form.

    And a second run: what the first one found stands there all the while, and a picture comes to it.
    """
    page = walk.page
    walk.go("/audit")
    start = page.get_by_role("button", name="Check all files")
    expect(start).to_be_visible()
    walk.look("before a check")
    start.click()
    _ran(page)
    at_rest(page)
    page.get_by_role("combobox", name="Problem").click()
    page.keyboard.type("Missing file: Older")
    page.get_by_role("option", name="Older location").click()
    expect(page.get_by_text("AWS_LOCATION was changed")).to_be_visible()
    page.get_by_text("Mend plan for").click()
    expect(page.get_by_role("button", name="Prepare a mend plan")).to_be_visible()
    at_rest(page)
    as_table = page.get_by_text("As a table")
    pictures = as_table.count()
    as_table.nth(2).click()  # of where rows point
    expect(page.get_by_role("region", name="Where rows point")).to_be_visible()
    walk.look("the problems, a cause, pictures")
    page.get_by_role("button", name="Options").click()
    again = page.get_by_role("button", name="Start", exact=True)
    expect(again).to_be_visible()
    walk.look("what can be chosen for a check")
    again.click()
    _ran(page)
    expect(as_table).to_have_count(pictures + 1)
    walk.look("a second check")


def _ran(page: Page) -> None:
    """Wait for the end of a check that was just begun; what an earlier one found stands there all the while."""
    progress = page.locator(".st-key-audit_progress")
    expect(progress).to_be_visible()
    expect(progress).to_have_count(0, timeout=4 * PATIENCE_MS)
    expect(page.get_by_text("As of the check, today")).to_be_visible()
    expect(page.get_by_text("All checks")).to_be_visible()  # it stands last
    at_rest(page)


def activity(walk: Walk) -> None:
    """The newest events, the verdict, the file."""
    page = walk.page
    walk.go("/activity")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    page.get_by_role("button", name="Check that nobody changed it").click()
    expect(page.get_by_text("The trail is intact")).to_be_visible()
    page.get_by_role("button", name="Prepare a CSV of these").click()
    with page.expect_download():
        page.get_by_role("button", name="Save the CSV").click()
    walk.look("checked, and a file taken")


def people(walk: Walk) -> None:
    """The accounts, and a new one with its link."""
    page = walk.page
    walk.go("/people")
    expect(page.get_by_text("Change somebody")).to_be_visible()
    walk.look("accounts")
    name = next(NEW_PEOPLE)
    page.get_by_role("textbox", name="Name").fill(name)
    choose(page, "Clinics", "CLN001")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("sets their own password there")).to_be_visible()
    page.get_by_role("button", name="Copy link").click()
    walk.links.append((name, page.evaluate("navigator.clipboard.readText()")))
    walk.look("somebody new, and their link")


def account(walk: Walk) -> None:
    """One's own sessions."""
    walk.go("/account")
    expect(walk.page.get_by_text("Where you are signed in")).to_be_visible()
    walk.look("sessions and password")


def signin(walk: Walk) -> None:
    """The form, a wrong password, and somebody who is signed in already."""
    page = walk.page
    walk.go("/signin")
    walk.look("form")
    page.get_by_label("Name").fill("Asha")
    page.get_by_label("Password").fill("not the password at all")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    walk.look("wrong password")
    sign_in(page, walk.app)
    walk.go("/signin")
    walk.look("signed in already")


def set_password(walk: Walk) -> None:
    """A link that is over, a password that is too short, and one that is taken."""
    page = walk.page
    walk.go("/set-password?token=gone")
    walk.look("the link is over")
    walk.with_password, link = walk.links.pop()
    page.goto(link)
    walk.look("form")
    page.get_by_label("New password").fill("a" * 15)
    page.get_by_role("button").first.click()
    expect(page.get_by_role("alert")).to_be_visible()
    walk.look("a password that is guessed early")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button").first.click()
    walk.look("set")


def session(walk: Walk) -> None:
    """No page: what the app's own script asks."""
    assert walk.page.request.get(f"{walk.app.url}/session").status in {204, 401}


def oidc_start(walk: Walk) -> None:
    """Where no provider is set up."""
    walk.go("/oidc/start")
    walk.look("no provider")


def oidc_callback(walk: Walk) -> None:
    """Where no provider is set up."""
    walk.go("/oidc/callback?code=x&state=y")
    walk.look("no provider")


def pin(walk: Walk) -> None:
    """A PIN that is guessed first, one that is taken, and the page of who has one."""
    page = walk.page
    walk.go("/signin")
    page.get_by_role("button", name="Sign out").click()
    _with_password(walk)
    walk.go("/pin")
    walk.look("no PIN yet")
    _set_pin(page, "123456")
    expect(page.get_by_role("alert")).to_be_visible()
    walk.look("a PIN that is guessed first")
    _set_pin(page, PIN)
    expect(page.get_by_role("status")).to_be_visible()
    walk.look("set")
    walk.go("/pin")
    walk.look("a PIN already")


def unlock(walk: Walk) -> None:
    """A wrong PIN, a wrong password, and the demo's one click."""
    page = walk.page
    _lock(walk)
    walk.look("PIN or password")
    page.get_by_label("PIN").fill("730518")
    page.get_by_role("button", name="Unlock").first.click()
    expect(page.get_by_role("alert")).to_be_visible()
    walk.look("wrong PIN")
    page.get_by_text("Use your password instead").click()
    page.get_by_label("Password").fill("not the password at all")
    page.get_by_role("button", name="Unlock").last.click()
    expect(page.get_by_role("alert")).to_be_visible()
    walk.look("wrong password")
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, walk.app)
    _lock(walk)
    walk.look("one click")


def through_provider(walk: Walk, idp: Provider) -> None:
    """The button, somebody without a role, the lock of who has no password, a dead end, a provider that is down."""
    page = walk.page

    def choose(person: str) -> None:
        page.get_by_role("link", name=re.compile("^Sign in with ")).click()
        page.get_by_role("button", name=person).click()

    walk.go("/signin")
    walk.look("with a provider")
    choose("Zoya")
    walk.look("no role")
    walk.go("/signin")
    choose("Bilal Khan")
    page.wait_for_url(f"{walk.app.url}/")
    walk.go("/pin")
    walk.look("no password to prove it with")
    _lock(walk)
    walk.look("no PIN and no password")
    walk.go("/oidc/callback?code=x&state=y")
    walk.look("not begun here")
    idp.answer, idp.answers_at = (503, b"", {}), "/token"
    page.get_by_role("link", name="Sign in").click()
    choose("Bilal Khan")
    walk.look("the provider is down")
    idp.answer = None


def _with_password(walk: Walk) -> None:
    walk.page.get_by_label("Name").fill(walk.with_password)
    walk.page.get_by_label("Password").fill(PASSWORD)
    walk.page.get_by_role("button", name="Sign in", exact=True).click()
    walk.page.wait_for_url(f"{walk.app.url}/")


def _set_pin(page: Page, digits: str) -> None:
    page.get_by_label("New PIN").fill(digits)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Set the PIN").click()


def _lock(walk: Walk) -> None:
    walk.go("/account")
    walk.page.get_by_role("button", name="Lock").click()
    walk.page.wait_for_url("**/unlock?**")


SCREENS: dict[str, Callable[[Walk], None]] = {
    "find": find,
    "explain": explain,
    "audit": audit,
    "activity": activity,
    "people": people,
    "account": account,
}
FRONT: dict[str, Callable[[Walk], None]] = {  # in this order: who sets a password sets a PIN with it, and unlocks by it
    "/signin": signin,
    "/set-password": set_password,
    "/session": session,
    "/oidc/start": oidc_start,
    "/oidc/callback": oidc_callback,
    "/pin": pin,
    "/unlock": unlock,
}


def everything(walk: Walk) -> None:
    """Walk all of them: as the owner, and then through the plain pages."""
    sign_in(walk.page, walk.app)
    for each in SCREENS.values():
        each(walk)
    walk.page.get_by_role("button", name="Sign out", exact=True).click()
    walk.page.wait_for_url("**/signin")
    for each in FRONT.values():
        each(walk)
