"""What is said about the events of the trail: the act, how it ended, and who saw a patient."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.wording import federation
from dashboard.wording.people import ROLE
from dashboard.wording.times import clock_time, day
from lib.access import Permission, Role
from lib.errors import LedgerFault
from lib.locking import StillLocked
from lib.people import Refusal
from lib.refusals import RefusalCode
from lib.sign_in import Denial
from lib.trail import INTENT, OK, Action

ACTION = {
    Action.SEARCH: "Searched",
    Action.OPEN: "Opened the record",
    Action.PREVIEW: "Looked at the PDF",
    Action.LINK: "Made a signed link",
    Action.CONTENT: "Checked what the file holds",
    Action.SIGN_IN: "Signed in",
    Action.SIGN_IN_FAILED: "Tried to sign in",
    Action.SIGN_OUT: "Signed out",
    Action.LOCK: "Locked the screen",
    Action.UNLOCK: "Unlocked the screen",
    Action.UNLOCK_FAILED: "Tried to unlock the screen",
    Action.DENIED: "Asked for what is not allowed",
    Action.PEOPLE_CHANGED: "Changed an account",
    Action.SETTINGS_READ: "Read the settings",
    Action.AUDIT_STARTED: "Began to check all files",
    Action.AUDIT_ENDED: "Checked all files",
    Action.EXPORT: "Exported a list",
    Action.ACTIVITY_SEARCHED: "Looked at the activity",
    Action.PRUNE: "Took old events away",
    Action.MACS_BEGIN: "Began to seal every event",
}

_PERMISSION = {
    Permission.FIND: "to find records",
    Permission.NAMES: "to see names and phones",
    Permission.PREVIEW: "to look at PDFs",
    Permission.LINK: "to make links",
    Permission.EXPLAIN: "to have keys and links explained",
    Permission.KEYS: "to see stored keys",
    Permission.AUDIT: "to check all files",
    Permission.STORAGE_DETAILS: "to see storage details",
    Permission.ACTIVITY: "to read the activity",
    Permission.RETENTION: "to take old events away",
    Permission.PEOPLE: "to change accounts",
    Permission.SETTINGS: "to read the settings",
    Permission.ACCOUNT: "to have an account",
}

_REFUSED = {
    RefusalCode.TOO_LONG: "longer than this role may",
    RefusalCode.TOO_SHORT: "too short a time",
    RefusalCode.NOT_A_DURATION: "no duration",
    RefusalCode.CREDENTIALS_EXPIRED: "our storage credentials had ended",
    RefusalCode.NO_PDF: "no PDF was made",
    RefusalCode.MISSING: "the PDF is missing",
    RefusalCode.WRONG_CONTENT: "wrong content in storage",
    RefusalCode.UNKNOWN: "the PDF could not be checked",
    RefusalCode.DRAFT_NEEDS_REASON: "a draft, and no reason given",
    RefusalCode.OLD_VERSION_NEEDS_REASON: "an old version, and no reason given",
    RefusalCode.TRAIL_UNAVAILABLE: "it could not be written down",
    RefusalCode.CHANGED: "the record had changed meanwhile",
    RefusalCode.NOT_VISIBLE: "no such record for this person",
    RefusalCode.SEVERAL_PATIENTS: "the file belongs to several patients",
    RefusalCode.LINK_MALFORMED: "the link was not what was asked for",
    RefusalCode.LINK_REFUSED: "the link did not open",
    RefusalCode.NOT_A_PDF: "the file is no PDF",
    RefusalCode.WRONG_LENGTH: "the file has another length",
    RefusalCode.UNBROWSABLE_KEY: "no browser can open this address",
    RefusalCode.TOO_LARGE: "too large to show",
    RefusalCode.LINKS_PER_HOUR: "too many links this hour",
    Refusal.NAME_NOT_ALLOWED: "the name cannot be a name",
    Refusal.NAME_TAKEN: "the name is taken",
    Refusal.NO_SUCH_PERSON: "nobody has that name",
    Refusal.LAST_OWNER: "no owner would be left",
    Refusal.NOT_A_ROLE: "there is no such role",
    Refusal.CLINICS_NOT_ALLOWED: "the clinics do not fit the role",
    Refusal.NOT_GRANTABLE: "that cannot be granted",
    Refusal.DISABLED: "the account is disabled",
    Refusal.FROM_PROVIDER: "their role comes from the identity provider",
    Denial.WRONG: "wrong name or password",
    Denial.WAIT: "too many tries, had to wait",
    Denial.LINK_OVER: "the set-password link was over",
    StillLocked.WRONG_PIN: "wrong PIN",
    StillLocked.PIN_FORGOTTEN: "wrong PIN, and the last one: it is forgotten",
    StillLocked.OVER: "the session was over",
    LedgerFault.DOWN: "our database was down",
    LedgerFault.READ_ONLY: "our database was read-only",
    LedgerFault.FULL: "our disk was full",
    LedgerFault.LOCKED: "our database was locked",
    LedgerFault.NOT_MIGRATED: "our database was of another version",
    LedgerFault.NOT_OWNER: "only the tables' owner may",
    LedgerFault.OTHER: "our database failed",
    "BROKEN": "the trail is broken",
    "ERROR": "not finished",
}

_WORDS: dict[str, str] = {
    **federation.BRIEF,
    **{str(code): words for code, words in _REFUSED.items()},
    **{str(each): f"may not do this ({words})" for each, words in _PERMISSION.items()},
}

WHO_SAW = "Who saw this patient?"

WHO_SAW_LIMITS = (
    "Whoever opened, looked at or shared a record of this patient, or asked here who did. A search that only listed the patient among others "
    "is not here: the trail keeps record numbers for those, no patient."
)

NOT_KNOWN = "Not known"

OPENED_HELP = (
    "Opened: not known. The storage answers a signed link without us, so nobody here sees whether it was used."
)

NOTHING_YET = (
    "Nothing is written down yet. Every sign-in, search, opened record, preview, link and export will be here, "
    "with who did it and how it ended; names, phones and typed texts never are."
)

NO_EVENT = "No event fits. Names and patient ids must be written exactly as they stand in the list; try fewer filters."

NOT_WRITTEN = "That you looked here could not be written down."

VERIFY = "Check that nobody changed it"

VERIFYING = "Following the chain of events…"

EXPORT = "Prepare a CSV of these"

EXPORT_HELP = "The events that the filters choose. That you took them along is written down too."

SAVE = "Save the CSV"


def walked(events: int) -> str:
    """Say how far a walk along the chain has come.

    >>> walked(12000)
    'Following the chain of events… 12,000 so far'
    """
    return f"{VERIFYING} {events:,} so far"


def exported(events: int) -> str:
    """Say what is in the file.

    >>> exported(1), exported(2500)
    ('1 event is in the file.', '2,500 events are in the file.')
    """
    return "1 event is in the file." if events == 1 else f"{events:,} events are in the file."


def too_many(most: int) -> str:
    """Say that no file was made.

    >>> too_many(50000)
    'More than 50,000 events fit, so no file was made. Choose fewer days, or use: python -m dashboard trail export'
    """
    return (
        f"More than {most:,} events fit, so no file was made. "
        "Choose fewer days, or use: python -m dashboard trail export"
    )


def act(action: str) -> str:
    """Say what was done; an act of a later version goes by its code.

    >>> act("record_opened"), act("from the future")
    ('Opened the record', 'from the future')
    """
    return ACTION[Action(action)] if action in list(Action) else action


def role(code: str) -> str:
    """Say in which role.

    >>> role("clinic_admin"), role("from the future")
    ('Clinic admin', 'from the future')
    """
    return ROLE[Role(code)] if code in list(Role) else code


def result(code: str) -> str:
    """Say how it ended.

    >>> result("intent"), result("ok"), result("refused:MISSING"), result("failed:full")
    ('Begun', 'Done', 'Refused: the PDF is missing', 'Failed: our disk was full')
    >>> result("refused:find")
    'Refused: may not do this (to find records)'
    """
    if code in (INTENT, OK):
        return "Begun" if code == INTENT else "Done"
    kind, _, why = code.partition(":")
    if kind not in ("refused", "failed") or not why:
        return code
    return f"{kind.capitalize()}: {_WORDS.get(why, why)}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Return day and time to the second, in the clinic's zone.

    >>> utc, india = ZoneInfo("UTC"), ZoneInfo("Asia/Kolkata")
    >>> moment(datetime(2026, 11, 24, 8, 32, 5, tzinfo=utc), india)
    '24 Nov 2026, 14:02:05'
    """
    try:
        return f"{day(at, zone)}, {clock_time(at, zone)}:{at:%S}"
    except OverflowError:  # a forged instant, at the end of all time
        return "no instant"
