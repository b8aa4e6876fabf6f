"""What the clinic's database can do to us, on the real thing: one fault each, named, and nothing leaked."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
import sqlalchemy as sa

from lib.access import Scope
from lib.errors import DatabaseFault, DatabaseUnavailable, SettingInvalid
from lib.records import Everything, Filters, IndexKind, MissingIndex, NameContains, RecordIs
from lib.stores import records_db
from lib.stores.records_db import Limits, Names, RecordsDb
from lib.stores.records_engine import ReadOnlyEngine
from tests.parts import postgres as postgres_part
from tests.parts import sample_clinic
from tests.parts.postgres import NEEDS_PASSWORD, SCHEMA, Postgres

ALL = Scope()
QUICK = Limits(
    connect=timedelta(seconds=2),
    statement=timedelta(milliseconds=300),
    total=timedelta(milliseconds=100),
    locked=timedelta(milliseconds=100),
    pool=timedelta(milliseconds=200),
)


@pytest.fixture
def database(postgres: Postgres) -> str:
    """The name of a database that holds the sample clinic."""
    name = postgres.new_database(schema=SCHEMA.read_text())
    sample_clinic.fill(postgres.url(name))
    return name


@pytest.fixture
def lite(tmp_path: Path) -> str:
    return sample_clinic.sqlite_clinic(tmp_path / "clinic.sqlite3")


@contextmanager
def opened(url: str, limits: Limits = QUICK, names: Names = records_db.DEFAULT_NAMES) -> Iterator[RecordsDb]:
    store = records_db.connect(url, names=names, limits=limits)
    try:
        yield store
    finally:
        store.close()


def search(store: RecordsDb) -> int:
    return len(store.search(Everything(), Filters(), scope=ALL, limit=25).records)


QUESTIONS: list[Callable[[RecordsDb], object]] = [
    search,
    lambda store: store.total(Everything(), Filters(), scope=ALL),
    lambda store: store.get(13, scope=ALL),
    lambda store: store.versions(1, scope=ALL),
    lambda store: store.clinics(scope=ALL),
    lambda store: store.missing_indexes(),
]


def fault_of(url: str, question: Callable[[RecordsDb], object] = search) -> tuple[DatabaseFault, str]:
    with opened(url) as store, pytest.raises(DatabaseUnavailable) as caught:
        question(store)
    assert caught.value.__cause__ is not None
    assert "sekret" not in f"{caught.value} {caught.value.__cause__}"
    return caught.value.fault, caught.value.detail


def closed_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_closed_port_is_down(question: Callable[[RecordsDb], object]) -> None:
    url = f"postgresql://clerk:sekret@127.0.0.1:{closed_port()}/clinic"
    assert fault_of(url, question) == (DatabaseFault.DOWN, "")


def test_an_unknown_host_is_down() -> None:
    assert fault_of("postgres://clerk:sekret@no-such-host.invalid/clinic") == (DatabaseFault.DOWN, "")


def test_a_server_that_accepts_and_never_answers_is_slow_within_the_connect_timeout() -> None:
    with closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        url = f"postgresql://clerk:sekret@127.0.0.1:{silent.getsockname()[1]}/clinic"
        assert fault_of(url) == (DatabaseFault.SLOW, "")
        assert time.monotonic() - began < 4


def test_a_wrong_password_is_denied(postgres: Postgres, database: str) -> None:
    assert fault_of(postgres.url(database, user=NEEDS_PASSWORD, password="sekret")) == (DatabaseFault.DENIED, "")
    assert fault_of(postgres.url(database, user="nobody_here")) == (DatabaseFault.DENIED, "")


def test_an_unknown_database_is_down(postgres: Postgres) -> None:
    assert fault_of(postgres.url("no_such_database")) == (DatabaseFault.DOWN, "")


@pytest.mark.parametrize(
    ("damage", "detail"),
    [
        ("DROP TABLE prescription_pdfs", "prescription_pdfs"),
        ("ALTER TABLE consultations RENAME TO visits", "consultations"),
        ("ALTER TABLE prescription_pdfs DROP COLUMN checksum", "prescription_pdfs.checksum"),
        ("ALTER TABLE users RENAME COLUMN phone TO mobile", "users.phone"),
        ("ALTER TABLE prescriptions RENAME COLUMN created_at TO made_at", "prescriptions.created_at"),
    ],
)
def test_a_missing_table_or_column_is_named(postgres: Postgres, database: str, damage: str, detail: str) -> None:
    postgres.execute(damage, database=database)
    assert fault_of(postgres.url(database)) == (DatabaseFault.SCHEMA, detail)


@pytest.mark.parametrize(
    ("damage", "detail"),
    [
        ("DROP TABLE prescription_pdfs", "prescription_pdfs"),
        ("ALTER TABLE prescription_pdfs DROP COLUMN checksum", "prescription_pdfs.checksum"),
        ("ALTER TABLE users RENAME COLUMN phone TO mobile", "users.phone"),
    ],
)
def test_a_missing_table_or_column_is_named_in_sqlite_too(lite: str, damage: str, detail: str) -> None:
    with closing(sqlite3.connect(lite.removeprefix("sqlite:///"))) as connection:
        connection.execute(damage)
    assert fault_of(lite) == (DatabaseFault.SCHEMA, detail)


@contextmanager
def locked(postgres: Postgres, database: str) -> Iterator[None]:
    connection = psycopg2.connect(host=postgres.socket_dir, user="postgres", dbname=database)
    try:
        connection.cursor().execute("LOCK TABLE prescription_pdfs IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        connection.close()


def test_a_statement_that_waits_too_long_is_slow_and_the_next_one_works(postgres: Postgres, database: str) -> None:
    with opened(postgres.url(database)) as store:
        with locked(postgres, database), pytest.raises(DatabaseUnavailable) as caught:
            search(store)
        assert caught.value.fault is DatabaseFault.SLOW
        assert search(store) == 7


def test_a_count_that_takes_too_long_is_no_number_and_no_error(postgres: Postgres, database: str) -> None:
    with opened(postgres.url(database)) as store, locked(postgres, database):
        assert store.total(Everything(), Filters(), scope=ALL) is None


def test_a_count_out_of_time_becomes_an_estimate(postgres: Postgres, database: str) -> None:
    postgres.execute(
        "ANALYZE",
        "ALTER TABLE prescription_pdfs RENAME TO quick",
        "CREATE VIEW prescription_pdfs AS SELECT quick.* FROM quick, pg_sleep(10)",
        database=database,
    )
    with opened(postgres.url(database), Limits()) as store:
        total = store.total(Everything(), Filters(older_versions=True), scope=ALL)
    assert total is not None
    assert not total.is_exact
    assert 10 <= total.count < 20


def test_a_pool_without_a_free_connection_is_slow(postgres: Postgres, database: str) -> None:
    engine = ReadOnlyEngine(postgres.url(database), limits=Limits(connections=2, pool=timedelta(milliseconds=100)))
    with (
        engine.transaction(),
        engine.transaction(),
        pytest.raises(DatabaseUnavailable) as caught,
        engine.transaction(),
    ):
        pass
    engine.close()
    assert caught.value.fault is DatabaseFault.SLOW


def test_a_role_that_can_only_select_is_enough_and_a_missing_right_is_denied_with_its_table(
    postgres: Postgres, database: str
) -> None:
    role = f"reader_{database}"
    tables = "users, clinics, consultations, prescriptions, prescription_pdfs"
    postgres.execute(f"CREATE ROLE {role} LOGIN", f"GRANT SELECT ON {tables} TO {role}", database=database)
    with opened(postgres.url(database, user=role)) as store:
        for question in QUESTIONS:
            assert question(store) is not None
        postgres.execute(f"REVOKE SELECT ON users FROM {role}", database=database)
        with pytest.raises(DatabaseUnavailable) as caught:
            search(store)
    assert (caught.value.fault, caught.value.detail) == (DatabaseFault.DENIED, "users")


def test_a_role_that_may_not_read_the_diagnosis_is_enough(postgres: Postgres, database: str) -> None:
    role = f"careful_{database}"
    columns = "id, consultation_id, doctor_id, patient_id, issued_date, is_draft, is_finalized, created_at"
    postgres.execute(
        f"CREATE ROLE {role} LOGIN",
        f"GRANT SELECT ON users, clinics, consultations, prescription_pdfs TO {role}",
        f"GRANT SELECT ({columns}) ON prescriptions TO {role}",
        database=database,
    )
    with opened(postgres.url(database, user=role)) as store:
        assert search(store) == 7
        assert store.get(13, scope=ALL) is not None


WRITES = [
    "DELETE FROM prescription_pdfs",
    "UPDATE users SET name = 'x'",
    "CREATE TABLE ours (id integer)",
    "INSERT INTO clinics SELECT id || 'x', name, id, is_active FROM clinics",
]


@pytest.mark.parametrize("statement", WRITES)
@pytest.mark.parametrize("backend", ["postgresql", "sqlite"])
def test_writes_are_refused(statement: str, backend: str, postgres: Postgres, database: str, lite: str) -> None:
    url = postgres.url(database) if backend == "postgresql" else lite
    engine = ReadOnlyEngine(url, limits=QUICK)
    with pytest.raises(DatabaseUnavailable) as caught, engine.transaction() as connection:
        connection.execute(sa.text(statement))
    engine.close()
    assert "read" in str(caught.value.__cause__)
    with opened(url) as store:
        assert search(store) == 7


def test_nothing_that_we_set_stays_on_the_connection(postgres: Postgres, database: str) -> None:
    """Behind a pooler the next transaction on it may be the application's."""
    engine = ReadOnlyEngine(postgres.url(database), limits=QUICK)
    with engine.transaction() as connection:
        assert connection.execute(sa.text("SHOW statement_timeout")).scalar_one() == "300ms"
        assert connection.execute(sa.text("SHOW transaction_read_only")).scalar_one() == "on"
        assert connection.execute(sa.text("SHOW transaction_isolation")).scalar_one() == "repeatable read"
        assert connection.execute(sa.text("SHOW application_name")).scalar_one() == "prescription-pdf-dashboard"
        driver = connection.connection.driver_connection
        assert driver is not None
    with driver.cursor() as cursor:
        for setting, value in {"statement_timeout": "0", "default_transaction_read_only": "off"}.items():
            cursor.execute(f"SHOW {setting}")
            assert cursor.fetchone()[0] == value
    driver.rollback()
    engine.close()


def test_a_restarted_server_is_used_again_without_an_error() -> None:
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        server = postgres_part.start(Path(folder) / "data")
        try:
            name = server.new_database(schema=SCHEMA.read_text())
            sample_clinic.fill(server.url(name))
            with opened(server.url(name)) as store:
                assert search(store) == 7
                server.stop()
                with pytest.raises(DatabaseUnavailable) as caught:
                    search(store)
                assert caught.value.fault is DatabaseFault.DOWN
                server.start()
                assert search(store) == 7
        finally:
            server.close()


def test_a_connection_cut_in_the_middle_of_a_page_is_down_and_the_next_page_works(
    postgres: Postgres, database: str
) -> None:
    with opened(postgres.url(database), Limits()) as store:
        assert search(store) == 7
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND application_name <> ''"
        with locked(postgres, database):
            timer = threading.Timer(0.3, postgres.execute, [cut.format(database)])
            timer.start()
            with pytest.raises(DatabaseUnavailable) as caught:
                search(store)
            timer.join()
        assert caught.value.fault is DatabaseFault.DOWN
        assert search(store) == 7


def test_a_missing_sqlite_file_is_down_and_is_not_created(tmp_path: Path) -> None:
    assert fault_of(f"sqlite:///{tmp_path}/none.sqlite3") == (DatabaseFault.DOWN, "")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_down(tmp_path: Path) -> None:
    (tmp_path / "letter.sqlite3").write_text("Dear Sir, " * 1000)
    assert fault_of(f"sqlite:///{tmp_path}/letter.sqlite3") == (DatabaseFault.DOWN, "")


def test_an_empty_sqlite_file_names_the_first_missing_table(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite3").touch()
    assert fault_of(f"sqlite:///{tmp_path}/empty.sqlite3") == (DatabaseFault.SCHEMA, "prescription_pdfs")


def test_a_locked_sqlite_file_is_locked_and_works_again_afterwards(lite: str) -> None:
    with opened(lite) as store:
        with closing(sqlite3.connect(lite.removeprefix("sqlite:///"), isolation_level=None)) as writer:
            writer.execute("BEGIN EXCLUSIVE")
            with pytest.raises(DatabaseUnavailable) as caught:
                search(store)
            assert caught.value.fault is DatabaseFault.LOCKED
        assert search(store) == 7


def test_a_sqlite_file_in_a_read_only_folder_is_read(lite: str, tmp_path: Path) -> None:
    folder = tmp_path / "shelf"
    folder.mkdir()
    shutil.copy(lite.removeprefix("sqlite:///"), folder / "clinic.sqlite3")
    (folder / "clinic.sqlite3").chmod(0o444)
    folder.chmod(0o555)
    with opened(f"sqlite:///{folder}/clinic.sqlite3") as store:
        assert search(store) == 7
    assert [each.name for each in folder.iterdir()] == ["clinic.sqlite3"]


def test_a_slow_sqlite_statement_is_stopped(lite: str) -> None:
    engine = ReadOnlyEngine(lite, limits=QUICK)
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable) as caught, engine.transaction() as connection:
        connection.execute(sa.text(endless))
    assert caught.value.fault is DatabaseFault.SLOW
    assert time.monotonic() - began < 10  # by itself it would never end
    with engine.transaction() as connection:
        assert connection.execute(sa.text("SELECT 1")).scalar_one() == 1
    engine.close()


def test_a_value_that_is_not_what_its_column_says_is_a_fault_and_no_traceback(lite: str) -> None:
    with closing(sqlite3.connect(lite.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("UPDATE prescription_pdfs SET generated_at = 'yesterday' WHERE id = 13")
    assert fault_of(lite) == (DatabaseFault.OTHER, "")


@pytest.mark.parametrize(
    "url",
    ["mysql://clerk:sekret@host/db", "sekret", "", "sqlite://", "sqlite:///:memory:", "postgresql://a:sekret@h:p/d"],
)
def test_an_address_that_cannot_be_read_names_the_setting_and_not_the_value(url: str) -> None:
    with pytest.raises(SettingInvalid) as caught:
        records_db.connect(url)
    assert caught.value.variable == "DATABASE_URL"
    assert "sekret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_connecting_touches_no_network() -> None:
    with opened(f"postgresql://clerk:sekret@127.0.0.1:{closed_port()}/clinic"):
        pass


def test_other_names_of_tables_and_columns_are_a_mapping(postgres: Postgres, database: str) -> None:
    postgres.execute(
        "CREATE SCHEMA app",
        "ALTER TABLE users SET SCHEMA app",
        "ALTER TABLE app.users RENAME TO accounts_user",
        "ALTER TABLE app.accounts_user RENAME COLUMN phone TO mobile",
        "ALTER TABLE prescription_pdfs RENAME COLUMN pdf_file TO document",
        database=database,
    )
    names = Names({"users": "app.accounts_user", "users.phone": "mobile", "prescription_pdfs.pdf_file": "document"})
    with opened(postgres.url(database), names=names) as store:
        assert store.get(13, scope=ALL) == sample_clinic.record(13)
        found = store.search(NameContains("meera"), Filters(), scope=ALL, limit=25).records
        assert [each.record_id for each in found] == [13, 22]
        missing = store.missing_indexes()
    assert MissingIndex("prescription_pdfs", ("document",)) in missing
    assert MissingIndex("app.accounts_user", ("name",), IndexKind.TRIGRAM) in missing
    with pytest.raises(ValueError, match=r"users\.shoe_size"):
        Names({"users.shoe_size": "size"})


NEWEST = MissingIndex("prescription_pdfs", ("generated_at", "id"))


@pytest.mark.parametrize(
    ("index", "helps"),
    [
        ("(generated_at, id)", True),
        ("(generated_at DESC, id DESC)", True),
        ("(generated_at, id, prescription_id)", True),
        ("(generated_at)", False),
        ("(id, generated_at)", False),
        ("(generated_at DESC, id)", False),
        ("(generated_at, id) WHERE is_current", False),
        ("((generated_at AT TIME ZONE 'UTC'), id)", False),
    ],
)
def test_an_index_that_can_be_walked_is_not_missing(postgres: Postgres, database: str, index: str, helps: bool) -> None:
    postgres.execute(f"CREATE INDEX tried ON prescription_pdfs {index}", database=database)
    with opened(postgres.url(database)) as store:
        assert (NEWEST not in store.missing_indexes()) is helps


def test_a_slow_page_names_the_index_that_would_help_and_a_quick_one_names_none(
    postgres: Postgres, database: str
) -> None:
    with opened(postgres.url(database), Limits(slow=timedelta(0))) as store:
        assert NEWEST in store.search(Everything(), Filters(), scope=ALL, limit=25).missing_indexes
        assert store.search(RecordIs(13), Filters(), scope=ALL, limit=25).missing_indexes == ()
    with opened(postgres.url(database), Limits()) as store:
        assert store.search(Everything(), Filters(), scope=ALL, limit=25).missing_indexes == ()


def test_a_trigram_index_is_recognised(postgres: Postgres, database: str) -> None:
    postgres.execute(
        "CREATE EXTENSION pg_trgm", "CREATE INDEX ON users USING gin (name gin_trgm_ops)", database=database
    )
    with opened(postgres.url(database)) as store:
        assert MissingIndex("users", ("name",), IndexKind.TRIGRAM) not in store.missing_indexes()


def test_a_prescription_without_pdf_lies_where_it_was_written(postgres: Postgres, database: str, lite: str) -> None:
    """Its issued date may be days away from that."""
    for url in (postgres.url(database), lite):
        with opened(url) as store:
            page = store.search(Everything(), Filters(only_without_pdf=True), scope=ALL, limit=1)
            assert page.records[0].created_at == page.records[0].instant
            assert page.after == page.records[0].cursor


def test_sqlite_instants_with_and_without_a_fraction_are_one_instant(lite: str) -> None:
    with closing(sqlite3.connect(lite.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("UPDATE prescription_pdfs SET generated_at = '2026-11-13 09:30:00.000000' WHERE id = 21")
    seen, after = [], None
    with opened(lite) as store:
        while True:
            page = store.search(Everything(), Filters(older_versions=True), scope=ALL, limit=1, after=after)
            seen += [each.record_id for each in page.records]
            after = page.after
            if after is None:
                break
    assert seen == [None, 51, 41, 31, 32, 13, None, 23, 22, 21, 12, 11]
