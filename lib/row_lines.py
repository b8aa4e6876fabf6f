r"""Rows and objects as lines of bytes, ``key TAB md5 TAB size``: what compares a million of each in C. Pure.

A key is escaped as PostgreSQL's COPY does it, so that none holds a tab, a newline or a lone backslash, and a spool
can be written by the database itself. A row's line ends with a further tab and its number. md5 is lower case or
empty, size a positive number or empty: a row that does not know one never equals an object's line.
https://www.postgresql.org/docs/current/sql-copy.html ("Text Format")
"""

from __future__ import annotations

import re
from collections.abc import Iterable

Parted = tuple[bytes, bytes, bytes]

_ESCAPES = {
    b"\\": rb"\\",
    b"\b": rb"\b",
    b"\f": rb"\f",
    b"\n": rb"\n",
    b"\r": rb"\r",
    b"\t": rb"\t",
    b"\v": rb"\v",
}
_PLAIN = {escaped: sign for sign, escaped in _ESCAPES.items()}
_SPECIAL = re.compile(rb"[\\\x08\x0c\n\r\t\x0b]")
_ESCAPED = re.compile(rb"\\[\\bfnrtv]")


def escaped(key: bytes) -> bytes:
    r"""Return a key as it stands in a line.

    >>> escaped(b"a\tb\\c")
    b'a\\tb\\\\c'
    """
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], key)


def plain(key: bytes) -> bytes:
    r"""Return the key of an escaped one.

    >>> plain(escaped(b"a\n\\n")) == b"a\n\\n"
    True
    """
    return _ESCAPED.sub(lambda found: _PLAIN[found[0]], key) if b"\\" in key else key


def key_of(line: bytes) -> bytes:
    """Return the plain key of a line.

    >>> key_of(b"a/b.pdf\\tabc\\t12\\t7")
    b'a/b.pdf'
    """
    return plain(line.partition(b"\t")[0])


def parted(lines: Iterable[bytes]) -> list[Parted]:
    r"""Return rows' lines, each as what an object's line would be, the tab behind that, and the number.

    >>> parted([b"a/b.pdf\tabc\t12\t7"])
    [(b'a/b.pdf\tabc\t12', b'\t', b'7')]
    """
    return [line.rpartition(b"\t") for line in lines]
