"""A small clinic in memory, and Find drawn over it by Streamlit's AppTest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.visit import Visit
from lib.access import Actor, Role, Scope
from lib.keys import Rules
from lib.links import Policy
from lib.objects import PresenceCache
from lib.people import PasswordState, Person
from lib.records import Clinic, Record
from lib.services import Services
from lib.sessions import Live, Session
from lib.stores.memory.listing import MemoryLister
from lib.stores.memory.objects import MemoryObjects, StoredObject
from lib.stores.memory.records import MemoryRecords
from lib.stores.memory.trail import MemoryTrail
from lib.trail import Trail
from tests.conftest import NOW
from tests.parts.accounts import MemoryBench

PDF = b"%PDF-1.4 one page\n%%EOF"
LOCATION = "edrcontainer1"


def row(record_id: int, *, name: str = "Asha Rao", version: int = 1, versions: int = 1, **changes: object) -> Record:
    """Return a healthy record: prescription = record number, one version, final."""
    key = f"prescriptions/pdfs/CON{record_id:03}/{record_id:032x}.pdf"
    whole = Record(
        record_id=record_id,
        prescription_id=record_id,
        consultation_id=f"CON{record_id:03}",
        patient_id=f"PAT{record_id:03}",
        patient_name=name,
        patient_phone=f"+9198765{record_id:05}",
        doctor_name="Dr Meera Iyer",
        clinic_id="CLN001",
        clinic_name="North clinic",
        issued_date=date(2026, 11, 12),
        is_draft=False,
        is_finalized=True,
        stored_key=key,
        version=version,
        versions=versions,
        latest_version=versions,
        is_current=version == versions,
        generated_at=NOW - timedelta(days=record_id),
        size_bytes=len(PDF),
        checksum=hashlib.md5(PDF).hexdigest(),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


@dataclass
class Bench:
    """The stores behind the screen, to be looked into and broken, and the screen."""

    records: MemoryRecords
    objects: MemoryObjects
    trail: MemoryTrail
    visit: Visit
    instant: list[datetime]

    def open(self, **query: str) -> AppTest:
        """Draw Find at an address."""
        at = AppTest.from_function(_draw, kwargs={"visit": self.visit}, default_timeout=20)
        for name, value in query.items():
            at.query_params[name] = value
        return at.run()

    def search(self, text: str) -> AppTest:
        """Draw Find and type a search."""
        return self.open().text_input(key="text").set_value(text).run()


def session_of(actor: Actor, scope: Scope) -> Live:
    """Return a session of somebody who is this actor, as if they had an account."""
    person = Person(
        person_id=actor.name,
        name=actor.name,
        role=actor.role,
        clinics=scope.clinics,
        granted=actor.granted,
        is_active=True,
        password=PasswordState.SET,
        generation=1,
        created_at=NOW,
        changed_at=NOW,
    )
    ends_at = NOW + timedelta(hours=12)
    return Live(Session("hash", actor.name, 1, NOW, NOW, ends_at, "203.0.113.9"), person)


def _draw(visit) -> None:  # type: ignore[no-untyped-def]  # AppTest runs the source alone: no names from here
    from dashboard.frame import show
    from pages import PAGES

    show(PAGES[0], visit)


@pytest.fixture
def bench() -> Iterator[Callable[..., Bench]]:
    """Return a maker: rows and the keys that lie in the bucket (default: all of them)."""
    st.cache_data.clear()

    def make(*rows: Record, absent: tuple[int, ...] = (), clinics: tuple[Clinic, ...] = ()) -> Bench:
        instant = [NOW]
        records = MemoryRecords(rows, clinics)
        stored = {
            f"{LOCATION}/{each.stored_key}": StoredObject(PDF)
            for each in rows
            if each.stored_key and each.record_id not in absent
        }
        objects = MemoryObjects(stored, clock=lambda: instant[0])
        trail = MemoryTrail()
        people = MemoryBench(trail=trail)
        services = Services(
            records=records,
            objects=objects,
            lister=MemoryLister(objects),
            presence=PresenceCache(),
            trail=Trail(trail, key_secret=b"k" * 32),
            rules=Rules(LOCATION, "edrspace"),
            policy=Policy(),
            zone=ZoneInfo("Asia/Kolkata"),
            phone_region="IN",
            bucket="edrspace",
            endpoint_url="https://objects.example",
            region="",
            clock=lambda: instant[0],
        )
        visit = Visit(
            who=lambda: (Actor("local", Role.OPERATOR), Scope()),
            session=lambda: session_of(Actor("local", Role.OPERATOR), Scope()),
            services=services,
            accounts=people.accounts,
        )
        return Bench(records, objects, trail, visit, instant)

    yield make
    st.cache_data.clear()
