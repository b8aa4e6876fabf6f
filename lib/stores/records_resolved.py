"""The signer's rule as one SQL expression, the same in PostgreSQL and SQLite."""

from __future__ import annotations

import sqlalchemy as sa


def resolved_expression(column: sa.ColumnElement[str], *, location: str) -> sa.ColumnElement[str]:
    """Return what ``lib.keys.resolve`` returns, byte for byte, computed by the database.

    ``column`` is in the order of its bytes: collated "C" in PostgreSQL.
    """
    location = location.strip("/")
    if not location:
        return column
    prefix = f"{location}/"
    return sa.case((begins(column, prefix), column), else_=sa.literal(prefix) + column)


def begins(column: sa.ColumnElement[str], prefix: str) -> sa.ColumnElement[bool]:
    """Return whether a text in the order of its bytes begins with a prefix that ends with a slash.

    As a stretch of that order, which costs a third of cutting the beginning off. Never LIKE: ``_`` and ``%`` are ordinary.
    """
    return sa.and_(column >= prefix, column < prefix[:-1] + chr(ord("/") + 1))
