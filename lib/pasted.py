"""What somebody pasted: a key, an address, a wreck of a link, an error page, an id, or many of them. Pure, and bounded.

A text may hold a live signature: nothing of it stands in a repr, and nothing is kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from lib import error_pages, keys, mangled, places, readings
from lib.error_pages import ErrorPage
from lib.keys import Rules
from lib.mangled import Undone
from lib.places import Place
from lib.readings import Reading
from lib.records import PrescriptionIs, RecordIs

MAX_TEXT = 1024 * 1024  # characters that are looked at at all
MAX_MANY = 100  # links or keys that are read of many
MAX_KEY = 4096  # characters of one key; S3 allows 1,024 bytes

_SIGNED = re.compile(
    r"X-Amz-(?:Algorithm|Credential|Date|Expires|Signature|SignedHeaders)|[?&]AWSAccessKeyId=|[?&]Signature=", re.I
)
_URI = re.compile(r"\s*['\"<(]?s3:/+[^\s/]", re.I)
_ADDRESS_WITHIN_KEY = re.compile(r"[\w.-]+/+(?:[\w.-]+/+)*https?:/", re.I)
_WHOLE_KEY = re.compile(r"[^\n]{1,1024}\.[A-Za-z0-9]{2,5}")
_BEFORE = 200  # characters before the first link that are kept: whether anything stands there
_LOOKED_AT_FOR_BINARY = 4096
_MIN_BINARY = 4  # control characters; one or two may be in a broken key


class Kind(StrEnum):
    """What the text is."""

    EMPTY = "empty"
    RECORD_NUMBER = "record_number"
    IDS = "ids"  # of a patient or a consultation
    STORED_KEY = "stored_key"
    OBJECT_KEY = "object_key"  # it starts with the location
    URL = "url"  # of our bucket, without a signature
    FOREIGN_URL = "foreign_url"  # of another bucket or host
    SIGNED_LINK = "signed_link"
    S3_URI = "s3_uri"
    ERROR_PAGE = "error_page"
    MANY = "many"
    UNREADABLE = "unreadable"
    WORDS = "words"  # a name, a phone: for the search, not for here


@dataclass(frozen=True, slots=True)
class Pasted:
    """What the text is. ``key`` is the key that it names: as stored (STORED_KEY) or as an address asks for it.

    ``raw`` is the part that was read, ``link`` the link as it was probably meant, with what was ``undone`` to get there.
    ``readings`` are what the records are to be asked for a number, an id or words. Of many, ``items`` are the first
    MAX_MANY and ``left_off`` counts the rest. ``is_cut`` says that the text was too long to be looked at whole.
    """

    kind: Kind
    raw: str = field(default="", repr=False)
    key: str | None = field(default=None, repr=False)
    link: str | None = field(default=None, repr=False)
    undone: tuple[Undone, ...] = ()
    place: Place | None = None
    error: ErrorPage | None = None
    readings: tuple[Reading, ...] = field(default=(), repr=False)
    items: tuple[Pasted, ...] = ()
    left_off: int = 0
    is_cut: bool = False

    @property
    def bucket(self) -> str | None:
        """The bucket that the text seems to name."""
        if self.place is not None:
            return self.place.bucket
        return self.error.bucket or None if self.error else None


def read(text: str, rules: Rules, *, phone_region: str = "IN") -> Pasted:
    """Return what the text is. Never raises; a megabyte takes well under a second.

    1. Nothing, or bytes that are no text.
    2. An error page, unless the address that it came from was pasted with it.
    3. ``s3://``, then links: one, or many of which each is read by itself.
    4. A record number or an id, as the search box understands them.
    5. Keys: many, one a line, or one as it is, white space included: that may be what is wrong with it.
    6. Words.

    >>> rules = Rules("loc", "edrspace", url_hosts=("h.test", "edrspace.h.test"))
    >>> [read(text, rules).kind.value for text in (" ", "record 12", "CON153", "a/b.pdf", "loc/a/b.pdf", "Anita")]
    ['empty', 'record_number', 'ids', 'stored_key', 'object_key', 'words']
    >>> found = read("<https://h.test/edrspace/a.pdf?X-Amz-Signature=1>", rules)
    >>> found.kind.value, found.key, found.place.is_ours(rules)
    ('signed_link', 'a.pdf', True)
    >>> found = read("https://other.s3.amazonaws.com/a.pdf", rules)
    >>> found.kind.value, found.bucket, found.key
    ('foreign_url', 'other', 'a.pdf')
    """
    shown = text[:MAX_TEXT]
    found = _read(shown, rules, phone_region)
    is_longer = found.kind in {Kind.STORED_KEY, Kind.OBJECT_KEY, Kind.WORDS} and len(text) > MAX_KEY
    is_longer = is_longer or len(found.link or "") >= mangled.MAX_LINK
    return replace(found, is_cut=True) if is_longer or len(text) > MAX_TEXT else found


def _read(text: str, rules: Rules, phone_region: str) -> Pasted:
    if not text.strip():
        return Pasted(Kind.EMPTY)
    if _is_binary(text):
        return Pasted(Kind.UNREADABLE)
    error = error_pages.read(text)
    links = _links(text, rules, has_error=error is not None)
    if error is not None:
        found = _several(links, _link, rules) if links else None
        return replace(found, error=error) if found else Pasted(Kind.ERROR_PAGE, error=error)
    if links:
        return _several(links, _link, rules) or _key(text, rules)
    understood = readings.understand(text, rules=rules, phone_region=phone_region)
    return (
        _id(text, understood)
        or _keys(text, understood, rules)
        or Pasted(Kind.WORDS, text[:MAX_KEY], readings=understood)
    )


def is_signed(text: str) -> bool:
    """Whether a text carries parameters of a signature."""
    return _SIGNED.search(text) is not None


def _is_binary(text: str) -> bool:
    shown = text[:_LOOKED_AT_FOR_BINARY]
    if shown.startswith(("%PDF-", "\x89PNG", "PK\x03\x04")):
        return True
    strange = sum(each == "\ufffd" or unicodedata.category(each) in {"Cc", "Cs", "Cn", "Co"} for each in shown)
    strange -= sum(shown.count(each) for each in "\t\r\n")
    return strange >= _MIN_BINARY and strange * 10 > len(shown)


def _links(text: str, rules: Rules, *, has_error: bool) -> list[str]:
    """Return the parts of the text that each hold one address, in order."""
    if _URI.match(text):
        return [line for line in text.split("\n") if line.strip()]
    bare = text.strip()
    if bare.partition("/")[0].lower() in rules.url_hosts:  # as an address bar shows it
        return [f"https://{bare}"]
    if bare.startswith("//") and bare[2:].partition("/")[0].lower() in rules.url_hosts:
        return [f"https:{bare}"]
    starts = [each for each in mangled.starts(text) if not (has_error and "xmlns" in text[max(0, each - 16) : each])]
    if not starts:
        is_key = has_error or _ADDRESS_WITHIN_KEY.match(bare)
        return [] if is_key or mangled.mend(text) is None else [text[: 2 * mangled.MAX_LINK]]
    ends = [*(each - 1 for each in starts[1:]), len(text)]
    begins = [max(0, starts[0] - _BEFORE), *(each - 2 for each in starts[1:])]
    return [text[begin:end] for begin, end in zip(begins, ends, strict=True)]


def _several(parts: list[str], read_one: Callable[[str, Rules], Pasted | None], rules: Rules) -> Pasted | None:
    """Return the one thing that the parts name, or MANY; None where none can be read."""
    read_parts = (read_one(part, rules) for part in parts[:MAX_MANY])
    items = list({found.link or found.raw: found for found in read_parts if found is not None}.values())
    left_off = max(0, len(parts) - MAX_MANY)
    if len(items) == 1 and not left_off:
        return items[0]
    return Pasted(Kind.MANY, items=tuple(items), left_off=left_off) if items else None


def _link(part: str, rules: Rules) -> Pasted | None:
    if _URI.match(part):
        uri = part.strip().strip("'\"<>()")
        place = places.place(uri[: mangled.MAX_LINK], rules)
        return (
            Pasted(Kind.S3_URI, part, places.unsigned(place.key), uri[: mangled.MAX_LINK], place=place)
            if place
            else None
        )
    mended = mangled.mend(part)
    place = places.place(mended.link, rules) if mended else None
    if mended is None or place is None:
        return None
    is_ours = place.is_ours(rules)
    kind = Kind.SIGNED_LINK if _SIGNED.search(mended.link) else Kind.URL if is_ours else Kind.FOREIGN_URL
    return Pasted(kind, part, places.unsigned(place.key), mended.link, mended.undone, place)


def _id(text: str, understood: tuple[Reading, ...]) -> Pasted | None:
    first = understood[0]
    if not first.is_id:
        return None
    if isinstance(first.term, RecordIs):
        return Pasted(Kind.RECORD_NUMBER, text[:MAX_KEY], readings=understood)
    if isinstance(first.term, PrescriptionIs) and re.fullmatch(r"\s*#?\s*\d+\s*", text[:MAX_KEY]):
        record = Reading(readings.Kind.RECORD, RecordIs(first.term.prescription_id))
        return Pasted(Kind.RECORD_NUMBER, text[:MAX_KEY], readings=(record, *understood))
    return Pasted(Kind.IDS, text[:MAX_KEY], readings=understood)


def _keys(text: str, understood: tuple[Reading, ...], rules: Rules) -> Pasted | None:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and all(_WHOLE_KEY.fullmatch(line) for line in lines[:MAX_MANY]):
        return _several(lines, _key, rules)
    taken_as = {each.kind for each in understood}
    is_key = bool(taken_as & {readings.Kind.KEY, readings.Kind.KEY_PART})
    is_name = readings.Kind.NAME in taken_as and " " in text.strip()
    is_key = (
        (is_key and not is_name)
        or _SIGNED.search(text[:MAX_KEY]) is not None
        or (keys.impossible(text) and " " not in text)
    )
    return _key(text, rules, understood) if is_key else None


def _key(text: str, rules: Rules, understood: tuple[Reading, ...] = ()) -> Pasted:
    """Take the text as a key; only the line break at its end, which a terminal adds, is left out."""
    key = re.sub(r"\r?\n\Z", "", text[: MAX_KEY + 2])[:MAX_KEY]
    if (address := places.unsigned(key)) and address != key:  # a link without its host
        return Pasted(Kind.SIGNED_LINK, text[:MAX_KEY], address)
    if _SIGNED.search(f"?{key}"):  # only what stood behind the question mark
        return Pasted(Kind.SIGNED_LINK, text[:MAX_KEY])
    is_object = bool(rules.prefix) and key.startswith(rules.prefix)
    return Pasted(Kind.OBJECT_KEY if is_object else Kind.STORED_KEY, text[:MAX_KEY], key, readings=understood)
