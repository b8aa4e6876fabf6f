"""Committed events a second, on SQLite and PostgreSQL: ``python -m tests.bench.trail``.

The peer is the least that a durable write can cost in the same database and run: one bare INSERT and COMMIT,
without chain, MAC or index, in turns with ours, so that a busy disk slows both. Both wait for the disk; the
settings that make them are asserted, because no kill of a process proves what a power cut does.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg2

from lib.stores import ledger_db, ledger_engine, ledger_migration
from lib.trail import Draft, Intact, verify
from tests.parts import postgres as postgres_part

KEY = b"m" * 32
TARGET = 200  # committed events a second
AT = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)
REASON = json.dumps({"kind": "phone", "text_hmac": "ab" * 32, "filters": {}, "record_ids": list(range(25))})
DRAFT = Draft(AT, "asha", "owner", "all", "search", None, "PAT1", *[None] * 3, REASON, "ok", "f" * 32, "192.0.2.7")
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


def main() -> None:
    """Print events a second, the peer's, and the ratio, for each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--events", type=int, default=100, help="in each round")
    parser.add_argument("--folder", type=Path, help="on the disk to be measured (default: the temporary folder)")
    chosen = parser.parse_args()
    for name, opened in (("SQLite", sqlite), ("PostgreSQL", postgres)):
        with opened(chosen.folder) as (url, peer):
            _measure(name, url, peer, rounds=chosen.rounds, events=chosen.events)


def _measure(name: str, url: str, peer: Callable[[], None], *, rounds: int, events: int) -> None:
    store = ledger_db.connect(url, mac_key=KEY)

    def ours() -> None:
        store.append(DRAFT)

    pairs = [(_a_second(ours, events), _a_second(peer, events)) for _ in range(rounds + 1)][1:]
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"{name}: {mine:.0f} events a second (target {TARGET}), bare commits {theirs:.0f}, ours is {ratio:.2f} of it")
    with ThreadPoolExecutor(4) as pool:
        started = time.perf_counter()
        list(pool.map(lambda _: ours(), range(events * 4)))
        print(f"  four threads: {events * 4 / (time.perf_counter() - started):.0f} a second")
    checked = verify(store.events(), key=KEY)
    assert isinstance(checked, Intact)
    assert checked.events == events * (rounds + 5)


def _a_second(act: Callable[[], None], count: int) -> float:
    started = time.perf_counter()
    for _ in range(count):
        act()
    return count / (time.perf_counter() - started)


@contextmanager
def sqlite(where: Path | None) -> Iterator[tuple[str, Callable[[], None]]]:
    """A ledger in a file, and a bare commit into a file beside it."""
    with tempfile.TemporaryDirectory(dir=where) as folder:
        url = f"sqlite:///{folder}/ledger.sqlite3"
        ledger_migration.migrate(url)
        with ledger_engine.reading(ledger_engine.make(url)) as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        with closing(sqlite3.connect(f"{folder}/peer.sqlite3", isolation_level=None)) as bare:
            bare.execute("PRAGMA journal_mode = WAL")
            bare.execute("PRAGMA synchronous = FULL")
            bare.execute("CREATE TABLE peer (text)")

            def peer() -> None:
                bare.execute("BEGIN IMMEDIATE")
                bare.execute("INSERT INTO peer VALUES (?)", (REASON,))
                bare.execute("COMMIT")

            yield url, peer


@contextmanager
def postgres(where: Path | None) -> Iterator[tuple[str, Callable[[], None]]]:
    """A ledger on a server of its own that waits for its disk, and a bare commit into another table of it."""
    with ExitStack() as stack:
        server = durable_postgres(stack, where)
        database = server.new_database(schema="CREATE TABLE peer (text text)")
        url = server.url(database)
        ledger_migration.migrate(url)
        bare = stack.enter_context(closing(psycopg2.connect(host=server.socket_dir, user="postgres", dbname=database)))
        with bare, bare.cursor() as cursor:
            for name in DURABLE:
                cursor.execute(f"SHOW {name}")
                assert cursor.fetchone() == ("on",), name

        def peer() -> None:
            with bare, bare.cursor() as cursor:
                cursor.execute("INSERT INTO peer VALUES (%s)", (REASON,))

        yield url, peer


def durable_postgres(stack: ExitStack, where: Path | None = None) -> postgres_part.Postgres:
    """Start a server as it is installed, without what makes tests fast."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pg-", dir=where, ignore_cleanup_errors=True))
    server = postgres_part.start(Path(folder) / "data")
    stack.callback(server.close)
    server.execute(*(f"ALTER SYSTEM SET {name} = on" for name in DURABLE), "SELECT pg_reload_conf()")
    return server


if __name__ == "__main__":
    main()
