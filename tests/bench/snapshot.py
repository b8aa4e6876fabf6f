"""All rows of an audit as a sorted file, checks included, beside a bare COPY of the same columns in the same run.

python -m tests.bench.snapshot --rows 1000000
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import psycopg2

from lib.stores import records_snapshot
from lib.stores.row_file import RowFile
from tests.bench.records import clinic

LOCATION = "edrcontainer1"
BARE = "COPY (SELECT pdf_file, checksum, file_size, id FROM prescription_pdfs) TO STDOUT"
SORTED = (
    'COPY (SELECT pdf_file, checksum, file_size, id FROM prescription_pdfs ORDER BY pdf_file COLLATE "C") TO STDOUT'
)
WRECKS = """
UPDATE prescription_pdfs SET pdf_file = 'edrcontainer1/' || pdf_file WHERE id % 50 = 1;
UPDATE prescription_pdfs SET pdf_file = replace(pdf_file, 'CON', 'CON9') WHERE id % 500 = 2;
UPDATE prescription_pdfs SET pdf_file = replace(pdf_file, '/CON', '//CON') WHERE id % 500 = 3;
UPDATE prescription_pdfs SET is_current = false WHERE id % 500 = 4;
"""


def bare(dsn: dict[str, str], copy: str) -> float:
    connection = psycopg2.connect(**dsn)
    with connection.cursor() as cursor, open("/dev/null", "wb", buffering=1024 * 1024) as nowhere:
        cursor.execute("SET work_mem = '64MB'; SET jit = off")
        began = time.perf_counter()
        cursor.copy_expert(copy, nowhere)
        taken = time.perf_counter() - began
    connection.close()
    return taken


def one(url: str) -> None:
    """In a process of its own: seconds of the snapshot and of reading it, CPU seconds of both, peak MiB."""
    with tempfile.TemporaryDirectory() as folder:
        reader = records_snapshot.connect(url, location=LOCATION)
        began, cpu = time.perf_counter(), time.process_time()
        taken = reader.snapshot(f"{folder}/rows")
        checked = taken.checks.result()
        snapshot, snapshot_cpu = time.perf_counter() - began, time.process_time() - cpu
        began, cpu = time.perf_counter(), time.process_time()
        with RowFile(f"{folder}/rows") as rows:
            edges: list[bytes | None] = [b"", *rows.cuts(4), None]
            read = sum(
                len(block) for after, until in pairwise(edges) for block in rows.blocks(after=after or b"", until=until)
            )
        assert read == taken.rows
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        reading, reading_cpu = time.perf_counter() - began, time.process_time() - cpu
        found = (len(checked.consultation_differs), len(checked.resolvers_disagree), len(checked.versions))
        print(snapshot, snapshot_cpu, reading, reading_cpu, peak, taken.rows, *found)


def measure(url: str, dsn: dict[str, str], *, rounds: int) -> None:
    """One line of medians. Each round takes both bare copies and one snapshot."""
    names = ("bare COPY", "sorted COPY", "snapshot", "its CPU", "reading", "its CPU", "peak MiB")
    measured: list[list[float]] = []
    found: list[str] = []
    for _ in range(rounds):
        command = [sys.executable, "-m", "tests.bench.snapshot", "--one", url]
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        measured.append([bare(dsn, BARE), bare(dsn, SORTED), *map(float, answer[:5])])
        found = answer[5:]
    medians = [statistics.median(column) for column in zip(*measured, strict=True)]
    print(*(f"{name} {value:.2f}" for name, value in zip(names, medians, strict=True)), sep="   ")
    print(f"snapshot : bare COPY {medians[2] / medians[0]:.1f}   snapshot : sorted COPY {medians[2] / medians[1]:.1f}")
    print("rows, consultation differs, resolvers disagree, versions:", *found, flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--one", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.one:
        one(options.one)
        return
    with clinic(options.rows) as (server, database):
        url, dsn = server.url(database), {"host": server.socket_dir, "user": "postgres", "dbname": database}
        print("healthy rows")
        measure(url, dsn, rounds=options.rounds)
        server.execute(WRECKS, "VACUUM ANALYZE", database=database)
        print("2 in 100 prefixed, 6 in 1000 wrong")
        measure(url, dsn, rounds=options.rounds)


if __name__ == "__main__":
    assert Path("lib").is_dir(), "run it from the project's folder"
    main()
