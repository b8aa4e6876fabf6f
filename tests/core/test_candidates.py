"""Which object is named for a broken key, and that a wrong one never passes for it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from lib.candidates import MAX_CANDIDATES, Evidence, Flag, Wanted, Why, candidates
from lib.catalogue import CATALOGUE, Code, main_of
from lib.inventory import Inventory, Sighting
from lib.keys import Rules
from lib.spellings import MAX_SPELLINGS, MAX_STEPS, spellings
from tests.bench import candidates as corpus
from tests.parts.broken_keys import MISTAKES, RULES, cases

DIGITS = "ab" * 16
NAME = f"prescriptions/pdfs/CON153/{DIGITS}.pdf"
RIGHT = f"edrcontainer1/{NAME}"
BODY = b"%PDF-1.7 the right one"
MD5 = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
OTHER_MD5 = hashlib.md5(b"another", usedforsecurity=False).hexdigest()
ROW = Wanted(f"{NAME}\n", "CON153", len(BODY), MD5)


def seen(key: str = RIGHT, *, size: int = len(BODY), etag: str = MD5) -> Sighting:
    return Sighting(key, size, etag)


def only(wanted: Wanted, *sightings: Sighting, taken: str = ""):
    found = candidates(wanted, RULES, Inventory(sightings), is_taken=taken.__eq__)
    assert len(found) == 1
    return found[0]


def test_the_corpus_names_the_right_object_first_and_no_wrong_one_passes():
    made = list(cases(seed=4, singles=8, pairs=1))
    inventory = Inventory(corpus.sighting(each) for case in made for each in (case.right, *case.decoys))
    first = {1: [], 2: []}
    for case in made:
        best = corpus.found(case, inventory)
        assert corpus.wrong(case, best) is None, case
        first[len(case.codes)].append(bool(best) and best[0].key == case.right.key)
    assert sum(first[1]) / len(first[1]) >= 0.95
    assert sum(first[2]) / len(first[2]) >= 0.8


def test_every_code_with_a_right_object_to_point_at_is_in_the_corpus():
    mendable = {code for code, entry in CATALOGUE.items() if entry.is_mendable}
    assert mendable == set(MISTAKES)


def test_size_and_md5_prove():
    found = only(ROW, seen())
    assert (found.evidence, found.is_safe, found.undone) == (Evidence.PROVEN, True, (Code.WHITESPACE,))


@pytest.mark.parametrize(
    ("row", "sighting", "evidence"),
    [
        (replace(ROW, md5=None), seen(), Evidence.LIKELY),
        (replace(ROW, md5=None, size_bytes=None), seen(), Evidence.LIKELY),
        (ROW, seen(etag=f"{MD5}-2"), Evidence.LIKELY),  # uploaded in parts: not comparable
        (replace(ROW, md5=None), seen(size=5), Evidence.POSSIBLE),
        (ROW, seen(etag=OTHER_MD5), Evidence.POSSIBLE),
        (ROW, seen(size=5), Evidence.POSSIBLE),
        (replace(ROW, size_bytes=0, md5=hashlib.md5(b"").hexdigest()), seen(size=0), Evidence.POSSIBLE),
    ],
)
def test_nothing_is_proven_by_a_name(row: Wanted, sighting: Sighting, evidence: Evidence):
    assert only(row, sighting).evidence is evidence


def test_a_name_that_lies_twice_is_no_longer_likely():
    row = replace(ROW, md5=None)
    twin = seen(f"edrcontainer1/prescriptions/pdfs/CON154/{DIGITS}.pdf")
    found = candidates(row, RULES, Inventory([seen(), twin]))
    assert {each.evidence for each in found} == {Evidence.POSSIBLE}


def test_the_folder_of_another_consultation_is_flagged_though_the_bytes_are_the_same():
    found = only(ROW, seen(f"edrcontainer1/prescriptions/pdfs/CON154/{DIGITS}.pdf"))
    assert (found.evidence, found.flags, found.is_safe) == (Evidence.PROVEN, {Flag.OTHER_CONSULTATION}, False)


def test_what_another_row_owns_is_flagged():
    assert only(ROW, seen(), taken=RIGHT).flags == {Flag.OTHER_ROW}


def test_other_bytes_are_flagged_and_come_last():
    wrong = seen(etag=OTHER_MD5)
    right = seen(f"edrcontainer1/prescriptions/pdfs/CON153/{'cd' * 16}.pdf")
    found = candidates(ROW, RULES, Inventory([wrong, right]))
    assert [(each.key, bool(each.flags)) for each in found] == [(right.key, False), (wrong.key, True)]
    assert Why.MD5_DIFFERS in found[1].why


def test_a_sibling_of_the_location_is_flagged_where_nothing_proves_it():
    row = replace(ROW, md5=None, size_bytes=None)
    assert Flag.OTHER_PREFIX in only(row, seen(f"edrcontainer10/{NAME}")).flags


def test_three_mistakes_on_top_of_one_another_are_found():
    row = replace(ROW, stored=f"media/{NAME.replace('/', '%2F')} ")
    found = only(row, seen())
    assert set(found.undone) == {Code.WHITESPACE, Code.LOCATION_OLD, Code.PERCENT_ENCODED}
    assert main_of(found.undone) is Code.LOCATION_OLD


def test_the_repairs_stop_at_their_bound():
    found = list(spellings("%25" * 600 + "é+ &amp;/./\\//tmp.part ", RULES))
    assert len(found) <= MAX_SPELLINGS
    assert max(len(each.undone) for each in found) <= MAX_STEPS


@pytest.mark.parametrize(
    "text", ["", "\0", "\ud800", "/" * 9999, "https://[", "s3:/", "a" * 1_000_000, "C:", "%" * 5000]
)
def test_any_text_is_answered(text: str):
    assert len(candidates(Wanted(text, None), Rules("", ""), Inventory([seen()]))) <= MAX_CANDIDATES
