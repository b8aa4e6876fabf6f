"""Adding findings by the hundred. SQLAlchemy's own way costs three times as much as the database itself.

SQLite gets some hundred rows in one statement: between two statements it takes Python's lock again, for which it would wait
after each row while something else computes. PostgreSQL gets a batch as one JSON text, of which it makes the rows itself.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import Any

from sqlalchemy import Connection, bindparam, column, func, insert, select

from lib import stretches
from lib.findings import Finding, Kind, Suggestion
from lib.stores.ledger_audit_tables import AUDIT_FINDINGS, holdable

_TO_JSON = json.JSONEncoder(separators=(",", ":")).encode
_COLUMNS = list(AUDIT_FINDINGS.c)
_PARAMETERS = 32_766 if sqlite3.sqlite_version_info >= (3, 32) else 999  # of one statement, the default bound
_AT_ONCE = _PARAMETERS // len(_COLUMNS)
_GIVEN = (
    func.json_to_recordset(bindparam("rows"))
    .table_valued(*(column(each.name, each.type) for each in _COLUMNS))
    .render_derived(with_types=True)
)
_TO_POSTGRES = insert(AUDIT_FINDINGS).from_select(_COLUMNS, select(*_GIVEN.c))

# Ledgers hold these: none changes, and a new kind gets the next.
_NUMBERS = {
    Kind.DANGLING_REFERENCE: 0,
    Kind.UNREFERENCED_OBJECT: 1,
    Kind.SIZE_DIFFERS: 2,
    Kind.CHECKSUM_DIFFERS: 3,
    Kind.EMPTY_OBJECT: 4,
    Kind.SHARED_OBJECT: 5,
    Kind.CONSULTATION_DIFFERS: 6,
    Kind.VERSION_STATE: 7,
    Kind.RESOLVERS_DISAGREE: 8,
    Kind.UNRESOLVABLE_KEY: 9,
    Kind.WRONG_CONTENT_TYPE: 10,
    Kind.PUBLICLY_READABLE: 11,
    Kind.UNDETERMINED: 12,
}
_RECORD_BITS = 56

Row = tuple[Any, ...]


def rows_of(findings: Sequence[Finding]) -> list[Row]:
    """Return findings as rows that still lack run and number, as a driver takes them."""
    return [_row(each) for each in findings]


def add(connection: Connection, rows: Sequence[Row], *, run_id: int, after: int) -> None:
    """Insert them, with the numbers that follow one."""
    numbered = [(run_id, number, *row) for number, row in enumerate(rows, after + 1)]
    if connection.dialect.name == "sqlite":
        for start in range(0, len(numbered), _AT_ONCE):
            some = numbered[start : start + _AT_ONCE]
            connection.exec_driver_sql(_to_sqlite(len(some)), tuple(chain.from_iterable(some)))
        return
    names = [each.name for each in _COLUMNS]
    records = [dict(zip(names, row, strict=True)) for row in numbered]
    connection.execute(_TO_POSTGRES, {"rows": _TO_JSON(records)})


def subject(finding: Finding) -> int:
    """Return 64 bits by which a finding is known again in another run.

    Of a record: its kind and its number, which follow one another in the index as the findings do in the run. Else a
    hash, below zero; of a million, two are alike once in 18 million runs.
    """
    if finding.record_id is not None and 0 <= finding.record_id < 1 << _RECORD_BITS:
        return _NUMBERS[finding.kind] << _RECORD_BITS | finding.record_id
    digest = blake2b(finding.subject.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) | -1 << 63


@lru_cache(maxsize=4)
def _to_sqlite(rows: int) -> str:
    names = ", ".join(each.name for each in _COLUMNS)
    one = f"({', '.join('?' * len(_COLUMNS))})"
    return f"INSERT INTO {AUDIT_FINDINGS.name} ({names}) VALUES {', '.join([one] * rows)}"  # noqa: S608 - names of ours


def _row(finding: Finding) -> Row:
    facts, suggestion, at = finding.facts, finding.suggestion, finding.facts.generated_at
    resolved, key = _held(finding.resolved), _held(finding.key)
    return (
        subject(finding),
        str(finding.kind),
        str(finding.severity),
        _plain(finding.code),
        _plain(finding.state),
        finding.record_id,
        _held(finding.stored),
        resolved,
        key,
        _TO_JSON(dict(finding.evidence)) if finding.evidence else "{}",
        None if suggestion is None else _TO_JSON(_read(suggestion)),
        _held(facts.patient_id),
        _held(facts.clinic_id),
        None if at is None else at.isoformat(timespec="microseconds"),
        _held(facts.creator),
        facts.is_mobile,
        _place(finding.resolved, resolved) if key is None else _place(finding.key, key),
    )


def _plain(name: StrEnum | None) -> str | None:  # the driver looks for an adapter of what is not quite a string
    return None if name is None else str(name)


def _held(string: str | None) -> str | None:
    return None if string is None else holdable(string)


def _place(key: str | None, held: str | None) -> str | None:
    return None if key is None or held == key else stretches.place(key).hex()


def _read(suggestion: Suggestion) -> Mapping[str, Any]:  # asdict() takes five times as long
    return {name: getattr(suggestion, name) for name in ("key", "evidence", "is_safe", "why", "flags")}
