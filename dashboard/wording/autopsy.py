"""What is said about a pasted text: what it was taken for, what was undone, and until when its link holds."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.wording.times import ago, instant
from lib.autopsy import Autopsy
from lib.mangled import Undone
from lib.pasted import Kind

KIND = {
    Kind.EMPTY: "Nothing was pasted. Paste a key, a link, the error page or a record number.",
    Kind.RECORD_NUMBER: "Taken as a record number.",
    Kind.IDS: "Taken as the number of a patient, a consultation or a prescription.",
    Kind.STORED_KEY: "Taken as a stored key.",
    Kind.OBJECT_KEY: "Taken as an object key: it begins with the location.",
    Kind.URL: "Taken as the address of a file in our storage, without a signature.",
    Kind.FOREIGN_URL: "This address does not point into our bucket. If the file is ours, paste its key or the record number.",
    Kind.SIGNED_LINK: "Taken as a signed link.",
    Kind.S3_URI: "Taken as an s3:// address.",
    Kind.ERROR_PAGE: "Taken as the error page that a browser shows.",
    Kind.MANY: "Taken as several links or keys, one a line.",
    Kind.UNREADABLE: "This is not text: it looks like the inside of a file. Paste the address or the key of the file instead.",
    Kind.WORDS: "Taken as words. Names and phones are searched on the page Find.",
}

UNDONE = {
    Undone.AROUND: "the text around it was left out",
    Undone.MARKDOWN: "it was taken out of [text](link)",
    Undone.SURROUNDED: "the quotes or brackets around it were taken off",
    Undone.WRAPPER: "it was taken out of the address of a mail filter or search engine",
    Undone.INVISIBLE: "invisible characters were taken out",
    Undone.DEFANGED: "hxxp and [.] were written as they should be",
    Undone.QUOTED_PRINTABLE: "the encoding of the mail's source (=3D) was undone",
    Undone.JSON_ESCAPED: "the escapes of JSON (\\u0026, \\/) were undone",
    Undone.ENCODED_WHOLE: "the percent-encoding of the whole address was undone",
    Undone.AMPERSANDS: "&amp; was written as &",
    Undone.WRAPPED: "line breaks and spaces within it were taken out",
    Undone.RE_ENCODED: "percent signs that had been encoded again (%25) were put back",
    Undone.TRAILING: "what stood behind its end was taken off",
}


def undone(what: tuple[Undone, ...]) -> str:
    """Say what was undone to find the link; '' where it came whole.

    >>> undone((Undone.AROUND, Undone.TRAILING))
    'The link was mended: the text around it was left out; what stood behind its end was taken off.'
    """
    return f"The link was mended: {'; '.join(UNDONE[each] for each in what)}." if what else ""


def many(shown: int, left_off: int) -> str:
    """Say how many of several links or keys were read.

    >>> many(100, 900), many(3, 0)
    ('100 of 1,000 links or keys were read; the rest was left out. Paste them in smaller parts.', '3 links or keys were read.')
    """
    if not left_off:
        return f"{shown} links or keys were read."
    total = shown + left_off
    return f"{shown} of {total:,} links or keys were read; the rest was left out. Paste them in smaller parts."


TEXT_CUT = "The text is too long to be read whole; only its beginning was looked at."


def expired(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """Say for how long a link has been dead, and since when in the clinic's zone.

    >>> utc, india = ZoneInfo("UTC"), ZoneInfo("Asia/Kolkata")
    >>> expired(datetime(2026, 11, 24, 12, 30, tzinfo=utc), now=datetime(2026, 11, 24, 15, 40, tzinfo=utc), zone=india)
    'expired 3 h ago (Tue 24 Nov, 6:00 pm India time)'
    >>> expired(datetime(2025, 11, 24, 12, 30, tzinfo=utc), now=datetime(2026, 11, 24, 15, 40, tzinfo=utc), zone=india)
    'expired 365 days ago (24 Nov 2025, 6:00 pm India time)'
    """
    return f"expired {ago(now - at)} ({instant(at, now=now, zone=zone)})"


def time_of(autopsy: Autopsy, *, now: datetime, zone: ZoneInfo) -> str:
    """Say until when a link holds or held; '' where it does not say."""
    if autopsy.expires_at is None:
        return ""
    if autopsy.is_expired:
        return expired(autopsy.expires_at, now=now, zone=zone)
    return f"valid until {instant(autopsy.expires_at, now=now, zone=zone)}"
