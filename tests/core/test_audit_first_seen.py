"""Since which full check a cause is there: the first of those that have it one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lib import audit_reading
from lib.access import Scope
from lib.audit_first_seen import Past
from lib.audits import Exposure, Options, Progress, Result, Run, Status
from lib.catalogue import Code, Severity
from lib.findings import Finding, Kind
from lib.kept_findings import Group
from tests.conftest import NOW
from tests.core.clinic import ASHA, bench
from tests.parts.audited import Audited, missing

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


def seen_by(kind: Kind, code: Code | None, *runs: Run) -> int:
    """Return the number of the check that saw a cause first. The first of these has it, the others are those before."""
    now, *before = (replace(each, started_at=NOW + each.run_id * DAY) for each in runs)
    at, _ = Past(now, tuple(before)).first_seen(Group(kind, code, Severity.HIGH, 1, None, None))
    return next(each.run_id for each in (now, *before) if each.started_at == (at or now.started_at))


def test_what_no_check_before_had_is_of_this_one() -> None:
    assert seen_by(KIND, CODE, has(3)) == 3
    assert seen_by(KIND, CODE, has(3), lacks(2), has(1)) == 3


def test_a_gap_begins_it_anew() -> None:
    assert seen_by(KIND, CODE, has(9), has(8), has(7), lacks(6), has(5)) == 7


def test_only_full_verdicts_count_for_it_and_against_it() -> None:
    book = Audited(bench().services)
    first = book.check([missing(1)], at=NOW - 5 * DAY)
    book.check([], at=NOW - 4 * DAY, options=Options(prefix="a"))
    book.check([], at=NOW - 3 * DAY, status=Status.CANCELLED)
    book.check([], at=NOW - 2 * DAY, status=Status.INCOMPLETE)
    assert book_says(book, [missing(1)], options=Options()) == first.started_at


def test_a_count_of_none_is_no_cause() -> None:
    assert seen_by(KIND, CODE, has(2), run(1, {KIND: 3}, {CODE: 0})) == 2


def test_another_kind_with_the_same_code_is_another_cause() -> None:
    assert seen_by(KIND, CODE, has(2), run(1, {Kind.RESOLVERS_DISAGREE: 1}, {CODE: 1})) == 2


def test_a_cause_without_a_code_goes_by_its_kind() -> None:
    assert seen_by(Kind.SHARED_OBJECT, None, lacks(3), lacks(2), has(1)) == 2


def test_a_run_that_did_not_come_to_its_end_has_what_was_found_up_to_there() -> None:
    cancelled = replace(has(2), status=Status.CANCELLED, result=Result(Status.CANCELLED))
    assert seen_by(KIND, CODE, cancelled, has(1)) == 1


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
    assert seen_by(kind, code, replace(opens, run_id=3), unasked, opens) == 1
    closed = run(2, {}, {})
    assert seen_by(kind, code, replace(opens, run_id=3), closed, opens) == 3


def test_the_last_check_that_asked_alike_dates_no_other_cause() -> None:
    """Nobody read the checks between it and the newest ones."""
    full = Options(exposure=Exposure.FULL)
    past = Past(replace(has(9), options=full), (has(8),), replace(has(1), options=full), is_cut=True)
    assert past.first_seen(Group(KIND, CODE, Severity.HIGH, 1, None, None)) == (has(8).started_at, True)


def silent(run_id: int, *, rows: int = 0, exposure: Exposure = Exposure.FULL) -> Run:
    """A check that did not find out who can read the files, and so many rows' files neither."""
    found = run(run_id, {Kind.UNDETERMINED: 1 + rows}, {}, exposure=exposure)
    assert found.result is not None
    return replace(found, result=replace(found.result, strangers={"open": 0, "closed": 0, "unknown": 9}))


def unasked(run_id: int, *, rows: int = 0) -> Run:
    return run(run_id, {Kind.UNDETERMINED: rows}, {}, exposure=Exposure.NONE)


def answered(run_id: int, *, rows: int = 0) -> Run:
    return replace(unasked(run_id, rows=rows), options=Options(exposure=Exposure.FULL))


def test_that_nobody_answered_goes_on_over_checks_that_asked_nobody() -> None:
    kind = Kind.UNDETERMINED
    assert seen_by(kind, None, silent(5), unasked(4), silent(3), unasked(2), silent(1)) == 1
    assert seen_by(kind, None, silent(5), unasked(4), answered(3, rows=2), silent(1)) == 5
    assert seen_by(kind, None, silent(3), unasked(2, rows=1), unasked(1, rows=1)) == 3
    assert seen_by(kind, None, silent(3), silent(2, exposure=Exposure.SAMPLE)) == 3


def test_that_nobody_answered_is_as_old_as_the_rows_of_which_nothing_was_found_out() -> None:
    """They are one cause on the screen."""
    group = Group(Kind.UNDETERMINED, None, Severity.UNKNOWN, 3, None, None)

    def at(*runs: Run) -> timedelta:
        now, *before = (replace(each, started_at=NOW + each.run_id * DAY) for each in runs)
        found, _ = Past(now, tuple(before)).first_seen(group)
        return (found or now.started_at) - NOW

    assert at(silent(4, rows=2), unasked(3), silent(2), silent(1)) == DAY
    assert at(silent(4, rows=2), unasked(3, rows=1), answered(2, rows=1), silent(1)) == 2 * DAY


def test_that_nobody_answered_and_is_over_is_told_of_the_last_check_that_asked_alike() -> None:
    gone = Group(Kind.UNDETERMINED, None, Severity.UNKNOWN, 0, None, None, gone=1)
    first, last = (replace(silent(number), started_at=NOW + number * DAY) for number in (1, 2))
    assert Past(answered(4), (unasked(3), last, first)).first_seen(gone) == (first.started_at, False)


def test_files_open_for_anyone_were_seen_by_the_last_check_that_asked_alike_however_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit_reading, "MOST_EARLIER", 2)
    book, opens = Audited(bench().services), Finding(Kind.PUBLICLY_READABLE, Severity.CRITICAL, Code.PUBLIC, key="a")
    full, none = Options(exposure=Exposure.FULL), Options(exposure=Exposure.NONE)
    first = book.check([opens], at=NOW - 5 * DAY, options=full)
    for days in (4, 3, 2):
        book.check([], at=NOW - days * DAY, options=none)
    assert book_says(book, [opens], options=full, is_cut=True) == first.started_at


def book_says(book: Audited, found: Sequence[Finding], *, options: Options, is_cut: bool = False) -> datetime | None:
    """Return since when the one cause is there that a check finds now."""
    run = book.check(found, at=NOW, options=options)
    since = audit_reading.since(ASHA, Scope(), services=book.services, run_id=run.run_id)
    past = audit_reading.past(ASHA, Scope(), services=book.services, run_id=run.run_id, before=since.before)
    (group,) = since.groups
    at, may_be_older = past.first_seen(group)
    assert may_be_older is is_cut
    return at
