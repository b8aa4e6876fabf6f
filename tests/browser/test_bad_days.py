"""Find while a part of the world is broken: one clear sentence, the rest of the page alive, no traceback."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from dashboard.demo.guarded_s3 import GuardedS3, SeedObject
from tests.browser.steps import (
    BARE,
    LOCATION,
    ONE_SENTENCE_MS,
    assert_alive,
    choose,
    click_row,
    on_sqlite,
    search,
    served,
    tab,
)
from tests.parts import bad_servers, sample_clinic
from tests.parts import guarded_s3 as guarded
from tests.parts.bad_servers import Talk
from tests.parts.chromium import App, start_app

PDF = b"%PDF-1.4 one page\n%%EOF"


@dataclass(frozen=True)
class Day:
    """One running dashboard. Its parts are behind fixed addresses, so that they can be broken and mended under it."""

    app: App
    records: Path
    ledger: Path
    storage: str  # where nobody listens but a test that needs it

    @contextmanager
    def storage_that(self, talk: Talk) -> Iterator[None]:
        """Let storage answer so."""
        with bad_servers.serving(talk, port=int(self.storage.rpartition(":")[2])):
            yield


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """The dashboard on a clinic and a ledger, both SQLite, and a storage that refuses the connection."""
    folder = tmp_path_factory.mktemp("day")
    with bad_servers.held_address() as storage, served(on_sqlite(folder, storage)) as app:
        yield Day(app, folder / "records.sqlite3", folder / "ledger.sqlite3", storage)


STORAGE: list[tuple[str, Talk, str]] = [
    ("hangs up", bad_servers.hang_up, "Storage cannot be reached"),
    ("wrong secret", bad_servers.s3_error(403, "SignatureDoesNotMatch"), "Storage refused our signature"),
    ("forbidden", bad_servers.s3_error(403, "AccessDenied"), "Storage refused to answer (403)."),
    ("clock", bad_servers.s3_error(403, "RequestTimeTooSkewed"), "This computer's clock is more than 15 minutes off"),
    ("busy", bad_servers.s3_error(503, "SlowDown"), "Storage is busy"),
    ("broken", bad_servers.s3_error(500, "InternalError"), "Storage has a fault of its own"),
    ("login page", bad_servers.login_page(), "Something answered that is not the storage"),
    ("wrong bucket", bad_servers.s3_error(404, "NoSuchBucket"), "The bucket does not exist"),
    ("wrong region", bad_servers.s3_error(400, "AuthorizationHeaderMalformed"), "The bucket lies in another region"),
    ("in the endpoint", bad_servers.s3_error(404, "NoSuchKey"), "AWS_S3_ENDPOINT_URL already contains the bucket"),
]


def test_every_failure_of_the_bucket_is_one_sentence_beside_the_rows(day: Day, browser: Browser) -> None:
    talks: list[Talk] = []

    def talk(first: str, line: bad_servers.Line) -> None:
        talks[-1](first, line)

    with day.storage_that(talk), tab(browser, day.app) as page:
        for name, each, sentence in STORAGE:
            talks.append(each)
            if name == STORAGE[0][0]:
                search(page, "Meera Nair")
            else:
                page.get_by_role("button", name="Check again").click()
            expect(page.get_by_text(f"{sentence}"), name).to_have_count(1, timeout=ONE_SENTENCE_MS)
            expect(page.get_by_text("2 can't be checked"), name).to_be_visible()
            expect(page.get_by_test_id("stDataFrame"), name).to_be_visible()
            assert_alive(page, day.app)


def test_a_bucket_that_refuses_the_connection_makes_no_link(day: Day, browser: Browser) -> None:
    with tab(browser, day.app) as page:
        search(page, "CON153")
        expect(page.get_by_text("We can't check the PDF of 14 Nov 2026 now. Storage cannot be reached")).to_be_visible(
            timeout=ONE_SENTENCE_MS
        )
        expect(page.get_by_text("No link: we can't check the PDF now.")).to_be_visible()
        assert_alive(page, day.app)


def test_a_bucket_that_never_answers_holds_up_no_row_and_no_other_search(day: Day, browser: Browser) -> None:
    with day.storage_that(bad_servers.black_hole), tab(browser, day.app) as page:
        search(page, "Meera Nair")
        expect(page.get_by_text("2 being checked")).to_be_visible()
        page.wait_for_timeout(500)
        click_row(page, 1)
        expect(page.get_by_text("PAT008 · phone")).to_be_visible(timeout=8_000)
        expect(page.get_by_text("2 can't be checked")).to_be_visible(timeout=20_000)
        expect(page.get_by_text("We can't check the PDF").first).to_be_visible(timeout=20_000)
        assert_alive(page, day.app)


def test_a_missing_column_is_named_and_a_locked_file_waits_its_turn(day: Day, browser: Browser) -> None:
    engine = sa.create_engine(f"sqlite:///{day.records}")
    with tab(browser, day.app) as page:
        with engine.connect() as other:
            other.exec_driver_sql("BEGIN EXCLUSIVE")
            search(page, "Meera Nair")
            expect(page.get_by_text("locked by another program")).to_be_visible(timeout=ONE_SENTENCE_MS)
            other.rollback()
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_text("2 of 2, taken as part of a name")).to_be_visible(timeout=ONE_SENTENCE_MS)
        with renamed(engine, "checksum", "md5"):
            search(page, "Meera")
            expect(page.get_by_text("lacks a table or column that we read")).to_be_visible(timeout=ONE_SENTENCE_MS)
            expect(page.get_by_text("checksum")).to_be_visible()
            assert_alive(page, day.app)
    engine.dispose()


@contextmanager
def renamed(engine: sa.Engine, column: str, other: str) -> Iterator[None]:
    """Give a column of the PDFs another name for a while."""
    rename = "ALTER TABLE prescription_pdfs RENAME COLUMN {} TO {}"
    with engine.begin() as connection:
        connection.exec_driver_sql(rename.format(column, other))
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(rename.format(other, column))


def test_a_ledger_that_cannot_be_written_switches_preview_and_link_off_and_nothing_else(
    tmp_path: Path, browser: Browser, guarded_s3: GuardedS3
) -> None:
    config = guarded.config_of(guarded_s3)
    for number in (13, 22):
        guarded_s3.put(SeedObject(f"{LOCATION}/{sample_clinic.record(number).stored_key}", PDF))
    values = on_sqlite(
        tmp_path,
        config.endpoint_url,
        AWS_ACCESS_KEY_ID=config.access_key_id,
        AWS_SECRET_ACCESS_KEY=config.secret_access_key,
        AWS_STORAGE_BUCKET_NAME=config.bucket,
    )
    with served(values) as app, tab(browser, app) as page:
        with closing(sqlite3.connect(tmp_path / "ledger.sqlite3")) as ledger:
            ledger.execute("CREATE TRIGGER broken BEFORE INSERT ON trail BEGIN SELECT RAISE(FAIL, 'broken'); END")
        search(page, "CON153")
        expect(page.get_by_text("Searching works; previews and links are switched off.")).to_be_visible(
            timeout=ONE_SENTENCE_MS
        )
        expect(page.get_by_text("is in storage")).to_be_visible(timeout=ONE_SENTENCE_MS)
        page.get_by_role("button", name="Show PDF").click()
        refusal = page.get_by_text("Activity cannot be written down, so previews and links are switched off.")
        expect(refusal).to_have_count(1, timeout=ONE_SENTENCE_MS)
        page.get_by_role("button", name="Check and create").click()
        expect(refusal).to_have_count(2, timeout=ONE_SENTENCE_MS)
        assert_alive(page, app)


def test_a_ledger_that_another_program_holds_is_one_sentence_and_nobody_is_thrown_out(
    day: Day, browser: Browser
) -> None:
    with tab(browser, day.app) as page:
        with closing(sqlite3.connect(day.ledger, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            search(page, "Meera Nair")
            said = page.get_by_text("The activity database is locked by another program.")
            expect(said).to_be_visible(timeout=ONE_SENTENCE_MS)
            expect(page.get_by_test_id("stDataFrame")).to_be_visible()
            page.get_by_role("link", name="People").click()
            page.get_by_role("textbox", name="Name").fill("Farid")
            choose(page, "Role", "Auditor")
            page.get_by_text("All clinics, and records without a clinic").last.click()
            page.get_by_role("button", name="Add", exact=True).click()
            expect(said).to_be_visible(timeout=ONE_SENTENCE_MS)
            other.execute("ROLLBACK")
        page.get_by_role("link", name="Find").click()
        search(page, "Meera")
        expect(page.get_by_test_id("stDataFrame")).to_be_visible(timeout=ONE_SENTENCE_MS)
        expect(said).to_have_count(0)
        with closing(sqlite3.connect(day.ledger)) as ledger:
            assert ledger.execute("SELECT count(*) FROM people").fetchone() == (1,)
        assert_alive(page, day.app)


def test_where_the_ledger_is_broken_from_the_start_nobody_gets_in_and_the_sign_in_says_why(
    tmp_path: Path, browser: Browser
) -> None:
    ledger = tmp_path / "ledger.sqlite3"
    ledger.mkdir()  # no file can be made here, whoever runs this
    app = start_app(env=BARE | on_sqlite(tmp_path, bad_servers.refused_address()))
    page = browser.new_page()
    page.goto(app.url)
    page.get_by_label("Name").fill("Asha")
    page.get_by_label("Password").fill("violet harbour ledger tuning fork")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("The activity database")).to_be_visible()
    page.close()
    app.stop()
    assert "Traceback" not in "".join(app.lines)
    assert os.listdir(ledger) == []
