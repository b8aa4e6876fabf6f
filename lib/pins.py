"""A short PIN that unlocks a locked session: of one person, in one browser, for five guesses.

A PIN opens nothing else, so it may be short. It is hashed together with the secret that its browser keeps, of which
the ledger has only a hash: whoever reads the ledger cannot try the million PINs that there are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Protocol

SHORTEST, LONGEST = 6, 12  # digits
GUESSES = 5  # wrong ones in a row; then the PIN is forgotten
DIFFERENT = 3  # digits at least
BROWSER_LENGTH = 43  # characters: 256 bits, base64 without padding


class PinProblem(StrEnum):
    """Why a PIN cannot be chosen."""

    NOT_DIGITS = "pin_not_digits"
    LENGTH = "pin_length"
    EASY = "pin_easy"


@dataclass(frozen=True, slots=True)
class Pin:
    """One person's PIN in one browser. It is void once its person is in another ``generation``."""

    person_id: str
    browser_hash: str
    generation: int
    pin_hash: str = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Guess:
    """A guess that was counted: what to compare it with, and how many are left if it is wrong."""

    pin_hash: str = field(repr=False)
    left: int


class PinStore(Protocol):
    """Keeps PINs. Every method raises ``LedgerUnavailable``."""

    def put(self, pin: Pin) -> None:
        """Commit a PIN in place of this person's in this browser; those of their earlier generations are forgotten."""
        ...

    def browsers(self, person_id: str, *, generation: int) -> frozenset[str]:
        """Return the hashes of the browsers in which this person has a PIN that can still be guessed."""
        ...

    def guess(self, person_id: str, browser_hash: str, *, generation: int) -> Guess | None:
        """Commit that somebody guesses; of any number at once, ``GUESSES`` are counted and the others get None."""
        ...

    def right(self, person_id: str, browser_hash: str) -> None:
        """Commit that the PIN was right: its wrong guesses are forgotten."""
        ...

    def forget(self, person_id: str, *, browser_hash: str | None = None) -> int:
        """Commit that this person has no PIN in this browser, or in none; return how many were forgotten."""
        ...


def problem(pin: str) -> PinProblem | None:
    """Return why nobody can have this PIN, or None. Pure.

    >>> problem("482913") is None
    True
    >>> [str(problem(text)) for text in ("48291", "4" * 13, "48291a", "４８２９１３")]
    ['pin_length', 'pin_length', 'pin_not_digits', 'pin_not_digits']
    >>> {str(problem(text)) for text in ("111111", "123456", "987654", "890123", "121212", "123123", "110011")}
    {'pin_easy'}
    """
    if len(pin) <= LONGEST and not (pin.isascii() and pin.isdigit()):
        return PinProblem.NOT_DIGITS
    if not SHORTEST <= len(pin) <= LONGEST:
        return PinProblem.LENGTH
    digits = [int(each) for each in pin]
    return PinProblem.EASY if len(set(digits)) < DIFFERENT or _is_run(digits) or _repeats(pin) else None


def _is_run(digits: Sequence[int]) -> bool:
    steps = {(after - before) % 10 for before, after in pairwise(digits)}
    return steps in ({1}, {9})


def _repeats(pin: str) -> bool:
    return any(len(pin) % length == 0 and pin == pin[:length] * (len(pin) // length) for length in (2, 3))


def browser_hash(browser: str | None) -> str | None:
    """Return what is kept of the secret in a browser's cookie, None for what is none of ours."""
    if browser is None or len(browser) != BROWSER_LENGTH or not browser.isascii():
        return None
    return hashlib.sha256(browser.encode("ascii")).hexdigest()


def salted(pin: str, browser: str) -> str:
    """Return what is hashed as a password is."""
    return f"{browser}:{pin}"
