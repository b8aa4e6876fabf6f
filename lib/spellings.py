"""What a broken stored key may have been meant to say: small repairs, composed breadth-first within a bound. Pure.

A repair undoes one mistake of the catalogue and names it. Nothing here says that an object exists.
"""

from __future__ import annotations

import html
import posixpath
import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from lib.catalogue import Code
from lib.key_problems import problem
from lib.key_urls import key_of_url
from lib.keys import Rules, resolve

MAX_STEPS = 3  # mistakes on top of one another
MAX_SPELLINGS = 120
MAX_TEXT = 4096  # characters that are looked at; a column holds 100

_WEB = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?/{1,3}|https?:/", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?|s3|file):/", re.IGNORECASE)
_SUFFIX = re.compile(r"_[A-Za-z0-9]{7}(?=\.[A-Za-z0-9]+$|$)")
_TEMPORARY_END = re.compile(r"\.(?:part|tmp|upload|crdownload)$", re.IGNORECASE)
_TEMPORARY_START = re.compile(r"^(?:tmp|temp)/", re.IGNORECASE)
_DISK = re.compile(r"^(?:[A-Za-z]:[\\/]|\\\\|/|file:/)|(?:^|[\\/])media_cdn[\\/]")
_NBSP = dict.fromkeys(
    map(ord, "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"), " "
)
# Letters of other scripts that look like an ASCII letter in a key (Unicode, confusables.txt, single letters).
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһԛԝАВЕКМНОРСТХІЈЅοΟΑΒΕΗΙΚΜΝΡΤΥΧΖνι", "aeopcyxijsdhqwABEKMHOPCTXIJSoOABEHIKMNPTYXZvi"
)
_KNOWN = ("media/", "static/", "uploads/")
_ENVIRONMENT = re.compile(
    r"^(?:dev|development|staging|stage|test|testing|qa|uat|prod|production)/(?:(?:media|static|uploads|private|public)/)*"
)

Repair = Callable[[str, Rules], Iterator[tuple[Code, str]]]


@dataclass(frozen=True, slots=True)
class Spelling:
    """A text that may have been meant, and the mistakes that were undone to get there, the outermost first."""

    text: str
    undone: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True)
class Guess:
    """An object key that may be the right one. ``undone`` is empty for the resolved key itself."""

    key: str
    undone: tuple[Code, ...]


def spellings(stored: str, rules: Rules) -> Iterator[Spelling]:
    """Yield the stored key and what it may have been meant to say, the fewest mistakes first.

    1. Begin with the text as it is.
    2. Apply every repair to every text that is not yet MAX_STEPS repairs away; keep what is new.
    3. Stop at MAX_SPELLINGS.

    >>> rules = Rules("loc", "bucket", previous_locations=("old",))
    >>> next(each for each in spellings("old/my%20rx.pdf\\n", rules) if each.text == "my rx.pdf").undone
    (<Code.WHITESPACE: 'WHITESPACE'>, <Code.LOCATION_OLD: 'LOCATION_OLD'>, <Code.PERCENT_ENCODED: 'PERCENT_ENCODED'>)
    """
    first = Spelling(stored[:MAX_TEXT])
    yield first
    known, waiting = {first.text}, deque([first])
    while waiting:
        spelling = waiting.popleft()
        if len(spelling.undone) == MAX_STEPS:
            return
        for repair in REPAIRS:
            for code, text in repair(spelling.text, rules):
                if not text or text in known:
                    continue
                known.add(text)
                after = Spelling(text, _with(spelling.undone, code))
                yield after
                waiting.append(after)
                if len(known) == MAX_SPELLINGS:
                    return


def guesses(stored: str, rules: Rules) -> Iterator[Guess]:
    """Yield object keys that the stored key may mean, the fewest mistakes first; the first is the resolved key."""
    known: set[str] = set()
    for spelling in spellings(stored, rules):
        for code, key in places(spelling.text, rules):
            if key not in known:
                known.add(key)
                yield Guess(key, spelling.undone if code is None else (*spelling.undone, code))


def places(text: str, rules: Rules) -> Iterator[tuple[Code | None, str]]:
    """Yield where in the bucket an object of this name may lie: where the signer asks, then where uploads went astray.

    >>> [key for _, key in places("a.pdf", Rules("loc", "bucket", previous_locations=("old",)))]
    ['loc/a.pdf', 'a.pdf', 'loc/loc/a.pdf', 'old/a.pdf']
    """
    yield None, resolve(text, location=rules.location)
    prefix = rules.prefix
    rest = text.removeprefix(prefix)
    if prefix and rest:
        yield next((code for code, _ in _prefixes(rest, rules)), Code.LOCATION_NONE_AT_ROOT), rest
        yield Code.LOCATION_DOUBLED_IN_BUCKET, prefix + prefix + rest.removeprefix(prefix)
    for old in rules.previous_locations:
        if (former := f"{old.strip('/')}/") != prefix and not text.startswith(former):
            yield Code.LOCATION_OLD, former + rest


def _with(undone: tuple[Code, ...], code: Code) -> tuple[Code, ...]:
    if code is Code.PERCENT_ENCODED and Code.PERCENT_ENCODED in undone:
        return (*(each for each in undone if each is not Code.PERCENT_ENCODED), Code.DOUBLE_ENCODED)
    return (*undone, code)


def _addresses(text: str, rules: Rules) -> Iterator[tuple[Code, str]]:
    """Undo an address that was stored instead of a key, ours or somebody else's, also below the location."""
    bare = text.removeprefix(rules.prefix).strip()
    if not _ADDRESS.match(bare):
        return
    code = problem(bare, rules) or Code.URL_LOCAL_SERVER
    if key := key_of_url(bare, rules):
        yield code, key
        return
    try:
        path = urlsplit(re.sub(r"^([a-z0-9]+):/+", r"\1://host-or-", bare, flags=re.IGNORECASE)).path.lstrip("/")
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
    if not _DISK.search(text):
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


def _prefixes(text: str, rules: Rules) -> Iterator[tuple[Code, str]]:
    prefix = rules.prefix
    if prefix and text.startswith(prefix + prefix):
        yield Code.LOCATION_DOUBLED_IN_URL, text.removeprefix(prefix)
    rest = text.removeprefix(prefix)
    if rules.bucket and rest.startswith(f"{rules.bucket}/"):
        yield Code.BUCKET_IN_KEY, rest.removeprefix(f"{rules.bucket}/")
    for old in (*(f"{each.strip('/')}/" for each in rules.previous_locations if each.strip("/")), *_KNOWN):
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
    parts = text.split("/")
    if {".", ".."} & set(parts):
        yield Code.DOT_SEGMENT, posixpath.normpath(text).removeprefix("../")
    if "//" in text:
        yield Code.DOUBLE_SLASH, re.sub("/{2,}", "/", text)
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
        yield Code.PERCENT_ENCODED, quote(text, safe="/+~!*'()")
    if not text.isascii():
        for charset in ("cp1252", "latin-1"):
            try:
                yield Code.MOJIBAKE, text.encode(charset).decode("utf-8")
            except UnicodeError:
                continue
        for form in ("NFC", "NFD", "NFKC"):
            yield Code.UNICODE_FORM, unicodedata.normalize(form, text)


def _unseen(text: str, _rules: Rules) -> Iterator[tuple[Code, str]]:
    if text != text.strip():
        yield Code.WHITESPACE, text.strip()
        yield Code.WHITESPACE, text.rstrip()
    if re.search(r"\s/|/\s", text):
        yield Code.WHITESPACE, re.sub(r"\s*/\s*", "/", text)
    if re.search(r"[\t\r\n]", text):
        yield Code.WHITESPACE, re.sub(r"[\t\r\n]+", "", text)
    if text.isascii() and text.isprintable():
        return
    seen = "".join(sign for sign in text if unicodedata.category(sign) not in {"Cf", "Cc"})
    yield Code.INVISIBLE, seen
    yield Code.INVISIBLE, seen.translate(_NBSP)
    yield Code.INVISIBLE, "".join(sign for sign in seen if ord(sign) not in _NBSP)
    yield Code.INVISIBLE, seen.translate(_LOOKALIKES)


def _names(text: str, _rules: Rules) -> Iterator[tuple[Code, str]]:
    if found := _TEMPORARY_END.search(text):
        yield Code.TEMP_NAME, text[: found.start()]
    if found := _TEMPORARY_START.match(text):
        yield Code.TEMP_NAME, text[found.end() :]
    folder, _, name = text.rpartition("/")
    if not name:
        return
    if (shorter := _SUFFIX.sub("", name)) not in {name, ""}:
        yield Code.RANDOM_SUFFIX, f"{folder}/{shorter}" if folder else shorter
    stem, dot = posixpath.splitext(name)
    if dot.lower() != ".pdf":
        yield Code.EXTENSION, f"{text}.pdf"
        if dot and stem:
            yield Code.EXTENSION, f"{text[: -len(dot)]}.pdf"
    elif stem.lower().endswith(".pdf"):
        yield Code.EXTENSION, text[: -len(dot)]
    if text != (lower := text.lower()):
        yield Code.CASE, f"{folder}/{name.lower()}" if folder else name.lower()
        yield Code.CASE, lower


REPAIRS: tuple[Repair, ...] = (_unseen, _addresses, _disk, _slashes, _prefixes, _encodings, _names)
