"""What S3 errors mean: error codes, statuses and the driver's exceptions, translated once into doubts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore import exceptions
from botocore.parsers import ResponseParserError

from lib.objects import Doubt

# What one call of the driver may raise. A ValueError is an answer whose headers cannot be parsed.
DRIVER_ERRORS = (exceptions.BotoCoreError, exceptions.ClientError, ResponseParserError, ValueError)

BY_CODE = {
    "AccessDenied": Doubt.DENIED,
    "AllAccessDisabled": Doubt.DENIED,
    "SignatureDoesNotMatch": Doubt.BAD_SIGNATURE,
    "InvalidAccessKeyId": Doubt.UNKNOWN_ACCESS_KEY,
    "ExpiredToken": Doubt.EXPIRED_CREDENTIALS,
    "InvalidToken": Doubt.EXPIRED_CREDENTIALS,
    "TokenRefreshRequired": Doubt.EXPIRED_CREDENTIALS,
    "RequestTimeTooSkewed": Doubt.CLOCK_SKEWED,
    "UserSuspended": Doubt.SUSPENDED,
    "AccountProblem": Doubt.SUSPENDED,
    "NoSuchBucket": Doubt.NO_BUCKET,
    "InvalidBucketName": Doubt.NO_BUCKET,
    "AuthorizationHeaderMalformed": Doubt.WRONG_REGION,
    "PermanentRedirect": Doubt.WRONG_REGION,
    "TemporaryRedirect": Doubt.WRONG_REGION,
    "IllegalLocationConstraintException": Doubt.WRONG_REGION,
    "IllegalLocationConstraint": Doubt.WRONG_REGION,
    "SlowDown": Doubt.THROTTLED,
    "ServiceUnavailable": Doubt.THROTTLED,
    "RequestLimitExceeded": Doubt.THROTTLED,
    "TooManyRequests": Doubt.THROTTLED,
}

# The first class that matches; the special ones stand before those that they derive from.
BY_EXCEPTION: tuple[tuple[type[Exception], Doubt], ...] = (
    (exceptions.NoCredentialsError, Doubt.NO_CREDENTIALS),
    (exceptions.PartialCredentialsError, Doubt.NO_CREDENTIALS),
    (exceptions.SSLError, Doubt.TLS),
    (exceptions.ConnectTimeoutError, Doubt.TIMED_OUT),
    (exceptions.ReadTimeoutError, Doubt.TIMED_OUT),
    (exceptions.ConnectionError, Doubt.UNREACHABLE),
    (exceptions.ConnectionClosedError, Doubt.UNREACHABLE),
    (exceptions.ResponseStreamingError, Doubt.UNREACHABLE),
    (exceptions.IncompleteReadError, Doubt.UNREACHABLE),
    (exceptions.ParamValidationError, Doubt.NO_BUCKET),  # keys are checked before, so it is the bucket's name
    (ResponseParserError, Doubt.NOT_S3),
    (ValueError, Doubt.NOT_S3),
)

# Faults of the connection, not of one key: asking for the next key would only cost its timeout too.
OF_THE_ENDPOINT = frozenset({Doubt.UNREACHABLE, Doubt.TLS, Doubt.TIMED_OUT, Doubt.THROTTLED, Doubt.NO_CREDENTIALS})


def is_s3(headers: Mapping[str, str]) -> bool:
    """Whether an answer carries what every S3 answer carries and a login page or proxy does not.

    ETag and Last-Modified would not do: a static web server sends both. Ceph, AWS, MinIO and moto number each request.
    """
    return any(name.lower().startswith(("x-amz-", "x-rgw-")) for name in headers)


def doubt_of(error: Exception) -> Doubt:
    """Return why a call of the driver taught nothing; for the bare 404 and 403 of a HEAD, OTHER and DENIED."""
    if isinstance(error, exceptions.ClientError):
        return _doubt_of_answer(error.response)
    return next((doubt for kind, doubt in BY_EXCEPTION if isinstance(error, kind)), Doubt.OTHER)


def doubt_of_listing(error: Exception) -> Doubt:
    """Return why a LIST taught nothing."""
    if code_of(error) == "NoSuchKey":
        return Doubt.BUCKET_IN_ENDPOINT  # the listing was taken for an object's name
    return doubt_of(error)


def status_of(error: Exception) -> int | None:
    """Return the HTTP status of the answer behind an error, or None where there was no answer."""
    if isinstance(error, exceptions.ClientError):
        status: int | None = error.response["ResponseMetadata"].get("HTTPStatusCode")
        return status
    return None


def code_of(error: Exception) -> str:
    """Return the S3 error code; ``404``, ``403`` and so on after a HEAD, '' where there was no answer."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, exceptions.ClientError) else ""


def is_missing(error: Exception) -> bool:
    """Whether an S3 server said 404 of a key; a 404 from anybody else, or of a bucket, is a doubt of its own."""
    return status_of(error) == 404 and doubt_of(error) is Doubt.OTHER


def _doubt_of_answer(response: Mapping[str, Any]) -> Doubt:
    metadata = response["ResponseMetadata"]
    headers, status = metadata.get("HTTPHeaders", {}), metadata.get("HTTPStatusCode", 0)
    if doubt := BY_CODE.get(str(response["Error"].get("Code"))):
        return doubt
    if status in {429, 503}:
        return Doubt.THROTTLED
    is_html = headers.get("content-type", "").startswith("text/html")
    if not is_s3(headers) and (status < 500 or (is_html and status == 500)):
        # botocore turns a 200 whose body is no XML into a 500 of its own making.
        return Doubt.NOT_S3
    if status >= 500:
        return Doubt.SERVER_ERROR
    return Doubt.DENIED if status in {401, 403} else Doubt.OTHER
