"""Whether files open for anyone: of one record, and of a sample whose size is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from lib import strangers
from lib.access import Scope
from lib.exposure import Exposure, Sample, Samples
from lib.objects import Doubt, Fetched
from lib.records import Record
from lib.refusals import RefusalCode, Refused
from lib.stores.memory.objects import MemoryObjects, StoredObject
from lib.stores.memory.records import MemoryRecords
from lib.strangers import SAMPLE
from tests.conftest import NOW
from tests.core.clinic import ASHA, EVERYWHERE, PDF, RECORD, STORED, Bench, bench, bucket

NO_RANGE = Fetched(416, b"", None, "application/xml", "InvalidRange")
CLINICS: frozenset[str] | None = None


def exposed(where: Bench) -> Exposure | Refused:
    return strangers.of_record(ASHA, EVERYWHERE, services=where.services, record=RECORD)


def rows(count: int) -> list[Record]:
    return [
        replace(RECORD, record_id=number, prescription_id=number, stored_key=f"prescriptions/pdfs/CON153/{number}.pdf")
        for number in range(1, count + 1)
    ]


def clinic_of(count: int, *, public: int = 0, absent: int = 0, **broken: object) -> Bench:
    """Return a clinic of some records, the first ones public, the last ones without their file."""
    made = rows(count)
    stored = {
        f"edrcontainer1/{row.stored_key}": StoredObject(PDF, is_public=number < public)
        for number, row in enumerate(made[: count - absent])
    }
    objects = MemoryObjects(stored, **{"clock": lambda: NOW, **broken})  # type: ignore[arg-type]
    return bench(records=MemoryRecords(made), objects=objects)


def sampled(where: Bench, scope: Scope = EVERYWHERE) -> Sample:
    return strangers.sample(ASHA, scope, services=where.services, chance=Random(1))


def test_a_public_file_opens_for_anyone_and_a_private_one_does_not() -> None:
    assert exposed(bench(objects=bucket(is_public=True))) is Exposure.OPEN
    assert exposed(bench()) is Exposure.CLOSED


def test_a_file_that_is_no_pdf_opens_for_anyone_too_and_a_page_of_somebody_elses_is_no_answer() -> None:
    photo = StoredObject(b"\xff\xd8\xff a photo", is_public=True)
    assert exposed(bench(objects=bucket(photo.body, is_public=True))) is Exposure.OPEN
    assert exposed(bench(objects=bucket(b"", is_public=True, answers=lambda _url, _fetched: NO_RANGE))) is Exposure.OPEN
    assert exposed(bench(objects=bucket(photo.body, answers=lambda _url, _fetched: NO_RANGE))) is Exposure.UNKNOWN
    refused = Fetched(403, b"<html>Blocked</html>", None, "text/html", None)
    assert exposed(bench(objects=bucket(answers=lambda _url, _fetched: refused))) is Exposure.UNKNOWN
    archived = Fetched(403, b"", None, "application/xml", "InvalidObjectState")
    assert exposed(bench(objects=bucket(answers=lambda _url, _fetched: archived))) is Exposure.UNKNOWN
    page = replace(Fetched(200, b"<html>Sign in</html>", 20, "text/html", None), etag="0" * 32)
    assert exposed(bench(objects=bucket(photo.body, answers=lambda _url, _fetched: page))) is Exposure.UNKNOWN


def test_a_file_that_is_absent_is_never_called_private() -> None:
    where = bench(objects=bucket(b"%PDF other", key="another.pdf"))
    assert exposed(where) == Refused(RefusalCode.MISSING)
    assert where.asked("fetch") == 0


def test_a_bucket_that_does_not_answer_is_never_called_private() -> None:
    assert exposed(bench(objects=bucket(doubt=Doubt.TIMED_OUT))) == Refused(RefusalCode.UNKNOWN, doubt=Doubt.TIMED_OUT)


@pytest.mark.parametrize("status", [None, 404, 500, 302])
def test_an_answer_that_is_neither_the_pdf_nor_a_403_is_unknown(status: int | None) -> None:
    where = bench(objects=bucket(answers=lambda _url, _fetched: Fetched(status, b"", None, None, None)))
    assert exposed(where) is Exposure.UNKNOWN


def test_the_proven_file_in_another_place_is_asked_for() -> None:
    where = bench(replace(RECORD, stored_key=f"media/{STORED}"), objects=bucket(is_public=True))
    assert exposed(where) is Exposure.OPEN


def test_a_sample_is_no_larger_than_it_says_and_asks_for_each_file_once() -> None:
    where = clinic_of(400, public=400)
    assert sampled(where) == Sample(NOW, open=SAMPLE, closed=0, unknown=0)
    fetched = [url for verb, url in where.objects.calls if verb == "fetch"]
    assert len(set(fetched)) == len(fetched) == SAMPLE


def test_a_sample_is_drawn_from_old_and_new_records_alike() -> None:
    where = clinic_of(1000)
    sampled(where)
    numbers = [int(url.rpartition("/")[2].removesuffix(".pdf")) for verb, url in where.objects.calls if verb == "fetch"]
    assert min(numbers) < 200
    assert max(numbers) > 800


def test_files_that_do_not_exist_are_left_out_of_a_sample() -> None:
    assert sampled(clinic_of(10, public=3, absent=4)) == Sample(NOW, open=3, closed=3, unknown=0)


def test_answers_that_say_nothing_are_counted_apart() -> None:
    where = clinic_of(5, answers=lambda _url, _fetched: Fetched(None, b"", None, None, None, Doubt.TIMED_OUT))
    assert sampled(where) == Sample(NOW, open=0, closed=0, unknown=5)


def test_a_sample_ends_when_its_time_is_over() -> None:
    instant = [NOW]

    def slowly(_url: str, fetched: Fetched) -> Fetched:
        instant[0] += timedelta(seconds=25)
        return fetched

    where = clinic_of(20, answers=slowly)
    services = replace(where.services, clock=lambda: instant[0])
    assert strangers.sample(ASHA, EVERYWHERE, services=services).asked == 4


def test_a_bucket_that_does_not_answer_is_not_asked_fifty_times() -> None:
    where = clinic_of(100, doubt=Doubt.TIMED_OUT)
    assert sampled(where).asked == 0
    assert where.asked("head") == strangers.AT_ONCE


def test_a_sample_of_one_clinic_asks_for_no_file_of_another() -> None:
    where = clinic_of(10)
    assert sampled(where, Scope(frozenset({"CLN9"}))).asked == 0
    assert where.asked("fetch") == 0


def test_a_sample_writes_nothing_of_any_record_to_the_trail() -> None:
    where = clinic_of(10)
    sampled(where)
    assert where.trail.rows == []


def test_one_sample_an_hour_is_taken_for_the_process_and_one_a_minute_for_who_asks() -> None:
    kept = Samples()

    def may(later: timedelta, *, again: bool = False) -> bool:
        return kept.begin(CLINICS, now=NOW + later, again=again)

    assert may(timedelta(0))
    assert not may(timedelta(minutes=59))
    assert may(timedelta(minutes=60))
    assert not may(timedelta(minutes=60, seconds=30), again=True)
    assert may(timedelta(minutes=61), again=True)
    assert kept.begin(frozenset({"CLN1"}), now=NOW, again=False)


def test_a_clock_that_was_set_back_does_not_stop_the_samples() -> None:
    kept = Samples()
    kept.begin(CLINICS, now=NOW)
    assert kept.begin(CLINICS, now=NOW - timedelta(days=1))


def test_the_last_sample_is_kept_for_those_who_see_the_same_clinics() -> None:
    where = clinic_of(10, public=2)
    services = replace(where.services, exposure=Samples())
    assert strangers.last(ASHA, EVERYWHERE, services=services) is None
    assert strangers.refresh(ASHA, EVERYWHERE, services=services)
    assert not strangers.refresh(ASHA, EVERYWHERE, services=services)
    assert strangers.last(ASHA, EVERYWHERE, services=services) == Sample(NOW, open=2, closed=8, unknown=0)
    assert strangers.last(ASHA, Scope(frozenset({"CLN1"})), services=services) is None


def test_nobody_is_sampled_where_nothing_is_kept() -> None:
    where = clinic_of(10)
    assert not strangers.refresh(ASHA, EVERYWHERE, services=where.services)
    assert where.objects.calls == []


def test_a_sample_knows_its_instant() -> None:
    later: datetime = NOW + timedelta(seconds=5)
    where = clinic_of(1)
    assert strangers.sample(ASHA, EVERYWHERE, services=replace(where.services, clock=lambda: later)).at == later
