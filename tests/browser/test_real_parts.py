"""Find on a real PostgreSQL and a real Ceph RGW, with a location: the case that this dashboard was made for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.demo import pdfs
from dashboard.demo.guarded_s3 import SeedObject
from tests.browser.steps import click_row, search, served, tab
from tests.parts import sample_clinic
from tests.parts.ceph import LOCATION, Ceph
from tests.parts.chromium import App
from tests.parts.postgres import SCHEMA, Postgres

PDF = pdfs.template("Made-up clinic", colour=(15, 118, 110))
STORED = sample_clinic.record(13).stored_key or ""


@pytest.fixture(scope="module")
def real_app(postgres: Postgres, ceph: Ceph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The dashboard on both, its settings from the environment; of all PDFs only that of record 13 is in the bucket."""
    bucket = ceph.bucket()
    ceph.put(bucket, SeedObject(f"{LOCATION}/{STORED}", PDF))
    clinic = postgres.url(postgres.new_database(schema=SCHEMA.read_text()))
    tables = dict(sample_clinic.TABLES)
    tables["prescription_pdfs"] = [
        (*row[:8], len(PDF), hashlib.md5(PDF).hexdigest()) if row[0] == 13 else row for row in sample_clinic.PDFS
    ]
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
        yield app


@pytest.fixture
def page(browser: Browser, real_app: App) -> Iterator[Page]:
    """One tab."""
    with tab(browser, real_app) as opened:
        yield opened


def test_it_says_that_one_person_uses_it_on_this_computer(page: Page) -> None:
    expect(page.get_by_text("Asha, Owner")).to_be_visible()
    expect(page.get_by_text("Demo clinic")).to_have_count(0)


def test_the_founding_fault_is_seen_the_pdf_is_shown_and_its_link_opens(page: Page) -> None:
    search(page, "CON153")
    expect(page.get_by_text("PAT007 · phone …3210")).to_be_visible()
    expect(page.get_by_text("The PDF of 14 Nov 2026 is in storage")).to_be_visible()

    page.get_by_text("Storage details").click()
    details = page.get_by_test_id("stExpander").filter(has_text="Storage details")
    expect(details).to_contain_text(re.compile(r"stored key\s+→ NoSuchKey\s+resolved key\s+→ 200, "))
    expect(details).to_contain_text(f"[{LOCATION}/]{STORED}")
    expect(details).to_contain_text("agrees with the record")

    page.get_by_role("button", name="Show PDF").click()
    expect(page.get_by_role("region", name="The PDF of record 13").locator("canvas").first).to_be_visible()

    page.get_by_role("button", name="Check and create").click()
    expect(page.get_by_text("Opens as a PDF")).to_be_visible()
    target = page.get_by_role("link", name="Open it here").get_attribute("href")
    assert target is not None
    answer = page.request.get(target)
    assert (answer.status, answer.body()) == (200, PDF)
    assert page.request.get(target.replace(f"/{LOCATION}/", "/")).status in {403, 404}


def test_a_pdf_that_was_never_uploaded_is_missing_in_the_list_and_in_the_record(page: Page) -> None:
    search(page, "Meera Nair")
    expect(page.get_by_text("1 found, 1 missing")).to_be_visible()
    click_row(page, 1)
    expect(page.get_by_text("is not in storage. Tell the patient you will call back")).to_be_visible()
    expect(page.get_by_role("button", name="Check and create")).to_have_count(0)
