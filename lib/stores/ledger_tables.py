"""The tables of the ledger, as the code reads and writes them; ``migrations`` makes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Integer, MetaData, Table, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

BROKEN_INSTANT = datetime.min.replace(tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime with microseconds: ``timestamptz``, and in SQLite sortable ISO 8601 text.

    Text that is no instant was written by somebody else. It is read as one that no event can have, so that
    the chain is called broken there, rather than unreadable.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type of the dialect."""
        chosen: TypeEngine[Any] = Text() if dialect.name == "sqlite" else DateTime(timezone=True)
        return dialect.type_descriptor(chosen)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Return what the driver is given."""
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC."""
        if value is None:
            return None
        try:
            instant = value if isinstance(value, datetime) else datetime.fromisoformat(value)
            return instant.astimezone(UTC) if instant.tzinfo else BROKEN_INSTANT
        except (TypeError, ValueError, OverflowError):
            return BROKEN_INSTANT


METADATA = MetaData()
LARGE = BigInteger().with_variant(Integer(), "sqlite")  # in SQLite only INTEGER is the row's own number

TRAIL = Table(
    "trail",
    METADATA,
    Column("sequence", LARGE, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False, index=True),
    Column("actor", Text, nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("record_id", LARGE, index=True),
    Column("patient_id", Text, index=True),
    Column("clinic_id", Text),
    Column("key_hmac", Text),
    Column("expires_at", Instant),
    Column("reason", Text),
    Column("result", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("address", Text),
    Column("session_hash", Text),
    Column("actor_clinic", Text),
    Column("mac", Text),
)
