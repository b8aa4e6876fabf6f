"""Connections to the ledger, what a transaction on it means, and what its drivers' errors mean."""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from psycopg2 import extensions  # type: ignore[import-untyped]  # ships no types
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from lib.errors import LedgerFault, LedgerUnavailable
from lib.stores import ledger_file
from lib.stores.ledger_patience import PatientConnection, patience

READ_WAIT_S = 30  # for one page of the trail
TIMESTAMPTZ = 1184  # its number in pg_type
WAIT_S = 5  # for a lock, a connection, or an answer
LOOK_S = 0.002  # between two looks whether SQLite's one writer is through

_SQLITE = {
    sqlite3.SQLITE_BUSY: LedgerFault.LOCKED,
    sqlite3.SQLITE_LOCKED: LedgerFault.LOCKED,
    sqlite3.SQLITE_PROTOCOL: LedgerFault.LOCKED,
    sqlite3.SQLITE_READONLY: LedgerFault.READ_ONLY,
    sqlite3.SQLITE_PERM: LedgerFault.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: LedgerFault.READ_ONLY,  # there, or it would be NOT_MIGRATED
    sqlite3.SQLITE_FULL: LedgerFault.FULL,
    sqlite3.SQLITE_IOERR_SHMSIZE: LedgerFault.FULL,
}
_POSTGRES = {
    "53100": LedgerFault.FULL,
    "25006": LedgerFault.READ_ONLY,  # a standby, or default_transaction_read_only
    "42501": LedgerFault.READ_ONLY,  # no grant
    "55P03": LedgerFault.LOCKED,
    "57014": LedgerFault.LOCKED,  # statement_timeout
    "40P01": LedgerFault.LOCKED,
    "42P01": LedgerFault.NOT_MIGRATED,
    "42703": LedgerFault.NOT_MIGRATED,
    "3F000": LedgerFault.NOT_MIGRATED,
}


def make(url: str) -> Engine:
    """Return an engine. Touches neither network nor disk, and never makes a file."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            engine = create_engine(
                parsed,
                isolation_level="READ COMMITTED",  # each statement sees what was committed before it
                pool_pre_ping=True,
                pool_size=5,
                pool_timeout=WAIT_S,
                hide_parameters=True,
                connect_args={
                    "connect_timeout": WAIT_S,
                    "tcp_user_timeout": WAIT_S * 1000,
                    "application_name": "prescription-dashboard",
                    "connection_factory": PatientConnection,
                },
            )
            event.listen(engine, "connect", _read_instants_as_text)
            return engine
    except (ArgumentError, NoSuchModuleError):
        raise LedgerUnavailable(LedgerFault.OTHER) from None  # its text may hold the address
    path = Path(parsed.database or "")
    engine = create_engine(
        "sqlite://",
        creator=lambda: ledger_file.open_file(path, wait_s=WAIT_S),
        poolclass=QueuePool,
        pool_size=5,
        pool_timeout=WAIT_S,
        hide_parameters=True,
    )
    event.listen(engine, "begin", _begin)
    ledger_file.watch(engine, path)
    return engine


def file_of(url: str) -> Path | None:
    """Return the file of an SQLite ledger, None for PostgreSQL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise LedgerUnavailable(LedgerFault.OTHER) from None
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def _read_instants_as_text(connection: Any, _record: object) -> None:
    # psycopg2 raises for a year that Python has not, which only a forger writes; ``Instant`` reads the text.
    as_text = extensions.new_type((TIMESTAMPTZ,), "TEXT_INSTANT", lambda value, _cursor: value)
    extensions.register_type(as_text, connection)


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("is_writing", False):
        _begin_writing(connection.connection.driver_connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Any) -> None:
    """Wait for SQLite's one writer with even looks, as long as WAIT_S.

    SQLite's own busy handler looks ever more seldom: who has waited longest is passed by whoever comes and goes.
    """
    ends = time.monotonic() + WAIT_S
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while not _has_begun(connection, may_wait=time.monotonic() < ends):
            time.sleep(LOOK_S)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(WAIT_S * 1000)}")


def _has_begun(connection: Any, *, may_wait: bool) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if not may_wait or fault(error) is not LedgerFault.LOCKED:
            raise
        return False
    return True


@contextmanager
def reading(engine: Engine, *, wait_s: int = WAIT_S) -> Iterator[Connection]:
    """Open a transaction that only reads; raise LedgerUnavailable."""
    with translated(), engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            with connection.begin():
                yield connection
            return
        with patience(connection.connection.driver_connection, wait_s=wait_s), connection.begin():
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{wait_s}s'")
            yield connection


@contextmanager
def writing(engine: Engine, *, lock: int, wait_s: int = WAIT_S) -> Iterator[Connection]:
    """Open the only writing transaction there is, and commit it durably at the end; raise LedgerUnavailable.

    SQLite has one writer at a time by itself. PostgreSQL takes an advisory lock of this number until the commit.
    """
    with translated(), engine.connect() as plain:
        connection = plain.execution_options(is_writing=True)
        if engine.dialect.name == "sqlite":
            with connection.begin():
                yield connection
            return
        with patience(connection.connection.driver_connection, wait_s=wait_s), connection.begin():
            connection.exec_driver_sql(
                f"SET LOCAL lock_timeout = '{wait_s}s'; SET LOCAL statement_timeout = '{wait_s}s'; "
                # Never less than our own disk; what waits for standbys stays.
                "SELECT set_config('synchronous_commit', 'on', true) "
                "WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')"
            )
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({lock})")
            yield connection


@contextmanager
def translated() -> Iterator[None]:
    """Raise LedgerUnavailable for what a driver, SQLAlchemy or the file system raises."""
    try:
        yield
    except DBAPIError as error:
        _fail(fault(error.orig), error)
    except sqlite3.Error as error:  # from opening a file, outside SQLAlchemy
        _fail(fault(error), error)
    except SQLAlchemyError as error:
        _fail(LedgerFault.DOWN if error.code == "3o7r" else LedgerFault.OTHER, error)  # 3o7r: no free connection


def _fail(found: LedgerFault, error: Exception) -> NoReturn:
    raise LedgerUnavailable(found) from error


def fault(error: BaseException | None) -> LedgerFault:
    """Return what a driver's error means."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code == sqlite3.SQLITE_ERROR and str(error).startswith(("no such table", "no such column")):
            return LedgerFault.NOT_MIGRATED
        return _SQLITE.get(code) or _SQLITE.get(code & 0xFF, LedgerFault.OTHER)
    code = getattr(error, "pgcode", None)
    if code is None or code[:2] in {"08", "28", "53", "57"} or code == "3D000":
        return _POSTGRES.get(code or "", LedgerFault.DOWN)
    return _POSTGRES.get(code, LedgerFault.OTHER)


def os_fault(error: OSError) -> LedgerFault:
    """Return what an error of the file system means."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return LedgerFault.FULL
    return LedgerFault.READ_ONLY if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM} else LedgerFault.OTHER
