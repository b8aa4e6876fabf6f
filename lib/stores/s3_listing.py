"""Looking around in one S3 bucket with boto3. Every page is checked: boto3 takes a half one for a whole one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as NotInTime
from contextlib import closing
from itertools import pairwise
from typing import Any
from urllib.parse import unquote_plus

from botocore import exceptions

from lib import keys as key_rules
from lib.inventory import Sighting
from lib.listing import END_BYTES, PAGE, Ends, Listed, Version
from lib.objects import Doubt, ObjectUnavailable
from lib.stores import s3_codes, s3_faults, s3_heads
from lib.stores.s3_connection import S3Connection, within

TIMEOUT_S = 10.0  # a request
VERSIONS = 50  # at most, the newest
# What no XML 1.0 document may hold. https://www.w3.org/TR/xml/#charsets
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

Reply = Mapping[str, Any]


class S3Lister:
    """An ObjectLister on the bucket of a connection. Thread-safe."""

    def __init__(self, connection: S3Connection, *, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._connection = connection
        self._client = connection.client
        self._bucket = connection.config.bucket

    def below(self, prefix: str, *, after: str = "", limit: int = PAGE) -> Listed:
        """LIST once."""
        if any(key_rules.impossible(each) for each in (prefix, after) if each):
            return Listed((), is_complete=False, doubt=Doubt.IMPOSSIBLE_KEY)
        asked, begin = _sendable(prefix), _sendable(after)
        # Of no keys at all, a page would say that nothing more follows.
        most = max(limit, 1) if (asked, begin) == (prefix, after) else PAGE
        wanted = {"Prefix": asked, "MaxKeys": most, "EncodingType": "url"} | ({"StartAfter": begin} if begin else {})
        try:
            page = self._page(self._client.list_objects_v2, **wanted)
            rows = _rows(page, page.get("Contents", []), prefix=asked)
            _check_whole(page, rows, after=begin)
            seen = tuple(_sighting(key, row) for key, row in rows if key.startswith(prefix) and key > after)
        except ObjectUnavailable as error:
            return Listed((), is_complete=False, doubt=error.doubt)
        return Listed(seen[:limit], is_complete=not page["IsTruncated"] and len(seen) <= limit)

    def versions(self, key: str) -> tuple[Version, ...]:
        """Return the newest versions of exactly this key; the lone one of an object that never had any is none."""
        _require_possible(key)
        asked = _sendable(key)
        most = VERSIONS if asked == key else PAGE
        page = self._page(self._client.list_object_versions, Prefix=asked, MaxKeys=most, EncodingType="url")
        kept = _rows(page, page.get("Versions", []), prefix=asked)
        marks = _rows(page, page.get("DeleteMarkers", []), prefix=asked)
        _check_reached(page, key, [name for name, _ in (*kept, *marks)])
        found = [_version(row, is_delete_marker=False) for name, row in kept if name == key]
        found += [_version(row, is_delete_marker=True) for name, row in marks if name == key]
        if all(each.version_id == "null" and not each.is_delete_marker for each in found):
            return ()
        found.sort(key=lambda each: (each.is_latest, _moment(each)), reverse=True)
        return tuple(found[:VERSIONS])

    def keeps_versions(self) -> bool:
        """Whether versions are kept, or were until somebody suspended that."""
        return "Status" in self._answer(self._client.get_bucket_versioning)

    def uploads(self) -> frozenset[str] | None:
        """Return the keys of all open uploads, unless they are many."""
        page = self._page(self._client.list_multipart_uploads, MaxUploads=PAGE)
        found = frozenset(name for name, _ in _rows(page, page.get("Uploads", []), prefix=""))
        return None if page["IsTruncated"] else found

    def is_uploading(self, key: str) -> bool:
        """Whether an upload of exactly this key lies open."""
        _require_possible(key)
        asked = _sendable(key)
        # Not with EncodingType: Ceph RGW 16.2.15 encodes the keys then, but does not say so.
        page = self._page(self._client.list_multipart_uploads, Prefix=asked, MaxUploads=PAGE)
        names = [name for name, _ in _rows(page, page.get("Uploads", []), prefix=asked)]
        if key not in names:
            _check_reached(page, key, names)
        return key in names

    def ends(self, key: str) -> Ends:
        """GET the first and the last KiB; the first is enough where it is all."""
        return self._connection.download(key, lambda: self._ends(key), timeout_s=2 * self._timeout_s)

    def _page(self, call: Callable[..., Reply], **parameters: object) -> Reply:
        """Return one page that is a listing of our bucket; raise ObjectUnavailable."""
        page = self._answer(call, **parameters)
        if not s3_heads.is_listing(page, bucket=self._bucket):
            raise ObjectUnavailable(Doubt.NOT_S3)
        return page

    def _answer(self, call: Callable[..., Reply], **parameters: object) -> Reply:
        """Return S3's answer; raise ObjectUnavailable."""
        deadline = time.monotonic() + self._timeout_s
        try:
            asked = self._connection.questions.submit(call, Bucket=self._bucket, **parameters)
            answer = within(deadline, asked)
        except NotInTime as error:
            raise ObjectUnavailable(Doubt.TIMED_OUT) from error
        except s3_faults.DRIVER_ERRORS as error:
            raise ObjectUnavailable(s3_faults.doubt_of_listing(error)) from error
        if not s3_codes.is_s3(answer["ResponseMetadata"].get("HTTPHeaders", {})):
            raise ObjectUnavailable(Doubt.NOT_S3)
        return answer

    def _ends(self, key: str) -> Ends:
        try:
            first, span, size_bytes, reply = self._part(key, f"bytes=0-{END_BYTES - 1}")
        except exceptions.ClientError as error:
            if s3_faults.code_of(error) == "InvalidRange":  # 416: an empty object has no first byte
                return Ends(b"", b"", 0, None, None)
            raise
        if span != range(min(size_bytes, END_BYTES)):
            raise ObjectUnavailable(Doubt.NOT_S3)
        last = first
        if size_bytes > END_BYTES:
            last, *where, again = self._part(key, f"bytes=-{END_BYTES}")
            if where != [range(size_bytes - END_BYTES, size_bytes), size_bytes] or again["ETag"] != reply["ETag"]:
                raise ObjectUnavailable(Doubt.OTHER)  # replaced between the two
        return Ends(first, last, size_bytes, reply.get("ContentType"), reply.get("ContentEncoding"))

    def _part(self, key: str, wanted: str) -> tuple[bytes, range, int, Reply]:
        """Return the bytes of a range, which bytes of the object they are, its size, and the reply.

        A proxy that leaves the range out and sends everything is cut off before the first byte.
        """
        reply = self._client.get_object(Bucket=self._bucket, Key=key, Range=wanted)
        with closing(reply["Body"]) as body:
            span, size_bytes = _span(reply)
            if not s3_heads.is_object(reply) or len(span) > END_BYTES:
                raise ObjectUnavailable(Doubt.NOT_S3)
            content: bytes = body.read(len(span)) if span else b""
        if len(content) < len(span):
            raise ObjectUnavailable(Doubt.UNREACHABLE)  # cut on the way
        return content, span, size_bytes, reply


def _require_possible(key: str) -> None:
    if key_rules.impossible(key):
        raise ObjectUnavailable(Doubt.IMPOSSIBLE_KEY)


def _sendable(prefix: str) -> str:
    """Return the part of a prefix that the page which repeats it can hold.

    Ceph RGW 16.2.15 writes the prefix into its XML unencoded, also with EncodingType=url; with a control character that
    is no XML.

    >>> _sendable("a/b\\x01c"), _sendable("a/b\\nc")
    ('a/b', 'a/b\\nc')
    """
    return UNFIT.split(prefix, maxsplit=1)[0]


def _rows(page: Reply, rows: list[Reply], *, prefix: str) -> list[tuple[str, Reply]]:
    """Return the rows with their keys decoded; raise ObjectUnavailable where one is not what was asked for.

    boto3 would decode them too, and end in a KeyError where one is missing.
    """
    try:
        keyed = [(_decoded(row["Key"]) if page.get("EncodingType") == "url" else row["Key"], row) for row in rows]
    except (KeyError, UnicodeDecodeError) as error:
        raise ObjectUnavailable(Doubt.OTHER) from error
    if not all(key and key.startswith(prefix) for key, _ in keyed):
        raise ObjectUnavailable(Doubt.OTHER)
    return keyed


def _decoded(key: str) -> str:
    return unquote_plus(key, errors="strict")  # AWS writes a space as +, Ceph as %20; both write + as %2B


def _check_whole(page: Reply, rows: list[tuple[str, Reply]], *, after: str) -> None:
    """Raise ObjectUnavailable where rows are missing, out of order, or the page's end contradicts itself."""
    names = [after.encode(), *(key.encode() for key, _ in rows)]
    if (
        page.get("KeyCount", len(rows)) != len(rows)
        or any(first >= second for first, second in pairwise(names))
        or page["IsTruncated"] != bool(page.get("NextContinuationToken"))
    ):
        raise ObjectUnavailable(Doubt.OTHER)


def _check_reached(page: Reply, key: str, names: list[str]) -> None:
    """Raise ObjectUnavailable where a page ends before the key that is sought, so that it says nothing of it."""
    if page["IsTruncated"] and max(names, default="").encode() < key.encode():
        raise ObjectUnavailable(Doubt.OTHER)


def _sighting(key: str, row: Reply) -> Sighting:
    if "Size" not in row:
        raise ObjectUnavailable(Doubt.OTHER)
    return Sighting(key, row["Size"], row.get("ETag", "").strip('"'))


def _version(row: Reply, *, is_delete_marker: bool) -> Version:
    return Version(
        version_id=row.get("VersionId", "null"),
        is_latest=row.get("IsLatest", False),
        is_delete_marker=is_delete_marker,
        last_modified=row.get("LastModified"),
        size_bytes=row.get("Size"),
        etag=row["ETag"].strip('"') if "ETag" in row else None,
    )


def _moment(version: Version) -> float:
    return version.last_modified.timestamp() if version.last_modified else 0.0


def _span(reply: Reply) -> tuple[range, int]:
    """Return which bytes of the object a reply holds, and the object's size. Without a range: all of them."""
    found = re.fullmatch(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", reply.get("ContentRange", ""))
    if found is None:
        size_bytes = reply.get("ContentLength", END_BYTES + 1)
        return range(size_bytes), size_bytes
    start, last, size_bytes = map(int, found.groups())
    return range(start, last + 1), size_bytes
