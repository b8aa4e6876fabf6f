"""A finding whose key no database can hold as it is gets its key's bytes beside the escapes: by them keys are ordered.

Revises 0008. It never changes; what must change gets a version of its own.
"""

from __future__ import annotations

import re

from alembic import op
from sqlalchemy import Column, Text, text

revision = "0009"
down_revision = "0008"

_ESCAPED = re.compile(r"\\(\\|u[0-9a-f]{4})")


def upgrade() -> None:
    """Add the column, and fill it for the findings that there are."""
    op.add_column("audit_findings", Column("place", Text()))
    connection = op.get_bind()
    place = "coalesce(key, resolved)"
    asked = f"SELECT run_id, number, {place} AS held FROM audit_findings WHERE substr({place}, 1, 1) = :mark"  # noqa: S608 - no value
    rows = [row._asdict() for row in connection.execute(text(asked), {"mark": "\x1a"})]
    for row in rows:
        row["place"] = _bytes(row.pop("held")).hex()
    if rows:
        kept = text("UPDATE audit_findings SET place = :place WHERE run_id = :run_id AND number = :number")
        connection.execute(kept, rows)


def downgrade() -> None:
    """Refuse: the version before would compare keys by their escapes again."""
    raise NotImplementedError("keys stay in their order")


def _bytes(held: str) -> bytes:
    key = _ESCAPED.sub(lambda found: "\\" if found[1] == "\\" else chr(int(found[1][1:], 16)), held[1:])
    try:
        return key.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return key.encode("utf-8", "surrogatepass")
