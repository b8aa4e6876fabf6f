"""What can go wrong with the ledger, each with its own fault, and never with the address or the password."""

from __future__ import annotations

import ctypes
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.pool import NullPool

from lib.errors import LedgerFault, LedgerUnavailable
from lib.stores import ledger_db, ledger_engine, ledger_migration
from lib.trail import Draft, Intact, TrailEvent, verify
from tests.parts.postgres import NEEDS_PASSWORD, Postgres
from tests.parts.small_disk import fill, mounted

ROOT = Path(__file__).parents[2]
NOBODY = 65534
DRAFT = Draft(
    datetime(2026, 11, 24, 8, 32, tzinfo=UTC), "local", "operator", "all", "link", 1, "PAT1", *[None] * 4, "intent", "x"
)


def fault(act: Callable[[], object]) -> LedgerFault:
    with pytest.raises(LedgerUnavailable) as refused:
        act()
    return refused.value.fault


def append(url: str) -> TrailEvent:
    return ledger_db.connect(url).append(DRAFT)


def read(url: str) -> list[TrailEvent]:
    return list(ledger_db.connect(url).events())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "var" / "ledger.sqlite3"
    ledger_migration.migrate(f"sqlite:///{file}")
    append(f"sqlite:///{file}")
    return file


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(fresh_postgres: str) -> str:
    ledger_migration.migrate(fresh_postgres)
    return fresh_postgres


@contextmanager
def as_nobody() -> Iterator[None]:
    """Run as somebody without root's right to write anywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that nobody, too, can reach."""
    folder = Path(tempfile.mkdtemp(prefix="ledger-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_ledger_that_was_never_made_is_not_migrated_and_is_not_made_by_looking(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/none/ledger.sqlite3"
    assert fault(lambda: append(url)) is LedgerFault.NOT_MIGRATED
    assert fault(lambda: read(url)) is LedgerFault.NOT_MIGRATED
    assert not ledger_migration.is_current(url)
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_our_table_is_not_migrated(tmp_path: Path, fresh_postgres: str) -> None:
    (tmp_path / "empty.sqlite3").touch()
    for url in (f"sqlite:///{tmp_path}/empty.sqlite3", fresh_postgres):
        assert fault(lambda url=url: append(url)) is LedgerFault.NOT_MIGRATED  # type: ignore[misc]
        assert fault(lambda url=url: read(url)) is LedgerFault.NOT_MIGRATED  # type: ignore[misc]
        assert not ledger_migration.is_current(url)


def test_a_file_moved_away_takes_no_more_events(path: Path, url: str) -> None:
    store = ledger_db.connect(url)
    store.append(DRAFT)
    path.rename(path.with_name("moved.sqlite3"))
    assert fault(lambda: store.append(DRAFT)) is LedgerFault.NOT_MIGRATED


def test_a_file_that_was_deleted_takes_no_more_events(path: Path, url: str) -> None:
    store = ledger_db.connect(url)
    store.append(DRAFT)
    path.unlink()
    assert fault(lambda: store.append(DRAFT)) is LedgerFault.NOT_MIGRATED
    assert fault(lambda: list(store.events())) is LedgerFault.NOT_MIGRATED


def test_a_backup_put_in_the_files_place_is_what_grows(path: Path, url: str) -> None:
    store = ledger_db.connect(url)
    backup = path.with_name("backup.sqlite3")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    store.append(DRAFT)
    for other in path.parent.glob("ledger.sqlite3-*"):
        other.unlink()
    backup.replace(path)
    assert store.append(DRAFT).sequence == 2
    assert len(read(url)) == 2


def test_a_deleted_log_takes_no_event_with_it(path: Path, url: str) -> None:
    store = ledger_db.connect(url)
    store.append(DRAFT)
    path.with_name("ledger.sqlite3-wal").unlink()
    assert store.append(DRAFT).sequence == 3
    assert [event.sequence for event in read(url)] == [1, 2, 3]


def test_rights_that_are_taken_away_are_gone_for_a_kept_connection_too(open_folder: Path) -> None:
    url = f"sqlite:///{open_folder}/ledger.sqlite3"
    ledger_migration.migrate(url)
    store = ledger_db.connect(url)
    store.append(DRAFT)
    (open_folder / "ledger.sqlite3").chmod(0o444)
    open_folder.chmod(0o777)
    with as_nobody():
        assert fault(lambda: store.append(DRAFT)) is LedgerFault.READ_ONLY
        assert len(list(store.events())) == 1


def test_a_disk_that_fills_up_takes_no_event_of_a_kept_connection_and_breaks_no_chain(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    with mounted(folder, options="size=2m"):
        url = f"sqlite:///{folder}/ledger.sqlite3"
        ledger_migration.migrate(url)
        store = ledger_db.connect(url)
        store.append(DRAFT)
        path = folder / "ballast"
        fill(path)
        assert fault(lambda: [store.append(DRAFT) for _ in range(200)]) is LedgerFault.FULL
        path.unlink()
        assert isinstance(verify(store.events()), Intact)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database, but long enough to be read as one\n" * 100)
    assert fault(lambda: append(f"sqlite:///{tmp_path}/notes.txt")) is LedgerFault.OTHER
    assert fault(lambda: ledger_migration.migrate(f"sqlite:///{tmp_path}/notes.txt")) is LedgerFault.OTHER


def test_a_ledger_of_a_newer_version_is_left_alone(path: Path, url: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE ledger_version SET version_num = '9999'")
        connection.commit()
    assert not ledger_migration.is_current(url)
    assert fault(lambda: ledger_migration.migrate(url)) is LedgerFault.OTHER
    assert len(read(url)) == 1


def test_a_read_only_file_takes_no_event_and_can_be_read(open_folder: Path) -> None:
    url = f"sqlite:///{open_folder}/ledger.sqlite3"
    ledger_migration.migrate(url)
    append(url)
    (open_folder / "ledger.sqlite3").chmod(0o444)
    open_folder.chmod(0o777)
    with as_nobody():
        assert fault(lambda: append(url)) is LedgerFault.READ_ONLY
        assert len(read(url)) == 1


def test_a_folder_that_may_not_be_written_is_read_only(open_folder: Path) -> None:
    url = f"sqlite:///{open_folder}/ledger.sqlite3"
    ledger_migration.migrate(url)
    (open_folder / "ledger.sqlite3").chmod(0o666)
    open_folder.chmod(0o555)
    with as_nobody():
        assert fault(lambda: append(url)) is LedgerFault.READ_ONLY
        assert (
            fault(lambda: ledger_migration.migrate(f"sqlite:///{open_folder}/var/new.sqlite3")) is LedgerFault.READ_ONLY
        )
        assert fault(lambda: ledger_migration.migrate(f"sqlite:///{open_folder}/new.sqlite3")) is LedgerFault.READ_ONLY


def test_a_read_only_file_system(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    with mounted(folder, options="size=2m"):
        url = f"sqlite:///{folder}/ledger.sqlite3"
        ledger_migration.migrate(url)
        append(url)
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 32 | 1, b"size=2m") == 0  # MS_REMOUNT | MS_RDONLY
        assert fault(lambda: append(url)) is LedgerFault.READ_ONLY
        assert fault(lambda: ledger_migration.migrate(f"sqlite:///{folder}/new.sqlite3")) is LedgerFault.READ_ONLY


def test_a_full_disk_takes_no_event_and_breaks_no_chain(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    with mounted(folder, options="size=512k"):
        url = f"sqlite:///{folder}/ledger.sqlite3"
        ledger_migration.migrate(url)
        append(url)
        ballast = folder / "ballast"
        fill(ballast)
        assert fault(lambda: append(url)) is LedgerFault.FULL
        assert fault(lambda: ledger_migration.migrate(f"sqlite:///{folder}/new/ledger.sqlite3")) is LedgerFault.FULL
        ballast.unlink()
        append(url)
        checked = verify(read(url))
        assert isinstance(checked, Intact)
        assert checked.events == 2


FILLS_UP = """
import resource, sys
from lib.errors import LedgerUnavailable
from lib.stores import ledger_db
from tests.stores.test_ledger_faults import DRAFT
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
store, done = ledger_db.connect(sys.argv[1]), 0
try:
    while True:
        store.append(DRAFT)
        done += 1
except LedgerUnavailable:
    print(done, len(list(store.events())))
"""


def test_a_file_that_may_not_grow_takes_no_event_loses_none_and_breaks_no_chain(path: Path, url: str) -> None:
    """What a full disk does, for whoever may not mount one: every write beyond the limit fails in the kernel."""
    limit = path.stat().st_size + 200_000
    child = subprocess.run(
        [sys.executable, "-c", FILLS_UP, url, str(limit)], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    acknowledged, readable = map(int, child.stdout.split() or (0, 0))
    assert acknowledged > 10, child.stderr
    assert readable == acknowledged + 1
    assert append(url).sequence == acknowledged + 2
    assert isinstance(verify(read(url)), Intact)


def test_a_database_that_may_not_grow_takes_no_event_and_breaks_no_chain(url: str) -> None:
    engine = ledger_engine.make(url)
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 1"))
    store = ledger_db.LedgerDb(engine)  # SQLite takes the present size where that is more
    assert fault(lambda: [store.append(DRAFT) for _ in range(1000)]) is LedgerFault.FULL
    after = append(url)
    assert verify(store.events()) == Intact(after.sequence, after.hash)


@pytest.mark.parametrize("mode", [0o444, 0o640, 0o400])
def test_migrate_takes_rights_from_others_and_gives_none(path: Path, url: str, mode: int) -> None:
    path.chmod(mode)
    ledger_migration.migrate(url)
    assert stat.S_IMODE(path.stat().st_mode) == mode & 0o700


def test_another_program_that_holds_the_file_is_told_within_its_time(path: Path, url: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert fault(lambda: append(url)) is LedgerFault.LOCKED
        assert time.monotonic() - began < ledger_engine.WAIT_S + 3
        assert len(read(url)) == 1
        other.execute("ROLLBACK")
    assert append(url).sequence == 2


def test_another_session_that_holds_the_postgres_table(postgres_url: str) -> None:
    engine = create_engine(postgres_url, poolclass=NullPool)
    with engine.begin() as other:
        other.execute(text("LOCK TABLE trail IN ACCESS EXCLUSIVE MODE"))
        assert fault(lambda: append(postgres_url)) is LedgerFault.LOCKED
    assert append(postgres_url).sequence == 1


def test_a_postgres_that_only_reads(postgres: Postgres, postgres_url: str) -> None:
    database = postgres_url.partition("@/")[2].partition("?")[0]
    postgres.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    assert fault(lambda: append(postgres_url)) is LedgerFault.READ_ONLY
    assert read(postgres_url) == []
    ledger_migration.migrate(postgres_url)  # nothing to do


def test_every_append_waits_for_the_disk_whatever_the_servers_default(postgres_url: str) -> None:
    engine = ledger_engine.make(postgres_url)
    with ledger_engine.writing(engine, lock=1) as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    with ledger_engine.reading(engine) as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "off"  # as the tests' server is set
    engine.dispose()


def test_sqlite_waits_for_the_disk_and_keeps_a_write_ahead_log(url: str) -> None:
    with ledger_engine.reading(ledger_engine.make(url)) as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg2://asha:hunter2@127.0.0.1:1/ledger",
        "postgresql+psycopg2://asha:hunter2@no-such-host.invalid/ledger",
    ],
)
def test_a_server_that_is_not_there_is_down_and_its_password_is_in_no_traceback(address: str) -> None:
    for act in (append, read, ledger_migration.migrate, ledger_migration.is_current):
        with pytest.raises(LedgerUnavailable) as refused:
            act(address)
        assert refused.value.fault is LedgerFault.DOWN
        assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_a_wrong_password_and_a_missing_database_are_down(postgres: Postgres) -> None:
    wrong = postgres.url(user=NEEDS_PASSWORD, password="wrong-password")
    assert fault(lambda: append(wrong)) is LedgerFault.DOWN
    assert fault(lambda: append(postgres.url("no_such_database"))) is LedgerFault.DOWN


@pytest.mark.parametrize("address", ["not an address hunter2", "oracle+nothing://u:hunter2@h/d", ""])
def test_an_address_that_is_none_is_refused_without_being_shown(address: str) -> None:
    for act in (ledger_db.connect, ledger_migration.migrate, ledger_migration.is_current):
        with pytest.raises(LedgerUnavailable) as refused:
            act(address)
        assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_a_connection_that_the_server_dropped_is_replaced(postgres: Postgres, postgres_url: str) -> None:
    database = postgres_url.partition("@/")[2].partition("?")[0]
    store = ledger_db.connect(postgres_url)
    store.append(DRAFT)
    postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
    assert store.append(DRAFT).sequence == 2
    assert isinstance(verify(store.events()), Intact)


class _Coded(psycopg2.Error):
    def __init__(self, pgcode: str) -> None:
        super().__init__("an error of the server")
        self._code = pgcode

    @property
    def pgcode(self) -> Any:
        return self._code


@pytest.mark.parametrize(
    ("pgcode", "found"),
    [
        ("53100", LedgerFault.FULL),
        ("53300", LedgerFault.DOWN),
        ("57P01", LedgerFault.DOWN),
        ("57014", LedgerFault.LOCKED),
        ("40P01", LedgerFault.LOCKED),
        ("08006", LedgerFault.DOWN),
        ("42703", LedgerFault.NOT_MIGRATED),
        ("23505", LedgerFault.OTHER),
        ("XX001", LedgerFault.OTHER),
    ],
)
def test_what_the_servers_codes_mean(pgcode: str, found: LedgerFault) -> None:
    assert ledger_engine.fault(_Coded(pgcode)) is found
