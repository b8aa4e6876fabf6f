"""Locking a session, and proving again who sits before it: by password, or by a PIN of this person in this browser.

A locked session is for every use case as closed as none. What is right opens it under a new token. Lock, unlock and
every failure are in the trail, as the person whose session it is. That a session locks by itself is no act, and its
end is: the unlock.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from lib import authority, pins, sign_in
from lib.access import Permission
from lib.accounts import Accounts
from lib.errors import LedgerUnavailable
from lib.people import PasswordState
from lib.pins import Pin, PinProblem, PinStore
from lib.sessions import Held, Live, Locked, Opened, new_token
from lib.sign_in import Denied
from lib.trail import NOBODY, Action

FRESH = timedelta(minutes=5)  # who has no password chooses a PIN so soon after signing in


class Proof(StrEnum):
    """What unlocked a session, as the trail has it."""

    PASSWORD = "password"  # noqa: S105 - a kind of proof
    PIN = "pin"
    CLICK = "click"  # the demo's staff, who have no password


class StillLocked(StrEnum):
    """Why a session was not unlocked, where it was not for the password."""

    WRONG_PIN = "wrong_pin"
    PIN_FORGOTTEN = "pin_forgotten"  # with this guess, or before
    OVER = "lock_over"  # it ended, or somebody unlocked it meanwhile


class NoPin(StrEnum):
    """Why a PIN was not set, where it was not for the PIN or the password."""

    NOT_FRESH = "pin_not_fresh"


@dataclass(frozen=True, slots=True)
class Locks:
    """What is needed to lock and unlock."""

    accounts: Accounts
    pins: PinStore


@dataclass(frozen=True, slots=True)
class Key:
    """What somebody typed before a locked screen. ``device`` and ``browser`` are what this browser keeps."""

    password: str | None = field(default=None, repr=False)
    pin: str | None = field(default=None, repr=False)
    device: str | None = field(default=None, repr=False)
    browser: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NewPin:
    """A PIN as it was chosen, and the secret of the browser in which it counts (``new_browser``)."""

    pin: str = field(repr=False)
    browser: str = field(repr=False)


def new_browser() -> str:
    """Return the secret of a browser that has none yet."""
    return new_token()


def lock(accounts: Accounts, live: Live, *, at: datetime) -> None:
    """Lock this session, then write it down: a trail that cannot be written leaves nothing open.

    Raises LedgerUnavailable.
    """
    accounts.sessions.lock(live, at=at)
    accounts.trail.record(live.actor, live.person.scope, Action.LOCK, at=at)


def has_pin(locks: Locks, held: Held, *, browser: str | None) -> bool:
    """Whether this session's person has a PIN in this browser. Raises LedgerUnavailable."""
    hashed, person = pins.browser_hash(browser), held.person
    return hashed is not None and hashed in locks.pins.browsers(person.person_id, generation=person.generation)


def unlock(locks: Locks, locked: Locked, key: Key, *, at: datetime) -> Opened | Denied | StillLocked:
    """Open a locked session for who proves to be its person. Raises NotAllowed, LedgerUnavailable.

    1. A PIN: count the guess, then compare. The fifth wrong one in a row forgets the PIN.
    2. Otherwise the password, throttled like a sign-in.
    3. Write the intent, open the session under a new token, write the outcome.
    """
    if key.pin is not None:
        refused = _guessed(locks, locked, key.pin, key.browser, at=at)
        return refused if refused is not None else _open(locks, locked, Proof.PIN, at=at)
    denied = sign_in.confirm(
        locks.accounts, locked, key.password or "", at=at, device=key.device, failure=Action.UNLOCK_FAILED
    )
    return denied if denied is not None else _open(locks, locked, Proof.PASSWORD, at=at)


def continue_demo(locks: Locks, locked: Locked, *, at: datetime) -> Opened | StillLocked:
    """Open a locked session of the demo's staff, who sign in by one click. Raises LedgerUnavailable."""
    return _open(locks, locked, Proof.CLICK, at=at)


def set_pin(
    locks: Locks, live: Live, new: NewPin, *, password: str, at: datetime
) -> Denied | PinProblem | NoPin | None:
    """Set this person's PIN in this browser, with their password; None when it is set.

    Who has no password proves it by having just signed in. Raises NotAllowed, LedgerUnavailable.
    """
    person = live.person
    authority.ask(
        live.actor,
        person.scope,
        Permission.ACCOUNT,
        trail=locks.accounts.trail,
        clock=lambda: at,
        reason=_act("set_pin"),
    )
    problem = pins.problem(new.pin)
    if problem is not None:
        return problem
    if person.password is not PasswordState.SET:
        if at - live.session.created_at >= FRESH:
            return NoPin.NOT_FRESH
    else:
        denied = sign_in.confirm(locks.accounts, live, password, at=at)
        if denied is not None:
            return denied
    hashed = pins.browser_hash(new.browser)
    assert hashed is not None
    kept = Pin(
        person_id=person.person_id,
        browser_hash=hashed,
        generation=live.session.generation,
        pin_hash=locks.accounts.hasher.hash(pins.salted(new.pin, new.browser)),
        created_at=at,
    )
    intent = locks.accounts.trail.intent(
        live.actor, person.scope, Action.PEOPLE_CHANGED, at=at, subject=NOBODY, reason=_act("set_pin", person.name)
    )
    try:
        locks.pins.put(kept)
    except LedgerUnavailable as error:
        with suppress(LedgerUnavailable):
            locks.accounts.trail.outcome(intent, at=at, result=f"failed:{error.fault}")
        raise
    locks.accounts.trail.outcome(intent, at=at, result="ok")
    return None


def forget_pins(locks: Locks, live: Live, *, at: datetime) -> int:
    """Forget this person's PINs in every browser, then write it down; return how many. Raises LedgerUnavailable."""
    count = locks.pins.forget(live.person.person_id)
    reason = _act("forget_pins", live.person.name)
    locks.accounts.trail.record(live.actor, live.person.scope, Action.PEOPLE_CHANGED, at=at, reason=reason)
    return count


def _guessed(locks: Locks, locked: Locked, pin: str, browser: str | None, *, at: datetime) -> StillLocked | None:
    person, hashed = locked.person, pins.browser_hash(browser)
    guess = locks.pins.guess(person.person_id, hashed, generation=person.generation) if hashed is not None else None
    if guess is None or hashed is None or browser is None:
        return StillLocked.PIN_FORGOTTEN
    is_possible = len(pin) <= pins.LONGEST
    if locks.accounts.hasher.match(pins.salted(pin if is_possible else "", browser), guess.pin_hash).is_right:
        locks.pins.right(person.person_id, hashed)
        return None
    refused = StillLocked.WRONG_PIN if guess.left else StillLocked.PIN_FORGOTTEN
    locks.accounts.trail.record(locked.actor, person.scope, Action.UNLOCK_FAILED, at=at, result=f"refused:{refused}")
    if refused is StillLocked.PIN_FORGOTTEN:
        locks.pins.forget(person.person_id, browser_hash=hashed)
    return refused


def _open(locks: Locks, locked: Locked, by: Proof, *, at: datetime) -> Opened | StillLocked:
    trail, reason = locks.accounts.trail, json.dumps({"by": by})
    intent = trail.intent(locked.actor, locked.person.scope, Action.UNLOCK, at=at, subject=NOBODY, reason=reason)
    try:
        opened = locks.accounts.sessions.unlock(locked, at=at)
    except LedgerUnavailable as error:
        with suppress(LedgerUnavailable):
            trail.outcome(intent, at=at, result=f"failed:{error.fault}")
        raise
    if opened is None:
        trail.outcome(intent, at=at, result=f"refused:{StillLocked.OVER}")
        return StillLocked.OVER
    # The intent names the session as it was, the outcome as it is: what follows is under the new token's hash.
    trail.outcome(intent, at=at, result="ok", session_hash=opened.session.id_hash)
    return opened


def _act(act: str, person: str | None = None) -> str:
    return json.dumps({"act": act} if person is None else {"act": act, "person": person}, sort_keys=True)
