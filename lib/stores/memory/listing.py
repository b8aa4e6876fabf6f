"""Looking around in a bucket in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lib import keys as key_rules
from lib.inventory import Sighting
from lib.listing import END_BYTES, PAGE, Ends, Listed, Version
from lib.objects import Doubt, ObjectUnavailable
from lib.stores.memory.objects import MemoryObjects, etag_of

VERSIONS = 50


class MemoryLister:
    """An ObjectLister over the same objects. What a test can break:

    * ``doubt``: all that looks around ends in it, while HEADs still work; the bucket's own ``doubt`` counts here too
    * ``page``: how many keys one LIST shows at most

    ``kept`` holds the versions of a key in a versioned bucket, the newest first; ``uploads`` the keys whose upload in
    parts never ended. ``calls`` is the bucket's own list, so that it shows all that was asked.
    """

    def __init__(
        self,
        bucket: MemoryObjects,
        *,
        kept: Mapping[str, Sequence[Version]] | None = None,
        uploads: Iterable[str] = (),
        doubt: Doubt | None = None,
        page: int = PAGE,
    ) -> None:
        self.kept = dict(kept or {})
        self.uploading = set(uploads)
        self.doubt = doubt
        self.page = page
        self.calls = bucket.calls
        self._bucket = bucket

    def below(self, prefix: str, *, after: str = "", limit: int = PAGE) -> Listed:
        """LIST once."""
        if any(key_rules.impossible(each) for each in (prefix, after) if each):
            return Listed((), is_complete=False, doubt=Doubt.IMPOSSIBLE_KEY)
        self.calls.append(("below", prefix))
        if doubt := self.doubt or self._bucket.doubt:
            return Listed((), is_complete=False, doubt=doubt)
        below = [key for key in self._bucket.objects if key.startswith(prefix) and key > after]
        found = sorted(below)  # by code point, which is the order of the bytes
        shown = found[: min(limit, self.page)]
        return Listed(tuple(map(self._sighting, shown)), is_complete=len(shown) == len(found))

    def versions(self, key: str) -> tuple[Version, ...]:
        """Return the newest versions of exactly this key."""
        self._ask("versions", key)
        return tuple(self.kept.get(key, ()))[:VERSIONS]

    def keeps_versions(self) -> bool:
        """Whether any key has versions."""
        self._answer("versioning", "")
        return bool(self.kept)

    def uploads(self) -> frozenset[str]:
        """Return the keys of all open uploads."""
        self._answer("uploads", "")
        return frozenset(self.uploading)

    def is_uploading(self, key: str) -> bool:
        """Whether an upload of exactly this key lies open."""
        self._ask("uploads", key)
        return key in self.uploading

    def ends(self, key: str) -> Ends:
        """Return the first and the last KiB."""
        self._ask("ends", key)
        found = self._bucket.objects.get(key)
        if found is None:
            raise ObjectUnavailable(None if self._bucket.listing_works else Doubt.NO_LISTING)
        body = found.body
        if not body:
            return Ends(b"", b"", 0, None, None)  # the 416 of an empty object has no headers of its own
        return Ends(body[:END_BYTES], body[-END_BYTES:], len(body), found.content_type, found.content_encoding)

    def _ask(self, verb: str, key: str) -> None:
        if key_rules.impossible(key):
            raise ObjectUnavailable(Doubt.IMPOSSIBLE_KEY)
        self._answer(verb, key)

    def _answer(self, verb: str, key: str) -> None:
        self.calls.append((verb, key))
        if doubt := self.doubt or self._bucket.doubt:
            raise ObjectUnavailable(doubt)

    def _sighting(self, key: str) -> Sighting:
        found = self._bucket.objects[key]
        return Sighting(key, len(found.body), etag_of(found))
