"""The tables of the clinic's database that are read, built from a mapping of names.

Only columns that somebody needs are here; ``primary_diagnosis`` is not, so no query can ask for it. Who made a PDF, and
on what (``generated_by_id``, ``is_mobile_generated``), is asked by an audit alone, which can do without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

COLUMNS: dict[str, tuple[str, ...]] = {
    "users": ("id", "phone", "name"),
    "clinics": ("id", "name", "is_active"),
    "consultations": ("id", "clinic_id"),
    "prescriptions": (
        "id", "consultation_id", "doctor_id", "patient_id", "issued_date", "is_draft", "is_finalized", "created_at",
    ),
    "prescription_pdfs": (
        "id", "prescription_id", "pdf_file", "version_number", "is_current", "generated_at", "file_size", "checksum",
        "generated_by_id", "is_mobile_generated",
    ),
}  # fmt: skip


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime: timestamptz in PostgreSQL, naive UTC text as Django writes it in SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Return text for SQLite, whose own type refuses spellings that Django's data may have."""
        return dialect.type_descriptor(sa.String() if dialect.name == "sqlite" else sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Return the instant as the database compares it."""
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return an aware UTC datetime; an instant without a zone is UTC."""
        if value is None:
            return None
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "issued_date": sa.Date(),
    "created_at": Instant(),
    "generated_at": Instant(),
    "version_number": sa.Integer(),
    "file_size": sa.BigInteger(),
}
BIGINTS = {"prescriptions.id", "prescription_pdfs.id", "prescription_pdfs.prescription_id"}


@dataclass(frozen=True, slots=True)
class Names:
    """What is called otherwise in this database.

    ``renamed`` maps our name to theirs: ``{"users": "app.accounts_user", "users.phone": "mobile"}``;
    a dot in a table's new name parts schema and table.
    """

    renamed: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = set(COLUMNS) | {f"{table}.{column}" for table, columns in COLUMNS.items() for column in columns}
        if unknown := set(self.renamed) - known:
            raise ValueError(f"unknown table or column: {', '.join(sorted(unknown))}")

    def of(self, name: str) -> str:
        """Return their name of ``table`` or ``table.column``."""
        return self.renamed.get(name, name.rpartition(".")[2])


DEFAULT_NAMES = Names()


@dataclass(frozen=True, slots=True)
class Tables:
    """The five tables; columns are reached by our names, whatever theirs are. Patients and doctors are users."""

    users: sa.Table
    clinics: sa.Table
    consultations: sa.Table
    prescriptions: sa.Table
    pdfs: sa.Table
    patient: sa.FromClause
    doctor: sa.FromClause


def build(names: Names) -> Tables:
    """Return the tables under their names in this database."""
    metadata = sa.MetaData()
    users, clinics, consultations, prescriptions, pdfs = (_table(name, names, metadata) for name in COLUMNS)
    return Tables(users, clinics, consultations, prescriptions, pdfs, users.alias("patient"), users.alias("doctor"))


def _table(name: str, names: Names, metadata: sa.MetaData) -> sa.Table:
    schema, _, table = names.of(name).rpartition(".")
    columns = (sa.Column(names.of(f"{name}.{column}"), _type(name, column), key=column) for column in COLUMNS[name])
    return sa.Table(table, metadata, *columns, schema=schema or None)


def _type(table: str, column: str) -> sa.types.TypeEngine[Any]:
    if column.startswith("is_"):
        return sa.Boolean()
    return sa.BigInteger() if f"{table}.{column}" in BIGINTS else TYPES.get(column, sa.String())
