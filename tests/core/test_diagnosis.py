"""From a record and what the bucket said to the state a person sees."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from lib import diagnosis
from lib.diagnosis import Md5, State
from lib.objects import Doubt, Observation, Presence
from lib.records import Record
from lib.stores import s3_heads

MD5 = "0cc175b9c0f1b6a831c399e269772661"
OTHER = "92eb5ffee6ae2fec3ad71c777531578f"
AT = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)
RECORD = Record(
    record_id=7,
    prescription_id=3,
    consultation_id="CON153",
    patient_id="PAT001",
    patient_name="Asha Example",
    patient_phone="+919876543210",
    doctor_name="Dr Example",
    clinic_id="CLN1",
    clinic_name="Clinic One",
    issued_date=date(2026, 11, 12),
    is_draft=False,
    is_finalized=True,
    stored_key="prescriptions/pdfs/CON153/a.pdf",
    version=1,
    versions=1,
    latest_version=1,
    is_current=True,
    generated_at=AT,
    size_bytes=1000,
    checksum=MD5,
)
PRESENT = Observation("loc/a.pdf", Presence.PRESENT, AT, http_status=200, size_bytes=1000, etag=MD5)


@pytest.mark.parametrize(
    ("checksum", "etag", "answer"),
    [
        (MD5, MD5, Md5.AGREES),
        (MD5.upper(), MD5, Md5.AGREES),
        (MD5, MD5.upper(), Md5.AGREES),
        (MD5, OTHER, Md5.DIFFERS),
        (MD5, f"{OTHER}-2", Md5.NOT_COMPARABLE),
        (MD5, None, Md5.NOT_COMPARABLE),
        (MD5, "", Md5.NOT_COMPARABLE),
        ("", MD5, Md5.NOT_COMPARABLE),
        ("", "", Md5.NOT_COMPARABLE),
        (MD5 * 2, OTHER, Md5.NOT_COMPARABLE),
        ("not a checksum", OTHER, Md5.NOT_COMPARABLE),
    ],
)
def test_only_two_md5s_are_compared(checksum: str, etag: str | None, answer: Md5) -> None:
    assert diagnosis.compare_md5(replace(RECORD, checksum=checksum), replace(PRESENT, etag=etag)) is answer


@pytest.mark.parametrize(
    ("size", "checksum", "seen_size", "etag", "state"),
    [
        (1000, MD5, 1000, MD5, State.FOUND),
        (None, "", 1000, MD5, State.FOUND),
        (1000, "", 1000, OTHER, State.FOUND),
        (None, MD5, 1000, f"{OTHER}-2", State.FOUND),
        (1000, MD5, None, MD5, State.FOUND),
        (1000, MD5, 999, MD5, State.DAMAGED),
        (1000, "", 999, OTHER, State.DAMAGED),
        (1000, MD5, 999, f"{MD5}-2", State.DAMAGED),
        (1000, MD5, 1000, OTHER, State.DAMAGED),
        (None, MD5, 1000, OTHER, State.DAMAGED),
        (None, "", 0, None, State.DAMAGED),
        (0, "", 0, None, State.DAMAGED),
        (0, MD5, 1000, MD5, State.FOUND),  # a row that says no size, as an audit reads it
        (0, MD5, 1000, OTHER, State.DAMAGED),
    ],
)
def test_a_present_object_is_found_unless_size_or_md5_disagree(
    size: int | None, checksum: str, seen_size: int | None, etag: str | None, state: State
) -> None:
    record = replace(RECORD, size_bytes=size, checksum=checksum)
    assert diagnosis.state(record, replace(PRESENT, size_bytes=seen_size, etag=etag)) is state


def test_a_404_with_a_working_listing_is_missing() -> None:
    assert diagnosis.state(RECORD, Observation("loc/a.pdf", Presence.ABSENT, AT, http_status=404)) is State.MISSING


@pytest.mark.parametrize("doubt", list(Doubt))
def test_a_doubt_is_not_reported_as_missing(doubt: Doubt) -> None:
    observation = Observation("loc/a.pdf", Presence.UNKNOWN, AT, doubt=doubt, http_status=403)
    assert diagnosis.state(RECORD, observation) is State.UNKNOWN


def test_a_row_that_was_not_checked_is_unknown() -> None:
    assert diagnosis.state(RECORD, None) is State.UNKNOWN


@pytest.mark.parametrize("observation", [None, PRESENT])
def test_a_prescription_without_pdf_row_has_no_pdf_whatever_was_observed(observation: Observation | None) -> None:
    record = replace(RECORD, record_id=None, stored_key=None, version=None, size_bytes=None, checksum="")
    assert diagnosis.state(record, observation) is State.NO_PDF


@pytest.mark.parametrize(
    ("encryption", "expected"),
    [
        ({}, State.DAMAGED),
        ({"ServerSideEncryption": "AES256"}, State.DAMAGED),  # its ETag is still the MD5
        ({"ServerSideEncryption": "aws:kms"}, State.FOUND),
        ({"ServerSideEncryption": "aws:kms:dsse"}, State.FOUND),
        ({"SSECustomerAlgorithm": "AES256"}, State.FOUND),
    ],
)
def test_the_etag_of_an_object_encrypted_with_its_own_key_proves_nothing(
    encryption: dict[str, str], expected: State
) -> None:
    reply = {
        "ETag": '"' + "0" * 32 + '"',
        "ContentLength": RECORD.size_bytes,
        "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {"x-amz-request-id": "tx1"}},
        **encryption,
    }
    seen = s3_heads.observation("k", s3_heads.Answer(AT, reply=reply), refusal=None, listing=None)
    assert seen.presence is Presence.PRESENT
    assert diagnosis.state(RECORD, seen) is expected
