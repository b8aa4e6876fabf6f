"""Stretches of keys: those above the first and not above the second; None is the end of all keys. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import AnyStr


def place(key: str | bytes) -> bytes:
    """Return what keys are ordered by: their bytes. Texts have another order where bytes are no UTF-8.

    >>> place("\\udcff") > place("\U0001f63f") > place("\\ud800")
    True
    """
    if isinstance(key, bytes):
        return key
    try:
        return key.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a row's: half a sign, which no object's key has
        return key.encode("utf-8", "surrogatepass")


def joined(stretches: Iterable[tuple[AnyStr, AnyStr | None]]) -> tuple[tuple[AnyStr, AnyStr | None], ...]:
    """Return them ascending, those that overlap or touch as one.

    >>> joined([(b"", b"b"), (b"a", b"c"), (b"d", None), (b"e", b"f")])
    ((b'', b'c'), (b'd', None))
    >>> joined([("b", "c"), ("a", "b"), ("d", None)])
    (('a', 'c'), ('d', None))
    """
    found: list[tuple[AnyStr, AnyStr | None]] = []
    for after, until in sorted(stretches, key=lambda each: place(each[0])):
        if not found or (found[-1][1] is not None and place(found[-1][1]) < place(after)):
            found.append((after, until))
            continue
        start, end = found.pop()
        found.append((start, None if end is None or until is None else max(end, until, key=place)))
    return tuple(found)
