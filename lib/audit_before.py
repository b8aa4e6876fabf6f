"""What lay at the key of a row that has no object now: a version behind a delete marker, or an upload that did not end.

Only of rows that otherwise would be called never uploaded, or deleted, and of so many in one run as the bound says. Two
requests tell whether the bucket keeps versions at all, and which uploads are open in it; a key costs one or two of its
own only where the first is so, or the second could not be said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lib.catalogue import Code
from lib.listing import ObjectLister
from lib.objects import Doubt, ObjectUnavailable

MAX_LOOKS = 100  # rows of one run
AT_ONCE = 8
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


@dataclass(frozen=True, slots=True)
class _Bucket:
    """What is known of the whole bucket. ``uploads`` is None where each key must be asked about."""

    keeps_versions: bool
    uploads: frozenset[str] | None

    @property
    def requests(self) -> int:
        """What one key costs."""
        return self.keeps_versions + (self.uploads is None)


@dataclass(slots=True)
class Before:
    """Looks at as many keys as are left of the bound, where a key costs a request. ``lister`` is called when there is one."""

    lister: Callable[[], ObjectLister]
    told: Callable[[int], None]
    left: int = MAX_LOOKS
    _bucket: _Bucket | None = None

    def traces(self, keys: Sequence[str]) -> Mapping[str, Trace]:
        """Return what was seen at the first of these keys. What asks too much of the key's rights is not seen."""
        if not keys:
            return {}
        lister = self.lister()
        if self._bucket is None:
            self._bucket = _Bucket(_keeps_versions(lister), _uploads(lister))
            self.told(2)
        bucket, some = self._bucket, list(dict.fromkeys(keys))
        if bucket.requests:
            some = some[: self.left]
            self.left -= len(some)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="before") as pool:
            found = dict(zip(some, pool.map(lambda key: _trace(lister, key, bucket), some), strict=True))
        self.told(bucket.requests * len(some))
        return found


def _keeps_versions(lister: ObjectLister) -> bool:
    try:
        return lister.keeps_versions()
    except ObjectUnavailable:
        return True  # perhaps


def _uploads(lister: ObjectLister) -> frozenset[str] | None:
    try:
        return lister.uploads()
    except ObjectUnavailable:
        return None


def _trace(lister: ObjectLister, key: str, bucket: _Bucket) -> Trace:
    try:
        versions = lister.versions(key) if bucket.keeps_versions else ()
        if versions and versions[0].is_delete_marker:
            return Trace(is_deleted=True)
        return Trace(is_uploading=lister.is_uploading(key) if bucket.uploads is None else key in bucket.uploads)
    except ObjectUnavailable as error:
        return Trace(is_unsure=error.doubt in FOR_NOW, was_looked_at=False)
