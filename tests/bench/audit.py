"""The whole check of all files through the command line, beside ``s5cmd ls`` of the same bucket: ``python -m tests.bench.audit``.

A million rows in PostgreSQL against a million objects on the canned server; interleaved, the median of the rounds, every
run a fresh process whose start and imports count. Then what storing 100,000 findings adds, and whether memory grows
with ten times as many rows.
"""

from __future__ import annotations

import argparse
import compileall
import json
import resource
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import psycopg2

from tests.bench import canned_s3
from tests.bench.canned_s3 import BUCKET, FILES_A_CONSULTATION, LOCATION, Space
from tests.bench.listing import measured, s5cmd, theirs

RANGES = (4, 16)
DELAYS_MS = (0, 20)
LIMITS = {0: 0.25, 20: 0.15}  # of s5cmd's time
MEMORY = {4: 128, 16: 256}  # MiB
FAULTS = 50  # of each kind, in the bucket that is timed
STORED = 100_000


def main() -> None:
    """Print the table; every line has its limit beside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("time", "stored", "memory"))
    parser.add_argument("--stored", nargs=2, metavar=("RANGES", "KEEP"), help=argparse.SUPPRESS)
    parser.add_argument("--synthetic", type=int, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.stored:
        _worked(ranges=int(told.stored[0]), keeps=told.stored[1] == "keep")
    elif told.synthetic:
        _synthetic(told.synthetic)
    else:
        if told.only in {None, "memory"}:
            _memory(told.rows)
        for name, run in (("time", _time), ("stored", _stored)):
            if told.only in {None, name}:
                run(told.rows, told.rounds)


def _time(rows: int, rounds: int) -> None:
    space = Space(rows, dangling=FAULTS, unreferenced=FAULTS, altered=FAULTS)
    with clinic(space) as (listing, database, peer):
        for delay_ms in DELAYS_MS:
            with canned_s3.serving(listing, delay_s=delay_ms / 1000) as address:
                runs: dict[str, list[tuple[float, float, float]]] = {}
                for _ in range(rounds):
                    runs.setdefault("s5cmd ls", []).append(theirs(address, peer, keys=rows))
                    for ranges in RANGES:
                        runs.setdefault(f"{ranges} ranges", []).append(_ours(address, database, ranges=ranges))
            print(f"{rows:,} rows, {rows:,} objects, {delay_ms} ms a request, median of {rounds}:")
            _print(runs, delay_ms)


def _print(runs: dict[str, list[tuple[float, float, float]]], delay_ms: int) -> None:
    for name, found in runs.items():
        ratio = statistics.median(mine[0] / other[0] for mine, other in zip(found, runs["s5cmd ls"], strict=True))
        seconds, cpu, mebibytes = (statistics.median(each) for each in zip(*found, strict=True))
        limits = f"(limit {LIMITS[delay_ms]}, {MEMORY[int(name.split()[0])]} MiB)" if name != "s5cmd ls" else ""
        print(f"  {name:10} {seconds:6.2f} s {ratio:6.3f} of s5cmd's {cpu:6.2f} s CPU {mebibytes:4.0f} MiB {limits}")


def _ours(address: str, database: str, *, ranges: int) -> tuple[float, float, float]:
    with TemporaryDirectory() as folder:
        env = environment(address, database, Path(folder))
        subprocess.run([sys.executable, "-m", "dashboard", "migrate"], check=True, capture_output=True, env=env)
        command = [sys.executable, "-m", "dashboard", "audit", "--json", "--exposure", "none", "--ranges", str(ranges)]
        return measured(command, _is_right, env=env, exit_code=1)


def _is_right(output: IO[bytes]) -> bool:
    found = json.load(output)
    expected = {"dangling_reference": FAULTS, "size_differs": FAULTS, "unreferenced_object": FAULTS}
    return found["status"] == "complete" and found["findings"] == expected


def environment(address: str, database: str, folder: Path) -> dict[str, str]:
    import os

    return {
        **os.environ,
        "DASHBOARD_ENV_FILE": "",
        "DATABASE_URL": database,
        "DASHBOARD_DATABASE_URL": f"sqlite:///{folder}/ledger.sqlite3",
        "DASHBOARD_AUDIT_FOLDER": f"{folder}/audits",
        "DASHBOARD_SECRET_KEY": secrets.token_urlsafe(48),
        "AWS_ACCESS_KEY_ID": "K",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_STORAGE_BUCKET_NAME": BUCKET,
        "AWS_S3_ENDPOINT_URL": address,
        "AWS_S3_REGION_NAME": "us-east-1",
        "AWS_LOCATION": LOCATION,
    }


@contextmanager
def clinic(space: Space) -> Iterator[tuple[Path, str, str]]:
    """A canned listing, a PostgreSQL with its rows, and the peer's program."""
    from tests.parts import postgres

    for ours in ("dashboard", "lib"):  # as Python leaves it behind at the first start, unless it is told not to
        compileall.compile_dir(ours, quiet=1)
    with TemporaryDirectory() as folder:
        listing = Path(folder) / "listing.xml"
        canned_s3.build(space, listing)
        server = postgres.Postgres(Path(folder) / "postgres")
        server.execute("ALTER SYSTEM SET shared_buffers = '512MB'")  # as whoever has a million rows; the default is 128
        server.stop()
        server.start()
        try:
            database = server.new_database(schema=postgres.SCHEMA.read_text())
            _fill(server.socket_dir, database, space)
            yield listing, server.url(database), s5cmd(Path(folder))
        finally:
            server.stop()


def _fill(host: str, database: str, space: Space) -> None:
    """Write one prescription a consultation, with a version a file; healthy but for what the bucket lacks."""
    consultations = -(-space.keys // FILES_A_CONSULTATION)
    connection = psycopg2.connect(host=host, user="postgres", dbname=database)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO users VALUES ('PAT001', '+910000000001', NULL, 'P', 'patient', true),"
            " ('DOC001', '+910000000002', NULL, 'D', 'doctor', true)"
        )
        cursor.execute(
            "INSERT INTO consultations SELECT 'CON' || lpad(n::text, 7, '0'), 'PAT001', 'DOC001', NULL, '2026-01-01', 'done'"
            f" FROM generate_series(0, {consultations - 1}) n"
        )
        cursor.execute(
            "INSERT INTO prescriptions SELECT n, 'CON' || lpad(n::text, 7, '0'), 'DOC001', 'PAT001', '2026-01-01', '',"
            f" false, true, '2026-01-01', '2026-01-01' FROM generate_series(0, {consultations - 1}) n"
        )
        cursor.copy_expert("COPY prescription_pdfs FROM STDIN", _Lines(_copied(space)))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def _copied(space: Space) -> Iterator[bytes]:
    for number, (key, md5, size) in enumerate(canned_s3.rows(space)):
        prescription, version = divmod(number, FILES_A_CONSULTATION)
        is_last = version == FILES_A_CONSULTATION - 1 or number == space.keys - 1
        stored = key.removeprefix(f"{LOCATION}/".encode())
        yield b"%d\t%d\t%b\t%d\t%b\tDOC001\t2026-01-01\tf\t%d\t%b\n" % (
            number, prescription, stored, version + 1, b"t" if is_last else b"f", size, md5,
        )  # fmt: skip


class _Lines:
    """Lines as a file that COPY reads."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines

    def read(self, _size: int = -1) -> bytes:
        return b"".join(islice(self._lines, 1000))


def _stored(rows: int, rounds: int) -> None:
    """What 100,000 findings cost beside the same run with a book that keeps none."""
    space = Space(rows, altered=min(STORED, rows // 10))
    with clinic(space) as (listing, database, _), canned_s3.serving(listing) as address:
        found: dict[str, list[float]] = {"keep": [], "forget": []}
        for _ in range(rounds):
            for keeps, times in found.items():
                with TemporaryDirectory() as folder:
                    env = environment(address, database, Path(folder))
                    subprocess.run(
                        [sys.executable, "-m", "dashboard", "migrate"], check=True, env=env, stdout=subprocess.DEVNULL
                    )
                    command = [sys.executable, "-m", "tests.bench.audit", "--stored", "16", keeps]
                    times.append(float(subprocess.run(command, check=True, capture_output=True, env=env).stdout))
    keeping, not_keeping = (statistics.median(each) for each in found.values())
    print(
        f"{space.altered:,} findings stored: {keeping:.2f} s, not stored: {not_keeping:.2f} s, {keeping / not_keeping - 1:+.0%} (limit +20%)"
    )


def _worked(*, ranges: int, keeps: bool) -> None:
    """Work a run in this process; print its seconds."""
    from dataclasses import replace

    from dashboard import audit_wiring
    from lib import audit_supervision, auditing
    from lib.access import Actor, Role, Scope
    from lib.audits import Exposure, Options
    from lib.settings import Settings
    from lib.stores.ledger_audit_work import LedgerWork

    class Keepless(LedgerWork):
        def keep(self, run: object, findings: Sequence[object]) -> None:
            pass

    settings = Settings.load()
    using = audit_wiring.office(settings)
    actor = Actor("bench", Role.OPERATOR)
    run = auditing.begin(actor, Scope(), services=using, options=Options(exposure=Exposure.NONE, ranges=ranges))
    shop = audit_wiring.shop(run, settings)
    if not keeps:
        shop = replace(shop, book=Keepless(audit_wiring._engine(settings)))
    began = time.perf_counter()
    ended = audit_supervision.supervise(run, shop)
    assert ended.progress.findings > 0
    print(time.perf_counter() - began)


def _memory(rows: int) -> None:
    """Peak memory of the match alone for so many synthetic rows and objects, and for ten times as many."""
    peaks = []
    for count in (rows, 10 * rows):
        command = [sys.executable, "-m", "tests.bench.audit", "--synthetic", str(count)]
        seconds, mebibytes = map(float, subprocess.run(command, check=True, capture_output=True).stdout.split())
        peaks.append(mebibytes)
        print(f"{count:,} synthetic rows matched: {seconds:.1f} s, {mebibytes:.0f} MiB at most")
    print(f"ten times the rows take {peaks[1] - peaks[0]:+.1f} MiB (limit: none)")


def _synthetic(count: int) -> None:
    from lib.bucket_pages import ObjectPage
    from lib.reconcile import Rows, walk

    def lines() -> Iterator[bytes]:
        return (
            b"loc/prescriptions/pdfs/CON%08d/a.pdf\t0123456789abcdef0123456789abcdef\t%d" % (n, n % 9999 + 1)
            for n in range(count)
        )

    def blocks() -> Iterator[list[bytes]]:
        numbered = (b"%b\t%d" % (line, number) for number, line in enumerate(lines()))
        while block := list(islice(numbered, 4000)):
            yield block

    def pages() -> Iterator[ObjectPage]:
        source, seen = lines(), 0
        while some := list(islice(source, 1000)):
            seen += len(some)
            keys = [line.partition(b"\t")[0] for line in some]
            yield ObjectPage(some, keys, keys[-1] if seen < count else None, 1, _never)

    began = time.perf_counter()
    rows = Rows(blocks())
    assert sum(len(step.left) for step in walk(rows, pages())) == 0
    assert rows.taken == count
    print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _never(_line: bytes) -> None:
    return None


if __name__ == "__main__":
    main()
