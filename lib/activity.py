"""Reading the trail out: who may, and that it is written down too."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime

from lib import authority
from lib.access import Actor, Permission, Scope
from lib.trail import OK, Action, Selection, Subject, Trail, TrailEvent


def export(
    actor: Actor, scope: Scope, *, trail: Trail, clock: Callable[[], datetime], chosen: Selection
) -> Generator[TrailEvent, None, None]:
    """Commit that somebody takes these events along, then return them by sequence.

    The events are those from before: this one is not among them. The scope's clinics narrow the choice. The
    outcome is written when the last event was taken, or the generator closed before: then it says so.
    Raises NotAllowed and LedgerUnavailable.
    """
    scope = authority.ask(actor, scope, Permission.ACTIVITY, trail=trail, clock=clock)
    if scope.clinics is not None:
        chosen = replace(chosen, clinics=scope.clinics if chosen.clinics is None else scope.clinics & chosen.clinics)
    subject = Subject(record_id=chosen.record_id, patient_id=chosen.patient_id)
    asked = {
        "since": chosen.since and chosen.since.isoformat(),
        "until": chosen.until and chosen.until.isoformat(),
        "actor": chosen.actor,
        "action": chosen.action,
    }
    reason = json.dumps({name: value for name, value in asked.items() if value}, separators=(",", ":"))
    intent = trail.intent(actor, scope, Action.EXPORT, at=clock(), subject=subject, reason=reason)
    return _taken(intent, chosen, trail=trail, clock=clock)


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
