"""Whether the trail is as it was written: the walk along its chain. Pure but for reading the iterator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from lib.anchors import Anchor
from lib.chain import GENESIS, Cut, TrailEvent, cut_of, hash_of, mac_of


class Break(StrEnum):
    """What is wrong at the first event that does not hold."""

    GAP = "gap"  # an event before it is gone, or it stands in a wrong place
    PREVIOUS_HASH = "previous_hash"  # it does not follow from the event before it
    HASH = "hash"  # it was changed
    MAC = "mac"  # it was not written by us, or with another secret
    NO_MAC = "no_mac"  # it lacks the MAC that it should have
    PRUNED = "pruned"  # it stands where retention had taken everything away
    ANCHOR = "anchor"  # it is another event than the one that the anchor holds
    CUT = "cut"  # it is gone, with everything after it: the anchor has seen it


@dataclass(frozen=True, slots=True)
class Intact:
    """The chain holds: how many events it has, and the hash of the last.

    ``pruned`` is how many were taken away before them by retention. ``without_mac`` counts the events from
    before there were MACs; None where no key was given, so that no MAC was looked at. ``is_anchored`` is None
    without an anchor, and False where the anchor's event has meanwhile been pruned, so that it proves nothing.
    """

    events: int
    last_hash: str
    pruned: int = 0
    without_mac: int | None = None
    is_anchored: bool | None = None

    @property
    def last_sequence(self) -> int:
        """The number of the last event."""
        return self.pruned + self.events


@dataclass(frozen=True, slots=True)
class Broken:
    """The first sequence number at which the chain does not hold, and what is wrong there."""

    sequence: int
    problem: Break


def verify(events: Iterable[TrailEvent], *, key: bytes | None = None, anchor: Anchor | None = None) -> Intact | Broken:
    """Walk the chain.

    1. Each event follows the one before it, has the hash that its columns give and, with ``key``, its MAC.
       After an event with a MAC every one has one; with ``key`` the last must have one, or else all could be
       written anew in the manner of before.
    2. A chain that does not begin with event 1 must hold the event of the prune that says where it begins.
       An older prune does not count: what a later one took away is back.
    3. With an anchor, the event of its number is the one it holds. A tail that was cut off and a backup that
       was restored show there and nowhere else.
    """
    walk = _Walk(key, anchor)
    rows = iter(events)
    for event in rows:
        problem = walk.take(event)
        if problem is not None:
            if walk.begins_late and not _is_explained(walk, rows):
                return Broken(walk.first, Break.GAP)
            return Broken(event.sequence, problem)
    return walk.end()


class _Walk:
    def __init__(self, key: bytes | None, anchor: Anchor | None) -> None:
        self.key = key
        self.anchor = anchor
        self.first = 1
        self.before_first = GENESIS
        self.sequence = 0
        self.hash = GENESIS
        self.events = 0
        self.without_mac = 0
        self.has_mac = False
        self.last_cut: Cut | None = None

    @property
    def begins_late(self) -> bool:
        """Whether only a prune explains where the chain begins, and none that does was met yet."""
        return self.first > 1 and not self.explains(self.last_cut)

    def explains(self, cut: Cut | None) -> bool:
        """Whether the chain begins where this prune ended."""
        return cut is not None and (cut.sequence, cut.hash) == (self.first - 1, self.before_first)

    def take(self, event: TrailEvent) -> Break | None:
        if not self.events and event.sequence > 1:
            self.first, self.before_first = event.sequence, event.previous_hash
            self.sequence, self.hash = event.sequence - 1, event.previous_hash
        problem = self._problem(event)
        if problem is not None:
            return problem
        self.events, self.sequence, self.hash = self.events + 1, event.sequence, event.hash
        self.has_mac = self.has_mac or event.mac is not None
        self.without_mac += event.mac is None
        self.last_cut = cut_of(event) or self.last_cut
        return None

    def _problem(self, event: TrailEvent) -> Break | None:
        if event.sequence != self.sequence + 1:
            return Break.GAP
        if event.previous_hash != self.hash:
            return Break.PREVIOUS_HASH
        if not holds(event, key=self.key):
            return Break.HASH if not holds(event, key=None) else Break.MAC
        if event.mac is None and self.has_mac:
            return Break.NO_MAC
        if self.anchor is not None and event.sequence == self.anchor.sequence and event.hash != self.anchor.hash:
            return Break.ANCHOR
        return None

    def end(self) -> Intact | Broken:
        if self.last_cut is not None and self.last_cut.sequence >= self.first:
            return Broken(self.first, Break.PRUNED)
        if self.begins_late:
            return Broken(self.first, Break.GAP)
        if self.key is not None and self.events and not self.has_mac:
            return Broken(self.sequence, Break.NO_MAC)
        if self.anchor is not None and self.anchor.sequence > self.sequence:
            return Broken(self.sequence + 1, Break.CUT)
        if self.anchor is not None and self.anchor.sequence == self.first - 1 and self.anchor.hash != self.before_first:
            return Broken(self.first, Break.ANCHOR)
        return Intact(
            self.events,
            self.hash,
            pruned=self.first - 1,
            without_mac=None if self.key is None else self.without_mac,
            is_anchored=None if self.anchor is None else self.anchor.sequence >= self.first - 1,
        )


def holds(event: TrailEvent, *, key: bytes | None) -> bool:
    """Whether the event's hash fits its columns and, with ``key``, its MAC its hash."""
    found = hash_of(event, sequence=event.sequence, previous_hash=event.previous_hash, has_mac=event.mac is not None)
    return event.hash == found and (key is None or event.mac is None or event.mac == mac_of(found, key=key))


def _is_explained(walk: _Walk, rest: Iterator[TrailEvent]) -> bool:
    """Whether a prune further on says that the chain begins where it does: then the break is the first one."""
    return any(walk.explains(cut_of(event)) and holds(event, key=walk.key) for event in rest)
