"""Who is signed in. A session is known by a 256-bit token; only the token's SHA-256 is kept.

A session is dead when it was ended, was idle too long, reached its end, or when its person's role, clinics,
password or activity changed since it began: their ``generation`` is compared at every use.

One that lives can be locked: by its person, or by itself after a shorter idle time. It opens nothing until its person
proves again who they are (``locking``), which gives it another token.
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
SEEN_STEP = timedelta(minutes=1)  # a use is written down at most this often, and ten times in the time until it locks
ADDRESS_MAX = 64  # characters
TOKEN_BYTES = 32
TOKEN_LENGTH = 43  # characters: base64 without padding


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a session lives without use, and at all; ``lock`` is how long it is open without use."""

    idle: timedelta = timedelta(hours=1)
    absolute: timedelta = timedelta(hours=12)
    lock: timedelta = timedelta(minutes=10)


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
    locked_at: datetime | None = None  # by its person; a session that locked by itself has none


@dataclass(frozen=True, slots=True)
class Opened:
    """A session and its new token, shown to one browser once."""

    token: str = field(repr=False)
    session: Session
    person: Person


@dataclass(frozen=True, slots=True)
class Held:
    """A session that was not ended, and its person as they are now."""

    session: Session
    person: Person

    @property
    def actor(self) -> Actor:
        """Who acts in this session, as the trail names them."""
        return replace(self.person.actor, address=self.session.address, session_hash=self.session.id_hash)


class Live(Held):
    """A session that lives and is open."""

    __slots__ = ()


class Locked(Held):
    """A session that lives and is locked. It is another type, so that no use case takes it for an open one."""

    __slots__ = ()


class LockStore(Protocol):
    """Locks sessions and unlocks them. Both methods raise ``LedgerUnavailable``."""

    def lock(self, id_hash: str, *, at: datetime) -> None:
        """Commit that it is locked; nothing for a session that was ended."""
        ...

    def renew(self, id_hash: str, new_hash: str, *, at: datetime) -> bool:
        """Commit that it is open, was used now and has another token; of any number at once, one gets True."""
        ...


class SessionStore(LockStore, Protocol):
    """Keeps sessions. Every method raises ``LedgerUnavailable``."""

    def open(self, session: Session) -> None:
        """Commit a session; those that ended before it began may be forgotten."""
        ...

    def find(self, id_hashes: Collection[str]) -> Mapping[str, Held]:
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


def is_locked(session: Session, *, at: datetime, after: timedelta) -> bool:
    """Whether a session that lives is locked: by its person, or because it was not used for so long. Pure."""
    return session.locked_at is not None or at >= session.last_seen_at + after


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
        """Return the open session of this token. Ask at every rerun, callback, fragment and download.

        ``is_use`` False asks without keeping it alive, as a fragment that polls does.
        """
        held = self.held(token, at=at, is_use=is_use)
        return held if isinstance(held, Live) else None

    def held(self, token: str, *, at: datetime, is_use: bool = False) -> Live | Locked | None:
        """Return the living session of this token, open or locked. A locked one is not used, whoever asks."""
        found = self._held((token,), at=at).get(token)
        step = min(SEEN_STEP, self._lifetimes.lock / 10)
        if isinstance(found, Live) and is_use and at - found.session.last_seen_at >= step:
            with suppress(LedgerUnavailable):  # it can be read but not written: nobody is kept longer, or put out
                self._store.seen(found.session.id_hash, at=at)
        return found

    def living(self, tokens: Collection[str], *, at: datetime) -> frozenset[str]:
        """Return which of these tokens have an open session, in one read. Keeps none alive: for whoever watches sockets."""
        return frozenset(token for token, held in self._held(tokens, at=at).items() if isinstance(held, Live))

    def _held(self, tokens: Collection[str], *, at: datetime) -> dict[str, Live | Locked]:
        hashes = {token: hashed for token in tokens if (hashed := token_hash(token)) is not None}
        found = self._store.find(frozenset(hashes.values())) if hashes else {}
        return {
            token: Locked(held.session, held.person)
            if is_locked(held.session, at=at, after=self._lifetimes.lock)
            else Live(held.session, held.person)
            for token, hashed in hashes.items()
            if (held := found.get(hashed)) is not None
            and lives(held.session, held.person, at=at, idle=self._lifetimes.idle)
        }

    def lock(self, live: Live, *, at: datetime) -> None:
        """Lock this session: nothing is open under its token from now on."""
        self._store.lock(live.session.id_hash, at=at)

    def unlock(self, locked: Locked, *, at: datetime) -> Opened | None:
        """Open it again under a new token, whoever proved who they are; None when it ended or was opened meanwhile.

        A token that somebody read off the locked screen's computer is worth nothing afterwards.
        """
        token = self._new_token()
        hashed = token_hash(token)
        assert hashed is not None
        if not self._store.renew(locked.session.id_hash, hashed, at=at):
            return None
        session = replace(locked.session, id_hash=hashed, last_seen_at=at, locked_at=None)
        return Opened(token, session, locked.person)

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
