"""Who an account is to an identity provider, and which sign-ins there were used up.

Revises 0003. It never changes; what must change gets a version of its own.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, DateTime, Text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns and the table; of one identity there is one account."""
    op.add_column("people", Column("issuer", Text()))
    op.add_column("people", Column("subject", Text()))
    op.create_index("ix_people_identity", "people", ["issuer", "subject"], unique=True)
    instant = Text() if op.get_context().dialect.name == "sqlite" else DateTime(timezone=True)
    op.create_table(
        "spent_flows",
        Column("state_hash", Text(), primary_key=True),
        Column("ends_at", instant, nullable=False),
    )
    op.create_index("ix_spent_flows_ends_at", "spent_flows", ["ends_at"])


def downgrade() -> None:
    """Refuse: who had an account is part of who did what."""
    raise NotImplementedError("accounts are not deleted")
