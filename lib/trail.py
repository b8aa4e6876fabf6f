"""Who did what: append-only, hash-chained, never a name, a phone, a typed text or a signed URL.

An act on a document is two events with one request id: the intent, committed before the act, and the
outcome, committed after it. Trail not writable = the act is refused.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, overload
from uuid import uuid4

from lib.access import Actor, Scope
from lib.chain import GENESIS, Broken, Draft, Intact, TrailEvent, seal, verify

__all__ = [
    "GENESIS",
    "INTENT",
    "Action",
    "Broken",
    "Draft",
    "Intact",
    "Subject",
    "Trail",
    "TrailEvent",
    "TrailStore",
    "seal",
    "verify",
]

INTENT = "intent"


class Action(StrEnum):
    """What was done."""

    SEARCH = "search"
    OPEN = "record_opened"
    PREVIEW = "preview"
    LINK = "link"
    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_OUT = "sign_out"
    PEOPLE_CHANGED = "people_changed"


@dataclass(frozen=True, slots=True)
class Subject:
    """The record an event is about; ``object_key`` is stored only as an HMAC."""

    record_id: int | None = None
    patient_id: str | None = None
    clinic_id: str | None = None
    object_key: str | None = None


class TrailStore(Protocol):
    """Appends and reads. Both raise ``LedgerUnavailable``."""

    def append(self, draft: Draft) -> TrailEvent:
        """Commit one event durably before returning; the chain stays linear under concurrent writers."""
        ...

    def events(self) -> Iterator[TrailEvent]:
        """Yield every event by sequence, in bounded memory."""
        ...


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
            record_id=_storable_number(subject.record_id),
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


def _storable_number(number: int | None) -> int | None:
    # Asked for by hand; no row can have it, and no ledger can hold it.
    return None if number is None or not -(2**63) <= number < 2**63 else number


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
