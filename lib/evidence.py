"""What speaks for an object as the right one of a row, and against it. Pure.

Nothing is proven by a name: only size and MD5 that agree with the row prove, and never against the row's consultation
or another row's claim.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from lib import keys
from lib.catalogue import PRECEDENCE, Code
from lib.inventory import Inventory, Sighting, form, hex_name
from lib.keys import Rules

UPLOADS = "prescriptions/pdfs/"  # where the application puts a consultation's PDFs
_ODD = re.compile(r"[^\w./-]", re.ASCII)  # what a name may be written with otherwise
_CONSULTATION = re.compile(r"(?:^|/)(CON\d+)(?=/)", re.IGNORECASE)


class Evidence(StrEnum):
    """How sure it is that a candidate is the right object, the surest first."""

    PROVEN = "proven"  # size and MD5 agree with the row
    LIKELY = "likely"  # its 32 hex digits are nowhere else, and the size agrees or the row has none
    POSSIBLE = "possible"


class Why(StrEnum):
    """What speaks for a candidate, or against it."""

    MD5_AGREES = "md5_agrees"
    SIZE_AGREES = "size_agrees"
    NAME_IS_UNIQUE = "name_is_unique"  # among all objects that were looked at
    SAME_CONSULTATION = "same_consultation"
    MD5_DIFFERS = "md5_differs"
    SIZE_DIFFERS = "size_differs"
    MD5_NOT_COMPARABLE = "md5_not_comparable"


class Flag(StrEnum):
    """What keeps a candidate from ever being offered for a link."""

    OTHER_CONSULTATION = "other_consultation"  # it lies in another consultation's folder
    OTHER_ROW = "other_row"  # another row resolves to it
    OTHER_CONTENT = "other_content"  # size or MD5 say that it is another file
    OTHER_PREFIX = "other_prefix"  # not proven, and below a prefix that is no location of ours


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row says of its file. ``md5`` is 32 hex digits in lower case, or None."""

    stored: str
    consultation_id: str | None = None
    size_bytes: int | None = None
    md5: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An object that may be the right one. ``undone`` are the mistakes between the stored key and this one."""

    sighting: Sighting
    evidence: Evidence
    why: tuple[Why, ...]
    undone: tuple[Code, ...]
    flags: frozenset[Flag] = frozenset()

    @property
    def key(self) -> str:
        """Its object key."""
        return self.sighting.key

    @property
    def is_safe(self) -> bool:
        """Whether it is proven, and nothing speaks against sharing it as this row's file."""
        return self.evidence is Evidence.PROVEN and not self.flags


def consultation_of(key: str) -> str | None:
    """Return the consultation whose folder a key names, as it is written there.

    >>> consultation_of("loc/prescriptions/pdfs/CON153/a.pdf"), consultation_of("no-consultation/a.pdf")
    ('CON153', None)
    """
    found = _CONSULTATION.findall(key)
    return found[-1] if found else None


def contradicts(key: str, consultation_id: str | None) -> bool:
    """Whether a key names another consultation than the row's, however it is written.

    >>> contradicts("loc/CON999%2Fa.pdf", "CON153"), contradicts("loc/con153/a.pdf", "CON153")
    (True, False)
    """
    ours = (consultation_id or "").casefold()
    written = (key, form(key)) if _ODD.search(key) else (key,)
    return any(named is not None and named.casefold() != ours for named in map(consultation_of, written))


def judged(
    sighting: Sighting,
    undone: tuple[Code, ...],
    wanted: Wanted,
    rules: Rules,
    inventory: Inventory,
    *,
    is_taken: Callable[[str], bool],
) -> Candidate:
    """Return an object with what speaks for it, and the flags that speak against it."""
    why: list[Why] = []
    if wanted.size_bytes is not None:
        why.append(Why.SIZE_AGREES if sighting.size_bytes == wanted.size_bytes else Why.SIZE_DIFFERS)
    if wanted.md5 is not None:
        md5 = sighting.md5
        why.append(Why.MD5_NOT_COMPARABLE if md5 is None else Why.MD5_AGREES if md5 == wanted.md5 else Why.MD5_DIFFERS)
    digits = hex_name(sighting.key)
    if digits is not None and digits == hex_name(wanted.stored) and len(inventory.named(digits)) == 1:
        why.append(Why.NAME_IS_UNIQUE)
    flags = set[Flag]()
    if contradicts(sighting.key, wanted.consultation_id):
        flags.add(Flag.OTHER_CONSULTATION)
    elif consultation_of(sighting.key) is not None:
        why.append(Why.SAME_CONSULTATION)
    if is_taken(sighting.key):
        flags.add(Flag.OTHER_ROW)
    if sighting.size_bytes == 0 or {Why.MD5_DIFFERS, Why.SIZE_DIFFERS} & set(why):
        flags.add(Flag.OTHER_CONTENT)
    evidence = _evidence(set(why), wanted) if sighting.size_bytes else Evidence.POSSIBLE
    if evidence is not Evidence.PROVEN and not _is_ours(sighting.key, rules):
        flags.add(Flag.OTHER_PREFIX)
    return Candidate(sighting, evidence, tuple(why), undone, frozenset(flags))


def _is_ours(key: str, rules: Rules) -> bool:
    return key.startswith((rules.prefix or UPLOADS, UPLOADS, *keys.former_prefixes(rules)))


def _evidence(why: set[Why], wanted: Wanted) -> Evidence:
    if Why.MD5_AGREES in why and Why.SIZE_DIFFERS not in why:
        return Evidence.PROVEN
    if Why.NAME_IS_UNIQUE in why and not {Why.MD5_DIFFERS, Why.SIZE_DIFFERS} & why:
        return Evidence.LIKELY if wanted.size_bytes is None or Why.SIZE_AGREES in why else Evidence.POSSIBLE
    return Evidence.POSSIBLE


def rank(candidate: Candidate) -> tuple[object, ...]:
    """Return what sorts the best candidate first."""
    against = len(candidate.flags)
    return (
        Flag.OTHER_CONTENT in candidate.flags,
        list(Evidence).index(candidate.evidence),
        against,
        Why.MD5_AGREES not in candidate.why,
        Why.SIZE_AGREES not in candidate.why,
        len(candidate.undone),
        [PRECEDENCE[code] for code in candidate.undone],
        candidate.key,
    )
