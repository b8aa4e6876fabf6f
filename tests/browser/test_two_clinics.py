"""Two browsers, two people, two clinics, on PostgreSQL and Ceph: each finds their own, and loses it when the owner says so."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocket, expect

from dashboard.demo import pdfs
from dashboard.demo.guarded_s3 import SeedObject
from lib.access import Role
from lib.accounts import Accounts
from lib.people import Activity, Change, NewRole
from tests.browser.steps import PASSWORD, hire, ran, search, served, set_password
from tests.parts import accounts as account_parts
from tests.parts import cut, sample_clinic
from tests.parts.ceph import LOCATION, Ceph
from tests.parts.chromium import App, sign_in
from tests.parts.postgres import SCHEMA, Postgres

PDF = pdfs.template("Made-up clinic", colour=(15, 118, 110))
WITH_PDF = (13, 22)  # Meera Nair of Lakeside, and Meera Nair of Hill View
CUT_S, CLEARED_S = 1.0, 5.0
NOT_THERE = "There is no such record, or you may not see it."
NEW_PASSWORD = "another harbour ledger tuning fork"


@dataclass(frozen=True)
class Clinic:
    """What its admin finds, and what the other's admin must not."""

    admin: str
    clinic_id: str
    patient_id: str
    record: int
    consultation: str


LAKESIDE = Clinic("Bilal", "CLN1", "PAT007", 13, "CON153")
HILL_VIEW = Clinic("Chitra", "CLN2", "PAT008", 22, "CON154")
BOTH = ((LAKESIDE, HILL_VIEW), (HILL_VIEW, LAKESIDE))


@dataclass
class House:
    """The served dashboard, its ledger, and its settings for the command line."""

    app: App
    accounts: Accounts
    settings: dict[str, str]

    def change(self, name: str, change: Change) -> None:
        account = self.accounts.people.by_name(name)
        assert account is not None
        self.accounts.people.change(account.person.person_id, change, at=datetime.now(UTC))


@pytest.fixture(scope="module")
def house(postgres: Postgres, ceph: Ceph) -> Iterator[House]:
    """Records and ledger in PostgreSQL, PDFs in Ceph; Bilal and Chitra, an admin of one clinic each."""
    bucket = ceph.bucket()
    for number in WITH_PDF:
        ceph.put(bucket, SeedObject(f"{LOCATION}/{sample_clinic.record(number).stored_key}", PDF))
    clinic = postgres.url(postgres.new_database(schema=SCHEMA.read_text()))
    tables = dict(sample_clinic.TABLES)
    tables["prescription_pdfs"] = [
        (*row[:8], len(PDF), hashlib.md5(PDF).hexdigest()) if row[0] in WITH_PDF else row for row in sample_clinic.PDFS
    ]
    day, at = date(2026, 11, 18), datetime(2026, 11, 18, 8, tzinfo=UTC)
    more = ("CON158", sample_clinic.ELODIE, "DOC001", "CLN2", day, "completed")  # Hill View has one more than Lakeside
    tables["consultations"] = [*sample_clinic.CONSULTATIONS, more]
    made = (8, "CON158", "DOC001", sample_clinic.ELODIE, day, "", False, True, at, at)
    tables["prescriptions"] = [*sample_clinic.PRESCRIPTIONS, made]
    sample_clinic.fill(clinic, tables)
    ledger = postgres.url(postgres.new_database())
    settings = {
        "DATABASE_URL": clinic,
        "AWS_ACCESS_KEY_ID": ceph.owner.access_key_id,
        "AWS_SECRET_ACCESS_KEY": ceph.owner.secret_access_key,
        "AWS_STORAGE_BUCKET_NAME": bucket,
        "AWS_S3_ENDPOINT_URL": ceph.endpoint_url,
        "AWS_LOCATION": LOCATION,
        "DASHBOARD_DATABASE_URL": ledger,
    }
    with served(settings) as app:
        for each in (LAKESIDE, HILL_VIEW):
            hire(settings, each.admin, NewRole(Role.CLINIC_ADMIN, frozenset({each.clinic_id})))
        yield House(app, account_parts.on_ledger(ledger), settings)


@dataclass
class Desk:
    """Somebody's browser."""

    page: Page
    context: BrowserContext
    sockets: list[WebSocket] = field(default_factory=list)

    def note(self, socket: WebSocket) -> None:
        self.sockets.append(socket)


@pytest.fixture
def desk(browser: Browser, house: House) -> Iterator[Callable[..., Desk]]:
    """Return a maker of browsers in which somebody is signed in, and opened their clinic's record if it is named."""

    @contextmanager
    def made(name: str, clinic: Clinic | None) -> Iterator[Desk]:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        found = Desk(context.new_page(), context)
        found.page.on("websocket", found.note)
        sign_in(found.page, house.app, name=name, wanted=address(clinic) if clinic else "/")
        yield found
        context.close()

    with ExitStack() as stack:
        yield lambda name, clinic=None: stack.enter_context(made(name, clinic))


@pytest.fixture(autouse=True)
def as_they_were(house: House) -> None:
    """Bilal as he was before the test before."""
    house.change("Bilal", Activity(True))
    house.change("Bilal", NewRole(Role.CLINIC_ADMIN, frozenset({"CLN1"})))


def identity(page: Page, clinic: Clinic) -> None:
    expect(page.get_by_text(re.compile(rf"^{clinic.patient_id} · phone …3210"))).to_be_visible()


def test_each_finds_their_own_patients_at_the_same_time_and_never_the_others(
    house: House, desk: Callable[..., Desk]
) -> None:
    desks = {each.admin: desk(each.admin) for each in (LAKESIDE, HILL_VIEW)}
    counts = {}
    for own, _ in BOTH:
        page = desks[own.admin].page
        page.get_by_role("button", name="Newest prescriptions").click()
        line = page.get_by_text(re.compile(r"^\d+ of \d+, the newest"))
        expect(line).to_be_visible()
        counts[own.admin] = line.inner_text().partition(",")[0]
    assert counts == {"Bilal": "2 of 2", "Chitra": "3 of 3"}
    for own, other in BOTH:
        page = desks[own.admin].page
        search(page, "Meera Nair")  # the same name in both, and the same end of the phone
        identity(page, own)
        for text in (f"record {other.record}", other.patient_id, other.consultation, str(other.record)):
            search(page, text)
            expect(page.get_by_text("Nothing found").first, text).to_be_visible()
            expect(page.get_by_text(other.patient_id, exact=False).filter(visible=True), text).to_have_count(0)
        for where in (f"/?record={other.record}", f"/find?record={other.record}"):
            page.goto(f"{house.app.url}{where}")
            expect(page.get_by_text(NOT_THERE), where).to_be_visible()
            expect(page.get_by_text("Meera Nair"), where).to_have_count(0)


def test_a_link_of_one_is_on_no_screen_of_the_other(house: House, desk: Callable[..., Desk]) -> None:
    bilal, chitra = desk("Bilal", LAKESIDE), desk("Chitra")
    link = with_a_link(bilal, LAKESIDE)
    search(chitra.page, "Meera Nair")
    identity(chitra.page, HILL_VIEW)
    assert link not in chitra.page.content()
    assert "X-Amz-Signature" not in chitra.page.content()
    chitra.page.goto(f"{house.app.url}{address(HILL_VIEW)}")
    other = with_a_link(chitra, HILL_VIEW)
    assert other != link
    assert other not in bilal.page.content()


def address(clinic: Clinic) -> str:
    return f"/?record={clinic.record}"


def with_a_link(at: Desk, clinic: Clinic) -> str:
    """Make the link of the clinic's record, which is open; return it."""
    identity(at.page, clinic)
    at.page.get_by_role("button", name="Check and create").click()
    link = at.page.get_by_role("link", name="Open it here")
    expect(link).to_be_visible()
    return link.get_attribute("href") or ""


def emptied(at: Desk, held: WebSocket, *, since: float) -> None:
    """Wait until the page's socket is closed and the sign-in stands there, in time."""
    while not held.is_closed() and "/signin" not in at.page.url:  # a page that is left closes its socket unsaid
        at.page.wait_for_timeout(10)
        assert time.monotonic() - since < CLEARED_S, "the socket is still open"
    at.page.wait_for_url("**/signin*", timeout=CLEARED_S * 1000)
    cleared = time.monotonic() - since
    expect(at.page.get_by_text("Meera Nair")).to_have_count(0)
    assert "X-Amz" not in at.page.content()
    assert cleared < CLEARED_S


@pytest.mark.parametrize(
    "change",
    [NewRole(Role.CLINIC_ADMIN, frozenset({"CLN2"})), NewRole(Role.AUDITOR, None), Activity(False)],
    ids=["other clinics", "another role", "disabled"],
)
def test_a_change_empties_the_screen_while_a_record_and_its_link_are_on_it(
    house: House, desk: Callable[..., Desk], change: Change
) -> None:
    bilal, chitra = desk("Bilal", LAKESIDE), desk("Chitra")
    with_a_link(bilal, LAKESIDE)
    search(chitra.page, "Meera Nair")
    identity(chitra.page, HILL_VIEW)
    held = bilal.sockets[-1]  # those before it went with their pages
    with cut.watched(house.app, bilal.context) as cut_at:
        house.change("Bilal", change)
        changed_at = time.time()
        emptied(bilal, held, since=time.monotonic())
        assert cut_at() - changed_at < CUT_S
    identity(chitra.page, HILL_VIEW)  # nobody else lost anything
    bilal.page.go_back()
    expect(bilal.page.get_by_text("Meera Nair")).to_have_count(0)


def test_after_the_owner_gave_him_another_clinic_he_signs_in_again_and_sees_that_one_only(
    house: House, desk: Callable[..., Desk]
) -> None:
    bilal = desk("Bilal", LAKESIDE)
    with_a_link(bilal, LAKESIDE)
    said = ran(house.settings, "people", "set-role", "Bilal", "--role", "clinic_admin", "--clinic", HILL_VIEW.clinic_id)
    assert HILL_VIEW.clinic_id in said
    bilal.page.wait_for_url("**/signin*", timeout=CLEARED_S * 1000)
    sign_in(bilal.page, house.app, name="Bilal")
    search(bilal.page, "Meera Nair")
    identity(bilal.page, HILL_VIEW)
    bilal.page.goto(f"{house.app.url}/?record={LAKESIDE.record}")
    expect(bilal.page.get_by_text(NOT_THERE)).to_be_visible()


def test_a_new_password_in_another_browser_empties_the_screen(house: House, desk: Callable[..., Desk]) -> None:
    first, second = desk("Bilal", LAKESIDE), desk("Bilal")
    with_a_link(first, LAKESIDE)
    second.page.get_by_role("link", name="Account").click()
    second.page.get_by_label("Password now").fill(PASSWORD)
    second.page.get_by_label("New password").fill(NEW_PASSWORD)
    held = first.sockets[-1]
    second.page.get_by_role("button", name="Change password").click()
    expect(second.page.get_by_text("Sign in").first).to_be_visible()  # it is changed: this browser lost its session too
    emptied(first, held, since=time.monotonic())
    back = ran(house.settings, "people", "reset", "Bilal")
    set_password(house.app, back)
