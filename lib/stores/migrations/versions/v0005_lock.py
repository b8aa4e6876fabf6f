"""When a session was locked, and the PINs that unlock one in one browser.

Revises 0004. It never changes; what must change gets a version of its own.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, DateTime, ForeignKey, Integer, Text

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column and make the table."""
    instant = Text() if op.get_context().dialect.name == "sqlite" else DateTime(timezone=True)
    op.add_column("sessions", Column("locked_at", instant))
    op.create_table(
        "pins",
        Column("person_id", Text(), ForeignKey("people.person_id"), primary_key=True),
        Column("browser_hash", Text(), primary_key=True),
        Column("generation", Integer(), nullable=False),
        Column("pin_hash", Text(), nullable=False),
        Column("failures", Integer(), nullable=False),
        Column("created_at", instant, nullable=False),
    )


def downgrade() -> None:
    """Refuse: sessions that are locked would be open."""
    raise NotImplementedError("a locked session stays locked")
