"""What is said about a signed link."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.wording.times import size, until
from lib.diagnosis import State
from lib.links import PresignedUrl

MADE_EARLIER = "You made a link at {time}. Make again."

NO_LINK_NOW = {
    State.MISSING: "No link: the PDF is not in storage.",
    State.DAMAGED: "No link: the file in storage is not the one that this record describes.",
    State.UNKNOWN: "No link: we can't check the PDF now.",
}


def link_ready(link: PresignedUrl, *, now: datetime, zone: ZoneInfo) -> str:
    """Say what the link does and until when. Said only after a stranger fetched it."""
    sooner = " It may end sooner: our storage credentials are temporary." if link.may_end_sooner else ""
    return f"Opens as a PDF, {size(link.size_bytes)}, until {until(link.expires_at, now=now, zone=zone)}.{sooner}"


def link_message(link: PresignedUrl, *, now: datetime, zone: ZoneInfo) -> str:
    """Return the message for the patient: greeting, the link alone on its line, until when."""
    return (
        "Hello, here is your prescription:\n"
        f"{link.url}\n"
        f"The link works until {until(link.expires_at, now=now, zone=zone)}."
    )


PUBLIC_OBJECT = "Anyone with the plain address can open this file; the time limit does not protect it."

PUBLIC_UNKNOWN = "We could not check whether the file also opens without the link."


def wrong_person(link: PresignedUrl, *, now: datetime, zone: ZoneInfo) -> str:
    """Say what can be done when a link went to the wrong person."""
    return (
        "Sent to the wrong person? A signed link cannot be cancelled; "
        f"it ends {until(link.expires_at, now=now, zone=zone)}."
    )
