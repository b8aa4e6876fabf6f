"""Why one record's PDF does not open, and where it is: the record, asked of the bucket within a stated bound.

A healthy record costs its HEAD and nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from lib import authority, causes, documents, keys, masking, resolvers
from lib.access import Actor, Permission, Scope
from lib.candidates import UPLOADS, Flag
from lib.causes import BareKey, Diagnosis, Known
from lib.diagnosis import State
from lib.inventory import Inventory, Sighting
from lib.objects import Doubt, ObjectUnavailable, Observation, Presence
from lib.records import Record
from lib.refusals import Refused
from lib.resolvers import Asks
from lib.spellings import guesses
from lib.trail import Action, Subject

if TYPE_CHECKING:
    from lib.services import Services

MAX_REQUESTS = 12  # for one record in Find: the HEAD, the listing that judges it, and what follows
AT_FIRST = 2
FOLDERS = 7  # of them at most for the folders that the guesses name
FIRST_FOLDERS = 3  # before one page of the whole bucket, which shows all there is in a small one
KEPT_BACK = 5  # for one guess, for what lay here before, and for more pages
HEAD_BUDGET = timedelta(seconds=10)
OTHERS = frozenset({Flag.OTHER_CONSULTATION, Flag.OTHER_ROW})
FOR_NOW = frozenset({Doubt.THROTTLED, Doubt.TIMED_OUT, Doubt.UNREACHABLE})  # the next time there may be an answer


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was learnt of one record. ``is_whole`` says whether everything below the location was looked at."""

    record: Record | BareKey
    observation: Observation | None
    diagnosis: Diagnosis
    requests: int
    looked_at: int  # objects
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Live:
    """What one resolver asks for, and what the bucket answers; None where it refuses the name."""

    asks: Asks
    observation: Observation | None


def explain(
    actor: Actor, scope: Scope, *, services: Services, record: Record, max_requests: int = MAX_REQUESTS
) -> Explanation | Refused:
    """Return the diagnosis of a record as the database has it now, masked as the scope is. The opening is in the trail.

    Raises NotAllowed and DatabaseUnavailable.
    """
    subject = Subject(record.record_id)
    scope = authority.require(actor, scope, Permission.FIND, services=services, subject=subject)
    fresh = documents.reread(record, scope, services=services)
    if isinstance(fresh, Refused):
        return documents.refuse(fresh, actor, scope, Action.OPEN, subject=subject, services=services)
    return seen_by(scope, look(fresh, services=services, max_requests=max_requests))


def seen_by(scope: Scope, found: Explanation) -> Explanation:
    """Return what the scope may see of it: who is bound to clinics sees no key that is another record's."""
    if isinstance(found.record, Record):
        found = replace(found, record=masking.seen_by(scope, found.record))
    if scope.clinics is None:
        return found
    kept = tuple(each for each in found.diagnosis.candidates if OTHERS.isdisjoint(each.flags))
    return replace(found, diagnosis=replace(found.diagnosis, candidates=kept))


def look(record: Record | BareKey, *, services: Services, max_requests: int = MAX_REQUESTS) -> Explanation:
    """Do it for a row that was authorised and read afresh."""
    if not record.has_pdf:
        return Explanation(record, None, causes.diagnose(record, None, services.rules), 0, 0, is_whole=False)
    key = keys.resolve(record.stored_key or "", location=services.rules.location)
    observation = services.objects.head([key], budget=HEAD_BUDGET)[key]
    services.presence.put(observation)
    known = Known(Inventory(), is_shared=_is_shared(key, record, services=services))
    first = causes.diagnose(record, observation, services.rules, known)
    if first.state not in {State.MISSING, State.DAMAGED} and observation.doubt is not Doubt.IMPOSSIBLE_KEY:
        requests = 1 if observation.presence is Presence.PRESENT else AT_FIRST
        return Explanation(record, observation, first, requests, 1, is_whole=False)
    looker = _Looker(record, observation, services, max_requests - AT_FIRST, is_shared=known.is_shared)
    return looker.look()


def matrix(actor: Actor, scope: Scope, *, services: Services, row: Record | BareKey) -> tuple[Live, ...]:
    """Return what every resolver asks for, each with its live answer; nothing for a row that the scope does not see.

    A key that no record has is for scopes of all clinics. Raises NotAllowed.
    """
    scope = authority.require(actor, scope, Permission.KEYS, services=services)
    if not (scope.clinics is None if isinstance(row, BareKey) else scope.sees(row.clinic_id)):
        return ()
    asked = resolvers.matrix(row.stored_key or "", services.rules)
    seen = services.objects.head([each.key for each in asked if each.key is not None], budget=HEAD_BUDGET)
    return tuple(Live(each, None if each.key is None else seen[each.key]) for each in asked)


@dataclass(slots=True)
class _Looker:
    """Asks the bucket, one request after the other, until the right object is proven or the bound is reached."""

    record: Record | BareKey
    observation: Observation
    services: Services
    left: int
    is_shared: bool
    seen: dict[str, Sighting] = field(default_factory=dict)
    listed: dict[str, bool] = field(default_factory=dict)  # prefix -> whether everything below it was shown
    last: dict[str, str] = field(default_factory=dict)  # prefix -> the last key that a listing of it showed
    refused: set[str] = field(default_factory=set)
    requests: int = AT_FIRST
    may_list: bool = True
    is_unsure: bool = False  # something that was asked on the way was not answered

    def look(self) -> Explanation:
        """Look into the likeliest folders, the whole bucket's first page, the other folders, what lay here before, and on."""
        if own := causes.sighting(self.observation):
            self.seen[own.key] = own
        rules = self.services.rules
        usual = tuple(f"{place}{UPLOADS}" for place in dict.fromkeys((rules.prefix, "", *keys.former_prefixes(rules))))
        folders = sorted(self._folders(), key=lambda folder: not folder.startswith(usual))[:FOLDERS]
        for prefix in (*folders[:FIRST_FOLDERS], "", *folders[FIRST_FOLDERS:]):
            if self._is_found() or self.left <= KEPT_BACK:
                break
            self._list(prefix)
        if not self._is_found():
            self._ask_guesses()
        is_deleted, is_uploading = self._before()
        everything = ("",) if self.last.get("", "") >= rules.prefix else ()
        for prefix in (*everything, rules.prefix, *keys.former_prefixes(rules), UPLOADS):
            while not self._is_found() and self._list(prefix):
                pass
        diagnosis = causes.diagnose(self.record, self.observation, rules, self._known(is_deleted, is_uploading))
        is_whole = self._is_listed(rules.prefix)
        return Explanation(self.record, self.observation, diagnosis, self.requests, len(self.seen), is_whole=is_whole)

    def _folders(self) -> Iterator[str]:
        """Yield the folders where the guesses lie, the likeliest first, then the consultation's own."""
        rules, found = self.services.rules, set[str]()
        broad = {"", rules.prefix, UPLOADS, f"{rules.prefix}{UPLOADS}", *keys.former_prefixes(rules)}
        names = [guess.key for guess in guesses(self.record.stored_key or "", rules)]
        if consultation := self.record.consultation_id:
            folder = f"{UPLOADS}{consultation}/"
            names[1:1] = [
                f"{place}{folder}"
                for place in dict.fromkeys((rules.prefix, "", rules.prefix * 2, *keys.former_prefixes(rules)))
            ]
        for name in names:
            folder = name[: name.rfind("/") + 1]
            if folder not in broad and folder not in found:
                found.add(folder)
                yield folder

    def _list(self, prefix: str) -> bool:
        """List one more page below a prefix; return whether anything was learnt."""
        if self.left <= 0 or not self.may_list or self._is_listed(prefix) or prefix in self.refused:
            return False
        self._count()
        page = self.services.lister.below(prefix, after=self.last.get(prefix, ""))
        if page.doubt is not None:
            # Who may list below the location only is refused the whole bucket.
            self.refused.add(prefix)
            self.may_list = prefix == "" or page.doubt is Doubt.IMPOSSIBLE_KEY
            if page.doubt is not Doubt.IMPOSSIBLE_KEY and (prefix or page.doubt is not Doubt.DENIED):
                self.is_unsure = True
            return False
        self.listed[prefix] = page.is_complete
        if page.sightings:
            self.last[prefix] = page.sightings[-1].key
        self.seen.update((each.key, each) for each in page.sightings)
        return True

    def _ask_guesses(self) -> None:
        """HEAD the first guess that no listing has answered, or as many as there is time for where nobody may list."""
        unanswered = [
            guess.key
            for guess in islice(guesses(self.record.stored_key or "", self.services.rules), 1, None)
            if guess.key not in self.seen and not self._is_listed(guess.key) and not keys.impossible(guess.key)
        ][: min(1, self.left) if self.may_list else self.left]
        if unanswered:
            self._count(len(unanswered))
            answers = self.services.objects.head(unanswered, budget=HEAD_BUDGET)
            self.seen.update((each.key, each) for each in causes.all_of(list(answers.values())))
            self.is_unsure |= any(each.presence is Presence.UNKNOWN for each in answers.values())

    def _is_listed(self, key: str) -> bool:
        return any(is_complete and key.startswith(prefix) for prefix, is_complete in self.listed.items())

    def _before(self) -> tuple[bool, bool]:
        """Return whether the newest version here is a delete marker, and whether an upload of it never ended."""
        key = self.observation.key
        if self.observation.presence is not Presence.ABSENT or self._is_found() or self.left < 2:
            return False, False
        try:
            self._count()
            versions = self.services.lister.versions(key)
            if versions and versions[0].is_delete_marker:
                return True, False
            self._count()
            return False, self.services.lister.is_uploading(key)
        except ObjectUnavailable as error:
            self.is_unsure = self.is_unsure or error.doubt in FOR_NOW
            return False, False

    def _is_found(self) -> bool:
        md5 = causes.wanted(self.record).md5  # which alone can prove: spares an inventory for every page
        if md5 is None or all(each.etag.lower() != md5 for each in self.seen.values()):
            return False
        return causes.diagnose(self.record, self.observation, self.services.rules, self._known()).right is not None

    def _known(self, is_deleted: bool = False, is_uploading: bool = False) -> Known:
        @lru_cache(maxsize=64)
        def is_taken(key: str) -> bool:
            if isinstance(self.record, BareKey):
                return documents.is_taken(key, but=None, services=self.services)
            return documents.is_claimed(key, but=self.record, services=self.services)

        return Known(
            Inventory(self.seen.values()),
            is_deleted=is_deleted,
            is_uploading=is_uploading,
            is_unsure=self.is_unsure,
            is_shared=self.is_shared,
            is_taken=is_taken,
        )

    def _count(self, requests: int = 1) -> None:
        self.left -= requests
        self.requests += requests


def _is_shared(key: str, record: Record | BareKey, *, services: Services) -> bool:
    if isinstance(record, BareKey) or not record.stored_key or keys.impossible(key):
        return False
    rows = documents.rows_of_key(key, Scope(), services=services)
    return any(row.patient_id != record.patient_id for row in rows)
