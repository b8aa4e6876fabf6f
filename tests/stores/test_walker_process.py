"""A second process walks ranges as this one would, and nothing is lost or told twice whatever becomes of it."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from lib.bucket_pages import ListingBroken
from lib.objects import Doubt
from lib.stores import row_file, walker_process
from lib.stores.row_file import RowFile
from lib.stores.s3_pages import S3Pages
from lib.stores.walker_process import WalkerProcesses, _Away
from lib.walking import Here, Walked, Walker
from tests.parts import bad_servers
from tests.parts.bad_servers import Line, Talk

KEYS = [f"k{number:02}" for number in range(12)]
PRESENT = [key for key in KEYS if key not in {"k03", "k08"}]
A_PAGE = 2
SILENCE_S = 1.0  # a start takes less, and where it does not, nothing else is told


def listing(keys: Sequence[str] = PRESENT, *, held: threading.Event | None = None, from_key: str = "") -> Talk:
    """Answer lists of these keys, two a page; hold back what follows ``from_key`` until ``held`` is set."""

    def talk(first: str, line: Line) -> None:
        asked = parse_qs(urlsplit(first.split(" ")[1]).query)
        after = (asked.get("continuation-token") or asked.get("start-after") or [""])[0]
        if held is not None and after >= from_key:
            held.wait(10)
        rest = [key for key in keys if key > after]
        page = rest[:A_PAGE]
        more = f"<NextContinuationToken>{page[-1]}</NextContinuationToken>" if len(rest) > A_PAGE else ""
        entries = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2026-11-24T08:00:00.000Z</LastModified>"
            '<ETag>"0a"</ETag><Size>1</Size></Contents>'
            for key in page
        )
        body = (
            f"<ListBucketResult><Name>edrspace</Name><KeyCount>{len(page)}</KeyCount><EncodingType>url</EncodingType>"
            f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>{more}{entries}</ListBucketResult>"
        )
        bad_servers.answering(200, body.encode(), extra="x-amz-request-id: tx0\r\n")(first, line)

    return talk


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    with row_file.writing(tmp_path / "rows") as writing:
        writing.add([f"{key}\t0a\t1\t{number}".encode() for number, key in enumerate(KEYS)])
    return tmp_path / "rows"


def walkers(stack: ExitStack, spool: Path, talk: Talk, *, count: int = 1) -> tuple[Here, Sequence[Walker]]:
    config = bad_servers.config_of(stack.enter_context(bad_servers.serving(talk)))
    here = Here(stack.enter_context(closing(RowFile(spool))), S3Pages(config), b"")
    lent = WalkerProcesses(config, silence_s=SILENCE_S).walkers(count, spool, b"", here=here)
    return here, stack.enter_context(lent)


def told(pages: Sequence[Walked]) -> tuple[list[str], int, int, list[bytes | None]]:
    """Return which keys did not agree, how many rows and objects there were, and how far each page reached."""
    keys = [each.key.decode() for page in pages for each, _ in page.left]
    return keys, sum(page.rows for page in pages), sum(page.objects for page in pages), [page.reached for page in pages]


def test_another_process_walks_as_this_one_does(stack: ExitStack, spool: Path) -> None:
    here, (away,) = walkers(stack, spool, listing())
    assert isinstance(away, _Away)
    for after, until in ((b"", b"k05"), (b"k05", None)):
        assert list(away.walk(after, until)) == list(here.walk(after, until))
    assert away.process.poll() is None


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM])
def test_what_a_lost_process_had_not_told_is_walked_here_once(
    stack: ExitStack, spool: Path, sent: signal.Signals
) -> None:
    held = threading.Event()
    _, (away,) = walkers(stack, spool, listing(held=held, from_key="k04"))
    assert isinstance(away, _Away)
    walk = away.walk(b"", None)
    found = [next(walk), next(walk)]
    os.kill(away.process.pid, sent)
    held.set()
    found += walk
    keys, rows, objects, reached = told(found)
    assert (keys, rows, objects) == (["k03", "k08"], len(KEYS), len(PRESENT))
    assert reached[-1] is None
    # Whatever it still tells of that range is not taken for the next one.
    if sent == signal.SIGSTOP:
        os.kill(away.process.pid, signal.SIGCONT)
    assert told(list(away.walk(b"k05", b"k07")))[:3] == ([], 2, 2)


def test_whoever_looks_at_the_processes_sees_no_secret_and_afterwards_none_is_left(spool: Path) -> None:
    with ExitStack() as stack:
        _, (away,) = walkers(stack, spool, listing())
        assert isinstance(away, _Away)
        assert len(list(away.walk(b"", None))) == 5
        proc = Path(f"/proc/{away.process.pid}")
        assert CONFIG.secret_access_key.encode() not in (proc / "cmdline").read_bytes()
    assert not proc.exists()


def test_a_listing_that_breaks_over_there_breaks_here(stack: ExitStack, spool: Path) -> None:
    _, (away,) = walkers(stack, spool, bad_servers.s3_error(403, "AccessDenied"))
    with pytest.raises(ListingBroken) as broken:
        list(away.walk(b"", None))
    assert (broken.value.doubt, broken.value.requests) == (Doubt.DENIED, 1)


def test_where_no_process_can_be_started_all_is_walked_here(stack: ExitStack, spool: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    here, config = Here(RowFile(spool), S3Pages(CONFIG), b""), CONFIG
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 4, hard))
    try:
        with WalkerProcesses(config).walkers(8, spool, b"", here=here) as found:
            assert found == [here] * 8
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        here.spool.close()


CONFIG = bad_servers.config_of("http://127.0.0.1:9", access_key_id="")  # without credentials nobody is asked
PARENT = """
import os, signal, sys
from lib.stores.walker_process import WalkerProcesses
from tests.stores.test_walker_process import CONFIG
from pathlib import Path
lent = WalkerProcesses(CONFIG).walkers(1, Path(sys.argv[1]), b"", here=None)
found = lent.__enter__()
print(found[0].process.pid, flush=True)
signal.signal(signal.SIGINT, signal.SIG_IGN)
"""


def started(spool: Path, then: str) -> subprocess.Popen[str]:
    """Start a process that has nothing of where it was started, or of Python's variables, and starts one itself."""
    path = f"import sys; sys.path.insert(0, {str(walker_process.ROOT)!r})\n"
    return subprocess.Popen(
        [sys.executable, "-I", "-c", path + PARENT + then, str(spool)],
        cwd=spool.parent,
        env={**os.environ, "PYTHONSAFEPATH": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


BROKEN = """
from lib.bucket_pages import ListingBroken
try:
    list(found[0].walk(b"", None))
except ListingBroken as error:
    print(error.doubt)
"""


def test_it_is_found_wherever_and_however_python_was_started(spool: Path) -> None:
    (spool.parent / "pickle.py").write_text("raise SystemExit('not from where it was started')")
    with started(spool, BROKEN) as parent:
        out, err = parent.communicate(timeout=10)
    assert (out.split()[1:], err) == ([Doubt.NO_CREDENTIALS], "")


CTRL_C = """
status = Path(f"/proc/{found[0].process.pid}/status")
while not int(status.read_text().split("SigCgt:")[1].split()[0], 16) & 1 << signal.SIGINT - 1:
    pass  # until Python is so far that it would raise KeyboardInterrupt
os.killpg(0, signal.SIGINT)
"""


def test_ctrl_c_is_for_whoever_started_it_also_while_it_begins(spool: Path) -> None:
    with started(spool, CTRL_C) as parent:
        assert parent.communicate(timeout=10)[1] == ""


def test_it_ends_with_a_process_that_is_killed(spool: Path) -> None:
    with started(spool, "sys.stdin.read()") as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        assert parent.stderr is not None
        assert parent.stderr.read() == ""  # ends once the last of those that hold it has ended
    ends = time.monotonic() + 5  # its files are closed a moment before it is gone
    while _is_alive(pid) and time.monotonic() < ends:
        time.sleep(0.01)
    assert not _is_alive(pid)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
