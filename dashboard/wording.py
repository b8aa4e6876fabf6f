"""Every sentence that a person reads. ``lib`` returns codes and data; the words for them are here.

Each problem is said in three parts where there is room: what happened, why, what to do next.
A test walks every member of the enums below and fails when a sentence is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from lib.diagnosis import Md5, State
from lib.errors import DatabaseFault, DatabaseUnavailable, LedgerFault, LedgerUnavailable, SettingInvalid
from lib.links import PresignedUrl, RefusalCode, Refused
from lib.objects import Doubt, Observation, Presence
from lib.records import Record
from lib.search import Kind
from lib.settings import Notice, Noticed
from lib.trail import Broken, Intact

NO_SIGN_IN = "No sign-in yet: one person, this computer only"
DEMO = "Demo clinic: every name, phone and PDF here is made up"
NOT_CONFIGURED = "Start the dashboard with: python -m dashboard run"
NOT_ALLOWED = "You may not do this."
UNEXPECTED = "Something went wrong on our side. Try again; developers find the details in the log."
UNEXPECTED_COMMAND = "Something went wrong on our side ({kind}). Run it again; if it stays so, report this line."
LOOPBACK_ONLY = (
    "must be 127.0.0.1 or localhost: nobody can sign in yet, so only this computer may reach the dashboard"
)

WHAT_TO_TYPE = (
    "Type a phone number or its last digits, part of a name, PAT001, CON153, a prescription number, "
    "part of a key, or paste the link that does not open."
)
NOTHING_FOUND = "Nothing found. The text was taken as {tried}."
HINT_OTHER_WORDS = "Try the phone number, the patient id (PAT…) or fewer letters of the name."
HINT_ONE_CLINIC = "Only one clinic is being searched: choose “All clinics”."
HINT_DATES = "The dates narrow the search: clear them."
HINT_OLDER = "A replaced version is found with “Older versions”."
HINT_ONLY_WITHOUT = "Only prescriptions without a PDF are being searched."
NO_SUCH_RECORD = "There is no such record, or you may not see it."
NOT_CHECKED = "not checked"
ALONE_HELP = "Asks the bucket for the stored key as it stands in the database, without the location in front."
RESOLVERS_DISAGREE = "The upload wrote one key and the signer asks for another."
MADE_EARLIER = "You made a link at {time}. Make again."
NO_LINK_NOW = {
    State.MISSING: "No link: the PDF is not in storage.",
    State.DAMAGED: "No link: the file in storage is not the one that this record describes.",
    State.UNKNOWN: "No link: we can't check the PDF now.",
}
MD5 = {
    Md5.AGREES: "agrees with the record",
    Md5.DIFFERS: "differs from the record",
    Md5.NOT_COMPARABLE: "not comparable (uploaded in parts, or the record has none)",
}

NOTICE = {
    Notice.SLASHES_TRIMMED: "{variable}: the slashes at its ends were left out.",
    Notice.LOCATION_NOT_SET: "{variable} is not set, so nothing is put in front of stored keys. "
    "Set it to nothing to say that this is meant.",
    Notice.PLAIN_HTTP: "{variable} is plain http to another computer: health records cross the network unprotected.",
    Notice.UNKNOWN_VARIABLE: "{variable} is no setting of ours; a typing error?",
    Notice.TOKEN_END_UNKNOWN: "{variable} is not set, so links made with temporary credentials last an hour at most.",
}

STATE = {
    State.FOUND: "File found",
    State.DAMAGED: "Wrong content",
    State.MISSING: "Missing",
    State.UNKNOWN: "Can't check",
    State.NO_PDF: "No PDF made",
}
CHECKING = "Checking…"
STATE_ICON = {
    State.FOUND: "✅",
    State.DAMAGED: "⚠️",
    State.MISSING: "❌",
    State.UNKNOWN: "❔",
    State.NO_PDF: "▫️",
}
CHECKING_ICON = "⏳"

DOUBT = {
    Doubt.DENIED: "Storage refused to answer (403). The key may lack the right to read or list; a file may still be there.",
    Doubt.BAD_SIGNATURE: "Storage refused our signature: AWS_SECRET_ACCESS_KEY does not match the access key.",
    Doubt.UNKNOWN_ACCESS_KEY: "Storage does not know our access key: check AWS_ACCESS_KEY_ID.",
    Doubt.EXPIRED_CREDENTIALS: "Our storage credentials have expired: renew AWS_SESSION_TOKEN and its keys.",
    Doubt.CLOCK_SKEWED: "This computer's clock is more than 15 minutes off, so storage refuses our requests. Set the clock.",
    Doubt.SUSPENDED: "The storage account is suspended. Ask whoever pays for it.",
    Doubt.NO_CREDENTIALS: "No storage credentials are set: fill in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    Doubt.NO_BUCKET: "The bucket does not exist at this endpoint: check AWS_STORAGE_BUCKET_NAME and AWS_S3_ENDPOINT_URL.",
    Doubt.BUCKET_IN_ENDPOINT: "AWS_S3_ENDPOINT_URL already contains the bucket or a path. "
    "It must be the bare address, such as https://sgp1.digitaloceanspaces.com.",
    Doubt.WRONG_REGION: "The bucket lies in another region: check AWS_S3_REGION_NAME and AWS_S3_ENDPOINT_URL.",
    Doubt.NO_LISTING: "Storage says “not there”, but we may not list the folder, so that proves nothing.",
    Doubt.THROTTLED: "Storage is busy and asked us to slow down. Try again in a minute.",
    Doubt.SERVER_ERROR: "Storage has a fault of its own. Try again in a few minutes.",
    Doubt.TIMED_OUT: "Storage did not answer in time. Try again; if it stays so, check the network.",
    Doubt.UNREACHABLE: "Storage cannot be reached: check the network and AWS_S3_ENDPOINT_URL.",
    Doubt.TLS: "The secure connection to storage failed: the certificate is not trusted, or the address speaks no https.",
    Doubt.NOT_S3: "Something answered that is not the storage (a login page or proxy?): check AWS_S3_ENDPOINT_URL.",
    Doubt.IMPOSSIBLE_KEY: "No file can have this key (empty, too long or with a forbidden character).",
    Doubt.OTHER: "Storage gave an answer we do not understand.",
}

_DATABASE = {
    DatabaseFault.DOWN: "The clinic's database cannot be reached. Check that it runs and that DATABASE_URL is right, "
    "then try again.",
    DatabaseFault.SLOW: "The clinic's database took too long to answer. Try a narrower search or try again in a minute.",
    DatabaseFault.LOCKED: "The clinic's database is locked by another program. Try again in a moment.",
    DatabaseFault.DENIED: "The clinic's database refused our login or lacks a read right. Check the user in DATABASE_URL.",
    DatabaseFault.SCHEMA: "The clinic's database lacks a table or column that we read{detail}. "
    "Check that DATABASE_URL names the right database.",
    DatabaseFault.OTHER: "The clinic's database gave an error. Developers find it in the log.",
}

_LEDGER = {
    LedgerFault.DOWN: "The activity database cannot be reached (DASHBOARD_DATABASE_URL).",
    LedgerFault.READ_ONLY: "The activity database cannot be written: the file or folder is read-only.",
    LedgerFault.FULL: "The activity database cannot be written: the disk is full.",
    LedgerFault.LOCKED: "The activity database is locked by another program.",
    LedgerFault.NOT_MIGRATED: "The activity database is not set up: run python -m dashboard migrate.",
    LedgerFault.OTHER: "The activity database gave an error. Developers find it in the log.",
}

_REFUSAL = {
    RefusalCode.TOO_LONG: "That is too long. {detail}",
    RefusalCode.TOO_SHORT: "That is too short. {detail}",
    RefusalCode.NOT_A_DURATION: "That is not a duration. Write it like 15m, 1h, 2d or 90s.",
    RefusalCode.CREDENTIALS_EXPIRED: "Our storage credentials have expired, so a link would not open. Renew them first.",
    RefusalCode.NO_PDF: "No PDF was made for this prescription, so there is nothing to share.",
    RefusalCode.MISSING: "The PDF is not in storage, so a link would answer NoSuchKey.",
    RefusalCode.WRONG_CONTENT: "The file in storage is not the one this record describes, so it is not shared.",
    RefusalCode.UNKNOWN: "We could not check the file, so no link was made.",
    RefusalCode.DRAFT_NEEDS_REASON: "This is a draft. Say why it should be shared before it is final.",
    RefusalCode.OLD_VERSION_NEEDS_REASON: "This version was replaced. Use the newer one, or say why this one is needed.",
    RefusalCode.TRAIL_UNAVAILABLE: "Activity cannot be written down, so previews and links are switched off.",
    RefusalCode.NOT_VISIBLE: "There is no such record, or you may not see it.",
    RefusalCode.SEVERAL_PATIENTS: "Records of several patients point at this file, so it is not shown or shared. "
    "A developer must find out whose it is.",
    RefusalCode.LINK_MALFORMED: "The link that was signed is not what was asked for. It was thrown away.",
    RefusalCode.LINK_REFUSED: "The link was made, tried as a stranger, and did not open. It was thrown away.",
    RefusalCode.NOT_A_PDF: "The file opens but is not a PDF, so it is not shared.",
    RefusalCode.WRONG_LENGTH: "The link answered with a file of another length. It was thrown away.",
    RefusalCode.UNBROWSABLE_KEY: "The file's key has a ./ or ../ in it; no browser can open such a link.",
    RefusalCode.TOO_LARGE: "The PDF is too large to show here.",
}

BROKEN = {
    "gap": "an event before it is missing",
    "previous_hash": "it does not follow from the event before it",
    "hash": "the event was changed after it was written",
}

TAKEN_AS = {
    Kind.EVERYTHING: "the newest prescriptions",
    Kind.PHONE: "a phone number",
    Kind.PHONE_END: "the end of a phone number",
    Kind.PATIENT: "a patient id",
    Kind.CONSULTATION: "a consultation id",
    Kind.PRESCRIPTION: "a prescription number",
    Kind.RECORD: "a record number",
    Kind.KEY: "a key",
    Kind.KEY_PART: "part of a key",
    Kind.URL: "the address of a PDF",
    Kind.FOREIGN_URL: "an address outside our storage",
    Kind.NAME: "part of a name",
    Kind.TOO_SHORT: "too short a text",
}

NOTHING_ASKED = {
    Kind.FOREIGN_URL: "This address does not point into our bucket, so no record can match. "
    "Paste the part after the host, or search by patient.",
    Kind.TOO_SHORT: "Type at least two letters, or three digits, to search.",
}


def database(error: DatabaseUnavailable) -> str:
    """Say why the records could not be read."""
    detail = f": {error.detail}" if error.detail else ""
    return _DATABASE[error.fault].format(detail=detail)


def ledger(error: LedgerUnavailable) -> str:
    """Say why the activity database could not be used."""
    return _LEDGER[error.fault]


def setting(error: SettingInvalid) -> str:
    """Say which setting breaks which rule."""
    return f"{error.variable}: {error.rule}"


def doubt(code: Doubt) -> str:
    """Say why we cannot tell whether a file is there."""
    return DOUBT[code]


def refusal(refused: Refused) -> str:
    """Say why no link or preview was made."""
    sentence = _REFUSAL[refused.code].format(detail=refused.detail).strip()
    return f"{sentence} {DOUBT[refused.doubt]}" if refused.doubt else sentence


def notice(noticed: Noticed) -> str:
    """Say what is no error but should be known."""
    return NOTICE[noticed.notice].format(variable=noticed.variable)


def verified(checked: Intact | Broken) -> str:
    """Say whether the trail holds.

    >>> verified(Broken(3, "hash"))
    'The trail is broken at event 3: the event was changed after it was written. Everything before it holds.'
    """
    if isinstance(checked, Intact):
        return f"The trail is intact: {checked.events:,} events, last hash {checked.last_hash}."
    return f"The trail is broken at event {checked.sequence}: {BROKEN[checked.problem]}. Everything before it holds."


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


def zone_name(zone: ZoneInfo) -> str:
    """Return the clinic's zone in words.

    >>> zone_name(ZoneInfo("Asia/Kolkata")), zone_name(ZoneInfo("Europe/Berlin"))
    ('India time', 'Berlin time')
    """
    return "India time" if zone.key in {"Asia/Kolkata", "Asia/Calcutta"} else f"{zone.key.split('/')[-1]} time".replace("_", " ")


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
    time = f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'} {zone_name(zone)}"
    date_words = f"{local:%a} {local.day} {local:%b}"
    if days == 0:
        return f"today {time}"
    return f"tomorrow, {date_words}, {time}" if days == 1 else f"{date_words}, {time}"


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


def state_cell(state: State | None) -> str:
    """Return icon and word; None is still being checked."""
    return f"{CHECKING_ICON} {CHECKING}" if state is None else f"{STATE_ICON[state]} {STATE[state]}"


def count_sentence(
    *, shown: int, total: int | None, is_exact: bool, states: Mapping[State | None, int], taken_as: Kind
) -> str:
    """Say what the list counts: this page beside the whole, and the states of this page only.

    >>> count_sentence(shown=25, total=1500, is_exact=False, states={State.FOUND: 23, State.MISSING: 2},
    ...                taken_as=Kind.EVERYTHING)
    '25 of about 1,500, the newest prescriptions; this page: 23 found, 2 missing'
    >>> count_sentence(shown=1, total=1, is_exact=True, states={None: 1}, taken_as=Kind.PATIENT)
    '1 of 1, taken as a patient id; this page: 1 being checked'
    """
    words = {
        State.FOUND: "found",
        State.DAMAGED: "with wrong content",
        State.MISSING: "missing",
        State.UNKNOWN: "can't be checked",
        State.NO_PDF: "without a PDF",
        None: "being checked",
    }
    of = "" if total is None else f" of {'' if is_exact else 'about '}{total:,}"
    taken = TAKEN_AS[taken_as] if taken_as is Kind.EVERYTHING else f"taken as {TAKEN_AS[taken_as]}"
    parts = ", ".join(f"{states[state]} {word}" for state, word in words.items() if states.get(state))
    return f"{shown}{of}, {taken}; this page: {parts}"


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


def search_not_written(error: LedgerUnavailable) -> str:
    """Say that a search was not written down, and what follows."""
    return f"{ledger(error)} Searching works; previews and links are switched off."


def state_sentence(state: State, *, made: str, checked: str, doubt_code: Doubt | None, record_size: int | None) -> str:
    """Say the state of one record, why, and what to do next. ``made`` is the day the PDF was generated."""
    sentences = {
        State.FOUND: f"The PDF of {made} is in storage ({size(record_size)}).",
        State.DAMAGED: f"The file in storage is not the PDF of {made} that the record describes. "
        "Do not share it; ask the doctor to make it again.",
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
    return f"Version {record.version} of {record.versions}, {place}, {'draft' if record.is_draft else 'final'}"


def report(record: Record, *, state: State, at: datetime, zone: ZoneInfo, address: str) -> str:
    """Return what staff send to a developer: no name, no phone."""
    number = f"record {record.record_id}" if record.has_pdf else f"prescription {record.prescription_id}"
    return f"{number}: {STATE[state]}, checked {day(at, zone)} {clock_time(at, zone)} {zone_name(zone)}\n{address}"


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
