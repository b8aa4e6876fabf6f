"""Which lone objects a row's file may be, as questions to an index that may be large; a small Inventory is the answer. Pure.

Asked in the order in which ``candidates`` looks, so that it finds the same best one as among all lone objects:

1. what has the row's MD5, and what carries its 32 hex digits, all of it, since a name must be known to be the only one;
2. unless that proves one: what a guess names exactly, what has a guess's normal form or stem, and the first objects
   below a cut name or a folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from lib import keys
from lib.candidates import BELOW, NOTHING, is_cut
from lib.evidence import UPLOADS, Wanted
from lib.inventory import Inventory, Sighting, base_name, form, hex_name, stem
from lib.keys import Rules
from lib.spellings import guesses

MAX_ALIKE = 50  # objects of one MD5 or hex name
MAX_WRITTEN = 200  # objects of all normal forms and stems


class Index(Protocol):
    """All lone objects, found by one thing about them. Each answer ascends by key."""

    def of_keys(self, wanted: Sequence[str]) -> Iterable[Sighting]:
        """Return the objects of exactly these keys."""
        ...

    def of_content(self, md5: str, *, below: str = "", limit: int) -> Iterable[Sighting]:
        """Return the first objects with this MD5 below a prefix."""
        ...

    def of_hex(self, digits: str, *, limit: int) -> Iterable[Sighting]:
        """Return the first objects with these 32 hex digits in their names."""
        ...

    def alike(self, forms: Sequence[str], stems: Sequence[str], *, limit: int) -> Iterable[Sighting]:
        """Return the first objects of each of these normal forms and stems."""
        ...

    def below(self, prefix: str, *, limit: int) -> Iterable[Sighting]:
        """Return the first objects whose keys begin with a prefix."""
        ...


def inventory(wanted: Wanted, rules: Rules, index: Index) -> Inventory:
    """Return the lone objects that may be the right one of a row."""
    found: dict[str, Sighting] = {}

    def add(some: Iterable[Sighting]) -> None:
        found.update((each.key, each) for each in some)

    if wanted.md5:
        add(index.of_content(wanted.md5, limit=MAX_ALIKE))
        if len(found) == MAX_ALIKE and wanted.consultation_id:
            for place in ("", rules.prefix, rules.prefix * 2, *keys.former_prefixes(rules)):
                folder = f"{place}{UPLOADS}{wanted.consultation_id}/"
                add(index.of_content(wanted.md5, below=folder, limit=MAX_ALIKE))
    if digits := hex_name(wanted.stored):
        add(index.of_hex(digits, limit=MAX_ALIKE))
    if wanted.md5 is None or not any(_is_proven(each, wanted) for each in found.values()):
        _add_named(wanted, rules, index, add)
    return Inventory(found[key] for key in sorted(found))


def _is_proven(found: Sighting, wanted: Wanted) -> bool:
    # As ``evidence`` has it: whatever else is found ranks behind it, with or without flags.
    return bool(found.size_bytes) and found.md5 == wanted.md5 and wanted.size_bytes in {None, found.size_bytes}


def _add_named(wanted: Wanted, rules: Rules, index: Index, add: Callable[[Iterable[Sighting]], None]) -> None:
    guessed = list(guesses(wanted.stored, rules))
    add(index.of_keys([guess.key for guess in guessed]))
    named = [guess.key for guess in guessed if not guess.is_rewritten and base_name(form(guess.key))]
    forms = dict.fromkeys(map(form, named))
    add(index.alike(list(forms), list(dict.fromkeys(map(stem, named))), limit=MAX_WRITTEN))
    if wanted.stored.strip().casefold() in NOTHING:
        below = [f"{rules.prefix}{UPLOADS}{wanted.consultation_id}/"] if wanted.consultation_id else []
    else:
        below = [guess.key for guess in guessed if not base_name(guess.key) or is_cut(guess, rules)]
    for prefix in below:
        add(index.below(prefix, limit=BELOW))
