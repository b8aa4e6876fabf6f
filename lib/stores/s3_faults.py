"""What boto3's errors mean: its answers (``s3_codes``) and its exceptions, translated once into doubts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore import exceptions
from botocore.parsers import ResponseParserError

from lib.objects import Doubt
from lib.stores import s3_codes

# What one call of the driver may raise. A ValueError is an answer whose headers cannot be parsed.
DRIVER_ERRORS = (exceptions.BotoCoreError, exceptions.ClientError, ResponseParserError, ValueError)

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


def doubt_of(error: Exception) -> Doubt:
    """Return why a call of the driver taught nothing; for the bare 404 and 403 of a HEAD, OTHER and DENIED."""
    if isinstance(error, exceptions.ClientError):
        return s3_codes.doubt_of(code_of(error), **_told(error.response))
    return next((doubt for kind, doubt in BY_EXCEPTION if isinstance(error, kind)), Doubt.OTHER)


def doubt_of_listing(error: Exception) -> Doubt:
    """Return why a LIST taught nothing."""
    if isinstance(error, exceptions.ClientError):
        return s3_codes.doubt_of_listing(code_of(error), **_told(error.response))
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


def _told(response: Mapping[str, Any]) -> dict[str, Any]:
    metadata = response["ResponseMetadata"]
    return {"status": metadata.get("HTTPStatusCode", 0), "headers": metadata.get("HTTPHeaders", {})}
