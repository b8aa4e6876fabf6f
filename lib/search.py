"""The records that a typed or pasted text finds, and the opening of one. Each search and opening is in the trail."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lib import authority, keys, masking
from lib.access import Actor, Permission, Scope
from lib.errors import LedgerUnavailable
from lib.readings import MAX_TEXT, Kind, Reading, understand
from lib.records import Clinic, Cursor, Filters, MissingIndex, Page, Record, Total
from lib.trail import Action, Subject

if TYPE_CHECKING:
    from lib.services import Services

__all__ = [
    "MAX_TEXT",
    "Found",
    "Kind",
    "Reading",
    "clinics",
    "find",
    "open_prescription",
    "open_record",
    "total",
    "understand",
    "versions",
]


@dataclass(frozen=True, slots=True)
class Found:
    """One page, and what the text was taken for. ``trail_fault`` is set when the search could not be written down."""

    reading: Reading
    tried: tuple[Kind, ...]
    page: Page
    trail_fault: LedgerUnavailable | None = None


def find(
    actor: Actor,
    scope: Scope,
    *,
    services: Services,
    text: str,
    filters: Filters,
    limit: int = 25,
    after: Cursor | None = None,
) -> Found:
    """Understand the text, ask the first reading that finds anything, write the search to the trail.

    Raises NotAllowed and DatabaseUnavailable. A trail that cannot be written is told in the answer: finding a
    record shows no document, and previews and links are refused for as long.
    """
    scope = authority.require(actor, scope, Permission.FIND, services=services)
    readings = _offered(understand(text, rules=services.rules, phone_region=services.phone_region), scope)
    reading, tried, page = _first_that_finds(
        readings, scope, services=services, filters=filters, limit=limit, after=after
    )
    fault = None
    try:
        services.trail.record(
            actor,
            scope,
            Action.SEARCH,
            at=services.clock(),
            reason=_search_reason(reading, page, services=services, text=text, filters=filters),
        )
    except LedgerUnavailable as error:
        fault = error
    return Found(reading, tried, page, fault)


def total(actor: Actor, scope: Scope, *, services: Services, reading: Reading, filters: Filters) -> Total | None:
    """Count what a reading matches, within a short budget; None where that is not possible.

    Belongs to a search that is in the trail already. Raises NotAllowed and DatabaseUnavailable.
    """
    scope = authority.require(actor, scope, Permission.FIND, services=services)
    return None if reading.term is None else services.records.total(reading.term, filters, scope=scope)


def clinics(actor: Actor, scope: Scope, *, services: Services) -> Sequence[Clinic]:
    """Return the clinics to choose from, by name. Raises NotAllowed and DatabaseUnavailable."""
    scope = authority.require(actor, scope, Permission.FIND, services=services)
    return tuple(services.records.clinics(scope=scope))


def _offered(readings: Sequence[Reading], scope: Scope) -> Sequence[Reading]:
    """Return the readings that the scope may ask for, and HIDDEN at the end where it may not ask for all."""
    offered = [reading for reading in readings if reading.term is None or not masking.hides(scope, reading.term)]
    return offered if len(offered) == len(readings) else [*offered, Reading(Kind.HIDDEN, None)]


def _first_that_finds(
    readings: Sequence[Reading],
    scope: Scope,
    *,
    services: Services,
    filters: Filters,
    limit: int,
    after: Cursor | None,
) -> tuple[Reading, tuple[Kind, ...], Page]:
    tried: list[Kind] = []
    indexes: dict[MissingIndex, None] = {}  # a reading that found nothing may be what made the answer slow
    for reading in readings:
        if reading.term is None:
            continue
        tried.append(reading.kind)
        page = services.records.search(reading.term, filters, scope=scope, limit=limit, after=after)
        indexes |= dict.fromkeys(page.missing_indexes)
        # A later page that has become empty still belongs to the reading of the first page: falling through
        # would show other people's records under the same heading.
        if page.records or (
            after is not None and services.records.search(reading.term, filters, scope=scope, limit=1).records
        ):
            return reading, tuple(tried), replace(page, missing_indexes=tuple(indexes))
    # The most private reading stands for a text that found nothing, so that no phone number gets into an address.
    asked = [reading for reading in readings if reading.term is not None or reading.kind is Kind.HIDDEN]
    asked = asked or list(readings)
    reading = next((reading for reading in asked if not reading.is_id), asked[0])
    return reading, tuple(tried), Page((), None, tuple(indexes))


def _search_reason(reading: Reading, page: Page, *, services: Services, text: str, filters: Filters) -> str:
    """Return compact JSON for the trail: what kind of search, with which filters, what it showed; never the text."""
    narrowed = {
        "since": filters.since and filters.since.isoformat(),
        "before": filters.before and filters.before.isoformat(),
        "clinic_id": filters.clinic_id,
        "older_versions": filters.older_versions,
        "only_without_pdf": filters.only_without_pdf,
        "among": filters.among and len(filters.among),
    }
    return _compact(
        {
            "kind": reading.kind.value,
            "text_hmac": services.trail.keyed_hash(text.strip()) if text.strip() else None,
            "filters": {name: value for name, value in narrowed.items() if value},
            "record_ids": [row.record_id for row in page.records if row.record_id is not None],
            "without_pdf": [row.prescription_id for row in page.records if row.record_id is None],
        }
    )


def _compact(reason: dict[str, object]) -> str:
    return json.dumps(reason, separators=(",", ":"))


def open_record(actor: Actor, scope: Scope, *, services: Services, record_id: int) -> Record | None:
    """Re-read and re-authorise one record and write that it was opened; None where it is not visible.

    An attempt at a record that is not there or not visible is written too, as refused.
    Raises NotAllowed and DatabaseUnavailable.
    """
    subject = Subject(record_id=record_id)
    scope = authority.require(actor, scope, Permission.FIND, services=services, subject=subject)
    record = services.records.get(record_id, scope=scope)
    if record is None or not scope.sees(record.clinic_id):
        _write_opening(actor, scope, services=services, subject=subject, result="refused:NOT_VISIBLE")
        return None
    _write_opening(actor, scope, services=services, subject=_subject(record, services=services))
    return record


def open_prescription(actor: Actor, scope: Scope, *, services: Services, prescription_id: int) -> Sequence[Record]:
    """Re-read and re-authorise every version of one prescription, newest first, and write that they were shown.

    One record without PDF where none was made; nothing where the prescription is not visible.
    Raises NotAllowed and DatabaseUnavailable.
    """
    asked = _compact({"prescription_id": prescription_id})
    scope = authority.require(actor, scope, Permission.FIND, services=services, reason=asked)
    shown = _visible_versions(prescription_id, scope, services=services)
    record_ids = [record.record_id for record in shown if record.record_id is not None]
    reason = _compact({"prescription_id": prescription_id, "record_ids": record_ids})
    if not shown:
        _write_opening(actor, scope, services=services, subject=Subject(), reason=reason, result="refused:NOT_VISIBLE")
        return ()
    first = shown[0]
    subject = Subject(patient_id=first.patient_id, clinic_id=first.clinic_id)
    _write_opening(actor, scope, services=services, subject=subject, reason=reason)
    return shown


def versions(actor: Actor, scope: Scope, *, services: Services, record: Record) -> tuple[Record, ...]:
    """Return every version of the prescription of a record that was opened, newest first.

    They belong to the opening that is in the trail. Raises NotAllowed and DatabaseUnavailable.
    """
    scope = authority.require(
        actor, scope, Permission.FIND, services=services, subject=Subject(record_id=record.record_id)
    )
    return _visible_versions(record.prescription_id, scope, services=services)


def _visible_versions(prescription_id: int, scope: Scope, *, services: Services) -> tuple[Record, ...]:
    found = services.records.versions(prescription_id, scope=scope)
    return tuple(record for record in found if scope.sees(record.clinic_id))


def _subject(record: Record, *, services: Services) -> Subject:
    stored = record.stored_key
    return Subject(
        record_id=record.record_id,
        patient_id=record.patient_id,
        clinic_id=record.clinic_id,
        object_key=None if stored is None else keys.resolve(stored, location=services.rules.location),
    )


def _write_opening(
    actor: Actor,
    scope: Scope,
    *,
    services: Services,
    subject: Subject,
    reason: str | None = None,
    result: str = "ok",
) -> None:
    try:
        services.trail.record(
            actor, scope, Action.OPEN, at=services.clock(), subject=subject, reason=reason, result=result
        )
    except LedgerUnavailable:
        # On purpose: somebody at the desk must still see whose record it is. The page already says that activity
        # is not being written, and the document itself (preview, link) is refused without a trail.
        return
