"""The findings of a run counted for pictures, as any store counts them: in memory, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.access import Scope
from lib.audit_book import Runs, Worked
from lib.audits import Options
from lib.catalogue import Code, Severity
from lib.evidence import Evidence
from lib.findings import Facts, Finding, Kind, Suggestion
from lib.kept_findings import Flow, Month, Pictures, folders
from lib.stores import ledger_engine
from lib.stores.ledger_audit_work import LedgerWork
from lib.stores.ledger_audits import LedgerRuns
from lib.stores.ledger_pictures import LedgerPictures
from lib.stores.memory.audits import MemoryAudits
from lib.stores.memory.pictures import MemoryPictures
from tests.conftest import NOW

Shop = Callable[[Sequence[Finding]], Pictures]
ALL = Scope()
OLD = Code.LOCATION_OLD


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def pictures(request: pytest.FixtureRequest) -> Shop:
    """Return what keeps findings as those of run 1, and counts them."""
    runs: Runs
    work: Worked
    counted: Pictures
    if request.param == "memory":
        book = MemoryAudits(clock=lambda: NOW)
        runs, work, counted = book, book, MemoryPictures(book)
    else:
        engine = ledger_engine.make(request.getfixturevalue(f"{request.param}_url"))
        runs, work, counted = LedgerRuns(engine), LedgerWork(engine), LedgerPictures(engine)

    def keep(found: Sequence[Finding]) -> Pictures:
        work.keep(runs.begin("bucket 1", Options(), by="asha", at=NOW), found)
        return counted

    return keep


def missing(record_id: int, resolved: str, right: str | None = None, **facts: object) -> Finding:
    return Finding(
        Kind.DANGLING_REFERENCE,
        Severity.HIGH,
        OLD,
        record_id=record_id,
        stored=resolved,
        resolved=resolved,
        suggestion=None if right is None else Suggestion(right, Evidence.PROVEN, is_safe=True, why=("a/b/c",)),
        facts=Facts(**facts),  # type: ignore[arg-type]
    )


def test_problems_are_counted_by_month_in_utc_and_by_cause(pictures: Shop) -> None:
    october, midnight = datetime(2026, 10, 31, 23, 59, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    found = [
        missing(1, "a", generated_at=october),
        missing(2, "a", generated_at=october),
        missing(3, "a", generated_at=midnight),
        missing(4, "a"),
        Finding(Kind.SHARED_OBJECT, Severity.HIGH, record_id=4, facts=Facts(generated_at=midnight)),
        Finding(Kind.UNREFERENCED_OBJECT, Severity.LOW, Code.UNREFERENCED, key="loc/lone.pdf"),
    ]
    assert pictures(found).months(1, scope=ALL) == [
        Month("", Kind.DANGLING_REFERENCE, OLD, 1),
        Month("2026-10", Kind.DANGLING_REFERENCE, OLD, 2),
        Month("2026-11", Kind.DANGLING_REFERENCE, OLD, 1),
        Month("2026-11", Kind.SHARED_OBJECT, None, 1),
    ]


def test_rows_without_an_object_flow_from_where_they_point_to_where_their_file_lies(pictures: Shop) -> None:
    found = [
        missing(1, "loc/media/a.pdf", "loc/pdfs/a.pdf"),
        missing(2, "loc/media/x/b.pdf", "loc/pdfs/x/b.pdf"),
        missing(3, "loc/media/c.pdf"),
        missing(4, "loc/media/d.pdf", "d.pdf"),
        Finding(Kind.UNRESOLVABLE_KEY, Severity.HIGH, record_id=5, stored="old/odd/key\0", resolved=""),
        Finding(Kind.SIZE_DIFFERS, Severity.HIGH, record_id=6, resolved="loc/pdfs/6.pdf"),
    ]
    counted = pictures(found)
    assert counted.flows(1, scope=ALL, limit=10) == [
        Flow("loc/media/", "loc/pdfs/", 2),
        Flow("loc/media/", None, 1),
        Flow("loc/media/", "", 1),
        Flow("old/odd/", None, 1),
    ]
    assert counted.flows(1, scope=ALL, limit=1) == [Flow("loc/media/", "loc/pdfs/", 2)]


def test_a_lone_object_that_is_the_right_file_of_a_row_is_counted_by_its_code(pictures: Shop) -> None:
    def lone(key: str, code: Code = Code.UNREFERENCED, **evidence: str | int) -> Finding:
        return Finding(Kind.UNREFERENCED_OBJECT, Severity.LOW, code, key=key, evidence={"size": 1} | evidence)

    found = [
        lone("a", right_of_record=7),
        lone("b", right_of_record=8, near="x"),
        lone("c", Code.NEAR_DUPLICATE_OBJECTS, right_of_record=9),
        lone("d"),
        lone("e", near='"right_of_record":', etag='","right_of_record":7'),
        Finding(Kind.SIZE_DIFFERS, Severity.HIGH, record_id=6, evidence={"right_of_record": 7}),
    ]
    counted = pictures(found)
    assert counted.right_files(1, scope=ALL) == {Code.UNREFERENCED: 2, Code.NEAR_DUPLICATE_OBJECTS: 1}
    assert counted.right_files(1, scope=Scope(frozenset({"CLN1"}))) == {}
    assert counted.right_files(2, scope=ALL) == {}


def test_folders_with_odd_signs_come_back_as_they_are(pictures: Shop) -> None:
    odd, right = 'q"uo\\te\n/\ud800é\0😀', 'é","evidence":"\\n\n/😀\u202e/'
    found = [missing(1, f"{odd}/key/a.pdf", f"{right}a.pdf")]
    assert pictures(found).flows(1, scope=ALL, limit=10) == [Flow(f"{odd}/", right, 1)]


def test_who_is_bound_to_clinics_has_pictures_of_these_alone(pictures: Shop) -> None:
    found = [missing(1, "a/1", clinic_id="CLN1"), missing(2, "b/2", clinic_id="CLN2"), missing(3, "c/3")]
    counted = pictures(found)
    north = Scope(frozenset({"CLN1"}))
    assert [each.points for each in counted.flows(1, scope=north, limit=10)] == ["a/"]
    assert sum(each.count for each in counted.months(1, scope=north)) == 1
    assert counted.months(2, scope=ALL) == []


@given(st.text(alphabet="a/.", max_size=9))
def test_folders_are_at_most_two_and_begin_the_key(key: str) -> None:
    found = folders(key)
    assert key.startswith(found)
    assert found.count("/") == min(2, key.count("/"))
    assert found == "" or found.endswith("/")
