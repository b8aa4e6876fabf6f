"""What is said about the error page that a browser showed."""

from __future__ import annotations

from dashboard.wording.link_faults import NEW_LINK, Said
from lib.error_pages import ErrorCode, ErrorPage

NO_FILE_NAMED = "This page does not say which file. Paste the address from the address bar, or a record number."

SUSPECTS = (
    Said(
        "The link may leave out the folder in which our files lie.",
        "The bare key was signed, without AWS_LOCATION in front: look for a resolved key that exists.",
    ),
    Said(
        "The setting that says where our storage is may name it twice.",
        "AWS_S3_ENDPOINT_URL of the signing code contains the bucket: it gives the identical page.",
    ),
)

ERROR = {
    ErrorCode.NO_SUCH_KEY: Said(
        "Storage has no file of the name that the link asked for. The file may lie under another name; look the record up here.",
        "The bucket exists, the key does not. First suspects: the bare key was signed, or the endpoint contains the bucket.",
    ),
    ErrorCode.NO_SUCH_BUCKET: Said(
        "The link asks a storage that does not exist. Tell a developer.",
        "There is no such bucket at this endpoint: AWS_STORAGE_BUCKET_NAME or AWS_S3_ENDPOINT_URL of the signing code is wrong.",
    ),
    ErrorCode.NO_SUCH_VERSION: Said(
        f"The link asks for a version of the file that is gone. {NEW_LINK}",
        "versionId names no version of this key.",
    ),
    ErrorCode.ACCESS_DENIED: Said(
        "Storage refused the link. Most often it has expired or was damaged on its way: paste the link itself to see which.",
        "Expired, over 7 days, cut off, &amp;, unsigned, or no right to read: Ceph answers all of them with this code and an empty message.",
    ),
    ErrorCode.ALL_ACCESS_DISABLED: Said(
        "Storage has closed this file or account. Ask whoever looks after the storage.",
        "All access to the object has been disabled by the provider.",
    ),
    ErrorCode.ACCOUNT_PROBLEM: Said(
        "There is a problem with the storage account. Ask whoever pays for it.",
        "The account that owns the bucket is blocked; requests cannot succeed until that is settled.",
    ),
    ErrorCode.USER_SUSPENDED: Said(
        "The storage account is suspended. Ask whoever pays for it.",
        "The user of the access key is suspended at the gateway.",
    ),
    ErrorCode.SIGNATURE_DOES_NOT_MATCH: Said(
        "The link was changed after it was made, or made with a wrong password. Paste the link itself to see where; else make a new one.",
        "Path, query or host differ from what was signed (trailing characters, added parameters, swapped host), or the secret key is wrong.",
    ),
    ErrorCode.INVALID_ACCESS_KEY_ID: Said(
        "Storage does not know who made this link. Make a new link; if that fails too, tell a developer.",
        "The access key id does not exist here: deleted, rotated, or of another provider.",
    ),
    ErrorCode.EXPIRED_TOKEN: Said(
        f"The link ended early, together with the credentials that made it. {NEW_LINK}",
        "Signed with temporary credentials whose session token has expired: a link cannot outlive them.",
    ),
    ErrorCode.INVALID_TOKEN: Said(
        f"Storage does not accept the credentials that made this link. {NEW_LINK}",
        "X-Amz-Security-Token is malformed, cut off or of another account.",
    ),
    ErrorCode.TOKEN_REFRESH_REQUIRED: Said(
        f"The credentials that made this link must be renewed. {NEW_LINK}",
        "The session token must be refreshed.",
    ),
    ErrorCode.REQUEST_TIME_TOO_SKEWED: Said(
        "A clock is wrong: the link's time and the storage's time are more than 15 minutes apart. Tell a developer.",
        "The signer's clock differs from the server's by more than 15 minutes: check NTP where links are signed.",
    ),
    ErrorCode.REQUEST_EXPIRED: Said(
        f"The link has expired. {NEW_LINK}",
        "The time of the signature has passed.",
    ),
    ErrorCode.AUTHORIZATION_QUERY_PARAMETERS: Said(
        f"A part of the link is missing or not as storage wants it. {NEW_LINK}",
        "Amazon: a parameter of the signature is missing, doubled, over 604800 s, in the future, or of another region or service.",
    ),
    ErrorCode.AUTHORIZATION_HEADER_MALFORMED: Said(
        f"The link was made for another region of the storage. {NEW_LINK}",
        "The credential scope is wrong, most often the region: see AWS_S3_REGION_NAME.",
    ),
    ErrorCode.MISSING_SECURITY_HEADER: Said(
        f"A part of the link is missing. {NEW_LINK}",
        "A required header or parameter of the signature is absent.",
    ),
    ErrorCode.INVALID_ARGUMENT: Said(
        "Storage cannot read a part of the link: it was probably encoded a second time. Paste the link itself.",
        "A parameter is not in its form. Ceph answers so to a re-encoded query (%252F) and to a wrong credential scope.",
    ),
    ErrorCode.INVALID_REQUEST: Said(
        f"Storage does not accept a link of this kind. {NEW_LINK}",
        "Often a SigV2 link where only SigV4 is taken, or unsigned response-… parameters.",
    ),
    ErrorCode.INVALID_URI: Said(
        f"Storage cannot read the address. {NEW_LINK}",
        "The path could not be decoded.",
    ),
    ErrorCode.INVALID_BUCKET_NAME: Said(
        "The link asks a storage whose name cannot exist. Tell a developer.",
        "The bucket name is malformed: a path or a host slipped into AWS_STORAGE_BUCKET_NAME.",
    ),
    ErrorCode.INVALID_OBJECT_NAME: Said(
        "No file can have the name that this link asks for. Tell a developer.",
        "The key cannot exist: too long, NUL, or not UTF-8.",
    ),
    ErrorCode.INVALID_RANGE: Said(
        "The file is there, but empty or shorter than expected. Ask the doctor to make it again.",
        "The range asked for lies behind the end: a zero-byte object answers so.",
    ),
    ErrorCode.KEY_TOO_LONG: Said(
        "The file's name in the link is longer than storage allows. Tell a developer.",
        "The key is over 1,024 bytes.",
    ),
    ErrorCode.METHOD_NOT_ALLOWED: Said(
        "The file was deleted, or the link was made for another purpose. Look the record up here.",
        "A GET link was used with another method, or the version asked for is a delete marker.",
    ),
    ErrorCode.PERMANENT_REDIRECT: Said(
        "The storage lies at another address. Tell a developer.",
        "The bucket is in another region: use the endpoint that the page names.",
    ),
    ErrorCode.TEMPORARY_REDIRECT: Said(
        "The storage is being moved. Try again in a few minutes.",
        "The bucket's address is changing; Amazon redirects until DNS has followed.",
    ),
    ErrorCode.INVALID_OBJECT_STATE: Said(
        "The file was put into the archive and must be taken out first. Tell a developer.",
        "Archive storage class: restore the object, then make the link.",
    ),
    ErrorCode.SLOW_DOWN: Said(
        "Storage is busy. Try again in a minute.",
        "Too many requests for this prefix or account.",
    ),
    ErrorCode.SERVICE_UNAVAILABLE: Said(
        "Storage does not answer properly now. Try again in a few minutes.",
        "503 of the service.",
    ),
    ErrorCode.INTERNAL_ERROR: Said(
        "Storage has a fault of its own. Try again in a few minutes; if it stays so, tell a developer.",
        "500 of the service; the request id is what its support asks for.",
    ),
    ErrorCode.REQUEST_TIMEOUT: Said(
        "The connection was too slow. Try again.",
        "The client did not finish its request in time.",
    ),
    ErrorCode.NOT_IMPLEMENTED: Said(
        f"Storage does not know what the link asks for. {NEW_LINK}",
        "A parameter or header asks for something that this server does not implement.",
    ),
    ErrorCode.XML_REFUSED: Said(
        "This page was not read: it holds parts that storage never sends. Paste the address from the address bar instead.",
        "The XML declares a DTD or entities. S3 sends neither, so it was refused unread.",
    ),
    ErrorCode.UNNAMED: Said(
        "This is an error page, but the part that says what happened is missing. Copy the whole page, or paste the address.",
        "No complete <Code> in the part that was pasted.",
    ),
    ErrorCode.OTHER: Said(
        "Storage gave a reason that we do not know. Paste the address from the address bar, or a record number.",
        "The code is not in our list; see the provider's documentation.",
    ),
}


def error_page(page: ErrorPage) -> Said:
    """Say what an error page means, and that it names no file where it names none.

    >>> error_page(ErrorPage(ErrorCode.SLOW_DOWN)).staff
    'Storage is busy. Try again in a minute. This page does not say which file. Paste the address from the address bar, or a record number.'
    """
    said = ERROR[page.code]
    is_asked_for = page.code in {ErrorCode.XML_REFUSED, ErrorCode.UNNAMED, ErrorCode.OTHER}
    more = "" if page.names_file or is_asked_for else f" {NO_FILE_NAMED}"
    return Said(f"{said.staff}{more}", said.developer)
