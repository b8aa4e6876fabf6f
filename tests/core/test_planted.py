"""The clinic that is planted for the audit: what it says must be found agrees with a diagnosis of each row alone."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from lib import keys
from lib.catalogue import Code
from lib.causes import BareKey, Diagnosis, Known, diagnose
from lib.findings import CODES, UNSEEN, Kind
from lib.inventory import Inventory, Sighting
from lib.objects import Doubt, Observation, Presence
from tests.parts import planted_growing
from tests.parts.broken_keys import RULES
from tests.parts.planted import Planted, Row, md5_of

NOW = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)


@pytest.fixture(scope="module")
def planted() -> Planted:
    return planted_growing.grow(600, seed=5, now=NOW)


def _sighting(key: str, body: bytes, is_multipart: bool) -> Sighting:
    return Sighting(key, len(body), md5_of(body) + ("-1" if is_multipart else ""))


def _diagnosed(planted: Planted) -> dict[int, Diagnosis]:
    there = {each.key: _sighting(each.key, each.body, each.is_multipart) for each in planted.objects}
    inventory = Inventory(there.values())
    owners = Counter(keys.resolve(row.stored, location=RULES.location) for row in planted.rows)
    found = {}
    for row in planted.rows:
        key = keys.resolve(row.stored, location=RULES.location)
        known = Known(
            inventory,
            is_deleted=key in planted.deleted,
            is_uploading=key in planted.uploading,
            is_taken=lambda other, own=key: owners[other] > (other == own),
        )
        facts = BareKey(row.stored, row.consultation, row.size_bytes, row.checksum)
        found[row.record_id] = diagnose(facts, _observed(key, there.get(key)), RULES, known)
    return found


def _observed(key: str, seen: Sighting | None) -> Observation:
    if seen is not None:
        return Observation(key, Presence.PRESENT, NOW, size_bytes=seen.size_bytes, etag=seen.etag)
    if keys.impossible(key):
        return Observation(key, Presence.UNKNOWN, NOW, doubt=Doubt.IMPOSSIBLE_KEY)
    return Observation(key, Presence.ABSENT, NOW, http_status=404)


def test_each_row_without_its_object_is_diagnosed_as_it_was_planted(planted: Planted) -> None:
    diagnosed = _diagnosed(planted)
    wrong = {}
    for each in planted.findings:
        if each.kind in {Kind.DANGLING_REFERENCE, Kind.UNRESOLVABLE_KEY} and each.record_id is not None:
            seen = diagnosed[each.record_id]
            best = seen.candidates[0] if seen.candidates else None
            told = (seen.code, best and best.key, best and best.evidence)
            if told != (each.code, each.candidate, each.evidence):
                wrong[planted.sort(each.record_id, None)] = told
    assert wrong == {}


def test_every_kind_that_shows_without_a_fault_of_the_bucket_is_planted(planted: Planted) -> None:
    # The other three: what strangers may read is in ``public``, the rest takes a bucket that says no.
    asked = {Kind.PUBLICLY_READABLE, Kind.UNDETERMINED, Kind.WRONG_CONTENT_TYPE}
    assert {each.kind for each in planted.findings} == set(Kind) - asked
    assert planted.public
    for each in planted.findings:
        assert each.code is None or each.code in CODES[each.kind], each


def test_every_code_that_an_audit_can_see_in_a_listing_is_planted(planted: Planted) -> None:
    not_in_one_listing = {
        Code.DELETED,  # takes an earlier run
        Code.NOT_PDF,
        Code.PDF_TRUNCATED,
        Code.CONTENT_TYPE,
        Code.CONTENT_ENCODING,
        Code.PUBLIC,
        Code.FORBIDDEN,
        Code.WRONG_BUCKET,
        Code.SSE_C,
        Code.ARCHIVED,
    }
    assert set(Code) - {each.code for each in planted.findings} - UNSEEN == not_in_one_listing


def test_one_seed_grows_one_clinic_of_the_size_that_is_asked_for(planted: Planted) -> None:
    again = planted_growing.grow(600, seed=5, now=NOW)
    assert (again.rows, again.objects, again.findings) == (planted.rows, planted.objects, planted.findings)
    assert len(planted.objects) == 600
    other = planted_growing.grow(600, seed=6, now=NOW)
    assert other.objects != planted.objects


def _rows_of_one_key(planted: Planted) -> list[tuple[Row, ...]]:
    by_key: dict[str, list[Row]] = {}
    for row in planted.rows:
        by_key.setdefault(keys.resolve(row.stored, location=RULES.location), []).append(row)
    return [tuple(rows) for rows in by_key.values() if len(rows) > 1]


def test_no_two_rows_share_a_key_by_accident(planted: Planted) -> None:
    assert all("two rows of one key" in row.sort for rows in _rows_of_one_key(planted) for row in rows)
