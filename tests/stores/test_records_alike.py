"""Random clinics, seeded: the databases page through them exactly as the store in memory does."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from lib.access import Scope
from lib.records import (
    Cursor,
    Everything,
    Filters,
    KeyContains,
    KeyIs,
    NameContains,
    PatientIs,
    PhoneEnds,
    PrescriptionIs,
    Record,
    RecordStore,
    Term,
)
from lib.stores import records_db
from lib.stores.memory.records import MemoryRecords
from tests.parts import sample_clinic
from tests.parts.postgres import SCHEMA, Postgres
from tests.parts.sample_clinic import CLINICS, CONSULTATIONS, USERS

SEED = 20261124
PATIENTS = [row[0] for row in USERS if row[4] == "patient"]
MIDNIGHT = datetime(2026, 11, 1, tzinfo=UTC)


def random_tables(rng: random.Random) -> dict[str, list[tuple[Any, ...]]]:
    """Few instants, so that many rows share one; none, one or several current versions."""
    prescriptions: list[tuple[Any, ...]] = []
    pdfs: list[tuple[Any, ...]] = []
    numbers = rng.sample(range(1, 200), 40)
    file_numbers = iter(rng.sample(range(1, 1000), 400))
    for number, consultation in zip(numbers, [*(row[0] for row in CONSULTATIONS), *[None] * 35], strict=True):
        written = MIDNIGHT + timedelta(days=rng.randrange(4))
        patient = rng.choice(PATIENTS)
        prescriptions.append(
            (number, consultation, "DOC001", patient, written.date(), "x", False, True, written, written)
        )
        for version in rng.sample(range(1, 9), rng.choice([0, 0, 1, 1, 2, 3, 4])):
            made = MIDNIGHT + timedelta(hours=12 * rng.randrange(8), microseconds=rng.choice([0, 0, 1, 500_000]))
            key = rng.choice(["", "a/b.pdf", "A/B.pdf", f"p/{number}/{version}.pdf"])
            pdfs.append((next(file_numbers), number, key, version, rng.random() < 0.4, "DOC001", made, False, None, ""))
    return {
        "users": USERS, "clinics": CLINICS, "consultations": CONSULTATIONS, "prescriptions": prescriptions,
        "prescription_pdfs": pdfs,
    }  # fmt: skip


def records_of(tables: dict[str, list[tuple[Any, ...]]]) -> list[Record]:
    """The records that these rows mean, with the version to use worked out the slow way."""
    records = sample_clinic.records_of(tables, latest=latest_of(tables))
    for each in records:  # the store in memory places them by their day
        assert each.created_at == datetime.combine(each.issued_date, time.min, UTC)
    return records


def latest_of(tables: dict[str, list[tuple[Any, ...]]]) -> dict[int, int]:
    latest: dict[int, int] = {}
    for row in tables["prescriptions"]:
        versions = sorted((is_current, version) for _, owner, _, version, is_current, *_ in tables["prescription_pdfs"]
                          if owner == row[0])  # fmt: skip
        if versions:
            latest[row[0]] = versions[-1][1]
    return latest


def pages(store: RecordStore, term: Term, filters: Filters, scope: Scope, limit: int) -> list[Record]:
    seen: list[Record] = []
    after: Cursor | None = None
    while True:
        page = store.search(term, filters, scope=scope, limit=limit, after=after)
        assert len(page.records) <= limit
        seen += page.records
        after = page.after
        if after is None:
            return seen


def questions(rng: random.Random, records: list[Record]) -> tuple[Term, Filters, Scope, int]:
    row = rng.choice(records)
    term: Term = rng.choice(
        [
            Everything(),
            Everything(),
            PatientIs((row.patient_id,)),
            PrescriptionIs(row.prescription_id),
            NameContains(rng.choice(["m", "MEERA", row.patient_name])),
            PhoneEnds(row.patient_phone[-rng.randrange(3, 9) :]),
            KeyIs((row.stored_key or "",)),
            KeyContains(rng.choice(["/", "a", "B", ".pdf"])),
        ]
    )
    since = rng.choice([None, None, MIDNIGHT + timedelta(hours=12 * rng.randrange(8))])
    filters = Filters(
        since=since,
        before=rng.choice([None, None, (since or MIDNIGHT) + timedelta(days=1)]),
        clinic_id=rng.choice([None, None, None, "CLN1", "CLN2"]),
        older_versions=rng.random() < 0.5,
        only_without_pdf=rng.random() < 0.15,
    )
    scope = rng.choice([Scope(), Scope(), Scope(frozenset({"CLN1"})), Scope(frozenset({"CLN1", "CLN2"}))])
    return term, filters, scope, rng.choice([1, 2, 3, 7, 100])


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
@pytest.mark.parametrize("seed", range(SEED, SEED + 3))
def test_a_random_clinic_is_paged_alike(
    backend: str, seed: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    rng = random.Random(seed)
    tables = random_tables(rng)
    records = records_of(tables)
    if backend == "sqlite":
        url = sample_clinic.sqlite_clinic(tmp_path / "clinic.sqlite3", tables)
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.url(server.new_database(schema=SCHEMA.read_text()))
        sample_clinic.fill(url, tables)
    memory, store = MemoryRecords(records), records_db.connect(url)
    try:
        for _ in range(60):
            term, filters, scope, limit = questions(rng, records)
            expected = pages(memory, term, filters, scope, limit)
            assert pages(store, term, filters, scope, limit) == expected, (term, filters, scope, limit)
            total = store.total(term, filters, scope=scope)
            assert total is not None
            assert (total.count, total.is_exact) == (len(expected), True)
    finally:
        store.close()
