"""Runs and findings as rows of the ledger, and back; and which clock a lease goes by."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from lib.audit_book import LEASE
from lib.audits import Exposure, Options, Phase, Progress, Range, Result, Run, Status
from lib.catalogue import Code, Severity
from lib.diagnosis import State
from lib.evidence import Evidence
from lib.findings import Facts, Finding, Kind, Suggestion
from lib.stores.ledger_tables import Instant

Clock = Callable[[], datetime]


def now(connection: Connection, clock: Clock | None) -> datetime:
    """Return the instant by the given clock, else the database's, which replicas share; SQLite's is the machine's."""
    if clock is not None:
        return clock()
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    return connection.execute(select(func.clock_timestamp(type_=Instant()))).scalar_one()


def is_alive(lease_at: datetime, at: datetime) -> bool:
    """Whether somebody works a run with this lease. One that lies ahead is of a clock that was set back."""
    return abs(at - lease_at) <= LEASE


def progress_text(progress: Progress) -> str:
    """Return how far a run is as JSON."""
    return json.dumps(asdict(progress))


def result_text(result: Result) -> str:
    """Return what a run came to as JSON."""
    return json.dumps(asdict(result))


def run_of(row: RowMapping, at: datetime) -> Run:
    """Return a run as it reads at an instant."""
    status, ended_at = Status(row["status"]), row["ended_at"]
    if status is Status.RUNNING and not is_alive(row["lease_at"], at):
        status, ended_at = Status.INTERRUPTED, row["lease_at"]
    progress = json.loads(row["progress"])
    return Run(
        run_id=row["run_id"],
        target=row["target"],
        options=Options(
            prefix=row["prefix"],
            grace=timedelta(seconds=row["grace_s"]),
            exposure=Exposure(row["exposure"]),
            ranges=row["ranges"],
        ),
        started_by=row["started_by"],
        started_at=row["started_at"],
        status=status,
        progress=Progress(**progress | {"phase": Phase(progress["phase"])}),
        fence=row["fence"],
        ended_at=ended_at,
        snapshot_at=row["snapshot_at"],
        is_cancelling=row["is_cancelling"] and status is Status.RUNNING,
        seconds=row["seconds"],
        result=None if row["result"] is None else _result(json.loads(row["result"])),
        resumed_by=row["resumed_by"],
        resumed_at=row["resumed_at"],
    )


def _result(read: Mapping[str, Any]) -> Result:
    return Result(
        status=Status(read["status"]),
        reason=read["reason"],
        kinds={Kind(kind): count for kind, count in read["kinds"].items()},
        causes={Code(code): count for code, count in read["causes"].items()},
        attention=read["attention"],
        states={State(state): count for state, count in read["states"].items()},
        listed_until=read["listed_until"],
        unlisted=tuple((start, end) for start, end in read["unlisted"]),
        strangers=read["strangers"],
        cut={Kind(kind): count for kind, count in read["cut"].items()},
    )


def range_row(run_id: int, of: Range) -> dict[str, Any]:
    """Return a range as a row."""
    until = None if of.until is None else of.until.hex()
    return {"run_id": run_id} | asdict(of) | {"after": of.after.hex(), "until": until}


def range_of(row: RowMapping) -> Range:
    """Return a range."""
    until = row["until"]
    return Range(
        number=row["number"],
        after=bytes.fromhex(row["after"]),
        until=None if until is None else bytes.fromhex(until),
        is_done=row["is_done"],
        rows=row["rows"],
        objects=row["objects"],
    )


def finding_of(row: RowMapping) -> Finding:
    """Return a finding."""
    return Finding(
        kind=Kind(row["kind"]),
        severity=Severity(row["severity"]),
        code=None if row["code"] is None else Code(row["code"]),
        record_id=row["record_id"],
        stored=row["stored"],
        resolved=row["resolved"],
        key=row["key"],
        evidence=json.loads(row["evidence"]),
        suggestion=None if row["suggestion"] is None else _suggestion(json.loads(row["suggestion"])),
        facts=Facts(row["patient_id"], row["clinic_id"], row["generated_at"], row["creator"], row["is_mobile"]),
    )


def _suggestion(read: Mapping[str, Any]) -> Suggestion:
    return Suggestion(
        key=read["key"],
        evidence=Evidence(read["evidence"]),
        is_safe=read["is_safe"],
        why=tuple(read["why"]),
        flags=tuple(read["flags"]),
    )
