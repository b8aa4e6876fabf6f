"""Reading the trail: a page of it on screen, whether it holds, and taking it along, which is written down too."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from lib import authority
from lib.access import Actor, Permission, Scope
from lib.errors import LedgerUnavailable
from lib.trail import OK, Action, Broken, Intact, Selection, Subject, Trail, TrailEvent

STEP = 1000  # events between two reports of a walk


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, newest first. ``before`` is where the next page begins; None on the last one.

    ``trail_fault`` is set when it could not be written down that they were asked for.
    """

    events: tuple[TrailEvent, ...]
    before: int | None
    trail_fault: LedgerUnavailable | None = None


def read(
    actor: Actor,
    scope: Scope,
    *,
    trail: Trail,
    clock: Callable[[], datetime],
    chosen: Selection,
    limit: int,
    before: int | None = None,
    is_asked_anew: bool = True,
) -> Page:
    """Return the newest chosen events, of those below a sequence number. The scope's clinics narrow the choice.

    A question that is asked anew is written to the trail, once the answer is known: it is not among it.
    Raises NotAllowed and LedgerUnavailable.
    """
    scope = authority.ask(actor, scope, Permission.ACTIVITY, trail=trail, clock=clock)
    chosen = _narrowed(chosen, scope)
    found = trail.newest(chosen, limit=limit + 1, before=before)
    fault = None
    if is_asked_anew:
        subject, reason = _told(chosen, trail=trail, is_known=bool(found))
        try:
            trail.record(actor, scope, Action.ACTIVITY_SEARCHED, at=clock(), subject=subject, reason=reason)
        except LedgerUnavailable as error:
            fault = error
    return Page(tuple(found[:limit]), found[limit - 1].sequence if len(found) > limit else None, fault)


def check(
    actor: Actor, scope: Scope, *, trail: Trail, clock: Callable[[], datetime], walked: Callable[[int], None]
) -> Intact | Broken:
    """Walk the whole chain and return whether it holds; ``walked`` is told how far, every ``STEP`` events.

    Raises NotAllowed and LedgerUnavailable.
    """
    authority.ask(actor, scope, Permission.ACTIVITY, trail=trail, clock=clock)

    def counted(events: Iterable[TrailEvent]) -> Iterator[TrailEvent]:
        for number, event in enumerate(events, start=1):
            if number % STEP == 0:
                walked(number)
            yield event

    return trail.verified(seen=counted)


def export(
    actor: Actor, scope: Scope, *, trail: Trail, clock: Callable[[], datetime], chosen: Selection
) -> Generator[TrailEvent, None, None]:
    """Commit that somebody takes these events along, then return them by sequence.

    The events are those from before: this one is not among them. The scope's clinics narrow the choice. The
    outcome is written when the last event was taken, or the generator closed before: then it says so.
    Raises NotAllowed and LedgerUnavailable.
    """
    scope = authority.ask(actor, scope, Permission.ACTIVITY, trail=trail, clock=clock)
    chosen = _narrowed(chosen, scope)
    subject, reason = _told(chosen, trail=trail, is_known=bool(trail.newest(chosen, limit=1)))
    intent = trail.intent(actor, scope, Action.EXPORT, at=clock(), subject=subject, reason=reason)
    return _taken(intent, chosen, trail=trail, clock=clock)


def _narrowed(chosen: Selection, scope: Scope) -> Selection:
    if scope.clinics is None:
        return chosen
    return replace(chosen, clinics=scope.clinics if chosen.clinics is None else scope.clinics & chosen.clinics)


def _told(chosen: Selection, *, trail: Trail, is_known: bool) -> tuple[Subject, str]:
    """Return what the trail says of a question: about whom, and compact JSON.

    What was typed as an id or a person and stands in no event may be anything, a patient's name too: of it there is
    only a keyed hash, as of the text of a search.
    """
    typed = {"actor": chosen.actor, "patient": chosen.patient_id}
    asked = {
        "since": chosen.since and chosen.since.isoformat(),
        "until": chosen.until and chosen.until.isoformat(),
        "actor": chosen.actor if is_known else None,
        "action": chosen.action,
        **{f"{name}_hmac": trail.keyed_hash(text) for name, text in typed.items() if text and not is_known},
    }
    subject = Subject(record_id=chosen.record_id, patient_id=chosen.patient_id if is_known else None)
    return subject, json.dumps({name: value for name, value in asked.items() if value}, separators=(",", ":"))


def _taken(
    intent: TrailEvent, chosen: Selection, *, trail: Trail, clock: Callable[[], datetime]
) -> Generator[TrailEvent, None, None]:
    result = "failed:ERROR"
    try:
        for event in trail.events(chosen):
            if event.sequence >= intent.sequence:
                break
            yield event
        result = OK
    finally:
        trail.outcome(intent, at=clock(), result=result)
