"""The pictures of a run: what they show is in words and in a table too, and no key gets into one as it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from lib.audit_history import Point
from lib.catalogue import Code, Severity
from lib.findings import Kind
from lib.kept_findings import Flow, Group, Month
from pages import audit_charts
from pages.audit_charts import Picture
from tests.conftest import NOW

INDIA = ZoneInfo("Asia/Kolkata")
KIND = Kind.DANGLING_REFERENCE
CAUSES = (
    Code.LOCATION_OLD, Code.TRUNCATED, Code.CASE, Code.MOVED, Code.BACKSLASH, Code.EXTENSION, Code.S3_URI, Code.MOJIBAKE
)  # fmt: skip


def months(counts: Sequence[int]) -> list[Month]:
    codes = [code for code in Code if code is not Code.EMPTY]
    return [Month("2026-10", KIND, code, count) for code, count in zip(codes, counts, strict=False)]


def pictures() -> list[Picture]:
    return [
        audit_charts.months([Month("2026-10", KIND, Code.TRUNCATED, 2)], ink="#000"),
        audit_charts.causes(months([2, 1]), [], right_files=0, ink="#000"),
        audit_charts.flows([Flow("a/", "b/", 2)], ink="#000"),
        audit_charts.trend([Point(1, NOW, 2, 9), Point(2, NOW, 3, 9)], zone=INDIA, ink="#000"),
    ]


def test_every_picture_says_what_it_shows_has_its_numbers_and_patterns_beside_colours() -> None:
    for each in pictures():
        assert each.title
        assert each.alt.endswith(".")
        assert each.table
        assert each.option["aria"] == {"enabled": True, "decal": {"show": True}}
        assert each.option["tooltip"] == {"renderMode": "richText", "confine": True}  # drawn, never HTML


def test_months_are_stacked_by_the_most_frequent_causes_and_the_others_are_one() -> None:
    found = [Month("2026-10", KIND, code, 20 - number) for number, code in enumerate(CAUSES)]
    made = audit_charts.months([*found, Month("2026-11", KIND, Code.TRUNCATED, 1)], ink="#000")
    october, november = made.table
    assert list(october) == [
        "Month", "Older location", "Cut off", "Upper or lower case", "In another folder", "Backslashes",
        "Another ending", "All other causes",
    ]  # fmt: skip
    assert (october["Month"], october["Older location"], october["All other causes"]) == ("Oct 2026", 20, 14 + 13)
    assert (november["Month"], november["Cut off"], november["All other causes"]) == ("Nov 2026", 1, 0)
    assert "the most in Oct 2026: 132" in made.alt


def test_of_very_many_months_the_last_are_shown_and_that_is_said() -> None:
    found = [Month(f"{year}-{month:02}", KIND, None, 1) for year in (2024, 2025, 2026) for month in range(1, 13)]
    made = audit_charts.months(found, ink="#000")
    assert [each["Month"] for each in made.table][::23] == ["Jan 2025", "Dec 2026"]
    assert made.alt.endswith("Earlier months are left out.")


def test_the_share_of_each_cause_adds_up_also_where_there_are_too_many_bars() -> None:
    made = audit_charts.causes(months([50, *([1] * 20)]), [], right_files=0, ink="#000")
    assert [each["Count"] for each in made.table] == [50, *([1] * 11), 9]
    assert made.table[-1] == {"Problem": "All other causes", "Count": 9, "Share": "13 %"}


def test_a_cause_counts_once_whatever_the_months_and_files_without_a_record_stand_beside_the_bars() -> None:
    found = [Month("2026-10", KIND, Code.CASE, 2), Month("2026-11", KIND, Code.CASE, 3), Month("", KIND, None, 4)]
    lone = Group(Kind.UNREFERENCED_OBJECT, Code.UNREFERENCED, Severity.LOW, 90, None, None)
    near = replace(lone, code=Code.NEAR_DUPLICATE_OBJECTS, count=10)
    made = audit_charts.causes(found, [lone, near], right_files=7, ink="#000")
    assert [(each["Problem"], each["Count"]) for each in made.table] == [
        ("Upper or lower case", 5),
        ("Missing file", 4),
    ]
    assert made.beside.startswith("Not among them: 100 files that no record points at; 7 of these are the right file")


def test_flows_lead_from_folder_to_folder_or_nowhere_with_nothing_hidden_in_a_name() -> None:
    made = audit_charts.flows([Flow("old/\u202ex/", "", 3), Flow("new/", None, 2), Flow("new/", "new/", 1)], ink="#000")
    assert made.table == [
        {"Rows point below": "old/⟨U+202E⟩x/", "Their files lie below": "(no folder)", "Count": 3},
        {"Rows point below": "new/", "Their files lie below": "found nowhere", "Count": 2},
        {"Rows point below": "new/", "Their files lie below": "new/", "Count": 1},
    ]
    assert "\\u202e" not in json.dumps(made.option)
    (series,) = made.option["series"]  # type: ignore[misc]
    names = [each["name"] for each in series["data"]]
    assert len(set(names)) == len(names) == 5  # a folder that both sides have is two nodes, or the flow would be a loop


def test_on_a_phone_a_long_folder_is_named_by_its_end() -> None:
    made = audit_charts.flows([Flow("edrcontainer1/prescriptions/", "b/", 1)], ink="#000")
    (wide,), ((narrow,),) = made.option["series"], [each["option"]["series"] for each in made.option["media"]]  # type: ignore[misc, index]
    said = [[each["label"]["formatter"] for each in series["data"]] for series in (wide, narrow)]
    assert said == [["b/", "edrcontainer1/prescriptions/"], ["b/", "…ner1/prescriptions/"]]
    assert [each["name"] for each in narrow["data"]] == [each["name"] for each in wide["data"]]


def test_the_trend_names_its_days_in_the_clinics_zone() -> None:
    points = [Point(3, NOW - timedelta(days=1), 43, 100), Point(4, NOW, 12, 101)]
    made = audit_charts.trend(points, zone=INDIA, ink="#000")
    assert [each["File not found"] for each in made.table] == [43, 12]
    assert f"{NOW.astimezone(INDIA):%H:%M}" in str(made.table[1]["Ended"])
