"""What lay at the key of a row that has no object now: a version behind a delete marker, or an upload that did not end.

Only of rows that otherwise would be called never uploaded, or deleted, and of so many in one run as the bound says:
each costs two requests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lib.catalogue import Code
from lib.listing import ObjectLister
from lib.objects import Doubt, ObjectUnavailable

MAX_LOOKS = 100  # rows of one run
AT_ONCE = 4
SOUGHT = frozenset({Code.NEVER_UPLOADED, Code.DELETED})
FOR_NOW = frozenset({Doubt.THROTTLED, Doubt.TIMED_OUT, Doubt.UNREACHABLE})  # the next time there may be an answer


@dataclass(frozen=True, slots=True)
class Trace:
    """What was seen at a key. ``is_unsure``: it gave no answer, so that nothing is known of what lay there.

    ``was_looked_at`` is False where nobody saw the versions: it gave no answer, or they may not be seen.
    """

    is_deleted: bool = False
    is_uploading: bool = False
    is_unsure: bool = False
    was_looked_at: bool = True


NOT_LOOKED_AT = Trace(was_looked_at=False)  # what is beyond the bound


@dataclass(slots=True)
class Before:
    """Looks at as many keys as are left of the bound; ``lister`` is called when there is one to look at."""

    lister: Callable[[], ObjectLister]
    told: Callable[[int], None]
    left: int = MAX_LOOKS

    def traces(self, keys: Sequence[str]) -> Mapping[str, Trace]:
        """Return what was seen at the first of these keys. What asks too much of the key's rights is not seen."""
        some = list(dict.fromkeys(keys))[: self.left]
        if not some:
            return {}
        self.left -= len(some)
        lister = self.lister()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="before") as pool:
            found = dict(zip(some, pool.map(lambda key: trace(lister, key), some), strict=True))
        self.told(2 * len(some))
        return found


def trace(lister: ObjectLister, key: str) -> Trace:
    """Return what was seen at one key."""
    try:
        versions = lister.versions(key)
        if versions and versions[0].is_delete_marker:
            return Trace(is_deleted=True)
        return Trace(is_uploading=lister.is_uploading(key))
    except ObjectUnavailable as error:
        return Trace(is_unsure=error.doubt in FOR_NOW, was_looked_at=False)
