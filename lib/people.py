"""Who has an account: the types, the rules that need no clock and no store, and the port that keeps them.

A person is known to the trail by name, so a name is never given twice and no account is ever deleted.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from lib.access import BOUND_TO_CLINICS, GRANTABLE, Actor, Permission, Role, Scope

NAME_MAX = 100  # characters
CLINIC_MAX = 100
CLINICS_MAX = 100
RESERVED = {"local", "unknown"}  # actors of the trail that are nobody's account
ROLES = (Role.OWNER, Role.CLINIC_ADMIN, Role.SUPPORT, Role.DEVELOPER, Role.AUDITOR)  # what a person can be
_NAME_SIGNS = " .-_@+'’"


class PasswordState(StrEnum):
    """Whether somebody can sign in with a password."""

    NONE = "none"  # none was ever set; a link sets it
    SET = "set"
    ELSEWHERE = "elsewhere"  # who signs in through an identity provider has none here, ever


class Refusal(StrEnum):
    """Why an account was not added or not changed."""

    NAME_NOT_ALLOWED = "name_not_allowed"
    NAME_TAKEN = "name_taken"
    NO_SUCH_PERSON = "no_such_person"
    LAST_OWNER = "last_owner"
    NOT_A_ROLE = "not_a_role"
    CLINICS_NOT_ALLOWED = "clinics_not_allowed"
    NOT_GRANTABLE = "not_grantable"
    DISABLED = "disabled"
    FROM_PROVIDER = "from_provider"  # their role and how they sign in are kept there


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is to an identity provider. Of two issuers the same subject is two people."""

    issuer: str
    subject: str = field(repr=False)  # some providers take the mail address


@dataclass(frozen=True, slots=True)
class Person:
    """One account. ``clinics`` is None for all clinics, rows without a clinic included; ``granted`` goes beyond the role.

    ``generation`` counts the changes of role, clinics, password and activity; a session remembers the one it
    began in and is dead under any other.
    """

    person_id: str
    name: str
    role: Role
    clinics: frozenset[str] | None
    granted: frozenset[Permission]
    is_active: bool
    password: PasswordState
    generation: int
    created_at: datetime
    changed_at: datetime
    identity: Identity | None = None  # of who signs in through a provider

    @property
    def actor(self) -> Actor:
        """Who acts, as the trail names them."""
        return Actor(self.name, self.role, self.granted)

    @property
    def scope(self) -> Scope:
        """Whose records they see."""
        return Scope(self.clinics)


@dataclass(frozen=True, slots=True)
class Account:
    """A person and the hash of their password, for whoever compares it."""

    person: Person
    password_hash: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewRole:
    """Another role, with the clinics and the further permissions that go with it."""

    role: Role
    clinics: frozenset[str] | None
    granted: frozenset[Permission] = frozenset()


@dataclass(frozen=True, slots=True)
class Activity:
    """Switched on or off."""

    is_active: bool


@dataclass(frozen=True, slots=True)
class NewPassword:
    """Another password; links that were made to set one are void."""

    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rehash:
    """The same password hashed with newer parameters. Nothing happens where it is not the same any more."""

    password_hash: str = field(repr=False)
    instead_of: str = field(repr=False)


Change = NewRole | Activity | NewPassword | Rehash


class PeopleStore(Protocol):
    """Keeps accounts. Every method raises ``LedgerUnavailable``."""

    def add(self, person: Person) -> bool:
        """Commit a new account without a password; False when somebody has that name (by ``name_key``) or identity."""
        ...

    def everybody(self) -> tuple[Person, ...]:
        """Return all accounts, the oldest first."""
        ...

    def by_id(self, person_id: str) -> Account | None:
        """Return one account."""
        ...

    def by_name(self, name: str) -> Account | None:
        """Return the account whose name has the same ``name_key``."""
        ...

    def change(self, person_id: str, change: Change, *, at: datetime) -> Person | Refusal:
        """Commit ``changed(…)`` of everybody, alone: of two owners who demote each other, one stays."""
        ...


def name_key(name: str) -> str:
    """Return what is compared of a name: how it is written, not how it was typed.

    >>> name_key(" Ａsha  STRASSE ") == name_key("asha straße")
    True
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())


def read_name(name: str) -> str | None:
    """Return the name as it is kept, or None for one that nobody may have.

    Letters, marks, digits, spaces and ``.-_@+'’`` only, so that no name can pass for another actor of the trail
    (``cli:asha``), carry a link, or turn the line around.

    >>> read_name("  Asha   Demo-Lotus ")
    'Asha Demo-Lotus'
    >>> [read_name(name) for name in ("", "cli:asha", "a<b>", "Local", "x" * 101)]
    [None, None, None, None, None]
    """
    if len(name) > NAME_MAX:
        return None
    kept = " ".join(unicodedata.normalize("NFKC", name).split())
    is_fine = all(sign in _NAME_SIGNS or unicodedata.category(sign)[0] in "LMN" for sign in kept)
    has_letter = any(unicodedata.category(sign)[0] == "L" for sign in kept)
    return kept if is_fine and has_letter and len(kept) <= NAME_MAX and name_key(kept) not in RESERVED else None


def fits(wanted: NewRole) -> Refusal | None:
    """Return why nobody can have this role in these clinics, or None. Clinics are a few printable ids, or all.

    >>> fits(NewRole(Role.SUPPORT, None)), fits(NewRole(Role.CLINIC_ADMIN, frozenset({"CLN001"})))
    (None, None)
    >>> str(fits(NewRole(Role.CLINIC_ADMIN, None))), str(fits(NewRole(Role.OWNER, frozenset({"CLN001"}))))
    ('clinics_not_allowed', 'clinics_not_allowed')
    """
    if wanted.role not in ROLES:
        return Refusal.NOT_A_ROLE
    if not wanted.granted <= GRANTABLE.get(wanted.role, frozenset()):
        return Refusal.NOT_GRANTABLE
    if wanted.clinics is None:
        return Refusal.CLINICS_NOT_ALLOWED if wanted.role in BOUND_TO_CLINICS else None
    are_ids = 0 < len(wanted.clinics) <= CLINICS_MAX and all(_is_clinic(each) for each in wanted.clinics)
    return None if are_ids and wanted.role is not Role.OWNER else Refusal.CLINICS_NOT_ALLOWED


def _is_clinic(text: str) -> bool:
    return 0 < len(text) <= CLINIC_MAX and text.isprintable() and text == text.strip() and "," not in text


def changed(everybody: tuple[Person, ...], person_id: str, change: Change, *, at: datetime) -> Person | Refusal:
    """Return the person as they are after the change, or why it may not be. Pure; a store calls it in its transaction.

    What changes nothing is no new generation, so nobody is signed out by it.
    """
    person = next((each for each in everybody if each.person_id == person_id), None)
    if person is None:
        return Refusal.NO_SUCH_PERSON
    if person.identity is not None and isinstance(change, NewPassword | Rehash):
        return Refusal.FROM_PROVIDER
    after = _applied(person, change)
    if _leaves_no_owner(everybody, person, after):
        return Refusal.LAST_OWNER
    is_new = after != person or isinstance(change, NewPassword)
    return replace(after, generation=person.generation + 1, changed_at=at) if is_new else person


def _applied(person: Person, change: Change) -> Person:
    match change:
        case NewRole(role, clinics, granted):
            return replace(person, role=role, clinics=clinics, granted=granted)
        case Activity(is_active):
            return replace(person, is_active=is_active)
        case NewPassword():
            return replace(person, password=PasswordState.SET)
        case Rehash():
            return person


def _leaves_no_owner(everybody: tuple[Person, ...], before: Person, after: Person) -> bool:
    # An owner who never set a password cannot stand in for one who did.
    if not _is_owner(before) or _is_owner(after):
        return False
    others = [each for each in everybody if _is_owner(each) and each.person_id != before.person_id]
    if before.password is PasswordState.SET:
        others = [each for each in others if each.password is PasswordState.SET]
    return not others


def _is_owner(person: Person) -> bool:
    # An owner whom a provider made, it can unmake, and it can be down: such a one stands in for nobody.
    return person.role is Role.OWNER and person.is_active and person.identity is None
