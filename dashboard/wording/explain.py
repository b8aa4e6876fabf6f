"""What the screen Explain says around an answer."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.wording.codes import CODE
from lib.catalogue import Code
from lib.diagnosis import State
from lib.explanation import Explanation
from lib.resolvers import Resolver

FIELD = "Paste a key, a link, the error page of the browser, or a record number"
PLACEHOLDER = "https://… or prescriptions/pdfs/CON153/… or record 12"
LOOKING = "Looking for the record and its file…"
TEACH = (
    "**A link that does not open:** paste it as it came, with everything around it. You learn what broke it, and where the "
    "record is known you make the right one here.",
    "**The page that the browser showed instead of the PDF:** paste its text. It names no file, but it has a reason.",
    "**A stored key or an object key:** you see which record it is, where its file should lie, and where it lies.",
    "**A record number,** such as `record 12`, or a consultation, such as `CON153`.",
)
GOES_NOWHERE = "What you paste stays on this page: it is in no address and no log, and in the activity only as a hash."
NO_RECORD = "No record that you may see has this key."
NO_SUCH_RECORD = "No record that you may see has this number."
FOREIGN = "This address does not lead into our storage, so nothing was asked."
BARE_KEY = (
    "The link asks for the stored key as it stands in the database, without the folder of our storage in front. "
    "There is no file of that name; the record's file lies one folder deeper, and a link made here opens it."
)
NOT_LOOKED = (
    "Why is not known: storage stopped answering while the file was looked for elsewhere. Check again in a few minutes."
)
SUSPECT_BUTTONS = ("Check the newest record", "Check our own setting")
AGREE = "The upload and the signer ask for the same key."
NOT_WHOLE = "Files looked at: {looked_at:,}, with {requests} questions to storage; not the whole bucket."
WHOLE = "Files looked at: {looked_at:,}, all that lie below the location, with {requests} questions to storage."

RESOLVER = {
    Resolver.SIGNER: "Signer (what links ask for)",
    Resolver.STORAGE: "Upload (what was written)",
    Resolver.MEDIA_URL: "Media helper",
    Resolver.BARE: "Bare stored key",
}


def wrote_and_asks(written: str | None, asked: str) -> str:
    """Say how the upload and the signer part.

    >>> wrote_and_asks("loc/a/b.pdf", "loc/a//b.pdf")
    'The upload wrote loc/a/b.pdf, the signer asks for loc/a//b.pdf.'
    """
    if written is None:
        return f"The upload refuses this name; the signer asks for {asked}."
    return AGREE if written == asked else f"The upload wrote {written}, the signer asks for {asked}."


def cause(explanation: Explanation, *, for_developers: bool) -> str:
    """Say why the PDF of a record does or does not open; '' where nothing is wrong."""
    diagnosis = explanation.diagnosis
    if diagnosis.code is None:
        return NOT_LOOKED if diagnosis.state is State.MISSING else ""
    said = CODE[diagnosis.code]
    if for_developers:
        return f"{said.title} ({diagnosis.code}). {said.developers}"
    if diagnosis.state is State.ELSEWHERE:
        return "A link made here leads to the right file."
    return said.staff


def notes(codes: tuple[Code, ...]) -> str:
    """Say what is worth knowing and no fault; '' for nothing."""
    return " ".join(f"{CODE[each].title} ({each})." for each in codes)


def looked(explanation: Explanation) -> str:
    """Say how far was looked."""
    said = WHOLE if explanation.is_whole else NOT_WHOLE
    return said.format(looked_at=explanation.looked_at, requests=explanation.requests)


def left_off(count: int) -> str:
    """Say that more records have a key than are explained.

    >>> left_off(1), left_off(7)
    ('1 more record has this key. Paste a record number to see it.', '7 more records have this key. Paste a record number to see one of them.')
    """
    if count == 1:
        return "1 more record has this key. Paste a record number to see it."
    return f"{count} more records have this key. Paste a record number to see one of them."


def link_time(time: str) -> str:
    """Say when a link ends or ended.

    >>> link_time("expired 3 h ago (Tue 24 Nov, 6:00 pm India time)"), link_time("valid until tomorrow")
    ('The link expired 3 h ago (Tue 24 Nov, 6:00 pm India time).', 'The link is valid until tomorrow.')
    """
    return f"The link {time}." if time.startswith("expired") else f"The link is {time}."


def suggestion(*, evidence: str, why: Sequence[str], against: Sequence[str]) -> str:
    """Say what the best suggestion rests on, and what speaks against it.

    >>> suggestion(evidence="Proven", why=["size agrees", "MD5 agrees"], against=[])
    'Proven: size agrees; MD5 agrees.'
    >>> suggestion(evidence="Possible", why=[], against=["another record points at it"])
    'Possible. Against it: another record points at it.'
    """
    said = f"{evidence}: {'; '.join(why)}." if why else f"{evidence}."
    return f"{said} Against it: {'; '.join(against)}." if against else said


NOT_LOOKED_UP = "not looked up"


def only_few(few: int) -> str:
    """Say that of many only the first were looked up.

    >>> only_few(3)
    'Only the first 3 were looked up in the database and in storage. Paste one alone to have it explained.'
    """
    return f"Only the first {few} were looked up in the database and in storage. Paste one alone to have it explained."


NO_NEWEST = "There is no record with a PDF to check."
BARE_IS_IT = (
    "Record {record}: {answers}. Code that signs the stored key as it stands gets NoSuchKey for every such record: "
    "put AWS_LOCATION in front before signing."
)
BARE_IS_NOT = "Record {record}: {answers}. For this record the missing location is not the reason."
ENDPOINT_HOLDS = "Our endpoint holds the bucket {bucket}: every key is asked for in a folder of that name. Take it out."
ENDPOINT_IS_FINE = (
    "Our own endpoint does not hold the bucket {bucket}. Look at AWS_S3_ENDPOINT_URL of the code that signed the link."
)
