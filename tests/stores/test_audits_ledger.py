"""What only a real book of runs must hold: replicas that race, a trail that never waits, faults, grants, migrations."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from threading import Event

import psycopg2
import pytest
from alembic import command
from sqlalchemy import Connection, create_engine, event, func, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.pool import NullPool

from lib.access import Scope
from lib.audit_book import BATCH, LEASE, Busy, LeaseLost
from lib.audits import Options, Progress, Range, Result, Status, target
from lib.catalogue import Code, Severity
from lib.diagnosis import State
from lib.errors import LedgerFault, LedgerUnavailable
from lib.findings import Finding, Kind
from lib.kept_findings import Chosen
from lib.stores import ledger_audit_work, ledger_db, ledger_engine, ledger_migration
from lib.stores.ledger_audit_rows import progress_text
from lib.stores.ledger_audit_tables import AUDIT_FINDINGS, AUDIT_RANGES, AUDITS, AUDITS_LOCK
from lib.stores.ledger_audit_work import LedgerWork
from lib.stores.ledger_audits import LedgerRuns
from lib.stores.ledger_finding_batch import subject
from lib.stores.ledger_findings import LedgerFindings
from lib.trail import Draft
from tests.conftest import NOW
from tests.parts.postgres import Postgres

ROOT = Path(__file__).parents[2]
SECOND = timedelta(seconds=1)
OPTIONS = Options()
BEGINS = """
import sys
from datetime import UTC, datetime
from lib.audit_book import Busy
from lib.audits import Options
from lib.stores import ledger_engine
from lib.stores.ledger_audits import LedgerRuns
runs = LedgerRuns(ledger_engine.make(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
try:
    print(runs.begin("t", Options(), by=sys.argv[2], at=datetime.now(UTC)).run_id)
except Busy as busy:
    print(-busy.run_id)
"""


class Book:
    """Everything on one ledger, by the database's own clock."""

    def __init__(self, url: str, *, patience: timedelta = timedelta(0)) -> None:
        engine = ledger_engine.make(url)
        self.engine = engine
        self.runs, self.findings = LedgerRuns(engine), LedgerFindings(engine)
        self.worked = LedgerWork(engine, patience=patience)


def findings(count: int) -> list[Finding]:
    kind, code = Kind.DANGLING_REFERENCE, Code.LOCATION_OLD
    return [Finding(kind, Severity.HIGH, code, number, f"a/{number:032x}.pdf") for number in range(1, count + 1)]


def age(book: Book, run_id: int) -> None:
    """Let a lease lie back further than LEASE, by the database's own clock."""
    with book.engine.begin() as connection:
        row = connection.execute(AUDITS.select().where(AUDITS.c.run_id == run_id)).one()
        old = row.lease_at - LEASE - SECOND
        connection.execute(AUDITS.update().where(AUDITS.c.run_id == run_id).values(lease_at=old))


def test_of_twenty_who_begin_at_once_one_does(postgres_url: str) -> None:
    books = [Book(postgres_url) for _ in range(4)]

    def begin(number: int) -> int:
        try:
            return books[number % 4].runs.begin("t", OPTIONS, by=str(number), at=NOW).run_id
        except Busy as busy:
            return -busy.run_id

    with ThreadPoolExecutor(20) as pool:
        assert sorted(pool.map(begin, range(20))) == [-1] * 19 + [1]


def test_of_twenty_who_take_over_at_once_one_does(postgres_url: str) -> None:
    books = [Book(postgres_url) for _ in range(4)]
    first = books[0].runs.begin("t", OPTIONS, by="asha", at=NOW)
    age(books[0], first.run_id)

    def take(number: int) -> int:
        try:
            return books[number % 4].runs.take_over(first.run_id, by=str(number), at=NOW).fence
        except Busy:
            return 0

    with ThreadPoolExecutor(20) as pool:
        assert sorted(pool.map(take, range(20))) == [0] * 19 + [2]
    with pytest.raises(LeaseLost):
        books[0].worked.beat(first, Progress(), worked=SECOND)


def test_of_processes_that_begin_at_once_one_does(sqlite_url: str) -> None:
    command = [sys.executable, "-c", BEGINS, sqlite_url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    started = [subprocess.Popen([*command, str(number)], **pipes) for number in range(3)]  # type: ignore[call-overload]
    for each in started:
        assert each.stdout.readline() == "ready\n"
    for each in started:
        each.stdin.write("\n")
        each.stdin.flush()
    assert sorted(int(each.communicate(timeout=30)[0]) for each in started) == [-1, -1, 1]


def test_the_database_itself_lets_no_two_runs_of_a_bucket_be_running(url: str) -> None:
    book = Book(url)
    book.runs.begin("t", OPTIONS, by="asha", at=NOW)
    book.runs.begin("other", OPTIONS, by="asha", at=NOW)
    with pytest.raises(IntegrityError), book.engine.begin() as connection:
        connection.execute(AUDITS.update().values(bucket="t"))


def test_a_lease_goes_by_the_databases_clock(url: str) -> None:
    book = Book(url)
    run = book.runs.begin("t", OPTIONS, by="asha", at=NOW)
    assert not book.worked.beat(run, Progress(), worked=SECOND)
    with pytest.raises(Busy):
        book.runs.begin("t", OPTIONS, by="asha", at=NOW)
    age(book, run.run_id)
    found = book.runs.run(run.run_id)
    assert found is not None
    assert found.status is Status.INTERRUPTED
    assert book.runs.begin("t", OPTIONS, by="asha", at=NOW).run_id == 2


def test_the_trail_goes_on_between_two_batches_while_many_findings_are_kept(url: str) -> None:
    trail, book = ledger_db.connect(url), Book(url)
    run = book.runs.begin("t", OPTIONS, by="asha", at=NOW)
    draft = Draft(NOW, "local", "operator", "all", "link", 7, "PAT7", *[None] * 4, "intent", "x")
    done = Event()

    def batches() -> int:
        with ledger_engine.reading(book.engine) as connection:
            return (connection.execute(select(func.max(AUDIT_FINDINGS.c.number))).scalar_one() or 0) // BATCH

    def appends() -> list[int]:
        waited = []  # for how many batches, each of them: how long one takes says how fast the disk is
        while not done.is_set():
            before = batches()
            trail.append(draft)
            waited.append(batches() - before)
        return waited

    with ThreadPoolExecutor(1) as pool:
        appended = pool.submit(appends)
        try:
            book.worked.keep(run, findings(20 * BATCH))
        finally:
            done.set()
        waited = appended.result()
    assert batches() == 20
    assert len(waited) >= 10, waited
    assert max(waited) <= 5, waited


def test_no_commit_holds_more_than_a_batch_and_none_waits_for_the_trails_lock(postgres_url: str) -> None:
    assert AUDITS_LOCK != ledger_db.APPEND_LOCK
    book = Book(postgres_url)
    run = book.runs.begin("t", OPTIONS, by="asha", at=NOW)
    with book.engine.begin() as other:
        other.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ledger_db.APPEND_LOCK})")
        book.worked.keep(run, findings(1200))
    with book.engine.connect() as connection:
        commits = connection.exec_driver_sql("SELECT count(*) FROM audit_findings GROUP BY xmin::text ORDER BY 1")
        assert list(commits.scalars()) == [200, 1000]


def acts(book: Book) -> list[Callable[[], object]]:
    """Return every way to write, prepared while the ledger is well; ending comes last."""
    run = book.runs.begin("t", OPTIONS, by="asha", at=NOW)
    book.worked.cut(run, [Range(0, b"", None)], snapshot_at=NOW)
    dead = book.runs.begin("other", OPTIONS, by="asha", at=NOW)
    age(book, dead.run_id)
    return [
        lambda: book.runs.begin("third", OPTIONS, by="asha", at=NOW),
        lambda: book.runs.take_over(dead.run_id, by="asha", at=NOW),
        lambda: book.runs.cancel(run.run_id),
        lambda: book.worked.beat(run, Progress(), worked=SECOND),
        lambda: book.worked.cut(run, [Range(0, b"", None)], snapshot_at=NOW),
        lambda: book.worked.finish(run, Range(0, b"", None)),
        lambda: book.worked.keep(run, findings(2)),
        lambda: book.worked.forget(run),
        lambda: book.worked.end(run, Result(Status.COMPLETE), progress=Progress(), at=NOW, worked=SECOND),
    ]


def reads(book: Book) -> list[Callable[[], object]]:
    return [
        lambda: book.runs.run(1),
        lambda: book.runs.newest("t"),
        lambda: book.runs.last_full("t"),
        lambda: book.findings.page(1, Chosen(), scope=Scope(), limit=1),
        lambda: book.findings.groups(1, scope=Scope()),
        lambda: book.findings.tallies(1, scope=Scope()),
        lambda: book.findings.states(1, scope=Scope()),
        lambda: book.findings.records_in(1, State.MISSING, scope=Scope(), limit=1),
        lambda: book.findings.difference(1, 2, scope=Scope(), limit=1),
    ]


def fault(act: Callable[[], object]) -> LedgerFault:
    with pytest.raises(LedgerUnavailable) as refused:
        act()
    return refused.value.fault


def test_before_the_migration_there_is_no_book(tmp_path: Path, fresh_postgres: str) -> None:
    for url in (f"sqlite:///{tmp_path}/none.sqlite3", fresh_postgres):
        book = Book(url)
        begin = [lambda book=book: book.runs.begin("t", OPTIONS, by="asha", at=NOW)]  # type: ignore[misc]
        assert {fault(act) for act in [*reads(book), *begin]} == {LedgerFault.NOT_MIGRATED}


def test_a_locked_file_is_waited_for_and_then_refused(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_engine, "WAIT_S", 0.05)
    book = Book(sqlite_url)
    every = acts(book)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert {fault(act) for act in every} == {LedgerFault.LOCKED}
        for act in reads(book):
            act()
        other.execute("ROLLBACK")
    for act in every:
        act()


def test_a_disk_that_is_full_keeps_no_half_of_a_batch(sqlite_url: str) -> None:
    book = Book(sqlite_url)
    run = book.runs.begin("t", OPTIONS, by="asha", at=NOW)
    book.worked.keep(run, findings(500))
    with book.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # SQLite takes the present size where that is more
    assert fault(lambda: [book.worked.keep(run, findings(500)) for _ in range(9)]) is LedgerFault.FULL
    kept = book.findings.page(run.run_id, Chosen(), scope=Scope(), limit=9999)
    assert len(kept) % 500 == 0


@contextmanager
def unanswered(book: Book) -> Iterator[list[object]]:
    """Let the next commit be made, and its answer be lost."""
    lost: list[object] = []

    def lose(connection: Connection) -> None:
        event.remove(book.engine, "commit", lose)
        connection.connection.driver_connection.commit()  # type: ignore[union-attr]
        lost.append(connection)
        raise OperationalError("COMMIT", {}, psycopg2.OperationalError("the connection was closed"))

    event.listen(book.engine, "commit", lose)
    yield lost
    assert len(lost) == 1


def test_what_was_committed_and_not_answered_is_not_stored_twice(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_audit_work, "PAUSE_S", 0)
    book = Book(url, patience=SECOND)
    run = book.runs.begin("t", OPTIONS, by="asha", at=NOW)
    ranges = [Range(0, b"", b"m"), Range(1, b"m", None)]
    with unanswered(book):
        book.worked.cut(run, ranges, snapshot_at=NOW)
    with unanswered(book):
        book.worked.finish(run, replace(ranges[0], rows=7))
    assert book.worked.ranges(run) == (replace(ranges[0], is_done=True, rows=7), ranges[1])
    with unanswered(book):
        book.worked.keep(run, findings(5))
    book.worked.keep(run, findings(2))
    page = book.findings.page(run.run_id, Chosen(), scope=Scope(), limit=99)
    assert [(number, each.record_id) for number, each in page] == [
        *((number, number) for number in range(1, 6)),
        *((6, 1), (7, 2)),
    ]
    with unanswered(book):
        book.worked.forget(run)
    assert book.findings.page(run.run_id, Chosen(), scope=Scope(), limit=99) == []
    with unanswered(book):
        ended = book.worked.end(run, Result(Status.COMPLETE), progress=Progress(), at=NOW, worked=SECOND)
    assert ended == book.runs.run(run.run_id)
    assert ended.status is Status.COMPLETE


def test_a_ledger_that_is_away_for_a_moment_ends_no_run(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_audit_work, "PAUSE_S", 0)
    book = Book(url, patience=LEASE)
    run = book.runs.begin("t", OPTIONS, by="asha", at=NOW)
    tries: list[object] = []

    def away(connection: Connection) -> None:
        tries.append(connection)
        if len(tries) < 3:
            raise OperationalError("BEGIN", {}, psycopg2.OperationalError("the server is starting up"))

    event.listen(book.engine, "begin", away)
    book.worked.keep(run, findings(5))
    assert len(tries) == 3
    assert len(book.findings.page(run.run_id, Chosen(), scope=Scope(), limit=99)) == 5


def test_a_lost_lease_is_lost_at_once_and_a_cancel_waits_for_nobody(sqlite_url: str) -> None:
    book = Book(sqlite_url, patience=LEASE)
    run = book.runs.begin("t", OPTIONS, by="asha", at=NOW)
    began = time.monotonic()
    with pytest.raises(LeaseLost):
        book.worked.keep(replace(run, fence=2), findings(1))
    with unanswered(book), pytest.raises(LedgerUnavailable):
        book.worked.end(run, Result(Status.CANCELLED), progress=Progress(), at=NOW, worked=SECOND)
    assert time.monotonic() - began < 2
    with pytest.raises(LeaseLost):
        book.worked.end(run, Result(Status.COMPLETE), progress=Progress(), at=NOW, worked=SECOND)


def test_a_postgres_that_only_reads_keeps_nothing_and_shows_every_run(postgres: Postgres, postgres_url: str) -> None:
    every = acts(Book(postgres_url))
    database = postgres_url.partition("@/")[2].partition("?")[0]
    postgres.execute(
        f"ALTER DATABASE {database} SET default_transaction_read_only = on",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'",
    )
    assert {fault(act) for act in every} == {LedgerFault.READ_ONLY}
    for act in reads(Book(postgres_url)):
        act()


def test_a_server_that_is_gone_is_down(tmp_path: Path) -> None:
    book = Book(f"postgresql+psycopg2://postgres@/nowhere?host={tmp_path}")
    assert {fault(act) for act in reads(book)[::4]} == {LedgerFault.DOWN}
    assert fault(lambda: book.runs.begin("t", OPTIONS, by="asha", at=NOW)) is LedgerFault.DOWN


def test_the_grants_that_are_documented_suffice_and_delete_no_run(postgres: Postgres, postgres_url: str) -> None:
    database = postgres_url.partition("@/")[2].partition("?")[0]
    role = f"dashboard_{database}"
    statements = re.findall(r"^(?:GRANT|REVOKE) .+;$", (ROOT / "docs" / "trail.md").read_text(), re.MULTILINE)
    given = [re.sub(r"\bdashboard\b", role, statement) for statement in statements]
    postgres.execute(f"CREATE ROLE {role} LOGIN", *given, database=database)
    url = postgres_url.replace("//postgres:", f"//{role}:")
    assert url != postgres_url
    book = Book(url)
    for act in [*acts(book), *reads(book)]:
        act()
    with pytest.raises(DBAPIError, match="permission denied"), create_engine(url, poolclass=NullPool).begin() as other:
        other.execute(text("DELETE FROM audits"))


@pytest.fixture(params=["sqlite", "postgres"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("fresh_postgres")
        return url
    (tmp_path / "old.sqlite3").touch()
    return f"sqlite:///{tmp_path}/old.sqlite3"


def test_a_ledger_of_the_version_before_is_brought_up_to_date_with_what_it_holds(fresh_url: str) -> None:
    url = fresh_url
    engine = ledger_engine.make(url)
    with ledger_engine.writing(engine, lock=1) as connection:
        command.upgrade(ledger_migration._config(connection), "0005")
    event = ledger_db.connect(url).append(
        Draft(NOW, "local", "operator", "all", "link", 7, "PAT7", *[None] * 4, "intent", "x")
    )
    assert not ledger_migration.is_current(url)
    ledger_migration.migrate(url)
    assert ledger_migration.is_current(url)
    assert list(ledger_db.connect(url).events()) == [event]
    assert Book(url).runs.begin("t", OPTIONS, by="asha", at=NOW).run_id == 1


def begun_before(connection: Connection, run_id: int, status: str) -> None:
    """Write down a run as the version before does."""
    connection.execute(
        text(
            "INSERT INTO audits (run_id, target, prefix, grace_s, exposure, ranges, started_by, started_at, status,"
            " is_cancelling, fence, lease_at, seconds, progress) VALUES (:run_id, 'bucket', '', 900, 'none', 4,"
            " 'asha', :at, :status, false, 1, :at, 1.0, :progress)"
        ),
        {
            "run_id": run_id,
            "status": status,
            "at": datetime.now(UTC).isoformat(),
            "progress": progress_text(Progress()),
        },
    )


def test_a_run_from_before_holds_its_bucket_and_is_no_verdict_on_any_database(fresh_url: str) -> None:
    engine = ledger_engine.make(fresh_url)
    with ledger_engine.writing(engine, lock=1) as connection:
        command.upgrade(ledger_migration._config(connection), "0006")
        begun_before(connection, 1, "complete")
        begun_before(connection, 2, "running")
    ledger_migration.migrate(fresh_url)
    book, here = Book(fresh_url), target("bucket", "mine")
    assert (book.runs.last_full(here), book.runs.newest(here)) == (None, [])
    assert [each.run_id for each in book.runs.newest("bucket")] == [2, 1]
    with pytest.raises(Busy) as busy:
        book.runs.begin(here, OPTIONS, by="asha", at=NOW)
    assert (busy.value.run_id, busy.value.is_elsewhere) == (2, True)
    age(book, 2)
    assert book.runs.begin(here, OPTIONS, by="asha", at=NOW).run_id == 3


def test_findings_from_before_are_known_again(fresh_url: str) -> None:
    engine = ledger_engine.make(fresh_url)
    found = [Finding(kind, Severity.HIGH, record_id=number) for kind in Kind for number in (0, 7, 2**56 - 1, 2**56, -1)]
    found += [Finding(Kind.UNREFERENCED_OBJECT, Severity.LOW, key=f"{number}.pdf") for number in range(50)]
    with ledger_engine.writing(engine, lock=1) as connection:
        command.upgrade(ledger_migration._config(connection), "0007")
        for number, each in enumerate(found, 1):
            values = {"run_id": 1, "number": number, "kind": each.kind, "severity": each.severity, "evidence": "{}"}
            hashed = blake2b(each.subject.encode(), digest_size=8).digest()
            values |= {
                "subject_hash": int.from_bytes(hashed, signed=True),
                "record_id": each.record_id,
                "key": each.key,
            }
            connection.execute(insert(AUDIT_FINDINGS).values(values))
    ledger_migration.migrate(fresh_url)
    with ledger_engine.reading(engine) as connection:
        rows = connection.execute(select(AUDIT_FINDINGS).order_by(AUDIT_FINDINGS.c.number)).mappings().all()
    assert [row["subject_hash"] for row in rows] == [subject(each) for each in found]
    assert len({subject(each) for each in found}) == len(found)


def test_findings_from_before_have_their_place_among_the_others(fresh_url: str) -> None:
    engine = ledger_engine.make(fresh_url)
    odd = ("b\0", "b\\\ud800", "b\udcff", "\x1a", "é", "a\\b")
    kept = [{"key": each} for each in odd] + [{"resolved": each} for each in odd] + [{}]
    same = {"run_id": 1, "kind": "size_differs", "severity": "high", "evidence": "{}", "subject_hash": 1}
    rows = [same | {"key": None, "resolved": None, "number": number} | each for number, each in enumerate(kept)]
    with ledger_engine.writing(engine, lock=1) as connection:
        command.upgrade(ledger_migration._config(connection), "0008")
        connection.execute(insert(AUDIT_FINDINGS), rows)
    ledger_migration.migrate(fresh_url)
    with ledger_engine.reading(engine) as connection:
        found = connection.execute(select(AUDIT_FINDINGS.c.place).order_by(AUDIT_FINDINGS.c.number)).scalars().all()
    places = ["6200", "625ceda080", "62ff", "1a", None, None]
    assert found == [*places, *places, None]


def test_the_tables_that_the_code_reads_are_those_that_the_migration_makes(url: str) -> None:
    found = inspect(ledger_engine.make(url))
    for table in (AUDITS, AUDIT_RANGES, AUDIT_FINDINGS):
        columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}
        assert {str(index["name"]) for index in found.get_indexes(table.name)} == {each.name for each in table.indexes}
        made = [
            [column.name for column in each.columns] for each in sorted(table.indexes, key=lambda each: str(each.name))
        ]
        assert [
            each["column_names"] for each in sorted(found.get_indexes(table.name), key=lambda each: str(each["name"]))
        ] == made


def test_a_run_of_a_replica_that_is_still_of_the_version_before_holds_its_bucket_too(fresh_url: str) -> None:
    ledger_migration.migrate(fresh_url)
    with ledger_engine.writing(ledger_engine.make(fresh_url), lock=1) as connection:
        begun_before(connection, 1, "running")
    book, here = Book(fresh_url), target("bucket", "mine")
    with pytest.raises(Busy) as busy:
        book.runs.begin(here, OPTIONS, by="asha", at=NOW)
    assert busy.value.is_elsewhere
    age(book, 1)
    assert book.runs.begin(here, OPTIONS, by="asha", at=NOW).run_id == 2
