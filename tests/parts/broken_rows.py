"""Rows whose object is not where they look for it, for what is done about them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime

from lib.causes import Diagnosis, Known, diagnose
from lib.inventory import Inventory, Sighting
from lib.keys import Rules, resolve
from lib.objects import Observation, Presence
from lib.plans import Case, Site
from lib.records import Record

LOCATION, BUCKET = "edrcontainer1", "edrspace"
RULES = Rules(LOCATION, BUCKET, previous_locations=("media",), url_hosts=(f"{BUCKET}.sgp1.digitaloceanspaces.com",))
SITE = Site(RULES, "https://sgp1.digitaloceanspaces.com", "sgp1")
NOW = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)
FOLDER = "prescriptions/pdfs/CON153"

# What a key can hold, in the middle of an otherwise plain name. None of it may end a literal, a comment or a word.
HOSTILE = [
    "it's",
    '"quoted"',
    "back\\slash",
    "$$",
    "$mend$; END; $mend$",
    "'; DROP TABLE prescription_pdfs; --",
    "new\nline",
    "\r\nreturn",
    "`id`",
    "$(touch /tmp/owned)",
    "${HOME}",
    "right-to-left \u202e fdp.exe",
    "नुस्खा é \U0001f600",
    "zero\u200bwidth",
    "*/ comment /*",
    ":'variable' :name",
    "per%20cent %s {} +",
    "x" * 1024,
]


def body(record_id: int) -> bytes:
    """The PDF of a row."""
    return b"%%PDF-1.7 of record %d" % record_id


def md5(record_id: int) -> str:
    """The MD5 of the PDF of a row."""
    return hashlib.md5(body(record_id), usedforsecurity=False).hexdigest()


def row(record_id: int, stored: str | None, *, consultation: str = "CON153", has_sums: bool = True) -> Record:
    """A row of the one patient; without sums it knows neither size nor MD5."""
    return Record(
        record_id=record_id,
        prescription_id=record_id,
        consultation_id=consultation,
        patient_id="PAT7",
        patient_name="Meera Patel",
        patient_phone="+919812345678",
        doctor_name="Dr. Rao",
        clinic_id="CL1",
        clinic_name="Lotus",
        issued_date=date(2026, 11, 12),
        is_draft=False,
        is_finalized=True,
        stored_key=stored,
        version=1,
        versions=1,
        latest_version=1,
        is_current=True,
        generated_at=NOW,
        size_bytes=len(body(record_id)) if has_sums else None,
        checksum=md5(record_id) if has_sums else "",
    )


def lies(record_id: int, key: str) -> Sighting:
    """The PDF of a row as it lies in the bucket."""
    return Sighting(key, len(body(record_id)), md5(record_id))


def diagnosed(record: Record, there: Iterable[Sighting] = (), *, rules: Rules = RULES) -> Case:
    """A row, and what is found out about it when these objects are in the bucket."""
    inventory = Inventory(there)
    key = resolve(record.stored_key or "", location=rules.location)
    found = inventory.get(key)
    if found is None:
        seen = Observation(key, Presence.ABSENT, NOW, http_status=404)
    else:
        seen = Observation(key, Presence.PRESENT, NOW, size_bytes=found.size_bytes, etag=found.etag)
    return Case(record, diagnose(record, seen, rules, Known(inventory)))


def unknown(record: Record) -> Case:
    """A row about which the bucket said nothing."""
    observation = Observation(record.stored_key or "", Presence.UNKNOWN, NOW)
    diagnosis: Diagnosis = diagnose(record, observation, RULES)
    return Case(record, diagnosis)
