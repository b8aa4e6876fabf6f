"""The objects below an owned prefix that no row means: whose they are, and whose bytes they hold a second time."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import unquote

from lib import audit_findings, background, diagnosis, leftovers
from lib.audit_confirm import Asking
from lib.audit_terms import Terms, text
from lib.findings import Finding
from lib.inventory import form
from lib.leftovers import BLOCK, Scratch
from lib.reconcile import ObjectAlone
from lib.row_spool import Detail, RowReader

FRESH = timedelta(seconds=2)  # an answer that is older is asked for again: a row may have been mended meanwhile


@dataclass(frozen=True, slots=True)
class _Asked:
    """Some that are ours and old enough, the plainer ways to write their keys, and which of all these a row means."""

    ours: list[tuple[ObjectAlone, datetime]]
    plain: dict[str, tuple[str, ...]]
    names: list[str]
    meant: Future[Mapping[str, Sequence[int]]]
    asked_at: datetime


def found(left: Scratch, rows: RowReader, asking: Asking, terms: Terms) -> Iterator[Finding]:
    """Yield those that are old enough, and that no row means by now either, in the order of their keys.

    What the database is asked of the first of them, all of its rows perhaps, is under way when this returns; and of
    those that follow, while the ones before them are judged.
    """
    asked = _asked(left, rows, asking, terms)
    return _judged(next(asked, None), asked, left, rows, asking)


def _asked(left: Scratch, rows: RowReader, asking: Asking, terms: Terms) -> Iterator[_Asked]:
    for block in leftovers.blocks(left, ObjectAlone):
        asking.told(0)
        ours = [
            (each, modified)
            for each, modified in block
            if modified is not None and not terms.is_young(modified) and terms.is_ours(text(each.key))
        ]
        if ours:
            names = [text(each.key) for each, _ in ours]
            plain = {name: other for name in names if (other := plainer(name))}
            names += (each for found in plain.values() for each in found)
            # In the background, so that a run that is cancelled waits for no answer.
            meant = background.begun(partial(rows.resolving_to, names), name="lone")
            yield _Asked(ours, plain, names, meant, asking.clock())


def _judged(
    some: _Asked | None, others: Iterator[_Asked], left: Scratch, rows: RowReader, asking: Asking
) -> Iterator[Finding]:
    while some is not None:
        meant, plain, following = some.meant.result(), some.plain, next(others, None)
        if asking.clock() - some.asked_at > FRESH:
            meant = rows.resolving_to(some.names)
        names = [text(each.key) for each, _ in some.ours]
        twins, claims = left.twins(names), left.claims(names)
        there = _with_object(left, rows, sorted({number for name in plain for number in _of(meant, plain[name])}))
        for each, modified in some.ours:
            name = text(each.key)
            if name not in meant:
                near = next(
                    (other for other in plain.get(name, ()) if _is_copy(each, meant.get(other, ()), there)), None
                )
                is_near = near is not None or name in twins
                yield audit_findings.of_lone(each, modified, is_near=is_near, right_of=claims.get(name), near=near)
        some = following


def _with_object(left: Scratch, rows: RowReader, numbers: Sequence[int]) -> dict[int, Detail]:
    """Return those of some rows that have their object."""
    there: dict[int, Detail] = {}
    for first in range(0, len(numbers), BLOCK):
        block = numbers[first : first + BLOCK]
        alone = left.alone(block)
        there |= rows.details([each for each in block if each not in alone])
    return there


def _of(meant: Mapping[str, Sequence[int]], names: Sequence[str]) -> Iterator[int]:
    for name in names:
        yield from meant.get(name, ())


def _is_copy(left: ObjectAlone, numbers: Sequence[int], there: Mapping[int, Detail]) -> bool:
    """Whether an object holds the bytes of one of these rows, which have theirs: a second copy of them."""
    etag = diagnosis.md5_of(left.etag)
    return any(etag is not None and diagnosis.md5_of(there[each].checksum) == etag for each in numbers if each in there)


def plainer(key: str) -> tuple[str, ...]:
    """Return how a key may be written more plainly, nothing for one that is plain.

    >>> plainer("a/CON153/b.pdf"), plainer("a//my%20rx.pdf ")
    ((), ('a//my rx.pdf ', 'a//my%20rx.pdf', 'a/my rx.pdf', 'a/my%20rx.pdf ', 'a/myrx.pdf'))
    """
    if not re.search(r"[^\w./-]|//|/\./|^/", key, re.ASCII):
        return ()
    read = html.unescape(unquote(key))
    tidy = re.sub(r"/(?:\./)*/*", "/", read.replace("\\", "/")).strip("/ \t\r\n")
    bare = "".join(sign for sign in unicodedata.normalize("NFKC", tidy) if unicodedata.category(sign)[0] not in "CZ")
    found = (
        unquote(key),
        key.strip(),
        re.sub("/+", "/", key).lstrip("/"),
        unicodedata.normalize("NFC", key),
        unicodedata.normalize("NFD", key),
        tidy,
        bare.replace("+", ""),
        key.replace("+", " "),
    )
    return tuple(sorted({each for each in found if each and each != key and form(each) == form(key)}))
