"""What Find says of the last check of all files: its counts, its age, and what a choice of a state leaves."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dashboard.wording import times
from dashboard.wording.states import STATE, state_cell
from lib.diagnosis import State

LABEL = "State in the last check of all files"
EVERY_STATE = "All"
NO_CHECK_YET = "Run “Check all files” once: then every state can be chosen here with its count over all records."
NOT_READ = (
    "The last check of all files cannot be read, so no state shows its count and the list is not narrowed to one."
)
NOTHING_BROKEN = "No record was broken"
HINT_STATE = "Only records that the last check of all files found in the chosen state are searched: choose All."


def choice(state: State, count: int) -> str:
    """Return one choice with its count.

    >>> choice(State.MISSING, 1043)
    '❌ Missing 1,043'
    """
    return f"{state_cell(state)} {count:,}"


def as_of(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """Say of when the counts are.

    >>> as_of(datetime(2026, 11, 24, tzinfo=ZoneInfo("UTC")), now=datetime(2026, 11, 24, tzinfo=ZoneInfo("UTC")),
    ...       zone=ZoneInfo("Asia/Kolkata"))
    'as of the check of all files, today 05:30'
    """
    return f"as of the check of all files, {times.as_of(at, now=now, zone=zone)}"


def old(age: timedelta) -> str:
    """Say that a check is old, and what follows from it.

    >>> old(timedelta(days=3, hours=2))
    'That was 3 days ago: what broke or was mended since is not counted.'
    """
    days = max(age.days, 1)
    return f"That was {days} day{'' if days == 1 else 's'} ago: what broke or was mended since is not counted."


def narrowed(state: State, *, count: int, shown: int | None, older_versions: bool) -> str:
    """Say how many of a state's records fit the search; '' where all do, or nobody knows.

    >>> narrowed(State.MISSING, count=43, shown=40, older_versions=False)
    'Missing then: 43 records. 40 of them fit this search; replaced versions are only among them with “Older versions”.'
    >>> narrowed(State.MISSING, count=43, shown=2, older_versions=True)
    'Missing then: 43 records. 2 of them fit this search.'
    >>> narrowed(State.MISSING, count=43, shown=43, older_versions=True)
    ''
    """
    if shown is None or shown >= count:
        return ""
    said = f"{STATE[state]} then: {count:,} record{'' if count == 1 else 's'}."
    older = "" if older_versions else "; replaced versions are only among them with “Older versions”"
    return f"{said} {shown:,} of them fit this search{older}."


def too_many(most: int) -> str:
    """Say that only some records of a state are searched.

    >>> too_many(10000)
    'More than that are not searched at once: only the 10,000 with the highest record numbers are.'
    """
    return f"More than that are not searched at once: only the {most:,} with the highest record numbers are."
