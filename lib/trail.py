"""Who did what: append-only, hash-chained, never a name, a phone, a typed text or a signed URL.

An act on a document is two events with one request id: the intent, committed before the act, and the
outcome, committed after it. Trail not writable = the act is refused.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import overload
from uuid import uuid4

from lib.access import Actor, Scope
from lib.anchors import Anchor
from lib.chain import DRAFT_COLUMNS, GENESIS, PRUNE, Cut, Draft, TrailEvent, cut_reason, seal
from lib.chain_check import Break, Broken, Intact, verify
from lib.trail_store import EVERYTHING, Selection, TrailStore

__all__ = [
    "EVERYTHING",
    "GENESIS",
    "INTENT",
    "MAC_KEY",
    "OK",
    "TEXT_KEY",
    "Action",
    "Anchor",
    "Break",
    "Broken",
    "Cut",
    "Draft",
    "Intact",
    "Selection",
    "Subject",
    "Trail",
    "TrailEvent",
    "TrailStore",
    "seal",
    "verify",
]

INTENT = "intent"
OK = "ok"
TEXT_KEY, MAC_KEY = "trail", "trail mac"  # the purposes for which its keys are derived


class Action(StrEnum):
    """What was done."""

    SEARCH = "search"
    OPEN = "record_opened"
    PREVIEW = "preview"
    LINK = "link"
    CONTENT = "content_checked"  # a file was read to judge it, and not shown
    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_OUT = "sign_out"
    LOCK = "lock"
    UNLOCK = "unlock"
    UNLOCK_FAILED = "unlock_failed"
    DENIED = "denied"  # asked for what the role or the clinic does not allow
    PEOPLE_CHANGED = "people_changed"
    SETTINGS_READ = "settings_read"
    AUDIT_STARTED = "audit_started"
    AUDIT_ENDED = "audit_ended"
    EXPORT = "export"
    ACTIVITY_SEARCHED = "activity_searched"  # read who did what
    PRUNE = PRUNE
    MACS_BEGIN = "macs_begin"  # every event from here on has a MAC


@dataclass(frozen=True, slots=True)
class Subject:
    """The record an event is about; ``object_key`` is stored only as an HMAC."""

    record_id: int | None = None
    patient_id: str | None = None
    clinic_id: str | None = None
    object_key: str | None = None


NOBODY = Subject()


def new_request_id() -> str:
    """Return a fresh id that ties an outcome to its intent."""
    return uuid4().hex


class Trail:
    """What use cases write through: fills in actor, time and the key's HMAC.

    Every method that writes raises LedgerUnavailable.
    """

    def __init__(
        self,
        store: TrailStore,
        *,
        key_secret: bytes,
        mac_key: bytes | None = None,
        new_id: Callable[[], str] = new_request_id,
    ) -> None:
        self._store = store
        self._secret = key_secret
        self._mac_key = mac_key
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
        result: str = OK,
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
            address=_storable(actor.address),
            session_hash=actor.session_hash,
            actor_clinic=_storable(_only_clinic(scope)),
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
        self,
        intent: TrailEvent,
        *,
        at: datetime,
        result: str,
        expires_at: datetime | None = None,
        session_hash: str | None = None,
    ) -> TrailEvent:
        """Commit how it ended, under the intent's request id. Without an end or a session of its own it keeps the intent's."""
        draft = self._ended(intent, at=at, result=result, expires_at=expires_at)
        return self._store.append(replace(draft, session_hash=session_hash or draft.session_hash))

    def prune(self, intent: TrailEvent, before: datetime, *, at: datetime) -> TrailEvent | Broken:
        """Take away what is older than ``before``; the outcome, which says what, is part of the same commit.

        Returns that outcome, or where the chain is broken, so that nothing was taken away.
        """

        def outcome(cut: Cut | None) -> Draft:
            return replace(self._ended(intent, at=at, result=OK), reason=cut_reason(cut, before=before))

        return self._store.prune(before, event=outcome)

    def begin_macs(self, actor: Actor, scope: Scope, *, at: datetime) -> None:
        """Write the first event with a MAC, where those before it have none. Without it they could all be rewritten."""
        last = self._store.newest(limit=1)
        if last and last[0].mac is None:
            self.record(actor, scope, Action.MACS_BEGIN, at=at)

    def events(self, chosen: Selection = EVERYTHING) -> Iterator[TrailEvent]:
        """Yield the chosen events by sequence. Whoever asks must have authorised it."""
        return self._store.events(chosen)

    def newest(self, chosen: Selection = EVERYTHING, *, limit: int, before: int | None = None) -> Sequence[TrailEvent]:
        """Return the last chosen events below a number, newest first. Whoever asks must have authorised it."""
        return self._store.newest(chosen, limit=limit, before=before)

    def verified(self, *, seen: Callable[[Iterable[TrailEvent]], Iterable[TrailEvent]]) -> Intact | Broken:
        """Walk the chain with its key; ``seen`` may count along. Whoever asks must have authorised it."""
        checked = verify(seen(self._store.events()), key=self._mac_key)
        if isinstance(checked, Intact):
            return checked
        # A prune between two pages of a walk looks like a gap; a second walk begins after it. A real break stays.
        return verify(seen(self._store.events()), key=self._mac_key)

    def _ended(self, intent: TrailEvent, *, at: datetime, result: str, expires_at: datetime | None = None) -> Draft:
        columns = {name: getattr(intent, name) for name in DRAFT_COLUMNS}
        return Draft(**columns | {"at": at, "result": result, "expires_at": expires_at or intent.expires_at})

    def count_intents(self, actor: Actor, action: Action, *, since: datetime, before: TrailEvent | None = None) -> int:
        """Count how often somebody began an act since an instant, or since then and before an event."""
        return self._store.count(
            actor=_storable(actor.name),
            action=str(action),
            result=INTENT,
            since=since,
            before=None if before is None else before.sequence,
        )

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


def _only_clinic(scope: Scope) -> str | None:
    return next(iter(scope.clinics)) if scope.clinics is not None and len(scope.clinics) == 1 else None


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
