"""The use cases of "Check all files" for the matrix of roles: each tried on a check that found one record missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from lib import audit_pages, audit_plan, audit_reading, auditing
from lib.access import Actor, Permission, Scope
from lib.audit_pages import Place
from lib.audits import Options, Status
from lib.diagnosis import State
from lib.findings import Kind
from lib.kept_findings import Chosen
from lib.records import Record
from lib.services import Services
from lib.stores.memory.pictures import MemoryPictures
from tests.conftest import NOW
from tests.core.clinic import Bench
from tests.parts.audited import TARGET, Audited, missing

Act = Callable[[Actor, Scope, Bench, Record], bool]
FOUND, CANCELLED = 2, 3  # run 1 found nothing


def _checked(where: Bench, row: Record) -> tuple[Audited, Services]:
    """Return a book with three runs, and services with it: one of nothing, one that found a record missing, a cancelled one."""
    book = Audited(where.services)
    book.check([], at=NOW - timedelta(hours=2))
    book.check([missing(row.record_id or 0, clinic_id=row.clinic_id)], at=NOW - timedelta(hours=1))
    book.check([], at=NOW, status=Status.CANCELLED)
    return book, replace(book.services, audits=replace(book.desk, pictures=MemoryPictures(book.audits)))


def _read(do: Callable[..., object], **about: object) -> Act:
    def act(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
        return bool(do(actor, scope, services=_checked(where, row)[1], **about))

    return act


def _verdict(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    found = audit_reading.verdict(actor, scope, services=_checked(where, row)[1])
    return found is not None and bool(found.states)


def _since(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    return bool(audit_reading.since(actor, scope, services=_checked(where, row)[1], run_id=FOUND).groups)


def _past(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    return bool(audit_reading.past(actor, scope, services=_checked(where, row)[1], run_id=FOUND, before=None).earlier)


def _cancel(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    book, services = _checked(where, row)
    run = book.audits.begin(TARGET, Options(), by="asha", at=NOW)
    auditing.cancel(actor, scope, services=services, run_id=run.run_id)
    now = book.audits.run(run.run_id)
    return now is not None and now.is_cancelling


def _right_files(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    book, services = _checked(where, row)
    lone = missing(0, clinic_id=row.clinic_id, kind=Kind.UNREFERENCED_OBJECT, evidence={"right_of_record": 1})
    run = book.check([lone], at=NOW)
    return bool(audit_reading.right_files(actor, scope, services=services, run_id=run.run_id))


ACTS: dict[str, tuple[Permission, Act]] = {
    "auditing.start": (Permission.AUDIT, _read(auditing.start, options=Options())),
    "auditing.begin": (Permission.AUDIT, _read(auditing.begin, options=Options())),
    "auditing.resume": (Permission.AUDIT, _read(auditing.resume, run_id=CANCELLED)),
    "auditing.cancel": (Permission.AUDIT, _cancel),
    "audit_reading.run": (Permission.AUDIT, _read(audit_reading.run, run_id=FOUND)),
    "audit_reading.runs": (Permission.AUDIT, _read(audit_reading.runs)),
    "audit_reading.since": (Permission.AUDIT, _since),
    "audit_reading.past": (Permission.AUDIT, _past),
    "audit_reading.verdict": (Permission.FIND, _verdict),
    "audit_reading.records_in": (Permission.FIND, _read(audit_reading.records_in, run_id=FOUND, state=State.MISSING)),
    "audit_reading.states": (Permission.AUDIT, _read(audit_reading.states, run_id=FOUND)),
    "audit_reading.findings": (Permission.AUDIT, _read(audit_reading.findings, run_id=FOUND, chosen=Chosen(), limit=5)),
    "audit_reading.groups": (Permission.AUDIT, _read(audit_reading.groups, run_id=FOUND)),
    "audit_reading.tallies": (Permission.AUDIT, _read(audit_reading.tallies, run_id=FOUND)),
    "audit_reading.months": (Permission.AUDIT, _read(audit_reading.months, run_id=FOUND)),
    "audit_reading.flows": (Permission.KEYS, _read(audit_reading.flows, run_id=FOUND)),
    "audit_reading.right_files": (Permission.AUDIT, _right_files),
    "audit_reading.difference": (Permission.AUDIT, _read(audit_reading.difference, first=1, second=FOUND, limit=5)),
    "audit_pages.page": (
        Permission.AUDIT,
        _read(audit_pages.page, run_id=FOUND, chosen=Chosen(), limit=5, after=Place()),
    ),
    "audit_plan.rows": (Permission.KEYS, _read(audit_plan.rows, run_id=FOUND, chosen=Chosen())),
}
OF_ALL_CLINICS = {  # a run is of all files
    *(f"auditing.{each}" for each in ("start", "begin", "resume", "cancel")),
    "audit_reading.past",
}
OF_NO_CLINIC = OF_ALL_CLINICS | {f"audit_reading.{each}" for each in ("run", "runs")}
