"""The ways in which a key, an object or a link goes wrong: each code with what it is about, and what it takes to see and mend.

The order of the table is the precedence: of several codes that hold at once, the first is the main one. A fault of
the content stands before one of the name, what hides the key as a whole (an address, a local path) before what
spoils a part of it, and what only explains comes last. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Code(StrEnum):
    """One way to go wrong."""

    # whose file it is
    WRONG_PATIENT = "WRONG_PATIENT"
    DUPLICATE_REFERENCE = "DUPLICATE_REFERENCE"
    # what the bucket answers
    FORBIDDEN = "FORBIDDEN"
    WRONG_BUCKET = "WRONG_BUCKET"
    SSE_C = "SSE_C"
    # the bytes
    ZERO_BYTE = "ZERO_BYTE"
    NOT_PDF = "NOT_PDF"
    PDF_TRUNCATED = "PDF_TRUNCATED"
    SIZE_MISMATCH = "SIZE_MISMATCH"
    CHECKSUM_MISMATCH = "CHECKSUM_MISMATCH"
    ARCHIVED = "ARCHIVED"
    # no key at all, or one hidden in something else
    EMPTY = "EMPTY"
    S3_URI = "S3_URI"
    URL_COLLAPSED = "URL_COLLAPSED"
    URL_PRESIGNED = "URL_PRESIGNED"
    URL_CDN = "URL_CDN"
    URL_PATH_STYLE = "URL_PATH_STYLE"
    URL_VIRTUAL_HOST = "URL_VIRTUAL_HOST"
    URL_LOCAL_SERVER = "URL_LOCAL_SERVER"
    LOCAL_PATH = "LOCAL_PATH"
    TEMP_NAME = "TEMP_NAME"
    # the prefix
    BUCKET_IN_KEY = "BUCKET_IN_KEY"
    ENVIRONMENT_PREFIX = "ENVIRONMENT_PREFIX"
    LOCATION_OLD = "LOCATION_OLD"
    LOCATION_SIBLING = "LOCATION_SIBLING"
    LOCATION_DOUBLED_IN_URL = "LOCATION_DOUBLED_IN_URL"
    LOCATION_DOUBLED_IN_BUCKET = "LOCATION_DOUBLED_IN_BUCKET"
    LOCATION_NONE_AT_ROOT = "LOCATION_NONE_AT_ROOT"
    # the path
    BACKSLASH = "BACKSLASH"
    DOT_SEGMENT = "DOT_SEGMENT"
    LEADING_SLASH = "LEADING_SLASH"
    TRAILING_SLASH = "TRAILING_SLASH"
    DOUBLE_SLASH = "DOUBLE_SLASH"
    # the characters
    DOUBLE_ENCODED = "DOUBLE_ENCODED"
    PERCENT_ENCODED = "PERCENT_ENCODED"
    HTML_ENTITY = "HTML_ENTITY"
    MOJIBAKE = "MOJIBAKE"
    INVISIBLE = "INVISIBLE"
    WHITESPACE = "WHITESPACE"
    PLUS_FOR_SPACE = "PLUS_FOR_SPACE"
    UNICODE_FORM = "UNICODE_FORM"
    # the name
    TRUNCATED = "TRUNCATED"
    RANDOM_SUFFIX = "RANDOM_SUFFIX"
    EXTENSION = "EXTENSION"
    CASE = "CASE"
    MOVED = "MOVED"
    FOUND_BY_CONTENT = "FOUND_BY_CONTENT"
    # nowhere
    DELETE_MARKER = "DELETE_MARKER"
    MULTIPART_UNFINISHED = "MULTIPART_UNFINISHED"
    DELETED = "DELETED"
    NEVER_UPLOADED = "NEVER_UPLOADED"
    # the record opens; worth knowing
    CONTENT_ENCODING = "CONTENT_ENCODING"
    CONTENT_TYPE = "CONTENT_TYPE"
    PDF_ENCRYPTED = "PDF_ENCRYPTED"
    VERSION_STATE = "VERSION_STATE"
    SPECIAL_CHARS = "SPECIAL_CHARS"
    PLACEHOLDER_FOLDER = "PLACEHOLDER_FOLDER"
    # links, consumers, the bucket as a whole
    LOCATION_MISSING = "LOCATION_MISSING"
    PUBLIC = "PUBLIC"
    CDN_STALE = "CDN_STALE"
    UNREFERENCED = "UNREFERENCED"
    NEAR_DUPLICATE_OBJECTS = "NEAR_DUPLICATE_OBJECTS"


class About(StrEnum):
    """What a code is a fault of."""

    ROW = "row"
    LINK = "link"  # or of another consumer of the stored key
    OBJECT = "object"
    BUCKET = "bucket"


class Needs(StrEnum):
    """What it takes to see it, beyond the row; each includes those before it."""

    NOTHING = "nothing"
    HEAD = "head"
    GET = "get"  # the first and the last KiB
    LISTING = "listing"
    VERSIONS = "versions"
    ANOTHER_RUN = "another_run"  # what an earlier audit saw
    NOT_SOUGHT = "not_sought"  # a CDN, archive storage, customer keys: named when met, never hunted for


class Mend(StrEnum):
    """What kind of act sets it right. The dashboard itself does none of them."""

    ROW = "row"  # point the row at the right key
    COPY = "copy"  # copy the object to the right key
    OBJECT = "object"  # take a delete marker off, set metadata or an ACL
    SIGNER = "signer"  # mend the code or the settings that read the key
    MAKE_AGAIN = "make_again"  # the PDF, as a new version
    HUMAN = "human"  # somebody must look
    NOTHING = "nothing"


class Severity(StrEnum):
    """How much it matters; UNKNOWN where nobody can tell before the bucket answers."""

    CRITICAL = "critical"  # harms a patient or shows their file to others
    HIGH = "high"  # the PDF does not open
    MEDIUM = "medium"  # it opens for some
    LOW = "low"
    NOTE = "note"  # nothing is wrong
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Entry:
    """What there is to know about a code, whatever the case at hand."""

    about: About
    needs: Needs
    mend: Mend
    severity: Severity

    @property
    def is_mendable(self) -> bool:
        """Whether there may be a right object to point at, which a diagnosis looks for."""
        return self.mend in {Mend.ROW, Mend.COPY}


_R, _L, _O, _B = About.ROW, About.LINK, About.OBJECT, About.BUCKET
_CRITICAL, _HIGH, _MEDIUM, _LOW, _NOTE = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.NOTE

CATALOGUE: Mapping[Code, Entry] = MappingProxyType(
    {
        Code.WRONG_PATIENT: Entry(_R, Needs.NOTHING, Mend.HUMAN, _CRITICAL),
        Code.DUPLICATE_REFERENCE: Entry(_R, Needs.NOTHING, Mend.HUMAN, _CRITICAL),
        Code.FORBIDDEN: Entry(_B, Needs.HEAD, Mend.SIGNER, Severity.UNKNOWN),
        Code.WRONG_BUCKET: Entry(_B, Needs.HEAD, Mend.SIGNER, _HIGH),
        Code.SSE_C: Entry(_O, Needs.NOT_SOUGHT, Mend.HUMAN, _MEDIUM),
        Code.ZERO_BYTE: Entry(_O, Needs.HEAD, Mend.MAKE_AGAIN, _CRITICAL),
        Code.NOT_PDF: Entry(_O, Needs.GET, Mend.MAKE_AGAIN, _CRITICAL),
        Code.PDF_TRUNCATED: Entry(_O, Needs.GET, Mend.MAKE_AGAIN, _HIGH),
        Code.SIZE_MISMATCH: Entry(_O, Needs.HEAD, Mend.HUMAN, _HIGH),
        Code.CHECKSUM_MISMATCH: Entry(_O, Needs.HEAD, Mend.HUMAN, _HIGH),
        Code.ARCHIVED: Entry(_O, Needs.NOT_SOUGHT, Mend.HUMAN, _MEDIUM),
        Code.EMPTY: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.S3_URI: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.URL_COLLAPSED: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.URL_PRESIGNED: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.URL_CDN: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.URL_PATH_STYLE: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.URL_VIRTUAL_HOST: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.URL_LOCAL_SERVER: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.LOCAL_PATH: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.TEMP_NAME: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.BUCKET_IN_KEY: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.ENVIRONMENT_PREFIX: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.LOCATION_OLD: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.LOCATION_SIBLING: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.LOCATION_DOUBLED_IN_URL: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.LOCATION_DOUBLED_IN_BUCKET: Entry(_O, Needs.HEAD, Mend.COPY, _HIGH),
        Code.LOCATION_NONE_AT_ROOT: Entry(_O, Needs.HEAD, Mend.COPY, _HIGH),
        Code.BACKSLASH: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.DOT_SEGMENT: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.LEADING_SLASH: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.TRAILING_SLASH: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.DOUBLE_SLASH: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.DOUBLE_ENCODED: Entry(_R, Needs.HEAD, Mend.ROW, _HIGH),
        Code.PERCENT_ENCODED: Entry(_R, Needs.HEAD, Mend.ROW, _HIGH),
        Code.HTML_ENTITY: Entry(_R, Needs.HEAD, Mend.ROW, _HIGH),
        Code.MOJIBAKE: Entry(_R, Needs.HEAD, Mend.ROW, _HIGH),
        Code.INVISIBLE: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.WHITESPACE: Entry(_R, Needs.NOTHING, Mend.ROW, _HIGH),
        Code.PLUS_FOR_SPACE: Entry(_R, Needs.HEAD, Mend.ROW, _HIGH),
        Code.UNICODE_FORM: Entry(_R, Needs.HEAD, Mend.ROW, _HIGH),
        Code.TRUNCATED: Entry(_R, Needs.LISTING, Mend.ROW, _HIGH),
        Code.RANDOM_SUFFIX: Entry(_R, Needs.LISTING, Mend.ROW, _HIGH),
        Code.EXTENSION: Entry(_R, Needs.LISTING, Mend.ROW, _HIGH),
        Code.CASE: Entry(_R, Needs.LISTING, Mend.ROW, _HIGH),
        Code.MOVED: Entry(_R, Needs.LISTING, Mend.ROW, _HIGH),
        Code.FOUND_BY_CONTENT: Entry(_R, Needs.LISTING, Mend.ROW, _HIGH),
        Code.DELETE_MARKER: Entry(_O, Needs.VERSIONS, Mend.OBJECT, _HIGH),
        Code.MULTIPART_UNFINISHED: Entry(_O, Needs.LISTING, Mend.MAKE_AGAIN, _HIGH),
        Code.DELETED: Entry(_O, Needs.ANOTHER_RUN, Mend.HUMAN, _CRITICAL),
        Code.NEVER_UPLOADED: Entry(_R, Needs.LISTING, Mend.MAKE_AGAIN, _CRITICAL),
        Code.CONTENT_ENCODING: Entry(_O, Needs.GET, Mend.OBJECT, _MEDIUM),
        Code.CONTENT_TYPE: Entry(_O, Needs.HEAD, Mend.OBJECT, _LOW),  # links of ours say application/pdf themselves
        Code.PDF_ENCRYPTED: Entry(_O, Needs.GET, Mend.NOTHING, _LOW),
        Code.VERSION_STATE: Entry(_R, Needs.NOTHING, Mend.HUMAN, _MEDIUM),
        Code.SPECIAL_CHARS: Entry(_R, Needs.NOTHING, Mend.NOTHING, _LOW),
        Code.PLACEHOLDER_FOLDER: Entry(_R, Needs.NOTHING, Mend.NOTHING, _NOTE),
        Code.LOCATION_MISSING: Entry(_L, Needs.HEAD, Mend.SIGNER, _HIGH),
        Code.PUBLIC: Entry(_B, Needs.GET, Mend.OBJECT, _CRITICAL),
        Code.CDN_STALE: Entry(_B, Needs.NOT_SOUGHT, Mend.HUMAN, _HIGH),
        Code.UNREFERENCED: Entry(_O, Needs.LISTING, Mend.HUMAN, _LOW),
        Code.NEAR_DUPLICATE_OBJECTS: Entry(_O, Needs.LISTING, Mend.NOTHING, _NOTE),
    }
)

PRECEDENCE: Mapping[Code, int] = MappingProxyType({code: place for place, code in enumerate(Code)})


def main_of(codes: Iterable[Code]) -> Code | None:
    """Return the main one of several codes, or None of none.

    >>> str(main_of([Code.WHITESPACE, Code.LOCATION_OLD]))
    'LOCATION_OLD'
    """
    return min(codes, key=PRECEDENCE.__getitem__, default=None)
