"""What an explanation must say of each damage of the demo."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dashboard.demo.damage import FOUND, WRONG_CONTENT, Damage
from lib.catalogue import Code
from lib.diagnosis import State

# Codes that no part of the demo can serve: its S3 keeps no versions and no unfinished uploads, and answers its owner.
NOT_IN_THE_DEMO = frozenset(
    {
        *(Code.DELETE_MARKER, Code.MULTIPART_UNFINISHED, Code.DELETED, Code.FORBIDDEN, Code.WRONG_BUCKET),
        *(Code.SSE_C, Code.ARCHIVED, Code.CDN_STALE, Code.CONTENT_ENCODING, Code.PDF_ENCRYPTED),
    }
)

CODES: Mapping[Damage, Code | None] = MappingProxyType(
    {
        Damage.ALREADY_PREFIXED: None,  # a note
        Damage.PREFIX_DOUBLED: Code.LOCATION_DOUBLED_IN_BUCKET,
        Damage.OLD_LOCATION: Code.LOCATION_OLD,
        Damage.OLD_LOCATION_MOVED: Code.LOCATION_OLD,
        Damage.SIBLING_LOCATION: Code.LOCATION_SIBLING,
        Damage.BUCKET_FIRST: Code.BUCKET_IN_KEY,
        Damage.BUCKET_AND_LOCATION_FIRST: Code.BUCKET_IN_KEY,
        Damage.UPLOAD_DIED: Code.NEVER_UPLOADED,
        Damage.AT_BUCKET_ROOT: Code.LOCATION_NONE_AT_ROOT,
        Damage.WRONG_SIZE: Code.SIZE_MISMATCH,
        Damage.WRONG_MD5: Code.CHECKSUM_MISMATCH,
        Damage.ZERO_BYTES: Code.ZERO_BYTE,
        Damage.MULTIPART: None,
        Damage.NO_SIZE_NO_CHECKSUM: None,
        Damage.PERCENT_ENCODED: Code.PERCENT_ENCODED,
        Damage.TRAILING_SPACE: Code.WHITESPACE,
        Damage.TRAILING_NEWLINE: Code.WHITESPACE,
        Damage.LEADING_SLASH: Code.LEADING_SLASH,
        Damage.DOUBLE_SLASH: Code.DOUBLE_SLASH,
        Damage.NFD_STORED: Code.UNICODE_FORM,
        Damage.NFC_STORED: Code.UNICODE_FORM,
        Damage.EMPTY_KEY: Code.EMPTY,
        Damage.CUT_AT_100: Code.TRUNCATED,
        Damage.FULL_URL: Code.URL_VIRTUAL_HOST,
        Damage.WRONG_FOLDER: Code.WRONG_PATIENT,
        Damage.SHARED_OBJECT: Code.WRONG_PATIENT,
        Damage.NOT_A_PDF: None,  # NOT_PDF, once the bytes are read
        Damage.PUBLIC: None,  # said of the bucket, never of a row
        Damage.WRONG_TYPE: Code.CONTENT_TYPE,
        Damage.CUT_PDF: None,  # PDF_TRUNCATED, once the bytes are read
        Damage.BACKSLASHES: Code.BACKSLASH,
        Damage.HTML_ENTITY: Code.HTML_ENTITY,
        Damage.MOJIBAKE: Code.MOJIBAKE,
        Damage.ENCODED_TWICE: Code.DOUBLE_ENCODED,
        Damage.PLUS_FOR_SPACE: Code.PLUS_FOR_SPACE,
        Damage.BYTE_ORDER_MARK: Code.INVISIBLE,
        Damage.ZERO_WIDTH: Code.INVISIBLE,
        Damage.DOT_SEGMENT: Code.DOT_SEGMENT,
        Damage.FOLDER_ONLY: Code.TRAILING_SLASH,
        Damage.LOCAL_PATH: Code.LOCAL_PATH,
        Damage.S3_URI: Code.S3_URI,
        Damage.PATH_STYLE_URL: Code.URL_PATH_STYLE,
        Damage.CDN_URL: Code.URL_CDN,
        Damage.SIGNED_URL: Code.URL_PRESIGNED,
        Damage.COLLAPSED_URL: Code.URL_COLLAPSED,
        Damage.LOCAL_SERVER_URL: Code.URL_LOCAL_SERVER,
        Damage.CAPITALS: Code.CASE,
        Damage.NO_EXTENSION: Code.EXTENSION,
        Damage.RANDOM_SUFFIX: Code.RANDOM_SUFFIX,
        Damage.TEMPORARY_NAME: Code.TEMP_NAME,
        Damage.MOVED: Code.MOVED,
        Damage.RENAMED: Code.FOUND_BY_CONTENT,
        Damage.ENVIRONMENT: Code.ENVIRONMENT_PREFIX,
        Damage.DOUBLED_TWICE: Code.LOCATION_DOUBLED_IN_URL,
    }
)


def state(damage: Damage) -> State:
    """Return the state once the bucket was looked at: what is proven elsewhere is no longer missing."""
    if damage in FOUND:
        return State.FOUND
    if damage in WRONG_CONTENT:
        return State.DAMAGED
    return State.MISSING if damage is Damage.UPLOAD_DIED else State.ELSEWHERE
