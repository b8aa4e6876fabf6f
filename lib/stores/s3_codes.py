"""What the answers of an S3 server mean, whoever asked: error codes and statuses as doubts. Pure, knows no driver."""

from __future__ import annotations

from collections.abc import Mapping

from lib.objects import Doubt

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


def is_s3(headers: Mapping[str, str]) -> bool:
    """Whether an answer carries what every S3 answer carries and a login page or proxy does not.

    ETag and Last-Modified would not do: a static web server sends both. Ceph, AWS, MinIO and moto number each request.
    """
    return any(name.lower().startswith(("x-amz-", "x-rgw-")) for name in headers)


def doubt_of(code: str, *, status: int, headers: Mapping[str, str]) -> Doubt:
    """Return why an answer that is no success taught nothing. The names of the headers are lower case."""
    if doubt := BY_CODE.get(code):
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


def doubt_of_listing(code: str, *, status: int, headers: Mapping[str, str]) -> Doubt:
    """Return why a LIST taught nothing."""
    if code == "NoSuchKey":
        return Doubt.BUCKET_IN_ENDPOINT  # the listing was taken for an object's name
    return doubt_of(code, status=status, headers=headers)
