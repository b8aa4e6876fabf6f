"""The mend plan: which rows are pointed elsewhere, which objects copied, and what is left to a person."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import wording
from dashboard.wording.plans import REASON, readme
from lib import keys, plans
from lib.candidates import Evidence, Flag
from lib.catalogue import Code
from lib.causes import Diagnosis
from lib.diagnosis import State
from lib.keys import Rules
from lib.plan_files import files
from lib.plan_sql import literal
from lib.plans import Column, Copy, Left, Reason, Repoint
from tests.parts.broken_rows import BUCKET, FOLDER, HOSTILE, LOCATION, NOW, RULES, SITE, diagnosed, lies, row, unknown

NAME = "0123456789abcdef0123456789abcdef.pdf"
RIGHT = f"{LOCATION}/{FOLDER}/{NAME}"


def plan_of(*cases: plans.Case, **options: object) -> plans.Plan:
    return plans.make(cases, SITE, **options)  # type: ignore[arg-type]


def written(plan: plans.Plan) -> dict[str, str]:
    return dict(files(plan, readme=readme(plan), made_at=NOW))


def test_a_row_is_pointed_at_the_object_that_is_proven() -> None:
    plan = plan_of(diagnosed(row(41, f"{FOLDER}/{NAME} "), [lies(41, RIGHT)]))
    (step,) = plan.repoints
    assert (step.record_id, step.old, step.new) == (41, f"{FOLDER}/{NAME} ", f"{FOLDER}/{NAME}")
    assert step.code is Code.WHITESPACE
    assert (plan.copies, plan.left) == ((), ())


def test_the_new_stored_key_has_no_location_as_the_upload_writes_it_and_resolves_to_the_object() -> None:
    plan = plan_of(diagnosed(row(41, f"{LOCATION}/{LOCATION}/{FOLDER}/{NAME}"), [lies(41, RIGHT)]))
    (step,) = plan.repoints
    assert step.new == f"{FOLDER}/{NAME}"
    assert keys.resolve(step.new, location=LOCATION) == keys.written(step.new, location=LOCATION) == RIGHT


@pytest.mark.parametrize(
    ("stored", "lies_at"),
    [
        (f"{FOLDER}/{NAME}", f"{FOLDER}/{NAME}"),  # at the root of the bucket
        (f"{FOLDER}/{NAME}", f"media/{FOLDER}/{NAME}"),  # below an older location
        (f"{FOLDER}/{NAME}", f"{LOCATION}/{LOCATION}/{FOLDER}/{NAME}"),  # below the location twice
        (f"{LOCATION}/{FOLDER}/{NAME}", f"{LOCATION}/{LOCATION}/{FOLDER}/{NAME}"),
    ],
)
def test_an_object_outside_the_location_is_copied_to_the_resolved_key(stored: str, lies_at: str) -> None:
    plan = plan_of(diagnosed(row(41, stored), [lies(41, lies_at)]))
    (step,) = plan.copies
    assert (step.source, step.target, step.needs_another_plan) == (lies_at, RIGHT, False)
    assert plan.repoints == ()


def test_for_a_broken_key_the_object_is_copied_to_where_a_sound_one_looks_and_the_next_plan_points_the_row() -> None:
    record = row(41, f"/{FOLDER}/{NAME}")
    (step,) = plan_of(diagnosed(record, [lies(41, f"{FOLDER}/{NAME}")])).copies
    assert (step.target, step.needs_another_plan) == (RIGHT, True)
    after = plan_of(diagnosed(record, [lies(41, f"{FOLDER}/{NAME}"), lies(41, RIGHT)]))
    assert [step.new for step in after.repoints] == [f"{FOLDER}/{NAME}"]
    assert after.copies == ()


def test_a_key_that_another_row_names_is_no_target() -> None:
    case = diagnosed(row(41, f"/{FOLDER}/{NAME}"), [lies(41, f"{FOLDER}/{NAME}")])
    (left,) = plan_of(case, is_taken=lambda key: key == RIGHT).left
    assert left.reason is Reason.TARGET_TAKEN


def test_healthy_rows_and_notes_are_passed_over() -> None:
    healthy = diagnosed(row(41, f"{FOLDER}/{NAME}"), [lies(41, RIGHT)])
    prefixed = diagnosed(row(42, RIGHT.replace("0123", "4567")), [lies(42, RIGHT.replace("0123", "4567"))])
    plan = plan_of(healthy, prefixed)
    assert (plan.repoints, plan.copies, plan.left) == ((), (), ())
    assert set(written(plan)) == {"README.txt", "plan.json"}


def test_what_is_likely_is_left_unless_asked_for_and_then_marked() -> None:
    case = diagnosed(row(41, f"{FOLDER}/old/{NAME}", has_sums=False), [lies(41, RIGHT)])
    assert case.diagnosis.candidates[0].evidence is Evidence.LIKELY
    (left,) = plan_of(case).left
    assert left.reason is Reason.NOT_PROVEN
    asked = written(plan_of(case, include_likely=True))
    assert "NOT PROVEN, likely" in asked["mend.sql"]
    assert "NOT PROVEN" in asked["README.txt"]


@pytest.mark.parametrize("flag", Flag)
@pytest.mark.parametrize("evidence", Evidence)
@pytest.mark.parametrize("include_likely", [False, True])
def test_what_is_flagged_is_never_used(flag: Flag, evidence: Evidence, include_likely: bool) -> None:
    case = diagnosed(row(41, f"{FOLDER}/{NAME} "), [lies(41, RIGHT)])
    flagged = replace(case.diagnosis.candidates[0], evidence=evidence, flags=frozenset({flag}))
    plan = plan_of(
        replace(case, diagnosis=replace(case.diagnosis, candidates=(flagged,))), include_likely=include_likely
    )
    assert [left.reason for left in plan.left] == [Reason.FLAGGED]
    assert (plan.repoints, plan.copies) == ((), ())


def test_two_rows_never_get_one_object() -> None:
    first = diagnosed(row(41, f"{FOLDER}/{NAME} "), [lies(41, RIGHT)])
    second = diagnosed(replace(row(41, f"{FOLDER}/{NAME}\n"), record_id=42, patient_id="PAT8"), [lies(41, RIGHT)])
    plan = plan_of(first, second)
    assert [(left.record_id, left.reason) for left in plan.left] == [
        (41, Reason.CLAIMED_TWICE),
        (42, Reason.CLAIMED_TWICE),
    ]


def test_no_row_gets_the_object_that_another_broken_row_looks_for() -> None:
    other = RIGHT.replace("0123", "4567")
    swapped = [lies(42, RIGHT), lies(41, other)]
    first = diagnosed(row(41, f"{FOLDER}/{NAME}"), swapped)
    second = diagnosed(row(42, other.removeprefix(f"{LOCATION}/")), swapped)
    plan = plan_of(first, second)
    assert plan.repoints == ()
    assert {left.reason for left in plan.left} == {Reason.CLAIMED_TWICE}


def test_a_key_that_the_column_cannot_hold_is_told_and_not_written() -> None:
    long = f"{FOLDER}/{'x' * 60}{NAME}"
    case = diagnosed(row(41, long[:100]), [lies(41, f"{LOCATION}/{long}")])
    assert [left.reason for left in plan_of(case).left] == [Reason.TOO_LONG]
    longer = replace(SITE, column=Column(max_length=len(long)))
    assert [step.new for step in plans.make([case], longer).repoints] == [long]


def test_a_target_that_no_bucket_can_hold_is_left() -> None:
    key = "k" * 1020
    assert [left.reason for left in plan_of(diagnosed(row(41, key), [lies(41, key)])).left] == [Reason.TOO_LONG]


@pytest.mark.parametrize("code", [Code.CONTENT_TYPE, Code.PLACEHOLDER_FOLDER, None])
def test_what_opens_all_the_same_is_passed_over(code: Code | None) -> None:
    case = diagnosed(row(41, f"{FOLDER}/{NAME}"), [lies(41, RIGHT)])
    assert plan_of(replace(case, diagnosis=Diagnosis(State.FOUND, code))).left == ()


def test_an_upload_in_parts_is_compared_by_its_size_and_a_simple_one_by_its_etag_too() -> None:
    case = diagnosed(row(41, "a.pdf"), [lies(41, "a.pdf")])
    (simple,) = case.diagnosis.candidates
    parts = replace(simple, sighting=replace(simple.sighting, etag="0f" * 16 + "-2"))
    texts = [
        written(plan_of(replace(case, diagnosis=replace(case.diagnosis, candidates=(found,)))))["copy.sh"]
        for found in (simple, parts)
    ]
    size = simple.sighting.size_bytes
    assert f"\\\n  '\"{simple.sighting.etag}\" {size}'\n" in texts[0]
    assert f"\\\n  {size}\n" in texts[1]


def test_a_copy_over_another_file_is_not_planned() -> None:
    record = row(41, f"{FOLDER}/{NAME}")
    case = diagnosed(record, [lies(99, RIGHT), lies(41, f"{FOLDER}/{NAME}")])
    assert [left.reason for left in plan_of(case).left] == [Reason.TARGET_TAKEN]


@pytest.mark.parametrize("stored", ["a\0b.pdf", "a\ud800b.pdf", "a" * 5000])
def test_a_stored_key_that_no_script_can_hold_is_left(stored: str) -> None:
    plan = plan_of(diagnosed(row(41, stored), [lies(41, RIGHT)]))
    assert [left.reason for left in plan.left] == [Reason.UNWRITABLE]
    for text in written(plan).values():
        assert text.encode()


def test_an_object_with_dot_segments_is_left() -> None:
    plan = plan_of(diagnosed(row(41, f"{FOLDER}/{NAME}"), [lies(41, f"{LOCATION}/prescriptions/./{NAME}")]))
    assert [left.reason for left in plan.left] == [Reason.UNBROWSABLE]


def test_what_nobody_can_tell_and_what_is_nowhere_are_left() -> None:
    plan = plan_of(unknown(row(41, "a.pdf")), diagnosed(row(42, f"{FOLDER}/{NAME}")), diagnosed(row(43, "a.pdf\n")))
    assert [(left.record_id, left.code, left.reason) for left in plan.left] == [
        (41, None, Reason.NOT_CHECKED),
        (42, Code.NEVER_UPLOADED, Reason.NOT_BY_POINTING),
        (43, Code.WHITESPACE, Reason.NOTHING_FOUND),
    ]
    said = readme(plan)
    assert "record 42, NEVER_UPLOADED: Never uploaded" in said
    assert wording.MEND[plans.CATALOGUE[Code.NEVER_UPLOADED].mend] in said


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_said(reason: Reason) -> None:
    assert REASON[reason].endswith(".")


@pytest.mark.parametrize("code", Code)
def test_every_code_can_stand_in_the_readme(code: Code) -> None:
    plan = replace(plan_of(), left=(Left(41, "a.pdf", code, Reason.NOT_BY_POINTING),))
    assert f"record 41, {code}: " in readme(plan)


def test_a_link_without_the_location_brings_the_corrected_signer_and_no_row() -> None:
    plan = plan_of(links=[Code.LOCATION_MISSING])
    found = written(plan)
    assert set(found) == {"README.txt", "signer.py", "plan.json"}
    assert "def object_key(stored: str)" in compiled(found["signer.py"])
    assert "signer.py" not in written(plan_of(links=[Code.WHITESPACE]))


def compiled(text: str) -> str:
    compile(text, "signer.py", "exec")
    return text


def test_every_line_has_its_evidence_and_nobodys_name() -> None:
    cases = [
        diagnosed(row(41, f"{FOLDER}/{NAME} "), [lies(41, RIGHT)]),
        diagnosed(row(42, f"{FOLDER}/b.pdf"), [lies(42, f"{FOLDER}/b.pdf")]),
        diagnosed(row(43, f"{FOLDER}/c.pdf")),
    ]
    found = written(plan_of(*cases))
    assert set(found) == {"README.txt", "copy.sh", "mend.sql", "plan.json"}
    size, md5 = lies(41, "").size_bytes, lies(41, "").md5
    assert (
        "-- 1 of 1: record 41, WHITESPACE, proven (size_agrees, md5_agrees, name_is_unique, same_consultation), "
        f"size {size}, row {size}, MD5 {md5}"
    ) in found["mend.sql"]
    assert "# 1 of 1: record 42, LOCATION_NONE_AT_ROOT, proven (" in found["copy.sh"]
    assert "Meera" not in "".join(found.values())
    assert "98123" not in "".join(found.values())


def test_the_same_rows_in_any_order_give_the_same_bytes_and_a_row_that_comes_twice_counts_once() -> None:
    cases = [
        diagnosed(row(number, f"{FOLDER}/{number}.pdf "), [lies(number, f"{LOCATION}/{FOLDER}/{number}.pdf")])
        for number in (43, 41, 42)
    ]
    assert written(plan_of(*cases)) == written(plan_of(*reversed(cases), cases[0]))
    assert [step.record_id for step in plan_of(*cases).repoints] == [41, 42, 43]


def test_a_plan_is_bounded_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "MAX_ROWS", 2)
    plan = plan_of(*(diagnosed(row(number, "gone.pdf")) for number in (1, 2, 3)))
    assert (len(plan.left), plan.is_cut) == (2, True)
    assert "There are more broken rows" in readme(plan)
    assert json.loads(written(plan)["plan.json"])["truncated"] is True


def test_the_names_of_the_table_can_be_others_and_are_quoted() -> None:
    site = replace(SITE, column=Column('app.rx"files', "nr", "File Key"))
    plan = plans.make([diagnosed(row(41, f"{FOLDER}/{NAME} "), [lies(41, RIGHT)])], site)
    assert 'UPDATE "app"."rx""files" SET "File Key" = ' in written(plan)["mend.sql"]
    assert 'WHERE "nr" = 41 AND "File Key" = ' in written(plan)["mend.sql"]


def test_an_empty_column_is_guarded_as_it_is() -> None:
    case = diagnosed(row(41, f"{FOLDER}/{NAME} "), [lies(41, RIGHT)])
    nothing = replace(case, record=replace(case.record, stored_key=None))
    assert "WHERE id = 41 AND pdf_file IS NULL;" in written(plan_of(nothing))["mend.sql"]


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_no_key_escapes_from_a_script(hostile: str) -> None:
    key = f"{FOLDER}/{hostile}.pdf"
    sighting = lies(41, f"{LOCATION}/{key}")
    roomy = replace(SITE, column=Column(max_length=None))
    pointed = plans.make([diagnosed(row(41, f"/{key}"), [sighting])], roomy)
    copied = plans.make([diagnosed(row(41, key), [replace(sighting, key=key)])], roomy)
    for plan in (pointed, copied):
        found = written(plan)
        assert all(re.fullmatch(r"[\n -~]*", text) for name, text in found.items()), "printable ASCII on plain lines"
    script = written(pointed)["mend.sql"]
    acting = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
    assert (acting.count("$mend$"), acting.count("$")) == (2, 4)
    assert [line for line in script.splitlines() if "DROP" in line and not line.startswith(("UPDATE ", "-- "))] == []
    if copied.copies:
        (call,) = re.findall(r"^mend 41 .*?(?=\n\n)", written(copied)["copy.sh"], re.MULTILINE | re.DOTALL)
        words = shlex.split(call.replace("\\\n", ""))
        assert json.loads(words[2]) == {"Bucket": BUCKET, "Key": key}
        assert json.loads(words[3]) == {"Bucket": BUCKET, "Key": copied.copies[0].target}


@given(st.text(max_size=50))
def test_a_literal_is_printable_and_has_no_bare_quote(text: str) -> None:
    if "\0" in text:
        with pytest.raises(ValueError, match="NUL"):
            literal(text)
        return
    made = literal(text)
    assert re.fullmatch(r"'[^'\\$]*'|E'(?:[^'\\$]|''|\\\\|\\u[0-9A-F]{4}|\\U[0-9A-F]{8})*'", made)
    assert made.isascii()
    assert made.isprintable()


def test_a_copy_script_holds_no_command_that_deletes_and_no_credential() -> None:
    text = written(plan_of(diagnosed(row(41, "a/b.pdf"), [lies(41, "a/b.pdf")])))["copy.sh"]
    assert not re.search(r"delete-|\brm\b|put-object|--recursive|SECRET|ACCESS_KEY", text)
    assert text.index("ask head-object") < text.index("ask copy-object")


def test_without_a_location_every_object_can_be_named() -> None:
    rules = Rules("", BUCKET)
    case = diagnosed(row(41, f"{FOLDER}/{NAME} "), [lies(41, f"{FOLDER}/{NAME}")], rules=rules)
    plan = plans.make([case], replace(SITE, rules=rules))
    assert [step.new for step in plan.repoints] == [f"{FOLDER}/{NAME}"]


def test_the_data_of_a_plan_are_those_of_its_steps() -> None:
    cases = [
        diagnosed(row(41, f"{FOLDER}/{NAME} "), [lies(41, RIGHT)]),
        diagnosed(row(42, f"{FOLDER}/b.pdf"), [lies(42, f"{FOLDER}/b.pdf")]),
        diagnosed(row(43, f"{FOLDER}/c.pdf")),
    ]
    data = json.loads(written(plan_of(*cases))["plan.json"])
    assert (data["schema"], data["bucket"], data["location"]) == (1, RULES.bucket, LOCATION)
    assert [(step["record_id"], step["new"], step["candidate"]["evidence"]) for step in data["repoint"]] == [
        (41, f"{FOLDER}/{NAME}", "proven")
    ]
    assert [(step["source"], step["target"]) for step in data["copy"]] == [
        (f"{FOLDER}/b.pdf", f"{LOCATION}/{FOLDER}/b.pdf")
    ]
    assert [(each["record_id"], each["reason"]) for each in data["left"]] == [(43, "not_by_pointing")]


def test_steps_know_no_person() -> None:
    for kind in (Repoint, Copy, Left):
        assert not {"record", "patient_name", "patient_phone"} & set(kind.__dataclass_fields__)
