"""The trail with its final columns, append-only.

On SQLite a row can also go without DELETE, by INSERT OR REPLACE, so an insert at any place but the end is refused.
Revises nothing: this is the first version. It never changes; what must change gets a version of its own.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Integer, Text

revision = "0001"
down_revision = None

SQLITE_TRIGGERS = (
    """CREATE TRIGGER trail_no_update BEFORE UPDATE ON trail
    BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END""",
    """CREATE TRIGGER trail_no_delete BEFORE DELETE ON trail
    BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END""",
    """CREATE TRIGGER trail_at_its_end BEFORE INSERT ON trail
    WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM trail)
    BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END""",
)
POSTGRES_TRIGGERS = (
    """CREATE FUNCTION trail_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the trail is append-only' USING ERRCODE = 'insufficient_privilege'; END $$""",
    """CREATE TRIGGER trail_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trail
    FOR EACH STATEMENT EXECUTE FUNCTION trail_is_append_only()""",
    # Fires in sessions of a replica too (session_replication_role).
    "ALTER TABLE trail ENABLE ALWAYS TRIGGER trail_append_only",
)


def upgrade() -> None:
    """Make the table, its indexes and its triggers."""
    is_sqlite = op.get_context().dialect.name == "sqlite"
    instant = Text() if is_sqlite else DateTime(timezone=True)
    large = Integer() if is_sqlite else BigInteger()
    op.create_table(
        "trail",
        Column("sequence", large, primary_key=True, autoincrement=False),
        Column("at", instant, nullable=False),
        Column("actor", Text(), nullable=False),
        Column("role", Text(), nullable=False),
        Column("scope", Text(), nullable=False),
        Column("action", Text(), nullable=False),
        Column("record_id", large),
        Column("patient_id", Text()),
        Column("clinic_id", Text()),
        Column("key_hmac", Text()),
        Column("expires_at", instant),
        Column("reason", Text()),
        Column("result", Text(), nullable=False),
        Column("request_id", Text(), nullable=False),
        Column("previous_hash", Text(), nullable=False),
        Column("hash", Text(), nullable=False),
    )
    for column in ("at", "actor", "record_id", "patient_id"):
        op.create_index(f"ix_trail_{column}", "trail", [column])
    for statement in SQLITE_TRIGGERS if is_sqlite else POSTGRES_TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: who did what is not deleted by a tool."""
    raise NotImplementedError("the trail is append-only")
