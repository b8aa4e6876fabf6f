"""Where a link ends that was broken into lines: which of the pieces behind its beginning belong to it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lib import signatures

MAX_PIECES = 64  # lines or words that one link may have been broken into

_PRINTABLE = re.compile(r"[!-~]+")
_COMPLETE_V4 = re.compile(r"X-Amz-Signature(?:=|%(?:25){0,4}3D)[0-9a-f]{64}(?![0-9a-f])")
_COMPLETE_V2 = re.compile(r"Expires(?:=|%(?:25){0,4}3D)[0-9]{10}")  # an instant from 2001 to 2286
_SIGNED_HEADERS = re.compile(r"X-Amz-SignedHeaders(?:=|%(?:25){0,4}3D)[^&]{0,200}?host(?![a-z])")
_ENDS_SIGNED = re.compile(r"X-Amz-Signature(?:=|%(?:25){0,4}3D)[0-9a-f]{64}[^&0-9a-f]*$|Expires(?:=|%3D)[0-9]{10}\W*$")
_CONTINUES = re.compile(r"[^=&%]*[=&%]|(?=[a-z]*[0-9])[0-9a-f]{6,}[.,;)\]>\"']{0,3}$")


@dataclass(frozen=True, slots=True)
class Joined:
    """A link in one piece, whether it had been broken, and whether other text stands behind it."""

    link: str = field(repr=False)  # may hold a live signature
    is_wrapped: bool
    has_more: bool


def join(text: str, *, longest: int) -> Joined:
    """Return the link at the start of a text, of all the pieces that belong to it.

    1. As many as make the signature whole, and the parameters behind it.
    2. Where none do, those that look like a part of a query; in a path, up to ``.pdf``.
    3. A space on the same line of a path belongs to the key.

    >>> join("https://h.test/b/loc/ab\\n12.pdf says it", longest=100)
    Joined(is_wrapped=True, has_more=True)
    """
    pieces = re.findall(r"(\s*)(\S+)", re.sub(r"\n[ \t]*>[> \t]*", "\n", text))[: MAX_PIECES + 1]
    link: str = pieces[0][1]
    more = pieces[1:]
    if is_whole(link):
        count = _with_tail(link, more, 0)
    elif count := _count_to_whole(link, more, longest=longest):
        count = _with_tail(link, more, count)
    else:
        count = _count_that_continue(link, more)
    is_wrapped = False
    for space, piece in more[:count]:
        is_space_of_key = space == " " and "?" not in link
        link += f"%20{piece}" if is_space_of_key else piece
        is_wrapped = is_wrapped or not is_space_of_key
    return Joined(link, is_wrapped, has_more=len(more) > count)


def _count_to_whole(link: str, more: list[tuple[str, str]], *, longest: int) -> int:
    for count, (_, piece) in enumerate(more, start=1):
        if not _PRINTABLE.fullmatch(piece):
            return 0
        link += piece
        if len(link) > longest:
            return 0
        # Only around the new piece: a long text is not searched again and again.
        if ("Signature" in link or "Expires" in link) and is_whole(link):
            return count
    return 0


def _with_tail(first: str, more: list[tuple[str, str]], count: int) -> int:
    """Return how many pieces a whole link has where parameters follow its signature: as Amazon's own SDKs order them.

    A line belongs to it that looks like a part of a query, or that follows a line as long as the first.
    """
    link = first + "".join(piece for _, piece in more[:count])
    if _ENDS_SIGNED.search(link):
        return count
    for space, piece in more[count:]:
        before = more[count - 1][1] if count else ""
        is_query = re.match("[^=&%]*[=&%]", piece) is not None
        if not _PRINTABLE.fullmatch(piece) or space.count("\n") > 1 or not (is_query or len(before) == len(first)):
            break
        count += 1
    return count


def _count_that_continue(link: str, more: list[tuple[str, str]]) -> int:
    if "?" in link:
        count = 0
        for _, piece in more:
            if not (_PRINTABLE.fullmatch(piece) and _CONTINUES.match(piece)):
                break
            count += 1
        return count
    if ".pdf" in link.lower():
        return 1 if more and more[0][1].startswith(("?", "&", "%3F")) else 0
    for count, (_, piece) in enumerate(more[:8], start=1):
        if not _PRINTABLE.fullmatch(piece):
            break
        if ".pdf" in piece.lower():
            return count + (_count_that_continue(link + piece, more[count:]) if count < len(more) else 0)
    return 0


def is_whole(link: str) -> bool:
    """Whether every parameter of a signature is there, and the signature in its full length."""
    if "X-Amz-" in link:
        is_signed = _COMPLETE_V4.search(link) and _SIGNED_HEADERS.search(link)
        return is_signed is not None and all(name in link for name in signatures.V4)
    return "AWSAccessKeyId" in link and "Signature" in link and _COMPLETE_V2.search(link) is not None
