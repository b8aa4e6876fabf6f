"""Making the ledger's tables, and bringing them up to date: Alembic, without any file of its own."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine

from lib.errors import LedgerFault, LedgerUnavailable
from lib.stores import ledger_engine

SCRIPTS = Path(__file__).parent / "migrations"
VERSION_TABLE = "ledger_version"
MIGRATE_LOCK = 7_305_819_214_400_002  # PostgreSQL advisory lock
WAIT_S = 30  # for another process that migrates


def migrate(url: str) -> None:
    """Make the ledger, or bring it up to date; does nothing where it is. Any number of processes may call it at once.

    An SQLite file is made with mode 0600, its folder with 0700. Raises LedgerUnavailable.
    """
    path = ledger_engine.file_of(url)
    engine = ledger_engine.make(url)
    try:
        if path is not None:
            _make_file(path)
        if not _is_current(engine):
            if path is not None:
                _use_wal(path)
            with ledger_engine.writing(engine, lock=MIGRATE_LOCK, wait_s=WAIT_S) as connection, _alembic_translated():
                command.upgrade(_config(connection), "head")
    finally:
        engine.dispose()


def is_current(url: str) -> bool:
    """Whether the ledger is there and up to date. Raises LedgerUnavailable where that cannot be told."""
    engine = ledger_engine.make(url)
    try:
        return _is_current(engine)
    finally:
        engine.dispose()


def _is_current(engine: Engine) -> bool:
    try:
        with ledger_engine.reading(engine) as connection:
            found = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_heads()
    except LedgerUnavailable as error:
        if error.fault is LedgerFault.NOT_MIGRATED:
            return False
        raise
    return found == tuple(ScriptDirectory.from_config(_config()).get_heads())


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection, "version_table": VERSION_TABLE})
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _alembic_translated() -> Iterator[None]:
    try:
        yield
    except CommandError as error:  # such as a ledger that a newer version of the dashboard has migrated
        raise LedgerUnavailable(LedgerFault.OTHER) from error


def _make_file(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Only a new file is opened: closing it would drop the locks that SQLite holds on it in this process.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        found = ledger_engine.os_fault(error)
        raise LedgerUnavailable(found) from error
    with suppress(OSError):  # not ours, or a read-only file system: writing to it will tell
        mode = path.stat().st_mode
        if mode & 0o077:
            path.chmod(mode & 0o700)


def _use_wal(path: Path) -> None:
    # SQLite answers "busy" at once, without waiting, to a second process that changes the mode.
    end = time.monotonic() + WAIT_S
    while True:
        try:
            with ledger_engine.translated():
                connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
                try:
                    connection.execute("PRAGMA journal_mode = WAL")
                finally:
                    connection.close()
        except LedgerUnavailable as error:
            if error.fault is not LedgerFault.LOCKED or time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
