"""A run of "Check all files": what it is, how far it got, and the ports of the book in which every run is kept.

A run is worked by one process that holds its lease: it says so every BEAT, and whoever finds a lease that is older
than LEASE may take the run over. Each taking over raises the fence; what a worker writes under an older fence is refused
(LeaseLost), so that a process that was only asleep cannot write beside its successor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from lib.access import Scope
from lib.catalogue import Code, Severity
from lib.diagnosis import State
from lib.findings import WORST_FIRST, Finding, Kind

BEAT = timedelta(seconds=1)
LEASE = timedelta(seconds=15)
GRACE = timedelta(minutes=15)  # what is younger may be on its way: no finding
RANGES = 16
STALE = timedelta(days=1)  # a verdict that is older is called old
BATCH = 1000  # findings of one commit, so that the trail never waits
FACTS = ("creator", "is_mobile", "clinic_id", "month")  # what findings of one cause may have in common


class Status(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"  # ended, and some of the bucket was not listed
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # its worker is gone


RESUMABLE = frozenset({Status.INTERRUPTED, Status.CANCELLED, Status.INCOMPLETE, Status.FAILED})


class Phase(StrEnum):
    """What a run is doing."""

    ROWS = "rows"
    LISTING = "listing"
    CONFIRMING = "confirming"
    DIAGNOSING = "diagnosing"
    EXPOSURE = "exposure"
    STORING = "storing"


class Exposure(StrEnum):
    """How many files are asked for as a stranger."""

    NONE = "none"
    SAMPLE = "sample"
    FULL = "full"


class Fault(StrEnum):
    """Why a run is incomplete or failed, where no store's own fault says it."""

    OUT_OF_ORDER = "out_of_order"  # the listing does not ascend
    SPOOL_LOST = "spool_lost"  # the private file of a run that is resumed is not there, or not as it was written
    DISK_FULL = "disk_full"
    NO_FOLDER = "no_folder"  # the private folder of runs cannot be made, or written into
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for. A run with a ``prefix`` is never a full verdict."""

    prefix: str = ""
    grace: timedelta = GRACE
    exposure: Exposure = Exposure.SAMPLE
    ranges: int = RANGES


@dataclass(frozen=True, slots=True)
class Range:
    """Keys above ``after`` and not above ``until`` (None: to the end), as plain bytes in hex in the book.

    ``rows`` and ``objects`` are what it held once it is done.
    """

    number: int
    after: bytes
    until: bytes | None
    is_done: bool = False
    rows: int = 0
    objects: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run got."""

    phase: Phase = Phase.ROWS
    records: int = 0  # rows in the snapshot
    rows: int = 0  # of them, matched
    objects: int = 0
    requests: int = 0
    ranges_done: int = 0
    ranges: int = 0
    findings: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to. ``reason`` is a ``Fault``, ``Doubt`` or ``DatabaseFault`` by name."""

    status: Status
    reason: str | None = None
    kinds: Mapping[Kind, int] = field(default_factory=dict)
    causes: Mapping[Code, int] = field(default_factory=dict)
    attention: int = 0  # records with a finding that needs attention
    states: Mapping[State, int] = field(default_factory=dict)  # records in a state that is not FOUND
    listed_until: str | None = None  # below this key nothing was left out; None: everything was listed
    unlisted: tuple[tuple[str, str | None], ...] = ()
    strangers: Mapping[str, int] = field(default_factory=dict)  # of a sample: open, closed, unknown
    cut: Mapping[Kind, int] = field(default_factory=dict)  # how many may be, where not all of them were looked at


@dataclass(frozen=True, slots=True)
class Run:
    """One run as the book has it. ``target`` is of one bucket and one database (``target``), and says nothing about them.

    An interrupted run ended when its worker was last heard of.
    """

    run_id: int
    target: str
    options: Options
    started_by: str
    started_at: datetime
    status: Status
    progress: Progress
    fence: int
    ended_at: datetime | None = None
    snapshot_at: datetime | None = None
    is_cancelling: bool = False
    seconds: float = 0.0  # worked, over all its workers
    result: Result | None = None
    resumed_by: str | None = None  # who took it over last
    resumed_at: datetime | None = None

    @property
    def is_full(self) -> bool:
        """Whether it is a verdict on all files: complete, and not of one prefix."""
        return self.status is Status.COMPLETE and not self.options.prefix

    @property
    def is_resumable(self) -> bool:
        """Whether it can go on from its last finished range."""
        return self.status in RESUMABLE


def target(bucket: str, database: str) -> str:
    """Return what tells the runs of a bucket and a database from others: no verdict is about another database's rows.

    >>> target("b1", "d1"), bucket_of(target("b1", "d1"))
    ('b1.d1', 'b1')
    """
    return f"{bucket}.{database}"


def bucket_of(target: str) -> str:
    """Return of which bucket a target is: of it one run is under way at a time, whichever database it is about."""
    return target.partition(".")[0]


class Busy(Exception):
    """Another run of this bucket is under way; ``is_elsewhere``: about another database, so that nobody sees it here."""

    def __init__(self, run_id: int, *, is_elsewhere: bool = False) -> None:
        super().__init__(str(run_id))
        self.run_id = run_id
        self.is_elsewhere = is_elsewhere


class LeaseLost(Exception):
    """Another process works this run now, or it was ended: stop without a further word."""


class Worked(Protocol):
    """The book, as the one process that works a run writes into it. Raises LedgerUnavailable, and LeaseLost.

    ``run`` is what ``begin`` or ``take_over`` returned, ``worked`` how long this process has worked since then.
    """

    def beat(self, run: Run, progress: Progress, *, worked: timedelta) -> bool:
        """Renew the lease and write down how far it is; return whether somebody asked to cancel it."""
        ...

    def cut(self, run: Run, ranges: Sequence[Range], *, snapshot_at: datetime) -> None:
        """Write down the ranges in place of those before, and which of them are done."""
        ...

    def ranges(self, run: Run) -> Sequence[Range]:
        """Return the ranges by number; () before they were cut."""
        ...

    def finish(self, run: Run, done: Range) -> None:
        """Write down that a range is done. Durable when it returns. Raise LookupError for one that was not cut."""
        ...

    def keep(self, run: Run, findings: Sequence[Finding]) -> None:
        """Add findings, BATCH of them a commit."""
        ...

    def forget(self, run: Run) -> None:
        """Take this run's findings away, a batch a commit: they are made again."""
        ...

    def end(self, run: Run, result: Result, *, progress: Progress, at: datetime, worked: timedelta) -> Run:
        """Write down what it came to, and give the lease back."""
        ...


class Runs(Protocol):
    """The book of runs, as whoever starts and reads them sees it. Raises LedgerUnavailable.

    A RUNNING run whose lease is older than LEASE reads as INTERRUPTED.
    """

    def begin(self, target: str, options: Options, *, by: str, at: datetime) -> Run:
        """Add a run and hold its lease; raise Busy while another of this bucket holds one."""
        ...

    def take_over(self, run_id: int, *, by: str, at: datetime) -> Run:
        """Hold the lease of a run that is resumable, with a new fence; raise Busy, LookupError where it is not.

        Ranges and findings stay; that somebody asked to cancel it, and what it came to, are forgotten.
        """
        ...

    def cancel(self, run_id: int) -> None:
        """Ask the worker to stop. Nothing happens to a run that is not running."""
        ...

    def run(self, run_id: int) -> Run | None:
        """Return one run."""
        ...

    def newest(self, target: str, *, limit: int = 50) -> Sequence[Run]:
        """Return the runs of a target, the newest first."""
        ...

    def last_full(self, target: str, *, before: int | None = None) -> Run | None:
        """Return the newest run that is a verdict on all files, below a run's number."""
        ...


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

    A cause that is gone altogether has ``count`` 0, and severity and instants of the run it was in.
    """

    kind: Kind
    code: Code | None
    severity: Severity
    count: int
    first_bad: datetime | None
    last_bad: datetime | None
    new: int = 0  # not in the run that it is compared with
    gone: int = 0  # in that run, and no more in this

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


def comparable(groups: Sequence[Group], first: Run, second: Run) -> Sequence[Group]:
    """Return groups without what only one of two runs looked for: whether files open for anyone."""
    if first.options.exposure is second.options.exposure:
        return groups
    found = [replace(each, new=0, gone=0) if each.kind is Kind.PUBLICLY_READABLE else each for each in groups]
    return [each for each in found if each.count or each.gone]


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
    the same where their ``subject`` is, whatever their cause.
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
        """Return what only one of two runs found: the added first, each by number; go on after the last one of a page."""
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


def folders(key: str) -> str:
    """Return the first two folders of a key.

    >>> folders("loc/prescriptions/pdfs/a.pdf"), folders("a.pdf"), folders("loc/a.pdf"), folders("/a/b.pdf")
    ('loc/prescriptions/', '', 'loc/', '/a/')
    """
    parts = key.split("/")[:-1]
    return "".join(f"{part}/" for part in parts[:2])


@dataclass(frozen=True, slots=True)
class Desk:
    """What a process needs to start runs of its bucket and database, and to read them.

    ``launch`` starts a worker of its own for a run.
    """

    runs: Runs
    findings: Findings
    target: str
    launch: Callable[[Run], None]
    pictures: Pictures | None = None  # None: nobody counts for pictures
