"""Several links or keys pasted at once: each is taken apart, and the first few are looked up and explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lib import authority, inspection
from lib.access import Actor, Permission, Scope
from lib.autopsy import Autopsy
from lib.inspection import Inspection
from lib.pasted import Pasted

if TYPE_CHECKING:
    from lib.services import Services

FEW = 3  # that are looked up; each may cost as many requests as one that is pasted alone


@dataclass(frozen=True, slots=True)
class Item:
    """One of them. ``inspection`` is None for those that nobody was asked about."""

    pasted: Pasted
    autopsy: Autopsy | None
    inspection: Inspection | None = None


def inspect(actor: Actor, scope: Scope, *, services: Services, found: Pasted) -> tuple[Item, ...]:
    """Return what each of many is, in their order. Every one that is looked up is a search of its own in the trail.

    Raises NotAllowed and DatabaseUnavailable.
    """
    authority.require(actor, scope, Permission.EXPLAIN, services=services)
    items = []
    for number, each in enumerate(found.items):
        if number < FEW:
            looked_up = inspection.inspect(actor, scope, services=services, text=each.raw)
            items.append(Item(looked_up.pasted, looked_up.autopsy, looked_up))
        else:
            items.append(Item(each, inspection.taken_apart(each, services=services)))
    return tuple(items)
