"""Who is signed in. A session is known by a 256-bit token; only the token's SHA-256 is kept.

A session is dead when it was ended, was idle too long, reached its end, or when its person's role, clinics,
password or activity changed since it began: their ``generation`` is compared at every use.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from lib.access import Actor
from lib.errors import LedgerUnavailable
from lib.people import Person

SKEW = timedelta(minutes=5)  # between the clocks of two replicas; a session from a later future is nobody's
SEEN_STEP = timedelta(minutes=1)  # a use is written down at most this often
ADDRESS_MAX = 64  # characters
TOKEN_BYTES = 32
TOKEN_LENGTH = 43  # characters: base64 without padding


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a session lives without use, and at all."""

    idle: timedelta = timedelta(hours=1)
    absolute: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser. ``id_hash`` is the SHA-256 hex of its token, which nobody keeps."""

    id_hash: str
    person_id: str
    generation: int
    created_at: datetime
    last_seen_at: datetime
    ends_at: datetime
    address: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session and its token, shown to one browser once."""

    token: str = field(repr=False)
    session: Session
    person: Person


@dataclass(frozen=True, slots=True)
class Live:
    """A session that lives, and its person as they are now."""

    session: Session
    person: Person

    @property
    def actor(self) -> Actor:
        """Who acts in this session, as the trail names them."""
        return replace(self.person.actor, address=self.session.address, session_hash=self.session.id_hash)


class SessionStore(Protocol):
    """Keeps sessions. Every method raises ``LedgerUnavailable``."""

    def open(self, session: Session) -> None:
        """Commit a session; those that ended before it began may be forgotten."""
        ...

    def find(self, id_hashes: Collection[str]) -> Mapping[str, Live]:
        """Return those that were not ended, each with its person as they are now, in one read. Whether they live is not asked."""
        ...

    def seen(self, id_hash: str, *, at: datetime) -> None:
        """Commit that it was used; never earlier than before, nothing for a session that was ended."""
        ...

    def end(self, person_id: str, *, id_hash: str | None = None) -> int:
        """Commit the end of one session of this person, or of all of them; return how many ended."""
        ...

    def of(self, person_id: str) -> tuple[Session, ...]:
        """Return what was not ended of this person, the newest first."""
        ...


def new_token() -> str:
    """Return 256 random bits, as a cookie holds them."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str | None:
    """Return the SHA-256 hex of a token, None for what is none (8 KB of cookie are not hashed)."""
    if len(token) != TOKEN_LENGTH or not token.isascii():
        return None
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def kept_address(address: str) -> str:
    """Return what is kept of where somebody comes from, whatever a proxy made of it.

    >>> kept_address("2001:db8::1"), kept_address("a\u202eb c"), len(kept_address("x" * 8192))
    ('2001:db8::1', 'a?b?c', 64)
    """
    return "".join(sign if " " < sign < "\x7f" else "?" for sign in address[:ADDRESS_MAX])


def lives(session: Session, person: Person, *, at: datetime, idle: timedelta) -> bool:
    """Whether a session that was not ended still counts. Pure."""
    return (
        person.is_active
        and session.generation == person.generation
        and session.created_at <= at + SKEW
        and at < session.ends_at
        and at < session.last_seen_at + idle
    )


class Sessions:
    """Opens, finds and ends sessions. Threads may share it; every method raises LedgerUnavailable."""

    def __init__(self, store: SessionStore, *, lifetimes: Lifetimes, new_token: Callable[[], str] = new_token) -> None:
        self._store = store
        self._lifetimes = lifetimes
        self._new_token = new_token

    def open_session(self, person: Person, *, at: datetime, address: str) -> Opened:
        """Begin a session under a new token. Call it at every sign-in: a token never outlives one."""
        token = self._new_token()
        hashed = token_hash(token)
        assert hashed is not None
        session = Session(
            id_hash=hashed,
            person_id=person.person_id,
            generation=person.generation,
            created_at=at,
            last_seen_at=at,
            ends_at=at + self._lifetimes.absolute,
            address=kept_address(address),
        )
        self._store.open(session)
        return Opened(token, session, person)

    def live(self, token: str, *, at: datetime, is_use: bool = True) -> Live | None:
        """Return the living session of this token and its person as they are now, else None.

        ``is_use`` False asks without keeping it alive, as a fragment that polls does.
        """
        found = self._living((token,), at=at).get(token)
        if found is not None and is_use and at - found.session.last_seen_at >= SEEN_STEP:
            with suppress(LedgerUnavailable):  # it can be read but not written: nobody is kept longer, or put out
                self._store.seen(found.session.id_hash, at=at)
        return found

    def living(self, tokens: Collection[str], *, at: datetime) -> frozenset[str]:
        """Return which of these tokens have a living session, in one read. Keeps none alive: for whoever watches sockets."""
        return frozenset(self._living(tokens, at=at))

    def _living(self, tokens: Collection[str], *, at: datetime) -> dict[str, Live]:
        hashes = {token: hashed for token in tokens if (hashed := token_hash(token)) is not None}
        found = self._store.find(frozenset(hashes.values())) if hashes else {}
        sessions = {token: found[hashed] for token, hashed in hashes.items() if hashed in found}
        return {
            token: live
            for token, live in sessions.items()
            if lives(live.session, live.person, at=at, idle=self._lifetimes.idle)
        }

    def of(self, person: Person, *, at: datetime) -> tuple[Session, ...]:
        """Return this person's living sessions, the newest first."""
        return tuple(
            session
            for session in self._store.of(person.person_id)
            if lives(session, person, at=at, idle=self._lifetimes.idle)
        )

    def end(self, session: Session) -> bool:
        """End one session (sign out); False when it had ended already."""
        return self._store.end(session.person_id, id_hash=session.id_hash) > 0

    def end_all(self, person_id: str) -> int:
        """End every session of this person (sign out everywhere); return how many."""
        return self._store.end(person_id)
