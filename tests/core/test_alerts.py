"""What an alert says, and when there is one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from lib import alerts
from lib.audits import Options, Progress, Result, Run, Status
from lib.catalogue import Code, Severity
from lib.findings import Kind
from lib.kept_findings import Group
from tests.conftest import NOW

RUN = Run(
    8, "edrspace at objects.example", Options(prefix=""), "asha", NOW - timedelta(minutes=1), Status.COMPLETE,
    Progress(), fence=1, ended_at=NOW, result=Result(Status.COMPLETE, attention=41),
)  # fmt: skip
BEFORE = replace(RUN, run_id=7)


def group(kind: Kind, count: int, *, new: int = 0, code: Code | None = None) -> Group:
    return Group(kind, code, Severity.HIGH, count, NOW, NOW, new=new)


MIXED = [
    group(Kind.EMPTY_OBJECT, 2),
    group(Kind.DANGLING_REFERENCE, 31, new=3, code=Code.LOCATION_OLD),
    group(Kind.DANGLING_REFERENCE, 8, new=1, code=Code.MOVED),
    group(Kind.SHARED_OBJECT, 0),  # gone altogether
]


def test_what_is_new_since_the_last_full_run_is_told_in_counts_and_nothing_else() -> None:
    assert alerts.message(RUN, MIXED, than=BEFORE) == {
        "schema": 1,
        "run_id": 8,
        "status": "complete",
        "attention": 41,
        "new": {"dangling_reference": 4},
        "findings": {"dangling_reference": 39, "empty_object": 2},
        "at": "2026-11-24T08:32:00Z",
    }
    assert "edrspace" not in json.dumps(alerts.message(RUN, MIXED, than=BEFORE))


def test_without_a_run_before_it_everything_is_new() -> None:
    told = alerts.message(RUN, [group(Kind.EMPTY_OBJECT, 2)], than=None)
    assert told is not None
    assert told["new"] == told["findings"] == {"empty_object": 2}


@pytest.mark.parametrize("groups", [[], [group(Kind.EMPTY_OBJECT, 2)]])
def test_nothing_new_is_no_alert(groups: list[Group]) -> None:
    assert alerts.message(RUN, groups, than=BEFORE) is None


def test_a_clean_first_run_is_no_alert() -> None:
    assert alerts.message(RUN, [], than=None) is None


@pytest.mark.parametrize("status", [Status.FAILED, Status.INCOMPLETE])
def test_a_run_that_failed_or_is_incomplete_is_told_with_nothing_new_too(status: Status) -> None:
    told = alerts.message(replace(RUN, status=status), [], than=BEFORE)
    assert told is not None
    assert (told["status"], told["new"], told["findings"]) == (status, {}, {})


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.INTERRUPTED])
def test_what_somebody_stopped_is_no_alert(status: Status) -> None:
    assert alerts.message(replace(RUN, status=status), MIXED, than=BEFORE) is None


def test_a_run_that_is_not_at_its_end_is_no_alert() -> None:
    assert alerts.message(replace(RUN, status=Status.RUNNING, result=None), MIXED, than=None) is None
