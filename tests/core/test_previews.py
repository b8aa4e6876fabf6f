"""Showing a PDF: the right patient's bytes, or a refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lib import keys
from lib.access import Scope
from lib.elsewhere import ELSEWHERE
from lib.errors import DatabaseFault, DatabaseUnavailable, LedgerFault, LedgerUnavailable
from lib.objects import Doubt
from lib.previews import MAX_PREVIEW_BYTES, Preview, open_pdf
from lib.records import Record
from lib.refusals import RefusalCode, Refused
from lib.stores.memory.objects import MemoryObjects, StoredObject
from lib.stores.memory.records import MemoryRecords
from lib.stores.memory.trail import MemoryTrail
from tests.conftest import NOW
from tests.core.clinic import ANOTHER, ASHA, EVERYWHERE, KEY, PDF, RECORD, STORED, Bench, bench, bucket

NORTH = Scope(frozenset({"CLN1"}))


def opened(clinic: Bench, *, record: Record | None = None, scope: Scope = EVERYWHERE) -> Preview | Refused:
    return open_pdf(ASHA, scope, services=clinic.services, record=record or clinic.records.rows[0])


def test_the_pdf_of_a_healthy_record_is_shown() -> None:
    assert opened(bench()) == Preview(12, PDF)


def test_a_preview_is_in_the_trail_twice_without_name_or_key() -> None:
    clinic = bench()
    opened(clinic)
    asked, done = clinic.trail.rows
    assert clinic.results == ["intent", "ok"]
    assert (done.action, done.record_id, done.patient_id, done.clinic_id) == ("preview", 12, "PAT001", "CLN1")
    assert asked.request_id == done.request_id
    assert "Esha" not in repr(clinic.trail.rows)
    assert "ab12" not in repr(clinic.trail.rows)


def test_a_previews_repr_does_not_show_the_document() -> None:
    assert "one page" not in repr(opened(bench()))


@pytest.mark.parametrize(
    "record", [replace(RECORD, is_draft=True, is_finalized=False), replace(RECORD, version=1, is_current=False)]
)
def test_drafts_and_replaced_versions_may_be_seen_without_a_reason(record: Record) -> None:
    assert opened(bench(record)) == Preview(12, PDF)


def test_a_key_that_only_browsers_cannot_open_may_be_seen() -> None:
    clinic = bench(replace(RECORD, stored_key="a/../b.pdf"), objects=bucket(key="edrcontainer1/a/../b.pdf"))
    assert opened(clinic) == Preview(12, PDF)


def test_a_record_of_a_clinic_that_the_scope_does_not_see_is_not_shown() -> None:
    clinic = bench(ANOTHER)
    assert opened(clinic, scope=NORTH) == Refused(RefusalCode.NOT_VISIBLE)
    assert clinic.objects.calls == []
    [event] = clinic.trail.rows
    assert (event.result, event.record_id, event.patient_id) == ("refused:NOT_VISIBLE", 13, None)


def test_the_key_that_the_caller_holds_is_not_trusted() -> None:
    assert opened(bench(), record=replace(RECORD, stored_key="somebody/elses.pdf")) == Preview(12, PDF)


def test_a_row_that_became_another_patients_meanwhile_is_not_shown() -> None:
    clinic = bench(replace(RECORD, patient_id="PAT002"))
    assert opened(clinic, record=RECORD) == Refused(RefusalCode.CHANGED)


def test_a_prescription_without_a_pdf_has_nothing_to_show() -> None:
    nothing = replace(RECORD, record_id=None, stored_key=None, version=None, latest_version=None, versions=0)
    assert opened(bench(nothing)) == Refused(RefusalCode.NO_PDF)


@pytest.mark.parametrize("key", [None, "", "a\0.pdf", "x" * 2000])
def test_a_key_that_no_object_can_have_is_not_asked_for(key: str | None) -> None:
    clinic = bench(replace(RECORD, stored_key=key), objects=bucket(PDF.replace(b"one", b"two")))
    assert opened(clinic) == Refused(RefusalCode.UNKNOWN, doubt=Doubt.IMPOSSIBLE_KEY)
    assert not any(keys.impossible(asked) for verb, asked in clinic.objects.calls if verb != "below")


def test_the_file_that_is_proven_in_another_place_is_shown_and_the_trail_says_so() -> None:
    clinic = bench(replace(RECORD, stored_key=f"media/{STORED}"))
    assert opened(clinic) == Preview(12, PDF, is_elsewhere=True)
    assert [(event.result, event.reason) for event in clinic.trail.rows] == [
        ("intent", None),
        ("failed:MISSING", None),
        ("intent", ELSEWHERE),
        ("ok", ELSEWHERE),
    ]
    assert clinic.trail.rows[-1].key_hmac == clinic.services.trail.key_hmac(KEY)


def test_a_key_that_no_object_can_have_shows_the_file_that_is_proven() -> None:
    clinic = bench(replace(RECORD, stored_key=""))
    assert opened(clinic) == Preview(12, PDF, is_elsewhere=True)
    assert clinic.results == ["intent", "ok"]


def test_a_file_that_another_row_owns_is_not_shown_in_place_of_a_missing_one() -> None:
    clinic = bench(replace(RECORD, stored_key=f"media/{STORED}"), replace(ANOTHER, stored_key=STORED))
    assert opened(clinic) == Refused(RefusalCode.MISSING)
    assert clinic.results == ["intent", "failed:MISSING"]


def test_a_healthy_file_is_read_without_looking_around() -> None:
    clinic = bench()
    opened(clinic)
    assert clinic.objects.calls == [("read", KEY)]


@pytest.mark.parametrize("spelling", [STORED, KEY])
@pytest.mark.parametrize("scope", [EVERYWHERE, NORTH])
def test_a_file_that_another_patients_row_means_too_is_not_shown(spelling: str, scope: Scope) -> None:
    clinic = bench(RECORD, replace(ANOTHER, stored_key=spelling))
    assert opened(clinic, scope=scope) == Refused(RefusalCode.SEVERAL_PATIENTS)
    assert clinic.objects.calls == []


def test_a_missing_file_is_not_shown() -> None:
    clinic = bench(objects=bucket(PDF.replace(b"one", b"two"), key="elsewhere.pdf"))
    assert opened(clinic) == Refused(RefusalCode.MISSING)
    assert clinic.results == ["intent", "failed:MISSING"]


@pytest.mark.parametrize("doubt", [Doubt.DENIED, Doubt.THROTTLED, Doubt.TIMED_OUT, Doubt.NO_LISTING])
def test_a_bucket_that_does_not_answer_is_not_a_missing_file(doubt: Doubt) -> None:
    assert opened(bench(objects=bucket(doubt=doubt))) == Refused(RefusalCode.UNKNOWN, doubt=doubt)


@pytest.mark.parametrize(
    ("row", "body"),
    [
        (RECORD, PDF + b" "),
        (RECORD, PDF.replace(b"one", b"two")),
        (RECORD, b""),
        (replace(RECORD, checksum=""), PDF + b" "),
        (replace(RECORD, size_bytes=None), PDF.replace(b"one", b"two")),
        (replace(RECORD, checksum=RECORD.checksum.upper()), PDF.replace(b"one", b"two")),
    ],
)
def test_bytes_that_disagree_with_the_row_are_not_shown(row: Record, body: bytes) -> None:
    clinic = bench(row, objects=bucket(body))
    assert opened(clinic) == Refused(RefusalCode.WRONG_CONTENT)
    assert clinic.results == ["intent", "failed:WRONG_CONTENT"]


def test_a_size_of_zero_in_the_row_says_no_size() -> None:
    row = replace(RECORD, size_bytes=0)
    assert opened(bench(row)) == Preview(12, PDF)
    assert opened(bench(row, objects=bucket(PDF.replace(b"one", b"two")))) == Refused(RefusalCode.WRONG_CONTENT)


@pytest.mark.parametrize("checksum", ["", " ", "0" * 64, RECORD.checksum.upper(), f" {RECORD.checksum} "])
def test_a_checksum_that_is_absent_or_of_another_kind_never_disagrees(checksum: str) -> None:
    assert opened(bench(replace(RECORD, checksum=checksum))) == Preview(12, PDF)


def test_an_html_page_is_not_shown_as_a_pdf() -> None:
    clinic = bench(replace(RECORD, size_bytes=None, checksum=""), objects=bucket(b"<html>" + b" " * 2000 + PDF))
    assert opened(clinic) == Refused(RefusalCode.NOT_A_PDF)


def test_a_pdf_of_exactly_the_limit_is_shown_and_a_byte_more_is_not() -> None:
    row = replace(RECORD, size_bytes=None, checksum="")
    most = PDF.ljust(MAX_PREVIEW_BYTES, b"\0")
    assert isinstance(opened(bench(row, objects=bucket(most))), Preview)
    assert opened(bench(row, objects=bucket(most + b"\0"))) == Refused(RefusalCode.TOO_LARGE)


def test_without_a_trail_nothing_is_read() -> None:
    clinic = bench(trail=MemoryTrail(fault=LedgerUnavailable(LedgerFault.FULL)))
    assert opened(clinic) == Refused(RefusalCode.TRAIL_UNAVAILABLE, "full")
    assert clinic.objects.calls == []


def test_without_an_outcome_in_the_trail_nothing_is_shown() -> None:
    assert opened(bench(trail=MemoryTrail(fail_after=1))) == Refused(RefusalCode.TRAIL_UNAVAILABLE)


def test_a_database_that_is_down_is_no_refusal() -> None:
    clinic = bench(records=MemoryRecords([RECORD], fault=DatabaseUnavailable(DatabaseFault.DOWN)))
    with pytest.raises(DatabaseUnavailable):
        opened(clinic)
    assert clinic.objects.calls == []


def test_an_act_that_broke_in_the_middle_has_an_outcome() -> None:
    class Breaks(MemoryObjects):
        def read(self, key: str, *, limit_bytes: int) -> bytes:
            raise ZeroDivisionError

    clinic = bench(objects=Breaks({KEY: StoredObject(PDF)}, clock=lambda: NOW + timedelta(0)))
    with pytest.raises(ZeroDivisionError):
        opened(clinic)
    assert clinic.results == ["intent", "failed:ERROR"]
