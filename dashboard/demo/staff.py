"""Who can look around in the demo clinic: one person for each role, whom one click signs in. In the demo only."""

from __future__ import annotations

from datetime import datetime

from lib import accounts, sign_in
from lib.access import Actor, Role
from lib.accounts import Accounts, NewPerson
from lib.password_links import PasswordLink
from lib.people import NewRole, Person
from lib.sessions import Opened

DEMO = Actor("demo", Role.OPERATOR)
STAFF = (
    NewPerson("Asha", NewRole(Role.OWNER, None)),
    NewPerson("Bilal", NewRole(Role.CLINIC_ADMIN, frozenset({"CLN001"}))),
    NewPerson("Chitra", NewRole(Role.SUPPORT, None)),
    NewPerson("Dev", NewRole(Role.DEVELOPER, None)),
    NewPerson("Esha", NewRole(Role.AUDITOR, None)),
)


def hire(desk: Accounts, *, at: datetime) -> tuple[Person, ...]:
    """Add the staff to an empty ledger. Raises LedgerUnavailable."""
    made = [accounts.add(DEMO, desk, each, at=at) for each in STAFF]
    return tuple(link.person for link in made if isinstance(link, PasswordLink))


def enter(desk: Accounts, person_id: str, *, at: datetime, address: str) -> Opened | None:
    """Open a session without a password, written down like every other; None for who is disabled or nobody.

    Raises LedgerUnavailable.
    """
    account = desk.people.by_id(person_id)
    if account is None or not account.person.is_active:
        return None
    return sign_in.open_for(desk, account.person, address=address, at=at)
