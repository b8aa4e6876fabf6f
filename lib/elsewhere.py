"""The right object of a record whose own is absent: found, proven, and used in its place with the trail saying so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from lib import diagnosis, documents, explanation
from lib.access import Actor, Scope
from lib.diagnosis import Md5, State
from lib.documents import Document
from lib.errors import LedgerUnavailable
from lib.objects import Doubt, Observation
from lib.records import Record
from lib.refusals import RefusalCode, Refused
from lib.trail import Action

if TYPE_CHECKING:
    from lib.services import Services

HEAD_BUDGET = timedelta(seconds=10)
ELSEWHERE = "[in the wrong place]"  # in the trail's reason: the object was proven to be the right one

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Proven:
    """The document at the place where its right object is, and what the bucket says of that object now."""

    document: Document
    observation: Observation


def proven(record: Record, *, services: Services) -> Proven | None:
    """Return where the right object of a row is that has none at its own key; None where none is proven.

    Asks the bucket, within the bound of a diagnosis; the row must have been authorised and read afresh.
    """
    found = explanation.look(record, services=services).diagnosis.right
    if found is None or record.record_id is None:
        return None
    observation = services.objects.head([found.key], budget=HEAD_BUDGET)[found.key]
    services.presence.put(observation)
    is_right = diagnosis.state(record, observation) is State.FOUND
    # The listing is older, and does not say where an ETag is no MD5: what proves is this HEAD.
    if not is_right or diagnosis.compare_md5(record, observation) is not Md5.AGREES:
        return None
    return Proven(Document(record, record.record_id, found.key, is_elsewhere=True), observation)


def locate(record: Record, *, services: Services) -> Document | Refused:
    """Return the document of a fresh row: at its own key, or where that cannot exist, at the proven place."""
    located = documents.locate(record, services=services)
    if isinstance(located, Refused) and located.doubt is Doubt.IMPOSSIBLE_KEY:
        found = proven(record, services=services)
        return located if found is None else found.document
    return located


def act(
    deed: Callable[[Document], Made | Refused],
    *,
    actor: Actor,
    scope: Scope,
    action: Action,
    document: Document,
    services: Services,
) -> Made | Refused:
    """Do a deed between its intent and its outcome; where the object is absent and proven elsewhere, do it there.

    The second attempt is an act of its own in the trail, with ELSEWHERE as its reason.
    """
    made = _one(deed, actor=actor, scope=scope, action=action, document=document, services=services)
    if document.is_elsewhere or not isinstance(made, Refused) or made.code is not RefusalCode.MISSING:
        return made
    found = proven(document.record, services=services)
    if found is None:
        return made
    return _one(deed, actor=actor, scope=scope, action=action, document=found.document, services=services)


def _one(
    deed: Callable[[Document], Made | Refused],
    *,
    actor: Actor,
    scope: Scope,
    action: Action,
    document: Document,
    services: Services,
) -> Made | Refused:
    reason = ELSEWHERE if document.is_elsewhere else None
    try:
        intent = services.trail.intent(
            actor, scope, action, at=services.clock(), subject=document.subject, reason=reason
        )
    except LedgerUnavailable as error:
        return Refused(RefusalCode.TRAIL_UNAVAILABLE, error.fault)
    return documents.act(intent, lambda: deed(document), document=document, scope=scope, services=services)
