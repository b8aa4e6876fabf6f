"""Which object may be the right one of a row whose own is not there. Pure; what proves one is in ``evidence``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from lib import keys
from lib.catalogue import Code
from lib.evidence import (
    UPLOADS,
    Candidate,
    Evidence,
    Flag,
    Wanted,
    Why,
    consultation_of,
    contradicts,
    judged,
    rank,
)
from lib.inventory import Inventory, Sighting, base_name, form, hex_name, stem, without_suffix
from lib.keys import Rules
from lib.spellings import Guess, guesses, went_astray

__all__ = [
    "MAX_CANDIDATES",
    "UPLOADS",
    "Candidate",
    "Evidence",
    "Flag",
    "Wanted",
    "Why",
    "candidates",
    "consultation_of",
    "contradicts",
]

MAX_CANDIDATES = 10
_SIGNS = (
    ("\\", Code.BACKSLASH),
    ("%25", Code.DOUBLE_ENCODED),
    ("%", Code.PERCENT_ENCODED),
    ("/./", Code.DOT_SEGMENT),
    ("&", Code.HTML_ENTITY),
)
NOTHING = frozenset({"", "none", "null", "nan", "undefined"})  # what a row holds that was given no key
BELOW = 20  # objects that are looked at below a folder or behind a cut name


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
                made = judged(sighting, undone, wanted, rules, inventory, is_taken=is_taken)
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
    if not add(there()) and not add((each, _difference(each.key, guessed, rules)) for each in same):
        add(_alike(guessed, inventory))
        add(_renamed(wanted, rules, inventory, guessed))
        add(_below(wanted, rules, inventory, guessed))
    return tuple(sorted(found.values(), key=rank)[:MAX_CANDIDATES])


def _alike(guessed: Iterable[Guess], inventory: Inventory) -> Iterator[tuple[Sighting, tuple[Code, ...]]]:
    asked = set()
    for guess in guessed:
        if guess.is_rewritten:
            continue
        name = form(guess.key)
        if name in asked or not base_name(name):
            continue
        asked.add(name)
        for sighting in (*inventory.of_form(guess.key), *inventory.of_stem(guess.key)):
            yield sighting, (*guess.undone, *_written_otherwise(guess.key, sighting.key))


def _renamed(
    wanted: Wanted, rules: Rules, inventory: Inventory, guessed: list[Guess]
) -> Iterator[tuple[Sighting, tuple[Code, ...]]]:
    if digits := hex_name(wanted.stored):
        for sighting in inventory.named(digits):
            yield sighting, _difference(sighting.key, guessed, rules)


def _below(
    wanted: Wanted, rules: Rules, inventory: Inventory, guessed: list[Guess]
) -> Iterator[tuple[Sighting, tuple[Code, ...]]]:
    stored = wanted.stored.strip()
    if stored.casefold() in NOTHING:
        if wanted.consultation_id:
            folder = f"{rules.prefix}{UPLOADS}{wanted.consultation_id}/"
            yield from ((sighting, (Code.EMPTY,)) for sighting in inventory.below(folder, limit=BELOW))
        return
    for guess in guessed:
        name = base_name(guess.key)
        if not name:
            below = inventory.below(guess.key, limit=BELOW)
            if consultation_of(guess.key) is None and len(below) > 1:
                continue  # a folder of many people
            yield from ((each, (*guess.undone, Code.TRAILING_SLASH)) for each in below)
        elif is_cut(guess, rules):
            for sighting in inventory.below(guess.key, limit=BELOW):
                if "/" not in sighting.key[len(guess.key) :]:
                    yield sighting, (*guess.undone, *_written_otherwise(guess.key, sighting.key))


def is_cut(guess: Guess, rules: Rules) -> bool:
    """Whether a guess may be the beginning of a longer name."""
    name = base_name(guess.key)
    return bool(name) and not name.lower().endswith(".pdf") and len(guess.key) > len(rules.prefix) + 8


def _difference(key: str, guessed: list[Guess], rules: Rules) -> tuple[Code, ...]:
    """Return what lies between the guesses and an object that was found without them."""
    known = {guess.key: guess.undone for guess in reversed(guessed)}
    if key in known:
        return known[key]
    for astray, home in went_astray(key, rules):
        if home in known:
            return (*known[home], astray)
    digits, asked = hex_name(key), form(guessed[0].key)
    if digits is None or digits in asked:
        by_form, by_stem = form(key), stem(key)
        for guess in guessed:
            if not guess.is_rewritten and (form(guess.key) == by_form or stem(guess.key) == by_stem):
                return (*guess.undone, *_written_otherwise(guess.key, key))
    for guess in guessed:
        if is_cut(guess, rules) and key.startswith(guess.key):
            return (*guess.undone, Code.TRUNCATED)
    is_moved = digits is not None and digits in base_name(asked)
    return (*guessed[0].undone, Code.MOVED if is_moved else Code.FOUND_BY_CONTENT)


def _written_otherwise(guessed: str, key: str) -> tuple[Code, ...]:
    """Return the code of the difference between two keys of one form, one stem or one beginning."""
    if form(guessed) == form(key):
        return (_rewritten(guessed, key),)
    if stem(guessed) == stem(key):
        stems = [base_name(each).partition(".")[0] for each in (guessed, key)]
        has_suffix = [without_suffix(each) != each for each in stems]
        return (Code.RANDOM_SUFFIX,) if has_suffix[0] != has_suffix[1] else (Code.EXTENSION,)
    return (Code.TRUNCATED,)


def _rewritten(guessed: str, key: str) -> Code:
    """Return the code of the difference between two keys that are only written differently."""
    for sign, code in _SIGNS:
        if guessed.count(sign) != key.count(sign):
            return code
    if guessed.casefold() == key.casefold():
        return Code.CASE
    if guessed.replace("+", " ") == key.replace("+", " "):
        return Code.PLUS_FOR_SPACE
    if re.sub("/+", "/", guessed).strip("/") == re.sub("/+", "/", key).strip("/"):
        return Code.LEADING_SLASH if guessed.startswith("/") != key.startswith("/") else Code.DOUBLE_SLASH
    if guessed.isascii() and key.isascii():
        return Code.WHITESPACE
    same = unicodedata.normalize("NFKC", guessed).casefold() == unicodedata.normalize("NFKC", key).casefold()
    return Code.UNICODE_FORM if same else Code.INVISIBLE if _seen(guessed) == _seen(key) else Code.MOJIBAKE


def _seen(text: str) -> str:
    return "".join(sign for sign in text if unicodedata.category(sign)[0] not in "CZ").casefold()
