"""A run of "Check all files": what was asked for, how far it got, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from lib import exposure
from lib.catalogue import Code
from lib.diagnosis import State
from lib.findings import Kind

GRACE = timedelta(minutes=15)  # what is younger may be on its way: no finding
RANGES = 16
STALE = timedelta(days=1)  # a verdict that is older is called old


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
    asked: int = 0  # files that a stranger was sent to, each counted once


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
    # Files of a sample, or all: open, closed, unknown, unasked.
    strangers: Mapping[str, int] = field(default_factory=dict)
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
    def is_comparable(self) -> bool:
        """Whether it found all that it should have where it looked: it came to its end, be it without a part of the files."""
        return self.result is not None and self.status in {Status.COMPLETE, Status.INCOMPLETE}

    @property
    def is_silent(self) -> bool:
        """Whether it was not found out who can read the files that were asked for: a finding of the whole bucket."""
        counts = self.result.strangers if self.result is not None else {}
        return bool(counts) and exposure.is_unanswered(counts, is_all=self.options.exposure is Exposure.FULL)

    @property
    def is_resumable(self) -> bool:
        """Whether it can go on from its last finished range."""
        return self.status in RESUMABLE

    @property
    def is_lost(self) -> bool:
        """Whether it ended because that could not be done: its private file was not there."""
        return self.result is not None and self.result.reason == Fault.SPOOL_LOST


def target(bucket: str, database: str) -> str:
    """Return what tells the runs of a bucket and a database from others: no verdict is about another database's rows.

    >>> target("b1", "d1"), bucket_of(target("b1", "d1"))
    ('b1.d1', 'b1')
    """
    return f"{bucket}.{database}"


def bucket_of(target: str) -> str:
    """Return of which bucket a target is: of it one run is under way at a time, whichever database it is about."""
    return target.partition(".")[0]
