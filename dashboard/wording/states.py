"""The states of a PDF, its keys and versions, in a word and in a sentence."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.wording.faults import DOUBT
from dashboard.wording.times import clock_time, day, size, zone_name
from lib.diagnosis import Md5, State
from lib.objects import Doubt, Observation, Presence
from lib.records import Record

TITLE = "Prescription PDFs"
DEMO = "Demo clinic: everything here is made up"

NOT_CHECKED = "not checked"

ALONE_HELP = "Asks the bucket for the stored key as it stands in the database, without the location in front."

RESOLVERS_DISAGREE = "The upload wrote one key and the signer asks for another."

MD5 = {
    Md5.AGREES: "agrees with the record",
    Md5.DIFFERS: "differs from the record",
    Md5.NOT_COMPARABLE: "not comparable (uploaded in parts, or the record has none)",
}

STATE = {
    State.FOUND: "File found",
    State.DAMAGED: "Wrong content",
    State.ELSEWHERE: "In the wrong place",
    State.MISSING: "Missing",
    State.UNKNOWN: "Can't check",
    State.NO_PDF: "No PDF made",
}

EXPECTED_NONE = (State.MISSING, State.ELSEWHERE, State.DAMAGED, State.UNKNOWN)  # no record should be in one of these

CHECKING = "Checking…"

STATE_ICON = {
    State.FOUND: "✅",
    State.DAMAGED: "⚠️",
    State.ELSEWHERE: "🔀",
    State.MISSING: "❌",
    State.UNKNOWN: "❔",
    State.NO_PDF: "▫️",
}

CHECKING_ICON = "⏳"


def state_cell(state: State | None) -> str:
    """Return icon and word; None is still being checked."""
    return f"{CHECKING_ICON} {CHECKING}" if state is None else f"{STATE_ICON[state]} {STATE[state]}"


def alone(seen: Observation) -> str:
    """Say in a cell what the bare stored key answers."""
    return {Presence.PRESENT: "opens", Presence.ABSENT: "NoSuchKey", Presence.UNKNOWN: "can't check"}[seen.presence]


def answer(seen: Observation) -> str:
    """Say in a line what the bucket answers for a key.

    >>> now = datetime(2026, 11, 24, 8, 32, tzinfo=ZoneInfo("UTC"))
    >>> answer(Observation("a", Presence.PRESENT, now, http_status=200, size_bytes=182331))
    '200, 178 KB'
    >>> answer(Observation("a", Presence.ABSENT, now, http_status=404))
    'NoSuchKey'
    """
    if seen.presence is Presence.PRESENT:
        return f"{seen.http_status or 200}, {size(seen.size_bytes)}"
    return "NoSuchKey" if seen.presence is Presence.ABSENT else f"can't check: {DOUBT[seen.doubt or Doubt.OTHER]}"


def state_sentence(state: State, *, made: str, checked: str, doubt_code: Doubt | None, record_size: int | None) -> str:
    """Say the state of one record, why, and what to do next. ``made`` is the day the PDF was generated."""
    sentences = {
        State.FOUND: f"The PDF of {made} is in storage ({size(record_size)}).",
        State.DAMAGED: f"The file in storage is not the PDF of {made} that the record describes. "
        "Do not share it; ask the doctor to make it again.",
        State.ELSEWHERE: "The file is in the wrong place. We checked that it is the right one.",
        State.MISSING: f"The PDF of {made} is not in storage. Tell the patient you will call back; "
        "the doctor may need to make it again.",
        State.UNKNOWN: f"We can't check the PDF of {made} now. " + (DOUBT[doubt_code] if doubt_code else ""),
        State.NO_PDF: "No PDF was made for this prescription yet. The doctor makes it in the clinic's own application.",
    }
    return sentences[state].strip() + (f" Checked {checked}." if state is not State.NO_PDF else "")


def version_sentence(record: Record) -> str:
    """Say which version this is and whether it is the one to use."""
    if not record.has_pdf:
        return "No PDF version" + (", draft" if record.is_draft else "")
    place = f"replaced by version {record.latest_version}" if record.is_replaced else "current"
    stage = "draft" if record.is_draft else "final" if record.is_finalized else "not finalized"
    return f"Version {record.version} of {record.versions}, {place}, {stage}"


def report(record: Record, *, state: State, at: datetime, zone: ZoneInfo, address: str) -> str:
    """Return what staff send to a developer: no name, no phone."""
    number = f"record {record.record_id}" if record.has_pdf else f"prescription {record.prescription_id}"
    return f"{number}: {STATE[state]}, checked {day(at, zone)} {clock_time(at, zone)} {zone_name(zone)}\n{address}"
