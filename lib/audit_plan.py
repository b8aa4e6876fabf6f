"""The records of a cause that a run found, read for a mend plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lib import audit_reading, authority, planning
from lib.access import Actor, Permission, Scope
from lib.audit_book import BATCH
from lib.kept_findings import Chosen
from lib.records import Record

if TYPE_CHECKING:
    from lib.services import Services


def rows(actor: Actor, scope: Scope, *, services: Services, run_id: int, chosen: Chosen) -> tuple[Record, ...]:
    """Return the visible records of these findings as they are now, planning.MAX_RECORDS at most.

    Raises NotAllowed, DatabaseUnavailable and LedgerUnavailable.
    """
    scope = authority.require(actor, scope, Permission.KEYS, services=services)
    numbers: dict[int, None] = {}
    for number in _numbers(actor, scope, services=services, run_id=run_id, chosen=chosen):
        numbers.setdefault(number)
        if len(numbers) == planning.MAX_RECORDS:
            break
    found = (services.records.get(number, scope=scope) for number in numbers)
    return tuple(each for each in found if each is not None)


def _numbers(actor: Actor, scope: Scope, *, services: Services, run_id: int, chosen: Chosen) -> Iterator[int]:
    after = 0
    while page := audit_reading.findings(
        actor, scope, services=services, run_id=run_id, chosen=chosen, limit=BATCH, after=after
    ):
        yield from (each.record_id for _, each in page if each.record_id is not None)
        after = page[-1][0]
