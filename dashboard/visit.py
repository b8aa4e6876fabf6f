"""One rerun of one person: who acts, whose records they see, and what they work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lib import access
from lib.access import Actor, Permission, Scope
from lib.accounts import Accounts
from lib.services import Services
from lib.sessions import Live

Who = Callable[[], tuple[Actor, Scope]]


class SignedOut(Exception):
    """The session of this visit is open no more: signed out, idle, disabled, with another role or password, or locked."""

    def __init__(self, *, is_locked: bool = False) -> None:
        super().__init__("locked" if is_locked else "ended")
        self.is_locked = is_locked


@dataclass(frozen=True, slots=True)
class Visit:
    """What a page needs. A page that cannot run without a Visit cannot skip the role check.

    ``who`` and ``session`` are asked at every use: a callback, a fragment and a download keep the visit of the run that
    drew them, and the session may have ended since. They and the properties made of them raise SignedOut then.
    """

    who: Who
    session: Callable[[], Live]
    services: Services
    accounts: Accounts
    examples: tuple[tuple[str, str], ...] = ()  # searches worth trying: label, text
    puzzles: tuple[tuple[str, str], ...] = ()  # texts worth explaining: label, text
    public_url: str = ""  # where people reach the dashboard, if that is set

    def may(self, permission: Permission) -> bool:
        """Whether to draw what needs this permission. The use case behind it asks again."""
        return access.may(self.actor, permission)

    @property
    def actor(self) -> Actor:
        """Who acts, as they are now."""
        return self.who()[0]

    @property
    def scope(self) -> Scope:
        """Whose records they see, as it is now."""
        return self.who()[1]

    @property
    def now(self) -> datetime:
        """The instant, aware UTC."""
        return self.services.clock()
