"""Who did what: append-only, hash-chained, never a name, a phone, a typed text or a signed URL.

An act on a document is two events with one request id: the intent, committed before the act, and the
outcome, committed after it. Trail not writable = the act is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from lib.access import Actor, Scope


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


class Trail:
    """What use cases write through: fills in actor, time and the key's HMAC. Every method raises LedgerUnavailable."""

    def __init__(self, store: TrailStore, *, key_secret: bytes) -> None:
        raise NotImplementedError

    def record(
        self,
        actor: Actor,
        scope: Scope,
        action: Action,
        *,
        at: datetime,
        subject: Subject = Subject(),
        reason: str | None = None,
        result: str = "ok",
        expires_at: datetime | None = None,
    ) -> TrailEvent:
        """Commit one event that is no intent (a search, a record opened)."""
        raise NotImplementedError

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
        raise NotImplementedError

    def outcome(self, intent: TrailEvent, *, at: datetime, result: str, expires_at: datetime | None = None) -> TrailEvent:
        """Commit how it ended, under the intent's request id."""
        raise NotImplementedError

    def keyed_hash(self, text: str) -> str:
        """Return an HMAC-SHA256 hex of a text that must not stand in the trail itself."""
        raise NotImplementedError


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


def verify(events: Iterator[TrailEvent]) -> Intact | Broken:
    """Walk the chain. Pure but for reading the iterator."""
    raise NotImplementedError
