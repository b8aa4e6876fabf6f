"""The book of runs and findings as any store keeps it: in memory, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from lib import stretches
from lib.access import Scope
from lib.audit_book import BATCH, LEASE, Busy, LeaseLost, Runs, Worked
from lib.audits import Exposure, Options, Phase, Progress, Range, Result, Run, Status, target
from lib.catalogue import Code, Severity
from lib.diagnosis import State
from lib.evidence import Evidence
from lib.findings import Facts, Finding, Kind, Suggestion
from lib.kept_findings import Chosen, Findings, Group, Side, Tally
from lib.stores import ledger_engine
from lib.stores.ledger_audit_work import LedgerWork
from lib.stores.ledger_audits import LedgerRuns
from lib.stores.ledger_findings import LedgerFindings
from lib.stores.memory.audits import MemoryAudits
from lib.stores.memory.findings import MemoryFindings
from tests.conftest import NOW

ROOT = Path(__file__).parents[2]
TARGET = "bucket 1"
ALL = Scope()
SECOND = timedelta(seconds=1)


class Clock:
    """The clock that leases go by, as the test sets it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Book:
    runs: Runs
    worked: Worked
    findings: Findings
    clock: Clock

    def begin(self, target: str = TARGET, options: Options | None = None) -> Run:
        return self.runs.begin(target, options or Options(), by="asha", at=NOW)

    def end(self, run: Run, result: Result | None = None, *, progress: Progress | None = None) -> Run:
        result = result or Result(Status.COMPLETE)
        return self.worked.end(run, result, progress=progress or Progress(), at=NOW, worked=SECOND)

    def ended_with(self, *findings: Finding, options: Options | None = None, result: Result | None = None) -> int:
        run = self.begin(options=options)
        self.worked.keep(run, findings)
        return self.end(run, result).run_id

    def changed(self, first: int, second: int) -> tuple[set[str], int, set[str]]:
        """Return where something is new from one run to another, how much is still there, where something is gone."""
        groups = self.findings.groups(second, scope=ALL, than=first)
        items = self.findings.difference(first, second, scope=ALL, limit=99)
        sides = [[each.finding for each in items if each.side is side] for side in (Side.ADDED, Side.REMOVED)]
        assert [len(each) for each in sides] == [sum(each.new for each in groups), sum(each.gone for each in groups)]
        return places(sides[0]), sum(each.still for each in groups), places(sides[1])

    def read(self, run_id: int, chosen: Chosen | None = None, scope: Scope = ALL) -> list[Finding]:
        page = self.findings.page(run_id, chosen or Chosen(), scope=scope, limit=1000)
        return [each for _, each in page]


def on_ledger(url: str, clock: Clock) -> Book:
    engine = ledger_engine.make(url)
    return Book(LedgerRuns(engine, clock=clock), LedgerWork(engine, clock=clock), LedgerFindings(engine), clock)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def book(request: pytest.FixtureRequest) -> Book:
    clock = Clock()
    if request.param == "memory":
        audits = MemoryAudits(clock=clock)
        return Book(audits, audits, MemoryFindings(audits), clock)
    return on_ledger(request.getfixturevalue(f"{request.param}_url"), clock)


def missing(record_id: int, **changed: object) -> Finding:
    found = Finding(Kind.DANGLING_REFERENCE, Severity.HIGH, Code.LOCATION_OLD, record_id, f"a/{record_id}.pdf")
    return replace(found, **changed)  # type: ignore[arg-type]


def places(findings: Iterable[Finding]) -> set[str]:
    return {each.key or each.resolved or "" for each in findings}


def lone(key: str) -> Finding:
    return Finding(Kind.UNREFERENCED_OBJECT, Severity.LOW, Code.UNREFERENCED, key=key)


# runs


def test_a_run_reads_back_as_it_was_begun_and_ended(book: Book) -> None:
    options = Options("edrcontainer1/\0\ud800", timedelta(minutes=7, milliseconds=500), Exposure.FULL, ranges=4)
    begun = book.begin(options=options)
    assert begun == Run(1, TARGET, options, "asha", NOW, Status.RUNNING, Progress(), fence=1)
    assert book.runs.run(1) == begun
    assert not book.worked.beat(begun, Progress(Phase.LISTING, 9, 8, 7, 6, 5, 4, 3), worked=3 * SECOND)
    beaten = book.runs.run(1)
    assert beaten is not None
    assert (beaten.progress.phase, beaten.progress.findings, beaten.seconds) == (Phase.LISTING, 3, 3.0)
    result = Result(
        Status.INCOMPLETE,
        "throttled",
        kinds={Kind.DANGLING_REFERENCE: 3},
        causes={Code.LOCATION_OLD: 2},
        attention=3,
        states={State.MISSING: 3},
        listed_until="k\ud800\0",
        unlisted=(("k", "m"), ("x", None)),
    )
    ended = book.worked.end(begun, result, progress=Progress(Phase.STORING, 9), at=NOW + SECOND, worked=5 * SECOND)
    assert ended == replace(
        begun,
        status=Status.INCOMPLETE,
        progress=Progress(Phase.STORING, 9),
        ended_at=NOW + SECOND,
        seconds=5.0,
        result=result,
    )
    assert book.runs.run(1) == ended
    assert book.runs.run(2) is None


def test_of_a_target_one_run_is_running(book: Book) -> None:
    first = book.begin()
    with pytest.raises(Busy) as busy:
        book.begin()
    assert busy.value.run_id == first.run_id
    assert book.begin("bucket 2").run_id == 2
    book.end(first)
    assert book.begin().run_id == 3


def test_of_a_bucket_one_run_is_running_whichever_database_it_is_about(book: Book) -> None:
    mine, theirs = target("bucket", "mine"), target("bucket", "theirs")
    first = book.begin(mine)
    with pytest.raises(Busy) as busy:
        book.begin(theirs)
    assert (busy.value.run_id, busy.value.is_elsewhere) == (first.run_id, True)
    with pytest.raises(Busy) as busy:
        book.begin(mine)
    assert not busy.value.is_elsewhere
    book.clock.now += LEASE + SECOND
    second = book.begin(theirs)
    assert [each.status for each in book.runs.newest(mine)] == [Status.INTERRUPTED]
    with pytest.raises(Busy):
        book.runs.take_over(first.run_id, by="dev", at=NOW)
    book.end(second)
    assert book.runs.take_over(first.run_id, by="dev", at=NOW).fence == 2


def test_a_verdict_is_of_one_database(book: Book) -> None:
    mine, theirs = target("bucket", "mine"), target("bucket", "theirs")
    book.end(book.begin(mine))
    book.end(book.begin(theirs))
    assert [each.run_id for each in book.runs.newest(mine)] == [1]
    last = book.runs.last_full(mine)
    assert last is not None
    assert (last.run_id, last.target) == (1, mine)
    assert book.runs.last_full(theirs, before=2) is None


def test_a_run_whose_lease_is_old_reads_as_interrupted_until_its_worker_wakes(book: Book) -> None:
    run = book.begin()
    begun_at = book.clock.now
    book.clock.now += LEASE
    assert book.runs.run(run.run_id) == run
    book.clock.now += timedelta(microseconds=1)
    interrupted = replace(run, status=Status.INTERRUPTED, ended_at=begun_at)
    assert book.runs.run(run.run_id) == book.runs.newest(TARGET)[0] == interrupted
    book.worked.beat(run, Progress(), worked=SECOND)
    awake = book.runs.run(run.run_id)
    assert awake is not None
    assert (awake.status, awake.ended_at) == (Status.RUNNING, None)


def test_a_lease_that_lies_ahead_of_a_clock_that_was_set_back_holds_nobody_up(book: Book) -> None:
    run = book.begin()
    book.clock.now -= timedelta(hours=1)
    assert book.runs.take_over(run.run_id, by="dev", at=NOW).fence == 2


def test_beginning_marks_a_dead_run_interrupted_and_its_worker_finds_its_lease_lost(book: Book) -> None:
    dead = book.begin()
    book.clock.now += LEASE + SECOND
    alive = book.begin()
    assert [(run.run_id, run.status) for run in book.runs.newest(TARGET)] == [
        (alive.run_id, Status.RUNNING),
        (dead.run_id, Status.INTERRUPTED),
    ]
    book.clock.now -= LEASE + SECOND
    for act in writes(book, dead):
        with pytest.raises(LeaseLost):
            act()
    assert book.runs.run(dead.run_id) == replace(dead, status=Status.INTERRUPTED, ended_at=book.clock.now)
    assert book.read(dead.run_id) == []


def writes(book: Book, run: Run) -> list[Callable[[], object]]:
    return [
        lambda: book.worked.beat(run, Progress(records=99), worked=SECOND),
        lambda: book.worked.cut(run, [Range(0, b"", None)], snapshot_at=NOW),
        lambda: book.worked.finish(run, Range(0, b"", None)),
        lambda: book.worked.keep(run, [missing(1)]),
        lambda: book.worked.forget(run),
        lambda: book.end(run),
    ]


def test_who_takes_over_has_a_new_fence_and_the_one_before_writes_no_more(book: Book) -> None:
    first = book.begin()
    book.worked.cut(first, [Range(0, b"", b"m"), Range(1, b"m", None)], snapshot_at=NOW)
    book.worked.finish(first, Range(0, b"", b"m", rows=5, objects=6))
    book.worked.keep(first, [missing(1)])
    book.worked.beat(first, Progress(records=9), worked=2 * SECOND)
    book.clock.now += LEASE + SECOND
    second = book.runs.take_over(first.run_id, by="dev", at=NOW + SECOND)
    assert second == replace(
        first,
        fence=2,
        snapshot_at=NOW,
        seconds=2.0,
        progress=Progress(records=9),
        resumed_by="dev",
        resumed_at=NOW + SECOND,
    )
    for act in writes(book, first):
        with pytest.raises(LeaseLost):
            act()
    assert book.worked.ranges(second) == (Range(0, b"", b"m", True, 5, 6), Range(1, b"m", None))
    assert book.read(second.run_id) == [missing(1)]
    assert book.end(second).seconds == 3.0
    with pytest.raises(LeaseLost):
        book.worked.keep(second, [missing(2)])


@pytest.mark.parametrize("status", [Status.INCOMPLETE, Status.FAILED, Status.CANCELLED])
def test_a_run_that_ended_without_a_verdict_can_go_on(book: Book, status: Status) -> None:
    run = book.begin()
    book.runs.cancel(run.run_id)
    book.end(run, Result(status, "x"))
    again = book.runs.take_over(run.run_id, by="dev", at=NOW)
    assert (again.status, again.result, again.ended_at, again.is_cancelling) == (Status.RUNNING, None, None, False)
    assert not book.worked.beat(again, Progress(), worked=SECOND)


def test_what_cannot_be_taken_over_says_why(book: Book) -> None:
    done, running = book.ended_with(), book.begin()
    for run_id in (done, 99):
        with pytest.raises(LookupError):
            book.runs.take_over(run_id, by="dev", at=NOW)
    with pytest.raises(Busy) as itself:
        book.runs.take_over(running.run_id, by="dev", at=NOW)
    book.end(running, Result(Status.FAILED))
    other = book.begin()
    with pytest.raises(Busy) as another:
        book.runs.take_over(running.run_id, by="dev", at=NOW)
    assert (itself.value.run_id, another.value.run_id) == (running.run_id, other.run_id)
    book.clock.now += LEASE + SECOND
    assert book.runs.take_over(running.run_id, by="dev", at=NOW).status is Status.RUNNING
    found = book.runs.run(other.run_id)
    assert found is not None
    assert found.status is Status.INTERRUPTED


def test_asking_to_cancel_is_heard_by_the_next_beat(book: Book) -> None:
    run = book.begin()
    book.runs.cancel(run.run_id)
    asked = book.runs.run(run.run_id)
    assert asked is not None
    assert asked.is_cancelling
    assert book.worked.beat(run, Progress(), worked=SECOND)
    ended = book.end(run, Result(Status.CANCELLED))
    book.runs.cancel(run.run_id)
    book.runs.cancel(99)
    assert not ended.is_cancelling
    assert book.runs.run(run.run_id) == ended


def test_ranges_are_bytes_and_are_cut_anew_in_place_of_those_before(book: Book) -> None:
    run = book.begin()
    assert book.worked.ranges(run) == ()
    book.worked.cut(run, [Range(1, b"\xff\0", None), Range(0, b"", b"\xff\0")], snapshot_at=NOW)
    assert book.worked.ranges(run) == (Range(0, b"", b"\xff\0"), Range(1, b"\xff\0", None))
    book.worked.cut(run, [Range(0, b"", None, is_done=True, rows=2, objects=3)], snapshot_at=NOW + SECOND)
    assert book.worked.ranges(run) == (Range(0, b"", None, is_done=True, rows=2, objects=3),)
    with pytest.raises(LookupError):
        book.worked.finish(run, Range(1, b"", None))
    again = book.runs.run(run.run_id)
    assert again is not None
    assert again.snapshot_at == NOW + SECOND


def test_the_last_verdict_is_of_a_complete_run_of_all_files(book: Book) -> None:
    first = book.ended_with()
    for options, status in ((Options(prefix="a"), Status.COMPLETE), (Options(), Status.INCOMPLETE)):
        book.end(book.begin(options=options), Result(status))
    book.end(book.begin("bucket 2"))
    last = book.runs.last_full(TARGET)
    assert last is not None
    assert last.run_id == first
    second = book.ended_with()
    found, before = book.runs.last_full(TARGET), book.runs.last_full(TARGET, before=second)
    assert found is not None
    assert before is not None
    assert (found.run_id, before.run_id, book.runs.last_full(TARGET, before=first)) == (second, first, None)
    assert [run.run_id for run in book.runs.newest(TARGET, limit=2)] == [second, 3]


# findings


def test_a_finding_reads_back_as_it_was_kept(book: Book) -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    full = Finding(
        Kind.DANGLING_REFERENCE,
        Severity.HIGH,
        Code.LOCATION_OLD,
        record_id=2**63 - 1,
        stored="Grüße \u202e\\ 'x' \0\ud800.pdf",
        resolved="\x1a\\u0000",
        key="\x1a\0",
        evidence={"size": 2**40, "is_listed": True, "etag": "\ud800\0", "nothing": None},
        suggestion=Suggestion("new/\0a.pdf", Evidence.PROVEN, True, ("md5_agrees",), ("other_row",)),
        facts=Facts("PAT\0", "CLN1", NOW.astimezone(india), "u\ud800", False),
    )
    run_id = book.ended_with(full, Finding(Kind.PUBLICLY_READABLE, Severity.CRITICAL))
    assert book.read(run_id) == [full, Finding(Kind.PUBLICLY_READABLE, Severity.CRITICAL)]


def test_what_no_database_holds_is_found_by_its_clinic_and_by_a_part_of_its_key(book: Book) -> None:
    odd = missing(1, stored="a\\b\0Cd.pdf", facts=Facts(clinic_id="CLN\ud800"))
    run_id = book.ended_with(odd, missing(2))
    assert book.read(run_id, scope=Scope(frozenset({"CLN\ud800"}))) == [odd]
    assert book.read(run_id, Chosen(text="\0cD")) == [odd]


def test_findings_are_numbered_from_one_also_over_many_commits_and_are_paged(book: Book) -> None:
    run = book.begin()
    kept = [missing(number) for number in range(1, BATCH + 12)]
    book.worked.keep(run, kept)
    book.worked.keep(run, [])
    book.worked.keep(run, [missing(9999)])
    assert [number for number, _ in book.findings.page(run.run_id, Chosen(), scope=ALL, limit=2)] == [1, 2]
    rest = book.findings.page(run.run_id, Chosen(), scope=ALL, limit=1000, after=BATCH)
    assert rest == [*enumerate(kept[BATCH:], BATCH + 1), (BATCH + 12, missing(9999))]


def test_forgetting_takes_the_findings_of_one_run_and_numbers_begin_anew(book: Book) -> None:
    other, run = book.ended_with(missing(1)), book.begin()
    book.worked.keep(run, [missing(number) for number in range(1, BATCH + 12)])
    book.worked.forget(run)
    book.worked.forget(run)
    assert (book.read(run.run_id), book.read(other)) == ([], [missing(1)])
    book.worked.keep(run, [missing(3)])
    assert book.findings.page(run.run_id, Chosen(), scope=ALL, limit=9) == [(1, missing(3))]


CHOSEN = [
    (Chosen(), [1, 2, 3, 4]),
    (Chosen(code=Code.LOCATION_OLD), [1]),
    (Chosen(has_code=False), [3]),
    (Chosen(has_code=True), [1, 2, 4]),
    (Chosen(kind=Kind.UNREFERENCED_OBJECT), [4]),
    (Chosen(severity=Severity.CRITICAL), [2]),
    (Chosen(state=State.DAMAGED), [2]),
    (Chosen(state=State.UNKNOWN, text="con"), [3]),
    (Chosen(text="CON15"), [1, 3]),
    (Chosen(text="15"), [1, 2, 3]),
    (Chosen(text="%"), [4]),
    (Chosen(text="_"), []),
    (Chosen(text="É"), [4]),
    (Chosen(text="é"), []),
    (Chosen(text="none"), []),
    (Chosen(text="9" * 5000), []),
]


def test_findings_are_chosen_by_what_is_asked(book: Book) -> None:
    run_id = book.ended_with(
        missing(1, stored="x/Con153/a.pdf"),
        Finding(Kind.EMPTY_OBJECT, Severity.CRITICAL, Code.ZERO_BYTE, 15, "b.pdf", "l/b.pdf", "l/b.pdf"),
        Finding(Kind.UNDETERMINED, Severity.UNKNOWN, None, 3, resolved="l/con153/b.pdf"),
        lone("l/100%É.pdf"),
    )
    for chosen, found in CHOSEN:
        page = book.findings.page(run_id, chosen, scope=ALL, limit=9)
        assert (chosen, [number for number, _ in page]) == (chosen, found)


def test_a_scope_sees_its_clinics_and_nothing_without_one(book: Book) -> None:
    facts = [Facts(clinic_id="CLN1", generated_at=NOW), Facts(clinic_id="CLN2", generated_at=NOW), Facts()]
    every = [*(missing(number, facts=each) for number, each in enumerate(facts, 1)), lone("x")]
    before, run_id = book.ended_with(*every), book.ended_with(*every)
    scope, nobody = Scope(frozenset({"CLN1"})), Scope(frozenset())
    assert book.read(run_id, scope=scope) == every[:1]
    assert [(each.count, each.still) for each in book.findings.groups(run_id, scope=scope, than=before)] == [(1, 1)]
    assert {each.count for each in book.findings.tallies(run_id, scope=scope)} == {1}
    assert book.findings.records_in(run_id, State.MISSING, scope=scope, limit=9) == [1]
    assert book.findings.states(run_id, scope=scope) == {State.MISSING: 1}
    empty = book.ended_with()
    assert [each.finding for each in book.findings.difference(empty, run_id, scope=scope, limit=9)] == every[:1]
    assert [each.gone for each in book.findings.groups(empty, scope=scope, than=run_id)] == [1]
    assert book.read(run_id, scope=nobody) == []
    assert book.findings.groups(run_id, scope=nobody, than=before) == []


def test_groups_say_what_is_new_still_there_and_gone(book: Book) -> None:
    def at(day: int) -> Facts:
        return Facts(generated_at=datetime(2026, 10, day, tzinfo=UTC))

    before = book.ended_with(
        missing(1, facts=at(1)), missing(2, facts=at(2)), missing(3), lone("a"), missing(8, code=Code.CASE)
    )
    after = book.ended_with(
        missing(2, facts=at(2)),
        missing(4, facts=at(9), severity=Severity.CRITICAL),
        missing(8, code=None, severity=Severity.NOTE),
    )
    kind = Kind.DANGLING_REFERENCE
    old = Group(kind, Code.LOCATION_OLD, Severity.CRITICAL, 2, at(2).generated_at, at(9).generated_at)
    none = Group(kind, None, Severity.NOTE, 1, None, None)
    assert book.findings.groups(after, scope=ALL) == [old, none]
    assert book.findings.groups(after, scope=ALL, than=before) == [
        replace(old, new=1, still=1, gone=2),
        Group(Kind.UNREFERENCED_OBJECT, Code.UNREFERENCED, Severity.LOW, 0, None, None, gone=1),
        replace(none, still=1),  # another cause of the same finding is neither new nor gone
    ]
    first = book.findings.groups(book.ended_with(), scope=ALL, than=before)[0]
    assert first == Group(kind, Code.LOCATION_OLD, Severity.HIGH, 0, at(1).generated_at, at(2).generated_at, gone=3)


def test_a_record_counts_once_in_its_worst_state(book: Book) -> None:
    empty = Finding(Kind.EMPTY_OBJECT, Severity.CRITICAL, Code.ZERO_BYTE, 1)
    unsure = Finding(Kind.UNDETERMINED, Severity.UNKNOWN, None, 1)
    safe = Suggestion("old/a.pdf", Evidence.PROVEN, is_safe=True)
    run_id = book.ended_with(
        *(replace(each, record_id=number) for each in (unsure, empty) for number in (1, 2)),
        replace(unsure, record_id=3),
        missing(2),
        missing(4, suggestion=safe),
        replace(unsure, record_id=4),
        replace(unsure, record_id=None, key="x"),
        missing(7),
        Finding(Kind.VERSION_STATE, Severity.MEDIUM, Code.VERSION_STATE, 8),
    )
    assert book.findings.states(run_id, scope=ALL) == {
        State.MISSING: 2,
        State.DAMAGED: 1,
        State.ELSEWHERE: 1,
        State.UNKNOWN: 1,
    }
    found = {state: book.findings.records_in(run_id, state, scope=ALL, limit=9) for state in State}
    assert {state: list(records) for state, records in found.items() if records} == {
        State.MISSING: [7, 2],
        State.DAMAGED: [1],
        State.ELSEWHERE: [4],
        State.UNKNOWN: [3],
    }
    assert book.findings.records_in(run_id, State.MISSING, scope=ALL, limit=1) == [7]


def test_what_at_least_half_of_a_cause_have_is_tallied(book: Book) -> None:
    edge = datetime(2026, 9, 30, 23, 59, 59, 999999, tzinfo=UTC)
    facts = [
        Facts(None, "CLN1", edge, "u1", True),
        Facts(None, "CLN1", edge + timedelta(microseconds=1), "u1", False),
        Facts(None, "CLN2", datetime(2026, 10, 31, tzinfo=UTC), None, False),
        Facts(None, None, None, "u2", None),
    ]
    run_id = book.ended_with(*(missing(number, facts=each) for number, each in enumerate(facts, 1)), lone("x"))
    assert book.findings.tallies(run_id, scope=ALL) == [
        Tally(Code.LOCATION_OLD, Kind.DANGLING_REFERENCE, fact, value, 2)
        for fact, value in (("creator", "u1"), ("is_mobile", "false"), ("clinic_id", "CLN1"), ("month", "2026-10"))
    ]


def test_the_difference_of_two_runs_is_paged(book: Book) -> None:
    first = book.ended_with(missing(1), missing(2), lone("a"), lone("b"))
    second = book.ended_with(lone("c"), missing(2, code=None), lone("b"), missing(3))
    expected = [(Side.ADDED, 1), (Side.ADDED, 4), (Side.REMOVED, 1), (Side.REMOVED, 3)]
    every = book.findings.difference(first, second, scope=ALL, limit=9)
    assert [(each.side, each.number) for each in every] == expected
    assert [each.finding for each in every] == [lone("c"), missing(3), missing(1), lone("a")]
    for limit in (1, 2, 3):
        paged = list(book.findings.difference(first, second, scope=ALL, limit=limit))
        while more := book.findings.difference(first, second, scope=ALL, limit=limit, after=paged[-1]):
            assert len(more) <= limit
            paged += more
        assert paged == every
    assert book.findings.difference(first, first, scope=ALL, limit=9) == []


# two runs that looked at different things


def readable(key: str | None) -> Finding:
    return Finding(Kind.PUBLICLY_READABLE, Severity.CRITICAL, Code.PUBLIC, key=key)


DOUBTED = Result(Status.INCOMPLETE, "denied")


def in_stretches(*unlisted: tuple[str, str | None]) -> Result:
    return Result(Status.INCOMPLETE, "throttled", unlisted=unlisted)


def test_what_nobody_was_asked_for_is_neither_new_still_there_nor_gone(book: Book) -> None:
    full, none = Options(exposure=Exposure.FULL), Options(exposure=Exposure.NONE)
    first = book.ended_with(readable("a"), readable("b"), lone("x"), options=full)
    second = book.ended_with(lone("x"), lone("y"), options=none)
    third = book.ended_with(readable("a"), readable("c"), lone("x"), options=full)
    sample = book.ended_with(readable(None), readable("a"), lone("x"))
    assert book.changed(first, second) == ({"y"}, 1, set())
    assert book.changed(second, first) == (set(), 1, {"y"})
    assert book.changed(first, third) == ({"c"}, 2, {"b"})
    compared = book.findings.groups(sample, scope=ALL, than=first)
    assert {each.kind: (each.count, each.new, each.still, each.gone) for each in compared} == {
        Kind.PUBLICLY_READABLE: (2, 0, 0, 0),
        Kind.UNREFERENCED_OBJECT: (1, 0, 1, 0),
    }


# Keys in the order of bytes, which no dictionary has: upper before lower case, _ between them, É behind all of ASCII.
EVERY = ("A", "B/b", "Z", "_", "a", "b", "É", "\U0001f600", "b\0", "a\\\ud800")


@pytest.mark.parametrize(
    ("stretches", "unseen"),
    [
        ([("", None)], set(EVERY) | {""}),
        ([("A", "_")], {"B/b", "Z", "_"}),
        ([("Z", "_"), ("_", "a"), ("b", "É")], {"_", "a", "b\0", "É"}),
        ([("", "B")], {"", "A"}),
        ([("b", None)], {"É", "\U0001f600", "b\0"}),
        ([("É", "\U0001f600")], {"\U0001f600"}),
    ],
)
def test_what_was_not_listed_is_neither_gone_nor_new_since(
    book: Book, stretches: list[tuple[str, str | None]], unseen: set[str]
) -> None:
    every = [*map(lone, EVERY), missing(1, resolved=""), missing(2, resolved="Z", key=None)]
    keys = set(EVERY) | {""}
    full = book.ended_with(*every)
    part = book.ended_with(result=in_stretches(*stretches))
    assert book.changed(full, part) == (set(), 0, keys - unseen)
    assert book.changed(part, full) == (keys - unseen, 0, set())


# In this order, by their bytes; some as texts, or by their escapes, in another. "\udcff" is a byte that is no UTF-8.
ODD = ("b", "b\0", "b/", "b\\\ud800", "ba", "b\udc80", "bé", "b\udcc3é", "b\ud7ff", "b\ud800", "b😿", "b\udcff", "c")


@pytest.mark.parametrize("first", range(len(ODD)))
def test_keys_that_no_database_holds_lie_in_a_stretch_and_end_one_by_their_bytes(book: Book, first: int) -> None:
    assert list(ODD) == sorted(ODD, key=stretches.place)
    full = book.ended_with(*map(lone, ODD))
    for last in range(first + 1, len(ODD)):
        part = book.ended_with(result=in_stretches((ODD[first], ODD[last])))
        assert book.changed(full, part)[2] == set(ODD) - set(ODD[first + 1 : last + 1])


def test_below_a_prefix_only_what_begins_with_it_is_compared(book: Book) -> None:
    inside = [lone("a/b\0"), lone("a/%"), missing(1, resolved="a/\ud800\\")]
    others = [lone("A/b"), lone("a"), missing(2, resolved="b/a/"), lone("ab/"), lone("\x1aa/")]
    full = book.ended_with(*inside, *others)
    part = book.ended_with(lone("a/new"), options=Options(prefix="a/"))
    assert book.changed(full, part) == ({"a/new"}, 0, places(inside))
    assert book.changed(part, full) == (places(inside), 0, {"a/new"})
    odd = book.ended_with(options=Options(prefix="a/\ud800"))
    assert book.changed(full, odd) == (set(), 0, {"a/\ud800\\"})
    wild = book.ended_with(options=Options(prefix="a/%"))
    assert book.changed(full, wild) == (set(), 0, {"a/%"})


def test_a_file_that_gave_a_stranger_no_answer_is_not_closed_since(book: Book) -> None:
    options, unanswered = Options(exposure=Exposure.FULL), Finding(Kind.UNDETERMINED, Severity.UNKNOWN)
    first = book.ended_with(readable("a"), readable("b"), lone("x"), options=options)
    silent = Result(Status.COMPLETE, strangers={"open": 2, "closed": 5, "unknown": 1})
    second = book.ended_with(readable("a"), readable("c"), unanswered, options=options, result=silent)
    assert book.changed(first, second) == ({"c", ""}, 1, {"x"})
    assert book.changed(second, first) == ({"b", "x"}, 1, {"c", ""})
    none = book.ended_with(options=Options(exposure=Exposure.NONE))
    assert book.changed(second, none) == book.changed(none, second) == (set(), 0, set())


def test_of_a_row_that_an_incomplete_run_could_not_tell_nothing_is_gone_or_new(book: Book) -> None:
    def unsure(number: int) -> Finding:
        return missing(number, kind=Kind.UNDETERMINED, severity=Severity.UNKNOWN, code=None, stored=f"u/{number}.pdf")

    found = [missing(1, resolved="a"), missing(2, resolved="b"), missing(2**63 - 1, resolved="c"), lone("d")]
    full = book.ended_with(*found)
    part = book.ended_with(replace(unsure(1), resolved="a"), replace(unsure(2**63 - 1), resolved="c"), result=DOUBTED)
    assert book.changed(full, part) == ({"a", "c"}, 0, {"b", "d"})  # that they cannot be told is new
    assert book.changed(part, full) == ({"b", "d"}, 0, {"a", "c"})
    whole = book.ended_with(replace(unsure(1), resolved="a"))
    assert book.changed(full, whole) == ({"a"}, 0, {"a", "b", "c", "d"})


def test_what_is_of_the_bucket_was_looked_at_by_a_full_run_alone(book: Book) -> None:
    first = book.ended_with(readable(None))
    for part in (book.ended_with(options=Options(prefix="a")), book.ended_with(result=in_stretches(("y", "z")))):
        assert book.changed(first, part) == book.changed(part, first) == (set(), 0, set())
    assert book.changed(first, book.ended_with()) == (set(), 0, {""})


def test_a_complete_run_whose_credentials_list_one_folder_looked_at_the_folder_itself(book: Book) -> None:
    narrow = Result(Status.COMPLETE, unlisted=(("", "loc/"), ("loc0", None)))
    first = book.ended_with(result=narrow)
    empty = missing(1, resolved="loc/")
    second = book.ended_with(empty, lone("loc/a"), lone("elsewhere"), result=narrow)
    assert book.changed(first, second) == ({"loc/", "loc/a"}, 0, set())


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
def test_since_a_run_that_did_not_come_to_its_end_nothing_is_new_or_gone(book: Book, status: Status) -> None:
    full, broken = book.ended_with(lone("a")), book.ended_with(lone("b"), result=Result(status))
    assert book.changed(full, broken)[2] == set()
    assert book.changed(broken, full) == (set(), 0, {"b"})


def test_hundreds_of_stretches_are_no_question_that_is_too_deep(book: Book) -> None:
    stretches = [(f"k{number:04}", f"k{number:04}/") for number in range(256)]
    full = book.ended_with(lone("k0255/"), lone("k0255/a"), lone("k0000"))
    assert book.changed(full, book.ended_with(result=in_stretches(*stretches)))[2] == {"k0255/a", "k0000"}


def test_the_last_verdict_that_asked_for_as_many_files_is_known(book: Book) -> None:
    full = book.ended_with(options=Options(exposure=Exposure.FULL))
    for options in (Options(exposure=Exposure.NONE), Options(prefix="a", exposure=Exposure.FULL)):
        book.ended_with(options=options)
    last = book.runs.last_full(TARGET, exposure=Exposure.FULL)
    assert last is not None
    assert last.run_id == full
    assert book.runs.last_full(TARGET, before=full, exposure=Exposure.FULL) is None
    assert book.runs.last_full(TARGET, exposure=Exposure.SAMPLE) is None
