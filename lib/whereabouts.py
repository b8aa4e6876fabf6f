"""Where the file of a record lies, for the roles that see keys or storage details."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lib import authority, keys
from lib.access import Actor, Permission, Scope
from lib.keys import Resolution
from lib.records import Record
from lib.trail import Subject

if TYPE_CHECKING:
    from lib.services import Services


@dataclass(frozen=True, slots=True)
class Place:
    """What a developer needs to look at the file with their own tools."""

    keys: Resolution
    bucket: str
    endpoint_url: str
    location: str


def keys_of(
    actor: Actor, scope: Scope, *, services: Services, records: Sequence[Record]
) -> tuple[Resolution | None, ...]:
    """Return stored, resolved and written key of each record; None where no PDF was made or the scope does not see it.

    Asks nobody; raises NotAllowed.
    """
    scope = authority.require(actor, scope, Permission.KEYS, services=services)
    return tuple(
        keys.describe(record.stored_key or "", services.rules)
        if record.has_pdf and scope.sees(record.clinic_id)
        else None
        for record in records
    )


def place_of(actor: Actor, scope: Scope, *, services: Services, record: Record) -> Place | None:
    """Return where the file of a record should lie; None where the scope does not see the record.

    Asks nobody; raises NotAllowed.
    """
    subject = Subject(record.record_id, record.patient_id, record.clinic_id)
    scope = authority.require(actor, scope, Permission.STORAGE_DETAILS, services=services, subject=subject)
    if not scope.sees(record.clinic_id):
        return None
    return Place(
        keys.describe(record.stored_key or "", services.rules),
        services.bucket,
        services.endpoint_url,
        services.rules.location,
    )
