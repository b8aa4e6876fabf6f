"""What can end an audit's snapshot early: each is one named fault, and no half file is left."""

from __future__ import annotations

import resource
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import sqlalchemy as sa

from lib.errors import DatabaseFault, DatabaseUnavailable
from lib.row_spool import Settled
from lib.stores import records_snapshot
from lib.stores.records_snapshot import Bounds, RecordRows
from lib.stores.row_file import RowFile
from tests.parts import sample_clinic
from tests.parts.postgres import SCHEMA, Postgres

MANY = 20_000
FILL = (
    "INSERT INTO prescription_pdfs SELECT 1000 + i, 1, 'prescriptions/pdfs/CON153/' || i || '.pdf', 1000 + i, false, "
    f"'DOC001', '2026-11-18', false, 1000, '' FROM generate_series(1, {MANY}) i"
)


@pytest.fixture(scope="module")
def clinic(postgres: Postgres) -> str:
    """The URL of a database with more rows than fit into one buffer."""
    name = postgres.new_database(schema=SCHEMA.read_text())
    sample_clinic.fill(postgres.url(name))
    postgres.execute(FILL, database=name)
    return postgres.url(name)


@pytest.fixture(scope="module")
def many(clinic: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The same in SQLite, and where both are."""
    path = tmp_path_factory.mktemp("many") / "clinic.sqlite3"
    url = sample_clinic.sqlite_clinic(path)
    numbers = f"(WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {MANY}) SELECT i FROM s)"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(FILL.replace(f"generate_series(1, {MANY}) i", numbers))
    return {"sqlite": url, "postgresql": clinic}


@contextmanager
def opened(url: str, **bounds: Any) -> Iterator[RecordRows]:
    with closing(records_snapshot.connect(url, location="edrcontainer1", bounds=Bounds(**bounds))) as reader:
        yield reader


@contextmanager
def locked(url: str) -> Iterator[Any]:
    """Hold the table so that both the copy and the checks wait."""
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as other:
        with other, other.cursor() as cursor:
            cursor.execute("LOCK TABLE prescription_pdfs")
            yield cursor
        other.rollback()


def waiting(cursor: Any, count: int) -> None:
    deadline = time.monotonic() + 20
    found = -1
    while found != count and time.monotonic() < deadline:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'prescription_pdfs'::regclass")
        (found,) = cursor.fetchone()
    assert found == count


@pytest.mark.parametrize("which", ["COPY%", "DECLARE%", "%"], ids=["the copy", "the checks", "both"])
def test_a_database_that_goes_away_in_the_middle_is_down(clinic: str, tmp_path: Path, which: str) -> None:
    with opened(clinic) as reader, ThreadPoolExecutor(1) as pool:
        with locked(clinic) as cursor:
            running = pool.submit(reader.snapshot, str(tmp_path / "rows"))
            waiting(cursor, 2)
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE %s",
                (which,),
            )
            assert cursor.rowcount >= 1
        with pytest.raises(DatabaseUnavailable) as caught:
            running.result(timeout=30).checks.result()
        assert caught.value.fault is DatabaseFault.DOWN
        assert len(list(tmp_path.iterdir())) == (which == "DECLARE%")  # the copy was not in vain
        (tmp_path / "rows").unlink(missing_ok=True)
        assert reader.snapshot(str(tmp_path / "rows")).rows == MANY + len(sample_clinic.PDFS)  # the pool recovers


def test_checks_that_nobody_waits_for_any_more_are_cancelled(clinic: str) -> None:
    with opened(clinic) as reader, locked(clinic) as cursor:
        checking = reader.check()
        waiting(cursor, 1)
        checking.cancel()
        with pytest.raises(DatabaseUnavailable):
            checking.result()
        waiting(cursor, 0)


def test_a_statement_that_takes_too_long_is_slow(clinic: str, tmp_path: Path) -> None:
    with (
        opened(clinic, statement=timedelta(milliseconds=200)) as reader,
        locked(clinic),
        pytest.raises(DatabaseUnavailable) as caught,
    ):
        reader.snapshot(str(tmp_path / "rows"))
    assert caught.value.fault is DatabaseFault.SLOW
    assert list(tmp_path.iterdir()) == []


def test_a_slow_statement_of_sqlite_is_slow(many: dict[str, str], tmp_path: Path) -> None:
    with (
        opened(many["sqlite"], statement=timedelta(microseconds=1)) as reader,
        pytest.raises(DatabaseUnavailable) as caught,
    ):
        reader.snapshot(str(tmp_path / "rows"))
    assert caught.value.fault is DatabaseFault.SLOW
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_another_encoding_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "clinic.sqlite3")) as connection:
        connection.execute("PRAGMA encoding = 'UTF-16'")
        connection.executescript(SCHEMA.read_text())
    with opened(f"sqlite:///{tmp_path}/clinic.sqlite3") as reader, pytest.raises(DatabaseUnavailable):
        reader.snapshot(str(tmp_path / "rows"))
    assert not (tmp_path / "rows").exists()


@contextmanager
def spoiled(part: str) -> Iterator[list[str]]:
    """Have the server refuse every statement with this part: what it gets cannot be run."""
    refused: list[str] = []

    def spoil(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> tuple[str, Any]:
        if part not in statement:
            return statement, parameters
        refused.append(statement)
        return "SELECT no_such_function()", ()

    sa.event.listen(sa.Engine, "before_cursor_execute", spoil, retval=True)
    try:
        yield refused
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", spoil)


def test_without_a_shared_snapshot_the_checks_follow_the_copy(clinic: str, tmp_path: Path) -> None:
    with opened(clinic) as reader:
        beside = reader.snapshot(str(tmp_path / "beside"))

        for refusing in ("pg_export_snapshot", "SET TRANSACTION SNAPSHOT"):
            with spoiled(refusing) as refused:
                after = reader.snapshot(str(tmp_path / refusing))
            assert len(refused) == 1
            assert after.checks.result() == beside.checks.result()
            with RowFile(tmp_path / refusing) as rows:
                assert rows.rows == beside.rows == after.rows


@contextmanager
def held(part: str) -> Iterator[None]:
    """Let every statement with this part wait for ever, as a pool does that has no further connection to the server."""
    over = threading.Event()

    def hold(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if part in statement:
            over.wait(5)

    sa.event.listen(sa.Engine, "before_cursor_execute", hold)
    try:
        yield
    finally:
        over.set()
        sa.event.remove(sa.Engine, "before_cursor_execute", hold)


def test_a_second_connection_that_never_comes_is_not_waited_for(clinic: str, tmp_path: Path) -> None:
    with opened(clinic, beside=timedelta(seconds=0.1)) as reader:
        expected = reader.snapshot(str(tmp_path / "beside")).checks.result()
        with held("SET TRANSACTION SNAPSHOT"):
            after = reader.snapshot(str(tmp_path / "rows"))
            assert isinstance(after.checks, Settled)
        assert after.checks.result() == expected


def test_one_connection_is_enough_for_two_that_ask_at_once(clinic: str, postgres: Postgres) -> None:
    """A role may have no second one: who asks while another does waits."""
    name = clinic.partition("?")[0].rpartition("/")[2]
    postgres.execute(
        "CREATE ROLE single LOGIN CONNECTION LIMIT 1",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO single",
        database=name,
    )
    with opened(postgres.url(name, user="single")) as reader, ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(reader.details, [1001, 1002]) for _ in range(20)]
        meant = [
            threads.submit(reader.resolving_to, [f"edrcontainer1/prescriptions/pdfs/CON153/{n}.pdf"]) for n in range(20)
        ]
        assert all(len(each.result(20)) == 2 for each in asked)
        assert sum(len(each.result(20)) for each in meant) == 19  # one of them is numbered from 1


@contextmanager
def small_disk() -> Iterator[None]:
    """Refuse what makes a file of this process larger than 300 KB: the same failing write, without a mount."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# SQLite sorts few enough rows in memory; more would fill the disk themselves, which is the database's fault.
@pytest.mark.parametrize(
    ("kind", "prefix"), [("sqlite", "edrcontainer1/prescriptions/pdfs/CON153/1"), ("postgresql", "")]
)
def test_a_full_disk_is_an_oserror_and_leaves_no_file(
    many: dict[str, str], tmp_path: Path, kind: str, prefix: str
) -> None:
    with opened(many[kind]) as reader:
        with small_disk(), pytest.raises(OSError, match="File too large"):
            reader.snapshot(str(tmp_path / "rows"), prefix=prefix)
        assert list(tmp_path.iterdir()) == []
        assert reader.snapshot(str(tmp_path / "rows")).rows > MANY  # its connection was given up, the pool goes on
