"""Whether a signed link is the one that was asked for: by parsing it, and by what a stranger got for it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, unquote_to_bytes, urlsplit

from lib import signatures
from lib.link_bounds import MAX_EXPIRY, MIN_EXPIRY
from lib.objects import Disposition, Fetched, Observation
from lib.refusals import RefusalCode, Refused

FIRST_BYTES = 1024  # where readers look for %PDF
CLOCK_TOLERANCE = timedelta(minutes=1)

_FORM = re.compile(r"https?://[A-Za-z0-9._~!$&'()*+,;=:@/?%\[\]-]+")  # RFC 3986, without a fragment
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})+")

_REQUIRED = frozenset({*signatures.V4, "response-content-type", "response-content-disposition"})
_OPTIONAL = frozenset({signatures.SECURITY_TOKEN})


class Flaw(StrEnum):
    """What is wrong with a signed link."""

    FORM = "form"  # not an absolute URL of plain ASCII without a fragment
    ADDRESS = "address"  # another scheme, host or port than the bucket's
    KEY = "key"  # decoded once, the path is not the key
    PARAMETERS = "parameters"  # one too many, one missing, one twice
    ALGORITHM = "algorithm"
    CREDENTIAL = "credential"
    SIGNED_HEADERS = "signed_headers"  # anything but host
    SIGNATURE = "signature"
    DATE = "date"  # not near the present: the server would call the link dead or not yet born
    EXPIRY = "expiry"
    ANSWER = "answer"  # another content type, file name or disposition


@dataclass(frozen=True, slots=True)
class Asked:
    """What the store was asked to sign."""

    key: str
    plain_url: str
    expires: timedelta
    filename: str
    disposition: Disposition
    bucket: str


@dataclass(frozen=True, slots=True)
class Signed:
    """From when until when a well-formed link holds, by its own parameters (the server will not say)."""

    issued_at: datetime
    expires_at: datetime


def examine(url: str, asked: Asked, *, now: datetime) -> Signed | Flaw:
    """Return what the link says about its own time, or the first flaw.

    What only the server can see (whether the signature is right) is for the fetch to find.
    """
    parts = _split(url)
    if parts is None:
        return Flaw.FORM
    plain = urlsplit(asked.plain_url)
    if (parts.scheme, parts.netloc) != (plain.scheme, plain.netloc):
        return Flaw.ADDRESS
    if not _names_key(parts.path, plain.path, asked):
        return Flaw.KEY
    pairs = _pairs(parts.query)
    given = dict(pairs)
    if len(given) != len(pairs) or given.keys() - _OPTIONAL != _REQUIRED or not all(given.values()):
        return Flaw.PARAMETERS
    return _parameters(given, asked, now=now)


def _split(url: str) -> SplitResult | None:
    if not _FORM.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.netloc else None


def _names_key(path: str, plain_path: str, asked: Asked) -> bool:
    """Whether the path is the key and nothing else, behind the bucket where that is not in the host."""
    if not _PATH.fullmatch(path):
        return False
    decoded = unquote_to_bytes(path)
    named = {f"/{asked.key}".encode(), f"/{asked.bucket}/{asked.key}".encode()}
    return decoded == unquote_to_bytes(plain_path) and decoded in named


def _pairs(query: str) -> Sequence[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        return ()


def _parameters(given: dict[str, str], asked: Asked, *, now: datetime) -> Signed | Flaw:
    if given["X-Amz-Algorithm"] != signatures.ALGORITHM:
        return Flaw.ALGORITHM
    if given["X-Amz-SignedHeaders"] != "host":
        return Flaw.SIGNED_HEADERS
    if not signatures.SIGNATURE.fullmatch(given["X-Amz-Signature"]):
        return Flaw.SIGNATURE
    issued_at = signatures.instant(given["X-Amz-Date"])
    if issued_at is None or abs(issued_at - now) > CLOCK_TOLERANCE:
        return Flaw.DATE
    credential = signatures.CREDENTIAL.fullmatch(given["X-Amz-Credential"])
    if credential is None or credential["day"] != given["X-Amz-Date"][:8]:
        return Flaw.CREDENTIAL
    if not signatures.SECONDS.fullmatch(given["X-Amz-Expires"]):
        return Flaw.EXPIRY
    lives = timedelta(seconds=int(given["X-Amz-Expires"]))
    if lives != asked.expires or not MIN_EXPIRY <= lives <= MAX_EXPIRY:
        return Flaw.EXPIRY
    if given["response-content-type"] != "application/pdf":
        return Flaw.ANSWER
    if not _names_file(given["response-content-disposition"], asked):
        return Flaw.ANSWER
    return Signed(issued_at, issued_at + lives)


def _names_file(value: str, asked: Asked) -> bool:
    name = re.escape(asked.filename)
    form = rf"""{asked.disposition}; *filename=("?){name}\1(?:; *filename\*=UTF-8''{name})?"""
    return re.fullmatch(form, value) is not None


def judge(fetched: Fetched, *, size_bytes: int | None, etag: str | None) -> Refused | None:
    """Return None where a stranger got the first bytes of the PDF that was checked before, else why not."""
    if fetched.status != 206:
        said = fetched.error_code or ("" if fetched.status is None else str(fetched.status))
        return Refused(RefusalCode.LINK_REFUSED, said, fetched.doubt)
    if not looks_like_pdf(fetched.body):
        return Refused(RefusalCode.NOT_A_PDF)
    if fetched.total_bytes is None or fetched.total_bytes != size_bytes:
        return Refused(RefusalCode.WRONG_LENGTH)
    if fetched.etag != etag:  # replaced between the check and the link by a file of the same length
        return Refused(RefusalCode.WRONG_CONTENT)
    if (fetched.content_type or "").partition(";")[0].strip().lower() != "application/pdf":
        return Refused(RefusalCode.NOT_A_PDF)
    return None


def looks_like_pdf(body: bytes) -> bool:
    """Whether ``%PDF`` stands within the first KiB, where readers look for it.

    >>> looks_like_pdf(b"%PDF-1.7"), looks_like_pdf(b"<html>"), looks_like_pdf(b" " * 1021 + b"%PDF")
    (True, False, False)
    """
    return b"%PDF" in body[:FIRST_BYTES]


def is_archived(fetched: Fetched) -> bool:
    """Whether storage said that it must be restored before anybody can open it: to whom it says that, it would open."""
    return fetched.error_code == "InvalidObjectState"


def is_public(fetched: Fetched, seen: Observation | None) -> bool | None:
    """Whether the plain address of an object that exists opened for a stranger; None when that is not certain.

    ``seen`` is what storage tells its owner. A proxy's own page with status 200 is no answer: it is no PDF, and has
    another ETag or none. Who asks for the first bytes of an empty object is told that there are none.
    """
    match fetched.status:
        case 200 | 206:
            is_it = seen is not None and seen.etag is not None and fetched.etag == seen.etag
            return True if is_it or looks_like_pdf(fetched.body) else None
        case 416:
            is_empty = seen is not None and seen.size_bytes == 0
            return True if is_empty and fetched.error_code == "InvalidRange" else None
        case 403 if fetched.error_code is not None and not is_archived(fetched):  # else a proxy's own page
            return False
        case _:
            return None
