"""What one process works a run of "Check all files" with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from lib.audit_book import Runs, Worked
from lib.bucket_pages import BucketPages
from lib.kept_findings import Findings
from lib.keys import Rules
from lib.leftovers import Scratch
from lib.listing import ObjectLister
from lib.objects import ObjectStore
from lib.row_spool import RowReader, RowSpool
from lib.seen_rows import SeenRows
from lib.walking import Helpers

ROWS_OF_A_PROCESS = 50_000  # fewer are not worth the start of another one


@dataclass(frozen=True, slots=True)
class Shop:
    """What one process works a run with. ``folder`` is private, and this run's alone."""

    book: Worked
    runs: Runs
    findings: Findings
    rows: RowReader
    pages: BucketPages
    heads: Callable[[], ObjectStore]
    lister: Callable[[], ObjectLister]
    open_spool: Callable[[Path], RowSpool]
    open_scratch: Callable[[Path], Scratch]
    helpers: Helpers
    seen: Seen
    folder: Path
    rules: Rules
    owned: tuple[str, ...]
    ignored: tuple[str, ...]
    clock: Callable[[], datetime]
    cores: int = 1  # that this process may use
    share: int = ROWS_OF_A_PROCESS


class Seen(Protocol):
    """Which rows' files the last full run found."""

    def saw(self, run_id: int, record_id: int, key: bytes) -> bool:
        """Whether this run found a row of this number with a file at this key; False where nobody knows."""
        ...

    def keep(self, run_id: int, rows: SeenRows, *, lacking: Iterable[int], before: int | None) -> None:
        """Keep what a run found in place of the run before; a row that lacks its file stays seen where that run saw it.

        Raise OSError where the disk is full.
        """
        ...
