"""Ranges that another process walks: the same pages, and nothing lost where that process is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lib.bucket_pages import ListingBroken
from lib.objects import Doubt
from lib.stores import row_file
from lib.stores.row_file import RowFile
from lib.stores.s3_config import S3Config
from lib.stores.s3_pages import S3Pages
from lib.stores.walker_process import ROOT, WalkerProcesses
from lib.walking import Here, Walked
from tests.bench import canned_s3
from tests.bench.canned_s3 import BUCKET, LOCATION, Space

SPACE = Space(6000, dangling=5, unreferenced=5, altered=5)


@dataclass(frozen=True, slots=True)
class Site:
    """6,000 objects on a canned server, and their rows in a spool."""

    config: S3Config
    spool: Path
    here: Here

    def ranges(self) -> list[tuple[bytes, bytes | None]]:
        with RowFile(self.spool) as rows:
            edges: list[bytes | None] = [b"", *rows.cuts(3), None]
        return [(after or b"", until) for after, until in pairwise(edges)]

    def walkers(self, count: int = 1, **other: Any) -> AbstractContextManager[Sequence[Any]]:
        return WalkerProcesses(self.config, **other).walkers(count, self.spool, b"", here=self.here)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("walked")
    canned_s3.build(SPACE, folder / "listing.xml")
    with row_file.writing(folder / "rows") as spooling:
        known = enumerate(canned_s3.rows(SPACE))
        spooling.add([b"%b\t%b\t%d\t%d" % (key, md5, size, number) for number, (key, md5, size) in known])
    with canned_s3.serving(folder / "listing.xml") as address, closing(RowFile(folder / "rows")) as rows:
        config = S3Config(BUCKET, address, "us-east-1", "K", "s", location=LOCATION)
        yield Site(config, folder / "rows", Here(rows, S3Pages(config), b""))


def test_another_process_walks_as_this_one_does(site: Site) -> None:
    with site.walkers(2) as (first, second):
        for (after, until), walker in zip(site.ranges(), (first, second, first), strict=True):
            assert list(walker.walk(after, until)) == list(site.here.walk(after, until))


def test_where_it_is_killed_in_the_middle_the_range_goes_on_here_from_where_it_was(site: Site) -> None:
    with site.walkers() as (walker,):
        walking = walker.walk(b"", None)
        found: list[Walked] = [next(walking)]
        os.kill(_child(os.getpid()), signal.SIGKILL)
        found += walking
        after, until = site.ranges()[1]
        assert list(walker.walk(after, until)) == list(site.here.walk(after, until))
    ours = list(site.here.walk(b"", None))
    assert sum(each.rows for each in found) == sum(each.rows for each in ours) == SPACE.keys
    assert [left for each in found for left in each.left] == [left for each in ours for left in each.left]


def test_where_none_can_be_started_all_is_walked_here(site: Site) -> None:
    with site.walkers(2, python="/nowhere/python") as found:
        assert found == [site.here, site.here]


def test_a_listing_that_breaks_there_is_broken_here(site: Site) -> None:
    with (
        replace(site, config=replace(site.config, bucket="another")).walkers() as (walker,),
        pytest.raises(ListingBroken) as caught,
    ):
        list(walker.walk(b"", None))
    assert (caught.value.doubt, caught.value.requests) == (Doubt.NO_BUCKET, 1)


def test_whoever_looks_at_the_processes_sees_no_secret_and_afterwards_none_is_left(site: Site) -> None:
    with site.walkers() as (walker,):
        list(walker.walk(b"", None))
        pid = _child(os.getpid())
        told = Path(f"/proc/{pid}/cmdline").read_bytes()
        assert site.config.secret_access_key.encode() not in told.split(b"\0")
    assert not Path(f"/proc/{pid}").exists()


def _child(parent: int) -> int:
    """Return the process of the walkers that another one has started."""
    found = []
    for each in Path("/proc").iterdir():
        with suppress(OSError):
            if b"lib.stores.walker_process" in (each / "cmdline").read_bytes().split(b"\0"):
                fields = (each / "stat").read_text().rpartition(")")[2].split()
                found += [int(each.name)] if int(fields[1]) == parent else []
    (only,) = found
    return only


STARTING = """
import os, signal, sys
from pathlib import Path
from lib.stores.s3_config import S3Config
from lib.stores.walker_process import WalkerProcesses
lent = WalkerProcesses(S3Config("b", "http://127.0.0.1:9", "r", "K", "s")).walkers(1, Path(sys.argv[1]), b"", here=None)
with lent:
    print("begun", flush=True)
    sys.stdin.read()
"""


def test_it_ends_with_the_process_that_started_it_however_that_one_ends(site: Site) -> None:
    command = [sys.executable, "-c", STARTING, str(site.spool)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == b"begun\n"
        pid = _child(started.pid)
        started.kill()
    deadline = time.monotonic() + 10
    while _is_there(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _is_there(pid)


def _is_there(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
