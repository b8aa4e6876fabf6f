"""One clinic in memory: a record, its PDF, and services that a test can break in one place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from lib.access import Actor, Role, Scope
from lib.keys import Rules
from lib.links import Policy
from lib.objects import Disposition, PresenceCache
from lib.records import Record
from lib.services import Services
from lib.stores.memory.listing import MemoryLister
from lib.stores.memory.objects import MemoryObjects, StoredObject
from lib.stores.memory.records import MemoryRecords
from lib.stores.memory.trail import MemoryTrail
from lib.trail import Trail
from tests.conftest import NOW

PDF = b"%PDF-1.7\n" + b"one page\n" * 200 + b"%%EOF"
MD5 = hashlib.md5(PDF).hexdigest()
STORED = "prescriptions/pdfs/CON153/ab12.pdf"
KEY = "edrcontainer1/prescriptions/pdfs/CON153/ab12.pdf"
EVERYWHERE = Scope()
ASHA = Actor("asha", Role.OPERATOR)

RECORD = Record(
    record_id=12,
    prescription_id=7,
    consultation_id="CON153",
    patient_id="PAT001",
    patient_name="Esha Synthetic",
    patient_phone="+919876543210",
    doctor_name="Dr Dev Synthetic",
    clinic_id="CLN1",
    clinic_name="North",
    issued_date=date(2026, 11, 12),
    is_draft=False,
    is_finalized=True,
    stored_key=STORED,
    version=2,
    versions=2,
    latest_version=2,
    is_current=True,
    generated_at=NOW - timedelta(days=12),
    size_bytes=len(PDF),
    checksum=MD5,
)
ANOTHER = replace(
    RECORD, record_id=13, prescription_id=8, patient_id="PAT002", patient_name="Bilal Synthetic", clinic_id="CLN2"
)


@dataclass
class Bench:
    """The parts behind ``services``, to be looked into."""

    services: Services
    records: MemoryRecords
    objects: MemoryObjects
    trail: MemoryTrail

    @property
    def results(self) -> list[str]:
        """What the trail says, event by event."""
        return [event.result for event in self.trail.rows]

    def asked(self, verb: str) -> int:
        """How often the bucket was asked."""
        return [each for each, _ in self.objects.calls].count(verb)


def bench(
    *rows: Record,
    records: MemoryRecords | None = None,
    objects: MemoryObjects | None = None,
    trail: MemoryTrail | None = None,
    policy: Policy | None = None,
    clock: Callable[[], datetime] = lambda: NOW,
    location: str = "edrcontainer1",
    lister: MemoryLister | None = None,
) -> Bench:
    """Return a clinic with one healthy record, or with what is given instead."""
    records = records or MemoryRecords(rows or [RECORD])
    objects = objects or bucket()
    trail = trail or MemoryTrail()
    services = Services(
        records=records,
        objects=objects,
        lister=lister or MemoryLister(objects),
        presence=PresenceCache(),
        trail=Trail(trail, key_secret=b"k" * 32),
        rules=Rules(location, "edrspace", previous_locations=("media",)),
        policy=policy or Policy(),
        zone=ZoneInfo("Asia/Kolkata"),
        phone_region="IN",
        bucket="edrspace",
        endpoint_url="https://objects.example",
        region="",
        clock=clock,
    )
    return Bench(services, records, objects, trail)


def bucket(body: bytes = PDF, *, key: str = KEY, is_public: bool = False, **broken: object) -> MemoryObjects:
    """Return a bucket with one object; ``broken`` goes to MemoryObjects."""
    stored = {key: StoredObject(body, is_public=is_public)}
    return MemoryObjects(stored, **{"clock": lambda: NOW, **broken})  # type: ignore[arg-type]


def signed_link(expires: timedelta = timedelta(hours=1), *, objects: MemoryObjects | None = None) -> str:
    """Return the link that the healthy record gets."""
    store = objects or bucket()
    return store.presign(KEY, expires=expires, filename="prescription_7_v2.pdf", disposition=Disposition.INLINE)
