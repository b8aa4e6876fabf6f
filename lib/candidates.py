"""Which object may be the right one of a row whose own is not there, and what proves it. Pure.

Nothing is proven by a name: only size and MD5 that agree with the row prove, and never against the row's consultation
or another row's claim.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from lib import keys
from lib.catalogue import PRECEDENCE, Code
from lib.inventory import Inventory, Sighting, base_name, form, hex_name, stem
from lib.keys import Rules
from lib.spellings import Guess, guesses

MAX_CANDIDATES = 10
BELOW = 20  # objects that are looked at below a folder or behind a cut name
UPLOADS = "prescriptions/pdfs/"  # where the application puts a consultation's PDFs
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


def candidates(
    wanted: Wanted, rules: Rules, inventory: Inventory, *, is_taken: Callable[[str], bool] = lambda _key: False
) -> tuple[Candidate, ...]:
    """Return the best candidates, the best first. ``is_taken`` says whether another row resolves to a key.

    1. Every guess that is there, until one is proven.
    2. What has the row's MD5, wherever it lies.
    3. Where nothing is proven yet: what is named like a guess but for how it is written, its extension or its suffix;
       what carries the row's 32 hex digits in another folder; what begins with a name that was cut, or lies below a
       folder that was stored, or below the consultation's own where nothing was stored.
    """
    found: dict[str, Candidate] = {}
    resolved = keys.resolve(wanted.stored, location=rules.location)

    def add(seen: Iterable[tuple[Sighting, tuple[Code, ...]]]) -> bool:
        """Judge what is new; return whether one is proven and safe."""
        for sighting, undone in seen:
            known = found.get(sighting.key)
            if sighting.key != resolved and (known is None or len(undone) < len(known.undone)):
                made = _judged(sighting, undone, wanted, rules, inventory, is_taken=is_taken)
                found[sighting.key] = made
                if made.is_safe:
                    return True
        return False

    guessed: list[Guess] = []

    def there() -> Iterator[tuple[Sighting, tuple[Code, ...]]]:
        for guess in guesses(wanted.stored, rules):
            guessed.append(guess)
            if sighting := inventory.get(guess.key):
                yield sighting, guess.undone

    same = inventory.with_content(wanted.md5) if wanted.md5 else ()
    if not add(there()) and not add((each, _difference(each.key, guessed)) for each in same):
        add(_alike(guessed, inventory))
        add(_renamed(wanted, inventory, guessed))
        add(_below(wanted, rules, inventory, guessed))
    return tuple(sorted(found.values(), key=_rank)[:MAX_CANDIDATES])


def consultation_of(key: str) -> str | None:
    """Return the consultation whose folder a key names, as it is written there.

    >>> consultation_of("loc/prescriptions/pdfs/CON153/a.pdf"), consultation_of("no-consultation/a.pdf")
    ('CON153', None)
    """
    found = _CONSULTATION.findall(key)
    return found[-1] if found else None


def contradicts(key: str, consultation_id: str | None) -> bool:
    """Whether a key names another consultation than the row's."""
    named = consultation_of(key)
    return named is not None and named.casefold() != (consultation_id or "").casefold()


def _alike(guessed: Iterable[Guess], inventory: Inventory) -> Iterator[tuple[Sighting, tuple[Code, ...]]]:
    asked = set()
    for guess in guessed:
        name = form(guess.key)
        if name in asked or not base_name(name):
            continue
        asked.add(name)
        for sighting in (*inventory.of_form(guess.key), *inventory.of_stem(guess.key)):
            yield sighting, (*guess.undone, *_written_otherwise(guess.key, sighting.key))


def _renamed(wanted: Wanted, inventory: Inventory, guessed: list[Guess]) -> Iterator[tuple[Sighting, tuple[Code, ...]]]:
    if digits := hex_name(wanted.stored):
        for sighting in inventory.named(digits):
            yield sighting, _difference(sighting.key, guessed)


def _below(
    wanted: Wanted, rules: Rules, inventory: Inventory, guessed: list[Guess]
) -> Iterator[tuple[Sighting, tuple[Code, ...]]]:
    stored = wanted.stored.strip()
    if stored.casefold() in {"", "none", "null", "nan", "undefined"}:
        if wanted.consultation_id:
            folder = f"{rules.prefix}{UPLOADS}{wanted.consultation_id}/"
            yield from ((sighting, (Code.EMPTY,)) for sighting in inventory.below(folder, limit=BELOW))
        return
    for guess in guessed:
        name = base_name(guess.key)
        if not name:
            yield from (
                (each, (*guess.undone, Code.TRAILING_SLASH)) for each in inventory.below(guess.key, limit=BELOW)
            )
        elif not name.lower().endswith(".pdf") and len(guess.key) > len(rules.prefix) + 8:
            for sighting in inventory.below(guess.key, limit=BELOW):
                if "/" not in sighting.key[len(guess.key) :]:
                    yield sighting, (*guess.undone, *_written_otherwise(guess.key, sighting.key))


def _difference(key: str, guessed: list[Guess]) -> tuple[Code, ...]:
    """Return what lies between the guesses and an object that was found without them."""
    by_form, by_stem, digits = form(key), stem(key), hex_name(key)
    for guess in guessed:
        if guess.key == key:
            return guess.undone
    for guess in guessed:
        if form(guess.key) == by_form or stem(guess.key) == by_stem:
            return (*guess.undone, *_written_otherwise(guess.key, key))
    best = guessed[0].undone
    if digits is not None and hex_name(guessed[0].key) == digits:
        return (*best, Code.MOVED)
    return (*best, Code.FOUND_BY_CONTENT)


def _written_otherwise(guessed: str, key: str) -> tuple[Code, ...]:
    """Return the code of the difference between two keys of one form, one stem or one beginning."""
    if form(guessed) == form(key):
        if guessed.casefold() == key.casefold():
            return (Code.CASE,)
        if not (guessed.isascii() and key.isascii()):
            return (Code.UNICODE_FORM,)
        if guessed.replace("+", " ") == key.replace("+", " "):
            return (Code.PLUS_FOR_SPACE,)
        if re.sub("/+", "/", guessed) == re.sub("/+", "/", key):
            return (Code.DOUBLE_SLASH,)
        return (Code.WHITESPACE,) if re.sub(r"\s", "", guessed) == re.sub(r"\s", "", key) else (Code.PERCENT_ENCODED,)
    if stem(guessed) == stem(key):
        has_suffix = [re.search(r"_[A-Za-z0-9]{7}\.", f"{base_name(each)}.") is not None for each in (guessed, key)]
        return (Code.RANDOM_SUFFIX,) if has_suffix[0] != has_suffix[1] else (Code.EXTENSION,)
    return (Code.TRUNCATED,)


def _judged(
    sighting: Sighting,
    undone: tuple[Code, ...],
    wanted: Wanted,
    rules: Rules,
    inventory: Inventory,
    *,
    is_taken: Callable[[str], bool],
) -> Candidate:
    why: list[Why] = []
    if wanted.size_bytes is not None:
        why.append(Why.SIZE_AGREES if sighting.size_bytes == wanted.size_bytes else Why.SIZE_DIFFERS)
    if wanted.md5 is not None:
        md5 = sighting.md5
        why.append(Why.MD5_NOT_COMPARABLE if md5 is None else Why.MD5_AGREES if md5 == wanted.md5 else Why.MD5_DIFFERS)
    digits = hex_name(sighting.key)
    if digits is not None and digits == hex_name(wanted.stored) and len(inventory.named(digits)) == 1:
        why.append(Why.NAME_IS_UNIQUE)
    named = consultation_of(sighting.key)
    flags = set[Flag]()
    if named is not None and not contradicts(sighting.key, wanted.consultation_id):
        why.append(Why.SAME_CONSULTATION)
    elif named is not None:
        flags.add(Flag.OTHER_CONSULTATION)
    if is_taken(sighting.key):
        flags.add(Flag.OTHER_ROW)
    if sighting.size_bytes == 0 or {Why.MD5_DIFFERS, Why.SIZE_DIFFERS} & set(why):
        flags.add(Flag.OTHER_CONTENT)
    evidence = _evidence(set(why), wanted) if sighting.size_bytes else Evidence.POSSIBLE
    if evidence is not Evidence.PROVEN and not _is_ours(sighting.key, rules):
        flags.add(Flag.OTHER_PREFIX)
    return Candidate(sighting, evidence, tuple(why), undone, frozenset(flags))


def _is_ours(key: str, rules: Rules) -> bool:
    former = tuple(f"{each.strip('/')}/" for each in rules.previous_locations if each.strip("/"))
    return key.startswith((rules.prefix or UPLOADS, UPLOADS, *former))


def _evidence(why: set[Why], wanted: Wanted) -> Evidence:
    if Why.MD5_AGREES in why and Why.SIZE_DIFFERS not in why:
        return Evidence.PROVEN
    if Why.NAME_IS_UNIQUE in why and not {Why.MD5_DIFFERS, Why.SIZE_DIFFERS} & why:
        return Evidence.LIKELY if wanted.size_bytes is None or Why.SIZE_AGREES in why else Evidence.POSSIBLE
    return Evidence.POSSIBLE


def _rank(candidate: Candidate) -> tuple[object, ...]:
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
