"""What is left of a match, made into findings: a table of literals for each kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lib import audit_findings
from lib.catalogue import Code, Severity
from lib.causes import NOTHING_KNOWN, Known
from lib.evidence import Evidence
from lib.finding_text import finding_of, text_of
from lib.findings import CODES, Finding, Kind, Suggestion
from lib.inventory import Inventory, Sighting
from lib.objects import Doubt, Observation, Presence
from lib.reconcile import Differs
from lib.row_spool import Versions
from tests.conftest import NOW
from tests.parts.left_over import FOLDER, OLD, TERMS, YOUNG, detail, lone

MD5, OTHER_MD5 = "ab" * 16, "cd" * 16
STORED = "prescriptions/pdfs/CON1/a.pdf"
KEY = FOLDER + "CON1/a.pdf"
ABSENT = Observation(KEY, Presence.ABSENT, NOW)
K, C, S = Kind, Code, Severity


def absent(stored: str | None, *, seen: Observation = ABSENT, known: Known = NOTHING_KNOWN, **changed) -> Finding:
    return audit_findings.of_absent(detail(7, stored, **changed), seen, TERMS, known)


def unknown(doubt: Doubt) -> Observation:
    return Observation(KEY, Presence.UNKNOWN, NOW, doubt)


@pytest.mark.parametrize(
    ("stored", "seen", "known", "kind", "code", "severity"),
    [
        (STORED, ABSENT, NOTHING_KNOWN, K.DANGLING_REFERENCE, C.NEVER_UPLOADED, S.CRITICAL),
        (STORED, ABSENT, Known(Inventory(), was_seen=True), K.DANGLING_REFERENCE, C.DELETED, S.CRITICAL),
        (STORED, ABSENT, Known(Inventory(), is_unsure=True), K.DANGLING_REFERENCE, None, S.HIGH),
        (f"media/{STORED}", ABSENT, NOTHING_KNOWN, K.DANGLING_REFERENCE, C.LOCATION_OLD, S.HIGH),
        (f"{STORED}\n", ABSENT, NOTHING_KNOWN, K.DANGLING_REFERENCE, C.WHITESPACE, S.HIGH),
        ("None", ABSENT, NOTHING_KNOWN, K.DANGLING_REFERENCE, C.EMPTY, S.HIGH),
        ("", unknown(Doubt.IMPOSSIBLE_KEY), NOTHING_KNOWN, K.UNRESOLVABLE_KEY, C.EMPTY, S.HIGH),
        (None, unknown(Doubt.IMPOSSIBLE_KEY), NOTHING_KNOWN, K.UNRESOLVABLE_KEY, C.EMPTY, S.HIGH),
        ("a\0.pdf", unknown(Doubt.IMPOSSIBLE_KEY), NOTHING_KNOWN, K.UNRESOLVABLE_KEY, C.INVISIBLE, S.HIGH),
        ("é" * 600, unknown(Doubt.IMPOSSIBLE_KEY), NOTHING_KNOWN, K.UNRESOLVABLE_KEY, C.NEVER_UPLOADED, S.CRITICAL),
        (STORED, unknown(Doubt.DENIED), NOTHING_KNOWN, K.UNDETERMINED, C.FORBIDDEN, S.UNKNOWN),
        (STORED, unknown(Doubt.NO_BUCKET), NOTHING_KNOWN, K.UNDETERMINED, C.WRONG_BUCKET, S.UNKNOWN),
        (STORED, unknown(Doubt.TIMED_OUT), NOTHING_KNOWN, K.UNDETERMINED, None, S.UNKNOWN),
    ],
)
def test_a_row_without_its_object(
    stored: str | None, seen: Observation, known: Known, kind: Kind, code: Code | None, severity: Severity
) -> None:
    found = absent(stored, seen=seen, known=known)
    assert (found.kind, found.code, found.severity, found.record_id, found.stored) == (kind, code, severity, 7, stored)
    assert found.facts == detail(7, stored).facts
    assert finding_of(text_of(found)) == found


def test_the_best_candidate_is_the_suggestion_with_what_speaks_for_it_and_against_it() -> None:
    right, wrong = Sighting(f"media/{STORED}", 10, MD5), Sighting(STORED, 9, OTHER_MD5)
    found = absent(STORED, known=Known(Inventory([wrong, right])), checksum=MD5)
    assert found.suggestion == Suggestion(
        f"media/{STORED}", Evidence.PROVEN, True, ("size_agrees", "md5_agrees", "same_consultation")
    )
    assert (found.code, str(found.state)) == (C.LOCATION_OLD, "elsewhere")
    assert found.evidence == {"row_size": 10, "row_md5": MD5}
    elsewhere = replace(right, key="media/prescriptions/pdfs/CON9/a.pdf")
    found = absent(STORED, known=Known(Inventory([wrong, elsewhere])), checksum=MD5)
    assert found.suggestion == Suggestion(
        elsewhere.key, Evidence.PROVEN, False, ("size_agrees", "md5_agrees"), ("other_consultation",)
    )
    assert absent(STORED, known=Known(Inventory([wrong])), checksum=MD5).suggestion is None


def differs(size: int = 10, etag: str = MD5, *, row_size: int | None = 10, row_md5: str | None = MD5) -> Differs:
    return Differs(KEY.encode(), 7, row_size, row_md5, etag, size, b"")


def head(size: int = 10, etag: str = OTHER_MD5, **changed) -> Observation:
    seen = Observation(KEY, Presence.PRESENT, NOW, None, 200, size, etag, "application/pdf", OLD)
    return replace(seen, **changed)


WRONG_MD5 = differs(etag=OTHER_MD5)


@pytest.mark.parametrize(
    ("left", "seen", "found"),
    [
        (differs(size=0), None, [(K.EMPTY_OBJECT, C.ZERO_BYTE, S.CRITICAL, False)]),
        (differs(size=0, row_size=None), None, [(K.EMPTY_OBJECT, C.ZERO_BYTE, S.CRITICAL, False)]),
        (differs(size=9), None, [(K.SIZE_DIFFERS, C.SIZE_MISMATCH, S.HIGH, False)]),
        (differs(size=9, etag=MD5), head(9, MD5), [(K.SIZE_DIFFERS, C.SIZE_MISMATCH, S.HIGH, True)]),
        (WRONG_MD5, None, [(K.CHECKSUM_DIFFERS, C.CHECKSUM_MISMATCH, S.HIGH, False)]),
        (WRONG_MD5, head(), [(K.CHECKSUM_DIFFERS, C.CHECKSUM_MISMATCH, S.HIGH, True)]),
        (WRONG_MD5, unknown(Doubt.DENIED), [(K.UNDETERMINED, C.FORBIDDEN, S.UNKNOWN, False)]),
        (WRONG_MD5, head(is_etag_md5=False), []),  # encrypted: its ETag only looks like an MD5
        (WRONG_MD5, head(etag=f"{OTHER_MD5}-2"), []),
        (WRONG_MD5, head(etag=MD5), []),  # overwritten meanwhile, and right now
        (WRONG_MD5, ABSENT, []),
        (WRONG_MD5, head(last_modified=YOUNG), []),
        (
            differs(size=9),
            head(9, content_type="text/html; charset=utf-8"),
            [(K.SIZE_DIFFERS, C.SIZE_MISMATCH, S.HIGH, True), (K.WRONG_CONTENT_TYPE, C.CONTENT_TYPE, S.LOW, None)],
        ),
    ],
)
def test_an_object_that_is_not_as_its_row_says(left: Differs, seen: Observation | None, found: list[tuple]) -> None:
    row = detail(7, STORED, size_bytes=left.row_size, checksum=MD5)
    made = list(audit_findings.of_differs(left, OLD, row, seen, TERMS))
    assert [(each.kind, each.code, each.severity, each.evidence.get("is_confirmed")) for each in made] == found
    assert {each.key for each in made} <= {KEY}


def test_what_is_on_its_way_or_was_changed_meanwhile_is_no_finding() -> None:
    left, row = differs(size=9), detail(7, STORED, checksum=MD5)
    for at, now in (
        (YOUNG, row),
        (OLD, detail(7, STORED, checksum=MD5, at=YOUNG)),
        (OLD, replace(row, stored_key="prescriptions/pdfs/CON1/b.pdf")),
        (OLD, replace(row, size_bytes=9)),
        (OLD, replace(row, checksum=OTHER_MD5)),
    ):
        assert list(audit_findings.of_differs(left, at, now, None, TERMS)) == []
    assert list(audit_findings.of_differs(left, OLD, replace(row, stored_key=f"edrcontainer1/{STORED}"), None, TERMS))


def test_a_row_without_a_key_is_unresolvable_also_where_somebody_made_the_folder() -> None:
    left = Differs(b"edrcontainer1/", 7, 10, None, "", 0, b"")
    (made,) = audit_findings.of_differs(left, OLD, detail(7, ""), None, TERMS)
    assert (made.kind, made.code) == (K.UNRESOLVABLE_KEY, C.EMPTY)


def test_the_window_of_grace_ends_exactly_at_its_length() -> None:
    assert not TERMS.is_young(NOW - timedelta(minutes=15))
    assert TERMS.is_young(NOW - timedelta(minutes=15) + timedelta(microseconds=1))
    assert TERMS.is_young(NOW + timedelta(hours=1))
    assert not TERMS.is_young(None)


@pytest.mark.parametrize(
    ("key", "is_ours"),
    [
        (KEY, True),
        ("edrcontainer1/prescriptions/pdfs/CON1/", False),
        ("edrcontainer1/prescriptions/pdfs/CON1/.keep", False),
        ("edrcontainer1/prescriptions/pdfs/CON1/x.keep", True),
        ("edrcontainer1/prescriptions/scans/a.pdf", False),
        (STORED, False),
        ("media/prescriptions/pdfs/CON1/a.pdf", False),
    ],
)
def test_only_what_lies_below_an_owned_prefix_and_is_not_looked_past_is_ours(key: str, is_ours: bool) -> None:
    assert TERMS.is_ours(key) is is_ours


def test_an_object_of_two_patients_is_critical_and_of_one_it_is_low() -> None:
    row = detail(7, STORED)
    of_two = audit_findings.of_shared(row, KEY, [8, 9], TERMS, rows=3, is_of_several=True)
    assert (of_two.kind, of_two.code, of_two.severity) == (K.SHARED_OBJECT, C.DUPLICATE_REFERENCE, S.CRITICAL)
    assert of_two.evidence == {"rows": 3, "is_of_several_patients": True, "other_records": "8, 9"}
    of_one = audit_findings.of_shared(row, KEY, [8], TERMS, rows=2, is_of_several=False)
    assert of_one.severity is S.LOW


def test_a_lone_object_says_whose_file_it_is_proven_to_be() -> None:
    found = audit_findings.of_lone(lone(KEY, etag=MD5), OLD, is_near=False, right_of=12)
    assert (found.kind, found.code, found.severity, found.key) == (K.UNREFERENCED_OBJECT, C.UNREFERENCED, S.LOW, KEY)
    assert found.evidence == {"size": 10, "etag": MD5, "modified": OLD.isoformat(), "right_of_record": 12}
    near = audit_findings.of_lone(lone(KEY), OLD, is_near=True, right_of=None, near="b.pdf")
    assert (near.code, near.severity, near.evidence["near"]) == (C.NEAR_DUPLICATE_OBJECTS, S.LOW, "b.pdf")


def test_a_key_that_names_another_consultation_is_critical() -> None:
    found = audit_findings.of_consultation(detail(7, STORED, consultation_id="CON2"), TERMS)
    assert found is not None
    assert (found.kind, found.code, found.severity) == (K.CONSULTATION_DIFFERS, C.WRONG_PATIENT, S.CRITICAL)
    assert found.evidence == {"consultation": "CON2", "named": "CON1"}
    for row in (
        detail(7, STORED),
        detail(7, STORED, consultation_id=None),
        detail(7, "x/a.pdf", consultation_id="CON2"),
    ):
        assert audit_findings.of_consultation(row, TERMS) is None
    assert audit_findings.of_consultation(detail(7, STORED, consultation_id="CON2", at=YOUNG), TERMS) is None


@pytest.mark.parametrize(("current", "severity"), [(0, S.MEDIUM), (2, S.MEDIUM), (1, S.LOW)])
def test_versions_that_are_not_as_they_should_be(current: int, severity: Severity) -> None:
    versions = Versions(5, rows=2, current=current, highest=3, newest_record_id=7)
    found = audit_findings.of_versions(versions, detail(7, STORED), TERMS)
    assert found is not None
    assert (found.kind, found.code, found.severity, found.record_id) == (K.VERSION_STATE, C.VERSION_STATE, severity, 7)
    assert found.evidence == {"prescription_id": 5, "rows": 2, "current": current, "highest": 3}
    assert audit_findings.of_versions(versions, detail(7, STORED, at=YOUNG), TERMS) is None


@pytest.mark.parametrize(
    ("stored", "code", "severity", "written"),
    [
        (f"edrcontainer1/{STORED}", C.LOCATION_DOUBLED_IN_URL, S.NOTE, f"edrcontainer1/edrcontainer1/{STORED}"),
        ("prescriptions//a.pdf", C.DOUBLE_SLASH, S.LOW, "edrcontainer1/prescriptions/a.pdf"),
        ("/a.pdf", C.LEADING_SLASH, S.LOW, None),
    ],
)
def test_a_row_that_opens_while_the_storage_means_another_key(
    stored: str, code: Code, severity: Severity, written: str | None
) -> None:
    found = audit_findings.of_resolvers(detail(7, stored), TERMS)
    assert found is not None
    assert (found.kind, found.code, found.severity) == (K.RESOLVERS_DISAGREE, code, severity)
    assert found.evidence == {"storage": written}


def test_a_healthy_row_has_resolvers_that_agree() -> None:
    assert audit_findings.of_resolvers(detail(7, STORED), TERMS) is None


def test_a_bucket_of_which_files_open_is_one_finding_with_its_numbers() -> None:
    (found,) = audit_findings.of_strangers({"open": 3, "closed": 40, "unknown": 50, "unasked": 0}, is_all=False)
    assert (found.kind, found.code, found.severity) == (K.PUBLICLY_READABLE, C.PUBLIC, S.CRITICAL)
    assert found.evidence == {"open": 3, "closed": 40, "unknown": 50, "unasked": 0, "asked": 93}
    counts = {"open": 0, "closed": 25, "unknown": 25, "unasked": 0}
    assert list(audit_findings.of_strangers(counts, is_all=False)) == []
    assert audit_findings.of_open(KEY, detail(7, STORED)).subject == "publicly_readable record 7"
    assert audit_findings.of_open(KEY).subject == f"publicly_readable object {KEY}"


@pytest.mark.parametrize(
    ("counts", "is_all"),
    [
        ({"open": 0, "closed": 24, "unknown": 25, "unasked": 0}, False),
        ({"open": 0, "closed": 0, "unknown": 1, "unasked": 0}, False),
        ({"open": 2, "closed": 46, "unknown": 1, "unasked": 0}, True),
        ({"open": 2, "closed": 46, "unknown": 0, "unasked": 7}, True),
    ],
)
def test_a_bucket_that_does_not_answer_strangers_is_one_finding_and_no_run_is_incomplete_by_it(
    counts: dict[str, int], is_all: bool
) -> None:
    (found,) = audit_findings.of_strangers(counts, is_all=is_all)
    assert (found.kind, found.code, found.severity) == (K.UNDETERMINED, None, S.UNKNOWN)
    assert (found.record_id, found.key, found.needs_attention) == (None, None, True)
    asked = counts["open"] + counts["closed"] + counts["unknown"]
    assert found.evidence == {"asked": asked, "unknown": counts["unknown"], "unasked": counts["unasked"]}


@pytest.mark.parametrize("is_all", [False, True])
def test_where_nobody_was_sent_nothing_is_found(is_all: bool) -> None:
    counts = {"open": 0, "closed": 0, "unknown": 0, "unasked": 0}
    assert list(audit_findings.of_strangers(counts, is_all=is_all)) == []


def test_a_contested_suggestion_is_safe_for_nobody() -> None:
    right = Sighting(f"media/{STORED}", 10, MD5)
    found = audit_findings.contested(absent(STORED, known=Known(Inventory([right])), checksum=MD5))
    assert found.suggestion is not None
    assert (found.suggestion.is_safe, found.suggestion.flags, str(found.state)) == (False, ("other_row",), "missing")


def test_no_finding_has_a_code_that_its_kind_does_not_have() -> None:
    for kind in Kind:
        for code in Code:
            made = audit_findings.made_of_row(kind, code, detail(7, STORED), TERMS, {})
            assert made.code is None or made.code in CODES[kind]
