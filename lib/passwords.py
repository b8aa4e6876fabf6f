"""Passwords: which may be chosen, and how they are kept and compared (argon2id).

At least 15 characters, nothing about which characters (NIST SP 800-63B, 5.1.1.2), and none that a guesser of
common passwords, words, names, dates and keyboard rows would try early (zxcvbn and its lists).
"""

from __future__ import annotations

import base64
import secrets
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

SHORTEST = 15  # characters
LONGEST = 256  # characters; a guard against megabytes, not a rule that anybody meets
JUDGED = 72  # characters: zxcvbn takes no more
STRONG = 4  # zxcvbn's score from 10^10 guesses on
PRODUCT = ("prescription", "dashboard", "clinic", "password")  # guessed first by somebody who knows where they are


class PasswordProblem(StrEnum):
    """Why a password cannot be cost."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    COMMON = "common"
    NOT_TEXT = "not_text"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one comparison costs: RFC 9106's second recommendation, 64 MiB."""

    rounds: int = 3
    memory_kib: int = 65536
    lanes: int = 4


DEFAULT = Cost()


@dataclass(frozen=True, slots=True)
class Match:
    """Whether it is the password, and whether it should be hashed anew with today's cost."""

    is_right: bool
    is_outdated: bool = False


def problem(password: str, *, name: str) -> PasswordProblem | None:
    """Return why this person cannot have this password, or None. Pure; takes up to some 30 ms.

    >>> problem("correct horse battery staple", name="Asha") is None
    True
    >>> [str(problem(text, name="Asha")) for text in ("fourteen chars", "x" * 257, "passwordpassword", "\\ud800" * 20)]
    ['too_short', 'too_long', 'common', 'not_text']
    """
    if len(password) > LONGEST:
        return PasswordProblem.TOO_LONG
    text = _normal(password)
    if text is None:
        return PasswordProblem.NOT_TEXT
    if len(text) < SHORTEST:
        return PasswordProblem.TOO_SHORT
    from zxcvbn import zxcvbn  # twelve MiB of lists, for who sets a password

    judged = zxcvbn(text[:JUDGED], user_inputs=[name, *name.split(), *PRODUCT])
    return PasswordProblem.COMMON if judged["score"] < STRONG else None


def _normal(password: str) -> str | None:
    # The same characters are other bytes on another keyboard. NFKC can make one character 18.
    try:
        password.encode()
    except UnicodeEncodeError:
        return None
    return unicodedata.normalize("NFKC", password)


def _unpadded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii").rstrip("=")


class Hasher:
    """Hashes and compares. Threads may share it; ``at_once`` bounds the memory of a crowd that signs in."""

    def __init__(self, cost: Cost = DEFAULT, *, at_once: int = 2) -> None:
        self._argon = PasswordHasher(
            time_cost=cost.rounds, memory_cost=cost.memory_kib, parallelism=cost.lanes, type=Type.ID
        )
        self._turn = BoundedSemaphore(at_once)
        # The hash of no password that anybody knows: as dear to compare as a real one, and free to make.
        salt, digest = (_unpadded(secrets.token_bytes(size)) for size in (self._argon.salt_len, self._argon.hash_len))
        priced = f"m={cost.memory_kib},t={cost.rounds},p={cost.lanes}"
        self._nobody = f"$argon2id$v={ARGON2_VERSION}${priced}${salt}${digest}"

    def hash(self, password: str) -> str:
        """Return the hash that is kept of a password without a ``problem``."""
        text = _normal(password)
        assert text is not None
        with self._turn:
            return self._argon.hash(text)

    def match(self, password: str, password_hash: str | None) -> Match:
        """Compare. Where there is no hash, or what was typed can be no password, the same work is done for nothing."""
        text = _normal(password) if len(password) <= LONGEST else None
        kept = password_hash if password_hash is not None and text is not None else self._nobody
        with self._turn:
            is_right = self._is(text or "", kept)
        return Match(is_right, is_outdated=is_right and self._argon.check_needs_rehash(kept))

    def _is(self, text: str, kept: str) -> bool:
        try:
            return self._argon.verify(kept, text)
        except InvalidHashError:  # somebody forged the column
            return self._is(text, self._nobody)
        except VerificationError:
            return False
