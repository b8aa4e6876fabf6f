"""Who signed a request: the server's half of AWS Signature Version 4, for the demo's storage. Pure.

The rules are AWS's (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html);
the error codes are the ones that Ceph RGW 16.2.15 answers with. Written apart from botocore on purpose:
a signer that checks itself proves nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote_plus, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_SKEW = timedelta(minutes=15)
MAX_EXPIRES_S = 604_800
_AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came over the wire: path and query still percent-encoded, header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def parameters(self) -> dict[str, str]:
        """The query, decoded."""
        return dict(_pairs(self.query))

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody claims to have signed this."""
        parameters = self.parameters
        is_link = parameters.get("X-Amz-Algorithm") == ALGORITHM or "AWSAccessKeyId" in parameters
        return not is_link and "authorization" not in self.headers


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a signed request says about itself."""

    access_key_id: str
    scope: tuple[str, str, str]  # day, region, service
    signed_headers: Sequence[str]
    signature: str
    date: str
    payload_hash: str


def refusal(request: Request, *, access_key_id: str, secret_access_key: str, now: datetime) -> str | None:
    """Return the S3 error code that a signed request earns, or None where the signature holds.

    A link whose expiry is over, out of 1…604800 s or unreadable is AccessDenied, whatever it signs.
    """
    parameters = request.parameters
    has_header, has_query = "authorization" in request.headers, parameters.get("X-Amz-Algorithm") == ALGORITHM
    if has_header and has_query:
        return "InvalidArgument"
    claim = _claim_of_query(parameters) if has_query else _claim_of_header(request.headers)
    at = _instant(claim.date) if claim else None
    if claim is None or at is None:
        return "AccessDenied"
    if has_query:
        lifetime = parameters.get("X-Amz-Expires", "")
        if not re.fullmatch("[0-9]{1,6}", lifetime) or not 1 <= int(lifetime) <= MAX_EXPIRES_S:
            return "AccessDenied"
        if at + timedelta(seconds=int(lifetime)) <= now:
            return "AccessDenied"
    if claim.access_key_id != access_key_id:
        return "InvalidAccessKeyId"
    if has_header and abs(now - at) > MAX_SKEW:
        return "RequestTimeTooSkewed"
    if not hmac.compare_digest(_signature(request, claim, secret_access_key), claim.signature):
        return "SignatureDoesNotMatch"
    return None


def _pairs(query: str) -> list[tuple[str, str]]:
    split = (pair.partition("=") for pair in query.split("&") if pair)
    return [(unquote_plus(name), unquote_plus(value, errors="surrogateescape")) for name, _, value in split]


def _instant(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _claim_of_header(headers: Mapping[str, str]) -> _Claim | None:
    match = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if match is None:
        return None
    credential, names, signature = match.groups()
    date, payload_hash = headers.get("x-amz-date", ""), headers.get("x-amz-content-sha256", "")
    return _claim(credential, names, signature, date, payload_hash)


def _claim_of_query(parameters: Mapping[str, str]) -> _Claim | None:
    credential, names, signature, date = (
        parameters.get(f"X-Amz-{name}", "") for name in ("Credential", "SignedHeaders", "Signature", "Date")
    )
    if not signature:
        return None
    return _claim(credential, names, signature, date, "UNSIGNED-PAYLOAD")


def _claim(credential: str, names: str, signature: str, date: str, payload_hash: str) -> _Claim | None:
    match credential.rsplit("/", 4):
        case [access_key_id, day, region, service, "aws4_request"]:
            return _Claim(access_key_id, (day, region, service), names.split(";"), signature, date, payload_hash)
    return None


def _signature(request: Request, claim: _Claim, secret_access_key: str) -> str:
    """Return the signature that the holder of the secret would have made.

    1. The path and the query, decoded and encoded again, so that a browser's spelling does not matter.
    2. The canonical request of method, path, sorted query, signed headers and payload hash.
    3. HMAC-SHA256 under the key derived from the secret, the day, the region and the service.
    """
    pairs = (
        (quote(name, safe="-_.~"), quote(value, safe="-_.~", errors="surrogateescape"))
        for name, value in _pairs(request.query)
        if name != "X-Amz-Signature"
    )
    canonical = "\n".join(
        [
            request.method,
            quote(unquote_to_bytes(request.path), safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in sorted(pairs)),
            *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in claim.signed_headers),
            "",
            ";".join(claim.signed_headers),
            claim.payload_hash,
        ]
    )
    key = f"AWS4{secret_access_key}".encode()
    for part in (*claim.scope, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    scope = "/".join((*claim.scope, "aws4_request"))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return hmac.digest(key, f"AWS4-HMAC-SHA256\n{claim.date}\n{scope}\n{digest}".encode(), "sha256").hex()
