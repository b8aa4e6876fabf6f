"""Getting in, and setting one's own password.

A name that nobody has, a disabled account, one without a password and a wrong password are one answer, after the
same work: the same reads, one argon2 comparison, one event in the trail.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from lib import authority, passwords
from lib.access import Actor, Permission, Role, Scope
from lib.accounts import Accounts
from lib.errors import LedgerUnavailable
from lib.passwords import PasswordProblem
from lib.people import NAME_MAX, NewPassword, Person, Refusal, Rehash, name_key, read_name
from lib.sessions import Held, Live, Opened, Session, kept_address, token_hash
from lib.trail import NOBODY, Action, TrailEvent


class Denial(StrEnum):
    """Why somebody did not get in."""

    WRONG = "wrong"  # the name or the password; never said which
    WAIT = "wait"
    LINK_OVER = "link_over"  # used, too old, voided by a newer one, or never made


@dataclass(frozen=True, slots=True)
class Denied:
    """No session, no new password; ``wait`` says for how long not."""

    code: Denial | PasswordProblem
    wait: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody typed and where it came from. ``device`` is what an earlier sign-in left in this browser."""

    name: str = field(repr=False)
    password: str = field(repr=False)
    address: str
    device: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session, and the token by which this browser is known from now on."""

    opened: Opened
    device: str = field(repr=False)


def sign_in(accounts: Accounts, attempt: Attempt, *, at: datetime) -> SignedIn | Denied:
    """Open a session for the right name and password. Raises LedgerUnavailable: then nobody gets in.

    1. Count the attempt, or say how long to wait. An attempt that waits is compared with nothing and written nowhere:
       the failures before it are in the trail, and a flood must not fill the disk.
    2. Compare. What fails is in the trail under the account's name; of a name that nobody has only a keyed hash,
       since people type passwords there.
    3. Write the intent, open the session, write the outcome, forget the failures.
    """
    key = name_key(attempt.name[:NAME_MAX])
    wait = accounts.throttle.take(key, address=attempt.address, device=attempt.device, at=at)
    if wait > timedelta():
        return Denied(Denial.WAIT, wait)
    account = accounts.people.by_name(read_name(attempt.name) or "")
    password_hash = account.password_hash if account is not None else None
    match = accounts.hasher.match(attempt.password, password_hash)
    if account is None or password_hash is None or not match.is_right or not account.person.is_active:
        _write_failure(accounts, account.person if account else None, key, address=attempt.address, at=at)
        return Denied(Denial.WRONG)
    opened = open_for(accounts, account.person, address=attempt.address, at=at)
    with suppress(LedgerUnavailable):  # they are in, and the trail says so; both can wait for the next time
        accounts.throttle.succeeded(key, address=attempt.address, device=attempt.device)
        if match.is_outdated:
            newer = Rehash(accounts.hasher.hash(attempt.password), instead_of=password_hash)
            accounts.people.change(account.person.person_id, newer, at=at)
    is_known = attempt.device is not None and accounts.throttle.is_known(attempt.device, key)
    return SignedIn(opened, attempt.device if is_known and attempt.device else accounts.throttle.new_device(key))


def _write_failure(accounts: Accounts, person: Person | None, key: str, *, address: str, at: datetime) -> None:
    hashed = accounts.trail.keyed_hash(key)
    actor = Actor(person.name if person else "unknown", Role.NOBODY, address=kept_address(address))
    reason = None if person else json.dumps({"name": hashed})
    accounts.trail.record(
        actor, Scope(frozenset()), Action.SIGN_IN_FAILED, at=at, reason=reason, result=f"refused:{Denial.WRONG}"
    )


def open_for(accounts: Accounts, person: Person, *, address: str, at: datetime) -> Opened:
    """Open a session for somebody who has proved who they are, written down before and after. Raises LedgerUnavailable."""
    intent = _intent(accounts, person, Action.SIGN_IN, address=address, at=at)
    try:
        opened = accounts.sessions.open_session(person, at=at, address=address)
    except LedgerUnavailable as error:
        _write_fault(accounts, intent, error, at=at)
        raise
    accounts.trail.outcome(intent, at=at, result="ok", session_hash=opened.session.id_hash)
    return opened


def sign_out(accounts: Accounts, live: Held, *, at: datetime, everywhere: bool = False) -> None:
    """End this session, open or locked, or all of this person's. Raises LedgerUnavailable: then it lives on."""
    accounts.trail.record(
        live.actor, live.person.scope, Action.SIGN_OUT, at=at, reason=json.dumps({"everywhere": everywhere})
    )
    if everywhere:
        accounts.sessions.end_all(live.person.person_id)
    else:
        accounts.sessions.end(live.session)


def link_person(accounts: Accounts, token: str, *, at: datetime) -> Person | None:
    """Return whose password this link sets, without using it; None when it does not work (any more)."""
    hashed = token_hash(token)
    return accounts.links.whose(hashed, at=at) if hashed is not None else None


def set_password(accounts: Accounts, token: str, password: str, *, address: str, at: datetime) -> Person | Denied:
    """Set a password with a one-time link. A password that cannot be chosen does not use the link up.

    Every session of the person ends. Raises LedgerUnavailable.
    """
    person, hashed = link_person(accounts, token, at=at), token_hash(token)
    if person is None or hashed is None:
        return Denied(Denial.LINK_OVER)
    problem = passwords.problem(password, name=person.name)
    if problem is not None:
        return Denied(problem)
    password_hash = accounts.hasher.hash(password)
    intent = _intent(accounts, person, Action.PEOPLE_CHANGED, address=address, at=at, act="set_password")
    try:
        after = accounts.links.use(hashed, password_hash, at=at)
    except LedgerUnavailable as error:
        _write_fault(accounts, intent, error, at=at)
        raise
    accounts.trail.outcome(intent, at=at, result="ok" if after else f"refused:{Denial.LINK_OVER}")
    return after or Denied(Denial.LINK_OVER)


def confirm(
    accounts: Accounts,
    live: Held,
    password: str,
    *,
    at: datetime,
    device: str | None = None,
    failure: Action = Action.SIGN_IN_FAILED,
) -> Denied | None:
    """Return None when this is the password of who is signed in, as unlocking a screen asks, else why not.

    Throttled like a sign-in: whoever took a session, or sits down at one, must not guess it either. ``failure`` is
    what the trail calls a wrong one. Raises NotAllowed, LedgerUnavailable.
    """
    _require(accounts, live, "confirm", at=at)
    key, address = name_key(live.person.name), live.session.address
    wait = accounts.throttle.take(key, address=address, device=device, at=at)
    if wait > timedelta():
        return Denied(Denial.WAIT, wait)
    account = accounts.people.by_id(live.person.person_id)
    is_right = accounts.hasher.match(password, account.password_hash if account else None).is_right
    if account is None or not is_right or account.person.generation != live.session.generation:
        accounts.trail.record(live.actor, live.person.scope, failure, at=at, result=f"refused:{Denial.WRONG}")
        return Denied(Denial.WRONG)
    accounts.throttle.succeeded(key, address=address, device=device)
    return None


def change_password(accounts: Accounts, live: Live, *, old: str, new: str, at: datetime) -> Person | Denied:
    """Set another password; every session of this person ends, this one too, and the new password opens the next.

    Raises NotAllowed, LedgerUnavailable.
    """
    refused = confirm(accounts, live, old, at=at)
    if refused is not None:
        return refused
    problem = passwords.problem(new, name=live.person.name)
    if problem is not None:
        return Denied(problem)
    address = live.session.address
    change = NewPassword(accounts.hasher.hash(new))
    intent = _intent(accounts, live.person, Action.PEOPLE_CHANGED, address=address, at=at, act="change_password")
    try:
        after = accounts.people.change(live.person.person_id, change, at=at)
    except LedgerUnavailable as error:
        _write_fault(accounts, intent, error, at=at)
        raise
    if isinstance(after, Refusal):
        accounts.trail.outcome(intent, at=at, result=f"refused:{after}")
        return Denied(Denial.WRONG)
    accounts.trail.outcome(intent, at=at, result="ok")
    return after


def open_sessions(accounts: Accounts, live: Live, *, at: datetime) -> tuple[Session, ...]:
    """Return where this person is signed in now, the newest first. Raises NotAllowed, LedgerUnavailable."""
    _require(accounts, live, "sessions", at=at)
    return accounts.sessions.of(live.person, at=at)


def _require(accounts: Accounts, live: Held, act: str, *, at: datetime) -> None:
    actor, scope, reason = live.actor, live.person.scope, json.dumps({"act": act})
    authority.ask(actor, scope, Permission.ACCOUNT, trail=accounts.trail, clock=lambda: at, reason=reason)


def _intent(
    accounts: Accounts, person: Person, action: Action, *, address: str, at: datetime, act: str | None = None
) -> TrailEvent:
    reason = json.dumps({"act": act, "person": person.name}, sort_keys=True) if act else None
    actor = replace(person.actor, address=kept_address(address))
    return accounts.trail.intent(actor, person.scope, action, at=at, subject=NOBODY, reason=reason)


def _write_fault(accounts: Accounts, intent: TrailEvent, error: LedgerUnavailable, *, at: datetime) -> None:
    with suppress(LedgerUnavailable):
        accounts.trail.outcome(intent, at=at, result=f"failed:{error.fault}")
