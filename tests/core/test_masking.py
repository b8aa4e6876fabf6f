"""What somebody finds who may see neither names nor phones: Dev, a developer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lib import links, search
from lib.access import Actor, Permission, Role, Scope
from lib.records import Filters
from lib.search import Found, Kind
from tests.core.clinic import ANOTHER, EVERYWHERE, RECORD, Bench, bench

DEV = Actor("dev", Role.DEVELOPER)
PHONE, NAME = "98765 43210", "Esha"


def found(where: Bench, text: str) -> Found:
    return search.find(DEV, EVERYWHERE, services=where.services, text=text, filters=Filters())


@pytest.mark.parametrize("scope", [Scope(), Scope(is_masked=True), Scope(frozenset({"CLN1"}))])
def test_no_name_and_no_phone_reach_a_developer_whoever_made_the_scope(scope: Scope) -> None:
    services = bench(RECORD, ANOTHER).services
    page = search.find(DEV, scope, services=services, text="CON153", filters=Filters()).page
    opened = search.open_record(DEV, scope, services=services, record_id=12)
    assert opened is not None
    read = (
        *page.records,
        opened,
        *search.open_prescription(DEV, scope, services=services, prescription_id=7),
        *search.versions(DEV, scope, services=services, record=RECORD),
    )
    assert len(read) >= 4
    assert {(each.patient_name, each.patient_phone) for each in read} == {("•••", "•••")}


@pytest.mark.parametrize("text", [NAME, "esh", PHONE, "+919876543210", "…3210", "0043"])
def test_a_name_or_a_phone_is_no_question_of_a_developer(text: str) -> None:
    where = bench()
    answer = found(where, text)
    assert answer.page.records == ()
    assert answer.reading.kind is Kind.HIDDEN
    assert search.total(DEV, EVERYWHERE, services=where.services, reading=answer.reading, filters=Filters()) is None


def test_whose_phone_a_number_ends_like_is_not_told_where_it_is_also_an_id() -> None:
    where = bench(replace(RECORD, patient_phone="+919876500153"))
    assert found(where, "153").reading.kind is Kind.CONSULTATION
    assert (
        found(bench(replace(RECORD, consultation_id="CON9", patient_phone="+919876500153")), "153").page.records == ()
    )


def test_a_phone_that_finds_nothing_does_not_get_into_the_address_as_an_id() -> None:
    assert not found(bench(), "9123400012").reading.is_id


@pytest.mark.parametrize(
    "text", ["PAT001", "CON153", "prescription 7", "record 12", "prescriptions/pdfs/CON153/ab12.pdf"]
)
def test_ids_and_keys_are_found_as_by_everybody(text: str) -> None:
    assert [row.record_id for row in found(bench(), text).page.records] == [12]


def test_what_the_database_does_not_know_stays_empty() -> None:
    page = found(bench(replace(RECORD, patient_phone="")), "CON153").page
    assert (page.records[0].patient_name, page.records[0].patient_phone) == ("•••", "")


def test_a_developer_who_was_granted_links_leaves_no_name_in_the_trail_either() -> None:
    where = bench(replace(RECORD, is_draft=True))
    granted = replace(DEV, granted=frozenset({Permission.LINK}))
    request = links.LinkRequest(timedelta(minutes=1), reason="Esha asked on +91 98765 43210")
    made = links.issue(granted, EVERYWHERE, services=where.services, record=RECORD, request=request)
    assert isinstance(made, links.PresignedUrl)
    assert where.trail.rows[-1].reason == "[name] asked on [phone]"
