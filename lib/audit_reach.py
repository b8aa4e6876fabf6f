"""What a run of "Check all files" looked at, and what two runs cannot be compared in. Pure.

What only one of two runs looked at is neither new nor gone: nobody knows how it was, or is, in the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lib import stretches
from lib.audits import Exposure, Run, Status
from lib.findings import Finding, Kind

Stretch = tuple[str, str | None]  # keys above the first and not above the second, None: to the end


class Unlike(StrEnum):
    """In what two runs looked at different things."""

    EXPOSURE = "exposure"  # at how many files a stranger was sent to, or of how many the later one knows the answer
    PREFIX = "prefix"
    UNLISTED = "unlisted"  # at least one of them did not list all that it should have


@dataclass(frozen=True, slots=True)
class Reach:
    """What a run looked at: the places that begin with ``prefix`` and lie in none of ``unlisted``.

    The place of a finding is its ``key``, else its ``resolved``. What has neither is of the whole bucket, and only a run
    with ``is_full`` looked at that. A run that is not ``is_complete`` did not look at a row either that it calls
    UNDETERMINED. Of one that is, a stretch ends before its last key: it is what its credentials may not list, all before
    the folder that they may, which itself was listed.
    """

    prefix: str = ""
    unlisted: tuple[Stretch, ...] = ()
    is_complete: bool = False
    exposure: Exposure = Exposure.NONE
    is_answered: bool = True  # it was found out who can read the files that were asked for
    is_full: bool = False

    def is_at(self, finding: Finding) -> bool:
        """Whether the run looked at the place of a finding; what it calls UNDETERMINED is for the caller to know."""
        place = finding.key if finding.key is not None else finding.resolved
        if place is None:
            return self.is_full
        return place.startswith(self.prefix) and not any(self._is_in(place, each) for each in self.unlisted)

    def has_asked_as(self, other: Reach, finding: Finding) -> bool:
        """Whether two runs asked alike for a finding: who may read the files is asked in several ways."""
        return self.exposure is other.exposure or not is_of_strangers(finding)

    def ends(self, finding: Finding) -> bool:
        """Whether it is gone when this later run has it no more: a file that gave a stranger no answer may open still."""
        return self.is_answered or finding.kind is not Kind.PUBLICLY_READABLE

    def _is_in(self, place: str, stretch: Stretch) -> bool:
        start, end, at = stretch[0], stretch[1], stretches.place(place)
        is_below = end is None or at < stretches.place(end) or (not self.is_complete and place == end)
        return is_below and (not start or stretches.place(start) < at)


def is_of_strangers(finding: Finding) -> bool:
    """Whether it says who can read the files, or, of the whole bucket, that this was not found out."""
    is_of_bucket = finding.record_id is None and finding.key is None and finding.resolved is None
    return finding.kind is Kind.PUBLICLY_READABLE or (finding.kind is Kind.UNDETERMINED and is_of_bucket)


NOWHERE = Reach(unlisted=(("", None),))


def of(run: Run | None) -> Reach:
    """Return what a run looked at: nowhere, where it is not at an end that says something."""
    if run is None or run.result is None or not run.is_comparable:
        return NOWHERE
    return Reach(
        run.options.prefix,
        stretches.joined(run.result.unlisted),
        is_complete=run.status is Status.COMPLETE,
        exposure=run.options.exposure,
        is_answered=not run.is_silent,
        is_full=run.is_full,
    )


def unlike(first: Run, second: Run) -> tuple[Unlike, ...]:
    """Return in what two runs are not compared."""
    of_first, of_second = of(first), of(second)
    is_incomplete = Status.INCOMPLETE in {first.status, second.status}
    differ = {
        Unlike.EXPOSURE: of_first.exposure is not of_second.exposure or not of_second.is_answered,
        Unlike.PREFIX: of_first.prefix != of_second.prefix,
        Unlike.UNLISTED: is_incomplete or of_first.unlisted != of_second.unlisted,
    }
    return tuple(each for each, is_so in differ.items() if is_so)
