"""The findings of runs, as they are read from SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Engine,
    RowMapping,
    Select,
    Text,
    and_,
    case,
    collate,
    false,
    func,
    literal,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)

from lib import audit_reach
from lib.access import Scope
from lib.audit_reach import Reach
from lib.catalogue import Code, Severity
from lib.diagnosis import State
from lib.findings import ATTENTION, WORST_FIRST, WORST_STATE_FIRST, Finding, Kind
from lib.kept_findings import FACTS, Chosen, Difference, Group, Side, Tally
from lib.stores import ledger_engine
from lib.stores.ledger_audit_rows import finding_of, run_of
from lib.stores.ledger_audit_tables import AUDIT_FINDINGS, AUDITS, Held, holdable
from lib.stores.ledger_reach import asked_alike, ends, looked_at

_C = AUDIT_FINDINGS.c
_OTHER = AUDIT_FINDINGS.alias("other")
_RANK = case({str(state): rank for rank, state in enumerate(WORST_STATE_FIRST)}, value=_C.state)
_LARGEST = 2**63 - 1
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


class LedgerFindings:
    """A Findings."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"

    def page(
        self, run_id: int, chosen: Chosen, *, scope: Scope, limit: int, after: int = 0
    ) -> Sequence[tuple[int, Finding]]:
        """Return findings with their numbers, ascending, those above a number."""
        asked = select(AUDIT_FINDINGS).where(*_seen(run_id, scope), *self._chosen(chosen), _C.number > after)
        return [(row["number"], finding_of(row)) for row in self._read(asked.order_by(_C.number).limit(limit))]

    def groups(self, run_id: int, *, scope: Scope, than: int | None = None) -> Sequence[Group]:
        """Return the findings by kind and code, compared with another run."""
        reaches = self._reaches(() if than is None else (run_id, than))
        is_new, is_still = (false(), false()) if than is None else self._went(run_id, than, reaches)
        now = _by_cause(self._read(_counted(is_new, is_still).where(*_seen(run_id, scope))))
        gone: Mapping[tuple[Kind, Code | None], list[RowMapping]] = {}
        if than is not None:
            old = _counted(false(), false()).where(*_seen(than, scope), *self._only(than, run_id, reaches, was=True))
            gone = _by_cause(self._read(old))
        found = [_group(*of, now.get(of, ()), gone.get(of, ())) for of in now.keys() | gone.keys()]
        return sorted(found, key=lambda each: each.order)

    def tallies(self, run_id: int, *, scope: Scope) -> Sequence[Tally]:
        """Return, for each cause and fact, the values that at least half of its findings have."""
        counted = union_all(*(_tally(fact, self._fact(fact), run_id, scope) for fact in FACTS)).subquery()
        asked = select(counted).where(counted.c.value.is_not(None), 2 * counted.c.count >= counted.c.total)
        found = [
            Tally(_code(row["code"]), Kind(row["kind"]), row["fact"], row["value"], row["count"])
            for row in self._read(asked)
        ]
        return sorted(found, key=lambda each: (each.kind, each.code or "", FACTS.index(each.fact), each.value))

    def records_in(self, run_id: int, state: State, *, scope: Scope, limit: int) -> Sequence[int]:
        """Return the numbers of the records in a state, the highest first."""
        if state not in WORST_STATE_FIRST:
            return ()
        worse = WORST_STATE_FIRST[: WORST_STATE_FIRST.index(state)]
        same = (_OTHER.c.run_id == run_id) & (_OTHER.c.record_id == _C.record_id)
        is_worse = select(literal(1)).where(same, _OTHER.c.state.in_(worse)).correlate(AUDIT_FINDINGS).exists()
        asked = (
            select(_C.record_id).distinct().where(*_seen(run_id, scope), _C.state == state, _C.record_id.is_not(None))
        )
        asked = asked.where(~is_worse).order_by(_C.record_id.desc()).limit(limit)
        return [row["record_id"] for row in self._read(asked)]

    def states(self, run_id: int, *, scope: Scope) -> Mapping[State, int]:
        """Return how many records are in each state that is not FOUND."""
        has_state = (_C.record_id.is_not(None), _C.state.is_not(None))
        worst = select(func.min(_RANK).label("rank")).where(*_seen(run_id, scope), *has_state).group_by(_C.record_id)
        counted = worst.subquery()
        asked = select(counted.c.rank, func.count().label("records")).group_by(counted.c.rank)
        return {WORST_STATE_FIRST[row["rank"]]: row["records"] for row in self._read(asked)}

    def attention(self, run_id: int, *, scope: Scope) -> int:
        """Return how many records have a finding that needs attention."""
        needs = (_C.record_id.is_not(None), _C.severity.in_(ATTENTION))
        asked = select(func.count(_C.record_id.distinct()).label("records")).where(*_seen(run_id, scope), *needs)
        return int(self._read(asked)[0]["records"])

    def difference(
        self, first: int, second: int, *, scope: Scope, limit: int, after: Difference | None = None
    ) -> Sequence[Difference]:
        """Return what only one of two runs found: the added first, each by number; go on after the last one of a page."""
        found: list[Difference] = []
        reaches = self._reaches((first, second))
        for side, here, there in ((Side.ADDED, second, first), (Side.REMOVED, first, second)):
            if after is not None and (after.side, side) == (Side.REMOVED, Side.ADDED):
                continue
            above = after.number if after is not None and after.side is side else 0
            only = self._only(here, there, reaches, was=side is Side.REMOVED)
            asked = select(AUDIT_FINDINGS).where(*_seen(here, scope), *only, _C.number > above)
            for row in self._read(asked.order_by(_C.number).limit(limit - len(found))):
                found.append(Difference(side, row["number"], finding_of(row)))
        return found

    def _went(
        self, run_id: int, than: int, reaches: Mapping[int, Reach]
    ) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """Return whether a finding of a run is new since another, and whether it is still there."""
        alike, looked = self._comparable(run_id, than, reaches)
        return and_(alike, looked, ~_is_in(than)), and_(alike, _is_in(than))

    def _only(self, run_id: int, other: int, reaches: Mapping[int, Reach], *, was: bool) -> list[ColumnElement[bool]]:
        """Return what is true of the findings that only one of two runs has, and that both looked for.

        ``was``: the other is the later one.
        """
        ended = ends(reaches[other]) if was else true()
        return [*self._comparable(run_id, other, reaches), ended, ~_is_in(other)]

    def _comparable(
        self, run_id: int, other: int, reaches: Mapping[int, Reach]
    ) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """Return whether another run asked alike for a finding of a run, and whether it looked at its place."""
        looked = looked_at(reaches[other], run_id=other, is_sqlite=self._is_sqlite)
        return asked_alike(reaches[run_id], reaches[other]), looked

    def _reaches(self, run_ids: Sequence[int]) -> Mapping[int, Reach]:
        """Return what each of these runs looked at."""
        rows = self._read(select(AUDITS).where(AUDITS.c.run_id.in_(run_ids))) if run_ids else ()
        known = {row["run_id"]: run_of(row, datetime.now(UTC)) for row in rows}
        return {run_id: audit_reach.of(known.get(run_id)) for run_id in run_ids}

    def _read(self, asked: Select[Any]) -> Sequence[RowMapping]:
        with ledger_engine.reading(self._engine, wait_s=ledger_engine.READ_WAIT_S) as connection:
            return connection.execute(asked).mappings().all()

    def _fact(self, fact: str) -> ColumnElement[Any]:
        if fact == "is_mobile":
            return case((_C.is_mobile.is_(True), "true"), (_C.is_mobile.is_(False), "false"))
        if fact != "month":
            return _C[fact]
        if self._is_sqlite:
            return func.substr(type_coerce(_C.generated_at, Text), 1, 7)  # it is kept as ISO 8601 in UTC
        return func.to_char(func.timezone("UTC", _C.generated_at), "YYYY-MM")

    def _chosen(self, chosen: Chosen) -> list[ColumnElement[bool]]:
        wanted = {"code": chosen.code, "kind": chosen.kind, "severity": chosen.severity, "state": chosen.state}
        found: list[ColumnElement[bool]] = [_C[name] == value for name, value in wanted.items() if value is not None]
        if chosen.has_code is not None:
            found.append(_C.code.is_not(None) if chosen.has_code else _C.code.is_(None))
        if chosen.text:
            found.append(self._has(chosen.text))
        return found

    def _has(self, text: str) -> ColumnElement[bool]:
        # Both lower A to Z and no more, so that no database says more of a key than the other.
        part = holdable(text).removeprefix("\x1a").translate(_LOWER)
        columns = [type_coerce(column, Text) for column in (_C.stored, _C.resolved, _C.key)]
        if self._is_sqlite:
            found = [func.instr(func.lower(column), part) > 0 for column in columns]
        else:
            found = [func.strpos(func.lower(collate(column, "C")), part) > 0 for column in columns]
        if text.isascii() and text.isdecimal() and len(text) < 20 and str(int(text)) == text and int(text) <= _LARGEST:
            found.append(_C.record_id == int(text))
        return or_(*found)


def _seen(run_id: int, scope: Scope) -> list[ColumnElement[bool]]:
    # With the numbers SQLite reads a run as it was written; else it goes by the index of the subjects, from page to page.
    found: list[ColumnElement[bool]] = [_C.run_id == run_id, _C.number > 0]
    if scope.clinics is not None:
        found.append(_C.clinic_id.in_(sorted(scope.clinics)))
    return found


def _is_in(run_id: int) -> ColumnElement[bool]:
    """Whether another run has the same finding, be it visible or not."""
    same = (_OTHER.c.run_id == run_id) & (_OTHER.c.subject_hash == _C.subject_hash)
    # Not all columns, or SQLite would read every finding of the other run rather than the index.
    return select(literal(1)).where(same).correlate(AUDIT_FINDINGS).exists()


def _counted(is_new: ColumnElement[bool], is_still: ColumnElement[bool]) -> Select[Any]:
    cause = (_C.kind, _C.code, _C.severity)
    return select(
        *cause,
        func.count().label("count"),
        func.min(_C.generated_at).label("first_bad"),
        func.max(_C.generated_at).label("last_bad"),
        func.sum(case((is_new, 1), else_=0)).label("new"),
        func.sum(case((is_still, 1), else_=0)).label("still"),
    ).group_by(*cause)


def _by_cause(rows: Iterable[RowMapping]) -> Mapping[tuple[Kind, Code | None], list[RowMapping]]:
    found: dict[tuple[Kind, Code | None], list[RowMapping]] = {}
    for row in rows:
        found.setdefault((Kind(row["kind"]), _code(row["code"])), []).append(row)
    return found


def _group(kind: Kind, code: Code | None, now: Sequence[RowMapping], gone: Sequence[RowMapping]) -> Group:
    rows = now or gone  # one for each severity
    return Group(
        kind,
        code,
        min((Severity(row["severity"]) for row in rows), key=WORST_FIRST.index),
        count=sum(row["count"] for row in now),
        first_bad=min((row["first_bad"] for row in rows if row["first_bad"] is not None), default=None),
        last_bad=max((row["last_bad"] for row in rows if row["last_bad"] is not None), default=None),
        new=sum(row["new"] for row in now),
        still=sum(row["still"] for row in now),
        gone=sum(row["count"] for row in gone),
    )


def _tally(fact: str, value: ColumnElement[Any], run_id: int, scope: Scope) -> Select[Any]:
    count = func.count()
    return (
        select(
            _C.kind,
            _C.code,
            literal(fact).label("fact"),
            type_coerce(value, Held).label("value"),
            count.label("count"),
            func.sum(count).over(partition_by=(_C.kind, _C.code)).label("total"),
        )
        .where(*_seen(run_id, scope))
        .group_by(_C.kind, _C.code, value)
    )


def _code(code: str | None) -> Code | None:
    return None if code is None else Code(code)
