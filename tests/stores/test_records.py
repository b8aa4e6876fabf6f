"""What every RecordStore does: in memory, on SQLite and on PostgreSQL, over the same sample clinic."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lib.access import Scope
from lib.audit_reading import MAX_FILTERED
from lib.records import (
    ConsultationIs,
    Cursor,
    Everything,
    Filters,
    KeyContains,
    KeyIs,
    NameContains,
    PatientIs,
    PhoneEnds,
    PhoneIs,
    PrescriptionIs,
    RecordIs,
    RecordStore,
    Term,
    Total,
)
from lib.stores import records_db
from lib.stores.memory.records import MemoryRecords
from tests.parts import sample_clinic
from tests.parts.postgres import SCHEMA, Postgres
from tests.parts.sample_clinic import RECORDS, record

ALL = Scope()
MASKED = Scope(is_masked=True)
LAKESIDE = Scope(frozenset({"CLN1"}))
OLDER = Filters(older_versions=True)


@pytest.fixture(scope="module")
def sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordStore]:
    store = records_db.connect(sample_clinic.sqlite_clinic(tmp_path_factory.mktemp("clinic") / "clinic #1 %41.sqlite3"))
    yield store
    store.close()


@pytest.fixture(scope="module")
def postgresql_store(postgres: Postgres) -> Iterator[RecordStore]:
    url = postgres.url(postgres.new_database(schema=SCHEMA.read_text()))
    sample_clinic.fill(url)
    store = records_db.connect(url)
    yield store
    store.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> RecordStore:
    if request.param == "memory":
        return MemoryRecords(RECORDS, sample_clinic.VISIBLE_CLINICS)
    found: RecordStore = request.getfixturevalue(f"{request.param}_store")
    return found


def found(
    store: RecordStore, term: Term, filters: Filters = OLDER, *, scope: Scope = ALL
) -> list[int | tuple[str, int]]:
    """The page's record numbers, or ('no pdf', prescription)."""
    page = store.search(term, filters, scope=scope, limit=100)
    assert page.after is None
    assert store.total(term, filters, scope=scope) == Total(len(page.records), is_exact=True)
    for each in page.records:
        assert each in RECORDS
    return [each.record_id or ("no pdf", each.prescription_id) for each in page.records]


def test_everything_comes_newest_first_and_rows_with_a_pdf_before_rows_without_at_one_instant(
    store: RecordStore,
) -> None:
    assert found(store, Everything()) == [
        ("no pdf", 7), 51, 41, 31, 32, 13, ("no pdf", 6), 23, 22, 21, 12, 11,
    ]  # fmt: skip


def test_without_older_versions_each_prescription_shows_the_one_to_use(store: RecordStore) -> None:
    assert found(store, Everything(), Filters()) == [("no pdf", 7), 51, 41, 32, 13, ("no pdf", 6), 22]


@pytest.mark.parametrize("older", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_pages_put_together_are_the_list_with_nothing_twice_and_nothing_left_out(
    store: RecordStore, limit: int, older: bool
) -> None:
    filters, seen, after = Filters(older_versions=older), [], None
    while True:
        page = store.search(Everything(), filters, scope=ALL, limit=limit, after=after)
        seen += page.records
        after = page.after
        if after is None:
            break
        assert len(page.records) == limit
    assert seen == list(store.search(Everything(), filters, scope=ALL, limit=1000).records)


@pytest.mark.parametrize(
    ("term", "numbers"),
    [
        (PhoneIs("+919876543210"), [13, 12, 11]),
        (PhoneIs("919876543210"), []),
        (PhoneEnds("3210"), [13, 23, 22, 21, 12, 11]),
        (PhoneEnds("0011"), [("no pdf", 6)]),
        (PatientIs(("PAT007", "PAT7")), [13, 12, 11]),
        (PatientIs(("PAT7",)), []),
        (ConsultationIs(("CON154",)), [23, 22, 21]),
        (ConsultationIs(("CON157", "CON0157")), [("no pdf", 6)]),
        (PrescriptionIs(1), [13, 12, 11]),
        (PrescriptionIs(7), [("no pdf", 7)]),
        (PrescriptionIs(99), []),
        (PrescriptionIs(10**30), []),
        (RecordIs(12), [12]),
        (RecordIs(7), []),
        (RecordIs(-(10**30)), []),
        (KeyIs(("prescriptions/pdfs/CON153/" + f"{0x11:032x}.pdf", "x")), [11]),
        (KeyIs((sample_clinic.SHARED_KEY,)), [31, 21]),
        (KeyIs((sample_clinic.SHARED_KEY.upper(),)), []),
        (KeyIs(("",)), [41]),
        (KeyContains("CON153/"), [13, 12, 11]),
        (KeyContains("con153/"), []),
        (KeyContains("a%_\\b'é"), [51]),
        (KeyContains("%"), [51]),
        (KeyContains("_"), [51]),
        (KeyContains("\\"), [51]),
        (NameContains("meera"), [13, 23, 22, 21, 12, 11]),
        (NameContains("NAIR"), [13, 23, 22, 21, 12, 11]),
        (NameContains("ÖZ_GÜR"), [31, 32]),
        (NameContains("élodie ångström"), [("no pdf", 7)]),
        (NameContains("%"), [31, 32]),
        (NameContains("_"), [31, 32]),
        (NameContains("\\"), [31, 32]),
        (NameContains("o'brien"), [31, 32]),
        (NameContains("שלום"), [51, 41]),
        (NameContains("👩‍⚕️"), [("no pdf", 6)]),
        (NameContains("**bold** <B>"), [("no pdf", 6)]),
        (NameContains("iyer"), []),  # a doctor, not a patient
        (NameContains("Meera\0"), []),
        (NameContains("\ud800"), []),
        (KeyIs(("\0",)), []),
        (PatientIs(("PAT007\0",)), []),
        (NameContains("x" * 100_000), []),
        (PatientIs(()), []),
    ],
)
def test_a_term_finds_its_rows(store: RecordStore, term: Term, numbers: list[int | tuple[str, int]]) -> None:
    assert found(store, term) == numbers


@pytest.mark.parametrize("term", [RecordIs(12), KeyIs((record(12).stored_key or "",))])
def test_who_asks_for_one_file_gets_it_even_if_it_was_replaced(store: RecordStore, term: Term) -> None:
    assert found(store, term, Filters()) == [12]


def test_a_day_is_inclusive_at_its_start_and_exclusive_at_its_end(store: RecordStore) -> None:
    start = datetime(2026, 11, 14, tzinfo=UTC)
    day = Filters(since=start, before=start + timedelta(days=1), older_versions=True)
    assert found(store, Everything(), day) == [31, 32, 13, ("no pdf", 6)]
    before = Filters(before=start, older_versions=True)
    assert found(store, Everything(), before) == [23, 22, 21, 12, 11]


def test_a_replaced_version_does_not_stand_in_for_the_one_to_use_outside_the_dates(store: RecordStore) -> None:
    twelfth = Filters(since=datetime(2026, 11, 12, tzinfo=UTC), before=datetime(2026, 11, 13, tzinfo=UTC))
    assert found(store, Everything(), twelfth) == []


def test_a_clinic_filter_and_only_without_pdf(store: RecordStore) -> None:
    assert found(store, Everything(), Filters(clinic_id="CLN2")) == [("no pdf", 6), 22]
    assert found(store, Everything(), Filters(only_without_pdf=True)) == [("no pdf", 7), ("no pdf", 6)]
    assert found(store, NameContains("elod"), Filters(only_without_pdf=True)) == []
    assert found(store, NameContains("lod"), Filters(only_without_pdf=True)) == [("no pdf", 7)]
    assert found(store, RecordIs(13), Filters(only_without_pdf=True)) == []


def test_only_rows_of_given_numbers_are_searched_with_every_other_filter(store: RecordStore) -> None:
    numbers = (51, 32, 31, 22, 21, 13, 12, 999, 10**30, -(10**30))
    some = Filters(among=numbers, older_versions=True)
    assert found(store, Everything(), some) == [51, 31, 32, 13, 22, 21, 12]
    assert found(store, Everything(), Filters(among=numbers)) == [51, 32, 13, 22]
    assert found(store, NameContains("meera"), some) == [13, 22, 21, 12]
    assert found(store, ConsultationIs(("CON153",)), some) == [13, 12]
    assert found(store, PhoneEnds("0011"), some) == []  # her prescription has no PDF, so no number
    assert found(store, KeyContains("CON153/"), some) == [13, 12]
    assert found(store, RecordIs(11), some) == []
    assert found(store, RecordIs(12), Filters(among=numbers)) == [12]
    assert found(store, Everything(), replace(some, clinic_id="CLN2")) == [22, 21]
    assert found(store, Everything(), replace(some, before=datetime(2026, 11, 14, tzinfo=UTC))) == [22, 21, 12]
    assert found(store, Everything(), some, scope=LAKESIDE) == [51, 13, 12]
    assert found(store, Everything(), replace(some, only_without_pdf=True)) == []
    assert found(store, Everything(), Filters(among=())) == []


def test_pages_among_numbers_follow_each_other(store: RecordStore) -> None:
    some = Filters(among=(51, 31, 13, 22), older_versions=True)
    first = store.search(Everything(), some, scope=ALL, limit=2)
    assert [each.record_id for each in first.records] == [51, 31]
    second = store.search(Everything(), some, scope=ALL, limit=2, after=first.after)
    assert [each.record_id for each in second.records] == [13, 22]
    assert second.after is None


def test_as_many_numbers_as_find_narrows_to_are_one_question(store: RecordStore) -> None:
    many = (*range(1000, 999 + MAX_FILTERED), 13)
    assert found(store, NameContains("meera"), Filters(among=many)) == [13]


def test_a_scope_hides_other_clinics_and_rows_without_a_clinic_from_every_question(store: RecordStore) -> None:
    assert found(store, Everything(), scope=LAKESIDE) == [51, 13, 12, 11]
    assert found(store, NameContains("meera"), scope=LAKESIDE) == [13, 12, 11]
    assert found(store, KeyIs((sample_clinic.SHARED_KEY,)), scope=LAKESIDE) == []
    assert found(store, RecordIs(22), scope=LAKESIDE) == []
    assert found(store, PrescriptionIs(6), scope=LAKESIDE) == []
    assert found(store, Everything(), Filters(clinic_id="CLN2"), scope=LAKESIDE) == []
    assert store.get(13, scope=LAKESIDE) == record(13)
    assert store.get(22, scope=LAKESIDE) is None
    assert store.get(41, scope=LAKESIDE) is None
    assert list(store.versions(2, scope=LAKESIDE)) == []
    assert [each.clinic_id for each in store.clinics(scope=LAKESIDE)] == ["CLN1"]
    nothing = Scope(frozenset())
    assert found(store, Everything(), scope=nothing) == []
    assert store.get(13, scope=nothing) is None
    assert list(store.clinics(scope=nothing)) == []


@pytest.mark.parametrize("clinic_id", ["CLN1\0", "\ud800", "", "' OR 1=1 --", "%"])
def test_a_clinic_that_cannot_exist_matches_nothing(store: RecordStore, clinic_id: str) -> None:
    assert found(store, Everything(), Filters(clinic_id=clinic_id)) == []


def test_a_cursor_made_up_by_somebody_is_no_error(store: RecordStore) -> None:
    for cursor in (
        Cursor(datetime(2026, 11, 14, tzinfo=UTC), 10**30, 1),
        Cursor(datetime(2026, 11, 14, tzinfo=UTC), None, -(10**30)),
        Cursor(datetime(9999, 12, 31, tzinfo=UTC), 1, 1),
        Cursor(datetime(1, 1, 2, tzinfo=UTC), None, 1),
    ):
        page = store.search(Everything(), OLDER, scope=ALL, limit=2, after=cursor)
        assert len(page.records) <= 2


def test_one_record_is_read_whole(store: RecordStore) -> None:
    assert store.get(13, scope=ALL) == record(13)
    assert store.get(99, scope=ALL) is None
    assert store.get(10**30, scope=ALL) is None


def test_versions_come_newest_first_and_a_prescription_without_pdf_is_one_record(store: RecordStore) -> None:
    assert [each.record_id for each in store.versions(1, scope=ALL)] == [13, 12, 11]
    (bare,) = store.versions(6, scope=ALL)
    assert not bare.has_pdf
    assert bare.versions == 0
    assert list(store.versions(99, scope=ALL)) == []


def test_active_clinics_come_by_name(store: RecordStore) -> None:
    assert tuple(store.clinics(scope=ALL)) == sample_clinic.VISIBLE_CLINICS


def test_the_diagnosis_never_leaves_the_database(store: RecordStore) -> None:
    page = store.search(Everything(), OLDER, scope=ALL, limit=100)
    assert sample_clinic.DIAGNOSIS not in repr(page)


def test_a_pdf_row_whose_prescription_is_gone_belongs_to_nobody_and_does_not_hide_the_others(tmp_path: Path) -> None:
    url = sample_clinic.sqlite_clinic(tmp_path / "clinic.sqlite3")
    with closing(sqlite3.connect(tmp_path / "clinic.sqlite3")) as clinic:
        clinic.execute(
            "UPDATE prescription_pdfs SET prescription_id = 999999 WHERE id = (SELECT max(id) FROM prescription_pdfs)"
        )
        clinic.commit()
    everything = Filters(older_versions=True)
    found = records_db.connect(url).search(Everything(), everything, scope=Scope(), limit=1000)
    pdfs = [row for row in RECORDS if row.has_pdf]
    assert len([row for row in found.records if row.has_pdf]) == len(pdfs) - 1


def test_a_masked_scope_gets_every_record_without_name_and_phone(store: RecordStore) -> None:
    shown = store.search(Everything(), OLDER, scope=MASKED, limit=100).records
    assert len(shown) == len(RECORDS)
    shown += tuple(store.versions(1, scope=MASKED))
    one = store.get(12, scope=MASKED)
    assert one is not None
    for each in (*shown, one):
        assert {each.patient_name, each.patient_phone} == {"•••"}
    assert (one.patient_id, one.stored_key, one.doctor_name) == (
        record(12).patient_id, record(12).stored_key, record(12).doctor_name,
    )  # fmt: skip


@pytest.mark.parametrize(
    "term",
    [PhoneIs("+919876543210"), PhoneEnds("3210"), NameContains("meera"), NameContains("•"), PhoneEnds("•••")],
)
def test_a_masked_scope_cannot_ask_for_a_name_or_a_phone(store: RecordStore, term: Term) -> None:
    assert store.search(term, OLDER, scope=MASKED, limit=100).records == ()
    assert store.total(term, OLDER, scope=MASKED) == Total(0, is_exact=True)
