"""Which object a stored key means: the signer's rule and the storage's rule, exactly. Pure."""

from __future__ import annotations

import ipaddress
import posixpath
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

MAX_KEY_BYTES = 1024  # what S3 allows, in UTF-8

_NULLS = {"", "none", "null", "nan", "undefined"}
_PLACEHOLDERS = {"no-consultation", "None", "null", "undefined"}
_ENVIRONMENTS = {"dev", "development", "staging", "stage", "test", "testing", "qa", "uat", "prod", "production"}
_KNOWN_LOCATIONS = {"media", "static", "uploads"}  # what Django projects call their folder of uploads
_MEDIA_ROOT = "media_cdn"  # the application's own MEDIA_ROOT on disk
_LOCAL_ROOT = re.compile(r"/(home|var|srv|opt|usr|tmp|root|Users|mnt|app|private)/|[A-Za-z]:[\\/]|\\\\|file:/")
_TEMPORARY = re.compile(r"(tmp|temp)/|.*\.(part|tmp|upload|crdownload)$", re.IGNORECASE | re.DOTALL)
_CUT_AT = {100, 200, 255, 500}  # usual column lengths; the application's is 100
_URL = re.compile(r"https?:/", re.IGNORECASE)
_S3_URI = re.compile(r"s3:/+([^/]+)/(.*)", re.IGNORECASE | re.DOTALL)
_PROVIDER = re.compile(r"(.+\.)?(?:[a-z0-9-]+\.digitaloceanspaces|s3[.-][a-z0-9.-]*amazonaws)\.com")
_HIDDEN = {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}  # Unicode categories without a glyph of their own
_LETTERS = re.compile(r"[^\W\d_]+")
_LOOKALIKES = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}


@dataclass(frozen=True, slots=True)
class Rules:
    """What turns stored keys into object keys. ``location`` has no slash at either end and may be ''."""

    location: str
    bucket: str
    previous_locations: tuple[str, ...] = ()
    url_hosts: tuple[str, ...] = ()  # lower-case hosts (with port if not default) whose URLs mean our bucket


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


@dataclass(frozen=True, slots=True)
class Resolution:
    """A stored key and what each rule makes of it. ``written`` is None where the storage refuses it."""

    stored: str
    resolved: str
    written: str | None
    agree: bool
    problem: Problem | None


def resolve(stored: str, *, location: str) -> str:
    """Return the object key that the backend's signer asks for (its ``generate_signed_url``).

    A value that starts with the location and a slash stays as it is; any other gets them in front.
    Nothing is cleaned. Slashes at the ends of the location are ignored, as in the settings.

    >>> resolve("prescriptions/pdfs/CON153/ab12.pdf", location="edrcontainer1")
    'edrcontainer1/prescriptions/pdfs/CON153/ab12.pdf'
    >>> resolve("edrcontainer1/a.pdf", location="edrcontainer1")
    'edrcontainer1/a.pdf'
    >>> resolve("edrcontainer10/a.pdf", location="edrcontainer1"), resolve("/a.pdf", location="loc")
    ('edrcontainer1/edrcontainer10/a.pdf', 'loc//a.pdf')
    >>> resolve("a.pdf", location="")
    'a.pdf'
    """
    prefix = _prefix(location)
    return stored if stored.startswith(prefix) else prefix + stored


def _prefix(location: str) -> str:
    location = location.strip("/")
    return f"{location}/" if location else ""


def written(stored: str, *, location: str) -> str | None:
    """Return the object key that the backend's storage wrote, or None where it refuses the name.

    django-storages 1.14.6: ``clean_name`` then ``safe_join`` (``storages/utils.py``,
    ``storages/backends/s3.py``). Slashes at the ends of the location are ignored, as in the settings.

    >>> written("prescriptions//./a.pdf", location="loc"), written("a\\\\b.pdf", location="loc")
    ('loc/prescriptions/a.pdf', 'loc/a/b.pdf')
    >>> written("loc/a.pdf", location="loc")
    'loc/loc/a.pdf'
    >>> written("/a.pdf", location="loc"), written("../a.pdf", location="loc")
    (None, None)
    """
    name = posixpath.normpath(stored).replace("\\", "/")
    if stored.endswith("/") and not name.endswith("/"):
        name += "/"
    if name == ".":
        name = ""

    base = location.strip("/")
    joined = posixpath.normpath(posixpath.join(f"{base}/", name))
    if name.endswith("/") or joined == base:
        joined += "/"
    return joined.lstrip("/") if joined.startswith(f"{base}/") else None


def describe(stored: str, rules: Rules) -> Resolution:
    """Return what both rules make of a stored key, whether they agree, and what is wrong with it by itself.

    A row that already carries the prefix opens through the signer: that is ``agree`` False, and no problem.

    >>> describe("loc/a.pdf", Rules("loc", "bucket"))
    Resolution(stored='loc/a.pdf', resolved='loc/a.pdf', written='loc/loc/a.pdf', agree=False, problem=None)
    >>> describe("/a.pdf", Rules("loc", "bucket")).problem
    <Problem.LEADING_SLASH: 'LEADING_SLASH'>
    """
    resolved = resolve(stored, location=rules.location)
    other = written(stored, location=rules.location)
    return Resolution(stored, resolved, other, resolved == other, problem(stored, rules))


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
    prefix = _prefix(rules.location)
    body = stored.removeprefix(prefix)
    if stored.strip().casefold() in _NULLS:
        return Problem.EMPTY
    return (
        _address_problem(body.strip(), rules)
        or _character_problem(stored)
        or _slash_problem(stored)
        or _prefix_problem(stored, rules)
        or _name_problem(stored)
    )


def _address_problem(text: str, rules: Rules) -> Problem | None:
    if re.match(r"s3:/", text, re.IGNORECASE):
        return Problem.S3_URI
    if not _URL.match(text):
        return None
    if not re.match(r"https?://[^/]", text, re.IGNORECASE):
        return Problem.URL_COLLAPSED
    parts = _split(text)
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
    prefix = _prefix(rules.location)
    if prefix and stored.startswith(prefix):
        return Problem.LOCATION_DOUBLED_IN_URL if stored.startswith(prefix + prefix) else None
    first = stored.partition("/")[0]
    previous = [_prefix(location) for location in rules.previous_locations]
    if any(old and old != prefix and stored.startswith(old) for old in previous):
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


def changed(stored: str, resolved: str) -> tuple[str, str]:
    """Return the part of ``resolved`` that the resolver added or changed, and the rest that it kept.

    >>> changed("prescriptions/a.pdf", "loc/prescriptions/a.pdf")
    ('loc/', 'prescriptions/a.pdf')
    >>> changed("loc/a.pdf", "loc/a.pdf"), changed("", "loc/"), changed("b.pdf", "c.pdf")
    (('', 'loc/a.pdf'), ('loc/', ''), ('c', '.pdf'))
    """
    kept = len(posixpath.commonprefix([stored[::-1], resolved[::-1]]))
    return resolved[: len(resolved) - kept], resolved[len(resolved) - kept :]


def impossible(key: str) -> bool:
    """Whether no S3 request can be made for this key: empty, over 1024 bytes, NUL, lone surrogate.

    >>> impossible(""), impossible("a" * 1025), impossible("é" * 512), impossible("a\\0"), impossible("\\ud800")
    (True, True, False, True, True)
    """
    try:
        size_bytes = len(key.encode())
    except UnicodeEncodeError:
        return True
    return not 0 < size_bytes <= MAX_KEY_BYTES or "\0" in key


def key_of_url(text: str, rules: Rules) -> str | None:
    """Return the object key that a URL of our bucket names (virtual host, path style, CDN, signed), else None.

    1. ``s3://bucket/key`` is taken as it is; it is never percent-encoded.
    2. ``https:/host`` is repaired, and a missing ``https://`` before one of our hosts is added.
    3. On a host that starts with the bucket and a dot, the path is the key. Such a host must be one of
       ``url_hosts``, or become one without the bucket.
    4. On any other of ``url_hosts``, a path that starts with the bucket is path style. Otherwise the path is
       the key (CDN, custom domain), but not on an endpoint: an IP address, localhost, or a host that is listed
       with the bucket in front of it too. There it names somebody else's bucket.
    5. One slash is taken off, the query dropped, and the rest percent-decoded once.

    >>> rules = Rules("loc", "edrspace", url_hosts=("sgp1.example.com", "edrspace.sgp1.example.com", "cdn.test"))
    >>> key_of_url("https://edrspace.sgp1.example.com/loc/a%20b.pdf?X-Amz-Signature=1", rules)
    'loc/a b.pdf'
    >>> key_of_url("https://sgp1.example.com/edrspace/loc/a.pdf", rules), key_of_url("cdn.test/loc/a.pdf", rules)
    ('loc/a.pdf', 'loc/a.pdf')
    >>> key_of_url("https://sgp1.example.com/other/loc/a.pdf", rules), key_of_url("https://evil.test/a.pdf", rules)
    (None, None)
    """
    text = text.strip()
    if uri := _S3_URI.fullmatch(text):
        return uri[2] or None if uri[1] == rules.bucket else None
    if not _URL.match(text) and text.partition("/")[0].lower() in rules.url_hosts:
        text = f"https://{text}"
    parts = _split(text)
    if parts is None:
        return None
    host, path = parts.netloc, parts.path.removeprefix("/")
    bucket = f"{rules.bucket}/"
    try:
        path = unquote(path, errors="strict")
    except UnicodeDecodeError:  # keys are UTF-8
        return None
    if _starts_with_bucket(host, rules):
        return path or None
    if host not in rules.url_hosts:
        return None
    is_endpoint = _is_bare_address(host) or f"{rules.bucket}.{host}" in rules.url_hosts
    prefix = _prefix(rules.location)
    # A location that is named like the bucket: only where the bucket is not given too, the path is the key.
    names_location = (
        prefix.startswith(bucket) and path.startswith(prefix) and not path[len(bucket) :].startswith(prefix)
    )
    if path.startswith(bucket) and (is_endpoint or not names_location):
        return path.removeprefix(bucket) or None
    return None if is_endpoint else path or None


def _split(text: str) -> SplitResult | None:
    """Return the parts of a web address, ``netloc`` as lower-case host with its port if not the default one."""
    if not _URL.match(text):
        return None
    try:
        parts = urlsplit(re.sub(r"^(https?):/+", r"\1://", text, count=1, flags=re.IGNORECASE))
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    is_default = port in {None, {"http": 80, "https": 443}[parts.scheme]}
    return parts._replace(netloc=host if is_default else f"{host}:{port}") if host else None


def _starts_with_bucket(host: str, rules: Rules) -> bool:
    endpoint = host.removeprefix(f"{rules.bucket}.")
    return endpoint != host and (host in rules.url_hosts or endpoint in rules.url_hosts)


def _is_bare_address(host: str) -> bool:
    name = re.sub(r":\d+$", "", host).strip("[]")
    try:
        return name == "localhost" or bool(ipaddress.ip_address(name))
    except ValueError:
        return False
