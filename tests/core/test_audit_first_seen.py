"""Since which full check a cause is there: the first of those that have it one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from lib import audit_reading
from lib.access import Scope
from lib.audit_first_seen import Past, first_seen
from lib.audits import Exposure, Options, Progress, Result, Run, Status
from lib.catalogue import Code, Severity
from lib.findings import Finding, Kind
from lib.kept_findings import Group
from tests.conftest import NOW
from tests.core.clinic import ASHA, bench
from tests.parts.audited import Audited

DAY = timedelta(days=1)
KIND, CODE = Kind.DANGLING_REFERENCE, Code.LOCATION_OLD


def run(
    run_id: int, kinds: Mapping[Kind, int], causes: Mapping[Code, int], *, exposure: Exposure = Exposure.SAMPLE
) -> Run:
    ended = Result(Status.COMPLETE, kinds=kinds, causes=causes)
    options = Options(exposure=exposure)
    return Run(run_id, "t", options, "asha", NOW, Status.COMPLETE, Progress(), 1, ended_at=NOW, result=ended)


def has(run_id: int) -> Run:
    return run(run_id, {KIND: 3}, {CODE: 1})


def lacks(run_id: int) -> Run:
    return run(run_id, {KIND: 3, Kind.SHARED_OBJECT: 1}, {Code.CASE: 3})


def test_what_no_check_before_had_is_of_this_one() -> None:
    assert first_seen(KIND, CODE, run=has(3), earlier=[]).run_id == 3
    assert first_seen(KIND, CODE, run=has(3), earlier=[lacks(2), has(1)]).run_id == 3


def test_a_gap_begins_it_anew() -> None:
    earlier = [has(8), has(7), lacks(6), has(5)]
    assert first_seen(KIND, CODE, run=has(9), earlier=earlier).run_id == 7


def test_only_full_verdicts_count_for_it_and_against_it() -> None:
    of_a_prefix = replace(lacks(4), options=Options(prefix="a"))
    cancelled = replace(lacks(3), status=Status.CANCELLED)
    assert first_seen(KIND, CODE, run=has(5), earlier=[of_a_prefix, cancelled, has(2)]).run_id == 2
    part = replace(has(2), status=Status.INCOMPLETE)
    assert first_seen(KIND, CODE, run=has(5), earlier=[part, lacks(1)]).run_id == 5


def test_a_count_of_none_is_no_cause() -> None:
    assert first_seen(KIND, CODE, run=has(2), earlier=[run(1, {KIND: 3}, {CODE: 0})]).run_id == 2


def test_another_kind_with_the_same_code_is_another_cause() -> None:
    other = run(1, {Kind.RESOLVERS_DISAGREE: 1}, {CODE: 1})
    assert first_seen(KIND, CODE, run=has(2), earlier=[other]).run_id == 2


def test_a_cause_without_a_code_goes_by_its_kind() -> None:
    assert first_seen(Kind.SHARED_OBJECT, None, run=lacks(3), earlier=[lacks(2), has(1)]).run_id == 2


def test_files_open_for_anyone_are_seen_by_checks_that_asked_alike() -> None:
    """As the trend has it: a sample of which none opens says nothing of all files."""
    kind, code = Kind.PUBLICLY_READABLE, Code.PUBLIC
    first = run(1, {kind: 5}, {code: 5}, exposure=Exposure.FULL)
    samples = run(3, {}, {}), run(2, {}, {})
    now, gone = replace(first, run_id=4), run(4, {}, {}, exposure=Exposure.FULL)
    group = Group(kind, code, Severity.HIGH, 5, None, None)
    at = first.started_at - timedelta(days=3)
    past = Past(now, (*samples, replace(first, started_at=at)))
    assert past.first_seen(group) == (at, False)
    assert replace(past, run=gone).first_seen(replace(group, count=0, gone=5)) == (at, False)
    assert Past(now, samples, is_cut=True).first_seen(group) == (None, False)


def test_a_check_that_sent_no_stranger_does_not_say_that_nothing_was_open() -> None:
    kind, code = Kind.PUBLICLY_READABLE, Code.PUBLIC
    opens = run(1, {kind: 1}, {code: 1})
    unasked = run(2, {}, {}, exposure=Exposure.NONE)
    assert first_seen(kind, code, run=replace(opens, run_id=3), earlier=[unasked, opens]).run_id == 1
    closed = run(2, {}, {})
    assert first_seen(kind, code, run=replace(opens, run_id=3), earlier=[closed, opens]).run_id == 3


def test_files_open_for_anyone_were_seen_by_the_last_check_that_asked_alike_however_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit_reading, "MOST_EARLIER", 2)
    book, opens = Audited(bench().services), Finding(Kind.PUBLICLY_READABLE, Severity.CRITICAL, Code.PUBLIC, key="a")
    full, none = Options(exposure=Exposure.FULL), Options(exposure=Exposure.NONE)
    first = book.check([opens], at=NOW - 5 * DAY, options=full)
    for days in (4, 3, 2):
        book.check([], at=NOW - days * DAY, options=none)
    run = book.check([opens], at=NOW, options=full)
    since = audit_reading.since(ASHA, Scope(), services=book.services, run_id=run.run_id)
    past = audit_reading.past(ASHA, Scope(), services=book.services, run_id=run.run_id, before=since.before)
    (group,) = since.groups
    assert past.first_seen(group) == (first.started_at, True)
