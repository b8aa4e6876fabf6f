"""Which rows' files the last full run found (``lib.seen_rows``), in a private file.

A row that points elsewhere since then, or is new, is not in it, so that nothing is said of it. The file of the run
before stays beside it: a run that is killed before it is complete in the book is taken up again, and asks for that.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from lib.seen_rows import PAGE_BITS, SeenRows

_MARK = b"seen2\0\0\0"


class SeenFile:
    """One bucket's file. Where it is not there, or is of another run, it has seen nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._earlier = path.with_name(f"{path.name}.before")
        self._run_id: int | None = None
        self._rows = SeenRows()

    def saw(self, run_id: int, record_id: int, key: bytes) -> bool:
        """Whether this run found a row of this number with a file at this key. Reads the file once."""
        return self._of(run_id).has(record_id, crc32(key))

    def keep(self, run_id: int, rows: SeenRows, *, lacking: Iterable[int], before: int | None) -> None:
        """Write what a run found in place of the file before: ``rows`` but those that lack a file. Raise OSError.

        Of these, those that were seen by the run ``before`` stay: deleted is what they stay.
        """
        rows.drop(lacking, but=SeenRows() if before is None else self._of(before))
        new = self._path.with_name(f"{self._path.name}.new")
        with suppress(FileNotFoundError):
            new.unlink()
        with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(_mark(run_id))
            for number, page in rows.pages.items():
                file.write(number.to_bytes(8, "little", signed=True))
                page.tofile(file)
        if before is not None and _is_of(before, self._path):
            self._path.replace(self._earlier)
        new.replace(self._path)

    def _of(self, run_id: int) -> SeenRows:
        if self._run_id != run_id:
            self._run_id, self._rows = run_id, SeenRows(self._read(run_id))
        return self._rows

    def _read(self, run_id: int) -> dict[int, array[int]]:
        path = self._path if _is_of(run_id, self._path) else self._earlier
        pages: dict[int, array[int]] = {}
        try:
            with path.open("rb") as file:
                if file.read(len(_mark(run_id))) != _mark(run_id):
                    return {}
                while number := file.read(8):
                    page = array("I")
                    page.fromfile(file, 1 << PAGE_BITS)
                    pages[int.from_bytes(number, "little", signed=True)] = page
        except (OSError, EOFError, ValueError):  # cut, or somebody else's
            return {}
        return pages


def _mark(run_id: int) -> bytes:
    return _MARK + run_id.to_bytes(8, "little")


def _is_of(run_id: int, path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_mark(run_id))) == _mark(run_id)
    except OSError:
        return False
