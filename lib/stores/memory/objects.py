"""A bucket in memory, with links whose signature, end and ACL it minds as S3 does."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from lib import keys as key_rules
from lib.objects import Disposition, Doubt, Fetched, ObjectUnavailable, Observation, Presence

SECRET = b"memory"
SIGV4_LIMIT_S = 604_800


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object. Without its own ``etag`` it has the MD5 of its bytes, as after a simple put."""

    body: bytes
    content_type: str = "application/pdf"
    is_public: bool = False
    etag: str | None = None
    last_modified: datetime = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)
    content_encoding: str | None = None


def _same_url(url: str) -> str:
    return url


def _same_answer(_: str, fetched: Fetched) -> Fetched:
    return fetched


class MemoryObjects:
    """An ObjectStore over ``objects``. What a test can break:

    * ``doubt``: every HEAD, read and fetch ends in it
    * ``listing_works=False``: an absent key is UNKNOWN, NO_LISTING
    * ``signs``: changes a link after it was signed
    * ``answers``: changes what a stranger gets for an address

    ``calls`` lists what was asked, as (verb, key or address).
    """

    def __init__(
        self,
        objects: Mapping[str, StoredObject],
        *,
        clock: Callable[[], datetime],
        doubt: Doubt | None = None,
        listing_works: bool = True,
        signs: Callable[[str], str] = _same_url,
        answers: Callable[[str, Fetched], Fetched] = _same_answer,
        base_url: str = "https://objects.example/edrspace",
    ) -> None:
        self.objects = dict(objects)
        self.doubt = doubt
        self.listing_works = listing_works
        self.calls: list[tuple[str, str]] = []
        self._clock = clock
        self._signs = signs
        self._answers = answers
        self._base_url = base_url

    def head(self, keys: Sequence[str], *, budget: timedelta) -> Mapping[str, Observation]:
        """Observe each key."""
        return {key: self._head(key) for key in keys}

    def read(self, key: str, *, limit_bytes: int) -> bytes:
        """Return the object's bytes."""
        self.calls.append(("read", key))
        if self.doubt is not None or key not in self.objects:
            raise ObjectUnavailable(self.doubt)
        body = self.objects[key].body
        if len(body) > limit_bytes:
            raise OverflowError(len(body))
        return body

    def presign(self, key: str, *, expires: timedelta, filename: str, disposition: Disposition) -> str:
        """Return a link of SigV4's form, signed with this store's own secret."""
        self.calls.append(("presign", key))
        if key_rules.impossible(key):
            raise ObjectUnavailable(Doubt.IMPOSSIBLE_KEY)
        now = self._clock().astimezone(UTC)
        parameters = [
            ("response-content-type", "application/pdf"),
            ("response-content-disposition", f"{disposition}; filename=\"{filename}\"; filename*=UTF-8''{filename}"),
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", f"MEMORY/{now:%Y%m%d}/us-east-1/s3/aws4_request"),
            ("X-Amz-Date", f"{now:%Y%m%dT%H%M%SZ}"),
            ("X-Amz-Expires", str(int(expires.total_seconds()))),
            ("X-Amz-SignedHeaders", "host"),
        ]
        unsigned = f"{self.plain_url(key)}?{urlencode(parameters, quote_via=quote)}"
        return self._signs(f"{unsigned}&X-Amz-Signature={_signature(unsigned)}")

    def plain_url(self, key: str) -> str:
        """Return the path style address."""
        return f"{self._base_url}/{quote(key, safe='/~')}"

    def fetch_as_stranger(self, url: str, *, first_bytes: int) -> Fetched:
        """Answer as S3 would: signature, end and ACL decide, then the object."""
        self.calls.append(("fetch", url))
        return self._answers(url, self._fetch(url, first_bytes))

    def _head(self, key: str) -> Observation:
        now = self._clock()
        if key_rules.impossible(key):
            return Observation(key, Presence.UNKNOWN, now, doubt=Doubt.IMPOSSIBLE_KEY)
        self.calls.append(("head", key))
        if self.doubt is not None:
            return Observation(key, Presence.UNKNOWN, now, doubt=self.doubt)
        found = self.objects.get(key)
        if found is None and not self.listing_works:
            return Observation(key, Presence.UNKNOWN, now, doubt=Doubt.NO_LISTING, http_status=404)
        if found is None:
            return Observation(key, Presence.ABSENT, now, http_status=404)
        return Observation(
            key,
            Presence.PRESENT,
            now,
            http_status=200,
            size_bytes=len(found.body),
            etag=etag_of(found),
            content_type=found.content_type,
            last_modified=found.last_modified,
        )

    def _fetch(self, url: str, first_bytes: int) -> Fetched:
        if self.doubt is not None:
            return Fetched(None, b"", None, None, None, self.doubt)
        address, _, query = url.partition("?")
        if not address.startswith(f"{self._base_url}/"):
            return _error(404, "NoSuchBucket")
        found = self.objects.get(unquote(address.removeprefix(f"{self._base_url}/")))
        given = dict(parse_qsl(query))
        if "X-Amz-Signature" in given:
            refusal = self._refusal(url, given)
            if refusal is not None:
                return refusal
        elif found is None or not found.is_public:
            return _error(403, "AccessDenied")
        if found is None:
            return _error(404, "NoSuchKey")
        content_type = given.get("response-content-type", found.content_type)
        return Fetched(206, found.body[:first_bytes], len(found.body), content_type, None, etag=etag_of(found))

    def _refusal(self, url: str, given: Mapping[str, str]) -> Fetched | None:
        unsigned, _, signature = url.rpartition("&X-Amz-Signature=")
        if not hmac.compare_digest(_signature(unsigned).encode(), signature.encode()):
            return _error(403, "SignatureDoesNotMatch")
        lasts_s = int(given["X-Amz-Expires"])
        ends_at = _amz_instant(given["X-Amz-Date"]) + timedelta(seconds=lasts_s)
        if not 1 <= lasts_s <= SIGV4_LIMIT_S or self._clock() >= ends_at:
            return _error(403, "AccessDenied")
        return None


def etag_of(found: StoredObject) -> str:
    """Return the ETag, without quotes."""
    return found.etag or hashlib.md5(found.body, usedforsecurity=False).hexdigest()


def _amz_instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _signature(unsigned: str) -> str:
    host = urlsplit(unsigned).netloc
    return hmac.new(SECRET, f"GET\n{host}\n{unsigned}".encode(), hashlib.sha256).hexdigest()


def _error(status: int, code: str) -> Fetched:
    return Fetched(status, b"", None, "application/xml", code)
