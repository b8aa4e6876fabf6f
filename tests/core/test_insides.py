"""What a file really holds: judged, compared and never shown, with the intent in the trail before the first byte."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lib import insides
from lib.access import Scope
from lib.catalogue import Code
from lib.contents import Kind
from lib.diagnosis import Md5
from lib.elsewhere import ELSEWHERE
from lib.errors import LedgerFault, LedgerUnavailable
from lib.insides import MAX_COMPARED_BYTES, Compared, Inside
from lib.listing import Version
from lib.objects import Doubt
from lib.records import Record
from lib.refusals import RefusalCode, Refused
from lib.stores.memory.listing import MemoryLister
from lib.stores.memory.trail import MemoryTrail
from tests.conftest import NOW
from tests.core.clinic import ANOTHER, ASHA, EVERYWHERE, KEY, MD5, PDF, RECORD, STORED, Bench, bench, bucket

CUT = b"%PDF-1.7\n" + b"x" * 3000


def looked(where: Bench, record: Record = RECORD) -> Inside | Refused:
    return insides.look(ASHA, EVERYWHERE, services=where.services, record=record)


def compared(where: Bench) -> Compared | Refused:
    return insides.compare(ASHA, EVERYWHERE, services=where.services, record=RECORD)


ERROR = b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'


@pytest.mark.parametrize(
    ("body", "kind", "codes", "error_code"),
    [
        (CUT + b"startxref\n9\n%%EOF", Kind.PDF, set(), None),
        (CUT, Kind.PDF, {Code.PDF_TRUNCATED}, None),
        (CUT + b"trailer<</Encrypt 5 0 R>>startxref\n9\n%%EOF", Kind.PDF, {Code.PDF_ENCRYPTED}, None),
        (b"", Kind.EMPTY, {Code.ZERO_BYTE}, None),
        (ERROR, Kind.XML_ERROR, {Code.NOT_PDF}, "NoSuchKey"),
        (b"<html><body>404", Kind.HTML, {Code.NOT_PDF}, None),
    ],
)
def test_a_file_is_judged_by_its_ends(body: bytes, kind: Kind, codes: set[Code], error_code: str | None) -> None:
    where = bench(objects=bucket(body))
    found = looked(where)
    assert isinstance(found, Inside)
    assert (found.kind, found.codes, found.error_code, found.size_bytes) == (kind, codes, error_code, len(body))
    assert where.objects.calls == [("ends", KEY)]


def test_a_look_is_in_the_trail_twice_and_names_no_key() -> None:
    where = bench()
    looked(where)
    assert [(event.action, event.result, event.record_id) for event in where.trail.rows] == [
        ("content_checked", "intent", 12),
        ("content_checked", "ok", 12),
    ]
    assert "ab12" not in repr(where.trail.rows)


def test_without_a_trail_no_byte_is_read() -> None:
    where = bench(trail=MemoryTrail(fault=LedgerUnavailable(LedgerFault.FULL)))
    assert looked(where) == compared(where) == Refused(RefusalCode.TRAIL_UNAVAILABLE, "full")
    assert where.objects.calls == []


def test_the_file_that_is_proven_in_another_place_is_looked_into() -> None:
    where = bench(replace(RECORD, stored_key=f"media/{STORED}"))
    assert isinstance(looked(where), Inside)
    assert where.objects.calls[-1] == ("ends", KEY)
    assert where.trail.rows[-1].reason == ELSEWHERE


def test_a_file_that_is_nowhere_is_missing() -> None:
    assert looked(bench(objects=bucket(CUT, key="another.pdf"))) == Refused(RefusalCode.MISSING)


def test_a_bucket_that_does_not_answer_is_not_a_missing_file() -> None:
    where = bench(objects=bucket(doubt=Doubt.TIMED_OUT))
    assert looked(where) == compared(where) == Refused(RefusalCode.UNKNOWN, doubt=Doubt.TIMED_OUT)


def test_a_file_of_two_patients_is_not_read() -> None:
    where = bench(RECORD, replace(ANOTHER, stored_key=STORED))
    assert looked(where) == Refused(RefusalCode.SEVERAL_PATIENTS)
    assert where.results == ["refused:SEVERAL_PATIENTS"]
    assert where.objects.calls == []


def test_the_whole_content_agrees_or_differs_or_has_nothing_to_be_compared_with() -> None:
    assert compared(bench()) == Compared(MD5, Md5.AGREES)
    other = compared(bench(objects=bucket(PDF.replace(b"one", b"two"))))
    assert isinstance(other, Compared)
    assert other.verdict is Md5.DIFFERS
    assert compared(bench(replace(RECORD, checksum=""))) == Compared(MD5, Md5.NOT_COMPARABLE)


def test_the_whole_content_is_read_once_and_only_up_to_the_limit() -> None:
    where = bench(objects=bucket(b"0" * (MAX_COMPARED_BYTES + 1)))
    assert compared(where) == Refused(RefusalCode.TOO_LARGE)
    assert where.objects.calls == [("read", KEY)]


def test_the_versions_of_the_own_key_are_told_without_an_event() -> None:
    objects = bucket()
    kept = (
        Version("v2", is_latest=True, is_delete_marker=True, last_modified=NOW),
        Version("v1", is_latest=False, is_delete_marker=False, last_modified=NOW, size_bytes=9),
    )
    where = bench(objects=objects, lister=MemoryLister(objects, kept={KEY: kept}))
    assert insides.versions(ASHA, EVERYWHERE, services=where.services, record=RECORD) == kept
    assert where.trail.rows == []


def test_versions_that_cannot_be_asked_for_are_not_none() -> None:
    where = bench(objects=bucket(doubt=Doubt.DENIED))
    refused = Refused(RefusalCode.UNKNOWN, doubt=Doubt.DENIED)
    assert insides.versions(ASHA, EVERYWHERE, services=where.services, record=RECORD) == refused


def test_a_record_of_another_clinic_is_not_looked_into() -> None:
    where = bench()
    found = insides.look(ASHA, Scope(frozenset({"CLN9"})), services=where.services, record=RECORD)
    assert found == Refused(RefusalCode.NOT_VISIBLE)
    assert where.results == ["refused:NOT_VISIBLE"]
