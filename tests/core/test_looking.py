"""Looking for broken keys in a bucket within twelve requests: both corpora, one bucket each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from lib import explanation, plans
from lib.catalogue import Code
from lib.diagnosis import State
from lib.explanation import MAX_REQUESTS
from lib.listing import Listed, Version
from lib.objects import Doubt, ObjectUnavailable, Observation, Presence
from lib.plans import Case as Broken
from lib.plans import Reason, Site
from lib.stores.memory.listing import MemoryLister
from lib.stores.memory.objects import MemoryObjects, StoredObject
from tests.conftest import NOW
from tests.core.clinic import KEY, PDF, RECORD, STORED, bench
from tests.parts import broken_keys, wild_keys
from tests.parts.broken_keys import RULES, Case

TAME = list(broken_keys.cases(seed=5, singles=2, pairs=0))
WILD = [case for _, case in wild_keys.cases(seed=5, singles=2, pairs=0)]


@pytest.mark.parametrize("made", [TAME, WILD], ids=["tame", "wild"])
def test_the_right_object_is_found_within_twelve_requests(made: list[Case]) -> None:
    objects = {each.key: StoredObject(each.body) for case in made for each in (case.right, *case.decoys)}
    rows = [
        replace(
            RECORD, record_id=number, prescription_id=number, patient_id=f"PAT{number}", stored_key=case.stored,
            consultation_id=case.consultation or None, size_bytes=case.size_bytes, checksum=case.md5 or "",
        )
        for number, case in enumerate(made, start=1)
    ]  # fmt: skip
    owners = [
        replace(RECORD, record_id=10_000 + number, prescription_id=10_000 + number, patient_id="PAT0", stored_key=key)
        for number, key in enumerate(sorted({key for case in made for key in case.taken}))
    ]
    where = bench(*rows, *owners, objects=MemoryObjects(objects, clock=lambda: NOW))
    services = replace(where.services, rules=RULES)
    missed = []
    for case, row in zip(made, rows, strict=True):
        where.objects.calls.clear()
        found = explanation.look(row, services=services)
        assert (
            len(where.objects.calls) < found.requests <= MAX_REQUESTS
        )  # the LIST that judges a 404 is the store's own
        if [each.key for each in found.diagnosis.candidates[:1]] != [case.right.key]:
            missed.append((case.stored, case.right.key))
        for each in found.diagnosis.candidates:
            assert each.flags or each.key in {case.right.key, *(decoy.key for decoy in case.decoys[1:2])}, case
    assert len(missed) <= 0.05 * len(made), missed


class ByPages(MemoryLister):
    """A lister that shows few keys at a time, and refuses some prefixes."""

    refused: frozenset[str] = frozenset()

    def below(self, prefix: str, *, after: str = "", limit: int = 1000) -> Listed:
        if prefix in self.refused:
            return Listed((), is_complete=False, doubt=Doubt.DENIED)
        return super().below(prefix, after=after, limit=limit)


def test_a_listed_folder_hides_no_page_that_lies_before_it() -> None:
    crowd = {f"edrcontainer1/prescriptions/pdfs/CON{number}/x.pdf": b"%PDF" for number in range(1000, 1020)}
    right = "edrcontainer1/prescriptions/pdfs/CON1010/renamed.pdf"
    in_folder = {f"edrcontainer1/prescriptions/pdfs/CON153/{number}.pdf": b"%PDF" for number in range(3)}
    objects = MemoryObjects(
        {key: StoredObject(body) for key, body in {**crowd, **in_folder, right: PDF}.items()}, clock=lambda: NOW
    )
    row = replace(RECORD, consultation_id="CON153")
    where = bench(row, objects=objects, lister=ByPages(objects, page=8))
    found = explanation.look(row, services=where.services)
    assert right in [each.key for each in found.diagnosis.candidates]
    assert found.diagnosis.state is State.MISSING  # the folder of another consultation


def test_who_may_list_below_the_location_only_finds_it_there() -> None:
    moved = "edrcontainer1/elsewhere/places.pdf"
    objects = MemoryObjects({moved: StoredObject(PDF)}, clock=lambda: NOW)
    lister = ByPages(objects)
    lister.refused = frozenset({""})
    where = bench(RECORD, objects=objects, lister=lister)
    assert explanation.look(RECORD, services=where.services).diagnosis.state is State.ELSEWHERE


def test_a_small_bucket_is_looked_at_whole() -> None:
    astray = f"staging/{KEY}"
    where = bench(RECORD, objects=MemoryObjects({astray: StoredObject(PDF)}, clock=lambda: NOW))
    found = explanation.look(RECORD, services=where.services)
    assert (found.is_whole, found.diagnosis.right and found.diagnosis.right.key) == (True, astray)
    assert STORED in astray


class BreaksOff(MemoryLister):
    """A lister that answers a few times and then no more."""

    answers = 0

    def below(self, prefix: str, *, after: str = "", limit: int = 1000) -> Listed:
        self.answers -= 1
        if self.answers < 0:
            return Listed((), is_complete=False, doubt=Doubt.THROTTLED)
        return super().below(prefix, after=after, limit=limit)


@pytest.mark.parametrize("answers", range(6))
def test_a_search_that_was_broken_off_does_not_say_never_uploaded(answers: int) -> None:
    crowd = {f"edrcontainer1/{number}.pdf": StoredObject(b"%PDF") for number in range(40)}
    objects = MemoryObjects(crowd, clock=lambda: NOW)
    lister = BreaksOff(objects, page=3)
    lister.answers = answers
    where = bench(RECORD, objects=objects, lister=lister)
    found = explanation.look(RECORD, services=where.services).diagnosis
    assert (found.state, found.code) == (State.MISSING, None)
    plan = plans.make([Broken(RECORD, found)], Site(where.services.rules, "https://objects.example", ""))
    assert [left.reason for left in plan.left] == [Reason.NOT_CHECKED]


def test_versions_that_are_not_told_in_time_do_not_say_never_uploaded() -> None:
    class Slow(MemoryLister):
        def versions(self, key: str) -> tuple[Version, ...]:
            raise ObjectUnavailable(Doubt.TIMED_OUT)

    objects = MemoryObjects({}, clock=lambda: NOW)
    where = bench(RECORD, objects=objects, lister=Slow(objects))
    assert explanation.look(RECORD, services=where.services).diagnosis.code is None


def test_who_may_not_list_the_whole_bucket_still_learns_that_it_was_never_uploaded() -> None:
    objects = MemoryObjects({}, clock=lambda: NOW)
    lister = ByPages(objects)
    lister.refused = frozenset({""})
    where = bench(RECORD, objects=objects, lister=lister)
    assert explanation.look(RECORD, services=where.services).diagnosis.code is Code.NEVER_UPLOADED


def test_a_guess_that_gets_no_answer_does_not_say_never_uploaded() -> None:
    class Busy(MemoryObjects):
        def head(self, keys: Sequence[str], *, budget: timedelta) -> Mapping[str, Observation]:
            seen = super().head(keys, budget=budget)
            return {
                key: each if key == KEY else replace(each, presence=Presence.UNKNOWN, doubt=Doubt.TIMED_OUT)
                for key, each in seen.items()
            }

    crowd = {f"edrcontainer1/{number}.pdf": StoredObject(b"%PDF") for number in range(40)}
    objects = Busy(crowd, clock=lambda: NOW)
    where = bench(RECORD, objects=objects, lister=ByPages(objects, page=3))
    assert explanation.look(RECORD, services=where.services).diagnosis.code is None
