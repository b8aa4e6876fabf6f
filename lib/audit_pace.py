"""How fast a run goes and how long its phase still takes, as far as its counts tell.

``since`` are the counts when the ``seconds`` began: a run that is taken up again had done some of it before.
"""

from __future__ import annotations

from lib.audits import Phase, Progress

NOTHING = Progress()
FEWEST = 0.02  # of a phase; an estimate from less is a guess


def files_a_second(progress: Progress, *, seconds: float, since: Progress = NOTHING) -> float:
    """Return how many files are listed a second, 0 where none are.

    >>> files_a_second(Progress(Phase.LISTING, objects=6000), seconds=4.0)
    1500.0
    """
    if progress.phase is not Phase.LISTING or seconds <= 0:
        return 0.0
    return (progress.objects - since.objects) / seconds


def seconds_left(
    progress: Progress, *, seconds: float, since: Progress = NOTHING, is_each_asked: bool = False
) -> float | None:
    """Return how long the match of the rows still takes, or asking for each file; None where the counts do not say.

    Rows whose file is not there are asked for by nobody, so that the second is the most it can take for the files of rows.

    >>> seconds_left(Progress(Phase.LISTING, records=1000, rows=500), seconds=4.0)
    4.0
    >>> seconds_left(Progress(Phase.LISTING, 1000, rows=900), seconds=4.0, since=Progress(Phase.LISTING, 1000, rows=800))
    4.0
    >>> asking = Progress(Phase.EXPOSURE, 1000, 1000, objects=900, requests=220, asked=110)
    >>> seconds_left(asking, seconds=4.0, since=Progress(Phase.EXPOSURE, requests=20, asked=10), is_each_asked=True)
    31.6
    """
    match progress.phase:
        case Phase.LISTING:
            done, left, whole = progress.rows - since.rows, progress.records - progress.rows, progress.records
        case Phase.EXPOSURE if is_each_asked and since.phase is Phase.EXPOSURE:
            whole = min(progress.records, progress.objects)
            done, left = progress.asked - since.asked, whole - progress.asked
        case _:
            return None
    return seconds * left / done if done > FEWEST * whole and left > 0 else None
