"""Role × action × clinic × scope, at the use cases: what the permission table says happens, and nothing else does."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

import lib
from lib import (
    access,
    accounts,
    activity,
    audit_export,
    authority,
    explanation,
    insides,
    inspection,
    links,
    pasted,
    planning,
    previews,
    retention,
    search,
    several,
    strangers,
    whereabouts,
)
from lib.access import Actor, Permission, Role, Scope
from lib.accounts import NewPerson
from lib.errors import LedgerFault, LedgerUnavailable, NotAllowed
from lib.explanation import Explanation
from lib.exposure import Exposure, Samples
from lib.insides import Compared, Inside
from lib.links import LinkRequest, PresignedUrl
from lib.objects import Disposition
from lib.people import NewRole, Refusal
from lib.previews import Preview
from lib.records import Clinic, Filters, Record, RecordIs
from lib.search import Kind, Reading
from lib.services import Services
from lib.stores.memory.objects import MemoryObjects, StoredObject
from lib.stores.memory.records import MemoryRecords
from lib.trail import EVERYTHING, Action, Intact, Subject, TrailEvent
from tests.conftest import NOW
from tests.core import audit_acts
from tests.core.clinic import PDF, RECORD, Bench, bench
from tests.parts.accounts import MemoryBench, invited
from tests.parts.audited import Audited, missing

LOCATION = "edrcontainer1"
ROWS = tuple(
    replace(
        RECORD, record_id=number, prescription_id=number, patient_id=f"PAT00{number}", clinic_id=clinic_id,
        consultation_id=f"CON00{number}", stored_key=f"prescriptions/pdfs/CON00{number}/{number}.pdf",
        version=1, versions=1, latest_version=1,
    )
    for number, clinic_id in enumerate(("CLN1", "CLN2", None), start=1)
)  # fmt: skip
CLINICS = (Clinic("CLN1", "North"), Clinic("CLN2", "South"))
SCOPES = (Scope(), Scope(frozenset({"CLN1"})), Scope(frozenset({"CLN1", "CLN2"})), Scope(frozenset()))
ACTORS = (
    *(Actor(role.value, role) for role in Role),
    *(Actor("granted", Role.DEVELOPER, frozenset({each})) for each in access.GRANTABLE[Role.DEVELOPER]),
    *(Actor("forged", role, frozenset(Permission)) for role in Role),
)
REQUEST = LinkRequest(timedelta(minutes=1), Disposition.INLINE)
GITA = NewPerson("Gita", NewRole(Role.SUPPORT, None))

Act = Callable[[Actor, Scope, Bench, Record], bool]


def _find(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    answer = search.find(actor, scope, services=where.services, text=f"record {row.record_id}", filters=Filters())
    return bool(answer.page.records)


def _total(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    reading = Reading(Kind.RECORD, RecordIs(row.record_id or 0))
    counted = search.total(actor, scope, services=where.services, reading=reading, filters=Filters())
    return counted is not None and counted.count > 0


def _clinics(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    seen = search.clinics(actor, scope, services=where.services)
    return row.clinic_id in {each.clinic_id for each in seen}


def _open_record(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    return search.open_record(actor, scope, services=where.services, record_id=row.record_id or 0) is not None


def _open_prescription(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    return bool(search.open_prescription(actor, scope, services=where.services, prescription_id=row.prescription_id))


def _versions(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    return bool(search.versions(actor, scope, services=where.services, record=row))


def _keys_of(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    return whereabouts.keys_of(actor, scope, services=where.services, records=[row]) != (None,)


def _place_of(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    return whereabouts.place_of(actor, scope, services=where.services, record=row) is not None


def _matrix(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    return bool(explanation.matrix(actor, scope, services=where.services, row=row))


def _explain(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    found = explanation.explain(actor, scope, services=where.services, record=row)
    return isinstance(found, Explanation)


def _inspect(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    found = inspection.inspect(actor, scope, services=where.services, text=row.stored_key or "")
    assert found.alone is None or scope.clinics is None
    return bool(found.explanations)


def _several(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    one = pasted.read(row.stored_key or "", where.services.rules)
    (item,) = several.inspect(
        actor, scope, services=where.services, found=pasted.Pasted(pasted.Kind.MANY, items=(one,))
    )
    return item.inspection is not None and bool(item.inspection.explanations)


def _plan(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    lost = replace(row, stored_key=f"{row.stored_key}.gone")
    made = planning.plan(actor, scope, services=where.services, records=[lost])
    return bool(made.repoints or made.copies or made.left)


def _open_pdf(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    return isinstance(previews.open_pdf(actor, scope, services=where.services, record=row), Preview)


def _look(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    return isinstance(insides.look(actor, scope, services=where.services, record=row), Inside)


def _compare(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    return isinstance(insides.compare(actor, scope, services=where.services, record=row), Compared)


def _kept_versions(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    return isinstance(insides.versions(actor, scope, services=where.services, record=row), tuple)


def _exposure(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    return strangers.of_record(actor, scope, services=where.services, record=row) is Exposure.CLOSED


def _was_fetched(where: Bench, row: Record) -> bool:
    return any(verb == "fetch" and url.endswith(f"/{row.stored_key}") for verb, url in where.objects.calls)


def _sample(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    strangers.sample(actor, scope, services=where.services)
    return _was_fetched(where, row)


def _refresh(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    strangers.refresh(actor, scope, services=replace(where.services, exposure=Samples()))
    return _was_fetched(where, row)


def _last(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    services = replace(where.services, exposure=Samples())
    strangers.refresh(Actor("local", Role.OPERATOR), scope, services=services)
    was_fetched = _was_fetched(where, row)
    where.objects.calls.clear()
    return strangers.last(actor, scope, services=services) is not None and was_fetched


def _issue(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    return isinstance(links.issue(actor, scope, services=where.services, record=row, request=REQUEST), PresignedUrl)


def _issue_for_record(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    made = links.issue_for_record(actor, scope, services=where.services, record_id=row.record_id or 0, request=REQUEST)
    return isinstance(made, PresignedUrl)


def _issue_for_key(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    key = f"{LOCATION}/{row.stored_key}"
    return isinstance(
        links.issue_for_key(actor, scope, services=where.services, key=key, request=REQUEST), PresignedUrl
    )


def _export(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    _seen(where, row)
    taken = activity.export(actor, scope, trail=where.services.trail, clock=lambda: NOW, chosen=EVERYTHING)
    return row.record_id in {event.record_id for event in taken}


def _checked(where: Bench, row: Record) -> Services:
    """Return services with a check of all files that found a record missing."""
    book = Audited(where.services)
    book.check([missing(row.record_id or 0, clinic_id=row.clinic_id)], at=NOW)
    return book.services


def _audit_export(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    taken = audit_export.export(actor, scope, services=_checked(where, row), run_id=1, form=audit_export.Form.CSV)
    return row.record_id in {each.record_id for each in taken}


def _audit_report(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    made = audit_export.report(actor, scope, services=_checked(where, row), run_id=1)
    return row.record_id in {each.record_id for each in made.findings}


def _seen(where: Bench, row: Record) -> None:
    seen = Subject(row.record_id, row.patient_id, row.clinic_id)
    with suppress(LedgerUnavailable):
        where.services.trail.record(Actor("somebody", Role.OPERATOR), Scope(), Action.OPEN, at=NOW, subject=seen)


def _read(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    _seen(where, row)
    page = activity.read(
        actor, scope, trail=where.services.trail, clock=lambda: NOW, chosen=EVERYTHING, limit=5, before=9
    )
    return row.record_id in {event.record_id for event in page.events}


def _check(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    _seen(where, row)
    checked = activity.check(actor, scope, trail=where.services.trail, clock=lambda: NOW, walked=lambda _: None)
    return isinstance(checked, Intact)


def _prune(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
    pruned = retention.prune(actor, scope, trail=where.services.trail, clock=lambda: NOW, before=NOW)
    return isinstance(pruned, TrailEvent)


def _on_accounts(do: Callable[..., object], *, has_person: bool = True, more: tuple[object, ...] = ()) -> Act:
    def act(actor: Actor, scope: Scope, where: Bench, row: Record) -> bool:
        desk = replace(MemoryBench().accounts, trail=where.services.trail)
        fault, where.trail.fault = where.trail.fault, None
        farid = invited(desk, "Farid", Role.SUPPORT).person
        where.trail.fault = fault
        about = ((farid.name if do is accounts.named else farid.person_id,) if has_person else ()) + more
        return not isinstance(do(actor, desk, *about, at=NOW, scope=scope), Refusal)

    return act


ACTIONS: dict[str, tuple[Permission, Act]] = {
    "search.find": (Permission.FIND, _find),
    "search.total": (Permission.FIND, _total),
    "search.clinics": (Permission.FIND, _clinics),
    "search.open_record": (Permission.FIND, _open_record),
    "search.open_prescription": (Permission.FIND, _open_prescription),
    "search.versions": (Permission.FIND, _versions),
    "whereabouts.keys_of": (Permission.KEYS, _keys_of),
    "whereabouts.place_of": (Permission.STORAGE_DETAILS, _place_of),
    "explanation.matrix": (Permission.KEYS, _matrix),
    "explanation.explain": (Permission.FIND, _explain),
    "inspection.inspect": (Permission.EXPLAIN, _inspect),
    "several.inspect": (Permission.EXPLAIN, _several),
    "planning.plan": (Permission.KEYS, _plan),
    "previews.open_pdf": (Permission.PREVIEW, _open_pdf),
    "insides.look": (Permission.FIND, _look),
    "insides.compare": (Permission.STORAGE_DETAILS, _compare),
    "insides.versions": (Permission.STORAGE_DETAILS, _kept_versions),
    "strangers.of_record": (Permission.FIND, _exposure),
    "strangers.sample": (Permission.STORAGE_DETAILS, _sample),
    "strangers.refresh": (Permission.STORAGE_DETAILS, _refresh),
    "strangers.last": (Permission.STORAGE_DETAILS, _last),
    "links.issue": (Permission.LINK, _issue),
    "links.issue_for_record": (Permission.LINK, _issue_for_record),
    "links.issue_for_key": (Permission.LINK, _issue_for_key),
    "activity.read": (Permission.ACTIVITY, _read),
    "activity.check": (Permission.ACTIVITY, _check),
    "activity.export": (Permission.ACTIVITY, _export),
    "audit_export.export": (Permission.AUDIT, _audit_export),
    "audit_export.report": (Permission.AUDIT, _audit_report),
    "retention.prune": (Permission.RETENTION, _prune),
    "accounts.everybody": (Permission.PEOPLE, _on_accounts(accounts.everybody, has_person=False)),
    "accounts.named": (Permission.PEOPLE, _on_accounts(accounts.named)),
    "accounts.add": (Permission.PEOPLE, _on_accounts(accounts.add, has_person=False, more=(GITA,))),
    "accounts.set_role": (Permission.PEOPLE, _on_accounts(accounts.set_role, more=(NewRole(Role.AUDITOR, None),))),
    "accounts.disable": (Permission.PEOPLE, _on_accounts(accounts.disable)),
    "accounts.enable": (Permission.PEOPLE, _on_accounts(accounts.enable)),
    "accounts.reset": (Permission.PEOPLE, _on_accounts(accounts.reset)),
    **audit_acts.ACTS,
}
OF_NO_CLINIC = {
    "activity.check",
    "retention.prune",
    *(name for name in ACTIONS if name.startswith("accounts.")),
    *audit_acts.OF_NO_CLINIC,
}
NO_USE_CASE = {
    "access.narrowed",
    "accounts.written",
    "audit_office.require",
    "auditing.ended",  # the process that worked a run
    "authority.ask",
    "authority.require",
    "documents.refuse",
    "elsewhere.act",
}  # what use cases are made of


def clinic() -> Bench:
    stored = {f"{LOCATION}/{row.stored_key}": StoredObject(PDF) for row in ROWS}
    return bench(records=MemoryRecords(ROWS, CLINICS), objects=MemoryObjects(stored, clock=lambda: NOW))


def use_cases() -> set[str]:
    """Every public function of lib that is told who acts and whose records they see."""
    names = [each.name for each in pkgutil.iter_modules(lib.__path__) if not each.ispkg]
    return {
        f"{name}.{function.__name__}"
        for name in names
        for function in vars(importlib.import_module(f"lib.{name}")).values()
        if inspect.isfunction(function)
        and function.__module__ == f"lib.{name}"
        and not function.__name__.startswith("_")
        and {"actor", "scope"} <= set(inspect.signature(function).parameters)
    }


def test_every_use_case_stands_in_the_matrix() -> None:
    assert use_cases() - NO_USE_CASE == set(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS)
def test_every_role_gets_what_its_permissions_and_clinics_say_and_nothing_else(action: str) -> None:
    permission, act = ACTIONS[action]
    allowed, denied = [], []
    for actor, scope, row in product(ACTORS, SCOPES, ROWS):
        where, case = clinic(), f"{actor} {scope} clinic {row.clinic_id}"
        may = access.may(actor, permission)
        if action in audit_acts.OF_ALL_CLINICS:
            may = may and access.narrowed(actor, scope).clinics is None
        sees = action in OF_NO_CLINIC or access.narrowed(actor, scope).sees(row.clinic_id)
        sees = sees and not (action == "search.clinics" and not row.clinic_id)
        try:
            served = act(actor, scope, where, row)
        except NotAllowed:
            assert not may, case
            denial = where.trail.rows[-1]
            assert (denial.action, denial.result) == ("denied", f"refused:{permission}"), case
            assert (denial.actor, denial.role, denial.scope) == (actor.name, actor.role, str(scope)), case
            assert where.objects.calls == [], case
            served = False
        if served and not (may and sees):
            allowed.append(case)
        if not served and may and sees:
            denied.append(case)
    assert (allowed, denied) == ([], [])


@pytest.mark.parametrize("action", ACTIONS)
def test_a_denial_stands_where_the_trail_cannot_be_written(action: str) -> None:
    permission, act = ACTIONS[action]
    where = clinic()
    where.trail.fault = LedgerUnavailable(LedgerFault.FULL)
    nobody = next(actor for actor in ACTORS if not access.may(actor, permission))
    with pytest.raises(NotAllowed):
        act(nobody, Scope(), where, ROWS[0])


def test_a_role_that_loses_a_permission_between_two_calls_loses_it_at_the_next() -> None:
    where, owner = clinic(), Actor("asha", Role.OWNER)
    assert _issue(owner, Scope(), where, ROWS[0])
    with pytest.raises(NotAllowed):
        _issue(replace(owner, role=Role.AUDITOR), Scope(), where, ROWS[0])
    assert not _open_record(replace(owner, role=Role.CLINIC_ADMIN), Scope(frozenset({"CLN2"})), where, ROWS[0])


def test_a_filter_for_a_clinic_opens_no_clinic_that_the_scope_does_not_see() -> None:
    bilal, services = Actor("bilal", Role.CLINIC_ADMIN), clinic().services
    for clinic_id, count in (("CLN1", 1), ("CLN2", 0), ("", 0)):
        filters = Filters(clinic_id=clinic_id)
        answer = search.find(bilal, Scope(frozenset({"CLN1"})), services=services, text="", filters=filters)
        counted = search.total(
            bilal, Scope(frozenset({"CLN1"})), services=services, reading=answer.reading, filters=filters
        )
        assert counted is not None
        assert (len(answer.page.records), counted.count) == (count, count)


def test_what_a_use_case_may_see_is_never_more_than_its_actor_and_its_scope_together() -> None:
    bilal, dev = Actor("bilal", Role.CLINIC_ADMIN), Actor("dev", Role.DEVELOPER)
    services = clinic().services
    assert authority.require(bilal, Scope(), Permission.FIND, services=services) == Scope(frozenset())
    assert authority.require(dev, Scope(), Permission.FIND, services=services) == Scope(is_masked=True)
