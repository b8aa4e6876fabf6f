"""Looking around in a bucket: what lies below a prefix, what lay at a key before, how the bytes begin and end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lib.inventory import Sighting
from lib.objects import Doubt

PAGE = 1000  # keys of one LIST
END_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Listed:
    """What one LIST showed, in the order of the keys' bytes. With a ``doubt`` nothing was learnt."""

    sightings: tuple[Sighting, ...]
    is_complete: bool  # nothing more lies below the prefix
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object in a versioned bucket, or the mark that it was deleted."""

    version_id: str
    is_latest: bool
    is_delete_marker: bool
    last_modified: datetime | None
    size_bytes: int | None = None
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Ends:
    """The first and the last END_BYTES of an object (they overlap in a small one), and what its headers say."""

    first: bytes
    last: bytes
    size_bytes: int
    content_type: str | None
    content_encoding: str | None


class ObjectLister(Protocol):
    """Looks around in one bucket. Never writes; makes no request for a key that cannot exist."""

    def below(self, prefix: str, *, after: str = "", limit: int = PAGE) -> Listed:
        """LIST once: the first ``limit`` keys behind the key ``after``. An answer that is no S3 listing is a doubt, never "nothing there"."""
        ...

    def versions(self, key: str) -> tuple[Version, ...]:
        """Return the versions of exactly this key, the newest first; () in a bucket without versions.

        One request; raise ObjectUnavailable.
        """
        ...

    def keeps_versions(self) -> bool:
        """Whether versions were ever kept in this bucket: else nothing in it can have a delete marker.

        One request; raise ObjectUnavailable.
        """
        ...

    def uploads(self) -> frozenset[str] | None:
        """Return the keys of all uploads in parts that never ended, None where they are more than one page shows.

        One request; raise ObjectUnavailable.
        """
        ...

    def is_uploading(self, key: str) -> bool:
        """Whether an upload in parts of exactly this key was begun and never ended. One request; raise ObjectUnavailable."""
        ...

    def ends(self, key: str) -> Ends:
        """GET the first and the last KiB by range. Two requests; raise ObjectUnavailable, with doubt None where it is absent."""
        ...
