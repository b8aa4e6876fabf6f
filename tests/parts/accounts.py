"""Accounts on any ledger, with argon2 at its cheapest, and named people in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from lib.access import Actor, Role
from lib.accounts import Accounts, NewPerson, add
from lib.password_links import PasswordLink
from lib.passwords import Cost, Hasher
from lib.people import NewRole, Person
from lib.sessions import Lifetimes, Opened, Sessions
from lib.sign_in import Attempt, Denied, SignedIn, set_password, sign_in
from lib.stores import ledger_db, ledger_engine
from lib.stores.ledger_people import LedgerPasswordLinks, LedgerPeople
from lib.stores.ledger_sessions import LedgerSessions, LedgerThrottle
from lib.stores.memory.people import MemoryPasswordLinks, MemoryPeople, MemorySessions, MemoryThrottle
from lib.stores.memory.trail import MemoryTrail
from lib.throttle import Throttle
from lib.trail import Trail
from tests.conftest import NOW

CHEAP = Cost(rounds=1, memory_kib=8, lanes=1)
PASSWORD = "four words nobody guesses"
OPERATOR = Actor("cli:asha", Role.OPERATOR)
HOME = "203.0.113.9"
LIFETIMES = Lifetimes(idle=timedelta(hours=1), absolute=timedelta(hours=12), lock=timedelta(hours=1))


@dataclass
class MemoryBench:
    """Accounts in memory, and the parts behind them, to be looked into."""

    people: MemoryPeople = field(default_factory=MemoryPeople)
    trail: MemoryTrail = field(default_factory=MemoryTrail)
    throttle: MemoryThrottle = field(default_factory=MemoryThrottle)
    cost: Cost = CHEAP
    lifetimes: Lifetimes = LIFETIMES

    def __post_init__(self) -> None:
        self.accounts = Accounts(
            people=self.people,
            sessions=Sessions(MemorySessions(self.people), lifetimes=self.lifetimes),
            links=MemoryPasswordLinks(self.people),
            throttle=Throttle(self.throttle, secret=b"secret"),
            hasher=Hasher(self.cost),
            trail=Trail(self.trail, key_secret=b"secret"),
        )


def on_ledger(url: str, *, lifetimes: Lifetimes = LIFETIMES) -> Accounts:
    """Return the accounts of a ledger that is migrated."""
    engine = ledger_engine.make(url)
    return Accounts(
        people=LedgerPeople(engine),
        sessions=Sessions(LedgerSessions(engine), lifetimes=lifetimes),
        links=LedgerPasswordLinks(engine),
        throttle=Throttle(LedgerThrottle(engine), secret=b"secret"),
        hasher=Hasher(CHEAP),
        trail=Trail(ledger_db.connect(url), key_secret=b"secret"),
    )


def invited(
    accounts: Accounts, name: str = "Asha", role: Role = Role.OWNER, clinics: frozenset[str] | None = None
) -> PasswordLink:
    """Add somebody who has not set a password."""
    made = add(OPERATOR, accounts, NewPerson(name, NewRole(role, clinics)), at=NOW)
    assert isinstance(made, PasswordLink), made
    return made


def added(
    accounts: Accounts, name: str = "Asha", role: Role = Role.OWNER, clinics: frozenset[str] | None = None
) -> Person:
    """Add somebody whose password is ``PASSWORD``."""
    link = invited(accounts, name, role, clinics)
    person = set_password(accounts, link.token, PASSWORD, address=HOME, at=NOW)
    assert isinstance(person, Person), person
    return person


def tried(
    accounts: Accounts,
    name: str = "Asha",
    password: str = PASSWORD,
    *,
    address: str = HOME,
    device: str | None = None,
    after: timedelta = timedelta(),
) -> SignedIn | Denied:
    """Try to sign in, so long after NOW."""
    return sign_in(accounts, Attempt(name, password, address, device), at=NOW + after)


def signed_in(accounts: Accounts, name: str = "Asha", *, after: timedelta = timedelta()) -> Opened:
    """Sign in with ``PASSWORD``."""
    done = tried(accounts, name, after=after)
    assert isinstance(done, SignedIn), done
    return done.opened
