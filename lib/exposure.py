"""Whether files open for anyone who knows their address: one answer, a sample of them, and the last sample. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock

FRESH = timedelta(hours=1)  # so old a sample may be before another is taken unasked
AGAIN = timedelta(minutes=1)  # and before another is taken for who asks
UNASKED = "unasked"  # the name of a count beside those of the answers: files that nobody was sent to


class Exposure(StrEnum):
    """What a stranger who knows the plain address gets."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"  # no certain answer; never called closed


def exposure(is_public: bool | None) -> Exposure:
    """Return the word for an answer.

    >>> exposure(None)
    <Exposure.UNKNOWN: 'unknown'>
    """
    if is_public is None:
        return Exposure.UNKNOWN
    return Exposure.OPEN if is_public else Exposure.CLOSED


@dataclass(frozen=True, slots=True)
class Sample:
    """What strangers got for some files, drawn by chance. Its size is ``asked``."""

    at: datetime
    open: int
    closed: int
    unknown: int

    @property
    def asked(self) -> int:
        """How many files were asked for."""
        return self.open + self.closed + self.unknown


def count(answers: Iterable[Exposure], *, at: datetime) -> Sample:
    """Return the sample of these answers."""
    listed = list(answers)
    return Sample(at, listed.count(Exposure.OPEN), listed.count(Exposure.CLOSED), listed.count(Exposure.UNKNOWN))


def is_unanswered(counts: Mapping[str, int], *, is_all: bool) -> bool:
    """Whether it was not found out who can read the files, by how many were open, closed, unknown and unasked.

    Of all files each has to give an answer. Of a sample one that opens is enough, or half that do not.

    >>> is_unanswered({"open": 0, "closed": 25, "unknown": 25}, is_all=False)
    False
    >>> is_unanswered({"open": 0, "closed": 24, "unknown": 26}, is_all=False)
    True
    >>> is_unanswered({"open": 3, "closed": 355, "unknown": 0, "unasked": 1}, is_all=True)
    True
    """
    unknown = counts[Exposure.UNKNOWN] + counts.get(UNASKED, 0)
    return unknown > 0 if is_all else not counts[Exposure.OPEN] and counts[Exposure.CLOSED] < unknown


class Samples:
    """The last sample of one process, for each set of clinics. Thread-safe.

    ``begin`` gives the right to take one: to one caller at a time, and not within FRESH of the last.
    """

    def __init__(self) -> None:
        self._kept: dict[frozenset[str] | None, Sample] = {}
        self._begun: dict[frozenset[str] | None, datetime] = {}
        self._lock = Lock()

    def last(self, clinics: frozenset[str] | None) -> Sample | None:
        """Return the last one, however old, or None."""
        with self._lock:
            return self._kept.get(clinics)

    def begin(self, clinics: frozenset[str] | None, *, now: datetime, again: bool = False) -> bool:
        """Whether to take one now; ``again`` is for who asked for it."""
        with self._lock:
            begun = self._begun.get(clinics)
            if begun is not None and timedelta(0) <= now - begun < (AGAIN if again else FRESH):
                return False
            self._begun[clinics] = now
            return True

    def end(self, clinics: frozenset[str] | None, sample: Sample | None) -> None:
        """Keep a sample; with None, which is one that failed, another may begin at once."""
        with self._lock:
            if sample is None:
                self._begun.pop(clinics, None)
            else:
                self._kept[clinics] = sample
