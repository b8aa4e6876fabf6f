"""What the two signatures of S3 write into a query: the names of the parameters, in order, and the form of each value. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

ALGORITHM = "AWS4-HMAC-SHA256"
V4 = (  # in the order in which boto3 and most others write them
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
)
V2 = ("AWSAccessKeyId", "Signature", "Expires")
SECURITY_TOKEN = "X-Amz-Security-Token"  # noqa: S105  the name of a parameter
ANSWER = (
    "response-content-type",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-cache-control",
    "response-expires",
)
OTHERS = (  # that a signer may have put there too
    SECURITY_TOKEN,
    "X-Amz-Content-Sha256",
    "X-Amz-User-Agent",
    "x-amz-security-token",  # SigV2
    "x-amz-checksum-mode",
    "x-id",
    "versionId",
    "partNumber",
)

CREDENTIAL = re.compile(r"(?P<key>[^/]+)/(?P<day>[0-9]{8})/(?P<region>[^/]+)/s3/aws4_request")
SIGNATURE = re.compile(r"[0-9a-f]{64}")
SIGNATURE_V2 = re.compile(r"[A-Za-z0-9+/]{27}=")  # 20 bytes in base64
SECONDS = re.compile(r"[1-9][0-9]{0,6}")
_INSTANT = re.compile(r"[0-9]{8}T[0-9]{6}Z")


def instant(text: str) -> datetime | None:
    """Return the instant that X-Amz-Date names.

    >>> instant("20261124T083200Z"), instant("20261324T083200Z"), instant("2026-11-24")
    (datetime.datetime(2026, 11, 24, 8, 32, tzinfo=datetime.timezone.utc), None, None)
    """
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
