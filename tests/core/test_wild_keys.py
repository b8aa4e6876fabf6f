"""Keys as the world spoils them, which the repairs were not written for: the right object first, and the right code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lib import keys
from lib.causes import Diagnosis, Known, diagnose, wanted
from lib.evidence import Evidence
from lib.inventory import Inventory
from lib.objects import Observation, Presence
from lib.records import Record
from tests.bench.candidates import sighting
from tests.conftest import NOW
from tests.core.clinic import RECORD
from tests.parts.broken_keys import RULES, Case
from tests.parts.wild_keys import ALL, cases

MADE = list(cases(seed=20261124, singles=3, pairs=3))
EVERYTHING = Inventory(sighting(each) for _, case in MADE for each in (case.right, *case.decoys))


def row_of(case: Case) -> Record:
    return replace(
        RECORD,
        stored_key=case.stored,
        consultation_id=case.consultation or None,
        size_bytes=case.size_bytes,
        checksum=case.md5 or "",
    )


def explained(case: Case) -> Diagnosis:
    row = row_of(case)
    absent = Observation(keys.resolve(case.stored, location=RULES.location), Presence.ABSENT, NOW, http_status=404)
    return diagnose(row, absent, RULES, Known(EVERYTHING, is_taken=case.taken.__contains__))


@pytest.mark.parametrize(("count", "bound"), [(1, 0.95), (2, 0.8)])
def test_the_right_object_is_named_first(count: int, bound: float) -> None:
    made = [(ways, case) for ways, case in MADE if len(ways) == count]
    missed = [ways for ways, case in made if [each.key for each in explained(case).candidates[:1]] != [case.right.key]]
    assert len(made) > 200
    assert len(missed) <= (1 - bound) * len(made), missed


def test_no_wrong_object_is_proven_or_unflagged_across_patients() -> None:
    wrong = []
    for ways, case in MADE:
        patients = {each.key: each.patient for each in (case.right, *case.decoys)}
        for candidate in explained(case).candidates:
            if candidate.flags or candidate.key == case.right.key:
                continue
            if candidate.evidence is Evidence.PROVEN or patients.get(candidate.key) != case.right.patient:
                wrong.append((ways, case.stored, candidate))
    assert wrong == []


@pytest.mark.parametrize("way", ALL)
def test_the_main_code_is_what_a_person_would_name(way: str) -> None:
    made = [case for ways, case in MADE if ways == (way,)]
    assert made
    for case in made:
        assert explained(case).code in ALL[way][0], case.stored


def test_a_row_without_a_consultation_belongs_to_the_folder_that_its_key_names() -> None:
    stored = "prescriptions/pdfs/CON153/a.pdf"
    assert wanted(replace(RECORD, consultation_id=None, stored_key=stored)).consultation_id == "CON153"
    assert wanted(replace(RECORD, consultation_id="CON9", stored_key=stored)).consultation_id == "CON9"
