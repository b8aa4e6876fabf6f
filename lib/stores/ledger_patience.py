"""No statement waits for ever on a PostgreSQL that takes connections and never answers.

Such a server is stopped, or swaps, or stands behind a network that swallows. Its own timeouts need it awake, and those
of TCP are content as long as its kernel acknowledges. So one thread looks after the statements that are under way and
shuts the line of one that is overdue; libpq then fails as it does for a server that is gone.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Condition, Thread
from typing import Any

from psycopg2 import InterfaceError, extensions  # type: ignore[import-untyped]  # ships no types

LOOK_S = 0.25  # between two looks
GRACE_S = 2  # for the answer of a server that ends a statement in time by itself
BETWEEN_S = 3  # for what belongs to no transaction of ours, as the question whether a kept connection still works


class Watch:
    """Shuts the connections whose statement is overdue. Threads share it."""

    def __init__(self) -> None:
        self._under_way: dict[int, tuple[float, Any]] = {}
        self._changed = Condition()
        self._thread: Thread | None = None

    @contextmanager
    def over(self, connection: Any, *, wait_s: float) -> Iterator[None]:
        """Shut this connection if the block is still running after so many seconds."""
        key = id(connection)
        with self._changed:
            self._under_way[key] = (time.monotonic() + wait_s, connection)
            if self._thread is None:
                self._thread = Thread(target=self._look, name="ledger-patience", daemon=True)
                self._thread.start()
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._under_way.pop(key, None)

    def _look(self) -> None:
        while True:
            with self._changed:
                while not self._under_way:
                    self._changed.wait()
                now = time.monotonic()
                for key, (ends, connection) in list(self._under_way.items()):
                    if now > ends:  # whoever waits on it cannot leave the block now, so it is still this line
                        del self._under_way[key]
                        _shut(connection)
            time.sleep(LOOK_S)


def _shut(connection: Any) -> None:
    with suppress(OSError, InterfaceError), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)  # what fails is shut already


_watch = Watch()


class _Cursor(extensions.cursor):  # type: ignore[misc]  # psycopg2 ships no types
    def execute(self, *asked: Any) -> Any:
        with _watch.over(self.connection, wait_s=self.connection.wait_s):
            return super().execute(*asked)


class PatientConnection(extensions.connection):  # type: ignore[misc]  # likewise
    """A psycopg2 connection none of whose statements takes longer than ``wait_s`` seconds. For ``connection_factory``."""

    wait_s: float = BETWEEN_S

    def cursor(self, *named: Any, **how: Any) -> Any:  # noqa: D102 - psycopg2's
        return super().cursor(*named, **{"cursor_factory": _Cursor} | how)

    def commit(self) -> None:  # noqa: D102 - psycopg2's
        with _watch.over(self, wait_s=self.wait_s):
            super().commit()

    def rollback(self) -> None:  # noqa: D102 - psycopg2's
        with _watch.over(self, wait_s=self.wait_s):
            super().rollback()


@contextmanager
def patience(connection: Any, *, wait_s: float) -> Iterator[None]:
    """Give each statement of a block so many seconds, and a little for the server's own refusal."""
    connection.wait_s = wait_s + GRACE_S
    try:
        yield
    finally:
        connection.wait_s = BETWEEN_S
