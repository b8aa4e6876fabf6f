"""Everything that is wrong, or looks wrong, in the demo clinic's storage: one member for each way it happens."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum

from dashboard.demo import misspelt
from dashboard.demo.seeds import Seed
from lib.diagnosis import State

LOCATION = "edrcontainer1"
PREVIOUS_LOCATION = "media"
BUCKET = "edrspace"
URL_HOST = f"{BUCKET}.sgp1.digitaloceanspaces.com"  # where the clinic's bucket seems to lie; the demo never asks it
MAX_KEY = 100  # pdf_file is varchar(100)


class Damage(StrEnum):
    """What happened to a row or its object."""

    ALREADY_PREFIXED = "already_prefixed"  # stored with the location; the signer leaves it alone, so it opens
    PREFIX_DOUBLED = "prefix_doubled"  # likewise, but the storage has put the object below a doubled location
    OLD_LOCATION = "old_location"  # stored media/…, object there
    OLD_LOCATION_MOVED = "old_location_moved"  # stored media/…, object since moved to the location
    SIBLING_LOCATION = "sibling_location"  # edrcontainer10/…, which only looks like the location
    BUCKET_FIRST = "bucket_first"  # edrspace/prescriptions/…
    BUCKET_AND_LOCATION_FIRST = "bucket_and_location_first"  # edrspace/edrcontainer1/prescriptions/…
    UPLOAD_DIED = "upload_died"  # no object anywhere
    AT_BUCKET_ROOT = "at_bucket_root"  # object without the location
    WRONG_SIZE = "wrong_size"  # half of the object is there
    WRONG_MD5 = "wrong_md5"  # the right length, other bytes
    ZERO_BYTES = "zero_bytes"
    MULTIPART = "multipart"  # healthy, but its ETag is no MD5
    NO_SIZE_NO_CHECKSUM = "no_size_no_checksum"  # healthy, but the row says nothing to compare with
    PERCENT_ENCODED = "percent_encoded"  # stored with %20 where the object has a space
    TRAILING_SPACE = "trailing_space"
    TRAILING_NEWLINE = "trailing_newline"
    LEADING_SLASH = "leading_slash"
    DOUBLE_SLASH = "double_slash"
    NFD_STORED = "nfd_stored"  # é as two characters in the row, as one in the bucket
    NFC_STORED = "nfc_stored"  # the reverse
    EMPTY_KEY = "empty_key"
    CUT_AT_100 = "cut_at_100"
    FULL_URL = "full_url"
    WRONG_FOLDER = "wrong_folder"  # the right PDF in the folder of another patient's consultation
    SHARED_OBJECT = "shared_object"  # this row names another patient's PDF, size and checksum included
    NOT_A_PDF = "not_a_pdf"  # an error page was uploaded as if it were the PDF
    PUBLIC = "public"  # opens for anyone
    WRONG_TYPE = "wrong_type"  # served as a stream of bytes: browsers save it instead of showing it
    CUT_PDF = "cut_pdf"  # the upload ended early, and the row says what arrived
    # How a stored key is spelt, or where the object lies: ``misspelt`` says it for each.
    BACKSLASHES = "backslashes"
    HTML_ENTITY = "html_entity"
    MOJIBAKE = "mojibake"
    ENCODED_TWICE = "encoded_twice"
    PLUS_FOR_SPACE = "plus_for_space"
    BYTE_ORDER_MARK = "byte_order_mark"
    ZERO_WIDTH = "zero_width"
    DOT_SEGMENT = "dot_segment"
    FOLDER_ONLY = "folder_only"
    LOCAL_PATH = "local_path"
    S3_URI = "s3_uri"
    PATH_STYLE_URL = "path_style_url"
    CDN_URL = "cdn_url"
    SIGNED_URL = "signed_url"
    COLLAPSED_URL = "collapsed_url"
    LOCAL_SERVER_URL = "local_server_url"
    CAPITALS = "capitals"
    NO_EXTENSION = "no_extension"
    RANDOM_SUFFIX = "random_suffix"
    TEMPORARY_NAME = "temporary_name"
    MOVED = "moved"
    RENAMED = "renamed"
    ENVIRONMENT = "environment"
    DOUBLED_TWICE = "doubled_twice"


HOW_MANY = dict.fromkeys(Damage, 1) | {
    Damage.ALREADY_PREFIXED: 4,
    Damage.OLD_LOCATION: 2,
    Damage.OLD_LOCATION_MOVED: 2,
    Damage.BUCKET_FIRST: 2,
    Damage.BUCKET_AND_LOCATION_FIRST: 2,
    Damage.UPLOAD_DIED: 5,
    Damage.AT_BUCKET_ROOT: 2,
    Damage.WRONG_SIZE: 2,
    Damage.WRONG_MD5: 2,
    Damage.ZERO_BYTES: 2,
    Damage.TRAILING_SPACE: 2,
    Damage.CUT_AT_100: 2,
    Damage.NOT_A_PDF: 2,
    Damage.MULTIPART: 3,
    Damage.NO_SIZE_NO_CHECKSUM: 3,
    Damage.PUBLIC: 3,
}

FOUND = frozenset(
    {
        Damage.ALREADY_PREFIXED,
        Damage.MULTIPART,
        Damage.NO_SIZE_NO_CHECKSUM,
        Damage.WRONG_FOLDER,
        Damage.SHARED_OBJECT,
        Damage.NOT_A_PDF,
        Damage.PUBLIC,
        Damage.WRONG_TYPE,
        Damage.CUT_PDF,
    }
)
WRONG_CONTENT = frozenset({Damage.WRONG_SIZE, Damage.WRONG_MD5, Damage.ZERO_BYTES})


def expected_state(damage: Damage) -> State:
    """Return the state that a person must see: by the signer's key, size and MD5, and nothing else."""
    if damage in FOUND:
        return State.FOUND
    return State.DAMAGED if damage in WRONG_CONTENT else State.MISSING


@dataclass(frozen=True, slots=True)
class Intact:
    """A row before anything happened to it."""

    folder: str  # CON153
    name: str  # 32 hex and .pdf
    body: bytes

    @property
    def stored_key(self) -> str:
        """The key as the application stores it."""
        return f"prescriptions/pdfs/{self.folder}/{self.name}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the row says and what lies in the bucket."""

    stored_key: str
    size_bytes: int | None
    checksum: str
    seeds: tuple[Seed, ...]


def healthy(row: Intact, *, is_public: bool = False) -> Outcome:
    """Return an object where it belongs, and a row that says so."""
    return _outcome(row, row.stored_key, f"{LOCATION}/{row.stored_key}", is_public=is_public)


def damaged(damage: Damage, row: Intact, *, other: Intact) -> Outcome:
    """Return what is left of a row; ``other`` is a healthy row of another patient."""
    key = row.stored_key
    right = f"{LOCATION}/{key}"
    match damage:
        case Damage.ALREADY_PREFIXED:
            return _outcome(row, right, right)
        case Damage.PREFIX_DOUBLED:
            return _outcome(row, right, f"{LOCATION}/{right}")
        case Damage.OLD_LOCATION:
            return _outcome(row, f"{PREVIOUS_LOCATION}/{key}", f"{PREVIOUS_LOCATION}/{key}")
        case Damage.OLD_LOCATION_MOVED:
            return _outcome(row, f"{PREVIOUS_LOCATION}/{key}", right)
        case Damage.SIBLING_LOCATION:
            return _outcome(row, f"{LOCATION}0/{key}", f"{LOCATION}0/{key}")
        case Damage.BUCKET_FIRST:
            return _outcome(row, f"{BUCKET}/{key}", right)
        case Damage.BUCKET_AND_LOCATION_FIRST:
            return _outcome(row, f"{BUCKET}/{right}", right)
        case Damage.UPLOAD_DIED:
            return _outcome(row, key, None)
        case Damage.AT_BUCKET_ROOT:
            return _outcome(row, key, key)
        case Damage.WRONG_SIZE:
            return _outcome(row, key, right, found=row.body[: len(row.body) // 2])
        case Damage.WRONG_MD5:
            return _outcome(row, key, right, found=row.body.replace(b"Demo", b"Dema"))
        case Damage.ZERO_BYTES:
            return _outcome(row, key, right, found=b"")
        case Damage.MULTIPART:
            return _outcome(row, key, right, is_multipart=True)
        case Damage.NO_SIZE_NO_CHECKSUM:
            return Outcome(key, None, "", (Seed(right, row.body),))
        case Damage.PERCENT_ENCODED:
            scan = key.replace(row.name, f"scan of {row.name[:8]}.pdf")
            return _outcome(row, scan.replace(" ", "%20"), f"{LOCATION}/{scan}")
        case Damage.TRAILING_SPACE:
            return _outcome(row, f"{key} ", right)
        case Damage.TRAILING_NEWLINE:
            return _outcome(row, f"{key}\n", right)
        case Damage.LEADING_SLASH:
            return _outcome(row, f"/{key}", right)
        case Damage.DOUBLE_SLASH:
            return _outcome(row, key.replace("pdfs/", "pdfs//"), right)
        case Damage.NFD_STORED | Damage.NFC_STORED:
            composed = unicodedata.normalize("NFC", key.replace(row.name, f"résumé-{row.name[:8]}.pdf"))
            decomposed = unicodedata.normalize("NFD", composed)
            stored, lies = (decomposed, composed) if damage is Damage.NFD_STORED else (composed, decomposed)
            return _outcome(row, stored, f"{LOCATION}/{lies}")
        case Damage.EMPTY_KEY:
            return _outcome(row, "", right)
        case Damage.CUT_AT_100:
            long = key.replace(row.name, f"demo-prescription-for-the-patient-written-by-the-doctor-{row.name}")
            return _outcome(row, long[:MAX_KEY], f"{LOCATION}/{long}")
        case Damage.FULL_URL:
            short = key.replace(row.name, f"{row.name[:6]}.pdf")  # a longer one would not fit the column
            return _outcome(row, f"https://{URL_HOST}/{LOCATION}/{short}", f"{LOCATION}/{short}")
        case Damage.WRONG_FOLDER:
            moved = key.replace(row.folder, other.folder)
            return _outcome(row, moved, f"{LOCATION}/{moved}")
        case Damage.SHARED_OBJECT:
            return Outcome(other.stored_key, len(other.body), _md5(other.body), ())
        case Damage.NOT_A_PDF:
            page = f"<html><body><h1>502 Bad Gateway</h1><!-- demo {row.name} --></body></html>".encode()
            return Outcome(key, len(page), _md5(page), (Seed(right, page),))
        case Damage.PUBLIC:
            return _outcome(row, key, right, is_public=True)
        case Damage.WRONG_TYPE:
            healed = healthy(row)
            return replace(healed, seeds=(replace(healed.seeds[0], content_type="application/octet-stream"),))
        case Damage.CUT_PDF:
            return healthy(replace(row, body=row.body[: len(row.body) * 2 // 3]))
    stored, lies = misspelt.SPELT[damage](row.folder, row.name)
    return _outcome(row, stored, lies)


def _outcome(
    row: Intact,
    stored_key: str,
    object_key: str | None,
    *,
    found: bytes | None = None,
    is_public: bool = False,
    is_multipart: bool = False,
) -> Outcome:
    body = row.body if found is None else found
    seeds = () if object_key is None else (Seed(object_key, body, is_public=is_public, is_multipart=is_multipart),)
    return Outcome(stored_key, len(row.body), _md5(row.body), seeds)


def _md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
