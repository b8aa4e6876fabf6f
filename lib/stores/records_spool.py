"""All rows of the transaction's snapshot, sorted by resolved key in bytes, as lines of a file (``lib.row_lines``).

PostgreSQL sorts, escapes and writes them itself (COPY). For SQLite the lines are made here. No name and no phone is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg2  # type: ignore[import-untyped]
import sqlalchemy as sa

from lib.diagnosis import md5_of
from lib.errors import DatabaseFault, DatabaseUnavailable
from lib.row_lines import escaped
from lib.stores.records_resolved import resolved_expression
from lib.stores.records_tables import Tables
from lib.stores.row_file import Spooling

_BATCH = 5000
_WORK_MEM = "8MB"  # more is slower: what is sorted or looked up leaves the cache
_MD5_BYTES = 32


def with_room_to_sort(connection: sa.Connection) -> None:
    """Let PostgreSQL sort in more memory and read cursors to their end, for the rest of this transaction."""
    connection.execute(
        sa.select(
            sa.func.set_config("work_mem", _WORK_MEM, True),
            sa.func.set_config("cursor_tuple_fraction", "1", True),  # a fast first row is no use here
            sa.func.set_config("idle_in_transaction_session_timeout", "0", True),  # one waits for the other
        )
    )


def copy(connection: sa.Connection, tables: Tables, spooling: Spooling, *, location: str, prefix: str) -> None:
    """Have PostgreSQL write the rows whose resolved key begins with ``prefix``; raise OSError where the disk is full."""
    pdfs = tables.pdfs
    resolved = resolved_in(tables, location=location, is_sqlite=False)
    # Whether 32 bytes are hex digits costs more to ask than all the rest: what is no MD5 equals no ETag, and
    # ``reconcile`` compares it with none.
    is_bare = sa.func.octet_length(pdfs.c.checksum) == _MD5_BYTES
    trimmed = sa.func.lower(sa.func.btrim(pdfs.c.checksum, " \t\n\r\v\f"))
    md5 = sa.case(
        (is_bare, sa.func.lower(sa.collate(pdfs.c.checksum, "C"))),
        (trimmed.regexp_match("^[0-9a-f]{32}$"), trimmed),
        else_=None,
    )
    size = sa.case((pdfs.c.file_size > 0, pdfs.c.file_size), else_=None)
    statement = sa.select(resolved.label("resolved"), md5.label("md5"), size.label("size"), pdfs.c.id)
    statement = statement.where(*beginning(resolved, prefix, is_sqlite=False))
    compiled = statement.order_by(resolved).compile(dialect=connection.dialect)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        query = cursor.mogrify(str(compiled), compiled.params)
        try:
            cursor.copy_expert(b"COPY (" + query + b") TO STDOUT WITH (NULL '')", spooling.file)
        except psycopg2.Error:
            raise
        except BaseException:  # the disk is full: what the server still sends is not waited for
            connection.invalidate()
            raise
        spooling.rows = cursor.rowcount


def write(connection: sa.Connection, tables: Tables, spooling: Spooling, *, location: str, prefix: str) -> None:
    """Write the rows of SQLite likewise. Text that is no valid UTF-8 goes into the file as it is."""
    if connection.exec_driver_sql("PRAGMA encoding").scalar_one() != "UTF-8":
        raise DatabaseUnavailable(DatabaseFault.OTHER)  # its order is not that of UTF-8, and its bytes are not
    pdfs = tables.pdfs
    resolved = resolved_in(tables, location=location, is_sqlite=True)
    statement = sa.select(resolved, as_bytes(pdfs.c.checksum), sa.type_coerce(pdfs.c.file_size, _ANY), pdfs.c.id)
    statement = statement.where(*beginning(resolved, prefix, is_sqlite=True)).order_by(resolved)
    for rows in connection.execute(statement, execution_options={"yield_per": _BATCH}).partitions():
        spooling.add(list(map(line_of, rows)))


def line_of(row: Iterable[Any]) -> bytes:
    """Return the line of resolved key, checksum (both bytes), size and number.

    >>> line_of((b"loc/a.pdf", b" AB" + b"ab" * 15, 0, 7))
    b'loc/a.pdf\\tabababababababababababababababab\\t\\t7'
    """
    key, checksum, size, number = row
    md5 = md5_of((checksum or b"").decode(errors="replace")) or ""
    is_known = isinstance(size, int) and size > 0
    return b"%b\t%b\t%b\t%d" % (escaped(key), md5.encode(), b"%d" % size if is_known else b"", number)


def resolved_in(tables: Tables, *, location: str, is_sqlite: bool) -> sa.ColumnElement[Any]:
    """Return the resolved key, ordered and compared by its bytes: bytes in SQLite, text in PostgreSQL."""
    stored = tables.pdfs.c.pdf_file
    if is_sqlite:
        return as_bytes(resolved_expression(as_text(stored), location=location))
    return resolved_expression(sa.collate(sa.func.coalesce(stored, ""), "C"), location=location)


def beginning(resolved: sa.ColumnElement[Any], prefix: str, *, is_sqlite: bool) -> list[sa.ColumnElement[bool]]:
    """Return the condition that a resolved key begins with ``prefix``, none for ''. Never LIKE: ``_`` is a letter."""
    if not prefix:
        return []
    start = prefix.encode() if is_sqlite else prefix
    return [sa.func.substr(resolved, 1, len(start)) == start]


def as_text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """Return a column of SQLite as text, '' for NULL, whatever it holds."""
    return sa.func.coalesce(sa.cast(column, sa.Text()), "")


def as_bytes(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bytes]:
    """Return a column of SQLite as bytes: Python's driver refuses text that is no valid UTF-8."""
    return sa.cast(column, sa.LargeBinary())


_ANY = sa.types.NullType()
