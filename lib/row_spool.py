"""All rows of one instant, sorted by the key that each resolves to: the ports of whoever reads and keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from lib.findings import NO_FACTS, Facts


@dataclass(frozen=True, slots=True)
class Detail:
    """What is asked of a row once something is wrong with it. It is what ``causes.Row`` asks for. No name, no phone."""

    record_id: int
    stored_key: str | None
    consultation_id: str | None
    size_bytes: int | None
    checksum: str
    prescription_id: int
    version: int
    is_current: bool
    facts: Facts = NO_FACTS
    has_pdf: bool = True


@dataclass(frozen=True, slots=True)
class Versions:
    """A prescription whose versions are not as they should be: ``current`` of ``rows`` are current, ``highest`` is the number."""

    prescription_id: int
    rows: int
    current: int
    highest: int
    newest_record_id: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What is wrong with rows alone. Each list is cut at its bound; ``cut`` says which were, with how many there were."""

    consultation_differs: Sequence[int] = ()  # record numbers whose key may name another consultation
    versions: Sequence[Versions] = ()
    resolvers_disagree: Sequence[int] = ()  # record numbers whose key may mean another to the storage
    cut: Mapping[str, int] = field(default_factory=dict)


class Checking(Protocol):
    """Checks that may still run while the bucket is listed."""

    def result(self) -> Checked:
        """Wait for them; raise DatabaseUnavailable."""
        ...

    def cancel(self) -> None:
        """Leave them, if they still run."""
        ...


@dataclass(frozen=True, slots=True)
class Settled:
    """Checks that have ended."""

    checked: Checked

    def result(self) -> Checked:
        """Return them."""
        return self.checked

    def cancel(self) -> None:
        """Nothing runs."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one instant's transactions read. The rows themselves are in the spool."""

    taken_at: datetime
    rows: int
    checks: Checking


class RowSpool(Protocol):
    """Sorted lines of rows (``lib.row_lines``) in a private file. Threads may read different ranges at once."""

    @property
    def rows(self) -> int:
        """How many lines it holds."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...

    def cuts(self, ranges: int) -> list[bytes]:
        """Return at most ``ranges`` - 1 keys that part the rows into ranges of about equal size, ascending."""
        ...

    def blocks(self, *, after: bytes = b"", until: bytes | None = None) -> Iterator[list[bytes]]:
        """Yield the lines whose keys are above ``after`` and not above ``until``, some thousand at a time, ascending.

        Without ``after`` from the very first, an empty key's too. A key may be no valid UTF-8, or hold a NUL (SQLite).
        Raise ValueError where the file is not sorted, or is not the one that was written.
        """
        ...


class RowReader(Protocol):
    """Reads the clinic's database for an audit. Raises DatabaseUnavailable."""

    def snapshot(self, path: str, *, prefix: str = "") -> Snapshot:
        """Write the rows whose resolved key begins with ``prefix`` to a new private file, sorted; close that transaction.

        The checks see the same rows, and may still run. Raise OSError where the disk is full.
        """
        ...

    def check(self, *, prefix: str = "") -> Checking:
        """Begin the checks alone, of this moment."""
        ...

    def details(self, record_ids: Sequence[int]) -> Mapping[int, Detail]:
        """Return the rows of these numbers as they are now; one that is gone is left out."""
        ...

    def resolving_to(self, keys: Sequence[str]) -> Mapping[str, Sequence[int]]:
        """Return which of these object keys a row resolves to now, with the numbers of those rows."""
        ...
