"""What an object really is, judged by how its bytes begin and end. Pure, but for ``md5_of_bytes``.

What only the middle shows is not seen: bytes that were lost there, or an ``/Encrypt`` more than a KiB from both ends.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from enum import StrEnum

from lib.catalogue import Code
from lib.listing import END_BYTES, Ends
from lib.objects import ObjectStore

_STARTS = (  # magic numbers; %PDF- and text are sought beyond the first byte
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),  # an empty one
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|title)\b", re.IGNORECASE)
_JSON = re.compile(rb'\{\s*(?:"|\}\s*$)|\[\s*(?:["\[{\d-]|\]\s*$|true|false|null)')
_XML_ERROR = re.compile(rb"(?:<\?xml[^>]*>\s*)?<Error\b", re.IGNORECASE)
_ERROR_CODE = re.compile(rb"<Code>\s*(\w{1,64})\s*</Code>")
_ENCRYPT = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R\b|<<)")  # the trailer's entry, not a word on the page
_LENGTH = re.compile(rb"/Linearized\b[^>]*?/L\s+(\d{1,18})\b")
_START = re.compile(rb"startxref\s+(\d{1,18})\b")
_PACKED = frozenset({"gzip", "x-gzip", "deflate", "compress", "br", "zstd"})


class Kind(StrEnum):
    """What the bytes are, whatever name and header say."""

    PDF = "pdf"
    XML_ERROR = "xml_error"  # an error page of S3
    HTML = "html"
    JSON = "json"
    PNG = "png"
    JPEG = "jpeg"
    GZIP = "gzip"
    ZIP = "zip"
    EMPTY = "empty"
    OTHER = "other"


def kind(ends: Ends) -> Kind:
    """Return what the bytes are. ``%PDF-`` counts anywhere in the first KiB, where readers look for it."""
    if ends.size_bytes == 0:
        return Kind.EMPTY
    if b"%PDF-" in ends.first:
        return Kind.PDF
    for magic, name in _STARTS:
        if ends.first.startswith(magic):
            return Kind(name)
    text = ends.first.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _XML_ERROR.match(text):
        return Kind.XML_ERROR
    if text.startswith(b"<") and _HTML.search(text):  # behind comments and declarations
        return Kind.HTML
    return Kind.JSON if _JSON.match(text) else Kind.OTHER


def error_code(ends: Ends) -> str | None:
    """Return the code of an S3 error page that was stored in the file's place, as ``NoSuchKey``; None of all else.

    Nothing parses the XML, so no entity or DTD in it can do anything.
    """
    found = _ERROR_CODE.search(ends.first) if kind(ends) is Kind.XML_ERROR else None
    return found[1].decode("ascii") if found else None


def judge(ends: Ends) -> frozenset[Code]:
    """Return the faults of the content; none means that it begins, ends and is labelled as a PDF.

    A PDF packed with gzip is a fault of its label, with or without Content-Encoding: it opens in some readers only.
    """
    really = kind(ends)
    if really is Kind.EMPTY:
        return frozenset({Code.ZERO_BYTE})
    codes = set()
    is_packed_pdf = really is Kind.GZIP and b"%PDF-" in _unpacked(ends.first)
    if is_packed_pdf or _says_packed(ends):
        codes.add(Code.CONTENT_ENCODING)
    if really is not Kind.PDF and not is_packed_pdf:
        return frozenset(codes | {Code.NOT_PDF})
    if (ends.content_type or "application/pdf").partition(";")[0].strip().lower() != "application/pdf":
        codes.add(Code.CONTENT_TYPE)
    if really is Kind.PDF:
        if _is_cut(ends):
            codes.add(Code.PDF_TRUNCATED)
        if _ENCRYPT.search(ends.last) or _ENCRYPT.search(ends.first):
            codes.add(Code.PDF_ENCRYPTED)
    return frozenset(codes)


def md5_of_bytes(key: str, *, store: ObjectStore, limit_bytes: int) -> str:
    """Read the whole object and return its MD5; raise ObjectUnavailable, or OverflowError above the limit."""
    return hashlib.md5(store.read(key, limit_bytes=limit_bytes), usedforsecurity=False).hexdigest()


def _says_packed(ends: Ends) -> bool:
    said = (ends.content_encoding or "").lower().split(",")
    return any(word.strip() in _PACKED for word in said)


def _unpacked(first: bytes) -> bytes:
    """Return the beginning of what a gzip holds, a KiB at most; b"" where it is none."""
    try:
        return zlib.decompressobj(wbits=31).decompress(first, END_BYTES)
    except zlib.error:
        return b""


def _is_cut(ends: Ends) -> bool:
    """Whether the end of a PDF is missing: its marks are, or one of them speaks of bytes beyond the last one."""
    starts = _START.findall(ends.last)
    if not starts or b"%%EOF" not in ends.last or int(starts[-1]) >= ends.size_bytes:
        return True
    length = _LENGTH.search(ends.first)
    return length is not None and int(length[1]) > ends.size_bytes
