"""Which rows' files the last full run found, in a private file: 4 bytes a row, no key and no name in it.

For each record number the CRC-32 of the key that it resolved to then; 0 where it had no file. A row that points
elsewhere since then, or is new, is not in it, so that nothing is said of it.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Container, Iterable
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from lib.row_lines import plain

_PAGE_BITS = 16  # of a record number: one page is 256 KiB
_MAX_PAGES = 256  # 64 MiB; of numbers that are spread wider nothing is kept
_MARK = b"seen1\0\0\0"


class SeenFile:
    """One bucket's file. Where it is not there, or is of another run, it has seen nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._run_id: int | None = None
        self._pages: dict[int, array[int]] = {}

    def saw(self, run_id: int, record_id: int, key: bytes) -> bool:
        """Whether this run found a row of this number with a file at this key. Reads the file once."""
        return self._has(run_id, record_id, crc32(key) or 1)

    def _has(self, run_id: int, record_id: int, number: int) -> bool:
        if self._run_id != run_id:
            self._run_id, self._pages = run_id, self._read(run_id)
        page = self._pages.get(record_id >> _PAGE_BITS)
        return page is not None and page[record_id & 0xFFFF] == number

    def keep(
        self, run_id: int, blocks: Iterable[list[bytes]], *, lacking: Container[int], before: int | None = None
    ) -> None:
        """Write what a run found in place of the file before: the rows of a spool.

        Of those that lack a file, those that were seen by the run ``before`` stay: deleted is what they stay.
        """
        pages: dict[int, array[int]] = {}
        for block in blocks:
            parted = [line.rsplit(b"\t", 3) for line in block]
            numbers = [int(fields[3]) for fields in parted]
            sums = [crc32(plain(fields[0])) or 1 for fields in parted]  # 0 is a row without a file
            for record_id, number in zip(numbers, sums, strict=True):
                if record_id in lacking and not (before is not None and self._has(before, record_id, number)):
                    continue
                page = pages.get(record_id >> _PAGE_BITS)
                if page is None:
                    if len(pages) == _MAX_PAGES:
                        self._path.unlink(missing_ok=True)
                        return
                    page = pages[record_id >> _PAGE_BITS] = array("I", bytes(4 << _PAGE_BITS))
                page[record_id & 0xFFFF] = number
        self._write(run_id, pages)

    def _write(self, run_id: int, pages: dict[int, array[int]]) -> None:
        new = self._path.with_name(f"{self._path.name}.new")
        with suppress(FileNotFoundError):
            new.unlink()
        with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(_MARK + run_id.to_bytes(8, "little"))
            for number, page in pages.items():
                file.write(number.to_bytes(8, "little", signed=True))
                page.tofile(file)
        new.replace(self._path)

    def _read(self, run_id: int) -> dict[int, array[int]]:
        pages: dict[int, array[int]] = {}
        try:
            with self._path.open("rb") as file:
                if file.read(16) != _MARK + run_id.to_bytes(8, "little"):
                    return {}
                while number := file.read(8):
                    page = array("I")
                    page.fromfile(file, 1 << _PAGE_BITS)
                    pages[int.from_bytes(number, "little", signed=True)] = page
        except (OSError, EOFError, ValueError):  # cut, or somebody else's
            return {}
        return pages
