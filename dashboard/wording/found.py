"""What is said about a record's file beyond its state: where it was looked for, what it holds, and for whom it opens."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.wording.codes import CODE
from dashboard.wording.states import MD5, state_cell
from dashboard.wording.times import clock_time, day, size
from lib.contents import Kind
from lib.diagnosis import State
from lib.exposure import Exposure, Sample
from lib.insides import Compared, Inside
from lib.listing import Version

LOOKING = "The file is not where it should be. Looking for the file…"
LINK_ELSEWHERE = (
    "The file is in the wrong place, so this link leads to where it is. We checked that it is the right one."
)
PREVIEW_ELSEWHERE = "This is the right file, found in the wrong place."

LOOK_INSIDE = "Look inside the file"
LOOK_INSIDE_HELP = "Reads the beginning and the end, and says whether it is a whole PDF. Nothing of it is shown."
READING = "Reading…"
COMPARE = "Compare the whole content (MD5)"
VERSIONS = "Older versions in storage"
EXPOSURE_ASK = "Opens without a link? Not checked"
EXPOSURE_HELP = "Asks for the file as somebody who knows its address and has no link."

WHOLE_PDF = "It is a PDF ({size}) and whole: it begins and ends as one."

KIND = {
    Kind.PDF: "It is a PDF ({size}).",
    Kind.XML_ERROR: "It is an error page of the storage ({size}), saved in the PDF's place.",
    Kind.HTML: "It is a web page ({size}), saved in the PDF's place.",
    Kind.JSON: "It is a program's answer ({size}), saved in the PDF's place.",
    Kind.PNG: "It is a picture ({size}), not a PDF.",
    Kind.JPEG: "It is a picture ({size}), not a PDF.",
    Kind.GZIP: "It is a packed file ({size}), not a PDF as it stands.",
    Kind.ZIP: "It is an archive ({size}), not a PDF.",
    Kind.EMPTY: "It is empty.",
    Kind.OTHER: "It is no PDF ({size}), and nothing else that we know.",
}

EXPOSURE = {
    Exposure.OPEN: "This file opens for anyone who knows its address, also without a link.",
    Exposure.CLOSED: "Opens only with a link.",
    Exposure.UNKNOWN: "We could not check whether the file also opens without a link.",
}

NO_VERSIONS = "Storage keeps no older versions of this file."

SAMPLE_AGAIN = "Sample again"

EVERY_STATE = "All"
STATE_FILTER = "States on this page"


def inside(found: Inside, *, for_developers: bool) -> str:
    """Say what a file holds, and what that means."""
    if not found.codes and found.kind is Kind.PDF:
        return WHOLE_PDF.format(size=size(found.size_bytes))
    said = [KIND[found.kind].format(size=size(found.size_bytes))]
    if found.error_code is not None and for_developers:
        said.append(f"Its code is {found.error_code}.")
    for code in sorted(found.codes):
        words = CODE[code]
        said.append(f"{words.title} ({code}). {words.developers}" if for_developers else words.staff)
    return " ".join(said)


def compared(found: Compared) -> str:
    """Say how the MD5 of all bytes compares."""
    return f"MD5 of the whole content: {found.md5}, {MD5[found.verdict]}."


def version(kept: Version, zone: ZoneInfo) -> str:
    """Say one version in a line."""
    at = "" if kept.last_modified is None else f"{day(kept.last_modified, zone)} {clock_time(kept.last_modified, zone)}"
    what = "deleted (delete marker)" if kept.is_delete_marker else size(kept.size_bytes)
    return f"{at}  {what}{'  ← now' if kept.is_latest else ''}"


def sample(found: Sample, *, zone: ZoneInfo, now: datetime) -> str:
    """Say what strangers got for a sample, its size, and when. What gave no answer is counted apart.

    >>> at = datetime(2026, 11, 24, 8, 32, tzinfo=ZoneInfo("UTC"))
    >>> sample(Sample(at, open=47, closed=2, unknown=1), zone=ZoneInfo("UTC"), now=at)
    '47 of 50 PDFs sampled open for anyone who knows the address. 1 gave no certain answer. Checked 08:32.'
    >>> sample(Sample(at, open=0, closed=9, unknown=0), zone=ZoneInfo("UTC"), now=at)
    'None of 9 PDFs sampled opens for anyone who knows the address. Checked 08:32.'
    >>> sample(Sample(at, open=0, closed=0, unknown=9), zone=ZoneInfo("UTC"), now=at)
    'We could not check whether PDFs open without a link: none of 9 sampled gave a certain answer. Checked 08:32.'
    """
    checked = clock_time(found.at, zone)
    when = (
        checked
        if found.at.astimezone(zone).date() == now.astimezone(zone).date()
        else f"{day(found.at, zone)} {checked}"
    )
    if found.unknown == found.asked:
        said = (
            f"We could not check whether PDFs open without a link: none of {found.asked} sampled gave a certain answer."
        )
        return f"{said} Checked {when}."
    opens = f"{found.open or 'None'} of {found.asked} PDFs sampled {'open' if found.open > 1 else 'opens'}"
    unknown = f" {found.unknown} gave no certain answer." if found.unknown else ""
    return f"{opens} for anyone who knows the address.{unknown} Checked {when}."


def filtered(*, shown: int, of: int) -> str:
    """Say that a filter hides rows of this page.

    >>> filtered(shown=2, of=25)
    'Shown: 2 of the 25 on this page. The filter covers this page only.'
    """
    return f"Shown: {shown} of the {of} on this page. The filter covers this page only."


def state_choice(state: State | str) -> str:
    """Return a choice of the state filter. No count in it: the browser knows a choice by its words.

    >>> state_choice(State.MISSING), state_choice(EVERY_STATE)
    ('❌ Missing', 'All')
    """
    return state_cell(state) if isinstance(state, State) else state
