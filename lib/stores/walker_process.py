"""One more process that walks ranges: what holds the interpreter of one is parted between two, on two cores.

Each of its threads serves one connection: a range comes in, its pages go out. It gets the bucket's credentials through
a pipe, and ends with it, that is with the process that started it, however that one ends.
"""

from __future__ import annotations

import gc
import os
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO

from lib import keys
from lib.bucket_pages import ListingBroken
from lib.objects import Doubt
from lib.stores.row_file import RowFile
from lib.stores.s3_config import S3Config
from lib.stores.s3_pages import S3Pages
from lib.walking import SELDOM, Here, Walked, Walker

ROOT = Path(__file__).resolve().parents[2]
# Not ``-m``: what it sends would be of ``__main__``, which is another module where it is received; and lib is found where
# this one is, wherever and however Python was started.
PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from lib.stores import walker_process; walker_process.main()"
)
SILENCE_S = 120.0  # a page is given up after half of that; who says nothing for longer has stopped

_Broken = tuple[Doubt, bytes | None, int, bool]  # a ListingBroken on its way


@dataclass(frozen=True, slots=True)
class _Site:
    config: S3Config
    spool: str
    prefix: bytes


@dataclass(frozen=True, slots=True)
class WalkerProcesses:
    """Helpers for one bucket. A process that says nothing for ``silence_s`` is as good as lost."""

    config: S3Config
    silence_s: float = SILENCE_S

    @contextmanager
    def walkers(self, count: int, spool: Path, prefix: bytes, *, here: Walker) -> Iterator[Sequence[Walker]]:
        """Have one more process walk for ``count`` threads; where none can be started, all is walked here."""
        site = _Site(self.config, str(spool.absolute()), prefix)
        with ExitStack() as held:
            try:
                sockets: list[socket.socket] = []
                with ExitStack() as theirs:
                    numbers: list[int] = []
                    for _ in range(count):
                        ours, their = socket.socketpair()
                        sockets.append(held.enter_context(ours))
                        numbers.append(theirs.enter_context(their).fileno())
                    process = _start(numbers)
                    held.callback(_end, process)
                    pickle.dump(site, _pipe(process))
                    _pipe(process).flush()
            except OSError:
                yield [here] * count
                return
            connections = [held.enter_context(Connection(ours.detach())) for ours in sockets]
            yield [_Away(each, process, here, self.silence_s) for each in connections]


def _start(connections: list[int]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own program, and some numbers
        [sys.executable, "-P", "-c", PROGRAM, str(ROOT), *map(str, connections)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        pass_fds=connections,
        process_group=0,  # a terminal's Ctrl+C is for this process, and ends both
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    with suppress(OSError):
        _pipe(process).close()
    process.wait()


def _pipe(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin


@dataclass(frozen=True, slots=True)
class _Away:
    """A Walker whose other end is a thread of that process."""

    connection: Connection
    process: subprocess.Popen[bytes]
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
                if isinstance(said, tuple):
                    doubt, broke_at, requests, is_out_of_order = said
                    raise ListingBroken(doubt, reached=broke_at, requests=requests, is_out_of_order=is_out_of_order)
                yield said
                if said.reached is None:
                    return
                reached = said.reached
        except (EOFError, OSError):
            yield from self.here.walk(reached, until)


def main() -> None:
    """Serve the connections whose numbers are the arguments, until the pipe ends."""
    gc.set_threshold(SELDOM)
    site: _Site = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
    folder = keys.prefix_of(site.config.location).encode()
    here = Here(RowFile(site.spool), S3Pages(site.config), site.prefix, folder)
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
                    connection.send((error.doubt, error.reached, error.requests, error.is_out_of_order))
        except (EOFError, OSError, ValueError):
            return
