"""The findings of runs, counted for pictures in SQLite or PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Engine, RowMapping, Select, Text, case, func, select, type_coerce

from lib.access import Scope
from lib.catalogue import Code
from lib.diagnosis import State
from lib.findings import STATES, Kind
from lib.kept_findings import Flow, Month
from lib.stores import ledger_engine
from lib.stores.ledger_audit_tables import AUDIT_FINDINGS, plain

_C = AUDIT_FINDINGS.c
_WITHOUT_OBJECT = sorted(kind for kind, state in STATES.items() if state is State.MISSING)
# Where the key begins in the JSON of a suggestion, and what follows it: a quote of its own is escaped.
_KEY_FROM, _KEY_TO = len('{"key":"') + 1, '","evidence":'
_IS_RIGHT = '"right_of_record":'  # in the JSON of evidence only ever a name: a quote in a value is escaped


class LedgerPictures:
    """A Pictures."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"

    def months(self, run_id: int, *, scope: Scope) -> Sequence[Month]:
        """Return the findings with a record by month and cause, by month."""
        asked = select(self._month().label("month"), _C.kind, _C.code)
        found = [
            Month(row["month"] or "", Kind(row["kind"]), Code(row["code"]) if row["code"] else None, row["count"])
            for row in self._counted(asked.where(*_seen(run_id, scope), _C.record_id.is_not(None)))
        ]
        return sorted(found, key=lambda each: (each.month, each.kind, each.code or ""))

    def flows(self, run_id: int, *, scope: Scope, limit: int) -> Sequence[Flow]:
        """Return from where to where the rows without an object flow, the most first.

        The folders of a suggestion are cut out of its JSON as it stands: no slash of it is escaped, and no database
        then has to decode what it cannot hold.
        """
        stored, resolved = type_coerce(_C.stored, Text), type_coerce(_C.resolved, Text)
        points = self._folders(func.coalesce(func.nullif(resolved, ""), stored, "")).label("points")
        rest = func.substr(_C.suggestion, _KEY_FROM)
        lies = self._folders(func.substr(rest, 1, self._place(rest, _KEY_TO) - 1)).label("lies")
        asked = select(points, lies).where(*_seen(run_id, scope), _C.kind.in_(_WITHOUT_OBJECT))
        found = [
            Flow(plain(row["points"]), None if row["lies"] is None else json.loads(f'"{row["lies"]}"'), row["count"])
            for row in self._counted(asked, limit=limit)
        ]
        return sorted(found, key=lambda each: each.order)

    def right_files(self, run_id: int, *, scope: Scope) -> Mapping[Code | None, int]:
        """Return, by code, how many of the objects that no row means are the right file of a row that means another."""
        is_right = self._place(_C.evidence, _IS_RIGHT) > 0
        asked = select(_C.code).where(*_seen(run_id, scope), _C.kind == Kind.UNREFERENCED_OBJECT, is_right)
        return {Code(row["code"]) if row["code"] else None: row["count"] for row in self._counted(asked)}

    def _counted(self, asked: Select[Any], *, limit: int | None = None) -> Sequence[RowMapping]:
        """Return each row that differs with how often it is there, the most first."""
        rows = asked.subquery()
        count = func.count().label("count")
        counted = select(*rows.c, count).group_by(*rows.c).order_by(count.desc(), *rows.c).limit(limit)
        with ledger_engine.reading(self._engine, wait_s=ledger_engine.READ_WAIT_S) as connection:
            return connection.execute(counted).mappings().all()

    def _month(self) -> ColumnElement[Any]:
        if self._is_sqlite:
            return func.substr(type_coerce(_C.generated_at, Text), 1, 7)  # it is kept as ISO 8601 in UTC
        return func.to_char(func.timezone("UTC", _C.generated_at), "YYYY-MM")

    def _folders(self, key: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the first two folders of a key, as ``audits.folders`` does; NULL of NULL."""
        first = self._place(key, "/")
        second = self._place(func.substr(key, first + 1), "/")
        return case(
            (key.is_(None), None), (first == 0, ""), (second == 0, func.substr(key, 1, first)),
            else_=func.substr(key, 1, first + second),
        )  # fmt: skip

    def _place(self, text: ColumnElement[Any], part: str) -> ColumnElement[int]:
        """Return where a part begins, from 1; 0 where it is not."""
        return func.instr(text, part) if self._is_sqlite else func.strpos(text, part)


def _seen(run_id: int, scope: Scope) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [_C.run_id == run_id]
    if scope.clinics is not None:
        found.append(_C.clinic_id.in_(sorted(scope.clinics)))
    return found
