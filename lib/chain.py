"""The rows of the trail and the hashes that chain them. Pure. ``lib.trail`` hands these names on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime

GENESIS = "0" * 64  # the previous hash of the first event


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


DRAFT_COLUMNS = tuple(field.name for field in fields(Draft))  # their order is part of the hash


def seal(draft: Draft, *, sequence: int, previous_hash: str) -> TrailEvent:
    """Return the event that a store writes: the draft with its place in the chain and its hash. Pure.

    The hash is SHA-256 over a JSON array of every other column in a fixed order, so that no two
    different rows have the same bytes: strings are quoted and escaped to ASCII, what is absent is ``null``,
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
