"""Accounts, their sessions, the links that set a password, and the counts that slow guessing down.

Revises 0002. It never changes; what must change gets a version of its own.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Integer, Text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables and their indexes."""
    instant = Text() if op.get_context().dialect.name == "sqlite" else DateTime(timezone=True)
    op.create_table(
        "people",
        Column("person_id", Text(), primary_key=True),
        Column("name", Text(), nullable=False),
        Column("name_key", Text(), nullable=False, unique=True),
        Column("role", Text(), nullable=False),
        Column("clinics", Text()),
        Column("granted", Text(), nullable=False),
        Column("is_active", Boolean(), nullable=False),
        Column("password_hash", Text()),
        Column("generation", Integer(), nullable=False),
        Column("created_at", instant, nullable=False),
        Column("changed_at", instant, nullable=False),
    )
    op.create_table(
        "sessions",
        Column("id_hash", Text(), primary_key=True),
        Column("person_id", Text(), ForeignKey("people.person_id"), nullable=False),
        Column("generation", Integer(), nullable=False),
        Column("created_at", instant, nullable=False),
        Column("last_seen_at", instant, nullable=False),
        Column("ends_at", instant, nullable=False),
        Column("address", Text(), nullable=False),
    )
    op.create_table(
        "password_links",
        Column("token_hash", Text(), primary_key=True),
        Column("person_id", Text(), ForeignKey("people.person_id"), nullable=False),
        Column("created_at", instant, nullable=False),
        Column("ends_at", instant, nullable=False),
    )
    op.create_table(
        "throttle",
        Column("key", Text(), primary_key=True),
        Column("failures", Integer(), nullable=False),
        Column("last_at", instant, nullable=False),
    )
    for table, column in (
        ("sessions", "person_id"),
        ("sessions", "ends_at"),
        ("password_links", "person_id"),
        ("throttle", "last_at"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    """Refuse: who had an account is part of who did what."""
    raise NotImplementedError("accounts are not deleted")
