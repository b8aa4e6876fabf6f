"""The signer's rule as one SQL expression, the same in PostgreSQL and SQLite."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def resolved_expression(column: sa.ColumnElement[str], *, location: str) -> sa.ColumnElement[str]:
    """Return what ``lib.keys.resolve`` returns, byte for byte, computed by the database.

    Compared as a cut-off beginning, never with LIKE: ``_`` and ``%`` are ordinary in a location.
    """
    location = location.strip("/")
    if not location:
        return column
    prefix = f"{location}/"
    beginning: sa.ColumnElement[Any] = sa.func.substr(column, 1, len(prefix))
    return sa.case((beginning == prefix, column), else_=sa.literal(prefix) + column)
