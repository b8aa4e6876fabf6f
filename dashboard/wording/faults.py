"""What failed, was refused or should be known: what happened, why, what to do next."""

from __future__ import annotations

from lib.errors import DatabaseFault, DatabaseUnavailable, LedgerFault, LedgerUnavailable, SettingInvalid
from lib.links import RefusalCode, Refused
from lib.objects import Doubt
from lib.settings import Notice, Noticed

NOT_CONFIGURED = "Start the dashboard with: python -m dashboard run"

NOT_ALLOWED = "You may not do this."

UNEXPECTED = "Something went wrong on our side. Try again; developers find the details in the log."

UNEXPECTED_COMMAND = "Something went wrong on our side ({kind}). Run it again; if it stays so, report this line."

LOOPBACK_ONLY = (
    "must be 127.0.0.1 or localhost, unless DASHBOARD_PUBLIC_URL is an https address: health records travel encrypted"
)

NO_SUCH_RECORD = "There is no such record, or you may not see it."

NOTICE = {
    Notice.SLASHES_TRIMMED: "{variable}: the slashes at its ends were left out.",
    Notice.LOCATION_NOT_SET: "{variable} is not set, so nothing is put in front of stored keys. "
    "Set it to nothing to say that this is meant.",
    Notice.PLAIN_HTTP: "{variable} is plain http to another computer: health records cross the network unprotected.",
    Notice.UNKNOWN_VARIABLE: "{variable} is no setting of ours; a typing error?",
    Notice.TOKEN_END_UNKNOWN: "{variable} is not set, so links made with temporary credentials last an hour at most.",
}

DOUBT = {
    Doubt.DENIED: "Storage refused to answer (403). The access key may lack the right to read or list; a file may still be there.",
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
    LedgerFault.NOT_OWNER: "This database login may add to the activity trail and no more. Run it as the tables' owner.",
    LedgerFault.OTHER: "The activity database gave an error. Developers find it in the log.",
}

_REFUSAL = {
    RefusalCode.TOO_LONG: "That is too long. {detail}",
    RefusalCode.TOO_SHORT: "That is too short. {detail}",
    RefusalCode.NOT_A_DURATION: "That is not a duration. {detail}",
    RefusalCode.CREDENTIALS_EXPIRED: "Our storage credentials have expired, so a link would not open. Renew them first.",
    RefusalCode.NO_PDF: "No PDF was made for this prescription, so there is nothing to share.",
    RefusalCode.MISSING: "The PDF is not in storage, so a link would answer NoSuchKey.",
    RefusalCode.WRONG_CONTENT: "The file in storage is not the one this record describes, so it is not shown or shared.",
    RefusalCode.UNKNOWN: "We could not check the file, so no link was made.",
    RefusalCode.DRAFT_NEEDS_REASON: "This is a draft. Say why it should be shared before it is final.",
    RefusalCode.OLD_VERSION_NEEDS_REASON: "This version was replaced. Use the newer one, or say why this one is needed.",
    RefusalCode.TRAIL_UNAVAILABLE: "Activity cannot be written down, so previews and links are switched off.",
    RefusalCode.CHANGED: "The record was changed while we looked. Open it again and check that it is the right one.",
    RefusalCode.NOT_VISIBLE: "There is no such record, or you may not see it.",
    RefusalCode.SEVERAL_PATIENTS: "Records of several patients point at this file, so it is not shown or shared. "
    "A developer must find out whose it is.",
    RefusalCode.LINK_MALFORMED: "The link that was signed is not what was asked for. It was thrown away.",
    RefusalCode.LINK_REFUSED: "The link was made, tried as a stranger, and did not open. It was thrown away.",
    RefusalCode.NOT_A_PDF: "The file opens but is not a PDF, so it is not shown or shared.",
    RefusalCode.WRONG_LENGTH: "The link answered with a file of another length. It was thrown away.",
    RefusalCode.UNBROWSABLE_KEY: "The file's key has a ./ or ../ in it; no browser can open such a link.",
    RefusalCode.TOO_LARGE: "The PDF is too large to show here.",
    RefusalCode.LINKS_PER_HOUR: "You have begun {detail} links in the last hour, as many as your role may. "
    "Try again later, or ask the owner.",
}

DEMO_FAULT = {
    "not_writable": "The demo's folder cannot be written: var/demo in the project's folder.",
    "disk_full": "The disk is full, so the demo cannot be built. Free some space and start again.",
    "in_use": "A demo runs in this folder already. Stop it first, or choose another --port.",
    "not_a_demo_folder": "The demo's folder holds something else, so it was left alone: move it away.",
    "s3_not_started": "The demo's storage did not start; var/demo/s3.log says why.",
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


def search_not_written(error: LedgerUnavailable) -> str:
    """Say that a search was not written down, and what follows."""
    return f"{ledger(error)} Searching works; previews and links are switched off."
