"""One page of ListObjectsV2, read. Pure.

1. Nearly every page is read by one regular expression, which takes an object's element only as AWS and Ceph write it,
   from its first sign to its last. Where one of them, or anything else, is not as usual, the page goes to a real XML
   parser (``s3_page_xml``).
2. Keys are url-encoded. AWS writes a space as +, Ceph as %20; both write + as %2B. A key need not be UTF-8.
3. Ceph RGW 16.2.15 writes the token unencoded, so that one with a control character or a reference is not what it
   means, or no XML. Such a token is not used: what follows is asked for by the last key.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import lt
from urllib.parse import unquote_to_bytes

from lib.row_lines import escaped, key_of
from lib.stores import s3_page_xml
from lib.stores.s3_page_xml import NotAListing

_CONTENTS = re.compile(
    rb"<Contents>(?:<Key>([^<]++)</Key>"
    rb"<LastModified>[0-9T:.-]++Z</LastModified>"
    rb'<ETag>(?:&quot;|")([0-9a-f-]++)(?:&quot;|")</ETag>'
    rb"(?:<Checksum(?:Algorithm|Type)>[^<]*+</Checksum(?:Algorithm|Type)>)*+"
    rb"<Size>(0|[1-9][0-9]{0,17}+)</Size>"
    rb"(?:<StorageClass>[^<]*+</StorageClass>)?+"
    rb"(?:<Owner>(?:<ID>[^<]*+</ID>)?+(?:<DisplayName>[^<]*+</DisplayName>)?+</Owner>)?+"
    rb"(?:<Type>[^<]*+</Type>)?+"
    rb"</Contents>)?+"  # an element that is not so is found too, without its content
)
_HEAD = re.compile(rb"<(%s)>([^<]*)</\1>" % "|".join(s3_page_xml.HEAD).encode())
_DATE = re.compile(rb"<LastModified>([^<]*+)</LastModified>")
_SAFE_TOKEN = re.compile(r"[!-%'-;=?-~]+")
_ETAG = re.compile(r"[!-\[\]-~]*")
_SIZE = re.compile(r"[0-9]{1,18}")
_ENCODED = (b"%", b"+")
_ODD = (b"&", b"\\", b"\t", b"\r", b"\n", b"\b", b"\f", b"\v")  # an encoded key has none of them


@dataclass(slots=True)
class Dates:
    """When the objects of a page were last written: read only once somebody asks."""

    keys: list[bytes]  # ascending
    source: bytes | list[str]  # the page, or its dates

    def __call__(self, line: bytes) -> datetime | None:
        """Return the date of a line (aware UTC), None where the page has none for it."""
        if isinstance(self.source, bytes):
            self.source = [date.decode() for date in _DATE.findall(self.source)]
        key = key_of(line)
        place = bisect_left(self.keys, key)
        if place == len(self.keys) or self.keys[place] != key:
            return None
        return _date(self.source[place])


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """What a page says. ``token`` is None where nothing follows, '' where it cannot be used as it is written."""

    bucket: str
    token: str | None
    lines: list[bytes]  # as ``lib.row_lines`` has an object
    keys: list[bytes]  # plain, in the page's order
    modified: Dates = field(repr=False)

    @property
    def is_ascending(self) -> bool:
        """Whether the keys are in the order of their bytes, each once."""
        return all(map(lt, self.keys, self.keys[1:]))


def parse(body: bytes) -> ParsedPage:
    """Return what a page says; raise NotAListing where it is none, is cut, or contradicts itself."""
    return _read_fast(body) or _read_slowly(body)


def _read_fast(body: bytes) -> ParsedPage | None:
    """Return the page, or None where the XML parser must look at it."""
    first, last = body.find(b"<Contents>"), body.rfind(b"</Contents>")
    if first < 0:
        first = last = len(body)
    start, end = body[:first], body[last:].rstrip()
    found = _HEAD.findall(start + end)
    head = {name.decode(): text.decode("latin-1") for name, text in found}
    if (
        len(head) != len(found)
        or b"<!" in start
        or start.count(b"<?") > 1
        or not (end or start.rstrip()).endswith(b"</ListBucketResult>")
    ):
        return None
    rows: list[tuple[bytes, bytes, bytes]] = _CONTENTS.findall(body)
    keys = [row[0] for row in rows]
    blob = b"".join(keys)
    if not all(keys) or not blob.isascii() or any(sign in blob for sign in _ODD):
        return None
    if head.get("EncodingType") == "url" and any(sign in blob for sign in _ENCODED):
        keys = [_decoded(key) for key in keys]
        lines = [b"\t".join((escaped(key), etag, size)) for key, (_, etag, size) in zip(keys, rows, strict=True)]
    else:
        lines = list(map(b"\t".join, rows))
    return _page(head, lines, keys, Dates(keys, body))


def _read_slowly(body: bytes) -> ParsedPage:
    raw = s3_page_xml.read(body)
    is_encoded = raw.head.get("EncodingType") == "url"
    lines, keys = [], []
    for row in raw.rows:
        etag, size = row.get("ETag", "").strip().strip('"').lower(), row.get("Size", "")
        if not row.get("Key") or not _ETAG.fullmatch(etag) or not _SIZE.fullmatch(size):
            raise NotAListing
        if (
            _date(row.get("LastModified", "")) is None
        ):  # without it no object could be called old enough to be a finding
            raise NotAListing
        key = row["Key"].encode()
        keys.append(_decoded(key) if is_encoded else key)
        lines.append(b"\t".join((escaped(keys[-1]), etag.encode(), b"%d" % int(size))))
    return _page(raw.head, lines, keys, Dates(keys, [row.get("LastModified", "") for row in raw.rows]))


def _page(head: Mapping[str, str], lines: list[bytes], keys: list[bytes], modified: Dates) -> ParsedPage:
    token = head.get("NextContinuationToken") or None
    if (
        "Name" not in head
        or head.get("EncodingType", "url") != "url"
        or head.get("KeyCount", str(len(keys))) != str(len(keys))
        or head.get("IsTruncated") != ("true" if token else "false")
    ):
        raise NotAListing
    if token and not _SAFE_TOKEN.fullmatch(token):
        token = ""
    return ParsedPage(head["Name"], token, lines, keys, modified)


def _date(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _decoded(key: bytes) -> bytes:
    return unquote_to_bytes(key.replace(b"+", b" "))
