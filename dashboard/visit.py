"""One rerun of one person: who acts, whose records they see, and what they work with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lib import access
from lib.access import Actor, Permission, Scope
from lib.services import Services


@dataclass(frozen=True, slots=True)
class Visit:
    """What a page needs. A page that cannot run without a Visit cannot skip the role check."""

    actor: Actor
    scope: Scope
    services: Services
    examples: tuple[tuple[str, str], ...] = ()  # searches worth trying: label, text

    def may(self, permission: Permission) -> bool:
        """Whether to draw what needs this permission. The use case behind it asks again."""
        return access.may(self.actor, permission)

    @property
    def now(self) -> datetime:
        """The instant, aware UTC."""
        return self.services.clock()
