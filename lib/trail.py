"""Who did what: append-only, hash-chained, never a name, a phone, a typed text or a signed URL.

An act on a document is two events with one request id: the intent, committed before the act, and the
outcome, committed after it. Trail not writable = the act is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol, overload
from uuid import uuid4

from lib.access import Actor, Scope

GENESIS = "0" * 64  # the previous hash of the first event
INTENT = "intent"


class Action(StrEnum):
    """What was done."""

    SEARCH = "search"
    OPEN = "record_opened"
    PREVIEW = "preview"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Subject:
    """The record an event is about; ``object_key`` is stored only as an HMAC."""

    record_id: int | None = None
    patient_id: str | None = None
    clinic_id: str | None = None
    object_key: str | None = None


@dataclass(frozen=True, slots=True)
class TrailEvent:
    """One row of the trail, final columns. ``sequence`` starts at 1; ``previous_hash`` of the first is 64 zeros."""

    sequence: int
    at: datetime
    actor: str
    role: str
    scope: str
    action: str
    record_id: int | None
    patient_id: str | None
    clinic_id: str | None
    key_hmac: str | None
    expires_at: datetime | None
    reason: str | None  # for a search: JSON with the kind of query, filters, keyed hash of the text, record ids
    result: str  # 'intent', 'ok', 'refused:CODE', 'failed:CODE'
    request_id: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before the store gives it a sequence and hashes."""

    at: datetime
    actor: str
    role: str
    scope: str
    action: str
    record_id: int | None
    patient_id: str | None
    clinic_id: str | None
    key_hmac: str | None
    expires_at: datetime | None
    reason: str | None
    result: str
    request_id: str


class TrailStore(Protocol):
    """Appends and reads. Both raise ``LedgerUnavailable``."""

    def append(self, draft: Draft) -> TrailEvent:
        """Commit one event durably before returning; the chain stays linear under concurrent writers."""
        ...

    def events(self) -> Iterator[TrailEvent]:
        """Yield every event by sequence, in bounded memory."""
        ...


DRAFT_COLUMNS = tuple(field.name for field in fields(Draft))  # their order is part of the hash
NOBODY = Subject()


def new_request_id() -> str:
    """Return a fresh id that ties an outcome to its intent."""
    return uuid4().hex


class Trail:
    """What use cases write through: fills in actor, time and the key's HMAC.

    Every method that writes raises LedgerUnavailable.
    """

    def __init__(self, store: TrailStore, *, key_secret: bytes, new_id: Callable[[], str] = new_request_id) -> None:
        self._store = store
        self._secret = key_secret
        self._new_id = new_id

    def record(
        self,
        actor: Actor,
        scope: Scope,
        action: Action,
        *,
        at: datetime,
        subject: Subject = NOBODY,
        reason: str | None = None,
        result: str = "ok",
        expires_at: datetime | None = None,
    ) -> TrailEvent:
        """Commit one event that is no intent (a search, a record opened, a refusal)."""
        draft = Draft(
            at=at,
            actor=_storable(actor.name),
            role=str(actor.role),
            scope=_storable(str(scope)),
            action=str(action),
            record_id=subject.record_id,
            patient_id=_storable(subject.patient_id),
            clinic_id=_storable(subject.clinic_id),
            key_hmac=None if subject.object_key is None else self.key_hmac(subject.object_key),
            expires_at=expires_at,
            reason=_storable(reason),
            result=result,
            request_id=self._new_id(),
        )
        return self._store.append(draft)

    def intent(
        self,
        actor: Actor,
        scope: Scope,
        action: Action,
        *,
        at: datetime,
        subject: Subject,
        reason: str | None = None,
        expires_at: datetime | None = None,
    ) -> TrailEvent:
        """Commit that something is about to be done; the act may begin when this returns."""
        return self.record(
            actor, scope, action, at=at, subject=subject, reason=reason, result=INTENT, expires_at=expires_at
        )

    def outcome(
        self, intent: TrailEvent, *, at: datetime, result: str, expires_at: datetime | None = None
    ) -> TrailEvent:
        """Commit how it ended, under the intent's request id. Without its own end it keeps the intent's."""
        draft = Draft(
            at=at,
            actor=intent.actor,
            role=intent.role,
            scope=intent.scope,
            action=intent.action,
            record_id=intent.record_id,
            patient_id=intent.patient_id,
            clinic_id=intent.clinic_id,
            key_hmac=intent.key_hmac,
            expires_at=expires_at or intent.expires_at,
            reason=intent.reason,
            result=result,
            request_id=intent.request_id,
        )
        return self._store.append(draft)

    def keyed_hash(self, text: str) -> str:
        """Return an HMAC-SHA256 hex of a text that must not stand in the trail itself."""
        return self._hmac(b"text", text)

    def key_hmac(self, object_key: str) -> str:
        """Return what the trail holds for an object key. Never equals ``keyed_hash`` of the same string."""
        return self._hmac(b"object key", object_key)

    def _hmac(self, domain: bytes, text: str) -> str:
        return hmac.new(
            self._secret, domain + b"\0" + text.encode("utf-8", "surrogatepass"), hashlib.sha256
        ).hexdigest()


@overload
def _storable(text: str) -> str: ...
@overload
def _storable(text: None) -> None: ...
@overload
def _storable(text: str | None) -> str | None: ...
def _storable(text: str | None) -> str | None:
    # What PostgreSQL cannot hold (NUL, a lone surrogate) is replaced before it is hashed: a database that
    # refused it would switch links off, one that cleaned it would break the chain.
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def seal(draft: Draft, *, sequence: int, previous_hash: str) -> TrailEvent:
    """Return the event that a store writes: the draft with its place in the chain and its hash. Pure.

    The hash is SHA-256 over a JSON array of every other column in a fixed order, so that no two
    different rows have the same bytes: strings are quoted and escaped to ASCII, nothing is ``null``,
    instants are UTC with microseconds.
    """
    columns = {name: getattr(draft, name) for name in DRAFT_COLUMNS}
    return TrailEvent(
        **columns, sequence=sequence, previous_hash=previous_hash, hash=_hash(draft, sequence, previous_hash)
    )


def _hash(row: Draft | TrailEvent, sequence: int, previous_hash: str) -> str:
    columns = [_canonical(getattr(row, name)) for name in DRAFT_COLUMNS]
    encoded = json.dumps(["trail 1", sequence, *columns, previous_hash], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(encoded.encode("ascii")).hexdigest()


def _canonical(value: object) -> object:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


@dataclass(frozen=True, slots=True)
class Intact:
    """The chain holds: so many events, and the hash of the last."""

    events: int
    last_hash: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The first sequence number at which the chain does not hold, and what is wrong there."""

    sequence: int
    problem: str  # 'gap', 'previous_hash', 'hash'


def verify(events: Iterable[TrailEvent]) -> Intact | Broken:
    """Walk the chain. Pure but for reading the iterator.

    Events cut off at the end leave a shorter chain that holds: compare ``Intact`` with one noted earlier.
    """
    count, last_hash = 0, GENESIS
    for event in events:
        if event.sequence != count + 1:
            return Broken(event.sequence, "gap")
        if event.previous_hash != last_hash:
            return Broken(event.sequence, "previous_hash")
        if event.hash != _hash(event, event.sequence, event.previous_hash):
            return Broken(event.sequence, "hash")
        count, last_hash = event.sequence, event.hash
    return Intact(count, last_hash)
