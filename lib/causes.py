"""Why a row's PDF does or does not open: one main code, what else holds, and where the right object is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from lib import keys
from lib.candidates import Candidate, Flag, Wanted, candidates, consultation_of, contradicts
from lib.catalogue import CATALOGUE, Code, Severity, main_of
from lib.diagnosis import Facts, Md5, State, compare_md5, md5_of, size_of, state
from lib.inventory import Inventory, Sighting, form
from lib.keys import Rules
from lib.objects import Doubt, Observation, Presence

ELSEWHERE = frozenset({Doubt.NO_BUCKET, Doubt.WRONG_REGION, Doubt.BUCKET_IN_ENDPOINT})
REFUSED = frozenset(
    {
        Doubt.DENIED,
        Doubt.BAD_SIGNATURE,
        Doubt.UNKNOWN_ACCESS_KEY,
        Doubt.EXPIRED_CREDENTIALS,
        Doubt.CLOCK_SKEWED,
        Doubt.SUSPENDED,
        Doubt.NO_CREDENTIALS,
        Doubt.NO_LISTING,
    }
)
FRAGILE = frozenset("!'()*#?&<>\"|{}^`~[]:;,$@=+% ")  # signed differently by some readers of a link


class Row(Facts, Protocol):
    """What a diagnosis asks of a row; a ``Record`` is one, and so is a key that no record has."""

    @property
    def stored_key(self) -> str | None:
        """The stored key."""
        ...

    @property
    def consultation_id(self) -> str | None:
        """Whose folder the file belongs into."""
        ...


@dataclass(frozen=True, slots=True)
class BareKey:
    """A key that no record has, as a row that knows nothing else."""

    stored_key: str
    consultation_id: str | None = None
    size_bytes: int | None = None
    checksum: str = ""
    has_pdf: bool = True


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``code`` is None where nothing is wrong, or nobody can tell; ``notes`` are worth knowing and no fault."""

    state: State
    code: Code | None
    notes: tuple[Code, ...] = ()
    candidates: tuple[Candidate, ...] = ()

    @property
    def severity(self) -> Severity | None:
        """How much the main code matters."""
        return None if self.code is None else CATALOGUE[self.code].severity

    @property
    def right(self) -> Candidate | None:
        """The object that may be shared instead: proven, and nothing speaks against it."""
        return next((each for each in self.candidates if each.is_safe), None)


@dataclass(frozen=True, slots=True)
class Known:
    """What was learnt of the bucket and of the other rows. ``content`` are codes of the bytes, where they were read."""

    inventory: Inventory
    content: frozenset[Code] = frozenset()
    is_deleted: bool = False  # the newest version is a delete marker
    is_uploading: bool = False  # an upload in parts that never ended
    is_unsure: bool = False  # part of the bucket gave no answer, so that nothing found proves nothing
    was_seen: bool = False  # by an earlier audit
    is_shared: bool = False  # a row of another patient resolves to the same key
    is_taken: Callable[[str], bool] = lambda _key: False  # whether another row resolves to a key


NOTHING_KNOWN = Known(Inventory())


def wanted(record: Row) -> Wanted:
    """Return what a row says of its file."""
    stored = record.stored_key or ""
    # Where the row has none, the folder that its own key names is as near as one gets.
    consultation = record.consultation_id or consultation_of(stored) or consultation_of(form(stored))
    return Wanted(stored, consultation, size_of(record), md5_of(record.checksum))


def diagnose(record: Row, observation: Observation | None, rules: Rules, known: Known = NOTHING_KNOWN) -> Diagnosis:
    """Return the main code of a row, the notes and the candidates.

    1. Whose file it is comes first, then what the bucket answers, then the bytes, then the key.
    2. Candidates are looked for where the object is absent, cannot exist, or is another file than the row's.
    3. The code of a row without its object is the mistake between its key and the best candidate; without any, what the
       key shows by itself; else the file was deleted, or never uploaded, unless looking for it got no answer.
    """
    seen = state(record, observation)
    if observation is None or not record.has_pdf:
        return Diagnosis(seen, None)
    stored = record.stored_key or ""
    if observation.presence is Presence.PRESENT:
        return _present(record, observation, rules, known)
    if observation.presence is Presence.UNKNOWN and observation.doubt is not Doubt.IMPOSSIBLE_KEY:
        return Diagnosis(seen, _unknown(observation), _notes(stored, rules))
    found = candidates(wanted(record), rules, known.inventory, is_taken=known.is_taken)
    best = next((each for each in found if Flag.OTHER_CONTENT not in each.flags), None)
    notes = _notes(stored, rules)
    if record.consultation_id and contradicts(stored, record.consultation_id):
        notes = (Code.WRONG_PATIENT, *notes)
    is_elsewhere = any(each.is_safe for each in found)
    return Diagnosis(
        State.ELSEWHERE if is_elsewhere else State.MISSING, _absent(stored, rules, best, known), notes, found
    )


def _present(record: Row, observation: Observation, rules: Rules, known: Known) -> Diagnosis:
    stored, seen = record.stored_key or "", state(record, observation)
    codes = set(known.content)
    if record.consultation_id and contradicts(observation.key, record.consultation_id):
        codes.add(Code.WRONG_PATIENT)
    if known.is_shared:
        codes.add(Code.DUPLICATE_REFERENCE)
    if observation.size_bytes == 0:
        codes.add(Code.ZERO_BYTE)
    elif observation.size_bytes is not None and size_of(record) not in {None, observation.size_bytes}:
        codes.add(Code.SIZE_MISMATCH)
    elif compare_md5(record, observation) is Md5.DIFFERS:
        codes.add(Code.CHECKSUM_MISMATCH)
    notes = set(_notes(stored, rules))
    if (observation.content_type or "application/pdf").partition(";")[0].strip().lower() != "application/pdf":
        codes.add(Code.CONTENT_TYPE)
    if observation.is_archived:
        codes.add(Code.ARCHIVED)
    if {".", ".."} & set(observation.key.split("/")):
        codes.add(Code.DOT_SEGMENT)  # no browser can open a link to it
    found: tuple[Candidate, ...] = ()
    if seen is State.DAMAGED:
        found = candidates(wanted(record), rules, known.inventory, is_taken=known.is_taken)
    code = main_of(codes)
    return Diagnosis(seen, code, tuple(sorted((codes | notes) - {code})), found)


def _unknown(observation: Observation) -> Code | None:
    if observation.doubt in ELSEWHERE:
        return Code.WRONG_BUCKET
    return Code.FORBIDDEN if observation.doubt in REFUSED else None


def _absent(stored: str, rules: Rules, best: Candidate | None, known: Known) -> Code | None:
    problem = keys.problem(stored, rules)
    shown = None if problem is None or CATALOGUE[problem].severity is Severity.NOTE else problem
    if best is not None and (code := main_of(best.undone)) is not None:
        return shown or code if code is Code.FOUND_BY_CONTENT else code
    if known.is_deleted:
        return Code.DELETE_MARKER
    if shown is not None:
        return shown
    if known.is_uploading:
        return Code.MULTIPART_UNFINISHED
    if known.was_seen:
        return Code.DELETED
    return None if known.is_unsure else Code.NEVER_UPLOADED


def _notes(stored: str, rules: Rules) -> tuple[Code, ...]:
    found = []
    if rules.prefix and stored.startswith(rules.prefix):
        found.append(Code.LOCATION_DOUBLED_IN_URL)
    shown = keys.problem(stored, rules)
    if shown is not None and CATALOGUE[shown].severity is Severity.NOTE:
        found.append(shown)
    if FRAGILE & set(stored):
        found.append(Code.SPECIAL_CHARS)
    return tuple(found)


def sighting(observation: Observation) -> Sighting | None:
    """Return an object that a HEAD found, as a listing would show it."""
    if observation.presence is not Presence.PRESENT:
        return None
    return Sighting(observation.key, observation.size_bytes or 0, observation.etag or "", observation.is_etag_md5)


def all_of(observations: Sequence[Observation]) -> list[Sighting]:
    """Return the objects that these HEADs found."""
    return [found for each in observations if (found := sighting(each)) is not None]
