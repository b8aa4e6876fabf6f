"""Instants, days, sizes and durations as people say them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


def clock_time(at: datetime, zone: ZoneInfo) -> str:
    """Return the wall time of a check.

    >>> clock_time(datetime(2026, 11, 24, 8, 32, tzinfo=ZoneInfo("UTC")), ZoneInfo("Asia/Kolkata"))
    '14:02'
    """
    return at.astimezone(zone).strftime("%H:%M")


def day(at: datetime, zone: ZoneInfo) -> str:
    """Return a day as people say it.

    >>> day(datetime(2026, 11, 12, 20, 0, tzinfo=ZoneInfo("UTC")), ZoneInfo("Asia/Kolkata"))
    '13 Nov 2026'
    """
    return date_words(at.astimezone(zone).date())


def date_words(day_: date) -> str:
    """Return a calendar day as people say it.

    >>> date_words(date(2026, 11, 2))
    '2 Nov 2026'
    """
    return f"{day_.day} {day_:%b %Y}"


def as_of(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """Return day and time, the day as people say it.

    >>> utc, india = ZoneInfo("UTC"), ZoneInfo("Asia/Kolkata")
    >>> now = datetime(2026, 11, 24, 9, 10, tzinfo=utc)
    >>> as_of(datetime(2026, 11, 24, 0, 30, tzinfo=utc), now=now, zone=india)
    'today 06:00'
    >>> as_of(datetime(2026, 11, 23, 0, 30, tzinfo=utc), now=now, zone=india)
    'yesterday 06:00'
    >>> as_of(datetime(2026, 11, 1, 0, 30, tzinfo=utc), now=now, zone=india)
    '1 Nov 2026, 06:00'
    """
    that = at.astimezone(zone).date()
    days = (now.astimezone(zone).date() - that).days
    said = {0: "today ", 1: "yesterday "}.get(days, f"{date_words(that)}, ")
    return said + clock_time(at, zone)


def zone_name(zone: ZoneInfo) -> str:
    """Return the clinic's zone in words.

    >>> zone_name(ZoneInfo("Asia/Kolkata")), zone_name(ZoneInfo("Europe/Berlin"))
    ('India time', 'Berlin time')
    """
    return (
        "India time"
        if zone.key in {"Asia/Kolkata", "Asia/Calcutta"}
        else f"{zone.key.split('/')[-1]} time".replace("_", " ")
    )


def until(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """Return until when, in the clinic's zone and with the day named.

    >>> utc, india = ZoneInfo("UTC"), ZoneInfo("Asia/Kolkata")
    >>> now = datetime(2026, 11, 24, 9, 10, tzinfo=utc)
    >>> until(datetime(2026, 11, 24, 10, 10, tzinfo=utc), now=now, zone=india)
    'today 3:40 pm India time'
    >>> until(datetime(2026, 11, 25, 12, 30, tzinfo=utc), now=now, zone=india)
    'tomorrow, Wed 25 Nov, 6:00 pm India time'
    >>> until(datetime(2026, 12, 1, 9, 10, tzinfo=utc), now=now, zone=india)
    'Tue 1 Dec, 2:40 pm India time'
    """
    local, here = at.astimezone(zone), now.astimezone(zone)
    days = (local.date() - here.date()).days
    time = _half_day(local, zone)
    if days == 0:
        return f"today {time}"
    return f"tomorrow, {_weekday(local)}, {time}" if days == 1 else f"{_weekday(local)}, {time}"


def instant(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """Return an instant that has passed or will come, in the clinic's zone, the year only where it is another one."""
    try:
        local = at.astimezone(zone)
    except OverflowError:  # the first or last day of all calendars
        local = at
    is_this_year = local.year == now.astimezone(zone).year
    return f"{_weekday(local) if is_this_year else date_words(local.date())}, {_half_day(local, zone)}"


def _weekday(local: datetime) -> str:
    return f"{local:%a} {local.day} {local:%b}"


def _half_day(local: datetime, zone: ZoneInfo) -> str:
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'} {zone_name(zone)}"


def size(size_bytes: int | None) -> str:
    """Return a size as people say it.

    >>> size(0), size(900), size(182331), size(3_400_000), size(None)
    ('0 bytes', '900 bytes', '178 KB', '3.2 MB', 'size not known')
    """
    if size_bytes is None:
        return "size not known"
    if size_bytes < 1024:
        return f"{size_bytes} bytes"
    if size_bytes < 1024**2:
        return f"{size_bytes / 1024:.0f} KB"
    return f"{size_bytes / 1024**2:.1f} MB"


def duration(span: timedelta) -> str:
    """Return a duration as people say it.

    >>> duration(timedelta(minutes=15)), duration(timedelta(hours=1)), duration(timedelta(days=7))
    ('15 minutes', '1 hour', '7 days')
    """
    seconds = int(span.total_seconds())
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length and seconds % length == 0:
            count = seconds // length
            return f"{count} {unit}" + ("" if count == 1 else "s")
    return f"{seconds} seconds"


def took(seconds: float) -> str:
    """Return how long something took.

    >>> took(0.4), took(12.3), took(200), took(7500)
    ('under 1 s', '12 s', '3 min 20 s', '2 h 5 min')
    """
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def ago(span: timedelta) -> str:
    """Return how long ago, in one unit.

    >>> ago(timedelta(seconds=20)), ago(timedelta(minutes=59)), ago(timedelta(hours=47)), ago(timedelta(days=3))
    ('just now', '59 min ago', '47 h ago', '3 days ago')
    """
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // 1440} days ago"
