"""The findings that runs keep: chosen, grouped, compared and counted for pictures, and the ports that read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from lib.access import Scope
from lib.catalogue import Code, Severity
from lib.diagnosis import State
from lib.findings import WORST_FIRST, Finding, Kind

FACTS = ("creator", "is_mobile", "clinic_id", "month")  # what findings of one cause may have in common


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which findings of a run. Everything that is None is not asked for."""

    code: Code | None = None
    has_code: bool | None = None  # False: those without a code
    kind: Kind | None = None
    severity: Severity | None = None
    state: State | None = None
    text: str = ""  # a part of a stored, resolved or object key, whatever the case of A to Z; or a record's number


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one kind and cause, ``severity`` the worst of them. Instants are of the rows.

    A cause that is gone altogether has ``count`` 0, and severity and instants of the run it was in. Compared with another
    run, ``new`` and ``still`` are less than ``count`` where that run did not look.
    """

    kind: Kind
    code: Code | None
    severity: Severity
    count: int
    first_bad: datetime | None
    last_bad: datetime | None
    new: int = 0  # not in the run that it is compared with
    still: int = 0  # in both
    gone: int = 0  # in that run, and no more in this, which looked there

    @property
    def order(self) -> tuple[int, int, int, Kind, str]:
        """What sorts groups: the worst severity first, then the most."""
        return WORST_FIRST.index(self.severity), -self.count, -self.gone, self.kind, self.code or ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many findings of a cause share a value of one fact, for values that at least half of them have."""

    code: Code | None
    kind: Kind
    fact: str  # one of FACTS
    value: str  # "true" and "false" for is_mobile, "2026-10" for a month in UTC
    count: int


class Side(StrEnum):
    """Where a difference of two runs is."""

    ADDED = "added"  # in the second run only
    REMOVED = "removed"  # in the first run only


@dataclass(frozen=True, slots=True)
class Difference:
    """A finding that only one of two runs has. ``number`` is its number in that run."""

    side: Side
    number: int
    finding: Finding


class Findings(Protocol):
    """The findings of runs. ``scope`` narrows to clinics in the query. Raises LedgerUnavailable.

    A scope with clinics sees no finding without a clinic, such as one about an object alone. Findings of two runs are
    the same where their ``subject`` is, whatever their cause. What only one of two runs looked at (``audit_reach``) is
    neither new nor gone; PUBLICLY_READABLE is compared only where both runs asked for as many files.
    """

    def page(
        self, run_id: int, chosen: Chosen, *, scope: Scope, limit: int, after: int = 0
    ) -> Sequence[tuple[int, Finding]]:
        """Return findings with their numbers, ascending, those above a number."""
        ...

    def groups(self, run_id: int, *, scope: Scope, than: int | None = None) -> Sequence[Group]:
        """Return the findings by kind and code, compared with another run; the worst severity first, then the most."""
        ...

    def tallies(self, run_id: int, *, scope: Scope) -> Sequence[Tally]:
        """Return, for each cause and fact, the values that at least half of its findings have."""
        ...

    def records_in(self, run_id: int, state: State, *, scope: Scope, limit: int) -> Sequence[int]:
        """Return the numbers of the records in a state, the highest first; each record is in its worst state only."""
        ...

    def states(self, run_id: int, *, scope: Scope) -> Mapping[State, int]:
        """Return how many records are in each state that is not FOUND, each record in its worst state."""
        ...

    def attention(self, run_id: int, *, scope: Scope) -> int:
        """Return how many records have a finding that needs attention."""
        ...

    def difference(
        self, first: int, second: int, *, scope: Scope, limit: int, after: Difference | None = None
    ) -> Sequence[Difference]:
        """Return what only one of two runs found and both looked for: as many as are new and gone by ``groups``.

        The added first, each by number; go on after the last one of a page.
        """
        ...


@dataclass(frozen=True, slots=True)
class Month:
    """How many findings of a cause are of PDFs that were generated in a month: "2026-10" in UTC, "" where nobody knows."""

    month: str
    kind: Kind
    code: Code | None
    count: int


@dataclass(frozen=True, slots=True)
class Flow:
    """How many rows that do not open point below ``points``, and have their file below ``lies``; None: nowhere."""

    points: str
    lies: str | None
    count: int

    @property
    def order(self) -> tuple[int, str, bool, str]:
        """What sorts flows: the most first."""
        return -self.count, self.points, self.lies is not None, self.lies or ""


class Pictures(Protocol):
    """The findings of a run, counted for pictures. ``scope`` narrows to clinics in the query. Raises LedgerUnavailable."""

    def months(self, run_id: int, *, scope: Scope) -> Sequence[Month]:
        """Return the findings with a record by month and cause, by month."""
        ...

    def flows(self, run_id: int, *, scope: Scope, limit: int) -> Sequence[Flow]:
        """Return from where to where the rows without an object flow, by their keys' first two folders; the most first."""
        ...

    def right_files(self, run_id: int, *, scope: Scope) -> Mapping[Code | None, int]:
        """Return, by code, how many of the objects that no row means are the right file of a row that means another."""
        ...


def folders(key: str) -> str:
    """Return the first two folders of a key.

    >>> folders("loc/prescriptions/pdfs/a.pdf"), folders("a.pdf"), folders("loc/a.pdf"), folders("/a/b.pdf")
    ('loc/prescriptions/', '', 'loc/', '/a/')
    """
    parts = key.split("/")[:-1]
    return "".join(f"{part}/" for part in parts[:2])
