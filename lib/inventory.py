"""The objects that are known at one time, from listings and HEADs, and where to look when a name is not exactly known. In memory.

The indexes are made when they are first asked, each in one pass.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from urllib.parse import unquote

_MD5 = re.compile(r"[0-9a-f]{32}")
_HEX_NAME = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
SUFFIX = re.compile(  # behind a name that was taken: of the storage, a browser, a desktop
    r"(?:_[A-Za-z0-9]{7}|[ _-]*\(\d{1,3}\)|[ _-]+copy(?: ?\(?\d{1,3}\)?)?|[_-]\d{1,2})$", re.IGNORECASE
)
_JOINTS = frozenset("_-( ")
_SLASHES = re.compile(r"/(?:\./)*/*")
_EXTENSIONS = re.compile(r"(?:\.(?:pdf|jpe?g|png|html?|docx?|part|tmp|upload|crdownload|bak|old))+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One object as a listing or a HEAD shows it. ``etag`` is without quotes."""

    key: str
    size_bytes: int
    etag: str
    is_etag_md5: bool = True  # False: encrypted with a key of its own

    @property
    def md5(self) -> str | None:
        """The MD5 of the bytes where the ETag is one (a simple put), in lower case."""
        etag = self.etag.lower()
        return etag if self.is_etag_md5 and _MD5.fullmatch(etag) else None


class _Plain(dict[int, int | None]):
    """For ``str.translate``: takes out what has no glyph of its own, learning each character once."""

    def __missing__(self, sign: int) -> int | None:
        kept = None if unicodedata.category(chr(sign))[0] in "CZ" else sign
        self[sign] = kept
        return kept


_PLAIN = _Plain({ord("+"): None, ord("\\"): ord("/")})


def base_name(key: str) -> str:
    """Return the last segment of a key."""
    return key.rpartition("/")[2]


def hex_name(key: str) -> str | None:
    """Return the 32 hex digits that the application names a file with, from anywhere in the last segment.

    >>> hex_name("a/" + "0F" * 16 + "_C042wJo.pdf"), hex_name("a/report.pdf")
    ('0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f', None)
    """
    found = _HEX_NAME.search(base_name(key.replace("\\", "/").rstrip("/ \t\r\n")))
    return found[0].lower() if found else None


@lru_cache(maxsize=2048)  # one diagnosis asks for the same few again and again
def form(text: str) -> str:
    """Return what is left of a name when everything is undone that only changes how it is written.

    Two names of one form differ in white space, encoding, Unicode form, case or slashes.

    >>> form("A/My%2520Rx .pdf\\n") == form("a//my+rx.pdf"), form("a/b.pdf") == form("a/c.pdf")
    (True, False)
    """
    for _ in range(3 if "%" in text else 0):
        text = unquote(text, errors="replace")
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        for charset in ("cp1252", "latin-1"):
            try:
                text = text.encode(charset).decode("utf-8")
                break
            except UnicodeError:
                continue
        text = unicodedata.normalize("NFKC", text)
    if text.isascii() and text.isprintable():
        text = text.replace(" ", "").replace("+", "").replace("\\", "/")
    else:
        text = text.translate(_PLAIN)
    if "//" in text or "/./" in text:
        text = _SLASHES.sub("/", text)
    return text.strip("/").casefold()


@lru_cache(maxsize=2048)
def stem(key: str) -> str:
    """Return the form of a key without its extensions and without the suffix that a name gets when it is taken.

    >>> stem("a/report_C042wJo.pdf") == stem("a/report.pdf.pdf") == stem("A/report")
    True
    """
    folder, slash, name = key.rpartition("/")
    return form(folder + slash + without_suffix(_EXTENSIONS.sub("", name.strip())))


def without_suffix(name: str) -> str:
    """Return a stem without what it got because the name was taken.

    >>> [without_suffix(each) for each in ("rx_C042wJo", "rx (1)", "rx - Copy", "rx-copy", "rx_2", "rx")]
    ['rx', 'rx', 'rx', 'rx', 'rx', 'rx']
    """
    return SUFFIX.sub("", name) if not _JOINTS.isdisjoint(name) else name


class Inventory:
    """What is known of a bucket. Threads may share one that nobody adds to."""

    def __init__(self, sightings: Iterable[Sighting] = ()) -> None:
        self._seen = {sighting.key: sighting for sighting in sightings}

    def __len__(self) -> int:
        return len(self._seen)

    def __iter__(self) -> Iterator[Sighting]:
        return iter(self._seen.values())

    def get(self, key: str) -> Sighting | None:
        """Return the object of exactly this key."""
        return self._seen.get(key)

    def with_content(self, md5: str) -> tuple[Sighting, ...]:
        """Return the objects whose ETag is this MD5."""
        return self._by_md5.get(md5, ())

    def of_form(self, text: str) -> tuple[Sighting, ...]:
        """Return the objects whose names differ from this one only in how they are written."""
        return self._by_form.get(form(text), ())

    def of_stem(self, text: str) -> tuple[Sighting, ...]:
        """Return the objects of the same folder and stem, whatever their extension or suffix."""
        return self._by_stem.get(stem(text), ())

    def named(self, hex_digits: str) -> tuple[Sighting, ...]:
        """Return the objects with these 32 hex digits in their names, in any folder."""
        return self._by_hex.get(hex_digits, ())

    def below(self, prefix: str, *, limit: int) -> tuple[Sighting, ...]:
        """Return the first objects whose keys begin with this prefix, in the order of their bytes."""
        first = bisect_left(self._sorted, prefix)
        found = []
        for key in self._sorted[first : first + limit]:
            if not key.startswith(prefix):
                break
            found.append(self._seen[key])
        return tuple(found)

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._seen)

    @cached_property
    def _by_md5(self) -> dict[str, tuple[Sighting, ...]]:
        return self._index(lambda sighting: sighting.md5)

    @cached_property
    def _by_form(self) -> dict[str, tuple[Sighting, ...]]:
        return self._index(lambda sighting: form(sighting.key))

    @cached_property
    def _by_stem(self) -> dict[str, tuple[Sighting, ...]]:
        return self._index(lambda sighting: stem(sighting.key))

    @cached_property
    def _by_hex(self) -> dict[str, tuple[Sighting, ...]]:
        return self._index(lambda sighting: hex_name(sighting.key))

    def _index(self, of: Callable[[Sighting], str | None]) -> dict[str, tuple[Sighting, ...]]:
        found: dict[str, tuple[Sighting, ...]] = {}
        for sighting in self._seen.values():
            if (name := of(sighting)) is not None:
                found[name] = (*found.get(name, ()), sighting)
        return found
