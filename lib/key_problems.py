"""What is wrong with a stored key by itself, without any request. Pure."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from lib.key_urls import WEB_ADDRESS, split

if TYPE_CHECKING:
    from lib.keys import Rules

_NULLS = {"", "none", "null", "nan", "undefined"}
_PLACEHOLDERS = {"no-consultation", "None", "null", "undefined"}
_ENVIRONMENTS = {"dev", "development", "staging", "stage", "test", "testing", "qa", "uat", "prod", "production"}
_KNOWN_LOCATIONS = {"media", "static", "uploads"}  # what Django projects call their folder of uploads
_MEDIA_ROOT = "media_cdn"  # the application's own MEDIA_ROOT on disk
_LOCAL_ROOT = re.compile(r"/(home|var|srv|opt|usr|tmp|root|Users|mnt|app|private)/|[A-Za-z]:[\\/]|\\\\|file:/")
_TEMPORARY = re.compile(r"(tmp|temp)/|.*\.(part|tmp|upload|crdownload)$", re.IGNORECASE | re.DOTALL)
_CUT_AT = {100, 200, 255, 500}  # usual column lengths; the application's is 100
_PROVIDER = re.compile(r"(.+\.)?(?:[a-z0-9-]+\.digitaloceanspaces|s3[.-][a-z0-9.-]*amazonaws)\.com")
_HIDDEN = {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}  # Unicode categories without a glyph of their own
_LETTERS = re.compile(r"[^\W\d_]+")
_LOOKALIKES = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}


class Problem(StrEnum):
    """Catalogue codes that a stored key shows by itself, without any request.

    Codes that only an answer of the bucket can prove (a percent sign may really be in the key) are not here.
    """

    EMPTY = "EMPTY"
    URL_COLLAPSED = "URL_COLLAPSED"
    URL_PRESIGNED = "URL_PRESIGNED"
    URL_CDN = "URL_CDN"
    URL_PATH_STYLE = "URL_PATH_STYLE"
    URL_VIRTUAL_HOST = "URL_VIRTUAL_HOST"
    URL_LOCAL_SERVER = "URL_LOCAL_SERVER"
    S3_URI = "S3_URI"
    WHITESPACE = "WHITESPACE"
    INVISIBLE = "INVISIBLE"
    LOCAL_PATH = "LOCAL_PATH"
    BACKSLASH = "BACKSLASH"
    LEADING_SLASH = "LEADING_SLASH"
    DOT_SEGMENT = "DOT_SEGMENT"
    TRAILING_SLASH = "TRAILING_SLASH"
    DOUBLE_SLASH = "DOUBLE_SLASH"
    LOCATION_DOUBLED_IN_URL = "LOCATION_DOUBLED_IN_URL"
    LOCATION_OLD = "LOCATION_OLD"
    BUCKET_IN_KEY = "BUCKET_IN_KEY"
    LOCATION_SIBLING = "LOCATION_SIBLING"
    ENVIRONMENT_PREFIX = "ENVIRONMENT_PREFIX"
    TEMP_NAME = "TEMP_NAME"
    TRUNCATED = "TRUNCATED"
    PLACEHOLDER_FOLDER = "PLACEHOLDER_FOLDER"


def problem(stored: str, rules: Rules) -> Problem | None:
    """Return the first thing that is wrong with the string itself, or None.

    In this order, since an earlier finding changes what the later ones would mean:

    1. no name at all;
    2. an address instead of a key (also below the location, where the storage put it);
    3. characters that deceive the eye: white space at an end, then invisible ones and look-alikes;
    4. a path of some computer, then slashes and dots;
    5. a wrong prefix: doubled, a previous location, the bucket, a sibling of the location, an environment;
    6. the name: temporary, cut at a column's length, made without a consultation (informational).
    """
    if stored.strip().casefold() in _NULLS:
        return Problem.EMPTY
    return (
        _address_problem(stored.removeprefix(rules.prefix).strip(), rules)
        or _character_problem(stored)
        or _slash_problem(stored)
        or _prefix_problem(stored, rules)
        or _name_problem(stored)
    )


def _address_problem(text: str, rules: Rules) -> Problem | None:
    if re.match(r"s3:/", text, re.IGNORECASE):
        return Problem.S3_URI
    if not WEB_ADDRESS.match(text):
        return None
    if not re.match(r"https?://[^/]", text, re.IGNORECASE):
        return Problem.URL_COLLAPSED
    parts = split(text)
    if parts is None:
        return Problem.URL_LOCAL_SERVER
    asked = {name.casefold() for name, _value in parse_qsl(parts.query, keep_blank_values=True)}
    if "x-amz-signature" in asked or {"signature", "expires"} <= asked:
        return Problem.URL_PRESIGNED
    host = parts.netloc
    if ".cdn." in host:
        return Problem.URL_CDN
    if rules.bucket and host.startswith(f"{rules.bucket}."):
        return Problem.URL_VIRTUAL_HOST
    if rules.bucket and parts.path.startswith(f"/{rules.bucket}/"):
        return Problem.URL_PATH_STYLE
    if host in rules.url_hosts:
        return Problem.URL_CDN
    if provider := _PROVIDER.fullmatch(host):  # another bucket, or ours is not known here
        return Problem.URL_VIRTUAL_HOST if provider[1] else Problem.URL_PATH_STYLE
    return Problem.URL_LOCAL_SERVER


def _character_problem(stored: str) -> Problem | None:
    if stored != stored.strip(" \t\r\n"):
        return Problem.WHITESPACE
    if any(character != " " and unicodedata.category(character) in _HIDDEN for character in stored):
        return Problem.INVISIBLE
    if not stored.isascii():
        for word in _LETTERS.findall(stored):
            scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in word}
            if len(scripts & _LOOKALIKES) > 1:
                return Problem.INVISIBLE
    return None


def _slash_problem(stored: str) -> Problem | None:
    segments = stored.split("/")
    if _LOCAL_ROOT.match(stored) or _MEDIA_ROOT in segments:
        return Problem.LOCAL_PATH
    if "\\" in stored:
        return Problem.BACKSLASH
    if stored.startswith("/"):
        return Problem.LEADING_SLASH
    if {".", ".."} & set(segments):
        return Problem.DOT_SEGMENT
    if stored.endswith("/"):
        return Problem.TRAILING_SLASH
    return Problem.DOUBLE_SLASH if "//" in stored else None


def _prefix_problem(stored: str, rules: Rules) -> Problem | None:
    prefix = rules.prefix
    if prefix and stored.startswith(prefix):
        return Problem.LOCATION_DOUBLED_IN_URL if stored.startswith(prefix + prefix) else None
    first = stored.partition("/")[0]
    previous = [f"{location.strip('/')}/" for location in rules.previous_locations if location.strip("/")]
    if any(old != prefix and stored.startswith(old) for old in previous):
        return Problem.LOCATION_OLD
    if "/" in stored and first == rules.bucket:
        return Problem.BUCKET_IN_KEY
    if prefix and _is_sibling(stored, location=prefix[:-1]):
        return Problem.LOCATION_SIBLING
    if "/" in stored and first in _ENVIRONMENTS:
        return Problem.ENVIRONMENT_PREFIX
    # Without a location there is nothing that media/ could be older than.
    return Problem.LOCATION_OLD if prefix and "/" in stored and first in _KNOWN_LOCATIONS else None


def _is_sibling(stored: str, *, location: str) -> bool:
    if stored == location:
        return True
    rest = stored.removeprefix(location)
    # A word that goes on is another word: prescriptions/ is no sibling of a location named pre.
    return rest != stored and "/" in rest and not (location[-1].isalpha() and rest[0].isalpha())


def _name_problem(stored: str) -> Problem | None:
    if _TEMPORARY.match(stored):
        return Problem.TEMP_NAME
    if len(stored) in _CUT_AT and posixpath.splitext(stored)[1].lower() in {"", ".", ".p", ".pd"}:
        return Problem.TRUNCATED
    return Problem.PLACEHOLDER_FOLDER if _PLACEHOLDERS & set(stored.split("/")[:-1]) else None
