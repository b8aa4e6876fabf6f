"""What a run could not match, judged as a whole: on the file and in memory, with the same findings in the same order."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dashboard.wording import problems
from lib import keys
from lib.audit_before import MAX_LOOKS
from lib.audit_findings import MAX_OTHERS
from lib.audit_judging import judge
from lib.audit_lone import plainer
from lib.catalogue import Code, Severity
from lib.findings import Finding, Kind
from lib.leftovers import Scratch
from lib.objects import Doubt, Observation
from lib.reconcile import Differs, Left, RowAlone, Shared
from lib.row_spool import Checked, Detail, Versions
from lib.stores.leftover_file import LeftoverFile
from lib.stores.memory.leftovers import MemoryLeftovers
from lib.stores.memory.objects import MemoryObjects, StoredObject
from tests.conftest import NOW
from tests.parts import canaries
from tests.parts.broken_keys import RULES
from tests.parts.left_over import CHECKED, FOLDER, OLD, TERMS, YOUNG, Pages, Past, Rows, detail, lone, nobody_asks

MD5, OTHER_MD5 = "ab" * 16, "cd" * 16
K, C = Kind, Code


@pytest.fixture(params=["file", "memory"])
def left(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scratch]:
    if request.param == "memory":
        yield MemoryLeftovers()
        return
    opened = LeftoverFile(tmp_path / "leftovers")
    yield opened
    opened.close()


def alone(row: Detail) -> RowAlone:
    return RowAlone(keys.resolve(row.stored_key or "", location=RULES.location).encode(), row.record_id)


def judged(left: Scratch, *some: Left, rows: Rows, pages: Pages | None = None, **changed) -> list[Finding]:
    left.keep(1, [(each, None if isinstance(each, RowAlone | Shared) else OLD) for each in some])
    left.done(1)
    options = {
        "heads": nobody_asks,
        "lister": Past,
        "checked": CHECKED,
        "terms": replace(TERMS, max_heads=0),
        "clock": lambda: NOW,
    }
    return list(judge(left, rows=rows, pages=pages or Pages([]), **{**options, **changed}))


def row(number: int, name: str = "a.pdf", **changed) -> Detail:
    return detail(number, f"prescriptions/pdfs/CON1/{name}", **{"checksum": MD5, **changed})


def test_a_row_and_the_lone_object_that_is_its_file_name_each_other(left: Scratch) -> None:
    moved = FOLDER + "CON1/A.pdf"
    found = judged(left, alone(row(7)), lone(moved, etag=MD5), rows=Rows.of(row(7)))
    assert [(each.kind, each.code) for each in found] == [
        (K.DANGLING_REFERENCE, C.CASE),
        (K.UNREFERENCED_OBJECT, C.UNREFERENCED),
    ]
    assert found[0].suggestion is not None
    assert (found[0].suggestion.key, found[0].suggestion.is_safe) == (moved, True)
    assert found[1].evidence["right_of_record"] == 7


def test_two_rows_that_would_get_one_object_get_it_neither(left: Scratch) -> None:
    rows = Rows.of(row(7, "a.pdf"), row(8, "b.pdf"), row(9, "c.pdf", checksum=OTHER_MD5))
    objects = (lone("media/prescriptions/pdfs/CON1/z.pdf", etag=MD5), lone(FOLDER + "CON1/d.pdf", etag=OTHER_MD5))
    found = judged(left, *map(alone, rows.rows.values()), *objects, rows=rows)
    suggested = {each.record_id: each.suggestion for each in found if each.suggestion}
    assert {number: (each.is_safe, each.flags) for number, each in suggested.items()} == {
        7: (False, ("other_row",)),
        8: (False, ("other_row",)),
        9: (True, ()),
    }


def test_an_object_that_a_row_came_to_mean_meanwhile_is_suggested_to_no_other_and_is_not_unreferenced(
    left: Scratch,
) -> None:
    taken = FOLDER + "CON1/A.pdf"
    rows = Rows.of(row(7), row(8, "A.pdf", at=YOUNG))
    found = judged(left, alone(row(7)), lone(taken, etag=MD5), rows=rows)
    assert [each.kind for each in found] == [K.DANGLING_REFERENCE]
    assert found[0].suggestion is not None
    assert (found[0].suggestion.is_safe, found[0].suggestion.flags) == (False, ("other_row",))


def test_an_object_that_a_row_came_to_mean_while_others_were_judged_is_not_unreferenced(left: Scratch) -> None:
    """The first answer is of the beginning: once it is old, it is asked for again."""
    key, times = FOLDER + "CON1/A.pdf", [NOW, NOW + timedelta(minutes=1)]
    rows = Rows.of(row(8, "elsewhere.pdf"))

    def clock() -> datetime:
        if len(times) == 1:
            rows.rows = {8: row(8, "A.pdf", at=YOUNG)}
        return times.pop(0)

    assert judged(left, lone(key, etag=MD5), rows=rows, clock=clock) == []


def test_an_object_that_only_another_declared_column_names_is_suggested_to_no_row(left: Scratch) -> None:
    named = FOLDER + "CON1/A.pdf"

    class Declared(Rows):
        def resolving_to(self, wanted: Sequence[str]) -> Mapping[str, Sequence[int]]:
            return {each: () for each in wanted if each == named}

    (found,) = judged(left, alone(row(7)), lone(named, etag=MD5), rows=Declared({7: row(7)}))
    assert found.suggestion is not None
    assert (found.suggestion.is_safe, found.suggestion.flags) == (False, ("other_row",))


def test_a_row_that_is_gone_or_changed_or_young_or_has_its_object_now_is_no_finding(left: Scratch) -> None:
    rows = Rows.of(row(2, "other.pdf"), row(3, at=YOUNG), row(4, "there.pdf"), row(5, "gone.pdf"))
    some = [alone(row(1)), alone(row(2)), alone(row(3)), alone(row(4, "there.pdf")), alone(row(5, "gone.pdf"))]
    there = (FOLDER + "CON1/there.pdf").encode()
    assert [each.record_id for each in judged(left, *some, rows=rows, pages=Pages([there]))] == [5]


def test_a_row_that_the_bucket_does_not_speak_of_is_undetermined(left: Scratch) -> None:
    store = MemoryObjects({}, clock=lambda: NOW, doubt=Doubt.DENIED)
    (found,) = judged(left, alone(row(7)), rows=Rows.of(row(7)), terms=TERMS, heads=lambda: store)
    assert (found.kind, found.code, found.severity) == (K.UNDETERMINED, C.FORBIDDEN, Severity.UNKNOWN)


def differing(number: int, name: str, *, size: int = 10) -> Differs:
    return Differs((FOLDER + f"CON1/{name}").encode(), number, 10, MD5, OTHER_MD5, size, b"")


def test_heads_are_spent_on_checksums_first_and_never_more_than_the_bound(left: Scratch) -> None:
    rows = Rows.of(row(1, "a.pdf"), row(2, "b.pdf"), row(3, "c.pdf"))
    some = (differing(1, "a.pdf", size=9), differing(2, "b.pdf"), differing(3, "c.pdf"))
    objects = {each.key.decode(): StoredObject(b"0123456789", etag=OTHER_MD5) for each in some}
    store = MemoryObjects(objects, clock=lambda: NOW)
    found = judged(left, *some, rows=rows, terms=replace(TERMS, max_heads=1), heads=lambda: store)
    assert [(each.record_id, each.kind, each.evidence["is_confirmed"]) for each in found] == [
        (1, K.SIZE_DIFFERS, False),
        (2, K.CHECKSUM_DIFFERS, True),
        (3, K.CHECKSUM_DIFFERS, False),
    ]
    assert [asked for _, asked in store.calls] == [FOLDER + "CON1/b.pdf"]


def test_rows_of_one_object_are_a_finding_each_and_name_some_of_the_others(left: Scratch) -> None:
    many = [row(number, "many.pdf") for number in range(100, 1250)]
    rows = Rows.of(row(1), row(2, patient="PAT2"), row(3, "b.pdf"), row(4, "b.pdf"), row(5, "c.pdf"), *many)
    some = [
        *(Shared((FOLDER + "CON1/a.pdf").encode(), (2, 1)), Shared((FOLDER + "CON1/b.pdf").encode(), (3, 4))),
        Shared((FOLDER + "CON1/c.pdf").encode(), (5, 6)),  # the other is gone
        Shared((FOLDER + "CON1/many.pdf").encode(), tuple(range(100, 1250))),
        Shared(b"edrcontainer1/", (7, 8)),
    ]
    found = judged(left, *some, rows=rows)
    told = [(each.record_id, each.severity, each.evidence["rows"], each.evidence["other_records"]) for each in found]
    assert told[:4] == [
        *((1, Severity.CRITICAL, 2, "2"), (2, Severity.CRITICAL, 2, "1")),
        *((3, Severity.LOW, 2, "4"), (4, Severity.LOW, 2, "3")),
    ]
    assert told[4] == (100, Severity.LOW, 1150, ", ".join(map(str, range(101, 101 + MAX_OTHERS))))
    assert len(told) == 4 + 1150


def test_only_old_objects_below_an_owned_prefix_are_unreferenced(left: Scratch) -> None:
    objects = [
        *(lone(FOLDER + "CON1/old.pdf"), lone(FOLDER + "CON1/.keep"), lone("edrcontainer1/logo.png")),
        lone("media/prescriptions/pdfs/CON1/a.pdf"),
    ]
    left.keep(1, [(lone(FOLDER + "CON1/young.pdf"), YOUNG), (lone(FOLDER + "CON1/unsaid.pdf"), None)])
    assert [each.key for each in judged(left, *objects, rows=Rows.of())] == [FOLDER + "CON1/old.pdf"]


def test_a_delete_marker_or_an_open_upload_says_that_it_was_not_never_uploaded(left: Scratch) -> None:
    some = [row(1, "marked.pdf"), row(2, "open.pdf"), row(3, "nowhere.pdf")]
    past = Past(deleted=[FOLDER + "CON1/marked.pdf"], uploading=[FOLDER + "CON1/open.pdf"])
    found = judged(left, *map(alone, some), rows=Rows.of(*some), lister=lambda: past)
    assert {each.record_id: each.code for each in found} == {
        1: C.DELETE_MARKER,
        2: C.MULTIPART_UNFINISHED,
        3: C.NEVER_UPLOADED,
    }


def test_where_no_versions_are_kept_two_requests_answer_for_any_number_of_rows(left: Scratch) -> None:
    some = [row(number, f"{number}.pdf") for number in range(1, MAX_LOOKS + 10)]
    told: list[int] = []
    past = Past(uploading=[f"{FOLDER}CON1/{MAX_LOOKS + 5}.pdf"])
    found = judged(left, *map(alone, some), rows=Rows.of(*some), lister=lambda: past, told=told.append)
    assert past.asked == []
    assert Counter(each.code for each in found) == {C.NEVER_UPLOADED: MAX_LOOKS + 8, C.MULTIPART_UNFINISHED: 1}


def test_where_more_uploads_are_open_than_a_page_shows_each_row_is_asked_about(left: Scratch) -> None:
    past = Past(uploading=[f"{FOLDER}CON1/1.pdf"], is_busy=True)
    found = judged(left, alone(row(1, "1.pdf")), rows=Rows.of(row(1, "1.pdf")), lister=lambda: past)
    assert [each.code for each in found] == [C.MULTIPART_UNFINISHED]


def test_as_many_rows_as_the_bound_allows_are_looked_at_and_silence_proves_nothing(left: Scratch) -> None:
    some = [row(number, f"{number}.pdf") for number in range(1, MAX_LOOKS + 10)]
    told: list[int] = []
    past = Past(down=Doubt.TIMED_OUT)
    found = judged(left, *map(alone, some), rows=Rows.of(*some), lister=lambda: past, told=told.append)
    assert len(past.asked) == MAX_LOOKS
    assert sum(told) >= 2 * MAX_LOOKS
    codes = Counter(each.code for each in found)
    assert codes == {None: MAX_LOOKS, C.NEVER_UPLOADED: 9}
    assert {each.evidence["looked_for_delete_markers"] for each in found} == {False}


def test_a_row_at_whose_key_nobody_looked_for_a_delete_marker_says_so(left: Scratch) -> None:
    some = [row(number, f"{number:03}.pdf") for number in range(1, MAX_LOOKS + 3)]
    found = judged(left, *map(alone, some), rows=Rows.of(*some), lister=lambda: Past(deleted=["another.pdf"]))
    assert {each.code for each in found} == {C.NEVER_UPLOADED}
    told = {each.record_id: problems.about_one(each) for each in found if "looked_for_delete_markers" in each.evidence}
    assert sorted(told) == [MAX_LOOKS + 1, MAX_LOOKS + 2]
    assert all(sentence.endswith(problems.NOT_LOOKED) for sentence in told.values())
    assert problems.NOT_LOOKED not in problems.about_one(found[0])


def test_a_row_whose_versions_may_not_be_seen_says_that_nobody_looked(left: Scratch) -> None:
    (found,) = judged(left, alone(row(1)), rows=Rows.of(row(1)), lister=lambda: Past(down=Doubt.DENIED))
    assert (found.code, found.evidence["looked_for_delete_markers"]) == (C.NEVER_UPLOADED, False)


def test_objects_of_the_same_bytes_are_near_duplicates_referenced_or_not(left: Scratch) -> None:
    third = "ef" * 16
    objects = [
        *(lone(FOLDER + "CON1/x.pdf", etag=MD5), lone(FOLDER + "CON2/y_C042wJo.pdf", etag=MD5)),
        *(lone(FOLDER + "CON1/my%20rx.pdf", etag=OTHER_MD5), lone(FOLDER + "CON1/a%20b.pdf", etag=third)),
        *(lone(FOLDER + "CON1/plain.pdf", etag="12" * 16), lone(FOLDER + "CON1/Plain.pdf")),
    ]
    # Of the last row, the object that lies there is the right one, and the only one.
    lost = row(3, "a b.pdf", checksum=third)
    rows = Rows.of(row(1, "my rx.pdf", checksum=OTHER_MD5), row(2, "Plain .pdf", checksum=MD5), lost)
    found = judged(left, *objects, alone(lost), rows=rows)
    assert {each.key: each.code for each in found if each.kind is K.UNREFERENCED_OBJECT} == {
        FOLDER + "CON1/x.pdf": C.NEAR_DUPLICATE_OBJECTS,
        FOLDER + "CON2/y_C042wJo.pdf": C.NEAR_DUPLICATE_OBJECTS,
        FOLDER + "CON1/my%20rx.pdf": C.NEAR_DUPLICATE_OBJECTS,
        FOLDER + "CON1/a%20b.pdf": C.UNREFERENCED,
        FOLDER + "CON1/plain.pdf": C.UNREFERENCED,
        FOLDER + "CON1/Plain.pdf": C.UNREFERENCED,
    }
    near = next(each for each in found if each.key == FOLDER + "CON1/my%20rx.pdf")
    assert near.evidence["near"] == FOLDER + "CON1/my rx.pdf"


def test_what_the_snapshot_checked_is_a_finding_where_it_still_holds(left: Scratch) -> None:
    stored = "edrcontainer1/prescriptions/pdfs/CON1/p.pdf"
    rows = Rows.of(row(1, consultation_id="CON2"), row(2), row(3), detail(4, stored), detail(5, stored + "x"))
    checked = Checked(
        consultation_differs=(2, 1, 99),
        versions=(Versions(9, 2, 0, 2, 99), Versions(8, 2, 2, 2, 3)),
        resolvers_disagree=(5, 4, 1),
    )
    found = judged(left, RowAlone((stored + "x").encode(), 5), rows=rows, checked=checked)
    assert [(each.kind, each.record_id) for each in found] == [
        (K.DANGLING_REFERENCE, 5),
        (K.CONSULTATION_DIFFERS, 1),
        (K.VERSION_STATE, 3),
        (K.RESOLVERS_DISAGREE, 4),  # 5 does not open, so that no rule is right
    ]


def test_the_same_leftovers_in_any_order_give_the_same_findings_in_the_same_order(tmp_path: Path) -> None:
    chance = random.Random(4)
    rows = Rows.of(*(row(number, f"{number}.pdf", checksum=f"{number % 40:032x}") for number in range(1, 400)))
    some: list[Left] = [alone(each) for each in rows.rows.values()]
    some += [lone(f"media/prescriptions/pdfs/CON1/{number}.pdf", etag=f"{number % 50:032x}") for number in range(200)]
    some += [lone(FOLDER + f"CON1/{number:03}.pdf") for number in range(60)]
    some += [differing(number, f"{number}.pdf") for number in range(60)]
    made = []
    for left in (MemoryLeftovers(), LeftoverFile(tmp_path / "one"), LeftoverFile(tmp_path / "two")):
        chance.shuffle(some)
        made.append(judged(left, *some, rows=rows))
    assert made[0] == made[1] == made[2]
    assert Counter(each.kind for each in made[0])[K.DANGLING_REFERENCE] == 399
    assert any(each.suggestion and each.suggestion.is_safe for each in made[0])
    assert len({each.subject for each in made[0]}) == len(made[0])
    assert canaries.found(repr(made[0])) == []


def test_it_asks_the_database_by_the_thousand_and_stops_when_it_is_told_to(left: Scratch) -> None:
    rows = Rows.of(*(row(number, f"{number}.pdf") for number in range(1200)))
    some = [*map(alone, rows.rows.values()), *(Shared(f"s{number}".encode(), (1, 2)) for number in range(600))]
    assert len(judged(left, *some, rows=rows)) == 1200
    assert rows.asked < 20

    def told(_: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        judged(left, rows=rows, told=told)


@pytest.mark.parametrize("key", ["a/CON153/b.pdf", FOLDER + "ab_cd-1.pdf"])
def test_a_plain_key_has_no_plainer_one(key: str) -> None:
    assert plainer(key) == ()


def test_an_object_that_two_rows_claim_is_said_to_be_the_file_of_neither(left: Scratch) -> None:
    rows = Rows.of(row(7, "a.pdf"), row(8, "b.pdf"))
    found = judged(left, *map(alone, rows.rows.values()), lone(FOLDER + "CON1/z.pdf", etag=MD5), rows=rows)
    (lonely,) = (each for each in found if each.kind is K.UNREFERENCED_OBJECT)
    assert "right_of_record" not in lonely.evidence


def test_where_objects_are_encrypted_an_etag_that_nobody_looked_at_is_no_wrong_checksum(left: Scratch) -> None:
    rows = Rows.of(row(1, "a.pdf"), row(2, "b.pdf"), row(3, "c.pdf"))
    some = (differing(1, "a.pdf"), differing(2, "b.pdf"), differing(3, "c.pdf", size=9))

    class Encrypted(MemoryObjects):
        def head(self, keys: Sequence[str], *, budget: timedelta) -> Mapping[str, Observation]:
            seen = super().head(keys, budget=budget)
            return {key: replace(each, is_etag_md5=False) for key, each in seen.items()}

    objects = {each.key.decode(): StoredObject(b"0123456789", etag=OTHER_MD5) for each in some}
    store = Encrypted(objects, clock=lambda: NOW)
    found = judged(left, *some, rows=rows, terms=replace(TERMS, max_heads=1), heads=lambda: store)
    assert [(each.record_id, each.kind) for each in found] == [(3, K.SIZE_DIFFERS)]


def test_a_checksum_that_a_head_could_not_tell_is_undetermined(left: Scratch) -> None:
    store = MemoryObjects({}, clock=lambda: NOW, doubt=Doubt.DENIED)
    some = (differing(1, "a.pdf"), differing(2, "b.pdf", size=9))
    rows = Rows.of(row(1, "a.pdf"), row(2, "b.pdf"))
    found = judged(left, *some, rows=rows, terms=TERMS, heads=lambda: store)
    assert [(each.record_id, each.kind, each.code) for each in found] == [
        (1, K.UNDETERMINED, C.FORBIDDEN),
        (2, K.SIZE_DIFFERS, C.SIZE_MISMATCH),
    ]
