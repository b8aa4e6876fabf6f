"""A corrected signer for the backend, as a file of a plan. The same code stands in docs/backend-signer.md."""

SIGNER = '''\
import boto3
from botocore.config import Config
from django.conf import settings


def object_key(stored: str) -> str:
    """The key to ask for. Idempotent; cleans nothing: a cleverer rule hides broken rows."""
    location = settings.AWS_LOCATION.strip("/")
    prefix = f"{location}/" if location else ""
    return stored if stored.startswith(prefix) else prefix + stored


def signed_url(stored: str, *, expires_s: int = settings.AWS_QUERYSTRING_EXPIRE) -> str:
    """A link to one PDF. Raises instead of falling back to the plain address, which opens for everybody."""
    if not stored:
        raise ValueError("the record names no file")
    if not 1 <= expires_s <= 604_800:  # boto3 signs anything; the server refuses the rest when it is opened
        raise ValueError("a link lives from 1 second to 7 days")
    client = boto3.client(
        "s3",
        endpoint_url=settings.AWS_S3_ENDPOINT_URL,  # the bare address: without the bucket, without a path
        region_name=settings.AWS_S3_REGION_NAME,
        aws_access_key_id=settings.AWS_ACCESS_KEY_ID,
        aws_secret_access_key=settings.AWS_SECRET_ACCESS_KEY,
        config=Config(
            signature_version="s3v4",  # left out, boto3 makes old SigV2 links for a custom endpoint
            request_checksum_calculation="when_required",  # the default breaks uploads over https on Ceph
            response_checksum_validation="when_required",
        ),
    )
    return client.generate_presigned_url(
        "get_object",
        Params={"Bucket": settings.AWS_STORAGE_BUCKET_NAME, "Key": object_key(stored)},
        ExpiresIn=expires_s,
    )
'''
