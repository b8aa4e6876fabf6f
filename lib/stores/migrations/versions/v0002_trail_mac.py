"""Where an actor came from, and a MAC. Rows from before have none, and get none: nobody saw them being written.

Once a row has a MAC, none without one is taken: a dashboard of before, still running beside ours, must not append.
PostgreSQL refuses, as SQLite did already, an insert anywhere but at the end.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

revision = "0002"
down_revision = "0001"

SQLITE_TRIGGERS = (
    """CREATE TRIGGER trail_with_mac BEFORE INSERT ON trail
    WHEN NEW.mac IS NULL AND (SELECT mac FROM trail ORDER BY sequence DESC LIMIT 1) IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'the trail takes no event without a MAC'); END""",
)
POSTGRES_TRIGGERS = (
    """CREATE FUNCTION trail_grows_at_its_end() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE newest record;
    BEGIN
        SELECT sequence, mac INTO newest FROM trail ORDER BY sequence DESC LIMIT 1;
        IF NEW.sequence <> coalesce(newest.sequence, 0) + 1 THEN
            RAISE EXCEPTION 'the trail is append-only' USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NEW.mac IS NULL AND newest.mac IS NOT NULL THEN
            RAISE EXCEPTION 'the trail takes no event without a MAC' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER trail_at_its_end BEFORE INSERT ON trail
    FOR EACH ROW EXECUTE FUNCTION trail_grows_at_its_end()""",
    "ALTER TABLE trail ENABLE ALWAYS TRIGGER trail_at_its_end",
)


def upgrade() -> None:
    """Add the columns and the triggers."""
    for name in ("address", "session_hash", "actor_clinic", "mac"):
        op.add_column("trail", Column(name, Text()))
    for statement in SQLITE_TRIGGERS if op.get_context().dialect.name == "sqlite" else POSTGRES_TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: who did what is not deleted by a tool."""
    raise NotImplementedError("the trail is append-only")
