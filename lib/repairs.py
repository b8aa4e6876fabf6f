"""The small repairs that each undo one mistake of the catalogue in a stored key, and name it. Pure.

Nothing here says that an object exists.
"""

from __future__ import annotations

import html
import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

from lib import keys
from lib.catalogue import Code
from lib.inventory import without_suffix
from lib.key_problems import problem
from lib.key_urls import key_of_url
from lib.keys import Rules

_ADDRESS = re.compile(r"(?:https?|s3|file):/", re.IGNORECASE)
_HOST = re.compile(r"//[\w-]+\.[\w.:-]+/|[\w.-]+\.(?:digitaloceanspaces|amazonaws)\.com(?::\d+)?/", re.IGNORECASE)
_SCHEME = re.compile(r"^([a-z0-9]+):/+", re.IGNORECASE)
_AROUND_SLASH = re.compile(r"\s*/\s*")
_BREAKS = re.compile(r"[\t\r\n]+")
_SLASHES = re.compile("/{2,}")
_QUERY = re.compile(r"[?#][^/]*$")
# What a program puts around a value when it prints it: JSON, Python, a tag, a mail.
_WRAPPED = re.compile(
    r"""^(?:\{[^{}]{1,40}:\s*|\[|b(?=['"])|<\w+:\s*)?(["'`<“‘(]*)(.+?)["'`>”’)]*[\]},;]*$""", re.DOTALL
)
_QUOTES = frozenset("\"'`<>“”‘’()[]{},;")
_OPENS = (*_QUOTES, "b'", 'b"')
_TEMPORARY_END = re.compile(r"\.(?:part|tmp|upload|crdownload)$", re.IGNORECASE)
_TEMPORARY_START = re.compile(r"^(?:tmp|temp)/", re.IGNORECASE)
_DISK = re.compile(r"[A-Za-z]:[\\/]|\\\\|/|file:/")
_NBSP = dict.fromkeys(
    map(ord, "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"), " "
)
# Letters of other scripts that look like an ASCII letter in a key (Unicode, confusables.txt, single letters).
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһԛԝАВЕКМНОРСТХІЈЅοΟΑΒΕΗΙΚΜΝΡΤΥΧΖνι", "aeopcyxijsdhqwABEKMHOPCTXIJSoOABEHIKMNPTYXZvi"
)
_KNOWN = ("media/", "static/", "uploads/")
_ENVIRONMENTS = ("dev", "development", "staging", "stage", "test", "testing", "qa", "uat", "prod", "production")
_ENVIRONMENT = re.compile(rf"(?:(?:{'|'.join(_ENVIRONMENTS)})/)+(?:(?:media|static|uploads|private|public)/)*")

Repair = Callable[[str, Rules], Iterator[tuple[Code, str]]]


def _addresses(text: str, rules: Rules) -> Iterator[tuple[Code, str]]:
    """Undo an address that was stored instead of a key, ours or somebody else's, also below the location."""
    bare = text.removeprefix(rules.prefix).strip()
    if ":" not in bare and not bare.startswith("//") and "." not in bare.partition("/")[0]:
        return
    if not _ADDRESS.match(bare):
        if not (_HOST.match(bare) or bare.partition("/")[0].lower() in rules.url_hosts):
            return
        bare = f"https://{bare.lstrip('/')}"
    code = problem(bare, rules) or Code.URL_LOCAL_SERVER
    if key := key_of_url(bare, rules):
        yield code, key
        return
    try:
        path = urlsplit(_SCHEME.sub(r"\1://host-or-", bare)).path.lstrip("/")
    except ValueError:
        return
    if not bare.lower().startswith("s3:"):
        path = unquote(path)
    yield code, path
    for marker in _KNOWN:
        if (at := f"/{path}".find(f"/{marker}")) >= 0:
            yield code, path[at + len(marker) :]
    if "/" in path:
        yield code, path.partition("/")[2]


def _disk(text: str, rules: Rules) -> Iterator[tuple[Code, str]]:
    """Undo a path of some computer: what follows its folder of uploads, or the folder that is ours."""
    if not _DISK.match(text) and "media_cdn" not in text:
        return
    path = text.replace("\\", "/")
    if problem(text, rules) is not Code.LOCAL_PATH:
        return
    for marker in ("media_cdn/", *_KNOWN, rules.prefix, "prescriptions/"):
        if marker and (at := path.rfind(f"/{marker}")) >= 0:
            yield (
                Code.LOCAL_PATH,
                path[at + 1 :] if marker in {rules.prefix, "prescriptions/"} else path[at + 1 + len(marker) :],
            )


@lru_cache(maxsize=64)
def _beginnings(rules: Rules) -> tuple[str, ...]:
    """Return what a text begins with that has a wrong beginning, in one case."""
    location, bucket = rules.location.strip("/"), f"{rules.bucket}/" if rules.bucket else ""
    every = (location, bucket, *keys.former_prefixes(rules), *_KNOWN, *(f"{each}/" for each in _ENVIRONMENTS))
    return tuple(each.casefold() for each in every if each)


def prefixes(text: str, rules: Rules) -> Iterator[tuple[Code, str]]:
    """Undo a wrong beginning: of another place, another bucket, another time."""
    prefix = rules.prefix
    if not text.casefold().startswith(_beginnings(rules)):
        return
    if prefix and text.startswith(prefix + prefix):
        yield Code.LOCATION_DOUBLED_IN_URL, text.removeprefix(prefix)
    rest = text.removeprefix(prefix)
    if rules.bucket and rest.startswith(f"{rules.bucket}/"):
        yield Code.BUCKET_IN_KEY, rest.removeprefix(f"{rules.bucket}/")
    elif prefix and not text.startswith(prefix) and text[: len(prefix)].casefold() == prefix.casefold():
        yield Code.CASE, prefix + text[len(prefix) :]
    for old in (*keys.former_prefixes(rules), *_KNOWN):
        if old != prefix and rest.startswith(old):
            yield Code.LOCATION_OLD, rest.removeprefix(old)
    if found := _ENVIRONMENT.match(rest):
        yield Code.ENVIRONMENT_PREFIX, rest[found.end() :]
        first, _, behind = rest.partition("/")
        if first and behind:
            yield Code.ENVIRONMENT_PREFIX, behind
    location = rules.location.strip("/")
    if location and rest.startswith(location) and not rest.startswith(prefix) and "/" in rest:
        yield Code.LOCATION_SIBLING, rest.partition("/")[2]


def _slashes(text: str, _rules: Rules) -> Iterator[tuple[Code, str]]:
    if "\\" in text:
        yield Code.BACKSLASH, text.replace("\\", "/")
    if text.startswith("/"):
        yield Code.LEADING_SLASH, text.lstrip("/")
    if (text.startswith(".") or "/." in text) and {".", ".."} & set(text.split("/")):
        yield Code.DOT_SEGMENT, posixpath.normpath(text).removeprefix("../")
    if "//" in text:
        yield Code.DOUBLE_SLASH, _SLASHES.sub("/", text)
    if text.endswith("/"):
        yield Code.TRAILING_SLASH, text.rstrip("/")


def _encodings(text: str, _rules: Rules) -> Iterator[tuple[Code, str]]:
    if "%" in text and (decoded := unquote(text, errors="surrogatepass")) != text:
        yield Code.PERCENT_ENCODED, decoded
    if "&" in text and (unescaped := html.unescape(text)) != text:
        yield Code.HTML_ENTITY, unescaped
    if "+" in text:
        yield Code.PLUS_FOR_SPACE, text.replace("+", " ")
    if " " in text.strip():
        yield Code.PLUS_FOR_SPACE, text.replace(" ", "+")
        yield Code.PERCENT_ENCODED, quote(text, safe="/+~!*'()", errors="surrogatepass")
    if not text.isascii():
        for charset in ("cp1252", "latin-1"):
            try:
                yield Code.MOJIBAKE, text.encode(charset).decode("utf-8")
            except UnicodeError:
                continue
        for form in ("NFC", "NFD", "NFKC"):
            yield Code.UNICODE_FORM, unicodedata.normalize(form, text)


def _unseen(text: str, _rules: Rules) -> Iterator[tuple[Code, str]]:
    is_plain = text.isascii() and text.isprintable()
    is_wrapped = text.startswith(_OPENS) or text[-1:] in _QUOTES
    if is_wrapped and (found := _WRAPPED.match(text)) and found[2] != text:
        yield Code.WHITESPACE, found[2]
    if is_plain and " " not in text:
        return
    if text != text.strip():
        yield Code.WHITESPACE, text.strip()
        yield Code.WHITESPACE, text.rstrip()
    if (closed := _AROUND_SLASH.sub("/", text)) != text:
        yield Code.WHITESPACE, closed
    if (joined := _BREAKS.sub("", text)) != text:
        yield Code.WHITESPACE, joined
    if "  " in text:
        yield Code.WHITESPACE, " ".join(text.split(" ")).replace("  ", " ")
    if is_plain:
        return
    seen = "".join(sign for sign in text if unicodedata.category(sign) not in {"Cf", "Cc"})
    yield Code.INVISIBLE, seen
    yield Code.INVISIBLE, seen.translate(_NBSP)
    yield Code.INVISIBLE, "".join(sign for sign in seen if ord(sign) not in _NBSP)
    yield Code.INVISIBLE, seen.translate(_LOOKALIKES)


def _names(text: str, _rules: Rules) -> Iterator[tuple[Code, str]]:
    if ("?" in text or "#" in text) and (found := _QUERY.search(text)):
        yield Code.EXTENSION, text[: found.start()]
    if text.endswith(("...", "…")):
        yield Code.TRUNCATED, text.rstrip(".…")
    if found := _TEMPORARY_END.search(text):
        yield Code.TEMP_NAME, text[: found.start()]
    if found := _TEMPORARY_START.match(text):
        yield Code.TEMP_NAME, text[found.end() :]
    folder, _, name = text.rpartition("/")
    if not name:
        return
    stem, dot = posixpath.splitext(name)
    if (shorter := without_suffix(stem)) not in {stem, ""}:
        yield Code.RANDOM_SUFFIX, f"{folder}/{shorter}{dot}" if folder else f"{shorter}{dot}"
    if dot.lower() != ".pdf":
        yield Code.EXTENSION, f"{text}.pdf"
        if dot and stem:
            yield Code.EXTENSION, f"{text[: -len(dot)]}.pdf"
    elif stem.lower().endswith(".pdf"):
        yield Code.EXTENSION, text[: -len(dot)]
    if text != (lower := text.lower()):
        yield Code.CASE, f"{folder}/{name.lower()}" if folder else name.lower()
        yield Code.CASE, lower


REPAIRS: tuple[Repair, ...] = (_unseen, _addresses, _disk, _slashes, prefixes, _encodings, _names)
