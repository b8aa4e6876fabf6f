"""The rows of the demo clinic's database, and writing them. The columns are those of ``schema.sql``, in its order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

SCHEMA = Path(__file__).with_name("schema.sql")


class User(NamedTuple):
    """A patient, doctor or clinic admin."""

    id: str
    phone: str
    email: str | None
    name: str
    role: str
    is_active: bool


class ClinicRow(NamedTuple):
    """A clinic."""

    id: str
    name: str
    admin_id: str
    is_active: bool


class Consultation(NamedTuple):
    """A visit of a patient to a doctor."""

    id: str
    patient_id: str
    doctor_id: str
    clinic_id: str | None
    scheduled_date: date
    status: str


class Prescription(NamedTuple):
    """What a doctor prescribed."""

    id: int
    consultation_id: str | None
    doctor_id: str
    patient_id: str
    issued_date: date
    primary_diagnosis: str
    is_draft: bool
    is_finalized: bool
    created_at: datetime
    updated_at: datetime


class Pdf(NamedTuple):
    """One version of a prescription's PDF; ``pdf_file`` is the stored key."""

    id: int
    prescription_id: int
    pdf_file: str
    version_number: int
    is_current: bool
    generated_by_id: str
    generated_at: datetime
    is_mobile_generated: bool
    file_size: int | None
    checksum: str


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything in the database."""

    users: tuple[User, ...]
    clinics: tuple[ClinicRow, ...]
    consultations: tuple[Consultation, ...]
    prescriptions: tuple[Prescription, ...]
    prescription_pdfs: tuple[Pdf, ...]


def write(tables: Tables, path: Path) -> None:
    """Write a new SQLite database; raise OSError or ``sqlite3.Error`` where that is impossible."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")  # made anew at every start, so nothing of it needs to last
        connection.executescript(SCHEMA.read_text(encoding="utf-8"))
        connection.execute("PRAGMA foreign_keys = ON")
        with connection:
            _insert(connection, "users", tables.users)
            _insert(connection, "clinics", tables.clinics)
            _insert(connection, "consultations", tables.consultations)
            _insert(connection, "prescriptions", tables.prescriptions)
            _insert(connection, "prescription_pdfs", tables.prescription_pdfs)


def _insert(connection: sqlite3.Connection, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    values = [tuple(_value(cell) for cell in row) for row in rows]
    marks = ", ".join("?" * len(values[0]))
    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)  # noqa: S608 -- the names are literals above


def _value(cell: object) -> object:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")  # as Django writes an instant in SQLite
    return cell.isoformat() if isinstance(cell, date) else cell
