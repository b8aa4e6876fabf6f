"""The PDF of one record before it is shown or shared: authorised afresh, its key, whose it is, and its trail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from lib import keys
from lib.access import Actor, Scope
from lib.errors import LedgerUnavailable
from lib.objects import Doubt
from lib.records import Filters, KeyIs, Record
from lib.refusals import RefusalCode, Refused
from lib.spellings import misspellings
from lib.trail import Action, Subject, TrailEvent

if TYPE_CHECKING:
    from lib.services import Services

MAX_ROWS_OF_A_KEY = 1000
EVERY_VERSION = Filters(older_versions=True)

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Document:
    """A PDF row as it is now, and the key of its object: one patient's, by every row there is.

    The key is the one that the row resolves to, or where the right object was proven to be.
    """

    record: Record
    record_id: int
    key: str
    is_elsewhere: bool = False

    @property
    def subject(self) -> Subject:
        """What the trail holds about it."""
        return Subject(self.record_id, self.record.patient_id, self.record.clinic_id, self.key)


def reread(record: Record, scope: Scope, *, services: Services) -> Record | Refused:
    """Return the row as the database has it now, or NOT_VISIBLE. What the caller holds is never trusted.

    A row that meanwhile belongs to another patient or prescription is refused too: the person who asked
    had the former one on screen.
    """
    fresh: Record | None
    # Unmasked: the record stays behind the use case, and a reason is cleaned of the name that it really has.
    scope = replace(scope, is_masked=False)
    if record.record_id is None:
        fresh = next(iter(services.records.versions(record.prescription_id, scope=scope)), None)
    else:
        fresh = services.records.get(record.record_id, scope=scope)
    if fresh is None:
        return Refused(RefusalCode.NOT_VISIBLE)
    if (fresh.patient_id, fresh.prescription_id) != (record.patient_id, record.prescription_id):
        return Refused(RefusalCode.CHANGED)
    return fresh


def locate(record: Record, *, services: Services) -> Document | Refused:
    """Return the document of a fresh row, unless it has no PDF or its object is not one patient's alone."""
    if record.record_id is None:
        return Refused(RefusalCode.NO_PDF)
    key = keys.resolve(record.stored_key or "", location=services.rules.location)
    if not record.stored_key or keys.impossible(key):
        return Refused(RefusalCode.UNKNOWN, doubt=Doubt.IMPOSSIBLE_KEY)
    patients = {record.patient_id}
    # The answer must not depend on who asks: a row of a clinic that the actor cannot see counts too.
    for count, row in enumerate(rows_of_key(key, Scope(), services=services), start=1):
        patients.add(row.patient_id)
        if len(patients) > 1 or count > MAX_ROWS_OF_A_KEY:
            return Refused(RefusalCode.SEVERAL_PATIENTS)
    return Document(record, record.record_id, key)


def changed(document: Document, scope: Scope, *, services: Services) -> Refused | None:
    """Return why a document is no longer the one that was checked, or None. Asks the database again.

    Asking the bucket takes up to half a minute, in which a row can get another patient, key, version or state.
    """
    fresh = reread(document.record, scope, services=services)
    if isinstance(fresh, Refused):
        return fresh
    if fresh != document.record:
        return Refused(RefusalCode.CHANGED)
    if document.is_elsewhere:
        return (
            Refused(RefusalCode.SEVERAL_PATIENTS)
            if is_claimed(document.key, but=document.record, services=services)
            else None
        )
    located = locate(fresh, services=services)
    return located if isinstance(located, Refused) else None


def is_taken(key: str, *, but: int | None, services: Services) -> bool:
    """Whether another row than that of this number resolves to this key, whoever may see that row."""
    return any(row.record_id != but for row in rows_of_key(key, Scope(), services=services))


def is_claimed(key: str, *, but: Record, services: Services) -> bool:
    """Whether another row resolves to this key, or one of another patient means it in a wrong spelling."""
    location = services.rules.location
    term = KeyIs(tuple(dict.fromkeys((*_stored_as(key, location), *misspellings(key, services.rules)))))
    return any(
        row.record_id != but.record_id
        and (row.patient_id != but.patient_id or keys.resolve(row.stored_key or "", location=location) == key)
        for row in _rows(term, Scope(), services=services)
    )


def rows_of_key(key: str, scope: Scope, *, services: Services) -> Iterator[Record]:
    """Yield every row of the scope that resolves to an object key, newest first, whatever its spelling."""
    if stored := _stored_as(key, services.rules.location):
        yield from _rows(KeyIs(stored), scope, services=services)


def _stored_as(key: str, location: str) -> tuple[str, ...]:
    return tuple(
        stored
        for stored in dict.fromkeys((key, key.removeprefix(f"{location}/")))
        if stored and keys.resolve(stored, location=location) == key
    )


def _rows(term: KeyIs, scope: Scope, *, services: Services) -> Iterator[Record]:
    after = None
    while True:
        page = services.records.search(term, EVERY_VERSION, scope=scope, limit=100, after=after)
        yield from page.records
        after = page.after
        if after is None:
            return


def refuse(
    refused: Refused, actor: Actor, scope: Scope, action: Action, *, subject: Subject, services: Services
) -> Refused:
    """Write a refusal to the trail, where it can be written, and return it: it stands either way."""
    with suppress(LedgerUnavailable):
        services.trail.record(
            actor, scope, action, at=services.clock(), subject=subject, result=f"refused:{refused.code}"
        )
    return refused


def act(
    intent: TrailEvent, deed: Callable[[], Made | Refused], *, document: Document, scope: Scope, services: Services
) -> Made | Refused:
    """Return what the deed made of a document that is still the same, once its outcome is in the trail.

    An outcome that cannot be written refuses what was made. A deed that raises is written as
    ``failed:ERROR`` and its exception goes on.
    """
    result = "failed:ERROR"
    try:
        made = deed()
        if not isinstance(made, Refused):
            made = changed(document, scope, services=services) or made
        result = f"failed:{made.code}" if isinstance(made, Refused) else "ok"
    finally:
        is_written = _write_outcome(intent, result, services=services)
    return made if is_written or isinstance(made, Refused) else Refused(RefusalCode.TRAIL_UNAVAILABLE)


def _write_outcome(intent: TrailEvent, result: str, *, services: Services) -> bool:
    try:
        services.trail.outcome(intent, at=services.clock(), result=result)
    except LedgerUnavailable:
        return False
    return True
