"""Asking as a stranger whether files open for anyone who knows their address: one record's, and a sample of all.

Asked only for files that were seen to exist: a 403 for another says nothing. Of a file that opens, the first KiB is
read and thrown away.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from lib import authority, documents, elsewhere, exposure, keys, link_check
from lib.access import Actor, Permission, Scope
from lib.exposure import Exposure, Sample
from lib.objects import ObjectUnavailable, Observation, Presence
from lib.records import Everything, Record
from lib.refusals import RefusalCode, Refused
from lib.trail import Subject

if TYPE_CHECKING:
    from lib.services import Services

SAMPLE = 50  # files
SPARE = 15  # more are drawn, since some do not exist
AT_ONCE = 4  # HEADs: half of what the bucket is asked at once, so that nobody's rows wait
DRAWS = 150  # record numbers that are tried for them
NEWEST = 100  # rows that say how high the numbers go
HEAD_BUDGET = timedelta(seconds=10)
BUDGET = timedelta(seconds=60)  # for all strangers of a sample; whom it does not reach is left out


def of_record(actor: Actor, scope: Scope, *, services: Services, record: Record) -> Exposure | Refused:
    """Return whether one record's file opens for anyone; MISSING where there is none. Nothing of it is shown.

    Raises NotAllowed and DatabaseUnavailable.
    """
    subject = Subject(record.record_id)
    scope = authority.require(actor, scope, Permission.FIND, services=services, subject=subject)
    fresh = documents.reread(record, scope, services=services)
    if isinstance(fresh, Refused):
        return fresh
    document = elsewhere.locate(fresh, services=services)
    if isinstance(document, Refused):
        return document
    seen = services.objects.head([document.key], budget=HEAD_BUDGET)[document.key]
    if seen.presence is Presence.ABSENT and not document.is_elsewhere:
        found = elsewhere.proven(fresh, services=services)
        if found is not None:
            document, seen = found.document, found.observation
    if seen.presence is not Presence.PRESENT:
        code = RefusalCode.MISSING if seen.presence is Presence.ABSENT else RefusalCode.UNKNOWN
        return Refused(code, doubt=seen.doubt)
    return _ask(seen, services=services)


def sample(actor: Actor, scope: Scope, *, services: Services, chance: random.Random | None = None) -> Sample:
    """Return what strangers get for up to SAMPLE files of visible records, drawn by record number.

    1. The newest rows say how high the numbers go; numbers below are drawn, each once, and their rows read one by one.
    2. A few at once they are asked for by HEAD, and those that exist without credentials, until there are SAMPLE of them,
       BUDGET is over, or the bucket does not answer.

    Takes up to a minute and more: for a thread of its own. Raises NotAllowed and DatabaseUnavailable.
    """
    scope = authority.require(actor, scope, Permission.STORAGE_DETAILS, services=services)
    drawn = _drawn(scope, services=services, chance=chance or random.SystemRandom())
    begun, answers = services.clock(), list[Exposure]()
    for first in range(0, len(drawn), AT_ONCE):
        if len(answers) >= SAMPLE or services.clock() - begun > BUDGET:
            break
        seen = services.objects.head(drawn[first : first + AT_ONCE], budget=HEAD_BUDGET)
        present = [each for each in seen.values() if each.presence is Presence.PRESENT]
        answers += [_ask(each, services=services) for each in present[: SAMPLE - len(answers)]]
        if any(each.presence is Presence.UNKNOWN for each in seen.values()):
            break  # a bucket that does not answer is not asked fifty times
    return exposure.count(answers, at=services.clock())


def refresh(actor: Actor, scope: Scope, *, services: Services, again: bool = False) -> bool:
    """Take a sample and keep it for the process, unless one is fresh or under way; return whether it was taken.

    Raises NotAllowed and DatabaseUnavailable.
    """
    kept = services.exposure
    scope = authority.require(actor, scope, Permission.STORAGE_DETAILS, services=services)
    if kept is None or not kept.begin(scope.clinics, now=services.clock(), again=again):
        return False
    taken = None
    try:
        taken = sample(actor, scope, services=services)
    finally:
        kept.end(scope.clinics, taken)
    return True


def last(actor: Actor, scope: Scope, *, services: Services) -> Sample | None:
    """Return the last sample of the clinics that the scope sees. Asks nobody; raises NotAllowed."""
    scope = authority.require(actor, scope, Permission.STORAGE_DETAILS, services=services)
    return None if services.exposure is None else services.exposure.last(scope.clinics)


def _drawn(scope: Scope, *, services: Services, chance: random.Random) -> list[str]:
    scope = replace(scope, is_masked=True)  # nobody's name is needed
    newest = services.records.search(Everything(), documents.EVERY_VERSION, scope=scope, limit=NEWEST).records
    highest = max((row.record_id or 0 for row in newest), default=0)
    found: dict[str, None] = {}
    for number in chance.sample(range(1, highest + 1), min(DRAWS, highest)):
        row = services.records.get(number, scope=scope)
        found.update(dict.fromkeys(_keys(row, services=services)))
        if len(found) == SAMPLE + SPARE:
            break
    return list(found)


def _keys(row: Record | None, *, services: Services) -> Iterator[str]:
    if row is not None and row.stored_key:
        key = keys.resolve(row.stored_key, location=services.rules.location)
        if not keys.impossible(key):
            yield key


def _ask(seen: Observation, *, services: Services) -> Exposure:
    try:
        address = services.objects.plain_url(seen.key)
    except ObjectUnavailable:
        return Exposure.UNKNOWN
    fetched = services.objects.fetch_as_stranger(address, first_bytes=link_check.FIRST_BYTES)
    return exposure.exposure(link_check.is_public(fetched, seen))
