"""In what two runs cannot be compared, and the sentence for each."""

from __future__ import annotations

from dataclasses import replace

from dashboard.wording import audit_compared as words
from lib import audit_reach
from lib.audit_reach import Unlike
from lib.audits import Exposure, Options, Progress, Result, Run, Status
from lib.catalogue import Severity
from lib.findings import Finding, Kind
from tests.conftest import NOW

RUN = Run(5, "t", Options(), "asha", NOW, Status.COMPLETE, Progress(), 1, ended_at=NOW, result=Result(Status.COMPLETE))
FULL = replace(RUN, options=Options(exposure=Exposure.FULL))


def said(first: Run, second: Run) -> tuple[tuple[Unlike, ...], list[str]]:
    return audit_reach.unlike(first, second), list(words.left_out(first, second))


def test_two_runs_that_looked_at_the_same_are_compared_in_all() -> None:
    narrow = replace(RUN, result=Result(Status.COMPLETE, unlisted=(("", "loc/"), ("loc0", None))))
    assert said(RUN, replace(RUN, run_id=6)) == said(narrow, replace(narrow, run_id=6)) == ((), [])


def test_credentials_that_list_a_part_only_are_named() -> None:
    narrow = replace(RUN, run_id=6, result=Result(Status.COMPLETE, unlisted=(("", "loc/"), ("loc0", None))))
    assert said(RUN, narrow) == (
        (Unlike.UNLISTED,),
        ["Run 6 could list a part of the bucket only: what lies elsewhere is not compared."],
    )


def test_what_lies_between_two_stretches_was_looked_at_whatever_signs_its_keys_have() -> None:
    narrow, beyond = "loc/😿", "loc/😿".encode()[:-1] + b"\xc0"  # the first bytes behind it are no UTF-8
    ends = (("", narrow), (beyond.decode("utf-8", "surrogateescape"), None))
    reach = audit_reach.of(replace(RUN, result=Result(Status.COMPLETE, unlisted=ends)))
    assert reach.unlisted == ends
    finding = Finding(Kind.EMPTY_OBJECT, Severity.HIGH, key=f"{narrow}/a.pdf")
    assert reach.is_at(finding)
    assert not reach.is_at(replace(finding, key="loc/a.pdf"))


def test_a_later_run_whose_strangers_got_no_answer_is_named_and_an_earlier_one_is_not() -> None:
    silent = replace(FULL, run_id=6, result=Result(Status.COMPLETE, strangers={"open": 0, "closed": 9, "unknown": 1}))
    sentence = (
        "Run 6 did not find out of every file whether it opens for anyone: of none it is said that it does no more."
    )
    assert said(FULL, silent) == ((Unlike.EXPOSURE,), [sentence])
    assert said(silent, replace(FULL, run_id=7)) == ((), [])


def test_everything_that_differs_is_named() -> None:
    part = replace(
        FULL,
        run_id=6,
        options=Options(prefix="a", exposure=Exposure.FULL),
        status=Status.INCOMPLETE,
        result=Result(Status.INCOMPLETE),
    )
    unlike, sentences = said(RUN, part)
    assert unlike == tuple(Unlike)
    assert sentences == [
        "Run 5 asked for a sample as anyone may, run 6 for every file: which files open for anyone is not compared.",
        "Run 6 looked only below a prefix: what lies elsewhere is not compared.",
        "Run 6 is incomplete: what it did not list or could not tell is not compared.",
    ]
