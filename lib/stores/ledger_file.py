"""The file of an SQLite ledger: how it is opened, and how a kept connection notices that it is another one now.

To open the file for each transaction costs more than the transaction. A connection that is kept would go on
writing into a file that was moved, deleted or replaced by a backup, and what it wrote would be lost. So each
use first compares the file of that name, and its write-ahead log, with those that the connection works on.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

from lib.errors import LedgerFault, LedgerUnavailable

Identity = tuple[int, int, int, int]  # device, inode, mode and owner: rights that were taken away count too


def open_file(path: Path, *, wait_s: int) -> sqlite3.Connection:
    """Return a connection to a file that is there; raise LedgerUnavailable where it is not."""
    if not path.is_file():
        raise LedgerUnavailable(LedgerFault.NOT_MIGRATED)
    # Transactions are begun by the engine's listener; Python's own BEGIN comes too late to keep a reader's view.
    connection = sqlite3.connect(
        f"file:{quote(os.fspath(path))}?mode=rw",
        uri=True,
        timeout=wait_s,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")  # forged bytes break the chain, not us
        connection.execute("PRAGMA synchronous = FULL")  # in WAL mode less would lose acknowledged events
    except BaseException:
        connection.close()
        raise
    return connection


def watch(engine: Engine, path: Path) -> None:
    """Let every use of a kept connection first look whether its files are still the ones of these names.

    A connection whose files are gone or others is closed and another is opened by name. The log is looked at
    because whoever deletes it takes with it what stands there only; closing writes that into the file first.
    """
    log = path.with_name(path.name + "-wal")

    def opened(_connection: Any, record: Any) -> None:
        record.info["file"] = _identity(path)

    def used(_connection: Any, record: Any, _proxy: Any) -> None:
        if record.info["file"] != _identity(path) or record.info.get("log") not in (None, _identity(log)):
            raise DisconnectionError

    def given_back(connection: Any, record: Any) -> None:
        if connection is not None:
            record.info["log"] = _identity(log)

    event.listen(engine, "connect", opened)
    event.listen(engine, "checkout", used)
    event.listen(engine, "checkin", given_back)


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mode, found.st_uid
