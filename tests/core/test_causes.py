"""The one main code of a row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lib.catalogue import CATALOGUE, PRECEDENCE, Code, Severity
from lib.causes import Known, diagnose
from lib.diagnosis import State
from lib.inventory import Inventory, Sighting
from lib.keys import Rules
from lib.objects import Doubt, Observation, Presence
from tests.conftest import NOW
from tests.core.clinic import KEY, MD5, PDF, RECORD, STORED

RULES = Rules("edrcontainer1", "edrspace", previous_locations=("media",))
ABSENT = Observation(KEY, Presence.ABSENT, NOW, http_status=404)
PRESENT = Observation(KEY, Presence.PRESENT, NOW, http_status=200, size_bytes=len(PDF), etag=MD5)
EVERYWHERE = Known(Inventory([Sighting("edrcontainer1/prescriptions/pdfs/CON153/cd34.pdf", len(PDF), MD5)]))


def code(observation: Observation, *, known: Known | None = None, **row: object) -> Code | None:
    return diagnose(replace(RECORD, **row), observation, RULES, known or Known(Inventory())).code


def test_every_code_stands_in_the_table_and_has_its_place():
    assert set(CATALOGUE) == set(Code) == set(PRECEDENCE)
    assert list(CATALOGUE) == list(Code)


def test_a_row_without_the_prefix_is_healthy():
    found = diagnose(RECORD, PRESENT, RULES)
    assert (found.state, found.code, found.notes) == (State.FOUND, None, ())


def test_a_row_that_carries_the_prefix_is_a_note_and_no_fault():
    found = diagnose(replace(RECORD, stored_key=KEY), PRESENT, RULES)
    assert (found.state, found.code, found.notes) == (State.FOUND, None, (Code.LOCATION_DOUBLED_IN_URL,))


@pytest.mark.parametrize(
    ("doubt", "expected"),
    [
        (Doubt.DENIED, Code.FORBIDDEN),
        (Doubt.NO_LISTING, Code.FORBIDDEN),
        (Doubt.NO_BUCKET, Code.WRONG_BUCKET),
        (Doubt.BUCKET_IN_ENDPOINT, Code.WRONG_BUCKET),
        (Doubt.TIMED_OUT, None),
        (Doubt.THROTTLED, None),
    ],
)
def test_what_cannot_be_checked_is_never_called_missing(doubt: Doubt, expected: Code | None):
    found = diagnose(RECORD, Observation(KEY, Presence.UNKNOWN, NOW, doubt), RULES, EVERYWHERE)
    assert (found.state, found.code, found.candidates) == (State.UNKNOWN, expected, ())


@pytest.mark.parametrize(
    ("row", "observation", "expected"),
    [
        ({"consultation_id": "CON9"}, PRESENT, Code.WRONG_PATIENT),
        ({}, replace(PRESENT, size_bytes=0), Code.ZERO_BYTE),
        ({}, replace(PRESENT, size_bytes=5), Code.SIZE_MISMATCH),
        ({}, replace(PRESENT, etag="0" * 32), Code.CHECKSUM_MISMATCH),
        ({}, replace(PRESENT, etag="0" * 32 + "-2"), None),
        ({}, replace(PRESENT, content_type="application/octet-stream"), Code.CONTENT_TYPE),
        ({}, replace(PRESENT, is_archived=True), Code.ARCHIVED),
        ({"size_bytes": 0}, PRESENT, None),
    ],
)
def test_what_is_there_but_wrong(row: dict[str, object], observation: Observation, expected: Code | None):
    assert code(observation, **row) is expected


def test_an_object_that_a_row_of_another_patient_names_too():
    assert code(PRESENT, known=Known(Inventory(), is_shared=True)) is Code.DUPLICATE_REFERENCE


def test_the_right_object_elsewhere_is_in_the_wrong_place():
    found = diagnose(RECORD, ABSENT, RULES, EVERYWHERE)
    assert (found.state, found.code) == (State.ELSEWHERE, Code.FOUND_BY_CONTENT)
    assert found.right is not None


def test_a_row_of_size_zero_says_no_size_and_its_md5_proves_its_file():
    found = diagnose(replace(RECORD, size_bytes=0), ABSENT, RULES, EVERYWHERE)
    assert (found.state, found.code) == (State.ELSEWHERE, Code.FOUND_BY_CONTENT)


def test_what_another_row_owns_is_not_the_right_one():
    found = diagnose(RECORD, ABSENT, RULES, replace(EVERYWHERE, is_taken=lambda _key: True))
    assert (found.state, found.right) == (State.MISSING, None)


@pytest.mark.parametrize(
    ("known", "stored", "expected"),
    [
        (Known(Inventory()), STORED, Code.NEVER_UPLOADED),
        (Known(Inventory(), was_seen=True), STORED, Code.DELETED),
        (Known(Inventory(), is_deleted=True), STORED, Code.DELETE_MARKER),
        (Known(Inventory(), is_uploading=True), STORED, Code.MULTIPART_UNFINISHED),
        (Known(Inventory()), f"{STORED} ", Code.WHITESPACE),
        (Known(Inventory()), "prescriptions/pdfs/no-consultation/ab12.pdf", Code.NEVER_UPLOADED),
    ],
)
def test_what_is_nowhere(known: Known, stored: str, expected: Code):
    assert code(ABSENT, known=known, stored_key=stored) is expected


def test_a_key_that_cannot_exist_is_looked_for_all_the_same():
    impossible = Observation("", Presence.UNKNOWN, NOW, Doubt.IMPOSSIBLE_KEY)
    known = Known(Inventory([Sighting(KEY, len(PDF), MD5)]))
    found = diagnose(replace(RECORD, stored_key=""), impossible, RULES, known)
    assert (found.state, found.code, found.severity) == (State.ELSEWHERE, Code.EMPTY, Severity.HIGH)


def test_a_row_without_an_answer_has_no_code():
    assert diagnose(RECORD, None, RULES).code is None
    assert diagnose(replace(RECORD, record_id=None), PRESENT, RULES).state is State.NO_PDF
