"""What every RowReader does: in memory, on SQLite and on PostgreSQL, over the sample clinic and its wrecks."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extras
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import settings as given_settings
from hypothesis import strategies as st

from lib import keys
from lib.diagnosis import md5_of
from lib.errors import DatabaseFault, DatabaseUnavailable, SettingInvalid
from lib.findings import Facts
from lib.reconcile import match
from lib.row_lines import escaped, parted
from lib.row_spool import Checked, Detail, RowReader, Versions
from lib.stores import records_snapshot
from lib.stores.memory.rows import MemoryRows
from lib.stores.records_snapshot import Bounds, RecordRows
from lib.stores.records_tables import Names
from lib.stores.row_file import RowFile
from tests.parts import canaries, sample_clinic
from tests.parts.postgres import SCHEMA, Postgres
from tests.parts.sample_clinic import SHARED_KEY

LOCATION = "edrcontainer1"
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
CLINIC = ("users", "clinics", "consultations", "prescriptions", "prescription_pdfs")

PDFS = [  # beside those of the sample clinic; id, prescription, key, version, is_current, by, at, is_mobile, size, checksum
    (61, 6, "prescriptions/pdfs/CON999%2Fa.pdf", 1, True, "DOC001", NOON, True, 1, "AB" * 16),
    (62, 6, "a/b//c.pdf", 3, False, "DOC001", NOON, True, 0, "not an md5"),  # version 2 is not there
    (71, 7, "prescriptions/pdfs/CON999/no consultation.pdf", 1, True, "DOC001", NOON, True, 5, " " + "ab" * 16 + "\n"),
    (81, 99, "gone/\t.pdf", 1, True, "DOC001", NOON, False, 2147483647, "z" * 31),  # of no prescription
]
TABLES: dict[str, list[tuple[Any, ...]]] = {
    **sample_clinic.TABLES,
    "prescription_pdfs": [*sample_clinic.PDFS, *PDFS],
}
LAB_REPORTS = ["edrcontainer1/lab/1.pdf", "lab/2.pdf", SHARED_KEY]
CONSULTATIONS = {row[0]: row for row in sample_clinic.CONSULTATIONS}
PRESCRIPTIONS = {row[0]: row for row in sample_clinic.PRESCRIPTIONS}


def detail(row: tuple[Any, ...]) -> Detail:
    number, prescription, key, version, is_current, creator, at, is_mobile, size, checksum = row
    _, consultation, _, patient, *_ = PRESCRIPTIONS.get(prescription, (None, None, None, None))
    clinic = CONSULTATIONS[consultation][3] if consultation else None
    facts = Facts(patient, clinic, at, creator, is_mobile)
    return Detail(number, key, consultation, size, checksum, prescription, version, is_current, facts)


DETAILS = {row[0]: detail(row) for row in TABLES["prescription_pdfs"]}


def sqlite_clinic(path: Path) -> str:
    url = sample_clinic.sqlite_clinic(path, TABLES)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute('CREATE TABLE "lab reports" (id bigint)')
        connection.execute("CREATE TABLE lab_reports (id bigint, file text)")
        connection.executemany("INSERT INTO lab_reports VALUES (1, ?)", [(each,) for each in LAB_REPORTS])
    return url


def postgres_clinic(postgres: Postgres) -> str:
    name = postgres.new_database(schema=SCHEMA.read_text())
    postgres.execute(
        "ALTER TABLE prescription_pdfs DROP CONSTRAINT prescription_pdfs_prescription_id_fkey",
        "CREATE SCHEMA lab",
        'CREATE TABLE lab.reports (id bigint, "File" varchar(100))',
        *(f"INSERT INTO lab.reports VALUES (1, '{each}')" for each in LAB_REPORTS),
        database=name,
    )
    sample_clinic.fill(postgres.url(name), TABLES)
    return postgres.url(name)


Make = Callable[..., RowReader]


@pytest.fixture(scope="module")
def memory() -> Make:
    def make(*, numbers: int = 100) -> RowReader:
        return MemoryRows(DETAILS.values(), location=LOCATION, taken_at=NOON, files=LAB_REPORTS, numbers=numbers)

    return make


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Make:
    url = sqlite_clinic(tmp_path_factory.mktemp("rows") / "clinic.sqlite3")

    def make(*, numbers: int = 100) -> RowReader:
        return connect(url, files=("lab_reports.file",), bounds=Bounds(numbers=numbers))

    return make


@pytest.fixture(scope="module")
def postgresql(postgres: Postgres) -> Make:
    url = postgres_clinic(postgres)

    def make(*, numbers: int = 100) -> RowReader:
        return connect(url, files=("lab.reports.File",), bounds=Bounds(numbers=numbers))

    return make


def connect(url: str, **how: Any) -> RecordRows:
    return records_snapshot.connect(url, **{"location": LOCATION, **how})


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def make(request: pytest.FixtureRequest) -> Make:
    found: Make = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def reader(make: Make) -> RowReader:
    return make()


def snapshot(reader: RowReader, path: Path, *, prefix: str = "") -> tuple[Checked, list[bytes]]:
    path.unlink(missing_ok=True)
    taken = reader.snapshot(str(path), prefix=prefix)
    with RowFile(path) as rows:
        lines = [line for block in rows.blocks() for line in block]
        assert taken.rows == rows.rows == len(lines)
    assert taken.taken_at.tzinfo is not None
    return taken.checks.result(), lines


def numbers(lines: list[bytes]) -> list[int]:
    return sorted(int(line.rpartition(b"\t")[2]) for line in lines)


def expected(row: Detail, *, location: str = LOCATION) -> bytes:
    key = keys.resolve(row.stored_key or "", location=location).encode()
    md5, size = md5_of(row.checksum) or "", row.size_bytes or ""
    return escaped(key) + f"\t{md5}\t{size}\t{row.record_id}".encode()


def test_every_row_is_a_line_of_its_resolved_key_md5_size_and_number(reader: RowReader, tmp_path: Path) -> None:
    _, lines = snapshot(reader, tmp_path / "rows")
    assert sorted(lines) == sorted(map(expected, DETAILS.values()))
    assert lines[0].startswith(b"edrcontainer1/\t")  # the row whose key is empty
    assert b"edrcontainer1/a/b//c.pdf\t\t\t62" in lines  # no size 0, which an empty object has too
    assert rb"edrcontainer1/gone/\t.pdf" + b"\t\t2147483647\t81" in lines


def test_the_checks_find_what_is_wrong_with_rows_alone(reader: RowReader, tmp_path: Path) -> None:
    taken, _ = snapshot(reader, tmp_path / "rows")
    assert list(taken.consultation_differs) == [31, 61]
    assert list(taken.resolvers_disagree) == [32, 51, 62]
    assert list(taken.versions) == [
        Versions(2, rows=3, current=2, highest=3, newest_record_id=23),
        Versions(3, rows=2, current=0, highest=2, newest_record_id=32),
        Versions(6, rows=2, current=1, highest=3, newest_record_id=62),
    ]
    assert taken.cut == {}


def test_the_checks_alone_find_the_same(reader: RowReader, tmp_path: Path) -> None:
    for prefix in ("", "edrcontainer1/prescriptions/pdfs/CON155/"):
        assert reader.check(prefix=prefix).result() == snapshot(reader, tmp_path / "rows", prefix=prefix)[0]


def test_a_check_is_cut_at_its_bound_and_says_how_many_there_were(make: Make, tmp_path: Path) -> None:
    taken, _ = snapshot(make(numbers=1), tmp_path / "rows")
    assert (list(taken.consultation_differs), list(taken.resolvers_disagree)) == ([31], [32])
    assert [each.prescription_id for each in taken.versions] == [2]
    assert taken.cut == {"consultation_differs": 2, "resolvers_disagree": 3, "versions": 3}


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("edrcontainer1/prescriptions/pdfs/CON155/", [32]),
        ("edrcontainer1/a/b//", [62]),
        ("edrcontainer1/prescriptions/pdfs/CON156/a%_\\", [51]),
        ("edrcontainer1/prescriptions/pdfs/CON15_/", []),
        ("edrcontainer1/prescriptions/pdfs/con155/", []),
        ("prescriptions/", []),
        ("edrcontainer1/gone/\t", [81]),
        ("é'%s:x", []),
    ],
)
def test_a_prefix_is_the_beginning_of_the_resolved_key(
    reader: RowReader, tmp_path: Path, prefix: str, found: list[int]
) -> None:
    taken, lines = snapshot(reader, tmp_path / "rows", prefix=prefix)
    assert numbers(lines) == found
    for checked in (taken.consultation_differs, taken.resolvers_disagree):
        assert set(checked) <= set(found)
    assert len(taken.versions) == len({31, 32, 62} & set(found))


def test_details_are_what_the_row_says_also_without_its_prescription(reader: RowReader) -> None:
    assert reader.details([*DETAILS, 12345, 2**70]) == DETAILS
    assert DETAILS[81].consultation_id is None
    assert reader.details([]) == {}


def test_who_resolves_to_a_key_is_found_by_both_spellings(reader: RowReader) -> None:
    asked = {
        f"edrcontainer1/{SHARED_KEY}": [21, 31],
        DETAILS[32].stored_key: [32],  # it is stored with the location
        "edrcontainer1/": [41],
        "edrcontainer1/lab/1.pdf": [],
        "edrcontainer1/lab/2.pdf": [],
    }
    nobody = [SHARED_KEY, "lab/2.pdf", f"edrcontainer1/{DETAILS[32].stored_key}", "n\0ul", "lone\ud800", "x" * 2000]
    found = reader.resolving_to([*filter(None, asked), *nobody])
    assert {key: list(found[key]) for key in found} == asked
    assert reader.resolving_to([]) == {}


def test_no_name_no_phone_and_no_diagnosis_is_in_the_file(reader: RowReader, tmp_path: Path) -> None:
    snapshot(reader, tmp_path / "rows")
    text = (tmp_path / "rows").read_text()
    assert "CON153" in text
    canaries.check(text, where="the spool of rows")
    for secret in [*(row[3] for row in sample_clinic.USERS), *(row[1] for row in sample_clinic.USERS)]:
        assert secret not in text
    assert stat.S_IMODE((tmp_path / "rows").stat().st_mode) == 0o600


def test_the_file_must_be_new(reader: RowReader, tmp_path: Path) -> None:
    (tmp_path / "rows").write_text("theirs")
    with pytest.raises(FileExistsError):
        reader.snapshot(str(tmp_path / "rows"))
    assert (tmp_path / "rows").read_text() == "theirs"


class Real:
    """A real database whose PDF rows can be anything, with all else of the sample clinic."""

    def __init__(self, url: str, store: Any) -> None:
        self.url, self._store = url, store

    def execute(self, statement: str, *rows: tuple[Any, ...]) -> None:
        is_sqlite = isinstance(self._store, sqlite3.Connection)
        with self._store, closing(self._store.cursor()) as cursor:
            if rows and is_sqlite:
                cursor.executemany(statement.replace("%s", "?"), rows)
            elif rows:
                psycopg2.extras.execute_batch(cursor, statement, rows)
            else:
                cursor.execute(statement)

    def only(self, stored: list[Any], *, checksum: str = "ab" * 16, prescription: int = 1) -> list[Detail]:
        self.execute("DELETE FROM prescription_pdfs")
        rows = [
            (number, prescription, key, number, number == 1, "DOC001", "2026-11-18 12:00:00", False, 7, checksum)
            for number, key in enumerate(stored, 1)
        ]
        if rows:
            self.execute(f"INSERT INTO prescription_pdfs VALUES ({', '.join(['%s'] * 10)})", *rows)
        return [Detail(row[0], row[2], "CON153", 7, checksum, 1, row[0], row[4]) for row in rows]


@pytest.fixture(scope="module")
def real_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    path = tmp_path_factory.mktemp("real") / "clinic.sqlite3"
    url = sqlite_clinic(path)
    with closing(sqlite3.connect(path)) as connection:
        yield Real(url, connection)


@pytest.fixture(scope="module")
def real_postgresql(postgres: Postgres) -> Iterator[Real]:
    url = postgres_clinic(postgres)
    postgres.execute("ALTER TABLE prescription_pdfs ALTER pdf_file TYPE text", database=str(sa.make_url(url).database))
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection:
        yield Real(url, connection)


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def real(request: pytest.FixtureRequest) -> Real:
    found: Real = request.getfixturevalue(f"real_{request.param}")
    return found


SIGNS = [chr(sign) for sign in [*range(1, 0x180), 0x2028, 0xD7FF, 0xE000, 0xFEFF, 0xFFFD, 0xFFFE, 0xFFFF, 0x1F468]]


def test_the_database_escapes_and_sorts_every_odd_sign_as_we_do(real: Real, tmp_path: Path) -> None:
    rows = real.only([f"a{sign}b" for sign in SIGNS] + ["\\.", "\\N", "", "a\\t", "\\\\x41"])
    with closing(connect(real.url)) as reader:
        _, lines = snapshot(reader, tmp_path / "rows")
    by_key = sorted(rows, key=lambda row: keys.resolve(row.stored_key or "", location=LOCATION).encode())
    assert lines == list(map(expected, by_key))


STORED = st.text(
    st.sampled_from("CcOoNn153/\\.%2Fab &+\t\n\x01é９\u3000")
    | st.characters(exclude_categories=["Cs"], min_codepoint=1),
    max_size=12,
)
FORMS = st.sampled_from(["{}", "edrcontainer1/{}", "a%b/{}", "CON153/{}", "x/CON9/{}", "prescriptions/pdfs/CON153/{}"])


@given_settings(max_examples=25)
@given(
    st.lists(st.builds(str.format, FORMS, STORED.map(lambda text: text.replace("{", ""))), max_size=40),
    st.sampled_from([LOCATION, "", "a%b", "con5", "é'\\"]),
)
def test_lines_and_checks_are_those_of_the_rules_in_python(
    real: Real, tmp_path_factory: pytest.TempPathFactory, stored: list[str], location: str
) -> None:
    rows = real.only(stored)
    path = tmp_path_factory.getbasetemp() / "any rows"
    plain = MemoryRows(rows, location=location, taken_at=NOON)
    with closing(connect(real.url, location=location)) as reader:
        taken, lines = snapshot(reader, path)
        ours, same = snapshot(plain, path)
        assert sorted(lines) == sorted(same) == sorted(expected(row, location=location) for row in rows)
        assert taken == ours
        wanted = [keys.resolve(each, location=location) for each in stored] + stored
        assert reader.resolving_to(wanted) == plain.resolving_to(wanted)


LATE = "INSERT INTO prescription_pdfs SELECT 50, 1, '/late.pdf', 50, true, 'DOC001', '2026-11-18', false, 1, ''"


def test_a_row_added_meanwhile_is_neither_in_the_file_nor_in_the_checks(real_postgresql: Real, tmp_path: Path) -> None:
    real_postgresql.only(["a.pdf"])
    with (
        closing(connect(real_postgresql.url)) as reader,
        closing(psycopg2.connect(real_postgresql.url.replace("+psycopg2", ""))) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        with other, other.cursor() as cursor:
            cursor.execute("LOCK TABLE prescription_pdfs")
            running = pool.submit(snapshot, reader, tmp_path / "rows")
            waiting = 0
            while waiting < 2 and not running.done():  # the copy and the checks
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                (waiting,) = cursor.fetchone() or (0,)
            # No database of this server sorts otherwise than by bytes; those of clinics do.
            cursor.execute(
                "SELECT query FROM pg_stat_activity WHERE query LIKE 'COPY%' AND datname = current_database()"
            )
            (copy,) = cursor.fetchone() or ("",)
            cursor.execute(LATE)
        taken, lines = running.result(timeout=60)
    assert 'COLLATE "C"' in copy.partition("ORDER BY")[2]
    assert (numbers(lines), taken.versions, taken.resolvers_disagree) == ([1], [], [])


def test_a_row_added_meanwhile_is_neither_in_the_lines_nor_in_the_checks_of_sqlite(
    real_sqlite: Real, tmp_path: Path
) -> None:
    real_sqlite.execute("PRAGMA journal_mode = WAL")
    real_sqlite.only(["a.pdf"])
    added: list[str] = []

    def add(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "prescription_pdfs" in statement and not added:
            added.append(statement)
            real_sqlite.execute(LATE)

    sa.event.listen(sa.Engine, "after_cursor_execute", add)
    try:
        with closing(connect(real_sqlite.url)) as reader:
            taken, lines = snapshot(reader, tmp_path / "rows")
    finally:
        sa.event.remove(sa.Engine, "after_cursor_execute", add)
    assert "ORDER BY" in added[0]
    assert (numbers(lines), taken.versions, taken.resolvers_disagree) == ([1], [], [])


def test_a_consultation_that_is_called_like_any_folder_hides_no_other(real: Real, tmp_path: Path) -> None:
    real.only(["pdfs/CON9/a.pdf", "pdfs/a.pdf", "pdfs/CON9", "CON/CON9/a.pdf", "clinic/pdfs/a.pdf"], prescription=3)
    for name, found in (("pdfs", [1, 4]), ("CON", [1, 4]), ("CON9", []), ("", [])):
        real.execute("INSERT INTO consultations VALUES (%s, 'PAT009', 'DOC001', NULL, '2026-11-18', '')", (name,))
        real.execute("UPDATE prescriptions SET consultation_id = %s WHERE id = 3", (name,))
        with closing(connect(real.url)) as reader:
            taken, _ = snapshot(reader, tmp_path / "rows")
        assert list(taken.consultation_differs) == found


def test_a_checksum_that_is_no_md5_is_compared_with_nothing(real: Real, tmp_path: Path) -> None:
    real.only(["a.pdf"], checksum="no md5, but of its length: 32 by")
    with closing(connect(real.url)) as reader:
        _, (line,) = snapshot(reader, tmp_path / "rows")
    key = b"edrcontainer1/a.pdf"
    assert list(match(parted([line]), [key + b"\t" + b"ab" * 16 + b"\t7"], [key])) == []


def test_a_key_that_is_no_valid_text_is_a_line_that_no_object_equals(real_sqlite: Real, tmp_path: Path) -> None:
    real_sqlite.only([b"a\xff.pdf", b"n\0ul.pdf", b"lone\xed\xa0\x80.pdf", "plain.pdf", b"edrcontainer1/n\0ul"])
    real_sqlite.execute(
        "UPDATE prescription_pdfs SET pdf_file = CAST(pdf_file AS TEXT), checksum = CAST(x'ff' AS TEXT)"
    )
    with closing(connect(real_sqlite.url)) as reader:
        taken, lines = snapshot(reader, tmp_path / "rows")
        found = reader.details([1, 2, 3, 4, 5])
    assert [line.split(b"\t")[0] for line in lines] == [
        b"edrcontainer1/a\xff.pdf",
        b"edrcontainer1/lone\xed\xa0\x80.pdf",
        b"edrcontainer1/n\0ul",
        b"edrcontainer1/n\0ul.pdf",
        b"edrcontainer1/plain.pdf",
    ]
    assert [keys.impossible(found[number].stored_key or "") for number in (1, 2, 3, 4, 5)] == [
        True,
        True,
        True,
        False,
        True,
    ]
    assert list(taken.resolvers_disagree) == [5]


def test_rows_without_any_key_are_rows_of_an_empty_one(real_postgresql: Real, tmp_path: Path) -> None:
    real_postgresql.execute("ALTER TABLE prescription_pdfs ALTER pdf_file DROP NOT NULL")
    real_postgresql.only([None, "a.pdf"])
    with closing(connect(real_postgresql.url, location="")) as reader:
        _, lines = snapshot(reader, tmp_path / "rows")
    assert [line.split(b"\t")[0] for line in lines] == [b"", b"a.pdf"]


def test_rows_of_no_prescription_are_no_versions_of_one_another(real_postgresql: Real, tmp_path: Path) -> None:
    real_postgresql.execute("ALTER TABLE prescription_pdfs ALTER prescription_id DROP NOT NULL")
    real_postgresql.only(["a.pdf", "b.pdf"])
    real_postgresql.execute("UPDATE prescription_pdfs SET prescription_id = NULL, is_current = true")
    with closing(connect(real_postgresql.url)) as reader:
        taken, lines = snapshot(reader, tmp_path / "rows")
        assert reader.details([1])[1].stored_key == "a.pdf"
    assert (list(taken.versions), numbers(lines)) == ([], [1, 2])


@pytest.mark.parametrize(
    ("kind", "date"),
    [
        ("sqlite", ""), ("sqlite", "in November"), ("sqlite", 20261112), ("sqlite", b"\xff"),
        ("postgresql", "0044-03-15 12:00 BC"), ("postgresql", "20261-11-12"), ("postgresql", "-infinity"),
    ],
)  # fmt: skip
def test_a_date_that_is_none_is_unknown_and_hides_no_row(request: pytest.FixtureRequest, kind: str, date: Any) -> None:
    real: Real = request.getfixturevalue(f"real_{kind}")
    real.only(["a.pdf", "b.pdf"])
    real.execute("UPDATE prescription_pdfs SET generated_at = %s WHERE id = 1", (date,))
    with closing(connect(real.url)) as reader:
        found = reader.details([1, 2])
    assert [found[each].facts.generated_at for each in (1, 2)] == [None, NOON]
    assert found[1].stored_key == "a.pdf"


def test_no_rows_are_an_empty_file(real: Real, tmp_path: Path) -> None:
    real.only([])
    with closing(connect(real.url)) as reader:
        taken, lines = snapshot(reader, tmp_path / "rows")
    assert (taken, lines) == (Checked([], [], []), [])


NAMES = Names(
    {
        "prescription_pdfs": "clinic_file", "prescription_pdfs.pdf_file": "File", "prescription_pdfs.id": "number",
        "prescription_pdfs.generated_by_id": "maker", "prescriptions": "paper",
    }
)  # fmt: skip


def renamed(real: Real) -> None:
    real.only(["CON9/a.pdf", "/b.pdf"])
    for statement in (
        'ALTER TABLE prescription_pdfs RENAME pdf_file TO "File"',
        "ALTER TABLE prescription_pdfs RENAME id TO number",
        "ALTER TABLE prescription_pdfs RENAME generated_by_id TO maker",
        "ALTER TABLE prescription_pdfs RENAME TO clinic_file",
        "ALTER TABLE prescriptions RENAME TO paper",
        "ALTER TABLE clinic_file DROP COLUMN is_mobile_generated",
    ):
        real.execute(statement)


@pytest.fixture(params=["sqlite", "postgresql"])
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Real]:
    """A database that one test may take apart."""
    if request.param == "sqlite":
        url = sqlite_clinic(tmp_path / "own.sqlite3")
        store: Any = sqlite3.connect(tmp_path / "own.sqlite3")
    else:
        url = postgres_clinic(request.getfixturevalue("postgres"))
        store = psycopg2.connect(url.replace("+psycopg2", ""))
    with closing(store):
        yield Real(url, store)


def test_renamed_and_missing_columns_are_read_all_the_same(own: Real, tmp_path: Path) -> None:
    renamed(own)
    with closing(connect(own.url, names=NAMES)) as reader:
        taken, lines = snapshot(reader, tmp_path / "rows")
        found = reader.details([1, 2])
        assert reader.resolving_to(["edrcontainer1//b.pdf"]) == {"edrcontainer1//b.pdf": [2]}
    assert numbers(lines) == [1, 2]
    assert (list(taken.consultation_differs), list(taken.resolvers_disagree)) == ([1], [2])
    assert (found[1].stored_key, found[1].facts.creator, found[1].facts.is_mobile) == ("CON9/a.pdf", "DOC001", None)


def test_a_column_that_no_audit_can_do_without_is_named(own: Real, tmp_path: Path) -> None:
    own.execute("ALTER TABLE prescription_pdfs DROP COLUMN checksum")
    with closing(connect(own.url)) as reader:
        for ask in (lambda: reader.snapshot(str(tmp_path / "rows")), lambda: reader.details([1])):
            with pytest.raises(DatabaseUnavailable) as caught:
                ask()
            assert (caught.value.fault, caught.value.detail) == (DatabaseFault.SCHEMA, "prescription_pdfs.checksum")
    assert not (tmp_path / "rows").exists()


@pytest.mark.parametrize("column", ["invoices.pdf_file", "users.no_such_column", "nowhere.users.id"])
def test_a_declared_column_that_does_not_exist_names_the_setting(real: Real, tmp_path: Path, column: str) -> None:
    with closing(connect(real.url, files=(column,))) as reader:
        for ask in (lambda: reader.snapshot(str(tmp_path / "rows")), lambda: reader.resolving_to(["a"])):
            with pytest.raises(SettingInvalid) as caught:
                ask()
            assert caught.value.variable == "DASHBOARD_FILE_COLUMNS"
            assert column in caught.value.rule
    assert not (tmp_path / "rows").exists()


def test_a_declared_column_of_numbers_names_the_setting_before_anything_is_read(
    real_postgresql: Real, tmp_path: Path
) -> None:
    with closing(connect(real_postgresql.url, files=("prescription_pdfs.file_size",))) as reader:
        with pytest.raises(SettingInvalid) as caught:
            reader.snapshot(str(tmp_path / "rows"))
        assert "prescription_pdfs.file_size" in caught.value.rule
    assert not (tmp_path / "rows").exists()


def test_an_audit_s_process_does_not_load_what_it_has_no_memory_for() -> None:
    code = "import sys, lib.stores.records_snapshot; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "sqlalchemy" in loaded
    assert {"boto3", "botocore", "pandas", "streamlit", "numpy", "pyarrow"} & set(loaded) == set()
