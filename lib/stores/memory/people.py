"""Accounts, links that set passwords, sessions and counts in memory, with the rules of the real ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from threading import RLock

from lib.errors import LedgerUnavailable
from lib.people import Account, Change, NewPassword, Person, Refusal, Rehash, changed, name_key
from lib.sessions import Held, Session
from lib.throttle import FORGOTTEN_AFTER, Count, Limit, taken


class MemoryPeople:
    """A PeopleStore. ``fault`` is raised while it is set."""

    def __init__(self, *, fault: LedgerUnavailable | None = None) -> None:
        self.fault = fault
        self.links: dict[str, tuple[str, datetime]] = {}  # token hash: person id, end
        self.lock = RLock()
        self._people: dict[str, Account] = {}

    def check(self) -> None:
        """Raise the fault, where one is set."""
        if self.fault is not None:
            raise self.fault

    def add(self, person: Person) -> bool:
        """Keep a new account without a password; False when somebody has that name or identity."""
        self.check()
        with self.lock:
            identities = {each.person.identity for each in self._people.values()} - {None}
            if self.by_name(person.name) is not None or person.identity in identities:
                return False
            self._people[person.person_id] = Account(person, None)
            return True

    def everybody(self) -> tuple[Person, ...]:
        """Return all accounts, the oldest first."""
        self.check()
        return tuple(account.person for account in self._people.values())

    def by_id(self, person_id: str) -> Account | None:
        """Return one account."""
        self.check()
        return self._people.get(person_id)

    def by_name(self, name: str) -> Account | None:
        """Return the account whose name has the same ``name_key``."""
        self.check()
        key = name_key(name)
        return next((each for each in self._people.values() if name_key(each.person.name) == key), None)

    def change(self, person_id: str, change: Change, *, at: datetime) -> Person | Refusal:
        """Keep ``changed(…)`` of everybody."""
        with self.lock:
            after = changed(self.everybody(), person_id, change, at=at)
            if isinstance(after, Refusal):
                return after
            password_hash = self._people[person_id].password_hash
            if isinstance(change, NewPassword) or (isinstance(change, Rehash) and change.instead_of == password_hash):
                password_hash = change.password_hash
            self._people[person_id] = Account(after, password_hash)
            if isinstance(change, NewPassword) or not after.is_active:
                self.links = {hashed: link for hashed, link in self.links.items() if link[0] != person_id}
            return after


class MemoryPasswordLinks:
    """A PasswordLinkStore for the accounts of a MemoryPeople."""

    def __init__(self, people: MemoryPeople) -> None:
        self._people = people

    def put(self, token_hash: str, person_id: str, *, at: datetime, ends_at: datetime) -> None:
        """Keep a link; earlier ones of this person are void."""
        self._people.check()
        with self._people.lock:
            kept = {
                hashed: link for hashed, link in self._people.links.items() if link[0] != person_id and link[1] > at
            }
            self._people.links = kept | {token_hash: (person_id, ends_at)}

    def whose(self, token_hash: str, *, at: datetime) -> Person | None:
        """Return whose password an unused link sets."""
        self._people.check()
        person_id, ends_at = self._people.links.get(token_hash, ("", at))
        account = self._people.by_id(person_id) if ends_at > at else None
        return account.person if account is not None and account.person.is_active else None

    def use(self, token_hash: str, password_hash: str, *, at: datetime) -> Person | None:
        """Use the link and keep the password, once."""
        with self._people.lock:
            person = self.whose(token_hash, at=at)
            if person is None:
                return None
            after = self._people.change(person.person_id, NewPassword(password_hash), at=at)
            return after if isinstance(after, Person) else None


class MemorySessions:
    """A SessionStore for the accounts of a MemoryPeople."""

    def __init__(self, people: MemoryPeople) -> None:
        self._people = people
        self._sessions: dict[str, Session] = {}

    def open(self, session: Session) -> None:
        """Keep a session; those that ended before it began are forgotten."""
        self._people.check()
        with self._people.lock:
            kept = {key: each for key, each in self._sessions.items() if each.ends_at > session.created_at}
            self._sessions = kept | {session.id_hash: session}

    def find(self, id_hashes: Collection[str]) -> dict[str, Held]:
        """Return those that were not ended, each with its person as they are now."""
        self._people.check()
        sessions = [self._sessions[each] for each in id_hashes if each in self._sessions]
        accounts = {session.id_hash: self._people.by_id(session.person_id) for session in sessions}
        return {
            session.id_hash: Held(session, account.person)
            for session in sessions
            if (account := accounts[session.id_hash]) is not None
        }

    def seen(self, id_hash: str, *, at: datetime) -> None:
        """Keep that it was used."""
        self._people.check()
        with self._people.lock:
            session = self._sessions.get(id_hash)
            if session is not None and session.last_seen_at < at:
                self._sessions[id_hash] = replace(session, last_seen_at=at)

    def lock(self, id_hash: str, *, at: datetime) -> None:
        """Keep that it is locked."""
        self._people.check()
        with self._people.lock:
            if id_hash in self._sessions:
                self._sessions[id_hash] = replace(self._sessions[id_hash], locked_at=at)

    def renew(self, id_hash: str, new_hash: str, *, at: datetime) -> bool:
        """Keep that it is open, under another token; of any number at once, one gets True."""
        self._people.check()
        with self._people.lock:
            session = self._sessions.pop(id_hash, None)
            if session is not None:
                self._sessions[new_hash] = replace(session, id_hash=new_hash, last_seen_at=at, locked_at=None)
            return session is not None

    def end(self, person_id: str, *, id_hash: str | None = None) -> int:
        """End one session of this person, or all of them."""
        self._people.check()
        with self._people.lock:
            ended = [
                key
                for key, session in self._sessions.items()
                if session.person_id == person_id and id_hash in (None, key)
            ]
            for key in ended:
                del self._sessions[key]
            return len(ended)

    def of(self, person_id: str) -> tuple[Session, ...]:
        """Return what was not ended of this person, the newest first."""
        self._people.check()
        mine = [session for session in self._sessions.values() if session.person_id == person_id]
        return tuple(sorted(mine, key=lambda session: session.created_at, reverse=True))


class MemoryThrottle:
    """A ThrottleStore. ``fault`` is raised while it is set."""

    def __init__(self, *, fault: LedgerUnavailable | None = None) -> None:
        self.fault = fault
        self.counts: dict[str, Count] = {}
        self._lock = RLock()

    def take(self, limits: Mapping[str, Limit], *, at: datetime) -> timedelta:
        """Keep ``taken(…)`` of these keys; return how long to wait."""
        if self.fault is not None:
            raise self.fault
        with self._lock:
            old = at - FORGOTTEN_AFTER
            self.counts = {key: count for key, count in self.counts.items() if count.last_at >= old}
            wait, after = taken({key: self.counts[key] for key in limits if key in self.counts}, limits, at=at)
            self.counts |= after
            return wait

    def settle(self, *, forget: str, give_back: str | None) -> None:
        """Forget one key, take one failure off the other."""
        if self.fault is not None:
            raise self.fault
        with self._lock:
            self.counts.pop(forget, None)
            if give_back in self.counts:
                count = self.counts[give_back]
                self.counts[give_back] = replace(count, failures=max(0, count.failures - 1))
