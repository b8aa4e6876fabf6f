"""The tables of accounts, as the code reads and writes them; ``migrations`` makes them."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Integer, Table, Text, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from lib.stores.ledger_tables import METADATA, Instant


class Texts(TypeDecorator[frozenset[str]]):
    """A set of strings as a sorted JSON array, NULL for None. What is no such array is read as the empty set."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: frozenset[str] | None, _dialect: Dialect) -> str | None:
        """Return what the driver is given."""
        return None if value is None else json.dumps(sorted(value))

    def process_result_value(self, value: Any, _dialect: Dialect) -> frozenset[str] | None:
        """Return the set."""
        if value is None:
            return None
        try:
            read = json.loads(value)
        except (TypeError, ValueError):
            return frozenset()
        return frozenset(read if isinstance(read, list) and all(isinstance(each, str) for each in read) else ())


PEOPLE = Table(
    "people",
    METADATA,
    Column("person_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("clinics", Texts),
    Column("granted", Texts, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("password_hash", Text),
    Column("generation", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("issuer", Text),
    Column("subject", Text),
    UniqueConstraint("issuer", "subject"),
)
SESSIONS = Table(
    "sessions",
    METADATA,
    Column("id_hash", Text, primary_key=True),
    Column("person_id", Text, ForeignKey("people.person_id"), nullable=False, index=True),
    Column("generation", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False, index=True),
    Column("address", Text, nullable=False),
    Column("locked_at", Instant),
)
PASSWORD_LINKS = Table(
    "password_links",
    METADATA,
    Column("token_hash", Text, primary_key=True),
    Column("person_id", Text, ForeignKey("people.person_id"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
)
PINS = Table(
    "pins",
    METADATA,
    Column("person_id", Text, ForeignKey("people.person_id"), primary_key=True),
    Column("browser_hash", Text, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("pin_hash", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
)
THROTTLE = Table(
    "throttle",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Instant, nullable=False, index=True),
)
SPENT_FLOWS = Table(
    "spent_flows",
    METADATA,
    Column("state_hash", Text, primary_key=True),
    Column("ends_at", Instant, nullable=False, index=True),
)
