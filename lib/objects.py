"""What the bucket says about a key, and the port that asks it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock
from typing import Protocol


class Presence(StrEnum):
    """Whether the object exists. 403 is always UNKNOWN; 404 is ABSENT only while a listing works."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Doubt(StrEnum):
    """Why presence is unknown, or why bytes could not be had."""

    DENIED = "denied"  # AccessDenied: no right, or a missing key without the list right
    BAD_SIGNATURE = "bad_signature"  # SignatureDoesNotMatch: the secret is wrong
    UNKNOWN_ACCESS_KEY = "unknown_access_key"  # InvalidAccessKeyId
    EXPIRED_CREDENTIALS = "expired_credentials"  # ExpiredToken, InvalidToken
    CLOCK_SKEWED = "clock_skewed"  # RequestTimeTooSkewed
    SUSPENDED = "suspended"  # UserSuspended
    NO_CREDENTIALS = "no_credentials"
    NO_BUCKET = "no_bucket"  # NoSuchBucket
    BUCKET_IN_ENDPOINT = "bucket_in_endpoint"  # LIST answers NoSuchKey: the endpoint holds the bucket or a path
    WRONG_REGION = "wrong_region"  # AuthorizationHeaderMalformed, PermanentRedirect, IllegalLocationConstraint
    NO_LISTING = "no_listing"  # HEAD says 404 but no listing under the location works, so 404 proves nothing
    THROTTLED = "throttled"  # 503, SlowDown, 429
    SERVER_ERROR = "server_error"  # other 5xx
    TIMED_OUT = "timed_out"  # no answer within the budget
    UNREACHABLE = "unreachable"  # refused, unknown host
    TLS = "tls"  # certificate or protocol
    NOT_S3 = "not_s3"  # an answer that is no S3 answer (HTML with 200)
    IMPOSSIBLE_KEY = "impossible_key"  # empty, over 1024 bytes, NUL, lone surrogate: no request was sent
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Observation:
    """What one HEAD taught at one instant (aware UTC). Size, ETag and so on are None unless present."""

    key: str
    presence: Presence
    checked_at: datetime
    doubt: Doubt | None = None
    http_status: int | None = None
    size_bytes: int | None = None
    etag: str | None = None  # without quotes
    content_type: str | None = None
    last_modified: datetime | None = None
    is_etag_md5: bool = True  # False: encrypted with a key of its own, so that the ETag is of something else
    is_archived: bool = False  # in a storage class from which it must be restored before anybody can open it


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a stranger (no credentials, no cookies, no redirects) got for an address."""

    status: int | None  # None: no answer at all, see ``doubt``
    body: bytes  # the first bytes only
    total_bytes: int | None  # from Content-Range or Content-Length
    content_type: str | None
    error_code: str | None  # the S3 error code of an error page
    doubt: Doubt | None = None
    etag: str | None = None  # without quotes


class ObjectUnavailable(Exception):
    """The bytes of an object could not be read; ``doubt`` is None when it is simply absent."""

    def __init__(self, doubt: Doubt | None) -> None:
        super().__init__(str(doubt or "absent"))
        self.doubt = doubt


class Disposition(StrEnum):
    """Whether a browser opens the PDF or saves it."""

    INLINE = "inline"
    ATTACHMENT = "attachment"


class ObjectStore(Protocol):
    """Asks one bucket. Never writes."""

    def head(self, keys: Sequence[str], *, budget: timedelta) -> Mapping[str, Observation]:
        """Observe each key, in parallel (at most 8 at once), within a total budget.

        Every key asked for is in the answer; what the budget did not reach is UNKNOWN, TIMED_OUT.
        Impossible keys are answered without a request.
        """
        ...

    def read(self, key: str, *, limit_bytes: int) -> bytes:
        """Return the object's bytes; raise ObjectUnavailable, or OverflowError above the limit."""
        ...

    def presign(self, key: str, *, expires: timedelta, filename: str, disposition: Disposition) -> str:
        """Return a SigV4 GET link that answers as application/pdf. No network."""
        ...

    def plain_url(self, key: str) -> str:
        """Return the unsigned address of the object. No network."""
        ...

    def fetch_as_stranger(self, url: str, *, first_bytes: int) -> Fetched:
        """GET the first bytes of an address with ``Range``, without credentials, following nothing."""
        ...


class PresenceCache:
    """Present and absent for a short while, by key; unknown never. Thread-safe, bounded.

    A link always checks afresh and does not come here.
    """

    def __init__(self, *, ttl: timedelta = timedelta(seconds=45), max_keys: int = 20_000) -> None:
        self._ttl = ttl
        self._max_keys = max_keys
        self._kept: OrderedDict[str, Observation] = OrderedDict()  # the least recently used first
        self._lock = Lock()

    def get(self, key: str, *, now: datetime) -> Observation | None:
        """Return a live observation, or None."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                return None
            # One from the future means that the clock was set back: its age is not known.
            if not timedelta(0) <= now - kept.checked_at < self._ttl:
                del self._kept[key]
                return None
            self._kept.move_to_end(key)
            return kept

    def put(self, observation: Observation) -> None:
        """Keep a present or absent observation; an unknown one, or one older than what is kept, is left out."""
        if observation.presence is Presence.UNKNOWN:
            return
        with self._lock:
            kept = self._kept.get(observation.key)
            if kept is not None and kept.checked_at > observation.checked_at:  # a slow check that ended late
                return
            self._kept[observation.key] = observation
            self._kept.move_to_end(observation.key)
            while len(self._kept) > self._max_keys:
                self._kept.popitem(last=False)

    def forget(self, keys: Sequence[str]) -> None:
        """Drop keys ("Check again")."""
        with self._lock:
            for key in keys:
                self._kept.pop(key, None)


def check(
    keys: Sequence[str], *, store: ObjectStore, cache: PresenceCache, now: datetime, budget: timedelta
) -> Mapping[str, Observation]:
    """Observe keys: cached ones at once, the rest by HEAD. One entry for every key asked for."""
    wanted = dict.fromkeys(keys)
    seen = {key: kept for key in wanted if (kept := cache.get(key, now=now)) is not None}
    unseen = [key for key in wanted if key not in seen]
    if unseen:
        for key, observation in store.head(unseen, budget=budget).items():
            cache.put(observation)
            seen[key] = observation
    return {key: seen[key] for key in wanted}
