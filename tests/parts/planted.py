"""A clinic of any size in which every way to go wrong that an audit can see is planted, and what must be found in it.

``plant`` makes it from a seed, in memory: rows, objects, and the whole list of findings. What is planted where is in
``planted_faults`` (each with its findings) and ``planted_quiet`` (odd, and nothing wrong with it). Where it grows, in
PostgreSQL and Ceph RGW or in SQLite and the guarded S3, is in ``planted_clinic``.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dashboard.demo.guarded_s3 import SeedObject
from lib.catalogue import Code
from lib.evidence import Evidence
from lib.findings import Kind
from tests.parts.broken_keys import LOCATION

FOLDER = "prescriptions/pdfs"
OWNED = f"{LOCATION}/{FOLDER}/"
REPORTS = "CREATE TABLE lab_reports (id bigint PRIMARY KEY, file varchar(200));"
SETTINGS = {
    "DASHBOARD_FILE_COLUMNS": "lab_reports.file",
    "DASHBOARD_IGNORE_OBJECTS": "*/.keep,*/,*.DS_Store",
}
DOCTORS = ("DOC1", "DOC2", "DOC3")


@dataclass(frozen=True, slots=True, order=True)
class Expected:
    """A finding that must be there. ``candidate`` is the key of its suggestion, ``is_proven`` whether it proves itself."""

    kind: Kind
    code: Code | None
    record_id: int | None = None
    key: str | None = None
    candidate: str | None = None
    evidence: Evidence | None = None

    @property
    def subject(self) -> tuple[str, int | None, str | None]:
        """What tells it from other findings: kind and row, or kind and object."""
        return self.kind, self.record_id, None if self.record_id is not None else self.key


@dataclass(frozen=True, slots=True)
class Row:
    """A PDF row with whose it is. ``sort`` says in the report of a difference what was planted."""

    record_id: int
    prescription_id: int
    patient: str
    consultation: str | None
    stored: str
    size_bytes: int | None
    checksum: str
    generated_at: datetime
    sort: str
    version: int = 1
    is_current: bool = True
    is_draft: bool = False


@dataclass(frozen=True, slots=True)
class Planted:
    """A clinic. ``findings`` is all that an audit must find, and nothing else, whatever strangers may read.

    ``young`` are keys written while the audit runs, ``deleted`` are keys whose newest version is a delete marker,
    ``uploading`` keys of an upload in parts that never ended, ``reports`` stored keys of another table (``REPORTS``).
    ``public`` are keys that anyone may read.
    """

    rows: tuple[Row, ...] = field(repr=False)
    objects: tuple[SeedObject, ...] = field(repr=False)
    findings: tuple[Expected, ...] = field(repr=False)
    young: frozenset[str]
    deleted: tuple[str, ...]
    uploading: tuple[str, ...]
    reports: tuple[str, ...]

    @property
    def public(self) -> list[str]:
        """The keys that anyone may read."""
        return sorted(each.key for each in self.objects if each.is_public)

    def sort(self, record_id: int | None, key: str | None) -> str:
        """Return what was planted at a row, or an object."""
        for row in self.rows:
            if row.record_id == record_id:
                return row.sort
        return "an object" if any(each.key == key for each in self.objects) else "nothing"

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return the rows of the application's tables."""
        patients = sorted({row.patient for row in self.rows})
        consultations = {row.consultation: row.patient for row in self.rows if row.consultation}
        first = {row.prescription_id: row for row in reversed(self.rows)}
        return {
            "users": [
                *((each, f"+9180000000{at}", None, f"Dr {each}", "doctor", True) for at, each in enumerate(DOCTORS)),
                *((each, f"+9198{at:08}", None, f"Patient {at}", "patient", True) for at, each in enumerate(patients)),
            ],
            "clinics": [("CLN1", "Lakeside", "DOC1", True)],
            "consultations": [
                (each, patient, "DOC1", "CLN1", first_day(self.rows), "completed")
                for each, patient in consultations.items()
            ],
            "prescriptions": [
                (
                    number,
                    row.consultation,
                    DOCTORS[number % len(DOCTORS)],
                    row.patient,
                    row.generated_at.date(),
                    "",
                    row.is_draft,
                    not row.is_draft,
                    row.generated_at,
                    row.generated_at,
                )
                for number, row in first.items()
            ],
            "prescription_pdfs": [
                (
                    row.record_id,
                    row.prescription_id,
                    row.stored,
                    row.version,
                    row.is_current,
                    DOCTORS[row.record_id % len(DOCTORS)],
                    row.generated_at,
                    row.record_id % 3 == 0,
                    row.size_bytes,
                    row.checksum,
                )
                for row in self.rows
            ],
            "lab_reports": [(at, each) for at, each in enumerate(self.reports)],
        }


def first_day(rows: tuple[Row, ...]) -> object:
    """Return the day of the oldest row."""
    return min(row.generated_at for row in rows).date()


def md5_of(body: bytes) -> str:
    """Return the MD5 of some bytes in hex."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


class Garden:
    """Where rows and objects are planted, with what is expected of each."""

    def __init__(self, *, seed: int, now: datetime, bucket: str) -> None:
        self.rng = random.Random(seed)
        self.now = now
        self.bucket = bucket
        self.rows: list[Row] = []
        self.objects: dict[str, SeedObject] = {}
        self.findings: list[Expected] = []
        self.young: set[str] = set()
        self.deleted: list[str] = []
        self.uploading: list[str] = []
        self.reports: list[str] = []
        self._people = 0
        self._prescriptions = 0

    def patient(self) -> tuple[str, str]:
        """Return a new patient and a consultation of theirs."""
        self._people += 1
        return f"PAT{self._people}", f"CON{100_000 + self._people}"

    def body(self) -> bytes:
        """Return a small PDF that no other is alike."""
        return b"%PDF-1.4 " + self.rng.randbytes(self.rng.randrange(40, 300)) + b" %%EOF\n"

    def stored(self, consultation: str, name: str = "{}.pdf") -> str:
        """Return a stored key as the application makes it; ``{}`` stands for 32 hex digits."""
        return f"{FOLDER}/{consultation}/{name.format(self.rng.randbytes(16).hex())}"

    def lay(self, key: str, body: bytes, **how: Any) -> SeedObject:
        """Put an object."""
        assert key not in self.objects, key
        self.objects[key] = SeedObject(key, body, **how)
        return self.objects[key]

    def row(
        self,
        stored: str,
        body: bytes | None,
        sort: str,
        *,
        whose: tuple[str, str | None] | None = None,
        of: Row | None = None,
        **more: Any,
    ) -> Row:
        """Add a row that knows size and MD5 of a body, of a new patient, of ``whose``, or one more version ``of`` another."""
        if of is None:
            self._prescriptions += 1
        patient, consultation = (of.patient, of.consultation) if of else whose or self.patient()
        facts: dict[str, Any] = {
            "size_bytes": None if body is None else len(body),
            "checksum": "" if body is None else md5_of(body),
            "generated_at": self.now - timedelta(days=1, minutes=self.rng.randrange(200 * 24 * 60)),
        }
        row = Row(
            record_id=len(self.rows) + 1,
            prescription_id=of.prescription_id if of else self._prescriptions,
            patient=patient,
            consultation=consultation,
            stored=stored,
            sort=sort,
            **facts | more,
        )
        self.rows.append(row)
        return row

    def expect(self, kind: Kind, code: Code | None, row: Row | None = None, *, key: str | None = None) -> None:
        """Say that a finding must be there."""
        self.findings.append(Expected(kind, code, row.record_id if row else None, key))

    def grown(self) -> Planted:
        """Return the clinic."""
        return Planted(
            tuple(self.rows),
            tuple(self.objects.values()),
            tuple(sorted(self.findings, key=str)),
            frozenset(self.young),
            tuple(self.deleted),
            tuple(self.uploading),
            tuple(self.reports),
        )
