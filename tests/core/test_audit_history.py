"""What several runs say together, and what the findings of one cause have in common."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from lib import audit_history
from lib.audit_history import Compared, Point
from lib.audits import Exposure, Options, Progress, Result, Run, Status
from lib.catalogue import Code, Severity
from lib.diagnosis import State
from lib.findings import Kind
from lib.kept_findings import Group, Tally
from tests.conftest import NOW

KIND = Kind.DANGLING_REFERENCE
GROUP = Group(KIND, Code.LOCATION_OLD, Severity.HIGH, 10, NOW, NOW)


def tally(count: int, *, fact: str = "is_mobile", value: str = "true", code: Code | None = Code.LOCATION_OLD) -> Tally:
    return Tally(code, KIND, fact, value, count)


def test_rows_have_in_common_what_nine_of_ten_have() -> None:
    nine, month = tally(9), tally(10, fact="month", value="2026-10")
    assert audit_history.shared(GROUP, [nine, tally(8, fact="creator", value="u1"), month]) == (nine, month)


def test_what_another_cause_has_in_common_is_not_said_of_this_one() -> None:
    others = [tally(10, code=Code.CASE), tally(10, code=None), replace(tally(10), kind=Kind.SIZE_DIFFERS)]
    assert audit_history.shared(GROUP, others) == ()


def test_of_two_rows_nothing_is_said_to_be_in_common() -> None:
    assert audit_history.shared(replace(GROUP, count=2), [tally(2)]) == ()
    assert audit_history.shared(replace(GROUP, count=3), [tally(3)]) == (tally(3),)
    assert audit_history.shared(replace(GROUP, count=0), [tally(0)]) == ()


def test_two_runs_are_compared_by_the_sums_of_their_causes() -> None:
    groups = [replace(GROUP, new=4, still=5, gone=1), replace(GROUP, code=None, count=0, gone=7)]
    assert audit_history.compare(groups) == Compared(new=4, still=5, gone=8)  # of the tenth nobody knows


def test_the_trend_is_of_full_verdicts_the_oldest_first() -> None:
    ended = Result(Status.COMPLETE, states={State.MISSING: 3, State.UNKNOWN: 2})
    run = Run(1, "t", Options(), "asha", NOW, Status.COMPLETE, Progress(records=90), 1, ended_at=NOW, result=ended)
    later = replace(run, run_id=4, ended_at=NOW + timedelta(days=1), result=replace(ended, states={State.MISSING: 2}))
    others = [replace(run, run_id=2, options=Options(prefix="a")), replace(run, run_id=3, status=Status.INCOMPLETE)]
    assert audit_history.trend([later, *others, run]) == [
        Point(1, NOW, 5, 90),
        Point(4, NOW + timedelta(days=1), 2, 90),
    ]


def test_a_run_that_asks_who_may_read_the_files_is_no_step_in_the_trend() -> None:
    same = Result(Status.COMPLETE, states={State.MISSING: 3}, attention=3)
    run = Run(1, "t", Options(), "asha", NOW, Status.COMPLETE, Progress(records=90), 1, ended_at=NOW, result=same)
    opened = replace(same, attention=90, kinds={Kind.PUBLICLY_READABLE: 90})
    full = replace(run, run_id=2, options=Options(exposure=Exposure.FULL), result=opened)
    assert [each.not_found for each in audit_history.trend([run, full])] == [3, 3]
