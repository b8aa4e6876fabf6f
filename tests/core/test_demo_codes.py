"""Every damage of the demo clinic, explained: its code and its state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest

from dashboard.demo import clinic, expected
from dashboard.demo.damage import BUCKET, LOCATION, PREVIOUS_LOCATION, URL_HOST, Damage
from lib import contents, explanation
from lib.access import Scope
from lib.catalogue import CATALOGUE, About, Code, Needs, Severity
from lib.keys import Rules
from lib.services import Services
from lib.stores.memory.listing import MemoryLister
from lib.stores.memory.objects import MemoryObjects, StoredObject
from tests.core.clinic import bench
from tests.parts.sample_clinic import records_of

NOW = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)
RULES = Rules(LOCATION, BUCKET, previous_locations=(PREVIOUS_LOCATION,), url_hosts=(URL_HOST,))


@cache
def served() -> tuple[clinic.Clinic, Services, MemoryLister]:
    built = clinic.build(now=NOW)
    stored = {seed.key: StoredObject(seed.body, content_type=seed.content_type) for seed in built.seeds}
    objects = MemoryObjects(stored, clock=lambda: NOW)
    tables = built.tables
    rows = records_of(
        {
            "users": list(tables.users),
            "clinics": list(tables.clinics),
            "consultations": list(tables.consultations),
            "prescriptions": list(tables.prescriptions),
            "prescription_pdfs": list(tables.prescription_pdfs),
        },
        latest={},
    )
    return built, replace(bench(*rows, objects=objects).services, rules=RULES), MemoryLister(objects)


def test_every_damage_has_its_code_and_every_code_that_can_be_served_has_a_damage() -> None:
    assert set(expected.CODES) == set(Damage)
    of_rows = {
        code for code, entry in CATALOGUE.items()
        if entry.about in {About.ROW, About.OBJECT} and entry.needs is not Needs.NOT_SOUGHT
        and entry.severity not in {Severity.NOTE, Severity.LOW}
    }  # fmt: skip
    once_read = {Code.NOT_PDF, Code.PDF_TRUNCATED}
    others = {Code.DUPLICATE_REFERENCE, Code.VERSION_STATE}  # a shared object is in another's folder too; no main code
    shown = {code for code in expected.CODES.values() if code is not None}
    assert of_rows - shown - once_read - others - expected.NOT_IN_THE_DEMO == set()


@pytest.mark.parametrize("damage", Damage)
def test_a_damage_is_explained_by_its_code(damage: Damage) -> None:
    built, services, _lister = served()
    number = next(number for number, what in built.damages.items() if what is damage)
    record = services.records.get(number, scope=Scope())
    assert record is not None
    found = explanation.look(record, services=services)
    assert (found.diagnosis.code, found.diagnosis.state) == (expected.CODES[damage], expected.state(damage))


@pytest.mark.parametrize(("damage", "code"), [(Damage.NOT_A_PDF, Code.NOT_PDF), (Damage.CUT_PDF, Code.PDF_TRUNCATED)])
def test_what_only_the_bytes_show_is_found_once_they_are_read(damage: Damage, code: Code) -> None:
    built, _services, lister = served()
    number = next(number for number, what in built.damages.items() if what is damage)
    stored = next(row.pdf_file for row in built.tables.prescription_pdfs if row.id == number)
    assert code in contents.judge(lister.ends(f"{LOCATION}/{stored}"))
