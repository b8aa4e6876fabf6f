"""What would mend the broken rows in view: rows to point elsewhere, objects to copy, and what is left to a person. Pure.

A plan is text that people read and run themselves; nothing here or elsewhere in the dashboard runs it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from lib import keys
from lib.candidates import Candidate, Evidence
from lib.catalogue import CATALOGUE, About, Code, Severity
from lib.causes import Diagnosis
from lib.diagnosis import State, size_of
from lib.keys import Rules
from lib.records import Record

MAX_ROWS = 10_000  # of one plan; what is beyond is counted and said
MAX_OLD = 4_096  # characters of a stored key that a script repeats
MAX_STORED = 100  # characters that the application's column holds


@dataclass(frozen=True, slots=True)
class Column:
    """What the table of PDF rows and its columns are called in their database, and how much the column holds."""

    table: str = "prescription_pdfs"  # a dot parts schema and table
    record_id: str = "id"
    stored_key: str = "pdf_file"
    max_length: int | None = MAX_STORED


@dataclass(frozen=True, slots=True)
class Site:
    """Where the rows and the objects are."""

    rules: Rules
    endpoint_url: str
    region: str
    column: Column = Column()


@dataclass(frozen=True, slots=True)
class Case:
    """A row and what was found out about it."""

    record: Record
    diagnosis: Diagnosis


class Reason(StrEnum):
    """Why a broken row is left to a person."""

    NOT_CHECKED = "not_checked"  # the bucket did not say
    NOT_BY_POINTING = "not_by_pointing"  # its code is mended otherwise: made again, by settings, by a person
    NOTHING_FOUND = "nothing_found"
    NOT_PROVEN = "not_proven"
    FLAGGED = "flagged"  # something speaks against the best suggestion
    CLAIMED_TWICE = "claimed_twice"  # two rows of the plan would get one object
    TOO_LONG = "too_long"  # the right stored key does not fit into the column
    UNWRITABLE = "unwritable"  # the stored key cannot stand in a script: NUL, lone surrogate, endless
    UNBROWSABLE = "unbrowsable"  # ./ or ../: no browser would open the link all the same
    TARGET_TAKEN = "target_taken"  # another file lies where the right one would be copied, or another row names it


@dataclass(frozen=True, slots=True)
class Repoint:
    """A row gets another stored key, which the signer resolves to the right object."""

    record_id: int
    old: str | None
    new: str
    code: Code
    candidate: Candidate
    row_size_bytes: int | None


@dataclass(frozen=True, slots=True)
class Copy:
    """An object is copied to where a row can name it. ``needs_another_plan``: the row is pointed at it afterwards."""

    record_id: int
    source: str
    target: str
    code: Code
    candidate: Candidate
    row_size_bytes: int | None
    needs_another_plan: bool


@dataclass(frozen=True, slots=True)
class Left:
    """A broken row that the plan does not touch."""

    record_id: int
    stored: str | None
    code: Code | None
    reason: Reason
    best: Candidate | None = None


Step = Repoint | Copy | Left


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps, each in the order of the record's numbers. ``is_cut``: there were more than MAX_ROWS rows."""

    site: Site
    repoints: tuple[Repoint, ...]
    copies: tuple[Copy, ...]
    left: tuple[Left, ...]
    needs_signer: bool  # a link was at fault and not a row
    include_likely: bool
    is_cut: bool = False


def make(
    cases: Iterable[Case],
    site: Site,
    *,
    links: Iterable[Code] = (),
    include_likely: bool = False,
    is_taken: Callable[[str], bool] = lambda _key: False,
) -> Plan:
    """Return what mends these rows.

    ``links`` are the codes of links that were looked at; ``is_taken`` says whether any row at all resolves to a key.

    1. Healthy rows are passed over; of a row that comes twice, the first counts.
    2. Only what is proven and unflagged is used; with ``include_likely`` also what is likely. Flagged, never.
    3. An object below the location is reached by pointing the row at it. One outside is copied: to the resolved key
       where the stored key is sound, else to where a sound key would look; then another plan points the row there.
    4. Where two rows would get one object, two copies one target, or a copy a key that another row names, a person
       decides.
    """
    rows: dict[int, Case] = {}
    is_cut = False
    for case in sorted(cases, key=lambda case: case.record.record_id or 0):
        if case.record.record_id is None or not _is_broken(case.diagnosis):
            continue
        if len(rows) == MAX_ROWS:
            is_cut = True
            break
        rows.setdefault(case.record.record_id, case)
    steps = [
        _step(case, record_id, site, include_likely=include_likely, is_taken=is_taken)
        for record_id, case in rows.items()
    ]
    steps = _without_rivals(steps, rows, site.rules)
    return Plan(
        site,
        tuple(step for step in steps if isinstance(step, Repoint)),
        tuple(step for step in steps if isinstance(step, Copy)),
        tuple(step for step in steps if isinstance(step, Left)),
        needs_signer=any(CATALOGUE[code].about is About.LINK for code in links),
        include_likely=include_likely,
        is_cut=is_cut,
    )


def _is_broken(diagnosis: Diagnosis) -> bool:
    if diagnosis.state is State.UNKNOWN or (diagnosis.state is State.MISSING and diagnosis.code is None):
        return True
    return diagnosis.code is not None and CATALOGUE[diagnosis.code].severity not in {Severity.NOTE, Severity.LOW}


def _step(case: Case, record_id: int, site: Site, *, include_likely: bool, is_taken: Callable[[str], bool]) -> Step:
    record, diagnosis = case.record, case.diagnosis
    best = next(iter(diagnosis.candidates), None)

    def left(reason: Reason) -> Left:
        stored = None if record.stored_key is None else record.stored_key[:MAX_OLD]
        return Left(record_id, stored, diagnosis.code, reason, best)

    if diagnosis.state is State.UNKNOWN or diagnosis.code is None:
        return left(Reason.NOT_CHECKED)
    right = diagnosis.right or (_likely(diagnosis) if include_likely else None)
    if right is None:
        return left(_reason(diagnosis, best))
    stored = record.stored_key or ""
    if not _is_writable(stored):
        return left(Reason.UNWRITABLE)
    if not _is_browsable(right.key):
        return left(Reason.UNBROWSABLE)
    new = right.key.removeprefix(site.rules.prefix)
    if keys.resolve(new, location=site.rules.location) == right.key:
        if site.column.max_length is not None and len(new) > site.column.max_length:
            return left(Reason.TOO_LONG)
        return Repoint(record_id, record.stored_key, new, diagnosis.code, right, size_of(record))
    resolved = keys.resolve(stored, location=site.rules.location)
    target = resolved if _is_sound(stored, site.rules) else _home(right.key, site.rules)
    if diagnosis.state is State.DAMAGED if target == resolved else is_taken(target):
        return left(Reason.TARGET_TAKEN)
    if keys.impossible(target):
        return left(Reason.TOO_LONG)
    return Copy(record_id, right.key, target, diagnosis.code, right, size_of(record), target != resolved)


def _reason(diagnosis: Diagnosis, best: Candidate | None) -> Reason:
    if best is None:
        is_mendable = diagnosis.code is not None and CATALOGUE[diagnosis.code].is_mendable
        return Reason.NOTHING_FOUND if is_mendable and diagnosis.state is not State.FOUND else Reason.NOT_BY_POINTING
    return Reason.FLAGGED if best.flags else Reason.NOT_PROVEN


def _likely(diagnosis: Diagnosis) -> Candidate | None:
    return next((each for each in diagnosis.candidates if each.evidence is Evidence.LIKELY and not each.flags), None)


def _is_writable(stored: str) -> bool:
    try:
        stored.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in stored and len(stored) <= MAX_OLD


def _is_browsable(key: str) -> bool:
    return {".", ".."}.isdisjoint(key.split("/"))


def _is_sound(stored: str, rules: Rules) -> bool:
    """Whether a row may keep its stored key: nothing is wrong with it by itself."""
    shown = keys.problem(stored, rules)
    return shown is None or CATALOGUE[shown].severity is Severity.NOTE


def _home(key: str, rules: Rules) -> str:
    """Return where below the location an object belongs that lies below none, an old one, or the location twice.

    >>> rules = Rules("loc", "bucket", previous_locations=("old",))
    >>> [_home(key, rules) for key in ("a.pdf", "old/a.pdf", "loc/loc/a.pdf", "backup/a.pdf")]
    ['loc/a.pdf', 'loc/a.pdf', 'loc/a.pdf', 'loc/backup/a.pdf']
    """
    former = [f"{each.strip('/')}/" for each in rules.previous_locations if each.strip("/")]
    while rules.prefix and key.startswith(rules.prefix):
        key = key.removeprefix(rules.prefix)
    key = next((key.removeprefix(each) for each in former if key.startswith(each)), key)
    return rules.prefix + key


def _without_rivals(steps: list[Step], rows: dict[int, Case], rules: Rules) -> list[Step]:
    """Leave to a person every step that touches a key which another row of the plan resolves to or would get."""
    claims: Counter[str] = Counter()
    for step in steps:
        resolved = keys.resolve(rows[step.record_id].record.stored_key or "", location=rules.location)
        claims.update({resolved, *_touched(step)})

    def alone(step: Step) -> Step:
        if isinstance(step, Left) or all(claims[key] == 1 for key in _touched(step)):
            return step
        stored = step.old if isinstance(step, Repoint) else rows[step.record_id].record.stored_key
        return Left(step.record_id, stored, step.code, Reason.CLAIMED_TWICE, step.candidate)

    return [alone(step) for step in steps]


def _touched(step: Step) -> set[str]:
    if isinstance(step, Left):
        return set()
    return {step.candidate.key, step.target} if isinstance(step, Copy) else {step.candidate.key}
