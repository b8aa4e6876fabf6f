"""What every use case asks first: may this person do this, and whose records do they see? A refusal is in the trail."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from lib import access
from lib.access import Actor, Permission, Scope
from lib.errors import LedgerUnavailable, NotAllowed
from lib.trail import NOBODY, Action, Subject, Trail

if TYPE_CHECKING:
    from lib.services import Services


def require(
    actor: Actor,
    scope: Scope,
    permission: Permission,
    *,
    services: Services,
    subject: Subject = NOBODY,
    reason: str | None = None,
) -> Scope:
    """Return the scope as this actor sees it; a use case works with nothing else. Raises NotAllowed."""
    return ask(actor, scope, permission, trail=services.trail, clock=services.clock, subject=subject, reason=reason)


def ask(
    actor: Actor,
    scope: Scope,
    permission: Permission,
    *,
    trail: Trail,
    clock: Callable[[], datetime],
    subject: Subject = NOBODY,
    reason: str | None = None,
) -> Scope:
    """Do the same where there are no services but the trail.

    Raises NotAllowed, once the attempt is in the trail as an event of its own, ``denied`` and
    ``refused:PERMISSION``. It stands also where the trail cannot be written.
    """
    try:
        access.require(actor, permission)
    except NotAllowed:
        with suppress(LedgerUnavailable):
            trail.record(
                actor, scope, Action.DENIED, at=clock(), subject=subject, reason=reason, result=f"refused:{permission}"
            )
        raise
    return access.narrowed(actor, scope)
