"""Audits that are killed with SIGKILL at random moments and taken up again: ``python -m tests.bench.audit_kill --kills 50``.

A clinic of 20,000 objects (SQLite, and a server in this process), or with ``--canned 200000`` one that is so large that
two processes walk it (PostgreSQL, and the canned server), is audited once undisturbed. Then runs are begun and
killed, and resumed, and some of them killed again, until each is complete: what each then found must be what the
undisturbed one found, line for line. Nobody waits for a lease to run out: it is made old in the ledger.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from dashboard.demo.guarded_s3 import serve
from lib.audit_book import LEASE
from lib.stores import ledger_engine
from lib.stores.ledger_audit_tables import AUDITS
from tests.bench import audit as audit_bench
from tests.bench import canned_s3
from tests.bench.canned_s3 import Space
from tests.parts import moody_s3, planted_growing
from tests.parts.audit_command import ROOT, audit, command, environment, faults_of_form, lines_of
from tests.parts.planted_clinic import Clinic, Grow, on_guarded_s3

AGAIN = 0.4  # how often a run that was taken up is killed once more


@dataclass
class Campaign:
    """What came of it. ``phases`` says how far the killed ones were."""

    kills: int = 0
    runs: int = 0
    different: int = 0
    phases: Counter[str] = field(default_factory=Counter)


@contextmanager
def clinic_of(objects: int, *, grow: Grow = planted_growing.grow) -> Iterator[Clinic]:
    """Grow a clinic on SQLite and the guarded S3, whose listings come from memory."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(serve(bucket="edrspace", access_key_id="GUARDEDKEY", secret_access_key="secret"))
        moody = stack.enter_context(moody_s3.before(server))
        grown = on_guarded_s3(objects, server=server, folder=folder, grow=grow)
        old = [each for each in grown.planted.objects if each.key not in grown.planted.young]
        moody.mood = moody_s3.in_memory(old, modified=datetime.now(UTC) - timedelta(days=1))
        yield replace(grown, values={**grown.values, "AWS_S3_ENDPOINT_URL": moody.endpoint_url})


def campaign(values: Mapping[str, str], folder: Path, *, kills: int, seed: int) -> Campaign:
    """Kill so many; compare every run with the undisturbed one."""
    rng, found = random.Random(seed), Campaign()
    whole = audit(values, "--exposure", "none", out=folder / "undisturbed")
    assert whole.status == 1, whole.err
    assert list(faults_of_form(whole)) == []
    seconds = float(whole.json["seconds"])
    while found.kills < kills:
        words, run_id, phase = ("--exposure", "none"), None, ""
        out = folder / f"run-{found.runs}"
        while found.kills < kills and (run_id is None or rng.random() < AGAIN):
            told = killed(values, *words, out=out, is_time=after_a_moment(rng.uniform(0, seconds)))
            found.kills += 1
            if told is None:
                found.phases["before it began"] += 1
                continue
            run_id, phase = told
            found.phases[phase] += 1
            if phase == "complete":
                break
            words = ("--resume", str(run_id))
        found.runs += 1
        if phase == "complete":  # killed while it wrote its findings out, or just before or after
            found.different += lines_of(out) not in {(), whole.lines}
            continue
        ended = audit(values, *words, out=out)
        if (ended.lines, ended.status, ended.json["findings"]) != (whole.lines, 1, whole.json["findings"]):
            found.different += 1
            print(f"  run {run_id} differs: {ended.out.strip()} {ended.err.strip()[-300:]}")
    return found


def killed(values: Mapping[str, str], *words: str, out: Path, is_time: Callable[[], bool]) -> tuple[int, str] | None:
    """Start a run, kill it once it is in the book and it is time; return its number and how far it was."""
    before = (_last(values) or ())[:2]
    process = subprocess.Popen(
        command("--out", str(out), *words),
        cwd=ROOT,
        env=environment(values),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with process:
        while process.poll() is None and (_last(values) or ())[:2] == before:
            time.sleep(0.02)
        while process.poll() is None and not is_time():
            time.sleep(0.005)
        process.kill()
    after = _last(values)
    if after is None or after[:2] == before:
        return None
    _make_old(values)
    number, _, status = after
    return number, _reached(values, number, status)


def after_a_moment(seconds: float) -> Callable[[], bool]:
    """Return what says when so many seconds have passed since it was first asked."""
    begun: list[float] = []

    def is_time() -> bool:
        begun.append(time.monotonic())
        return begun[-1] - begun[0] >= seconds

    return is_time


def once_there_is(table: str, values: Mapping[str, str]) -> Callable[[], bool]:
    """Return what says when a table of the book has any row."""

    def is_time() -> bool:
        with closing(sqlite3.connect(_book(values))) as book:
            return bool(book.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    return is_time


def _last(values: Mapping[str, str]) -> tuple[int, int, str] | None:
    """Return number, fence and status of the newest run in the book."""
    with closing(sqlite3.connect(_book(values))) as book:
        newest = "SELECT run_id, fence, status FROM audits ORDER BY run_id DESC LIMIT 1"
        found: tuple[int, int, str] | None = book.execute(newest).fetchone()
    return found


def _reached(values: Mapping[str, str], run_id: int, status: str) -> str:
    """Return how far a run was, by its ranges: the progress in the book is as old as a heartbeat."""
    if status == "complete":
        return status
    with closing(sqlite3.connect(_book(values))) as book:
        done = [each for (each,) in book.execute("SELECT is_done FROM audit_ranges WHERE run_id = ?", (run_id,))]
    return "before its ranges" if not done else "after its ranges" if all(done) else "in its ranges"


def _book(values: Mapping[str, str]) -> str:
    return values["DASHBOARD_DATABASE_URL"].removeprefix("sqlite:///")


def _make_old(values: Mapping[str, str]) -> None:
    """Let the time pass that a dead worker's lease takes."""
    engine = ledger_engine.make(values["DASHBOARD_DATABASE_URL"])
    try:
        with ledger_engine.writing(engine, lock=1) as connection:
            for row in connection.execute(sa.select(AUDITS.c.run_id, AUDITS.c.lease_at)).all():
                older = row.lease_at - 2 * LEASE
                connection.execute(sa.update(AUDITS).where(AUDITS.c.run_id == row.run_id).values(lease_at=older))
    finally:
        engine.dispose()


@contextmanager
def canned(rows: int) -> Iterator[Mapping[str, str]]:
    """Return the settings of a bucket that two processes walk, on PostgreSQL and the canned server."""
    space = Space(rows, dangling=50, unreferenced=50, altered=50)
    with (
        audit_bench.clinic(space) as (listing, database, _),
        canned_s3.serving(listing) as address,
        tempfile.TemporaryDirectory() as folder,
    ):
        values = audit_bench.environment(address, database, Path(folder))
        subprocess.run([sys.executable, "-m", "dashboard", "migrate"], check=True, capture_output=True, env=values)
        yield values


@contextmanager
def grown(objects: int) -> Iterator[Mapping[str, str]]:
    """Return the settings of a clinic in which everything is planted."""
    with clinic_of(objects) as clinic:
        yield clinic.values


def report(where: AbstractContextManager[Mapping[str, str]], name: str, *, kills: int, seed: int) -> bool:
    """Run one campaign, print what it found, and return whether every run ended as the undisturbed one."""
    with where as values, tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        found = campaign(values, Path(folder), kills=kills, seed=seed)
    print(f"{name}: {found.kills} kills in {found.runs} runs, {time.monotonic() - began:.0f} s")
    print(f"  killed while: {dict(found.phases)}")
    print(f"  {found.different} runs ended with other findings (expect 0)")
    return not found.different


def main() -> None:
    """Kill audits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--objects", type=int, default=20_000)
    parser.add_argument("--canned", type=int, default=0, metavar="ROWS", help="on the canned server, by two processes")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.canned:
        where, name = canned(chosen.canned), f"{chosen.canned} rows"
    else:
        where, name = grown(chosen.objects), f"{chosen.objects} objects"
    raise SystemExit(0 if report(where, name, kills=chosen.kills, seed=chosen.seed) else 1)


if __name__ == "__main__":
    main()
