"""A finding of a record is known again by its kind and its record's number, no more by a hash of them.

Hashes lie anywhere in their index: a run with many findings wrote nearly all of its pages again with each commit.

Revises 0007. It never changes; what must change gets a version of its own.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0008"
down_revision = "0007"

_KINDS = (
    "dangling_reference",
    "unreferenced_object",
    "size_differs",
    "checksum_differs",
    "empty_object",
    "shared_object",
    "consultation_differs",
    "version_state",
    "resolvers_disagree",
    "unresolvable_key",
    "wrong_content_type",
    "publicly_readable",
    "undetermined",
)
_LEAST = "(-9223372036854775807 - 1)"  # the sign alone


def upgrade() -> None:
    """Number the subjects of the runs that there are, so that the next run is compared with them."""
    number = " ".join(f"WHEN '{kind}' THEN {number}" for number, kind in enumerate(_KINDS))
    has_number = "record_id BETWEEN 0 AND 72057594037927935"
    op.execute(
        text(
            f"UPDATE audit_findings SET subject_hash = CASE WHEN {has_number}"  # noqa: S608 - all of it is above
            f" THEN (CAST(CASE kind {number} END AS bigint) << 56) | record_id"
            f" ELSE subject_hash | {_LEAST} END"
        )
    )


def downgrade() -> None:
    """Refuse: the hashes are gone."""
    raise NotImplementedError("runs stay comparable")
