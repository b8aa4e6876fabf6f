"""What is said about one cause of a run: since which check it is there, of when its PDFs are, whose its files are."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.wording.times import as_of, day

NEW = "this check"


def seen(at: datetime | None, *, is_cut: bool, zone: ZoneInfo) -> str:
    """Say in a cell since which check a cause is there; None: it is the one that is shown.

    >>> utc, at = ZoneInfo("UTC"), datetime(2026, 11, 24, 6, 0, tzinfo=ZoneInfo("UTC"))
    >>> seen(None, is_cut=False, zone=utc), seen(at, is_cut=False, zone=utc), seen(at, is_cut=True, zone=utc)
    ('this check', '24 Nov 2026', '24 Nov 2026 or before')
    """
    if at is None:
        return NEW
    return day(at, zone) + (" or before" if is_cut else "")


def first_seen(at: datetime | None, *, is_cut: bool, now: datetime, zone: ZoneInfo) -> str:
    """Say the same in a sentence.

    >>> utc, now = ZoneInfo("UTC"), datetime(2026, 11, 24, 9, 0, tzinfo=ZoneInfo("UTC"))
    >>> first_seen(datetime(2026, 11, 2, 6, 0, tzinfo=utc), is_cut=False, now=now, zone=utc)
    'First seen by the check of 2 Nov 2026, 06:00, and by every full check since that looked for it.'
    >>> first_seen(None, is_cut=False, now=now, zone=utc)
    'First seen by this check.'
    """
    if at is None:
        return "First seen by this check."
    perhaps = " or one before it" if is_cut else ""
    return f"First seen by the check of {as_of(at, now=now, zone=zone)}{perhaps}, and by every full check since that looked for it."


def made(first: datetime | None, last: datetime | None, *, now: datetime, zone: ZoneInfo) -> str:
    """Say when the first bad PDF of a cause was made, and the last one.

    >>> utc, now = ZoneInfo("UTC"), datetime(2026, 11, 24, 9, 0, tzinfo=ZoneInfo("UTC"))
    >>> at, last = datetime(2026, 10, 15, 8, 5, tzinfo=utc), datetime(2026, 11, 24, 7, 30, tzinfo=utc)
    >>> made(at, last, now=now, zone=utc)
    'The first of its PDFs was made 15 Oct 2026, 08:05, the last today 07:30.'
    >>> made(at, at, now=now, zone=utc), made(None, None, now=now, zone=utc)
    ('Its PDF was made 15 Oct 2026, 08:05.', '')
    """
    if first is None or last is None:
        return ""
    since = as_of(first, now=now, zone=zone)
    if first == last:
        return f"Its PDF was made {since}."
    return f"The first of its PDFs was made {since}, the last {as_of(last, now=now, zone=zone)}."


def mends(said: str) -> str:
    """Say what mends a cause.

    >>> mends("Point the row at the right key")
    'What mends it: Point the row at the right key.'
    """
    return f"What mends it: {said}."


def right_files(right: int, *, of: int) -> str:
    """Say how many of the files that no record points at belong to a record that points elsewhere.

    >>> right_files(0, of=3), right_files(3, of=3)
    ('', 'All 3 are the right file of a record that points elsewhere: they are in use again once the record is mended.')
    >>> right_files(1, of=3)
    '1 of 3 is the right file of a record that points elsewhere: it is in use again once the record is mended.'
    """
    if not right:
        return ""
    many = "it is" if right == 1 else "they are"
    some = f"{right:,} of {of:,} {'is' if right == 1 else 'are'}" if right < of else f"All {of:,} are"
    if right == of == 1:
        some = "It is"
    return f"{some} the right file of a record that points elsewhere: {many} in use again once the record is mended."
