"""SQLite as a scratch file: private, one writer, and an OSError when its disk or its file fails."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# https://www.sqlite.org/rescode.html: what means that the file cannot be written or read any more.
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})


@contextmanager
def disk() -> Iterator[None]:
    """Turn SQLite's errors about the disk or a spoilt file into OSError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        raise OSError(errno.ENOSPC if code in _FULL else errno.EIO, "the scratch file of a run") from error


def make(path: str) -> None:
    """Make a private file unless it is there; a new one begins without what an older one had beside it."""
    if not os.path.exists(path):
        for beside in (f"{path}-wal", f"{path}-shm", f"{path}-journal"):
            with suppress(FileNotFoundError):
                os.unlink(beside)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))


def begin(db: sqlite3.Connection) -> None:
    """Begin a transaction, unless one is begun."""
    if not db.in_transaction:
        db.execute("BEGIN")


def commit(db: sqlite3.Connection) -> None:
    """Commit the transaction, where one is begun."""
    if db.in_transaction:
        db.execute("COMMIT")
