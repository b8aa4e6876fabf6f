"""One more process that walks ranges: what holds the interpreter of one is parted between two, on two cores.

Each of its threads serves one connection: a range comes in, its pages go out. It gets the bucket's credentials through
a pipe, and ends with it, that is with the process that started it, however that one ends.
"""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from lib.bucket_pages import ListingBroken
from lib.objects import Doubt
from lib.stores.row_file import RowFile
from lib.stores.s3_config import S3Config
from lib.stores.s3_pages import S3Pages
from lib.walking import Here, Walked, Walker

ROOT = Path(__file__).resolve().parents[2]
# Not ``-m``: what it sends would be of ``__main__``, which is another module where it is received; and lib is found where
# this one is, wherever and however Python was started.
PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from lib.stores import walker_process; walker_process.main()"
)
SILENCE_S = 120.0  # a page is given up after half of that; who says nothing for longer has stopped


@dataclass(frozen=True, slots=True)
class _Site:
    config: S3Config
    spool: str
    prefix: bytes


@dataclass(frozen=True, slots=True)
class _Broken:
    """A ListingBroken on its way."""

    doubt: Doubt
    reached: bytes | None
    requests: int
    is_out_of_order: bool


@dataclass(frozen=True, slots=True)
class WalkerProcesses:
    """Helpers for one bucket. A process that says nothing for ``silence_s`` is as good as lost."""

    config: S3Config
    silence_s: float = SILENCE_S

    @contextmanager
    def walkers(self, count: int, spool: Path, prefix: bytes, *, here: Walker) -> Iterator[Sequence[Walker]]:
        """Start one more process for ``count`` threads; where none can be started, all is walked here."""
        try:
            process, connections = _started(count, _Site(self.config, str(spool.absolute()), prefix))
        except OSError:
            process, connections = None, []
        if process is None:
            yield [here] * count
            return
        with process:
            try:
                yield [_Away(each, here, self.silence_s) for each in connections]
            finally:
                process.kill()  # it keeps nothing; and is waited for, or it stays as a zombie
                for each in connections:
                    each.close()


def _started(count: int, site: _Site) -> tuple[subprocess.Popen[bytes], list[Connection]]:
    """Start a process with so many connections; raise OSError."""
    with ExitStack() as opened:
        pairs = [tuple(map(opened.enter_context, socket.socketpair())) for _ in range(count)]
        numbers = [their.fileno() for _, their in pairs]
        process = subprocess.Popen(  # noqa: S603 - our own program, and some numbers
            [sys.executable, "-P", "-c", PROGRAM, str(ROOT), *map(str, numbers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=numbers,
            process_group=0,  # a terminal's Ctrl+C is for this process, and ends both
        )
        assert process.stdin is not None
        pickle.dump(site, process.stdin)
        process.stdin.flush()
        return process, [Connection(ours.detach()) for ours, _ in pairs]


@dataclass(frozen=True, slots=True)
class _Away:
    """A Walker whose other end is a thread of that process."""

    connection: Connection
    here: Walker
    silence_s: float

    def walk(self, after: bytes, until: bytes | None) -> Iterator[Walked]:
        """Yield what the other process walked; go on here where it was lost."""
        reached = after
        try:
            self.connection.send((after, until))
            while True:
                if not self.connection.poll(self.silence_s):
                    self.connection.close()  # or what it still says would be taken for the next range's
                    raise EOFError
                said: Walked | _Broken = self.connection.recv()
                if isinstance(said, _Broken):
                    raise ListingBroken(
                        said.doubt,
                        reached=said.reached,
                        requests=said.requests,
                        is_out_of_order=said.is_out_of_order,
                    )
                yield said
                if said.reached is None:
                    return
                reached = said.reached
        except (EOFError, OSError):
            yield from self.here.walk(reached, until)


def main() -> None:
    """Serve the connections whose numbers are the arguments, until the pipe ends."""
    site: _Site = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
    here = Here(RowFile(site.spool), S3Pages(site.config), site.prefix)
    for number in sys.argv[1:]:
        threading.Thread(target=_serve, args=(Connection(int(number)), here), daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)


def _serve(connection: Connection, here: Walker) -> None:
    """Walk what is asked for. What goes wrong with the spool or the connection ends it, and is met again over there."""
    with connection:
        try:
            while True:
                after, until = connection.recv()
                try:
                    for each in here.walk(after, until):
                        connection.send(each)
                except ListingBroken as error:
                    connection.send(_Broken(error.doubt, error.reached, error.requests, error.is_out_of_order))
        except (EOFError, OSError, ValueError):
            return
