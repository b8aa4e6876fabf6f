"""Checks of the rows in a thread and a transaction of their own, so that nothing waits for them but who needs them.

The thread ends with the process: a check that hangs holds up nobody's exit.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from typing import Any

import psycopg2  # type: ignore[import-untyped]
import sqlalchemy as sa

from lib.errors import DatabaseFault, DatabaseUnavailable
from lib.row_spool import Checked


class Beside:
    """A Checking that ``run`` works on the connection of ``opened``."""

    def __init__(
        self, opened: Callable[[], AbstractContextManager[sa.Connection]], run: Callable[[sa.Connection], Checked]
    ) -> None:
        self._opened, self._run = opened, run
        self._connected: Future[bool] = Future()
        self._found: Future[Checked] = Future()
        self._driver: Any = None
        self._is_left = False
        threading.Thread(target=self._work, name="checks", daemon=True).start()

    def is_connected(self, *, within: timedelta) -> bool:
        """Whether its transaction could be opened; waits until that is known, and not longer."""
        try:
            return self._connected.result(within.total_seconds())
        except TimeoutError:
            return False

    def result(self) -> Checked:
        """Wait for what was found; raise DatabaseUnavailable."""
        return self._found.result()

    def cancel(self) -> None:
        """Have the server leave them, if they still run."""
        self._is_left = True
        if self._driver is not None and not self._found.done():
            with suppress(psycopg2.Error, sqlite3.Error):  # it ended, or is closed
                if isinstance(self._driver, sqlite3.Connection):
                    self._driver.interrupt()
                else:
                    self._driver.cancel()

    def _work(self) -> None:
        try:
            with self._opened() as connection:
                self._driver = connection.connection.driver_connection
                self._connected.set_result(True)
                if self._is_left:
                    raise DatabaseUnavailable(DatabaseFault.OTHER)  # nobody asks for the result
                self._found.set_result(self._run(connection))
        except BaseException as error:  # noqa: BLE001 - raised by whoever asks for the result
            if not self._connected.done():
                self._connected.set_result(False)
            if not self._found.done():
                self._found.set_exception(error)
