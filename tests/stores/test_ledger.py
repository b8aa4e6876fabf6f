"""The trail as any store keeps it, and what only a real one must hold: triggers, processes, and a forger's hand."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from lib.stores import ledger_db, ledger_migration
from lib.stores.ledger_tables import TRAIL
from lib.stores.memory.trail import MemoryTrail
from lib.trail import GENESIS, Broken, Draft, Intact, Selection, TrailStore, verify
from tests.parts.postgres import Postgres

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, 8, 32, 0, 123456, tzinfo=UTC)
WRITER = """
import sys
from datetime import UTC, datetime
from lib.stores import ledger_db
from lib.trail import Draft
store, name = ledger_db.connect(sys.argv[1]), sys.argv[2]
for number in range(int(sys.argv[3])):
    at = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)
    draft = Draft(at, name, "operator", "all", "link", number, "PAT1", None, None, None, None, "ok", name)
    event = store.append(draft)
    print(event.sequence, event.hash, flush=True)
"""


def draft(actor: str = "local", *, record_id: int | None = 7) -> Draft:
    return Draft(
        at=NOW,
        actor=actor,
        role="operator",
        scope="CLN1,CLN2",
        action="link",
        record_id=record_id,
        patient_id="PAT7",
        clinic_id=None,
        key_hmac="ab" * 32,
        expires_at=NOW + timedelta(hours=1),
        reason="Grüße, \u202eनमस्ते 'quoted' \"twice\" \\ {}",
        result="intent",
        request_id="f" * 32,
    )


def writer(url: str, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, url, name, str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": "."})


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> TrailStore:
    if request.param == "memory":
        return MemoryTrail()
    return ledger_db.connect(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def forge(url: str) -> Iterator[Forger]:
    forger = Forger(url)
    yield forger
    forger.close()


class Forger:
    """Somebody with the database's password and a will."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, poolclass=NullPool)
        self.is_sqlite = url.startswith("sqlite")

    def __call__(self, *statements: str) -> None:
        with self._engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def drop_triggers(self) -> None:
        if self.is_sqlite:
            self(*(f"DROP TRIGGER {name}" for name in ("trail_no_update", "trail_no_delete", "trail_at_its_end")))
        else:
            self("DROP TRIGGER trail_append_only ON trail")

    def close(self) -> None:
        self._engine.dispose()


def test_an_empty_trail_is_intact(store: TrailStore) -> None:
    assert verify(store.events()) == Intact(0, GENESIS)


def test_an_event_reads_back_as_it_was_written(store: TrailStore) -> None:
    first, second = store.append(draft()), store.append(draft("cli:asha", record_id=None))
    assert list(store.events()) == [first, second]
    assert (first.sequence, first.previous_hash, second.sequence, second.previous_hash) == (1, GENESIS, 2, first.hash)
    assert verify(store.events()) == Intact(2, second.hash)


def test_an_instant_of_another_zone_is_the_same_instant(store: TrailStore) -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    event = store.append(Draft(NOW.astimezone(india), "a", "r", "s", "link", *[None] * 6, "ok", "x"))
    read = next(iter(store.events()))
    assert (read.at, read.hash) == (NOW, event.hash)
    assert verify(store.events()) == Intact(1, event.hash)


def test_the_largest_record_number_fits(store: TrailStore) -> None:
    store.append(draft(record_id=2**63 - 1))
    assert isinstance(verify(store.events()), Intact)


def test_one_persons_events_of_one_kind_are_counted_from_an_instant_on_and_before_an_event(store: TrailStore) -> None:
    asked = draft()
    for hours in range(5):
        store.append(replace(asked, at=NOW + timedelta(hours=hours)))
    for other in ({"actor": "bilal"}, {"action": "preview"}, {"result": "refused:MISSING"}):
        store.append(replace(asked, at=NOW + timedelta(hours=9), **other))  # type: ignore[arg-type]
    whose = {"actor": asked.actor, "action": asked.action, "result": asked.result}
    assert store.count(**whose, since=NOW) == 5
    assert store.count(**whose, since=NOW + timedelta(hours=3)) == 2
    assert store.count(**whose, since=NOW + timedelta(hours=3, microseconds=1)) == 1
    assert store.count(**whose, since=NOW + timedelta(hours=2), before=4) == 1
    assert store.count(**whose, since=NOW, before=1) == 0


def test_the_newest_events_come_first_a_page_at_a_time(store: TrailStore) -> None:
    for number in range(7):
        store.append(draft("asha" if number % 2 else "bilal", record_id=number))
    assert [event.sequence for event in store.newest(limit=3)] == [7, 6, 5]
    assert [event.sequence for event in store.newest(limit=3, before=5)] == [4, 3, 2]
    assert [event.sequence for event in store.newest(Selection(actor="asha"), limit=2, before=6)] == [4, 2]
    assert [event.sequence for event in store.newest(Selection(record_id=2), limit=9)] == [3]
    assert not store.newest(Selection(patient_id="PAT8"), limit=9)


def test_eight_threads_make_one_chain(store: TrailStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: store.append(draft(f"thread {number}")), range(48)))
    assert sorted(event.sequence for event in made) == list(range(1, 49))
    assert verify(store.events()) == Intact(48, max(made, key=lambda event: event.sequence).hash)


def test_two_processes_and_eight_threads_make_one_chain(url: str) -> None:
    store = ledger_db.connect(url)
    others = [writer(url, f"process {number}", 25) for number in range(2)]
    with ThreadPoolExecutor(8) as pool:
        mine = [event.sequence for event in pool.map(lambda _: store.append(draft()), range(40))]
    theirs = [int(line.split()[0]) for other in others for line in other.communicate(timeout=60)[0].splitlines()]
    assert sorted(mine + theirs) == list(range(1, 91))
    checked = verify(store.events())
    assert isinstance(checked, Intact)
    assert checked.events == 90


def test_a_killed_writer_loses_no_event_that_it_was_told_is_written(sqlite_url: str) -> None:
    told: dict[int, str] = {}
    for wanted in (1, 7, 20):
        process = writer(sqlite_url, "killed", 10_000)
        assert process.stdout is not None
        for _ in range(wanted):
            sequence, hash_ = process.stdout.readline().split()
            told[int(sequence)] = hash_
        process.kill()
        rest = process.communicate()[0]
        told |= {int(line.split()[0]): line.split()[1] for line in rest.splitlines() if len(line.split()) == 2}
    store = ledger_db.connect(sqlite_url)
    store.append(draft())
    kept = {event.sequence: event.hash for event in store.events()}
    assert isinstance(verify(store.events()), Intact)
    assert told.items() <= kept.items()


def test_more_events_than_a_page_are_walked(sqlite_url: str, forge_many: int) -> None:
    checked = verify(ledger_db.connect(sqlite_url).events())
    assert isinstance(checked, Intact)
    assert checked.events == forge_many


@pytest.fixture
def forge_many(sqlite_url: str) -> int:
    """A long chain, written in one transaction: one fsync in place of thousands."""
    memory = MemoryTrail()
    count = 2 * 1000 + 1
    for _ in range(count):
        memory.append(draft())
    engine = create_engine(sqlite_url, poolclass=NullPool)
    with engine.begin() as connection:
        rows = [{column.name: getattr(event, column.name) for column in TRAIL.c} for event in memory.events()]
        connection.execute(TRAIL.insert(), rows)
    return count


@pytest.mark.parametrize(
    "statement",
    ["UPDATE trail SET actor = 'nobody'", "UPDATE trail SET actor = actor WHERE sequence = 2", "DELETE FROM trail"],
)
def test_no_row_can_be_changed_or_deleted(url: str, forge: Forger, statement: str) -> None:
    store = ledger_db.connect(url)
    written = [store.append(draft()) for _ in range(3)]
    with pytest.raises(DBAPIError, match="the trail is append-only"):
        forge(statement)
    assert list(store.events()) == written


def test_the_trail_cannot_be_emptied_at_once(postgres_url: str) -> None:
    store = ledger_db.connect(postgres_url)
    store.append(draft())
    forger = Forger(postgres_url)
    for statement in ("TRUNCATE trail", "SET session_replication_role = replica; DELETE FROM trail"):
        with pytest.raises(DBAPIError, match="the trail is append-only"):
            forger(statement)
    assert verify(store.events()).__class__ is Intact


@pytest.mark.parametrize("sequence", ["1", "0", "-5", "9"])
def test_no_row_can_be_replaced_or_put_anywhere_but_at_the_end(sqlite_url: str, sequence: str) -> None:
    store = ledger_db.connect(sqlite_url)
    written = [store.append(draft()) for _ in range(2)]
    columns = ", ".join(TRAIL.c.keys())
    others = ", ".join(list(TRAIL.c.keys())[1:])
    forger = Forger(sqlite_url)
    with pytest.raises(DBAPIError, match="the trail is append-only"):
        forger(f"INSERT OR REPLACE INTO trail ({columns}) SELECT {sequence}, {others} FROM trail WHERE sequence = 2")
    assert list(store.events()) == written


@pytest.mark.parametrize(
    ("statements", "first_broken", "problem"),
    [
        (["UPDATE trail SET actor = 'cli:bilal' WHERE sequence = 3"], 3, "hash"),
        (["UPDATE trail SET patient_id = NULL WHERE sequence = 2"], 2, "hash"),
        (["UPDATE trail SET expires_at = at WHERE sequence = 5"], 5, "hash"),
        (["DELETE FROM trail WHERE sequence = 3"], 4, "gap"),
        (["DELETE FROM trail WHERE sequence = 1"], 2, "gap"),
        (
            ["DELETE FROM trail WHERE sequence = 3", "UPDATE trail SET sequence = 3 WHERE sequence = 4"],
            3,
            "previous_hash",
        ),
        (
            [
                "UPDATE trail SET sequence = 99 WHERE sequence = 2",
                "UPDATE trail SET sequence = 2 WHERE sequence = 3",
                "UPDATE trail SET sequence = 3 WHERE sequence = 99",
            ],
            2,
            "previous_hash",
        ),
    ],
)
def test_a_forged_deleted_or_reordered_row_is_found(
    url: str, forge: Forger, statements: list[str], first_broken: int, problem: str
) -> None:
    store = ledger_db.connect(url)
    for number in range(5):
        store.append(draft(f"actor {number}"))
    forge.drop_triggers()
    forge(*statements)
    assert verify(store.events()) == Broken(first_broken, problem)


@pytest.mark.parametrize(
    "forged",
    ["at = 'yesterday'", "at = 12.5", "actor = x'ff00'", "record_id = 'seven'", "actor = CAST(x'fffe' AS TEXT)"],
)
def test_what_no_event_can_hold_breaks_the_chain_and_not_the_reader(sqlite_url: str, forged: str) -> None:
    store = ledger_db.connect(sqlite_url)
    for _ in range(3):
        store.append(draft())
    forger = Forger(sqlite_url)
    forger.drop_triggers()
    forger(f"UPDATE trail SET {forged} WHERE sequence = 2")
    assert verify(store.events()) == Broken(2, "hash")


@pytest.mark.parametrize("forged", ["infinity", "-infinity", "12000-01-01", "0100-01-01 BC"])
def test_an_instant_that_python_has_not_breaks_the_chain_and_not_the_reader(postgres_url: str, forged: str) -> None:
    store = ledger_db.connect(postgres_url)
    for _ in range(3):
        store.append(draft())
    forger = Forger(postgres_url)
    forger.drop_triggers()
    forger(f"UPDATE trail SET at = '{forged}' WHERE sequence = 2")
    assert verify(store.events()) == Broken(2, "hash")


def test_a_session_in_another_zone_reads_the_same_instants(postgres: Postgres, postgres_url: str) -> None:
    event = ledger_db.connect(postgres_url).append(draft())
    database = postgres_url.partition("@/")[2].partition("?")[0]
    postgres.execute(
        f"ALTER DATABASE {database} SET timezone = 'Asia/Kolkata'",
        f"ALTER DATABASE {database} SET datestyle = 'German'",
    )
    assert list(ledger_db.connect(postgres_url).events()) == [event]


def test_walking_the_trail_does_not_hold_up_a_writer(url: str) -> None:
    store = ledger_db.connect(url)
    for _ in range(3):
        store.append(draft())
    walking = store.events()
    next(walking)
    assert store.append(draft()).sequence == 4


def test_migrating_twice_changes_nothing(url: str) -> None:
    event = ledger_db.connect(url).append(draft())
    ledger_migration.migrate(url)
    assert ledger_migration.is_current(url)
    assert list(ledger_db.connect(url).events()) == [event]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_processes_that_migrate_at_once_all_succeed(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path}/new/ledger.sqlite3" if kind == "sqlite" else request.getfixturevalue("fresh_postgres")
    assert not ledger_migration.is_current(url)
    go = tmp_path / "go"  # so that they really begin together
    script = (
        "import sys, time, pathlib; from lib.stores import ledger_migration; print('ready', flush=True)\n"
        "while not pathlib.Path(sys.argv[2]).exists(): time.sleep(0.001)\n"
        "ledger_migration.migrate(sys.argv[1])"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, url, str(go)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": "."},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    go.touch()
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    assert ledger_migration.is_current(url)
    assert ledger_db.connect(url).append(draft()).sequence == 1


def test_threads_that_migrate_at_once_all_succeed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite3"
    barrier = threading.Barrier(4)

    def migrate(_: int) -> None:
        barrier.wait()
        ledger_migration.migrate(url)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, range(4)))
    assert ledger_migration.is_current(url)


def test_the_migrated_table_is_the_one_that_the_code_reads(url: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    found = inspect(engine)
    columns = [(column["name"], column["nullable"]) for column in found.get_columns("trail")]
    assert columns == [(column.name, bool(column.nullable)) for column in TRAIL.c]
    indexes = {str(index["name"]): index["column_names"] for index in found.get_indexes("trail")}
    assert indexes == {str(index.name): [column.name for column in index.columns] for index in TRAIL.indexes}
    assert sorted(indexes) == ["ix_trail_actor", "ix_trail_at", "ix_trail_patient_id", "ix_trail_record_id"]


def test_only_its_owner_can_open_the_file_and_its_log(tmp_path: Path) -> None:
    path = tmp_path / "var" / "ledger.sqlite3"
    before = os.umask(0)
    try:
        ledger_migration.migrate(f"sqlite:///{path}")
        with sqlite3.connect(path) as held:
            held.execute("SELECT count(*) FROM trail").fetchall()
            ledger_db.connect(f"sqlite:///{path}").append(draft())
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        held.close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert modes == {"ledger.sqlite3": 0o600, "ledger.sqlite3-wal": 0o600, "ledger.sqlite3-shm": 0o600}


def test_a_file_that_others_could_open_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.touch(mode=0o644)
    path.chmod(0o644)
    ledger_migration.migrate(f"sqlite:///{path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
