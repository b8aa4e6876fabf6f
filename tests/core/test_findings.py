"""Which codes belong to which kind, and what findings mean for their rows."""

from __future__ import annotations

from lib.catalogue import Code, Severity
from lib.diagnosis import State
from lib.evidence import Evidence
from lib.findings import CODES, STATES, UNSEEN, WORST_FIRST, WORST_STATE_FIRST, Finding, Kind, Suggestion


def test_every_code_belongs_to_a_kind_or_is_one_that_no_audit_sees() -> None:
    found = frozenset[Code]().union(*CODES.values())
    assert found | UNSEEN == frozenset(Code)
    assert found & UNSEEN == frozenset()
    assert CODES.keys() == frozenset(Kind)


def test_every_severity_and_every_state_of_a_finding_has_its_place_in_the_order_of_the_worst() -> None:
    assert sorted(WORST_FIRST) == sorted(Severity)
    assert frozenset(WORST_STATE_FIRST) == {*STATES.values(), State.ELSEWHERE}


def test_a_missing_file_is_elsewhere_only_where_the_right_one_is_safe() -> None:
    likely = Suggestion("old/a.pdf", Evidence.LIKELY, is_safe=False)
    safe = Suggestion("old/a.pdf", Evidence.PROVEN, is_safe=True)
    states = [
        Finding(kind, Severity.HIGH, record_id=7, suggestion=each).state
        for kind in (Kind.DANGLING_REFERENCE, Kind.SIZE_DIFFERS)
        for each in (None, likely, safe)
    ]
    assert states == [State.MISSING, State.MISSING, State.ELSEWHERE, State.DAMAGED, State.DAMAGED, State.DAMAGED]
