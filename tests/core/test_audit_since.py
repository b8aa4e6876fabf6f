"""How the findings of a run went on: files that open for anyone since the last verdict that asked for as many."""

from __future__ import annotations

import pytest

from lib.access import Scope
from lib.audit_since import Since, since
from lib.audits import Exposure, Options, Result, Run, Status
from lib.catalogue import Code, Severity
from lib.findings import Finding, Kind
from lib.kept_findings import Group
from tests.conftest import NOW
from tests.core.clinic import bench
from tests.parts.audited import Audited, missing

NONE, SAMPLE, FULL = (Options(exposure=each) for each in (Exposure.NONE, Exposure.SAMPLE, Exposure.FULL))


def readable(key: str) -> Finding:
    return Finding(Kind.PUBLICLY_READABLE, Severity.CRITICAL, Code.PUBLIC, key=key)


@pytest.fixture
def book() -> Audited:
    return Audited(bench().services)


def went_on(book: Audited, run: Run) -> Since:
    return since(run, runs=book.desk.runs, findings=book.desk.findings, scope=Scope())


def counts(groups: Since) -> dict[Kind, tuple[int, int, int]]:
    return {each.kind: (each.new, each.still, each.gone) for each in groups.groups}


def test_a_run_that_asks_for_none_stands_between_two_that_ask_for_all(book: Audited) -> None:
    book.check([readable("a"), readable("b"), missing(1)], at=NOW, options=FULL)
    between = book.check([missing(1), missing(2)], at=NOW, options=NONE)
    last = book.check([readable("b"), readable("c"), missing(2)], at=NOW, options=FULL)
    assert counts(went_on(book, between)) == {Kind.DANGLING_REFERENCE: (1, 1, 0)}
    found = went_on(book, last)
    assert found.before is not None
    assert found.before.run_id == between.run_id
    assert counts(found) == {Kind.PUBLICLY_READABLE: (1, 1, 1), Kind.DANGLING_REFERENCE: (0, 1, 1)}
    assert [each.severity for each in found.groups] == [Severity.CRITICAL, Severity.HIGH]


@pytest.mark.parametrize("before", [NONE, SAMPLE])
def test_the_first_run_that_asks_for_all_finds_them_all_new(book: Audited, before: Options) -> None:
    book.check([missing(1)], at=NOW, options=before)
    run = book.check([readable("a"), missing(1)], at=NOW, options=FULL)
    assert counts(went_on(book, run)) == {Kind.PUBLICLY_READABLE: (1, 0, 0), Kind.DANGLING_REFERENCE: (0, 1, 0)}


def test_that_nobody_answered_goes_on_since_the_last_run_that_asked_as_many(book: Audited) -> None:
    """Else a nightly run that asks for none hides it, and nobody is told."""
    silent, answered = {"open": 0, "closed": 0, "unknown": 9}, {"open": 0, "closed": 9, "unknown": 0}

    def ended(strangers: dict[str, int], options: Options) -> tuple[int, int, int] | None:
        unknown = [Finding(Kind.UNDETERMINED, Severity.UNKNOWN)] if strangers == silent else []
        run = book.ended(Result(Status.COMPLETE, strangers=strangers), unknown, at=NOW, options=options)
        return counts(went_on(book, run)).get(Kind.UNDETERMINED)

    assert ended({}, NONE) is None
    assert ended(silent, FULL) == (1, 0, 0), "nobody asked before"
    ended({}, NONE)
    assert ended(silent, FULL) == (0, 1, 0)
    ended({}, NONE)
    assert ended(answered, FULL) == (0, 0, 1)
    ended({}, NONE)
    assert ended(answered, FULL) is None
    ended({}, NONE)
    assert ended(silent, FULL) == (1, 0, 0)


def test_what_a_run_of_a_prefix_or_an_incomplete_one_asked_for_is_no_verdict(book: Audited) -> None:
    book.check([], at=NOW, options=NONE)
    book.check([readable("a")], at=NOW, options=Options(prefix="a", exposure=Exposure.FULL))
    book.check([readable("a")], at=NOW, options=FULL, status=Status.INCOMPLETE)
    run = book.check([readable("a")], at=NOW, options=FULL)
    assert counts(went_on(book, run)) == {Kind.PUBLICLY_READABLE: (1, 0, 0)}


def test_without_a_verdict_before_nothing_is_compared(book: Audited) -> None:
    run = book.check([readable("a")], at=NOW, options=FULL)
    only = Group(Kind.PUBLICLY_READABLE, Code.PUBLIC, Severity.CRITICAL, 1, None, None)
    assert went_on(book, run) == Since(None, [only])
