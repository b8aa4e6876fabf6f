"""A RowSpool in one private file: a header that is written last, then sorted lines. Ranges are found by bisecting it.

The header is blank until everything behind it is written, so that what a kill or a full disk leaves is no spool. It
says how many lines and bytes follow, and holds a hash of pieces spread over them: enough to tell this file from a cut
or another one, at a cost that does not grow with the file. It is no protection against somebody who may write it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from operator import le
from pathlib import Path
from typing import BinaryIO, Self

from lib.keys import MAX_KEY_BYTES
from lib.row_lines import key_of

LINES_A_BLOCK = 500  # several thousand at once leave a core's cache before they are used
_BLOCK_BYTES = range(64 * 1024, 2 * 1024 * 1024)  # what is read at once, whatever the lines' length
_BUFFER_BYTES = 1024 * 1024
_PROBE_BYTES = 4096
_PIECES = 64
_TRIES = 100  # lines that are looked at for a key that may cut
_HEADER = re.compile(rb"prescription rows 1 (\d{20}) (\d{20}) ([0-9a-f]{32})\n")
_BLANK = b" " * (len(b"prescription rows 1 ") + 2 * 21 + 32) + b"\n"
# A backslash, or a sign below the tab that parts a line: lines may then sort otherwise than their keys.
_TURNING = tuple(bytes([sign]) for sign in (*range(8), ord("\\")))
_LOST = bytes(512)  # a sector that a power cut left empty; a key may hold some NULs (SQLite)


class RowFile:
    """A file that ``writing`` made. Any number of threads may read it; raises ValueError for a cut or foreign one."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb", buffering=0)  # noqa: SIM115
        try:
            found = _HEADER.fullmatch(os.pread(self._file.fileno(), len(_BLANK), 0))
            if found is None:
                raise ValueError("no finished spool of rows")
            self._rows, self._end = int(found[1]), len(_BLANK) + int(found[2])
            if os.fstat(self._file.fileno()).st_size != self._end or _token(self._file, self._end) != found[3]:
                raise ValueError("not the spool of rows that was written")
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. What is read afterwards raises ValueError."""
        self._file.close()

    @property
    def rows(self) -> int:
        """How many lines it holds."""
        return self._rows

    def cuts(self, ranges: int) -> list[bytes]:
        """Return keys at even distances in the file, ascending, each of which S3 takes as the start of a listing."""
        found: list[bytes] = []
        size = self._end - len(_BLANK)
        for number in range(1, ranges):
            key = self._cut_at(len(_BLANK) + size * number // ranges)
            if key is not None and key > (found[-1] if found else b""):
                found.append(key)
        return found

    def blocks(self, *, after: bytes = b"", until: bytes | None = None) -> Iterator[list[bytes]]:
        """Yield the lines of a range, about LINES_A_BLOCK at a time. Without ``after`` also those of an empty key."""
        at = self._first_above(after) if after else len(_BLANK)
        end = self._end if until is None else self._first_above(until)
        step = max(_BLOCK_BYTES[0], min(_BLOCK_BYTES[-1], LINES_A_BLOCK * self._end // max(1, self._rows)))
        last: bytes | None = None
        rest = b""
        while at < end:
            read = self._read(at, min(step, end - at))
            at += len(read)
            whole, newline, cut = read.rpartition(b"\n")
            if not newline:  # one line, longer than a step
                rest += read
                continue
            block, rest = rest + whole, cut
            lines = block.split(b"\n")
            first = key_of(lines[0])
            if (last is not None and first < last) or not _ascend(block, lines) or (b"\0" in block and _LOST in block):
                raise ValueError("the spool of rows is not sorted, or broken")
            last = key_of(lines[-1])
            yield lines
        if rest:
            raise ValueError("the spool of rows ends in the middle of a line")

    def _first_above(self, key: bytes) -> int:
        """Return where the first line begins whose key is above this one, or the end."""
        low, high = len(_BLANK), self._end
        while low < high:
            middle = (low + high) // 2
            start, line = self._line_from(middle)
            if line is None or key_of(line) > key:
                high = middle
            else:
                low = start + len(line) + 1
        return self._line_from(low)[0]

    def _line_from(self, at: int) -> tuple[int, bytes | None]:
        """Return the first line that begins at ``at`` or behind it, and where; None behind the last."""
        start = at if at <= len(_BLANK) else self._newline_from(at - 1) + 1
        if start >= self._end:
            return self._end, None
        return start, self._read(start, self._newline_from(start) - start)

    def _newline_from(self, at: int) -> int:
        while at < self._end:
            read = self._read(at, min(_PROBE_BYTES, self._end - at))
            found = read.find(b"\n")
            if found >= 0:
                return at + found
            at += len(read)
        raise ValueError("the spool of rows ends in the middle of a line")

    def _cut_at(self, at: int) -> bytes | None:
        for _ in range(_TRIES):
            start, line = self._line_from(at)
            if line is None:
                return None
            if _may_cut(key := key_of(line)):
                return key
            at = start + len(line) + 1
        return None

    def _read(self, at: int, size: int) -> bytes:
        """Read all of that, or raise ValueError where the file has become shorter."""
        found = os.pread(self._file.fileno(), size, at)
        if len(found) != size:
            raise ValueError("the spool of rows became shorter")
        return found


@contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[Spooling]:
    """Make the file, for this user alone; finish it at the end, or remove it where anything is raised.

    Raise OSError, FileExistsError among them.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        with open(descriptor, "w+b", buffering=_BUFFER_BYTES) as file:
            file.write(_BLANK)
            spooling = Spooling(file)
            yield spooling
            file.flush()
            end = os.fstat(file.fileno()).st_size
            header = b"prescription rows 1 %020d %020d %b\n" % (spooling.rows, end - len(_BLANK), _token(file, end))
            os.pwrite(file.fileno(), header, 0)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(path).unlink()
        raise


class Spooling:
    """A file that is being written. Whoever writes lines into ``file``, each with a newline, says how many in ``rows``."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.rows = 0

    def add(self, lines: list[bytes]) -> None:
        """Write some lines, without their newlines; raise OSError."""
        if lines:
            self.file.write(b"\n".join(lines) + b"\n")
            self.rows += len(lines)


def _token(file: BinaryIO, end: int) -> bytes:
    size = end - len(_BLANK)
    digest = hashlib.blake2b(b"%d" % size, digest_size=16)
    for number in range(_PIECES):
        digest.update(os.pread(file.fileno(), _PROBE_BYTES, len(_BLANK) + size * number // _PIECES))
    digest.update(os.pread(file.fileno(), _PROBE_BYTES, max(len(_BLANK), end - _PROBE_BYTES)))
    return digest.hexdigest().encode()


def _ascend(block: bytes, lines: list[bytes]) -> bool:
    """Whether no key is below the one before. Whole lines are compared where that says the same, all in C."""
    if not any(sign in block for sign in _TURNING) and all(map(le, lines, lines[1:])):
        return True
    keys = list(map(key_of, lines))
    return all(map(le, keys, keys[1:]))


def _may_cut(key: bytes) -> bool:
    if not 0 < len(key) <= MAX_KEY_BYTES or any(sign < 32 for sign in key):
        return False
    try:
        key.decode()
    except UnicodeDecodeError:
        return False
    return True
