"""The clinic that is planted for the audit: what it says must be found agrees with a diagnosis of each row alone."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from lib import keys
from lib.catalogue import Code
from lib.causes import BareKey, Diagnosis, Known, diagnose
from lib.findings import CODES, UNSEEN, Kind
from lib.inventory import Inventory, Sighting
from lib.objects import Doubt, Observation, Presence
from tests.parts import planted_growing
from tests.parts.audit_command import Audited, differences, faults_of_form
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
    owners = Counter(keys.resolve(row.stored, location=RULES.location) for row in planted.rows)
    lone = Inventory(each for each in there.values() if each.key not in owners)  # what an audit looks among
    found = {}
    for row in planted.rows:
        key = keys.resolve(row.stored, location=RULES.location)
        known = Known(
            lone,
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
    # The other two: what strangers may read is in ``public``, and undetermined takes a bucket that says no.
    asked = {Kind.PUBLICLY_READABLE, Kind.UNDETERMINED}
    assert {each.kind for each in planted.findings} == set(Kind) - asked
    assert planted.public
    for each in planted.findings:
        assert each.code is None or each.code in CODES[each.kind], each


def test_every_code_that_an_audit_can_see_in_a_listing_is_planted(planted: Planted) -> None:
    not_in_one_listing = {
        Code.DELETED,  # takes an earlier run
        Code.NOT_PDF,
        Code.PDF_TRUNCATED,
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


def _lines(planted: Planted) -> list[dict[str, Any]]:
    """What findings.jsonl holds when everything was found."""
    stored = {row.record_id: row.stored for row in planted.rows}
    return [
        {
            "kind": each.kind,
            "code": each.code,
            "severity": "high",
            "record_id": each.record_id,
            "stored": stored.get(each.record_id or 0),
            "resolved": each.record_id and keys.resolve(stored[each.record_id], location=RULES.location),
            "key": each.key,
            "evidence": {},
            "candidate": each.candidate,
            "candidate_evidence": each.evidence,
        }
        for each in planted.findings
    ]


def _audited(lines: list[dict[str, Any]], **changes: object) -> Audited:
    told: dict[str, object] = {
        "schema": 1,
        "run_id": 1,
        "status": "complete",
        "records": 1,
        "objects": 1,
        "findings": Counter(each["kind"] for each in lines),
        "causes": Counter(each["code"] for each in lines if each["code"]),
        "requests": 1,
        "seconds": 1.0,
        "listed_until": None,
        "unlisted": [],
    }
    return Audited(1, json.dumps(told | changes) + "\n", "", tuple(map(json.dumps, lines)))


def test_a_run_that_found_what_was_planted_does_not_differ(planted: Planted) -> None:
    ran = _audited(_lines(planted))
    assert differences(planted, ran) == []
    assert list(faults_of_form(ran)) == []


def test_each_difference_is_told_with_what_was_planted_there(planted: Planted) -> None:
    lines = _lines(planted)
    gone = next(at for at, each in enumerate(lines) if each["code"] == Code.NEVER_UPLOADED)
    otherwise = next(each for each in lines if each["code"] == Code.LOCATION_NONE_AT_ROOT)
    otherwise["code"] = Code.MOVED
    healthy = next(row for row in planted.rows if row.sort == "healthy")
    lines.append(lines[gone] | {"kind": Kind.SIZE_DIFFERS, "record_id": healthy.record_id})
    lines.append(lines[gone + 1])
    lines.append({**lines[gone], "kind": Kind.PUBLICLY_READABLE, "record_id": None, "key": "a.pdf"})
    del lines[gone]
    told = differences(planted, _audited(lines), public=["b.pdf"])
    assert [each.partition(":")[0] for each in told] == [
        "found 2 times",
        "invented",
        "not found",
        "open to anyone",
        "otherwise",
    ]
    assert "never uploaded" in told[2]
    assert f"record {healthy.record_id}: healthy" in told[1]
    assert "not found ['b.pdf'], invented ['a.pdf']" in told[3]
    assert "MOVED" in told[4]
    assert "LOCATION_NONE_AT_ROOT over" in told[4]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"status": "incomplete"}, "exit code 1 of a run that is incomplete"),
        ({"listed_until": "a"}, "a complete run says"),
        ({"findings": {}}, "findings are {}"),
    ],
)
def test_an_answer_that_contradicts_itself_is_told(planted: Planted, changes: dict[str, object], fault: str) -> None:
    assert any(each.startswith(fault) for each in faults_of_form(_audited(_lines(planted), **changes)))
