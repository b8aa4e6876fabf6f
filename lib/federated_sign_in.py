"""Getting in through an identity provider: the same accounts, sessions and trail as with a password.

An account is one identity's: issuer and subject. It is made at the first sign-in, and role and clinics are set to what
the provider says at each one, so a change signs the person out everywhere else. The provider cannot switch on what an
owner disabled, become somebody who has a password here, or be the last owner.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from lib import federation, sign_in
from lib.access import Actor, Role, Scope
from lib.accounts import Accounts, told, written
from lib.errors import ProviderUnavailable, TokenFault, TokenRefused
from lib.federation import Claimed, ClaimRules, IdentityProvider, Unfit
from lib.flows import Flow, SpentFlows
from lib.people import Identity, NewRole, PasswordState, Person, Refusal
from lib.sessions import Opened, kept_address
from lib.trail import Action


class Barred(StrEnum):
    """Why somebody whom the provider knows, or who came back from it, does not get in."""

    FLOW_OVER = "flow_over"  # not begun in this browser, too old, or used
    PROVIDER_REFUSED = "provider_refused"  # it said no, or the person did
    ACCOUNT_DISABLED = "account_disabled"
    WAIT = "provider_wait"


Reason = Unfit | Barred | Refusal | TokenFault


@dataclass(frozen=True, slots=True)
class Outside:
    """No session; ``wait`` says for how long not."""

    code: Reason
    wait: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Federation:
    """What is needed to sign in through one provider. ``name`` is what people call it."""

    provider: IdentityProvider
    rules: ClaimRules
    name: str
    issuer: str
    spent: SpentFlows
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Return:
    """How somebody came back: the code, and what of the flow in their browser. ``says_no``: with an error instead."""

    code: str = field(repr=False)
    flow: Flow
    redirect_uri: str
    address: str
    says_no: bool = False


def waiting(accounts: Accounts, back: Return, *, at: datetime) -> Outside | None:
    """Count this attempt for its address, or return how long to wait. Raises LedgerUnavailable.

    The flow is the name under which it counts, so that people who share an address share nothing but its own bound.
    """
    wait = accounts.throttle.take(_key(back), address=back.address, device=None, at=at)
    return Outside(Barred.WAIT, wait) if wait > timedelta() else None


async def identify(federation: Federation, back: Return) -> Claimed | Outside:
    """Return who came back, as the provider proves it. Raises ProviderUnavailable."""
    if back.says_no:
        return Outside(Barred.PROVIDER_REFUSED)
    try:
        return await federation.provider.identify(back.code, back.flow, redirect_uri=back.redirect_uri)
    except TokenRefused as refused:
        return Outside(refused.fault)


def enter(accounts: Accounts, through: Federation, claimed: Claimed, back: Return, *, at: datetime) -> Opened | Outside:
    """Open a session for who was proved. Raises LedgerUnavailable: then nobody gets in.

    1. A flow is used up once, whatever the provider takes twice.
    2. The claims must say one role and its clinics. For somebody who had an account, no role ends all sessions.
    3. The account is made, or brought to what the claims say, unless an owner disabled it.
    """
    if not through.spent.spend(back.flow.state_hash, at=at, ends_at=back.flow.ends_at + timedelta(hours=1)):
        return refuse(accounts, through, back, Barred.FLOW_OVER, at=at)
    known = _known(accounts, claimed.identity)
    rights = federation.rights(claimed.claims, through.rules)
    if isinstance(rights, Unfit):
        if known is not None:
            accounts.sessions.end_all(known.person_id)
        return refuse(accounts, through, back, rights, at=at, identity=claimed.identity, person=known)
    person = known or _made(accounts, through, claimed, rights, address=back.address, at=at)
    if isinstance(person, Person) and not person.is_active:
        code = Barred.ACCOUNT_DISABLED
        return refuse(accounts, through, back, code, at=at, identity=claimed.identity, person=person)
    if isinstance(person, Person) and not _has(person, rights):
        person = _brought(accounts, through, person, rights, address=back.address, at=at)
    if isinstance(person, Refusal):
        return refuse(accounts, through, back, person, at=at, identity=claimed.identity)
    opened = sign_in.open_for(accounts, person, address=back.address, at=at)
    accounts.throttle.succeeded(_key(back), address=back.address, device=None)
    return opened


def refuse(
    accounts: Accounts,
    through: Federation,
    back: Return,
    code: Reason,
    *,
    at: datetime,
    identity: Identity | None = None,
    person: Person | None = None,
) -> Outside:
    """Write down that somebody did not get in, and return it. Raises LedgerUnavailable."""
    _write(accounts, through, back, f"refused:{code}", at=at, identity=identity, person=person)
    return Outside(code)


def failed(accounts: Accounts, through: Federation, back: Return, error: ProviderUnavailable, *, at: datetime) -> None:
    """Write down that the provider gave no answer. Raises LedgerUnavailable."""
    _write(accounts, through, back, f"failed:{error.fault}", at=at)


def _write(
    accounts: Accounts,
    through: Federation,
    back: Return,
    result: str,
    *,
    at: datetime,
    identity: Identity | None = None,
    person: Person | None = None,
) -> None:
    actor = Actor(person.name if person else "unknown", Role.NOBODY, address=kept_address(back.address))
    about = {"through": through.name}
    if identity is not None:
        about["subject"] = accounts.trail.keyed_hash(f"{identity.issuer}\n{identity.subject}")
    reason = json.dumps(about, sort_keys=True)
    accounts.trail.record(actor, Scope(frozenset()), Action.SIGN_IN_FAILED, at=at, reason=reason, result=result)


def _key(back: Return) -> str:
    return f"flow {back.flow.state_hash}"


def _known(accounts: Accounts, identity: Identity) -> Person | None:
    return next((each for each in accounts.people.everybody() if each.identity == identity), None)


def _has(person: Person, rights: NewRole) -> bool:
    return (person.role, person.clinics, person.granted) == (rights.role, rights.clinics, rights.granted)


def _made(
    accounts: Accounts, through: Federation, claimed: Claimed, rights: NewRole, *, address: str, at: datetime
) -> Person | Refusal:
    person = Person(
        person_id=accounts.new_id(),
        name="",
        role=rights.role,
        clinics=rights.clinics,
        granted=rights.granted,
        is_active=True,
        password=PasswordState.ELSEWHERE,
        generation=1,
        created_at=at,
        changed_at=at,
        identity=claimed.identity,
    )
    for name in federation.names(claimed, via=through.name):
        named = replace(person, name=name)

        def do(named: Person = named) -> Person | Refusal:
            return named if accounts.people.add(named) else Refusal.NAME_TAKEN

        actor = replace(named.actor, address=kept_address(address))
        about = {"act": "first_sign_in", "person": name, "through": through.name, **told(rights)}
        made = written(actor, accounts, about, do, at=at)
        if isinstance(made, Person):
            return made
        if (meanwhile := _known(accounts, claimed.identity)) is not None:  # in another tab, a moment ago
            return meanwhile
    return Refusal.NAME_TAKEN


def _brought(
    accounts: Accounts, through: Federation, person: Person, rights: NewRole, *, address: str, at: datetime
) -> Person | Refusal:
    actor = replace(person.actor, address=kept_address(address))
    about = {"act": "set_role", "person": person.name, "through": through.name, **told(rights)}
    return written(actor, accounts, about, lambda: accounts.people.change(person.person_id, rights, at=at), at=at)
