"""The one way that hostile text is made fit to be shown, on screen and in a terminal. Pure."""

from __future__ import annotations

import difflib
import re
import shlex
import unicodedata
from collections.abc import Iterator
from itertools import groupby

from lib import keys

MAX_SHOWN = 400  # characters of one value; more is cut and said
KEY_WIDTH = 54  # characters of a key in a table cell
MIN_EQUAL = 4  # characters between two differences that are shown as equal


def printable(text: str | None) -> str:
    """Return text that cannot hide anything: control, bidi and invisible characters become visible.

    >>> printable("a\\nb"), printable("x\\u202ey"), printable("  a\\u00a0b ")
    ('a␊b', 'x⟨U+202E⟩y', '  a⟨U+00A0⟩b ')
    >>> printable(None), len(printable("k" * 100_000)) < 500
    ('', True)
    """
    if text is None:
        return ""
    cut = text[:MAX_SHOWN]
    more = f" … ({len(text):,} characters)" if len(text) > MAX_SHOWN else ""
    return visible(cut) + more


def visible(text: str) -> str:
    """Return all of a text with what could hide something made visible, for what must not be cut.

    >>> visible("a\\x1b[2J"), len(visible("k" * 100_000))
    ('a␛[2J', 100000)
    """
    return "".join(_glyph(character) for character in text)


def _glyph(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if character == " " or unicodedata.category(character)[0] not in "CZ":
        return character
    return f"⟨U+{code:04X}⟩"


def literal(text: str) -> str:
    """Return a sentence of ours for a place that reads Markdown, where ``&amp;`` or ``[text](link)`` is what it says.

    >>> print(literal("it wrote &amp; and [text](link)"))
    it wrote \\&amp; and \\[text\\](link)
    """
    return re.sub(r"([\\`*_\[\]<>&$~])", r"\\\1", text)


def shell_word(text: str) -> str:
    r"""Return text as one word of a shell's command line, with nothing hidden in it (bash, zsh).

    >>> print(shell_word("a b.pdf"), shell_word("x\u202ey'.pdf"))
    'a b.pdf' $'x\u202ey\'.pdf'
    """
    if printable(text[:MAX_SHOWN]) == text[:MAX_SHOWN]:
        return shlex.quote(text)
    return "$'" + "".join(_escaped(character) for character in text) + "'"


def _escaped(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    return (
        character
        if _glyph(character) == character
        else f"\\U{ord(character):08x}"
        if ord(character) > 0xFFFF
        else f"\\u{ord(character):04x}"
    )


def short_key(text: str, *, width: int = KEY_WIDTH) -> str:
    """Return a key that fits a cell, cut in the middle: the folder and the end stay.

    >>> short_key("prescriptions/pdfs/CON153/0123456789abcdef0123456789abcdef.pdf")
    'prescriptions/pdfs/CON153/0…9abcdef0123456789abcdef.pdf'
    """
    shown = printable(text)
    return shown if len(shown) <= width else f"{shown[: width // 2]}…{shown[-(width // 2) :]}"


def marked_key(stored: str, resolved: str) -> str:
    """Return the resolved key with the part that the resolver added in brackets, in a few more letters than the stored.

    >>> marked_key("prescriptions/a.pdf", "loc/prescriptions/a.pdf")
    '[loc/]prescriptions/a.pdf'
    """
    added, rest = keys.changed(stored, resolved)
    return f"[{printable(added)}]{short_key(rest, width=max(KEY_WIDTH - len(added), 20))}" if added else short_key(rest)


def phone_end(phone: str) -> str:
    """Return the last four digits, which is all that a list shows.

    >>> phone_end("+919876543210")
    '…3210'
    """
    return f"…{phone[-4:]}" if phone[-1:].isdigit() else phone  # a masked one as it is


def key_lines(found: keys.Resolution) -> str:
    """Return stored, resolved and written key below each other, with what was added in brackets.

    >>> print(key_lines(keys.Resolution("a.pdf", "loc/a.pdf", "loc/a.pdf", True, None)))
    stored    a.pdf
    resolved  [loc/]a.pdf
    written   loc/a.pdf
    """
    added, rest = keys.changed(found.stored, found.resolved)
    resolved = f"[{printable(added)}]{printable(rest)}" if added else printable(rest)
    written = "(the storage refuses this name)" if found.written is None else printable(found.written)
    return f"stored    {printable(found.stored)}\nresolved  {resolved}\nwritten   {written}"


def difference(stored: str, other: str) -> tuple[str, str]:
    """Return two keys with what only one of them has in brackets.

    Letters that both happen to have between two differences count as different: ``[media]`` reads better than
    ``[m]edi[a]``.

    >>> difference("media/a b.pdf\\n", "edrcontainer1/a b.pdf")
    ('[media]/a b.pdf[␊]', '[edrcontainer1]/a b.pdf')
    """
    left, right = stored[:MAX_SHOWN], other[:MAX_SHOWN]
    parts: tuple[list[str], list[str]] = ([], [])
    for is_equal, i, j, m, n in _changes(left, right):
        for side, part in zip(parts, (left[i:j], right[m:n]), strict=True):
            if part:
                side.append(visible(part) if is_equal else f"[{visible(part)}]")
    return "".join(parts[0]), "".join(parts[1])


def _changes(left: str, right: str) -> Iterator[tuple[bool, int, int, int, int]]:
    """Yield what is equal and what is not, in order; what is equal by chance belongs to the change around it."""
    found = difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    is_same = [
        kind == "equal" and (number in {0, len(found) - 1} or j - i >= MIN_EQUAL)
        for number, (kind, i, j, _m, _n) in enumerate(found)
    ]
    for is_equal, group in groupby(zip(is_same, found, strict=True), key=lambda each: each[0]):
        opcodes = [opcode for _, opcode in group]
        (_, i, _, m, _), (_, _, j, _, n) = opcodes[0], opcodes[-1]
        yield is_equal, i, j, m, n
