"""Runs of "Check all files", the ranges of keys that each walks, and what each found.

Of a target at most one run is running: the partial index says so also to two replicas. Findings name their run without
a foreign key, which would be looked up for each of a hundred thousand rows; runs are never deleted.

Revises 0005. It never changes; what must change gets a version of its own.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Float, ForeignKey, Integer, Text, text

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables and their indexes."""
    is_sqlite = op.get_context().dialect.name == "sqlite"
    instant = Text() if is_sqlite else DateTime(timezone=True)
    large = Integer() if is_sqlite else BigInteger()
    op.create_table(
        "audits",
        Column("run_id", large, primary_key=True, autoincrement=False),
        Column("target", Text(), nullable=False),
        Column("prefix", Text(), nullable=False),
        Column("grace_s", Float(), nullable=False),
        Column("exposure", Text(), nullable=False),
        Column("ranges", Integer(), nullable=False),
        Column("started_by", Text(), nullable=False),
        Column("started_at", instant, nullable=False),
        Column("resumed_by", Text()),
        Column("resumed_at", instant),
        Column("ended_at", instant),
        Column("snapshot_at", instant),
        Column("status", Text(), nullable=False),
        Column("is_cancelling", Boolean(), nullable=False),
        Column("fence", Integer(), nullable=False),
        Column("lease_at", instant, nullable=False),
        Column("seconds", Float(), nullable=False),
        Column("progress", Text(), nullable=False),
        Column("result", Text()),
    )
    running = text("status = 'running'")
    op.create_index(
        "ux_audits_running", "audits", ["target"], unique=True, sqlite_where=running, postgresql_where=running
    )
    op.create_index("ix_audits_target", "audits", ["target", "run_id"])
    op.create_table(
        "audit_ranges",
        Column("run_id", large, ForeignKey("audits.run_id"), primary_key=True, autoincrement=False),
        Column("number", Integer(), primary_key=True, autoincrement=False),
        Column("after", Text(), nullable=False),
        Column("until", Text()),
        Column("is_done", Boolean(), nullable=False),
        Column("rows", large, nullable=False),
        Column("objects", large, nullable=False),
    )
    op.create_table(
        "audit_findings",
        Column("run_id", large, primary_key=True, autoincrement=False),
        Column("number", Integer(), primary_key=True, autoincrement=False),
        Column("subject_hash", large, nullable=False),
        Column("kind", Text(), nullable=False),
        Column("severity", Text(), nullable=False),
        Column("code", Text()),
        Column("state", Text()),
        Column("record_id", large),
        Column("stored", Text()),
        Column("resolved", Text()),
        Column("key", Text()),
        Column("evidence", Text(), nullable=False),
        Column("suggestion", Text()),
        Column("patient_id", Text()),
        Column("clinic_id", Text()),
        Column("generated_at", instant),
        Column("creator", Text()),
        Column("is_mobile", Boolean()),
    )
    for name, columns in (
        ("code", ["run_id", "code"]),
        ("state", ["run_id", "state", "record_id"]),
        ("subject", ["run_id", "subject_hash"]),
    ):
        op.create_index(f"ix_audit_findings_{name}", "audit_findings", columns)


def downgrade() -> None:
    """Refuse: every run is kept."""
    raise NotImplementedError("runs are not deleted")
