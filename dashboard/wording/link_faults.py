"""What is wrong with a signed link: to staff without jargon, to developers exactly."""

from __future__ import annotations

from dataclasses import dataclass

from lib.link_faults import FaultFound, LinkFault


@dataclass(frozen=True, slots=True)
class Said:
    """One thing in both languages."""

    staff: str
    developer: str


NEW_LINK = "Open the record and make a new link."

FAULT = {
    LinkFault.CUT_OFF: Said(
        "The link was cut off when it was copied, so its end is missing. Copy the whole link again, or make a new one.",
        "The query ends early: parameters at its end are missing, or X-Amz-Signature has fewer than 64 digits. S3 answers AccessDenied or SignatureDoesNotMatch.",
    ),
    LinkFault.PARAMETERS_MISSING: Said(
        f"A part of the link was lost, so storage cannot accept it. {NEW_LINK}",
        "These parameters of the signature are missing: {detail}. Look for whoever rewrites the query.",
    ),
    LinkFault.AMPERSANDS: Said(
        "A program that showed the link wrote each & in it as &amp;, and storage cannot read that. Use the mended link.",
        "The query holds &amp; instead of &: the link was escaped for HTML and copied from the source. S3 sees parameters named amp;X-Amz-…",
    ),
    LinkFault.WRAPPED: Said(
        "The link was broken into several lines, so only its first part is opened. Use the mended link.",
        "White space within the address: a mail program or terminal wrapped it. Send it between < and > or as a real hyperlink.",
    ),
    LinkFault.TRAILING_RUBBISH: Said(
        "A dot, bracket or word stuck to the end of the link and became a part of it. Use the mended link.",
        "Characters behind the last parameter were taken into it, so the signature differs. Put the link alone on its line.",
    ),
    LinkFault.RE_ENCODED: Said(
        "A program encoded the link a second time, and storage cannot read that. Use the mended link.",
        "Each % was written as %25 (%252F instead of %2F): the finished URL was passed through an encoder again.",
    ),
    LinkFault.INVISIBLE: Said(
        "There are invisible characters in the link, so it is not the one that was made. Use the mended link.",
        "Format characters (zero width space, byte order mark, soft hyphen) stand in the address.",
    ),
    LinkFault.REWRITTEN: Said(
        "A program rewrote the link on its way, so browsers do not take it for an address. Use the mended link.",
        "The address was rewritten as a whole ({detail}).",
    ),
    LinkFault.CASE_CHANGED: Said(
        f"Capital letters in the link were changed, and storage minds them. {NEW_LINK}",
        "These parameters are not in their own case: {detail}. S3 compares names by case; the key may be changed too.",
    ),
    LinkFault.SIGNATURE_CHANGED: Said(
        f"The signature in the link was changed on its way. {NEW_LINK}",
        "The signature is not in its form (SigV4: 64 lower-case hexadecimal digits; SigV2: 20 bytes in base64).",
    ),
    LinkFault.HOST_FOREIGN: Said(
        "The link points to a computer that is not our storage. Do not open it unless you know who sent it; make a new link from the record.",
        "{detail} is none of the hosts that mean our bucket. A SigV4 signature holds for one host; if this one is ours, add it to DASHBOARD_URL_HOSTS.",
    ),
    LinkFault.HOST_CDN: Said(
        f"The address of the link was changed to another one of ours, for which it was not signed. {NEW_LINK}",
        "SigV4 binds the host: a link signed for the endpoint does not open at {detail}. Sign for the endpoint and do not swap the host afterwards.",
    ),
    LinkFault.BUCKET_TWICE: Said(
        "The link names our storage twice, so storage looks in a folder that does not exist. Making the link again does not help: tell a developer.",
        "The bucket stands in the address twice: AWS_S3_ENDPOINT_URL of the signing code contains the bucket. It must be the bare endpoint.",
    ),
    LinkFault.BUCKET_FOREIGN: Said(
        "The link points into somebody else's storage, not ours. Make a new link from the record.",
        "The bucket is {detail}, not AWS_STORAGE_BUCKET_NAME: another environment, or an old setting of the signing code.",
    ),
    LinkFault.EXPIRY_TOO_LONG: Said(
        "The link asks to live longer than 7 days, which storage never accepts. Make a new link of 7 days at most.",
        "X-Amz-Expires is over 604800 s. boto3 signs that without a word; the server answers AccessDenied.",
    ),
    LinkFault.EXPIRY_WRONG: Said(
        f"The link was made without a usable time limit, so storage refuses it. {NEW_LINK}",
        "X-Amz-Expires (SigV2: Expires) is 0, negative or no number.",
    ),
    LinkFault.NOT_YET_VALID: Said(
        "The link was made by a computer whose clock is ahead: by its own word it begins in the future. "
        "It may be refused until then. Make a new link from the record.",
        "X-Amz-Date lies more than 15 minutes ahead. Amazon refuses such a link until then; Ceph opens it, and it ends later than meant. Set the signer's clock.",
    ),
    LinkFault.DATE_WRONG: Said(
        f"The date in the link is not readable, so storage refuses it. {NEW_LINK}",
        "X-Amz-Date is no instant of the form 20261124T083200Z.",
    ),
    LinkFault.SCOPE_DATE: Said(
        f"Two dates within the link contradict each other: it was changed by hand or by a program. {NEW_LINK}",
        "The day in X-Amz-Credential is not the day of X-Amz-Date.",
    ),
    LinkFault.SCOPE_WRONG: Said(
        f"The link was made for another service, or its signer's name was changed. {NEW_LINK}",
        "X-Amz-Credential must be key/day/region/s3/aws4_request.",
    ),
    LinkFault.ALGORITHM: Said(
        f"The link was signed in a way that storage does not know. {NEW_LINK}",
        "X-Amz-Algorithm must be AWS4-HMAC-SHA256.",
    ),
    LinkFault.KEY_MISSING: Said(
        f"The link names our storage, but no file in it. {NEW_LINK}",
        "The path ends behind the bucket: an empty key was signed, or the path was lost.",
    ),
    LinkFault.KEY_IMPOSSIBLE: Said(
        "No file can have the name that this link asks for. Tell a developer which record it belongs to.",
        "The key is over 1,024 bytes, or holds NUL or a broken character.",
    ),
    LinkFault.KEY_FOLDED: Said(
        "The file's name holds ./ or ../, which browsers fold away before they ask. Tell a developer.",
        "The path has a ./ or ../ segment: no browser sends it as it was signed. Copy the object to a key without it.",
    ),
    LinkFault.LOCATION_MISSING: Said(
        "The link leaves out the folder in which our files lie, so storage finds nothing. "
        "Make a new link from the record here: it is made with the folder.",
        "The bare stored key was signed, without AWS_LOCATION in front. Sign location + '/' + name instead; the rows are right as they are.",
    ),
    LinkFault.PARAMETERS_ADDED: Said(
        f"A program added something to the link to count clicks, and that breaks its signature. {NEW_LINK}",
        "SigV4 signs the whole query; these parameters came later: {detail}. Take the link out of click tracking.",
    ),
    LinkFault.PARAMETERS_TWICE: Said(
        f"A part of the link stands in it twice, so storage may refuse it. {NEW_LINK}",
        "Given more than once: {detail}. Ceph takes one of them; Amazon answers AuthorizationQueryParametersError.",
    ),
    LinkFault.HEADERS_SIGNED: Said(
        f"The link was made for a program, not for a browser. {NEW_LINK}",
        "X-Amz-SignedHeaders names more than host ({detail}); a browser does not send those headers.",
    ),
    LinkFault.EXPIRED: Said(
        f"The link has expired. {NEW_LINK}",
        "X-Amz-Date + X-Amz-Expires (SigV2: Expires) lies in the past; the server answers AccessDenied.",
    ),
    LinkFault.NOT_SIGNED: Said(
        "The address carries no signature, so it opens only where the file is open to everybody. "
        "Make a link from the record.",
        "No parameter of a signature. Unsigned addresses open public objects only; ours are to be private.",
    ),
    LinkFault.REGION_OTHER: Said(
        "The link was signed for another region. Our storage may accept it all the same.",
        "The region in X-Amz-Credential is {detail}, not ours. Ceph and Spaces do not look at it; Amazon answers AuthorizationQueryParametersError.",
    ),
    LinkFault.SIGV2: Said(
        "The link carries an old kind of signature. Our storage still accepts it.",
        "SigV2: some servers want SigV4 only. boto3 makes it for a custom endpoint without a region unless signature_version='s3v4' is set.",
    ),
    LinkFault.PLAIN_HTTP: Said(
        "The link is not encrypted on its way (http): others on the network can read the file.",
        "http instead of https. The scheme is not signed, so https may work with the same signature.",
    ),
    LinkFault.PLUS_SIGN: Said(
        "There is a plus sign in the link, which some programs read as a space.",
        "A literal + stands in path or query: in a path it is a plus, in a query a space. Signers write %2B and %20.",
    ),
    LinkFault.KEY_LOOKS_ENCODED: Said(
        "The file's name looks encoded twice; the file may have another name.",
        "Decoded once, as the server does, the key still holds percent signs: an encoded key was signed, or the path was encoded again.",
    ),
    LinkFault.ANSWER_SET: Said(
        "The link also says under which name the file is saved.",
        "response-… parameters set the headers of the answer; they are signed too and need a signed request.",
    ),
}

LOOKS_FINE = Said(
    "By itself the link looks whole and in time. Only storage can say whether its signature is right.",
    "Form, host, key and time are in order. SignatureDoesNotMatch would then mean another secret key, or a changed path or parameter.",
)


def fault(found: FaultFound) -> Said:
    """Say what is wrong with a link.

    >>> fault(FaultFound(LinkFault.REGION_OTHER, "nyc3")).developer[:52]
    'The region in X-Amz-Credential is nyc3, not ours. Ce'
    """
    said = FAULT[found.fault]
    return Said(said.staff, said.developer.replace("{detail}", found.detail or "not known"))
