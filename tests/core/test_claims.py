"""Whose file it is: another row's claim in a wrong spelling, another consultation's folder, a proof that has aged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from lib import elsewhere, explanation, inspection, links, planning
from lib.access import Scope
from lib.candidates import contradicts
from lib.catalogue import Code
from lib.links import LinkRequest, PresignedUrl, Refused
from lib.objects import Observation
from lib.records import Record
from lib.refusals import RefusalCode
from lib.stores.memory.objects import MemoryObjects, StoredObject
from tests.conftest import NOW
from tests.core.clinic import ANOTHER, ASHA, EVERYWHERE, KEY, PDF, RECORD, STORED, bench, bucket

FLAT = "edrcontainer1/backup/ab12.pdf"  # in no consultation's folder; both patients' files have the same bytes
LOST = replace(RECORD, stored_key=f"{STORED} ")
HOSTS = ("objects.example", "edrspace.objects.example")


def issued(*rows: Record) -> PresignedUrl | Refused:
    where = bench(*rows, objects=bucket(key=FLAT))
    services = replace(where.services, rules=replace(where.services.rules, url_hosts=HOSTS))
    request = LinkRequest(services.policy.default_expiry)
    return links.issue(ASHA, EVERYWHERE, services=services, record=rows[0], request=request)


@pytest.mark.parametrize(
    "claim",
    [
        f"https://objects.example/edrspace/{FLAT}",
        f"https://edrspace.objects.example/{FLAT}",
        f"s3://edrspace/{FLAT}",
        f"edrspace/{FLAT}",
        f"/{FLAT}",
        "/backup/ab12.pdf",
        f"{FLAT} ",
        f"{FLAT}\n",
        FLAT.replace("/", "%2F"),
        FLAT.replace("/", "\\"),
    ],
)
def test_no_link_leads_to_a_file_that_another_patients_broken_row_means(claim: str) -> None:
    assert issued(RECORD, replace(ANOTHER, stored_key=claim)) == Refused(RefusalCode.MISSING)


def test_a_row_of_the_same_patient_in_a_wrong_spelling_hinders_no_link() -> None:
    older = replace(RECORD, record_id=11, version=1, is_current=False, stored_key=f"/{FLAT}")
    assert isinstance(issued(RECORD, older), PresignedUrl)


def test_a_file_at_the_root_that_another_patients_row_names_barely_is_not_proven() -> None:
    where = bench(LOST, replace(ANOTHER, stored_key=STORED), objects=bucket(key=STORED))
    assert explanation.look(LOST, services=where.services).diagnosis.right is None


@pytest.mark.parametrize(
    "key",
    [
        "loc/prescriptions%2Fpdfs%2FCON999%2Fa.pdf",
        "loc/CON999%252Fa.pdf",
        "loc\\CON999\\a.pdf",
        "loc/CON999 /a.pdf",
        "loc/CON%39%39%39/a.pdf",
        "loc/CON\u200b999/a.pdf",
        "CON153/x/CON999%2Fa.pdf",
    ],
)
def test_another_consultations_folder_is_known_however_it_is_written(key: str) -> None:
    assert contradicts(key, "CON153")


def test_a_damaged_file_that_a_row_of_another_patient_names_too_is_first_of_all_nobodys() -> None:
    row = replace(RECORD, checksum="0" * 32)
    where = bench(row, replace(ANOTHER, stored_key=KEY))
    assert explanation.look(row, services=where.services).diagnosis.code is Code.DUPLICATE_REFERENCE


class Encrypted(MemoryObjects):
    """Objects whose ETag is no MD5, which only a HEAD says."""

    def head(self, keys: Sequence[str], *, budget: timedelta) -> Mapping[str, Observation]:
        seen = super().head(keys, budget=budget)
        return {key: replace(each, is_etag_md5=False) if each.etag else each for key, each in seen.items()}


def test_what_the_last_head_does_not_prove_is_not_proven() -> None:
    where = bench(LOST, objects=Encrypted({KEY: StoredObject(PDF)}, clock=lambda: NOW))
    assert explanation.look(LOST, services=where.services).diagnosis.right is not None
    assert elsewhere.proven(LOST, services=where.services) is None


@pytest.mark.parametrize("clinics", [None, frozenset({"CLN1"})])
def test_who_is_bound_to_clinics_sees_no_key_of_another_record(clinics: frozenset[str] | None) -> None:
    theirs = "edrcontainer1/prescriptions/pdfs/CON999/ab12.pdf"
    where = bench(RECORD, replace(ANOTHER, stored_key=theirs), objects=bucket(key=theirs))
    scope, using = Scope(clinics), where.services
    found = explanation.explain(ASHA, scope, services=using, record=RECORD)
    asked = inspection.inspect(ASHA, scope, services=using, text=STORED)
    plan = planning.plan(ASHA, scope, services=using, records=[RECORD])
    for told in (found, asked.explanations, plan.left):
        assert (theirs in repr(told)) == (clinics is None)


def test_a_claim_that_comes_while_the_link_is_signed_undoes_it() -> None:
    def signs(url: str) -> str:
        where.records.rows.append(replace(ANOTHER, stored_key=f"/{FLAT}"))
        return url

    where = bench(RECORD, objects=bucket(key=FLAT, signs=signs))
    request = LinkRequest(where.services.policy.default_expiry)
    made = links.issue(ASHA, EVERYWHERE, services=where.services, record=RECORD, request=request)
    assert made == Refused(RefusalCode.SEVERAL_PATIENTS)
