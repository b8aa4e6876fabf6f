"""Writers that are killed with SIGKILL while they write: ``python -m tests.bench.trail_kill --kills 500``.

Four processes append to one trail; one after the other is killed at a random moment and replaced. An event counts
as acknowledged once ``append`` has returned and its number and hash have gone into a pipe. At the end every
acknowledged event must be there, and the chain must hold. A killed process does not prove what a power cut does:
for that, the settings that make a commit wait for the disk are asserted before.
"""

from __future__ import annotations

import argparse
import os
import random
import selectors
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from lib.errors import LedgerUnavailable
from lib.stores import ledger_db, ledger_engine, ledger_migration
from lib.trail import Draft, Intact, verify
from tests.bench.trail import DURABLE, durable_postgres

KEY = b"m" * 32
WRITERS = 4
START_S = 5
AT = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)


@dataclass
class Writer:
    """A process that appends without end, and the pipe into which it says what was committed."""

    pid: int
    pipe: int
    said: bytes = b""

    def listen(self) -> bool:
        """Take what is in the pipe; False at its end."""
        got = os.read(self.pipe, 1 << 16)
        self.said += got
        return bool(got)


def start(url: str, number: int) -> Writer:
    """Fork a writer. The parent has no connection and no thread, so that nothing is shared but the code."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid:
        os.close(theirs)
        return Writer(pid, ours)
    try:
        store = ledger_db.connect(url, mac_key=KEY)
        while True:
            try:
                event = store.append(Draft(AT, f"writer {number}", *["x"] * 3, number, *[None] * 5, "ok", "x"))
            except LedgerUnavailable:
                continue  # not acknowledged
            os.write(theirs, f"{event.sequence} {event.hash}\n".encode())
    finally:
        os._exit(1)


def campaign(url: str, *, kills: int, seed: int) -> tuple[dict[int, str], int]:
    """Kill so many writers; return every acknowledged event, and how many were killed before they had any."""
    rng = random.Random(seed)
    acknowledged: dict[int, str] = {}
    silent = 0
    with selectors.DefaultSelector() as pipes:
        writers = [start(url, number) for number in range(WRITERS)]
        for writer in writers:
            pipes.register(writer.pipe, selectors.EVENT_READ, writer)
        for number in range(WRITERS, kills + WRITERS):
            killed = writers.pop(rng.randrange(len(writers)))
            if rng.random() < 0.9:  # most of them while they write, some while they begin
                _listen(pipes, until=time.monotonic() + START_S, to=killed)
            _listen(pipes, until=time.monotonic() + rng.uniform(0, 0.05))
            _end(killed, pipes, acknowledged)
            silent += not killed.said
            if number < kills:  # the last ones are not replaced
                writers.append(start(url, number))
                pipes.register(writers[-1].pipe, selectors.EVENT_READ, writers[-1])
    return acknowledged, silent


def _listen(pipes: selectors.BaseSelector, *, until: float, to: Writer | None = None) -> None:
    """Take what the writers say, until then or until this one has said something."""
    while (left := until - time.monotonic()) > 0 and not (to and to.said):
        for ready, _ in pipes.select(left):
            ready.data.listen()


def _end(writer: Writer, pipes: selectors.BaseSelector, acknowledged: dict[int, str]) -> None:
    os.kill(writer.pid, signal.SIGKILL)
    os.waitpid(writer.pid, 0)
    while writer.listen():
        pass
    pipes.unregister(writer.pipe)
    os.close(writer.pipe)
    for line in writer.said.decode().splitlines():
        sequence, hash_ = line.split()
        assert int(sequence) not in acknowledged, "one number was given twice"
        acknowledged[int(sequence)] = hash_


def report(name: str, url: str, *, kills: int, seed: int) -> bool:
    """Run one campaign, print what it found, and return whether nothing was lost."""
    started = time.monotonic()
    acknowledged, silent = campaign(url, kills=kills, seed=seed)
    took = time.monotonic() - started
    store = ledger_db.connect(url, mac_key=KEY)
    kept = {event.sequence: event.hash for event in store.events()}
    lost = acknowledged.items() - kept.items()
    checked = verify(store.events(), key=KEY)
    print(f"{name}: {kills} kills in {took:.0f} s, {silent} before the first event; {len(kept)} events kept")
    print(f"  {len(lost)} of {len(acknowledged)} acknowledged events lost (expect 0)")
    print(f"  chain: {'intact' if isinstance(checked, Intact) else checked} (expect intact)")
    return not lost and isinstance(checked, Intact) and bool(acknowledged)


@contextmanager
def sqlite() -> Iterator[str]:
    """A ledger in a file."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/ledger.sqlite3"
        ledger_migration.migrate(url)
        engine = ledger_engine.make(url)
        with ledger_engine.reading(engine) as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        engine.dispose()
        yield url


@contextmanager
def postgres() -> Iterator[str]:
    """A ledger on a server of its own that waits for its disk."""
    with ExitStack() as stack:
        server = durable_postgres(stack)
        url = server.url(server.new_database())
        ledger_migration.migrate(url)
        engine = ledger_engine.make(url)
        with ledger_engine.writing(engine, lock=1) as connection:
            for name in DURABLE:
                assert connection.exec_driver_sql(f"SHOW {name}").scalar() == "on", name
        engine.dispose()
        yield url


def main() -> None:
    """Kill writers of a ledger in each database, or of the one at ``--url``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--url", help="a ledger that is there and may be written")
    chosen = parser.parse_args()
    if chosen.url:
        is_well = report("given", chosen.url, kills=chosen.kills, seed=chosen.seed)
        raise SystemExit(0 if is_well else 1)
    for name, opened in (("SQLite", sqlite), ("PostgreSQL", postgres)):
        with opened() as url:
            if not report(name, url, kills=chosen.kills, seed=chosen.seed):
                raise SystemExit(1)


if __name__ == "__main__":
    main()
