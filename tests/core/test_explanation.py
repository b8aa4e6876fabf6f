"""Looking for one record's file: how many requests it costs, and what is and is not concluded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from lib import explanation, links
from lib.access import Actor, Role, Scope
from lib.catalogue import Code
from lib.diagnosis import State
from lib.explanation import MAX_REQUESTS, Explanation
from lib.links import LinkRequest, PresignedUrl, Refused
from lib.listing import Version
from lib.objects import Doubt
from lib.records import Record
from lib.refusals import RefusalCode
from lib.resolvers import Resolver
from lib.stores.memory.listing import MemoryLister
from lib.stores.memory.objects import MemoryObjects, StoredObject
from tests.conftest import NOW
from tests.core.clinic import ANOTHER, ASHA, EVERYWHERE, KEY, PDF, RECORD, STORED, Bench, bench

LOST = f"{STORED} "


def objects_at(*keys: str, more: Mapping[str, bytes] | None = None, **broken: object) -> MemoryObjects:
    stored = {key: StoredObject(PDF) for key in keys} | {key: StoredObject(body) for key, body in (more or {}).items()}
    return MemoryObjects(stored, clock=lambda: NOW, **broken)  # type: ignore[arg-type]


def explained(where: Bench, record: Record = RECORD) -> Explanation:
    found = explanation.explain(ASHA, EVERYWHERE, services=where.services, record=record)
    assert not isinstance(found, Refused)
    return found


def test_a_healthy_record_costs_its_head_and_nothing_more() -> None:
    where = bench(RECORD, objects=objects_at(KEY))
    found = explained(where)
    assert (found.diagnosis.state, found.diagnosis.code) == (State.FOUND, None)
    assert [verb for verb, _ in where.objects.calls] == ["head"]
    assert found.requests == 1


@pytest.mark.parametrize(
    ("stored", "key", "code"),
    [
        (LOST, KEY, Code.WHITESPACE),
        (f"media/{STORED}", KEY, Code.LOCATION_OLD),
        (STORED, STORED, Code.LOCATION_NONE_AT_ROOT),
        (STORED, f"edrcontainer1/{KEY}", Code.LOCATION_DOUBLED_IN_BUCKET),
        (STORED, f"media/{STORED}", Code.LOCATION_OLD),
        ("", KEY, Code.EMPTY),
        ("prescriptions/pdfs/CON153/", KEY, Code.TRAILING_SLASH),
        (STORED, "edrcontainer1/elsewhere/of/all/places.pdf", Code.FOUND_BY_CONTENT),
    ],
)
def test_a_proven_file_elsewhere_is_in_the_wrong_place(stored: str, key: str, code: Code) -> None:
    row = replace(RECORD, stored_key=stored)
    where = bench(row, objects=objects_at(key))
    found = explained(where, row)
    assert (found.diagnosis.state, found.diagnosis.code) == (State.ELSEWHERE, code)
    assert found.diagnosis.right is not None
    assert found.diagnosis.right.key == key
    assert len(where.objects.calls) + 1 <= found.requests <= MAX_REQUESTS  # and the LIST that judges a 404


def test_a_file_that_is_nowhere_costs_no_more_than_the_bound() -> None:
    crowd = {f"edrcontainer1/prescriptions/pdfs/CON{n}/a.pdf": b"%PDF" for n in range(50_000, 60_000)}
    where = bench(RECORD, objects=objects_at(more=crowd))
    found = explained(where)
    assert (found.diagnosis.state, found.diagnosis.code, found.is_whole) == (State.MISSING, Code.NEVER_UPLOADED, False)
    assert len(where.objects.calls) < found.requests <= MAX_REQUESTS


def test_where_nobody_may_list_the_guesses_are_asked_one_by_one() -> None:
    row, objects = replace(RECORD, stored_key=LOST), objects_at(KEY)
    where = bench(row, objects=objects, lister=MemoryLister(objects, doubt=Doubt.DENIED))
    found = explained(where, row)
    assert found.diagnosis.state is State.ELSEWHERE
    assert len(objects.calls) < found.requests <= MAX_REQUESTS


def test_a_bucket_that_does_not_answer_is_never_called_missing() -> None:
    where = bench(RECORD, objects=objects_at(KEY, doubt=Doubt.TIMED_OUT))
    assert explained(where).diagnosis.state is State.UNKNOWN


def test_a_delete_marker_is_named() -> None:
    objects = objects_at()
    gone = Version("v2", is_latest=True, is_delete_marker=True, last_modified=NOW)
    where = bench(RECORD, objects=objects, lister=MemoryLister(objects, kept={KEY: (gone,)}))
    assert explained(where).diagnosis.code is Code.DELETE_MARKER


def test_an_upload_that_never_ended_is_named() -> None:
    objects = objects_at()
    where = bench(RECORD, objects=objects, lister=MemoryLister(objects, uploads=(KEY,)))
    assert explained(where).diagnosis.code is Code.MULTIPART_UNFINISHED


def test_the_file_of_another_row_is_no_right_one_though_the_bytes_agree() -> None:
    row = replace(RECORD, stored_key=LOST)
    where = bench(row, replace(ANOTHER, stored_key=STORED), objects=objects_at(KEY))
    found = explained(where, row)
    assert (found.diagnosis.state, found.diagnosis.right) == (State.MISSING, None)


def test_two_versions_of_one_patient_may_name_one_file() -> None:
    where = bench(RECORD, replace(RECORD, record_id=13, version=1), objects=objects_at(KEY))
    assert explained(where).diagnosis.code is None


def test_a_file_that_a_row_of_another_patient_names_too_is_nobodys() -> None:
    where = bench(RECORD, replace(ANOTHER, stored_key=KEY), objects=objects_at(KEY))
    assert explained(where).diagnosis.code is Code.DUPLICATE_REFERENCE


def test_a_record_of_another_clinic_is_not_explained() -> None:
    found = explanation.explain(ASHA, Scope(frozenset({"CLN9"})), services=bench(RECORD).services, record=RECORD)
    assert found == Refused(RefusalCode.NOT_VISIBLE)


@pytest.mark.parametrize("stored", [STORED, LOST])
def test_what_is_explained_to_a_masked_role_holds_no_name(stored: str) -> None:
    row = replace(RECORD, stored_key=stored)
    dev, where = Actor("dev", Role.DEVELOPER), bench(row, objects=objects_at(KEY))
    found = explanation.explain(dev, Scope(is_masked=True), services=where.services, record=row)
    assert RECORD.patient_name not in repr(found)
    assert RECORD.patient_phone not in repr(found)


def test_a_link_to_the_proven_file_says_so_and_so_does_the_trail() -> None:
    row = replace(RECORD, stored_key=LOST)
    where = bench(row, objects=objects_at(KEY))
    request = LinkRequest(where.services.policy.default_expiry)
    made = links.issue(ASHA, EVERYWHERE, services=where.services, record=row, request=request)
    assert isinstance(made, PresignedUrl)
    assert (made.key, made.is_elsewhere) == (KEY, True)
    assert where.trail.rows[-1].reason == links.ELSEWHERE
    assert where.results == ["intent", "ok"]


def test_no_link_is_made_to_a_file_that_is_only_likely() -> None:
    row = replace(RECORD, stored_key=LOST, checksum="", size_bytes=None)
    where = bench(row, objects=objects_at(KEY))
    request = LinkRequest(where.services.policy.default_expiry)
    made = links.issue(ASHA, EVERYWHERE, services=where.services, record=row, request=request)
    assert made == Refused(RefusalCode.MISSING)


def test_the_matrix_shows_what_each_resolver_asks_for_and_gets() -> None:
    row = replace(RECORD, stored_key="prescriptions//pdfs/CON153/ab12.pdf")
    where = bench(row, objects=objects_at(KEY))
    found = explanation.matrix(ASHA, EVERYWHERE, services=where.services, row=row)
    answers = {each.asks.resolver: each.observation and each.observation.presence.value for each in found}
    assert answers == {
        Resolver.SIGNER: "absent",
        Resolver.STORAGE: "present",
        Resolver.MEDIA_URL: "absent",
        Resolver.BARE: "absent",
    }
