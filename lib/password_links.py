"""Links that set a password: made once, used once, for a day. Only the SHA-256 of their token is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from lib.people import Person

LIFETIME = timedelta(hours=24)
PATH = "/set-password"


@dataclass(frozen=True, slots=True)
class PasswordLink:
    """A link for one person, as it is shown once."""

    token: str = field(repr=False)
    person: Person
    ends_at: datetime

    @property
    def path(self) -> str:
        """Where it leads on the dashboard's own address."""
        return f"{PATH}?token={self.token}"


class PasswordLinkStore(Protocol):
    """Keeps the hashes. Every method raises ``LedgerUnavailable``."""

    def put(self, token_hash: str, person_id: str, *, at: datetime, ends_at: datetime) -> None:
        """Commit a link; earlier ones of this person, and what ended long ago, are void."""
        ...

    def whose(self, token_hash: str, *, at: datetime) -> Person | None:
        """Return whose password an unused link sets, without using it; None for a disabled person's."""
        ...

    def use(self, token_hash: str, password_hash: str, *, at: datetime) -> Person | None:
        """Commit the link's use and the password in one transaction; of any number at once, one gets the person."""
        ...
