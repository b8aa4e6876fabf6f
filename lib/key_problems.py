"""What is wrong with a stored key by itself, without any request. Pure."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from lib.catalogue import Code
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


def problem(stored: str, rules: Rules) -> Code | None:
    """Return the first code that the string shows by itself, or None.

    Codes that only an answer of the bucket can prove (a percent sign may really be in the key) are never returned.
    In this order, since an earlier finding changes what the later ones would mean:

    1. no name at all;
    2. an address instead of a key (also below the location, where the storage put it);
    3. characters that deceive the eye: white space at an end, then invisible ones and look-alikes;
    4. a path of some computer, then slashes and dots;
    5. a wrong prefix: doubled, a previous location, the bucket, a sibling of the location, an environment;
    6. the name: temporary, cut at a column's length, made without a consultation (informational).
    """
    if stored.strip().casefold() in _NULLS:
        return Code.EMPTY
    return (
        _address_problem(stored.removeprefix(rules.prefix).strip(), rules)
        or _character_problem(stored)
        or _slash_problem(stored)
        or _prefix_problem(stored, rules)
        or _name_problem(stored)
    )


def _address_problem(text: str, rules: Rules) -> Code | None:
    if re.match(r"s3:/", text, re.IGNORECASE):
        return Code.S3_URI
    if not WEB_ADDRESS.match(text):
        return None
    if not re.match(r"https?://[^/]", text, re.IGNORECASE):
        return Code.URL_COLLAPSED
    parts = split(text)
    if parts is None:
        return Code.URL_LOCAL_SERVER
    asked = {name.casefold() for name, _value in parse_qsl(parts.query, keep_blank_values=True)}
    if "x-amz-signature" in asked or {"signature", "expires"} <= asked:
        return Code.URL_PRESIGNED
    host = parts.netloc
    if ".cdn." in host:
        return Code.URL_CDN
    if rules.bucket and host.startswith(f"{rules.bucket}."):
        return Code.URL_VIRTUAL_HOST
    if rules.bucket and parts.path.startswith(f"/{rules.bucket}/"):
        return Code.URL_PATH_STYLE
    if host in rules.url_hosts:
        return Code.URL_CDN
    if provider := _PROVIDER.fullmatch(host):  # another bucket, or ours is not known here
        return Code.URL_VIRTUAL_HOST if provider[1] else Code.URL_PATH_STYLE
    return Code.URL_LOCAL_SERVER


def _character_problem(stored: str) -> Code | None:
    if stored != stored.strip(" \t\r\n"):
        return Code.WHITESPACE
    is_plain = stored.isascii() and stored.isprintable()
    if not is_plain and any(character != " " and unicodedata.category(character) in _HIDDEN for character in stored):
        return Code.INVISIBLE
    if not stored.isascii():
        for word in _LETTERS.findall(stored):
            scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in word}
            if len(scripts & _LOOKALIKES) > 1:
                return Code.INVISIBLE
    return None


def _slash_problem(stored: str) -> Code | None:
    segments = stored.split("/")
    if _LOCAL_ROOT.match(stored) or _MEDIA_ROOT in segments:
        return Code.LOCAL_PATH
    if "\\" in stored:
        return Code.BACKSLASH
    if stored.startswith("/"):
        return Code.LEADING_SLASH
    if {".", ".."} & set(segments):
        return Code.DOT_SEGMENT
    if stored.endswith("/"):
        return Code.TRAILING_SLASH
    return Code.DOUBLE_SLASH if "//" in stored else None


def _prefix_problem(stored: str, rules: Rules) -> Code | None:
    prefix = rules.prefix
    if prefix and stored.startswith(prefix):
        return Code.LOCATION_DOUBLED_IN_URL if stored.startswith(prefix + prefix) else None
    first = stored.partition("/")[0]
    previous = [f"{location.strip('/')}/" for location in rules.previous_locations if location.strip("/")]
    if any(old != prefix and stored.startswith(old) for old in previous):
        return Code.LOCATION_OLD
    if "/" in stored and first == rules.bucket:
        return Code.BUCKET_IN_KEY
    if prefix and _is_sibling(stored, location=prefix[:-1]):
        return Code.LOCATION_SIBLING
    if "/" in stored and first in _ENVIRONMENTS:
        return Code.ENVIRONMENT_PREFIX
    # Without a location there is nothing that media/ could be older than.
    return Code.LOCATION_OLD if prefix and "/" in stored and first in _KNOWN_LOCATIONS else None


def _is_sibling(stored: str, *, location: str) -> bool:
    if stored == location:
        return True
    rest = stored.removeprefix(location)
    # A word that goes on is another word: prescriptions/ is no sibling of a location named pre.
    return rest != stored and "/" in rest and not (location[-1].isalpha() and rest[0].isalpha())


def _name_problem(stored: str) -> Code | None:
    if _TEMPORARY.match(stored):
        return Code.TEMP_NAME
    if len(stored) in _CUT_AT and posixpath.splitext(stored)[1].lower() in {"", ".", ".p", ".pd"}:
        return Code.TRUNCATED
    return Code.PLACEHOLDER_FOLDER if _PLACEHOLDERS & set(stored.split("/")[:-1]) else None
