"""Runs are of one bucket and one database: the bucket, of which at most one run is running, gets a column of its own.

Until now ``target`` was the bucket's alone, so that two databases with one bucket shared their verdicts. A run from
before stays what it was: of its bucket, and of no database that anybody knows.

Revises 0006. It never changes; what must change gets a version of its own.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text, text

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column, and let the index that lets one run be running go by it."""
    op.add_column("audits", Column("bucket", Text(), nullable=False, server_default=""))
    op.execute(text("UPDATE audits SET bucket = target"))
    op.drop_index("ux_audits_running", "audits")
    running = text("status = 'running'")
    op.create_index(
        "ux_audits_running", "audits", ["bucket"], unique=True, sqlite_where=running, postgresql_where=running
    )


def downgrade() -> None:
    """Refuse: verdicts of one database would be shown to another."""
    raise NotImplementedError("runs stay with their database")
