"""A small clinic with one of every oddity, as rows of the application's tables and as the records they mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extras
import sqlalchemy as sa

from lib.records import Clinic, Record

SCHEMA = Path(__file__).parents[2] / "dashboard" / "demo" / "schema.sql"

MEERA, MEERA_TOO, HOSTILE, RIGHT_TO_LEFT, MARKED_UP, ELODIE = "PAT007", "PAT008", "PAT009", "PAT010", "PAT011", "PAT012"
HOSTILE_NAME = "100% Öz_gür \\ O'Brien"
RTL_NAME = "\u202eשלום\u202c Cohen"
MARKED_UP_NAME = "👩‍⚕️ **Bold** <b>x</b> [a](javascript:1)"

USERS = [  # id, phone, email, name, role, is_active
    (MEERA, "+919876543210", "meera@example.org", "Meera Nair", "patient", True),
    (MEERA_TOO, "+919812343210", None, "Meera Nair", "patient", True),
    (HOSTILE, "+919800000009", None, HOSTILE_NAME, "patient", True),
    (RIGHT_TO_LEFT, "+919800000010", None, RTL_NAME, "patient", True),
    (MARKED_UP, "+919800000011", None, MARKED_UP_NAME, "patient", False),
    (ELODIE, "+33612345678", None, "Élodie Ångström", "patient", True),
    ("DOC001", "+919800000101", None, "Dr. Meera Iyer", "doctor", True),
    ("ADM001", "+919800000201", None, "Admin One", "admin", True),
    ("ADM002", "+919800000202", None, "Admin Two", "admin", True),
    ("ADM003", "+919800000203", None, "Admin Three", "admin", True),
]
CLINICS = [  # id, name, admin_id, is_active
    ("CLN1", "Lakeside", "ADM001", True),
    ("CLN2", "Hill View", "ADM002", True),
    ("CLN3", "Closed long ago", "ADM003", False),
]
CONSULTATIONS = [  # id, patient_id, doctor_id, clinic_id, scheduled_date, status
    ("CON153", MEERA, "DOC001", "CLN1", date(2026, 11, 12), "completed"),
    ("CON154", MEERA_TOO, "DOC001", "CLN2", date(2026, 11, 13), "completed"),
    ("CON155", HOSTILE, "DOC001", None, date(2026, 11, 14), "completed"),
    ("CON156", RIGHT_TO_LEFT, "DOC001", "CLN1", date(2026, 11, 15), "completed"),
    ("CON157", MARKED_UP, "DOC001", "CLN2", date(2026, 11, 16), "completed"),
]


def _at(day: int, hour: int, minute: int = 0, microsecond: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, 0, microsecond, UTC)


DIAGNOSIS = "SECRET DIAGNOSIS"  # must not come out of any store
PRESCRIPTIONS = [  # id, consultation, doctor, patient, issued, diagnosis, is_draft, is_finalized, created, updated
    (1, "CON153", "DOC001", MEERA, date(2026, 11, 12), DIAGNOSIS, False, True, _at(12, 8), _at(12, 8)),
    (2, "CON154", "DOC001", MEERA_TOO, date(2026, 11, 13), DIAGNOSIS, False, True, _at(13, 8), _at(13, 8)),
    (3, "CON155", "DOC001", HOSTILE, date(2026, 11, 14), DIAGNOSIS, False, True, _at(14, 8), _at(14, 8)),
    (4, None, "DOC001", RIGHT_TO_LEFT, date(2026, 11, 15), DIAGNOSIS, False, True, _at(15, 8), _at(15, 8)),
    (5, "CON156", "DOC001", RIGHT_TO_LEFT, date(2026, 11, 16), DIAGNOSIS, True, False, _at(16, 8), _at(16, 8)),
    (6, "CON157", "DOC001", MARKED_UP, date(2026, 11, 14), DIAGNOSIS, False, True, _at(14, 0), _at(14, 0)),
    (7, None, "DOC001", ELODIE, date(2026, 11, 17), DIAGNOSIS, True, False, _at(17, 0), _at(17, 0)),
]


def _key(folder: str, number: int) -> str:
    return f"prescriptions/pdfs/{folder}/{number:032x}.pdf"


SHARED_KEY = _key("CON154", 0x21)  # stands in a row of two different patients
PDFS = [  # id, prescription, key, version, is_current, generated_by, generated_at, is_mobile, size, checksum
    (11, 1, _key("CON153", 0x11), 1, False, "DOC001", _at(12, 9), False, 1000, "1" * 32),
    (12, 1, _key("CON153", 0x12), 2, False, "DOC001", _at(12, 10), False, 1001, "2" * 32),
    (13, 1, _key("CON153", 0x13), 3, True, "DOC001", _at(14, 0), True, None, ""),  # the same instant as 6 was written
    (21, 2, SHARED_KEY, 1, True, "DOC001", _at(13, 9, 30), False, 1002, "3" * 32),  # two are current
    (22, 2, _key("CON154", 0x22), 2, True, "DOC001", _at(13, 9, 30), False, 1003, "4" * 32),  # the same instant
    (23, 2, _key("CON154", 0x23), 3, False, "DOC001", _at(13, 9, 31), False, 1004, "5" * 32),
    (31, 3, SHARED_KEY, 1, False, "DOC001", _at(14, 9, 0, 1), False, 1002, "3" * 32),  # none is current
    (32, 3, "edrcontainer1/" + _key("CON155", 0x32), 2, False, "DOC001", _at(14, 9), False, 1005, "6" * 32),
    (41, 4, "", 1, True, "DOC001", _at(15, 9), False, 1006, "7" * 32),
    (51, 5, "prescriptions/pdfs/CON156/a%_\\b'é.pdf", 1, True, "DOC001", _at(16, 9), False, 1007, "8" * 32),
]
TABLES: dict[str, list[tuple[Any, ...]]] = {
    "users": USERS, "clinics": CLINICS, "consultations": CONSULTATIONS, "prescriptions": PRESCRIPTIONS,
    "prescription_pdfs": PDFS,
}  # fmt: skip

VISIBLE_CLINICS = (Clinic("CLN2", "Hill View"), Clinic("CLN1", "Lakeside"))  # by name
LATEST = {1: 3, 2: 2, 3: 2, 4: 1, 5: 1}  # prescription -> the version to use


def records_of(tables: dict[str, list[tuple[Any, ...]]], *, latest: dict[int, int]) -> list[Record]:
    """Return the records that these rows mean; ``latest`` says which version of a prescription is to be used."""
    people = {row[0]: row for row in tables["users"]}
    clinics = {row[0]: row[1] for row in tables["clinics"]}
    clinic_of = {row[0]: row[3] for row in tables["consultations"]}
    records = []
    for row in tables["prescriptions"]:
        number, consultation, doctor, patient, issued, _, is_draft, is_finalized, created, _ = row
        clinic = clinic_of.get(consultation)
        nothing = (None, number, None, None, False, None, None, None, None, "")
        versions = [pdf for pdf in tables["prescription_pdfs"] if pdf[1] == number]
        for record_id, _, key, version, is_current, _, generated, _, size, checksum in versions or [nothing]:
            records.append(
                Record(
                    record_id=record_id,
                    prescription_id=number,
                    consultation_id=consultation,
                    patient_id=patient,
                    patient_name=people[patient][3],
                    patient_phone=people[patient][1],
                    doctor_name=people[doctor][3],
                    clinic_id=clinic,
                    clinic_name=clinics.get(clinic),
                    issued_date=issued,
                    is_draft=is_draft,
                    is_finalized=is_finalized,
                    stored_key=key,
                    version=version,
                    versions=len(versions),
                    latest_version=latest.get(number),
                    is_current=is_current,
                    generated_at=generated,
                    size_bytes=size,
                    checksum=checksum,
                    created_at=created,
                )
            )
    return records


RECORDS = tuple(records_of(TABLES, latest=LATEST))


def record(number: int) -> Record:
    """Return the record of one PDF row."""
    return next(each for each in RECORDS if each.record_id == number)


def fill(url: str, tables: dict[str, list[tuple[Any, ...]]] = TABLES) -> None:
    """Insert the rows into a database that has the schema, SQLite or PostgreSQL, as the application writes them."""
    address = sa.make_url(url)
    if address.get_backend_name() == "sqlite":
        assert address.database is not None
        lite = sqlite3.connect(address.database)
        try:
            with lite:
                for table, rows in tables.items():
                    holes = ", ".join("?" * len(rows[0]))
                    lite.executemany(f"INSERT INTO {table} VALUES ({holes})", [_as_text(row) for row in rows])
        finally:
            lite.close()
        return
    server = psycopg2.connect(
        host=address.query["host"], dbname=address.database, user=address.username, password=address.password
    )
    try:
        with server, server.cursor() as cursor:
            for table, rows in tables.items():
                psycopg2.extras.execute_values(cursor, f"INSERT INTO {table} VALUES %s", rows)
    finally:
        server.close()


def sqlite_clinic(path: Path, tables: dict[str, list[tuple[Any, ...]]] = TABLES) -> str:
    """Create the sample clinic as an SQLite file and return its SQLAlchemy URL."""
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA.read_text())
    connection.close()
    url = sa.URL.create("sqlite", database=str(path)).render_as_string()
    fill(url, tables)
    return url


def _as_text(row: Iterable[Any]) -> list[Any]:
    """As Django writes SQLite: instants are naive UTC text, and a fraction of zero is left out."""
    return [
        str(value.replace(tzinfo=None)) if isinstance(value, datetime) else str(value) if type(value) is date else value
        for value in row
    ]
