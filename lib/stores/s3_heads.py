"""What the answer to one HEAD proves. Pure.

* HEAD 200 that carries an ETag and S3's own headers: present. A login page with status 200 does not count.
* HEAD 404 alone proves nothing: the bucket may not exist, or the endpoint may already contain it, and a HEAD has no
  error code. It means absent only beside a LIST that works.
* HEAD 403 is always unknown; what it means is learnt from another request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lib.objects import Doubt, Observation, Presence
from lib.stores import s3_codes, s3_faults

# https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html (StorageClass, Restore)
ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
UNSAID = frozenset({301, 307, 400, 401, 403})  # statuses whose reason stands in a body that a HEAD has not


@dataclass(frozen=True, slots=True)
class Answer:
    """What one HEAD brought: the driver's reply, or its error."""

    at: datetime
    reply: Mapping[str, Any] | None = None
    error: Exception | None = None

    @property
    def is_missing(self) -> bool:
        """Whether an S3 server said 404."""
        return self.error is not None and s3_faults.is_missing(self.error)

    @property
    def is_unsaid(self) -> bool:
        """Whether an S3 server refused without saying why."""
        return self.error is not None and s3_faults.status_of(self.error) in UNSAID

    @property
    def stops_the_batch(self) -> bool:
        """Whether the connection failed, not this key."""
        return self.error is not None and s3_faults.doubt_of(self.error) in s3_faults.OF_THE_ENDPOINT


def is_object(reply: Mapping[str, Any]) -> bool:
    """Whether a HEAD or GET with a good status was answered by S3."""
    return bool(reply.get("ETag")) and s3_codes.is_s3(reply["ResponseMetadata"].get("HTTPHeaders", {}))


def _has_own_key(reply: Mapping[str, Any]) -> bool:
    """Whether the object is encrypted in a way that makes its ETag no MD5, though it may look like one.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html (ETag): SSE-KMS and SSE-C.
    """
    return "SSECustomerAlgorithm" in reply or str(reply.get("ServerSideEncryption", "")).startswith("aws:kms")


def is_listing(reply: Mapping[str, Any], *, bucket: str) -> bool:
    """Whether a LIST with a good status is S3's listing of our bucket; boto3 takes a half-empty page for one too."""
    is_s3 = s3_codes.is_s3(reply["ResponseMetadata"].get("HTTPHeaders", {}))
    is_ours = bucket in {reply.get("Name"), reply.get("Bucket")}  # of uploads: Bucket
    return is_s3 and is_ours and "IsTruncated" in reply


def observation(key: str, answer: Answer, *, refusal: Doubt | None, listing: Doubt | None) -> Observation:
    """Return what is known of a key.

    ``refusal`` is what the unsaid refusals of the batch mean, where that could be learnt; ``listing`` is None while a
    LIST around the key works, else why it does not.
    """
    if answer.error is not None:
        doubt: Doubt | None = s3_faults.doubt_of(answer.error)
        if answer.is_missing:
            doubt = listing
        elif answer.is_unsaid and doubt is not Doubt.NOT_S3:
            doubt = refusal or doubt
        presence = Presence.UNKNOWN if doubt else Presence.ABSENT
        return Observation(key, presence, answer.at, doubt, s3_faults.status_of(answer.error))
    reply = answer.reply
    assert reply is not None
    status = reply["ResponseMetadata"]["HTTPStatusCode"]
    if not is_object(reply):
        return Observation(key, Presence.UNKNOWN, answer.at, Doubt.NOT_S3, status)
    return Observation(
        key,
        Presence.PRESENT,
        answer.at,
        http_status=status,
        size_bytes=reply.get("ContentLength"),
        etag=reply["ETag"].strip('"'),
        content_type=reply.get("ContentType"),
        last_modified=reply.get("LastModified"),
        is_etag_md5=not _has_own_key(reply),
        is_archived=reply.get("StorageClass") in ARCHIVES and 'ongoing-request="false"' not in reply.get("Restore", ""),
    )
