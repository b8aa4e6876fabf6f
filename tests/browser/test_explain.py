"""Explain on a real PostgreSQL and a real Ceph RGW: every wreck of a link is understood, and the right link opens."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from dashboard.demo import pdfs
from dashboard.demo.guarded_s3 import SeedObject
from tests.browser.steps import served, tab
from tests.core import wrecks
from tests.parts import sample_clinic
from tests.parts.ceph import LOCATION, Ceph
from tests.parts.chromium import App, sign_in
from tests.parts.postgres import SCHEMA, Postgres

PDF = pdfs.template("Made-up clinic", colour=(15, 118, 110))
STORED = sample_clinic.record(13).stored_key or ""
FOUNDING = "The link asks for the stored key as it stands in the database"
ODD = {  # record -> what its stored key became, of the key under which its file lies
    22: lambda key: f"{key}\n",
    32: lambda key: f"{key}\u00a0",
    23: lambda key: key.replace("CON154/", "CON154/\u202e"),
}
GLYPHS = {22: "␊", 32: "⟨U+00A0⟩", 23: "⟨U+202E⟩"}


def sound(number: int) -> str:
    return (sample_clinic.record(number).stored_key or "").removeprefix(f"{LOCATION}/")


def body(number: int) -> bytes:
    return PDF + b"\n%% %d\n" % number


@dataclass
class House:
    """The served dashboard and what is behind it."""

    app: App
    ceph: Ceph
    bucket: str
    ledger: Path
    clinic: str

    def link(self, key: str = STORED, *, hours_ago: float = 0) -> str:
        """Return the link of a key as boto3 signs it, now or some time ago."""
        link = wrecks.signed(key, endpoint=self.ceph.endpoint_url, bucket=self.bucket)
        return wrecks.signed_at(link, datetime.now(UTC) - timedelta(hours=hours_ago)) if hours_ago else link


@pytest.fixture(scope="module")
def house(postgres: Postgres, ceph: Ceph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Record 13 is healthy, the odd ones name their files with something that nobody sees, the others have none."""
    bucket = ceph.bucket()
    for number in (13, *ODD):
        ceph.put(bucket, SeedObject(f"{LOCATION}/{sound(number)}", body(number)))
    tables = dict(sample_clinic.TABLES)
    tables["prescription_pdfs"] = [_row(row) for row in sample_clinic.PDFS]
    clinic = postgres.url(postgres.new_database(schema=SCHEMA.read_text()))
    sample_clinic.fill(clinic, tables)
    ledger: Path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite3"
    settings = {
        "DATABASE_URL": clinic,
        "AWS_ACCESS_KEY_ID": ceph.owner.access_key_id,
        "AWS_SECRET_ACCESS_KEY": ceph.owner.secret_access_key,
        "AWS_STORAGE_BUCKET_NAME": bucket,
        "AWS_S3_ENDPOINT_URL": ceph.endpoint_url,
        "AWS_LOCATION": LOCATION,
        "DASHBOARD_DATABASE_URL": f"sqlite:///{ledger}",
    }
    with served(settings) as app:
        yield House(app, ceph, bucket, ledger, clinic)


def _row(row: tuple[object, ...]) -> tuple[object, ...]:
    number = row[0]
    if number not in {13, *ODD}:
        return row
    assert isinstance(number, int)
    key = ODD[number](sound(number)) if number in ODD else STORED
    return (*row[:2], key, *row[3:8], len(body(number)), hashlib.md5(body(number)).hexdigest())


@pytest.fixture
def page(browser: Browser, house: House) -> Iterator[Page]:
    with tab(browser, house.app, wanted="/explain") as opened:
        yield opened


def ask(page: Page, text: str) -> None:
    """Paste a text and submit it from the keyboard, as it says beside the field."""
    field_ = page.get_by_label("Paste a key, a link")
    field_.fill(text)
    field_.press("Control+Enter")


def right_link(page: Page) -> str:
    """Click the one button, and return the link that it made."""
    page.get_by_role("button", name="Make the right link").click()
    expect(page.get_by_text("Opens as a PDF")).to_be_visible()
    target = page.get_by_role("link", name="Open it here").get_attribute("href")
    assert target is not None
    return target


def assert_opens(page: Page, link: str, *, number: int = 13) -> None:
    answer = page.request.get(link, headers={"Range": "bytes=0-1023"})
    assert (answer.status, answer.body()) == (206, body(number)[:1024])
    assert answer.body().startswith(b"%PDF")


def test_the_signed_link_of_the_bare_key_gives_the_founding_diagnosis_and_a_working_link(
    page: Page, house: House
) -> None:
    pasted = house.link()
    assert page.request.get(pasted).status == 404
    ask(page, pasted)
    expect(page.get_by_text(FOUNDING)).to_be_visible()
    expect(page.get_by_text("Meera Nair · PAT007")).to_be_visible()
    link = right_link(page)
    assert f"/{LOCATION}/{STORED}?" in link
    assert_opens(page, link)


@dataclass
class Heard:
    """Everything that one browser sent, but over the websocket, and what it said itself."""

    requests: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def listen(self, context: BrowserContext) -> None:
        context.on("request", self._requested)
        context.on("console", lambda message: self.said.append(message.text))

    def _requested(self, request: Request) -> None:
        self.requests.append(f"{request.url} {request.headers} {request.post_data or ''}")


@contextmanager
def overheard(browser: Browser, house: House) -> Iterator[tuple[Page, Heard]]:
    context, heard = browser.new_context(), Heard()
    heard.listen(context)
    page = context.new_page()
    sign_in(page, house.app, wanted="/explain")
    yield page, heard
    context.close()


def test_what_was_pasted_stands_nowhere_else(browser: Browser, house: House) -> None:
    pasted = house.link()
    signature = pasted.rpartition("=")[2]
    with overheard(browser, house) as (page, heard):
        ask(page, pasted)
        expect(page.get_by_text(FOUNDING)).to_be_visible()
        made = right_link(page).rpartition("=")[2]
        page.get_by_role("link", name="Find", exact=True).first.click()
        expect(page.get_by_role("button", name="Newest prescriptions")).to_be_visible()
        page.go_back()
        expect(page.get_by_label("Paste a key, a link")).to_have_value("")
        expect(page.get_by_text("Meera Nair")).to_have_count(0)
        kept = page.evaluate("JSON.stringify([location.href, history.state, {...localStorage}, {...sessionStorage}])")
    files = [house.ledger, *house.ledger.parent.glob(f"{house.ledger.name}-*")]
    places = {
        "address and stores of the browser": kept,
        "requests": "\n".join(heard.requests),
        "console": "\n".join(heard.said),
        "log": "".join(house.app.lines),
        "ledger": b"".join(each.read_bytes() for each in files).decode("latin-1"),
    }
    assert len(heard.requests) > 10
    for secret in (signature, made):
        assert len(secret) == 64
        assert [name for name, text in places.items() if secret in text] == []
    assert '"kind":"explain_signed_link"' in places["ledger"], "the search itself is in the trail"


WRECKS = {
    "mail": (wrecks.wrapped, "The link was broken into several lines"),
    "&amp;": (lambda link: link.replace("&", "&amp;"), "wrote each & in it as &amp;, and storage"),
    "brackets": (lambda link: f"Here: <{link}>.", None),
}


@pytest.mark.parametrize("name", WRECKS)
def test_a_mangled_link_is_mended_and_its_record_gets_a_right_one(page: Page, house: House, name: str) -> None:
    wreck, verdict = WRECKS[name]
    ask(page, wreck(house.link(f"{LOCATION}/{STORED}")))
    if verdict:
        expect(page.get_by_text(verdict)).to_be_visible()
        page.get_by_role("button", name="Copy the mended link").click()
        assert_opens(page, page.evaluate("navigator.clipboard.readText()"))
    expect(page.get_by_text("The link was mended:")).to_be_visible()
    assert_opens(page, right_link(page))


def test_an_expired_link_says_since_when_in_the_clinics_zone(page: Page, house: House) -> None:
    pasted = house.link(f"{LOCATION}/{STORED}", hours_ago=4.01)
    assert page.request.get(pasted).status == 403
    ask(page, pasted)
    expect(page.get_by_text("The link has expired.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"The link expired 3 h ago \(.*India time\)\."))).to_be_visible()
    assert_opens(page, right_link(page))


def test_both_suspects_of_an_error_page_are_checked(page: Page, house: House) -> None:
    ask(page, page.request.get(house.link()).text())
    expect(page.get_by_text("This page does not say which file.")).to_be_visible()
    page.get_by_role("button", name="Check our own setting").click()
    expect(page.get_by_text("Our own endpoint does not hold the bucket")).to_be_visible()
    page.get_by_role("button", name="Check the newest record").click()
    expect(page.get_by_text("bare key: NoSuchKey; resolved key:")).to_be_visible()


@pytest.mark.parametrize("number", ODD)
def test_what_nobody_sees_in_a_stored_key_is_a_glyph_and_the_file_is_found(
    page: Page, house: House, number: int
) -> None:
    ask(page, f"record {number}")
    expect(page.get_by_text("The file is in the wrong place. We checked that it is the right one.")).to_be_visible()
    expect(page.get_by_test_id("stCode").first).to_contain_text(GLYPHS[number])
    expect(page.get_by_text("Proven: size agrees with the record; MD5 agrees with the record")).to_be_visible()
    if number != 23:  # which another version replaced
        assert_opens(page, right_link(page), number=number)


def test_a_replaced_version_offers_the_newest_first(page: Page, house: House) -> None:
    ask(page, "record 11")
    page.get_by_role("button", name="Use version 3").click()
    expect(page.get_by_label("Paste a key, a link")).to_have_value("record 13")
    assert_opens(page, right_link(page))


def test_a_key_that_was_never_uploaded_gets_no_link(page: Page, house: House) -> None:
    ask(page, sample_clinic.record(12).stored_key or "")
    expect(page.get_by_text("NEVER_UPLOADED")).to_be_visible()
    expect(page.get_by_role("button", name="Make the right link")).to_have_count(0)


def test_the_next_question_takes_the_link_off_the_screen_before_it_is_answered(page: Page, house: House) -> None:
    ask(page, "record 13")
    right_link(page)
    with psycopg2.connect(house.clinic.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE prescription_pdfs IN ACCESS EXCLUSIVE MODE")  # so that the answer waits
        ask(page, "record 22")
        expect(page.get_by_text("Looking for the record and its file")).to_be_visible()
        expect(page.get_by_text("Opens as a PDF")).to_have_count(0, timeout=2_000)
        expect(page.get_by_text("PAT007")).to_have_count(0, timeout=2_000)
        connection.rollback()
    expect(page.get_by_text("PAT008")).to_be_visible()


def test_a_megabyte_and_a_thousand_links_are_answered(page: Page, house: House) -> None:
    field_ = page.get_by_label("Paste a key, a link")
    for text, said in (
        ("k" * 1_000_000, "The text is too long to be read whole"),
        ("\n".join([house.link(f"{LOCATION}/a/{n}.pdf") for n in range(1000)]), "100 of 1,000 links or keys were read"),
    ):
        field_.focus()
        page.keyboard.press("Control+A")
        page.evaluate("(text) => document.execCommand('insertText', false, text)", text)
        field_.press("Control+Enter")
        expect(page.get_by_text(said).first).to_be_visible()


def test_a_plan_is_saved_from_find_and_lies_at_no_address_before(page: Page, house: House) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{house.app.url}/find")
    page.get_by_role("button", name="Newest prescriptions").click()
    page.get_by_text(re.compile(r"Mend plan for \d broken records")).click()
    page.get_by_role("button", name="Prepare a mend plan").click()
    expect(page.get_by_text("Rows to point at the right key:")).to_be_visible()
    assert not any(each.startswith(f"{house.app.url}/media/") for each in asked)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the plan").click()
    assert re.fullmatch(r"mend-plan-\d{4}-\d\d-\d\d\.zip", download.value.suggested_filename)
    with zipfile.ZipFile(download.value.path()) as archive:
        assert {"mend-plan/README.txt", "mend-plan/mend.sql", "mend-plan/plan.json"} <= set(archive.namelist())
        sql = archive.read("mend-plan/mend.sql").decode()
    with psycopg2.connect(house.clinic.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM prescription_pdfs WHERE pdf_file ~ '[\\n\u00a0]$'")
        assert cursor.fetchone() == (2,), "the dashboard itself mended nothing"
    assert sound(22) in sql
