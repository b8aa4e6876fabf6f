"""How many links a role may make in an hour, counted from the trail: no second book that could disagree with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lib.access import LIMIT_SPAN, LINK_LIMITS, Actor
from lib.errors import LedgerUnavailable
from lib.refusals import RefusalCode, Refused
from lib.trail import Action, TrailEvent

if TYPE_CHECKING:
    from lib.services import Services


def refusal(actor: Actor, *, services: Services, before: TrailEvent | None = None) -> Refused | None:
    """Return why this actor may not make another link now, or None. Reads the ledger.

    Every link that was begun counts, also one that then did not open. Asked once more with the own intent as
    ``before``, when that is in the trail: of many requests at once no more than the limit go on.
    """
    per_hour = LINK_LIMITS[actor.role].per_hour
    since = services.clock() - LIMIT_SPAN
    try:
        made = services.trail.count_intents(actor, Action.LINK, since=since, before=before)
    except LedgerUnavailable as error:
        return Refused(RefusalCode.TRAIL_UNAVAILABLE, error.fault)
    return Refused(RefusalCode.LINKS_PER_HOUR, str(per_hour)) if made >= per_hour else None
