"""Anything that somebody pasted, explained: what it is, which records it means, and why they do or do not open.

The pasted text goes nowhere else: the trail gets its kind, a keyed hash and the numbers of the records shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lib import authority, autopsy, documents, explanation, masking, pasted
from lib.access import Actor, Permission, Scope
from lib.autopsy import Autopsy
from lib.candidates import consultation_of
from lib.causes import BareKey
from lib.diagnosis import State
from lib.errors import LedgerUnavailable
from lib.explanation import MAX_REQUESTS, Explanation
from lib.pasted import Kind, Pasted
from lib.records import KeyIs, Record, RecordIs, Term
from lib.spellings import spellings
from lib.trail import Action

if TYPE_CHECKING:
    from lib.services import Services

MAX_RECORDS = 5  # that are explained, one after the other
KEYS = frozenset({Kind.STORED_KEY, Kind.OBJECT_KEY})
MAX_FORMS = 60  # of a key that the records are asked for at once


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a text is and what it means. Of several records, the first is the likeliest; ``left_off`` counts the rest.

    ``alone`` explains a key that no visible record has. ``trail_fault`` is set when it could not be written down.
    """

    pasted: Pasted
    autopsy: Autopsy | None
    explanations: tuple[Explanation, ...]
    alone: Explanation | None = None
    left_off: int = 0
    trail_fault: LedgerUnavailable | None = field(default=None, compare=False)

    @property
    def main(self) -> Explanation | None:
        """The one that the text is most likely about."""
        return self.explanations[0] if self.explanations else self.alone


def inspect(
    actor: Actor,
    scope: Scope,
    *,
    services: Services,
    text: str,
    record_id: int | None = None,
    max_requests: int = MAX_REQUESTS,
) -> Inspection:
    """Return what the text is, the records that it means within the scope, and the diagnosis of each.

    1. Read the text; a link is also taken apart.
    2. Ask for the records: by ``record_id`` alone where it is given, else by the number, the id or the key in the text,
       a key in every form that it may have been stored in. A key beside a ``record_id`` is explained with what that
       record knows of its file.
    3. Write the search to the trail, and explain each record; a key without a record is explained by itself.

    Raises NotAllowed and DatabaseUnavailable.
    """
    scope = authority.require(actor, scope, Permission.EXPLAIN, services=services)
    found = pasted.read(text, services.rules, phone_region=services.phone_region)
    link = taken_apart(found, services=services)
    rows = _records(found, scope, services=services, record_id=record_id)
    if record_id is not None and found.kind in KEYS:
        rows = tuple(replace(row, stored_key=found.key) for row in rows)
    fault = _write(actor, scope, found, rows, text=text, services=services)
    explained = tuple(
        explanation.seen_by(scope, explanation.look(row, services=services, max_requests=max_requests))
        for row in rows[:MAX_RECORDS]
    )
    alone = None
    # Who is bound to clinics learns nothing of an object whose record they do not see.
    if not rows and record_id is None and found.key and scope.clinics is None and not _is_foreign(found, services):
        bare = BareKey(found.key, consultation_of(found.key))
        alone = explanation.look(bare, services=services, max_requests=max_requests)
    return Inspection(found, link, explained, alone, max(0, len(rows) - MAX_RECORDS), fault)


def taken_apart(found: Pasted, *, services: Services) -> Autopsy | None:
    """Return what a signed link says of itself; None for anything else. Asks nobody."""
    if found.link is None or not pasted.is_signed(found.link):
        return None
    host = urlsplit(services.endpoint_url).netloc.lower()
    return autopsy.examine(found.raw or found.link, services.rules, now=services.clock(), endpoint_host=host)


def _is_foreign(found: Pasted, services: Services) -> bool:
    return found.place is not None and not found.place.is_ours(services.rules)


def _records(found: Pasted, scope: Scope, *, services: Services, record_id: int | None) -> tuple[Record, ...]:
    """Return the visible records that the text means, the likeliest first."""
    for term in _terms(found, services=services, record_id=record_id):
        if masking.hides(scope, term):
            continue
        page = services.records.search(term, documents.EVERY_VERSION, scope=scope, limit=MAX_RECORDS + 20)
        if page.records:
            return tuple(page.records)
    return ()


def _terms(found: Pasted, *, services: Services, record_id: int | None) -> Iterator[Term]:
    if record_id is not None:
        yield RecordIs(record_id)
        return
    if found.kind in {Kind.RECORD_NUMBER, Kind.IDS}:
        yield from (reading.term for reading in found.readings if reading.term is not None)
    if found.key and not _is_foreign(found, services):
        prefix = services.rules.prefix
        raw = (
            "" if found.link and pasted.is_signed(found.link) else found.raw
        )  # no live signature goes into a statement
        exact = (raw, found.key, found.key.removeprefix(prefix), prefix + found.key)
        yield KeyIs(tuple(dict.fromkeys(each for each in exact if each)))
        forms = [each.text for each in spellings(found.key, services.rules)][:MAX_FORMS]
        yield KeyIs(tuple(dict.fromkeys(form for each in forms for form in (each, each.removeprefix(prefix)) if form)))


def _write(
    actor: Actor, scope: Scope, found: Pasted, rows: tuple[Record, ...], *, text: str, services: Services
) -> LedgerUnavailable | None:
    shown = [row.record_id for row in rows[:MAX_RECORDS] if row.record_id is not None]
    told = {
        "kind": f"explain_{found.kind}",
        "text_hmac": services.trail.keyed_hash(text[: pasted.MAX_KEY]) if text.strip() else None,
        "record_ids": shown,
    }
    try:
        services.trail.record(
            actor, scope, Action.SEARCH, at=services.clock(), reason=json.dumps(told, separators=(",", ":"))
        )
    except LedgerUnavailable as error:
        return error
    return None


def healthy(inspection: Inspection) -> bool:
    """Whether there is no problem: everything that was explained opens, and nothing is wrong with the link itself."""
    told = [*inspection.explanations, *([inspection.alone] if inspection.alone else [])]
    is_link_fine = inspection.autopsy is None or autopsy.why(inspection.autopsy) is None
    return (
        bool(told)
        and is_link_fine
        and inspection.pasted.error is None
        and all(each.diagnosis.state is State.FOUND and each.diagnosis.code is None for each in told)
    )
