"""A driver's error, translated once. Nothing of a DSN, a password or a value reaches the message."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2  # type: ignore[import-untyped]
import sqlalchemy.exc

from lib.errors import DatabaseFault, DatabaseUnavailable

ALIASES = {"patient": "users", "doctor": "users"}  # what records_tables calls the users table where it joins it twice

# https://www.postgresql.org/docs/current/errcodes-appendix.html; the first two characters are the class.
SQLSTATES = {
    "57014": DatabaseFault.SLOW,  # query_canceled: the statement timeout
    "55P03": DatabaseFault.SLOW,  # lock_not_available
    "25P03": DatabaseFault.SLOW,  # idle_in_transaction_session_timeout
    "42P01": DatabaseFault.SCHEMA,  # undefined_table
    "42703": DatabaseFault.SCHEMA,  # undefined_column
    "3F000": DatabaseFault.SCHEMA,  # invalid_schema_name
    "42501": DatabaseFault.DENIED,  # insufficient_privilege
    "28": DatabaseFault.DENIED,
    "08": DatabaseFault.DOWN,
    "57": DatabaseFault.DOWN,  # shutting down, starting up
    "53": DatabaseFault.DOWN,  # too many connections, no memory, disk full
}
# A refused connection has no SQLSTATE in psycopg2, only libpq's words.
CONNECTING = (
    (re.compile(r"timeout expired|timed out", re.IGNORECASE), DatabaseFault.SLOW),
    (
        re.compile(r"authentication failed|no password supplied|pg_hba\.conf|permission denied for database|"
                   r'role "[^"]*" (does not exist|is not permitted)'),
        DatabaseFault.DENIED,
    ),
)  # fmt: skip
SQLITE = {
    sqlite3.SQLITE_BUSY: DatabaseFault.LOCKED,
    sqlite3.SQLITE_LOCKED: DatabaseFault.LOCKED,
    sqlite3.SQLITE_INTERRUPT: DatabaseFault.SLOW,  # our own deadline, see records_engine
    sqlite3.SQLITE_CANTOPEN: DatabaseFault.DOWN,
    sqlite3.SQLITE_NOTADB: DatabaseFault.DOWN,
    sqlite3.SQLITE_IOERR: DatabaseFault.DOWN,
    sqlite3.SQLITE_PERM: DatabaseFault.DENIED,
    sqlite3.SQLITE_AUTH: DatabaseFault.DENIED,
    sqlite3.SQLITE_READONLY: DatabaseFault.DENIED,
}


@contextmanager
def translated() -> Iterator[None]:
    """Raise DatabaseUnavailable for whatever the driver or the pool raises inside."""
    try:
        yield
    except sqlalchemy.exc.TimeoutError as error:  # no free connection in the pool
        raise DatabaseUnavailable(DatabaseFault.SLOW) from error
    except sqlalchemy.exc.DBAPIError as error:
        raise _of(error) from error
    except psycopg2.Error as error:  # of COPY, which SQLAlchemy does not know
        raise _of(sqlalchemy.exc.DBAPIError.instance(None, None, error, psycopg2.Error)) from error
    except (sqlalchemy.exc.SQLAlchemyError, ValueError) as error:  # a value that is not what its column says
        raise DatabaseUnavailable(DatabaseFault.OTHER) from error


def _of(error: sqlalchemy.exc.DBAPIError) -> DatabaseUnavailable:
    if isinstance(error.orig, sqlite3.Error):
        return _of_sqlite(error.orig)
    state: str | None = getattr(error.orig, "pgcode", None)
    words = str(error.orig)
    if state is not None:
        fault = SQLSTATES.get(state) or SQLSTATES.get(state[:2], DatabaseFault.OTHER)
        diagnostics = getattr(error.orig, "diag", None)
        message = getattr(diagnostics, "message_primary", None) or words
        return DatabaseUnavailable(fault, _name(message) if fault in _NAMING else "")
    if not isinstance(error, sqlalchemy.exc.OperationalError | sqlalchemy.exc.InterfaceError):
        fault = DatabaseFault.DOWN if error.connection_invalidated else DatabaseFault.OTHER
        return DatabaseUnavailable(fault)
    return DatabaseUnavailable(next((fault for known, fault in CONNECTING if known.search(words)), DatabaseFault.DOWN))


_NAMING = {DatabaseFault.SCHEMA, DatabaseFault.DENIED}


def _of_sqlite(error: sqlite3.Error) -> DatabaseUnavailable:
    words = str(error)
    if missing := re.match(r"no such (?:table|column): (.+)", words):
        return DatabaseUnavailable(DatabaseFault.SCHEMA, _unaliased(missing[1]))
    code = getattr(error, "sqlite_errorcode", None)
    fault = DatabaseFault.OTHER if code is None else SQLITE.get(code & 0xFF, DatabaseFault.OTHER)
    return DatabaseUnavailable(fault)


def _name(message: str) -> str:
    """Return the table or column that PostgreSQL names, in whatever language it speaks; '' where it names none."""
    named = re.search(r'"([^"]+)"|\b([a-z_][\w$]*\.[\w$]+)\b|\b(?:table|relation) ([^\s"]+)', message)
    return _unaliased(next(part for part in named.groups() if part)) if named else ""


def _unaliased(name: str) -> str:
    table, dot, column = name.rpartition(".")
    return f"{ALIASES.get(table, table)}{dot}{column}"
