"""The rows of the trail, and the hashes and MACs that chain them. Pure. ``lib.trail`` hands these names on.

A hash alone shows an edit to whoever noted a later hash; somebody who may write the database can compute
all hashes anew. The MAC needs the dashboard's secret, so that a row that was not written by us shows by itself.
Neither shows that the newest events are gone: that takes an ``Anchor`` that is kept elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, fields
from datetime import UTC, datetime

GENESIS = "0" * 64  # the previous hash of the first event
PRUNE = "prune"  # the action of the event that says what retention took away


@dataclass(frozen=True, slots=True)
class TrailEvent:
    """One row of the trail. ``sequence`` starts at 1; ``previous_hash`` of the first is 64 zeros."""

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
    address: str | None = None
    session_hash: str | None = None
    actor_clinic: str | None = None  # the one clinic of the actor's scope; None for several, or all
    mac: str | None = None  # None for rows from before there were MACs


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before the store gives it a sequence, hashes and a MAC."""

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
    address: str | None = None
    session_hash: str | None = None
    actor_clinic: str | None = None


DRAFT_COLUMNS = tuple(field.name for field in fields(Draft))  # their order is part of the hash
LATER_COLUMNS = ("address", "session_hash", "actor_clinic")  # the second version's
FIRST_COLUMNS = DRAFT_COLUMNS[: -len(LATER_COLUMNS)]


@dataclass(frozen=True, slots=True)
class Cut:
    """What retention took away: every event up to ``sequence``, whose hash was ``hash``."""

    events: int
    sequence: int
    hash: str


def seal(draft: Draft, *, sequence: int, previous_hash: str, key: bytes | None = None) -> TrailEvent:
    """Return the event that a store writes: the draft with its place in the chain, its hash and its MAC. Pure.

    The hash is SHA-256 over a JSON array of every other column in a fixed order, so that no two
    different rows have the same bytes: strings are quoted and escaped to ASCII, what is absent is ``null``,
    instants are UTC with microseconds. The MAC is HMAC-SHA256 over the hash. A row without MAC and without
    any column of the second version is hashed as the first version did, under its own label.
    """
    columns = {name: getattr(draft, name) for name in DRAFT_COLUMNS}
    sealed = hash_of(draft, sequence=sequence, previous_hash=previous_hash, has_mac=key is not None)
    mac = None if key is None else mac_of(sealed, key=key)
    return TrailEvent(**columns, sequence=sequence, previous_hash=previous_hash, hash=sealed, mac=mac)


def hash_of(row: Draft | TrailEvent, *, sequence: int, previous_hash: str, has_mac: bool) -> str:
    """Return the hash that this row has at this place."""
    is_first_version = not has_mac and all(getattr(row, name) is None for name in LATER_COLUMNS)
    label, names = ("trail 1", FIRST_COLUMNS) if is_first_version else ("trail 2", DRAFT_COLUMNS)
    columns = [_canonical(getattr(row, name)) for name in names]
    encoded = json.dumps([label, sequence, *columns, previous_hash], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(encoded.encode("ascii")).hexdigest()


def mac_of(sealed: str, *, key: bytes) -> str:
    """Return the MAC of a row with this hash."""
    return hmac.new(key, b"trail event\0" + sealed.encode("ascii"), hashlib.sha256).hexdigest()


def _canonical(value: object) -> object:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def cut_reason(cut: Cut | None, *, before: datetime) -> str:
    """Return what the event of a prune says, ``cut`` being None where nothing was old enough."""
    taken = {"events": cut.events, "sequence": cut.sequence, "hash": cut.hash} if cut else None
    return json.dumps({"before": _canonical(before), "cut": taken}, separators=(",", ":"))


def cut_of(event: TrailEvent) -> Cut | None:
    """Return what this event says that retention took away; None for every event that is no such one.

    >>> at = datetime(2026, 11, 24, tzinfo=UTC)
    >>> reason = cut_reason(Cut(7, 7, "ab"), before=at)
    >>> draft = Draft(at, "cli:asha", "owner", "all", PRUNE, *[None] * 5, reason, "ok", "id")
    >>> cut_of(seal(draft, sequence=8, previous_hash="ab"))
    Cut(events=7, sequence=7, hash='ab')
    """
    if event.action != PRUNE or event.result != "ok" or not event.reason:
        return None
    try:
        taken = json.loads(event.reason)["cut"]
        return Cut(taken["events"], taken["sequence"], taken["hash"]) if taken else None
    except (ValueError, KeyError, TypeError):  # a forger's: its hash will not hold either
        return None
