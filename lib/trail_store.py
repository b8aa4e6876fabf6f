"""Where events are kept: which of them are asked for, and the port that appends and reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from lib.chain import Cut, Draft, TrailEvent
from lib.chain_check import Broken

if TYPE_CHECKING:
    from lib.trail import Action


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events: None stands for all. ``until`` is not among them. ``clinics`` are those of the records."""

    since: datetime | None = None
    until: datetime | None = None
    clinics: frozenset[str] | None = None
    actor: str | None = None
    action: Action | None = None
    patient_id: str | None = None
    record_id: int | None = None

    def has(self, event: TrailEvent) -> bool:
        """Whether the event is one of them."""
        return (
            (self.since is None or event.at >= self.since)
            and (self.until is None or event.at < self.until)
            and (self.clinics is None or event.clinic_id in self.clinics)
            and self.actor in (None, event.actor)
            and self.action in (None, event.action)
            and self.patient_id in (None, event.patient_id)
            and self.record_id in (None, event.record_id)
        )


EVERYTHING = Selection()


class TrailStore(Protocol):
    """Appends, reads, counts, and takes away what is old. All raise ``LedgerUnavailable``."""

    def append(self, draft: Draft) -> TrailEvent:
        """Commit one event durably before returning; the chain stays linear under concurrent writers."""
        ...

    def events(self, chosen: Selection = EVERYTHING) -> Iterator[TrailEvent]:
        """Yield the chosen events by sequence, in bounded memory."""
        ...

    def newest(self, chosen: Selection = EVERYTHING, *, limit: int, before: int | None = None) -> Sequence[TrailEvent]:
        """Return the last chosen events, newest first, of those below a sequence number."""
        ...

    def count(self, *, actor: str, action: str, result: str, since: datetime, before: int | None = None) -> int:
        """Count one actor's events of an action and result, from an instant on and below a sequence number."""
        ...

    def prune(self, before: datetime, *, event: Callable[[Cut | None], Draft]) -> TrailEvent | Broken:
        """Take away the events that stand before the first one of ``before`` or later, and append ``event``.

        All in one transaction, in which the chain is verified before and after: a broken one is left as it is.
        """
        ...
