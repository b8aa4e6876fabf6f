"""What an owner does with accounts. Every change is in the trail: the intent before it, the outcome after it; a denial too.

A change of role, clinics or activity cuts the person's sessions by itself (``lib.people.changed``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TypeVar
from uuid import uuid4

from lib import authority
from lib.access import Actor, Permission, Scope
from lib.errors import LedgerUnavailable
from lib.password_links import LIFETIME, PasswordLink, PasswordLinkStore
from lib.passwords import Hasher
from lib.people import Activity, Change, NewRole, PasswordState, PeopleStore, Person, Refusal, fits, read_name
from lib.sessions import Sessions, new_token, token_hash
from lib.throttle import Throttle
from lib.trail import NOBODY, Action, Trail

Done = TypeVar("Done")
ALL = Scope()


def new_person_id() -> str:
    """Return a fresh id that no account has."""
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Accounts:
    """What is needed to keep accounts and to sign in."""

    people: PeopleStore
    sessions: Sessions
    links: PasswordLinkStore
    throttle: Throttle
    hasher: Hasher
    trail: Trail
    new_id: Callable[[], str] = new_person_id


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Who is to be added, as it was typed."""

    name: str
    rights: NewRole


def everybody(actor: Actor, accounts: Accounts, *, at: datetime, scope: Scope = ALL) -> tuple[Person, ...]:
    """Return all accounts, the oldest first. Raises NotAllowed, LedgerUnavailable."""
    _require(actor, accounts, "list", at=at, scope=scope)
    return accounts.people.everybody()


def named(actor: Actor, accounts: Accounts, name: str, *, at: datetime, scope: Scope = ALL) -> Person | None:
    """Return the account of this name, however it is typed. Raises NotAllowed, LedgerUnavailable."""
    _require(actor, accounts, "list", at=at, scope=scope)
    known = read_name(name)
    account = accounts.people.by_name(known) if known is not None else None
    return account.person if account is not None else None


def add(
    actor: Actor, accounts: Accounts, wanted: NewPerson, *, at: datetime, scope: Scope = ALL
) -> PasswordLink | Refusal:
    """Add an account without a password and return the link that sets one. Raises NotAllowed, LedgerUnavailable."""
    _require(actor, accounts, "add", at=at, scope=scope)
    name = read_name(wanted.name)
    if name is None:
        return Refusal.NAME_NOT_ALLOWED
    rights = wanted.rights
    misfit = fits(rights)
    if misfit is not None:
        return misfit
    person = Person(
        person_id=accounts.new_id(),
        name=name,
        role=rights.role,
        clinics=rights.clinics,
        granted=rights.granted,
        is_active=True,
        password=PasswordState.NONE,
        generation=1,
        created_at=at,
        changed_at=at,
    )

    def do() -> PasswordLink | Refusal:
        return _new_link(accounts, person, at=at) if accounts.people.add(person) else Refusal.NAME_TAKEN

    return written(actor, accounts, {"act": "add", "person": name, **told(rights)}, do, at=at, scope=scope)


def set_role(
    actor: Actor, accounts: Accounts, person_id: str, wanted: NewRole, *, at: datetime, scope: Scope = ALL
) -> Person | Refusal:
    """Give another role with its clinics and grants. Raises NotAllowed, LedgerUnavailable."""
    _require(actor, accounts, "set_role", at=at, scope=scope)
    return fits(wanted) or _change(
        actor, accounts, person_id, wanted, act="set_role", at=at, scope=scope, more=told(wanted)
    )


def disable(actor: Actor, accounts: Accounts, person_id: str, *, at: datetime, scope: Scope = ALL) -> Person | Refusal:
    """Switch an account off, and with it its sessions and links, at once. Raises NotAllowed, LedgerUnavailable."""
    return _change(actor, accounts, person_id, Activity(False), act="disable", at=at, scope=scope)


def enable(actor: Actor, accounts: Accounts, person_id: str, *, at: datetime, scope: Scope = ALL) -> Person | Refusal:
    """Switch an account on again; its password is what it was. Raises NotAllowed, LedgerUnavailable."""
    return _change(actor, accounts, person_id, Activity(True), act="enable", at=at, scope=scope)


def reset(
    actor: Actor, accounts: Accounts, person_id: str, *, at: datetime, scope: Scope = ALL
) -> PasswordLink | Refusal:
    """Return a new link that sets a password; earlier ones are void. Raises NotAllowed, LedgerUnavailable.

    The old password works until the link is used: whoever must not get in is disabled.
    """
    person = _known(actor, accounts, person_id, act="reset", at=at, scope=scope)
    if isinstance(person, Refusal):
        return person
    if person.identity is not None:
        return Refusal.FROM_PROVIDER
    if not person.is_active:
        return Refusal.DISABLED
    about = {"act": "reset", "person": person.name}
    return written(actor, accounts, about, lambda: _new_link(accounts, person, at=at), at=at, scope=scope)


def _change(
    actor: Actor,
    accounts: Accounts,
    person_id: str,
    change: Change,
    *,
    act: str,
    at: datetime,
    scope: Scope,
    more: Mapping[str, object] = MappingProxyType({}),
) -> Person | Refusal:
    person = _known(actor, accounts, person_id, act=act, at=at, scope=scope)
    if isinstance(person, Refusal):
        return person
    if person.identity is not None and isinstance(change, NewRole):
        return Refusal.FROM_PROVIDER

    def do() -> Person | Refusal:
        return accounts.people.change(person_id, change, at=at)

    return written(actor, accounts, {"act": act, "person": person.name, **more}, do, at=at, scope=scope)


def _require(actor: Actor, accounts: Accounts, act: str, *, at: datetime, scope: Scope) -> None:
    reason = json.dumps({"act": act})
    authority.ask(actor, scope, Permission.PEOPLE, trail=accounts.trail, clock=lambda: at, reason=reason)


def _known(
    actor: Actor, accounts: Accounts, person_id: str, *, act: str, at: datetime, scope: Scope
) -> Person | Refusal:
    _require(actor, accounts, act, at=at, scope=scope)
    account = accounts.people.by_id(person_id)
    return Refusal.NO_SUCH_PERSON if account is None else account.person


def _new_link(accounts: Accounts, person: Person, *, at: datetime) -> PasswordLink:
    token = new_token()
    hashed = token_hash(token)
    assert hashed is not None
    accounts.links.put(hashed, person.person_id, at=at, ends_at=at + LIFETIME)
    return PasswordLink(token, person, at + LIFETIME)


def told(rights: NewRole) -> dict[str, object]:
    """Return what the trail says of a role that is given."""
    clinics = None if rights.clinics is None else sorted(rights.clinics)
    return {"role": rights.role, "clinics": clinics, "granted": sorted(rights.granted)}


def written(
    actor: Actor,
    accounts: Accounts,
    about: Mapping[str, object],
    do: Callable[[], Done | Refusal],
    *,
    at: datetime,
    scope: Scope = ALL,
) -> Done | Refusal:
    """Do what changes an account, written down before and after; raise LedgerUnavailable."""
    reason = json.dumps(about, sort_keys=True)
    intent = accounts.trail.intent(actor, scope, Action.PEOPLE_CHANGED, at=at, subject=NOBODY, reason=reason)
    try:
        done = do()
    except LedgerUnavailable as error:
        with suppress(LedgerUnavailable):
            accounts.trail.outcome(intent, at=at, result=f"failed:{error.fault}")
        raise
    accounts.trail.outcome(intent, at=at, result=f"refused:{done}" if isinstance(done, Refusal) else "ok")
    return done
