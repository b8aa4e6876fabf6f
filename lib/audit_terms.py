"""By what one run judges: its rules and its window of grace, which keys are its own, and what a row means by them. Pure."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from lib import keys
from lib.audits import GRACE
from lib.keys import Rules
from lib.row_spool import Detail

AHEAD = timedelta(days=1)  # how wrong a clock may be


@dataclass(frozen=True, slots=True)
class Terms:
    """By what one run judges. ``owned`` are folders below the location, ``ignored`` patterns of object keys.

    ``is_whole``: everything was listed where a right object may lie, so that nothing found means never uploaded.
    Of the keys in ``unlisted`` (above the first, not above the second of two) nothing is known.
    """

    rules: Rules
    taken_at: datetime  # of the snapshot
    owned: tuple[str, ...]
    ignored: tuple[str, ...]
    grace: timedelta = GRACE
    is_whole: bool = True
    max_heads: int = 200
    unlisted: tuple[tuple[bytes, bytes | None], ...] = ()

    def is_listed(self, key: str) -> bool:
        """Whether it was seen what lies at a key."""
        wanted = key.encode("utf-8", "surrogateescape")
        return not any(after < wanted and (until is None or wanted <= until) for after, until in self.unlisted)

    def is_young(self, at: datetime | None) -> bool:
        """Whether what was made then may still have been on its way when the snapshot was taken.

        A date that is more than a day ahead is a wrong date, and not young for ever.
        """
        return at is not None and self.taken_at - self.grace < at < self.taken_at + AHEAD

    def is_ours(self, key: str) -> bool:
        """Whether an object lies where only our PDFs lie, and is none that is looked past."""
        owned = tuple(self.rules.prefix + each for each in self.owned)
        return key.startswith(owned) and not _pattern(self.ignored).match(key)


def text(key: bytes) -> str:
    """Return a key as a text; bytes that are no UTF-8 become lone surrogates, which no request can name."""
    return key.decode("utf-8", "surrogateescape")


def resolved(row: Detail, rules: Rules) -> str:
    """Return what a row resolves to."""
    return keys.resolve(row.stored_key or "", location=rules.location)


def is_unresolvable(row: Detail, rules: Rules) -> bool:
    """Whether a row has no key at all, or one that cannot be in S3."""
    return not (row.stored_key or "").strip() or keys.impossible(resolved(row, rules))


def is_unchanged(row: Detail, key: str, terms: Terms) -> bool:
    """Whether a row still resolves to the key that it had in the snapshot, and is not on its way."""
    return resolved(row, terms.rules) == key and not terms.is_young(row.facts.generated_at)


@lru_cache(maxsize=8)
def _pattern(ignored: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(fnmatch.translate, ignored)) or r"(?!)")
