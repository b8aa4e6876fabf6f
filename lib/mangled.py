"""What became of a link on its way through mails, chats and pages, undone. Pure; it only says which link was meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl, unquote

from lib import wrapped
from lib.key_urls import split

MAX_LINK = 8192  # characters of one link that are looked at; one of ours has 700
_MAX_WRAPPERS = 3
_MAX_ENCODINGS = 4

_SCHEME = r"h(?:tt|xx)ps?(?::|%(?:25){0,4}3A)(?:\\?/|%(?:25){0,4}2F)"
_START = re.compile(  # not within another address or key
    rf"(?<![=/])h(?:tt|xx)ps?:\\?/|(?<![\w=/%.:&?-]){_SCHEME}", re.IGNORECASE
)
_ANY_START = re.compile(_SCHEME, re.IGNORECASE)
_CLOSERS = {
    '"': '"',
    "'": "'",
    "<": ">",
    "(": ")",
    "[": "]",
    "{": "}",
    "`": "`",
    "“": "”",
    "‘": "’",
    "«": "»",
    "*": "*",
}
_TRAILING = ".,;:!?'\")]}>*_|\\…”’»`"
_QUOTED_PRINTABLE = re.compile(r"(?:X-Amz-[A-Za-z-]{1,20}|Signature|Expires|AWSAccessKeyId)=3D")
_JSON = re.compile(r"\\u00(26|3[dD]|2[fF]|3[eE]|3[cC])|\\(/)")
_AMPERSAND = re.compile(r"&(?:amp;|#0*38;|#x0*26;)(?:amp;)*", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:gt|lt|quot|apos|nbsp|#0*39|#x0*27);", re.IGNORECASE)
_LATE_AMPERSAND = re.compile(r"%26(?=X-Amz-|response-|AWSAccessKeyId=|Signature=|Expires=)")
_LATE_QUESTION = re.compile(r"%(?:25){0,4}3F(?=X-Amz-|response-|AWSAccessKeyId)")
_RE_ENCODED = re.compile(
    r"X-Amz-Credential=[^&]{0,256}%(?:25){1,4}2F|[?&]Signature=[^&]{0,64}%(?:25){1,4}(?:2B|2F|3D)", re.IGNORECASE
)
_END_V4 = re.compile(r"([?&]X-Amz-Signature=[0-9a-f]{64})([^&0-9a-f][^&]*)$")
_END_V2 = re.compile(r"([?&]Expires=[0-9]{10,12})([^&0-9][^&]*)$")


class Undone(StrEnum):
    """One thing that was done to a link, and undone."""

    AROUND = "around"  # other text before or behind it
    MARKDOWN = "markdown"
    SURROUNDED = "surrounded"  # a pair of quotes or brackets around it
    WRAPPER = "wrapper"  # inside the address of a mail filter or search engine
    INVISIBLE = "invisible"
    DEFANGED = "defanged"  # hxxps://, example[.]com
    QUOTED_PRINTABLE = "quoted_printable"  # the source of a mail: =3D
    JSON_ESCAPED = "json_escaped"
    ENCODED_WHOLE = "encoded_whole"
    AMPERSANDS = "ampersands"
    WRAPPED = "wrapped"  # line breaks or spaces within
    RE_ENCODED = "re_encoded"  # each % written as %25
    TRAILING = "trailing"


@dataclass(frozen=True, slots=True)
class Mended:
    """The link that was probably meant, and what was undone to find it."""

    link: str = field(repr=False)  # may hold a live signature
    undone: tuple[Undone, ...] = ()


def mend(text: str) -> Mended | None:
    """Return the first link in a text as it was probably meant; None where there is none.

    1. Leave out what is invisible; undo the escapes of a mail's source or of JSON.
    2. Find the start; of a pair of quotes or brackets around the link take what is inside.
    3. Join the pieces of a broken link: as many as make the signature whole, else those that look like a query.
    4. Undo ``hxxps``, an encoding of the whole link, and the address of a mail filter around it.
    5. Undo ``&amp;`` and percent signs that were encoded again; take off what stands behind the signature.

    >>> found = mend("See (https://h.test/b/a.pdf?x=1&amp;amp;y=2).")
    >>> found.link, [each.value for each in found.undone]
    ('https://h.test/b/a.pdf?x=1&y=2', ['around', 'surrounded', 'ampersands'])
    >>> mend("hxxps://h[.]test/a.pdf,").link
    'https://h.test/a.pdf'
    """
    return _mend(text, depth=0)


def _mend(text: str, *, depth: int) -> Mended | None:
    undone: list[Undone] = []
    shown = _escapes(text[: 2 * MAX_LINK], undone)
    start = _START.search(shown) or _ANY_START.search(shown)
    if start is None:
        return None
    before, rest = shown[: start.start()], shown[start.start() : start.start() + MAX_LINK]
    joined = wrapped.join(_inside(before, rest, undone), longest=MAX_LINK)
    undone += [Undone.WRAPPED] * joined.is_wrapped + [Undone.AROUND] * joined.has_more
    link = _plain(joined.link, undone)
    carried = _carried(link) if depth < _MAX_WRAPPERS else None
    if carried and (inner := _mend(carried, depth=depth + 1)):
        return Mended(inner.link, tuple(dict.fromkeys([*undone, Undone.WRAPPER, *inner.undone])))
    return Mended(_end(_query(link, undone), undone), tuple(dict.fromkeys(undone)))


def starts(text: str) -> Iterator[int]:
    """Yield where links begin, without those inside another link."""
    return (found.start() for found in _START.finditer(text))


def _escapes(text: str, undone: list[Undone]) -> str:
    if not text.isascii():
        seen = "".join(each for each in text if unicodedata.category(each) != "Cf")
        if seen != text:
            undone.append(Undone.INVISIBLE)
            text = seen
    if _QUOTED_PRINTABLE.search(text):
        undone.append(Undone.QUOTED_PRINTABLE)
        text = re.sub(r"=([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), re.sub(r"=\r?\n", "", text))
    if _ANY_START.search(text) and _JSON.search(text):
        undone.append(Undone.JSON_ESCAPED)
        text = _JSON.sub(lambda found: found[2] or chr(int(found[1], 16)), text)
    return text


def _inside(before: str, rest: str, undone: list[Undone]) -> str:
    opener = before[-1:]
    closer = _CLOSERS.get(opener)
    end = _closing(rest, opener, closer) if closer else -1
    if end < 0:
        if before.strip():
            undone.append(Undone.AROUND)
        return rest
    is_markdown = before.endswith("](") or (opener == "[" and rest.startswith("](", end))
    if (before[:-1].strip() or rest[end + 1 :].strip()) and not is_markdown:
        undone.append(Undone.AROUND)
    undone.append(Undone.MARKDOWN if is_markdown else Undone.SURROUNDED)
    return rest[:end]


def _closing(text: str, opener: str, closer: str) -> int:
    depth = 1
    for at, sign in enumerate(text):
        if sign == closer:
            depth -= 1
            if not depth:
                return at
        elif sign == opener:
            depth += 1
    return -1


def _plain(link: str, undone: list[Undone]) -> str:
    if re.match("hxx", link, re.IGNORECASE) or "[.]" in link:
        undone.append(Undone.DEFANGED)
        link = re.sub("^hxx", "htt", link, flags=re.IGNORECASE).replace("[.]", ".")
    for _ in range(_MAX_ENCODINGS):
        if not re.match("https?%", link, re.IGNORECASE):
            break
        undone.append(Undone.ENCODED_WHOLE)
        link = unquote(link)
    if "?" not in link and (found := _LATE_QUESTION.search(link)):
        undone.append(Undone.ENCODED_WHOLE)
        for _ in range(found[0].count("25") + 1):
            link = link[: found.start()] + unquote(link[found.start() :])
    return link


def _carried(link: str) -> str | None:
    """Return the address that a known wrapper carries in its query."""
    parts = split(link)
    names = _carriers(parts.netloc, parts.path) if parts else ()
    if parts is None or not names:
        return None
    given = _pairs(_AMPERSAND.sub("&", parts.query))
    return next((value for name, value in given if name in names and _ANY_START.search(value)), None)


def _carriers(host: str, path: str) -> tuple[str, ...]:
    if host.endswith(".safelinks.protection.outlook.com"):
        return ("url",)
    if re.fullmatch(r"(?:www\.)?google\.[a-z.]{2,6}", host) and path == "/url":
        return ("q", "url")
    return ("u",) if host in {"l.facebook.com", "lm.facebook.com", "l.instagram.com", "l.wl.co"} else ()


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)


def _query(link: str, undone: list[Undone]) -> str:
    path, mark, query = link.partition("?")
    if mark and (plain := _AMPERSAND.sub("&", query)) != query:
        undone.append(Undone.AMPERSANDS)
        link = f"{path}?{plain}"
    if mark and _LATE_AMPERSAND.search(link):
        undone.append(Undone.ENCODED_WHOLE)
        link = _LATE_AMPERSAND.sub("&", link)
    if mark and (found := _ENTITY.search(link)):  # the > or " that stood behind it in HTML
        undone.append(Undone.TRAILING)
        link = link[: found.start()]
    for _ in range(_MAX_ENCODINGS):
        if not _RE_ENCODED.search(link):
            break
        undone.append(Undone.RE_ENCODED)
        link = link.replace("%25", "%")
    return link


def _end(link: str, undone: list[Undone]) -> str:
    link = link.partition("#")[0]  # never sent
    found = _END_V4.search(link) or ("X-Amz-" not in link and _END_V2.search(link)) or None
    if found:
        undone.append(Undone.TRAILING)
        return link[: found.end(1)]
    if re.search(r"[?&](?:X-Amz-)?Signature=[^&]*$", link) and not link.endswith(tuple(_TRAILING)):
        return link
    shorter = link.rstrip(_TRAILING)
    if shorter != link:
        undone.append(Undone.TRAILING)
    return shorter
