"""What is said about the lock, the page that unlocks, and the PIN."""

from __future__ import annotations

from typing import assert_never

from dashboard.wording import people as words
from lib.access import Actor
from lib.locking import NoPin, StillLocked
from lib.pins import GUESSES, LONGEST, SHORTEST, PinProblem
from lib.sign_in import Denial, Denied

LOCK = "Lock"
LOCK_HELP = "Empties every tab of this browser, until you prove that it is you."
LOCKED = "This screen is locked."
UNLOCK = "Unlock"
LOCKED_TITLE = "Locked"
LOCKED_WHY = "Nothing is shown until you prove that it is you. Then you are back on the same page."
PIN = "PIN"
USE_PASSWORD = "Use your password instead"  # noqa: S105 - a label
SOMEBODY_ELSE = "Not you? Signing out ends this session."
NO_PROOF = (
    "You have no password here and no PIN in this browser, so sign in again: it ends this session and begins another."
)
SIGN_IN_AGAIN = "Sign in again"
CONTINUE_AS = "Continue as {name}"
PIN_TITLE = "PIN for this browser"
PIN_WHAT = (
    "It unlocks your locked screen in this browser, and nothing else: it never signs you in. "
    f"After {GUESSES} wrong ones in a row it is forgotten, and you unlock without it."
)
PIN_RULE = f"{SHORTEST} to {LONGEST} digits; no row such as 123456, not one digit over and over."
PIN_HERE = "You have a PIN in this browser. A new one takes its place."
NEW_PIN = "New PIN"
SET_PIN = "Set the PIN"
FORGET_PIN = "Forget my PIN in every browser"
PIN_IS_SET = "Your PIN is set. It unlocks your screen in this browser."
PIN_GONE = "You have no PIN any more. Your screen unlocks without it."
BACK = "Go back to Account"
PIN_ON_ACCOUNT = (
    "A short PIN unlocks your screen in this browser, so that you need not type your password or sign in again."
)
PIN_LINK = "Set or forget a PIN"

_REFUSAL = {
    StillLocked.WRONG_PIN: "That PIN is not right.",
    StillLocked.PIN_FORGOTTEN: "There is no PIN here any more: too many were wrong, or your account was changed. "
    "Unlock without it.",
    StillLocked.OVER: "This session has ended, or it was unlocked in another tab. Open the dashboard again.",
    PinProblem.NOT_DIGITS: "A PIN is made of digits only, 0 to 9.",
    PinProblem.LENGTH: f"A PIN has {SHORTEST} to {LONGEST} digits.",
    PinProblem.EASY: "That would be guessed first. Choose digits that make no row and do not repeat.",
    NoPin.NOT_FRESH: "You have no password that could prove it is you, so sign in again and set the PIN within 5 minutes.",
}


def refused(why: Denied | StillLocked | PinProblem | NoPin) -> str:
    """Say why a screen was not unlocked, or why a PIN was not set.

    >>> refused(Denied(Denial.WRONG)), refused(StillLocked.WRONG_PIN)
    ('That password is not right.', 'That PIN is not right.')
    """
    match why:
        case Denied(Denial.WRONG):
            return "That password is not right."
        case Denied():
            return words.denied(why)
        case StillLocked() | PinProblem() | NoPin():
            return _REFUSAL[why]
        case _:
            assert_never(why)


def who(actor: Actor) -> str:
    """Say whose screen it is."""
    return f"{actor.name}, {words.ROLE[actor.role]}"
