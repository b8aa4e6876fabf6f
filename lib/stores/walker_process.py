"""One more process that walks ranges: what holds the interpreter of one is parted between two, on two cores.

Each of its threads serves one connection: a range comes in, its pages go out. It gets the bucket's credentials through
a pipe, and ends with it, that is with the process that started it, however that one ends.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO

from lib.bucket_pages import ListingBroken
from lib.objects import Doubt
from lib.stores.row_file import RowFile
from lib.stores.s3_config import S3Config
from lib.stores.s3_pages import S3Pages
from lib.walking import Here, Walked, Walker

ROOT = Path(__file__).resolve().parents[2]

_Broken = tuple[Doubt, bytes | None, int, bool]  # a ListingBroken on its way


@dataclass(frozen=True, slots=True)
class _Site:
    config: S3Config
    spool: str
    prefix: bytes


@dataclass(frozen=True, slots=True)
class WalkerProcesses:
    """Helpers for one bucket."""

    config: S3Config
    python: str = sys.executable

    @contextmanager
    def walkers(self, count: int, spool: Path, prefix: bytes, *, here: Walker) -> Iterator[Sequence[Walker]]:
        """Have one more process walk for ``count`` threads; where none can be started, all is walked here."""
        pairs = [socket.socketpair() for _ in range(count)]
        try:
            process = self._start([their.fileno() for _, their in pairs])
        except OSError:
            process = None
        for _, their in pairs:
            their.close()
        connections = [Connection(ours.detach()) for ours, _ in pairs]
        try:
            if process is None:
                yield [here] * count
                return
            with suppress(OSError):  # it ended already
                pickle.dump(_Site(self.config, str(spool.absolute()), prefix), _pipe(process))
                _pipe(process).flush()
            yield [_Away(each, here) for each in connections]
        finally:
            for each in connections:
                each.close()
            if process is not None:
                process.kill()
                with suppress(OSError):
                    _pipe(process).close()
                process.wait()

    def _start(self, connections: list[int]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own program, and some numbers
            [self.python, "-m", "lib.stores.walker_process", *map(str, connections)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=connections,
        )


def _pipe(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin


@dataclass(frozen=True, slots=True)
class _Away:
    """A Walker whose other end is a thread of that process."""

    connection: Connection
    here: Walker

    def walk(self, after: bytes, until: bytes | None) -> Iterator[Walked]:
        """Yield what the other process walked; go on here where it was lost."""
        reached = after
        try:
            self.connection.send((after, until))
            while True:
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
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the process that started this one, and ends both
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
                    connection.send((error.doubt, error.reached, error.requests, error.is_out_of_order))
        except (EOFError, OSError, ValueError):
            return


if __name__ == "__main__":
    main()
