"""What is said before a check of all files: what it does, what can be chosen, and why none was started."""

from __future__ import annotations

from datetime import timedelta

from lib.audit_exposure import SAMPLE
from lib.audits import Exposure

TEACH = (
    "It compares every record with every file in storage, in both directions: records whose file is not there, files "
    "that no record names, files that are not what their record says.",
    "It only reads. Nothing in the clinic's database or in storage is changed, and a run can be stopped at any time.",
    "A million files take some seconds to a minute; what is younger than the grace time is left alone, it may be on its way.",
    "It runs by itself: you can close this page and come back.",
)
NEVER = "No check of all files yet."
CHECK = "Check all files"
OPTIONS = "Options"
START = "Start"
PREFIX = "Object keys begin with"
PREFIX_PLACEHOLDER = "Nothing here: all files"
PREFIX_HELP = (
    "The full beginning of the object keys, the location included. Such a run is no verdict on all files: "
    "the sentence above stays the one of the last full check."
)
PREFIX_IMPOSSIBLE = "No object key can begin so: it is longer than 1,024 bytes, or holds a sign that storage refuses."
GRACE = "Grace time"
GRACE_HELP = "What is younger, on either side, may still be on its way, and is no problem yet."
GRACES = (timedelta(0), timedelta(minutes=15), timedelta(hours=1), timedelta(days=1))
EXPOSURE_LABEL = "Whether files open for anyone"
EXPOSURE = {
    Exposure.NONE: "Do not ask",
    Exposure.SAMPLE: "Ask for a sample",
    Exposure.FULL: "Ask for every file",
}
EXPOSURE_HELP = {
    Exposure.NONE: "No file is asked for without a signature.",
    Exposure.SAMPLE: f"{SAMPLE} files, chosen by chance, are asked for as a stranger would: one answer for the whole storage.",
    Exposure.FULL: "Each file is asked for as a stranger would: about one request a file, so minutes to hours.",
}
NOT_STARTED = (
    "The check could not be started: this computer gave no process for it. It will stand here as interrupted; "
    "free some memory, then go on with it."
)
NOT_RESUMABLE = "That check cannot go on any more. Start a new one."
ONLY_CLINICS = "A check is of all files, so who sees only some clinics cannot start one."
TRAIL_FIRST = "No check was started: it must be in the activity first."


def busy(run_id: int, *, is_elsewhere: bool) -> str:
    """Say that another run is under way."""
    if is_elsewhere:
        return (
            "A check of this storage against another database is under way; one at a time. "
            "It stands in that database's own dashboard. Try again when it has ended."
        )
    return (
        f"Check {run_id} of this storage is under way; one at a time. It stands on this page. "
        "Wait for its end, or cancel it."
    )
