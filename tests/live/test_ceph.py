"""Against a real Ceph RGW: the founding case, rights, certificates, and what credentials can go wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from dashboard.demo.guarded_s3 import SeedObject
from lib import keys
from lib.objects import Disposition, Doubt, Fetched, ObjectUnavailable, Observation, Presence
from lib.stores.s3 import S3Config, S3Objects
from tests.parts.ceph import LOCATION, Ceph, Keys

BUDGET = timedelta(seconds=10)
STORED = "prescriptions/pdfs/2025/11/12/prescription_153_1.pdf"
KEY = f"{LOCATION}/{STORED}"
PDF = b"%PDF-1.7 not much of a prescription"


@pytest.fixture
def bucket(ceph: Ceph) -> str:
    """A bucket that holds one prescription."""
    name = ceph.bucket()
    ceph.put(name, SeedObject(KEY, PDF))
    return name


def _look(config: S3Config, key: str = KEY) -> Observation:
    return S3Objects(config).head([key], budget=BUDGET)[key]


def _open(store: S3Objects, key: str) -> Fetched:
    link = store.presign(key, expires=timedelta(hours=1), filename="a.pdf", disposition=Disposition.INLINE)
    return store.fetch_as_stranger(link, first_bytes=1024)


def test_the_founding_case(ceph: Ceph, bucket: str) -> None:
    """The bare stored key was signed, and the user saw this page; the resolved key opens."""
    store = S3Objects(ceph.config(bucket))
    bare = _open(store, STORED)
    assert (bare.status, bare.error_code, bare.content_type) == (404, "NoSuchKey", "application/xml")
    page, _, rest = bare.body.decode().partition("<RequestId>tx")
    assert page == (
        '<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code><Message></Message>'
        f"<BucketName>{bucket}</BucketName>"
    )
    assert rest.endswith("</HostId></Error>")

    opened = _open(store, keys.resolve(STORED, location=LOCATION))
    assert (opened.status, opened.body, opened.total_bytes) == (206, PDF, len(PDF))
    assert opened.content_type == "application/pdf"

    seen = store.head([STORED, KEY], budget=BUDGET)
    assert {key: each.presence for key, each in seen.items()} == {STORED: Presence.ABSENT, KEY: Presence.PRESENT}


def test_an_endpoint_that_contains_the_bucket_shows_the_same_page_and_is_told_apart(ceph: Ceph, bucket: str) -> None:
    store = S3Objects(ceph.config(bucket, endpoint_url=f"{ceph.endpoint_url}/{bucket}"))
    assert _open(store, KEY).error_code == "NoSuchKey"
    seen = store.head([KEY], budget=BUDGET)[KEY]
    assert (seen.presence, seen.doubt) == (Presence.UNKNOWN, Doubt.BUCKET_IN_ENDPOINT)
    with pytest.raises(ObjectUnavailable) as unavailable:
        store.read(KEY, limit_bytes=100)
    assert unavailable.value.doubt is Doubt.BUCKET_IN_ENDPOINT


def test_a_slash_behind_the_endpoint_is_harmless(ceph: Ceph, bucket: str) -> None:
    config = ceph.config(bucket, endpoint_url=f"{ceph.endpoint_url}/")
    assert _look(config).presence is Presence.PRESENT
    assert _open(S3Objects(config), KEY).status == 206


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({"secret_access_key": "wrong"}, Doubt.BAD_SIGNATURE),
        ({"access_key_id": "NOBODYSACCESSKEY0000"}, Doubt.UNKNOWN_ACCESS_KEY),
        ({"access_key_id": ""}, Doubt.NO_CREDENTIALS),
        ({"bucket": "no-such-bucket"}, Doubt.NO_BUCKET),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_called_missing(
    ceph: Ceph, bucket: str, changes: dict[str, object], doubt: Doubt
) -> None:
    config = replace(ceph.config(bucket), **changes)  # type: ignore[arg-type]
    for key in (KEY, f"{KEY}.missing"):
        seen = _look(config, key)
        assert (seen.presence, seen.doubt) == (Presence.UNKNOWN, doubt)


def test_the_region_does_not_matter_to_ceph(ceph: Ceph, bucket: str) -> None:
    for region in ("", "us-east-1", "nyc3"):
        config = ceph.config(bucket, region=region)
        assert _look(config).presence is Presence.PRESENT
        assert _open(S3Objects(config), KEY).status == 206


def _as_other(ceph: Ceph, bucket: str) -> S3Config:
    keys_ = ceph.other
    return ceph.config(bucket, access_key_id=keys_.access_key_id, secret_access_key=keys_.secret_access_key)


def test_a_403_is_not_reported_as_missing(ceph: Ceph, bucket: str) -> None:
    """A user without any right is told 403 of everything, there or not."""
    seen = S3Objects(_as_other(ceph, bucket)).head([KEY, f"{KEY}.missing"], budget=BUDGET)
    assert {(each.presence, each.doubt, each.http_status) for each in seen.values()} == {
        (Presence.UNKNOWN, Doubt.DENIED, 403)
    }


def _allow_other(ceph: Ceph, bucket: str, *statements: dict[str, object]) -> None:
    who = {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/other"]}}
    policy = {"Version": "2012-10-17", "Statement": [who | each for each in statements]}
    ceph.client().put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def test_who_may_read_but_not_list_cannot_tell_missing_from_forbidden(ceph: Ceph, bucket: str) -> None:
    read: dict[str, object] = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    _allow_other(ceph, bucket, read)
    assert _look(_as_other(ceph, bucket)).presence is Presence.PRESENT
    seen = _look(_as_other(ceph, bucket), f"{KEY}.missing")
    assert (seen.presence, seen.doubt) == (Presence.UNKNOWN, Doubt.DENIED)

    _allow_other(ceph, bucket, read, {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"})
    assert _look(_as_other(ceph, bucket), f"{KEY}.missing").presence is Presence.ABSENT


def test_who_may_list_the_location_only_is_sure_there_only(ceph: Ceph, bucket: str) -> None:
    _allow_other(
        ceph,
        bucket,
        {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"},
        {
            "Action": "s3:ListBucket",
            "Resource": f"arn:aws:s3:::{bucket}",
            "Condition": {"StringLike": {"s3:prefix": f"{LOCATION}/*"}},
        },
    )
    config = _as_other(ceph, bucket)
    assert _look(config).presence is Presence.PRESENT
    assert _look(config, "elsewhere.pdf").presence is Presence.UNKNOWN
    seen = _look(config, f"{KEY}.missing")
    assert (seen.presence, seen.doubt) == (Presence.UNKNOWN, Doubt.DENIED), "Ceph asks for the right on all the bucket"


def test_a_suspended_account_and_a_removed_key(ceph: Ceph) -> None:
    keys_ = Keys("TESTLEAVERACCESSKEY0", "testleaversecretkey0000000000000000000000")
    ceph.admin("user", "create", "--uid", "leaver", "--display-name", "leaver", "--max-buckets", "10",
               "--access-key", keys_.access_key_id, "--secret-key", keys_.secret_access_key)  # fmt: skip
    client = ceph.client(keys_)
    client.create_bucket(Bucket="leavers-bucket")
    client.put_object(Bucket="leavers-bucket", Key=KEY, Body=PDF)
    config = ceph.config("leavers-bucket", access_key_id=keys_.access_key_id, secret_access_key=keys_.secret_access_key)
    store = S3Objects(config)
    assert _open(store, KEY).status == 206
    ceph.admin("user", "suspend", "--uid", "leaver")
    assert _look(config).doubt is Doubt.SUSPENDED
    assert _open(store, KEY).error_code == "UserSuspended"
    ceph.admin("user", "enable", "--uid", "leaver")
    ceph.admin("key", "rm", "--uid", "leaver", "--access-key", keys_.access_key_id)
    assert _look(config).doubt is Doubt.UNKNOWN_ACCESS_KEY
    assert _open(store, KEY).error_code == "InvalidAccessKeyId"


def test_a_certificate_that_nobody_vouches_for(ceph: Ceph, bucket: str) -> None:
    store = S3Objects(ceph.config(bucket, endpoint_url=ceph.tls_endpoint_url))
    seen = store.head([KEY], budget=BUDGET)[KEY]
    assert (seen.presence, seen.doubt) == (Presence.UNKNOWN, Doubt.TLS)
    assert _open(store, KEY).doubt is Doubt.TLS
    with pytest.raises(ObjectUnavailable) as unavailable:
        store.read(KEY, limit_bytes=100)
    assert unavailable.value.doubt is Doubt.TLS


def test_https_with_a_known_certificate(ceph: Ceph, bucket: str) -> None:
    store = S3Objects(ceph.config(bucket, endpoint_url=ceph.tls_endpoint_url, ca_bundle=ceph.ca_bundle))
    assert store.head([KEY], budget=BUDGET)[KEY].presence is Presence.PRESENT
    assert store.read(KEY, limit_bytes=100) == PDF
    assert _open(store, KEY).status == 206


def test_http_to_the_https_port(ceph: Ceph, bucket: str) -> None:
    seen = _look(ceph.config(bucket, endpoint_url=ceph.tls_endpoint_url.replace("https:", "http:")))
    assert seen.presence is Presence.UNKNOWN


def test_a_deleted_object_of_a_versioned_bucket_is_absent(ceph: Ceph, bucket: str) -> None:
    client = ceph.client()
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    client.delete_object(Bucket=bucket, Key=KEY)
    assert _look(ceph.config(bucket)).presence is Presence.ABSENT


def test_an_empty_object_opens_as_nothing(ceph: Ceph, bucket: str) -> None:
    ceph.put(bucket, SeedObject(KEY, b""))
    store = S3Objects(ceph.config(bucket))
    assert _look(ceph.config(bucket)).size_bytes == 0
    assert store.read(KEY, limit_bytes=10) == b""
    opened = _open(store, KEY)
    assert (opened.status, opened.error_code) == (416, "InvalidRange")


def test_an_empty_location_prefixes_nothing(ceph: Ceph, bucket: str) -> None:
    config = ceph.config(bucket, location="")
    assert _look(config).presence is Presence.PRESENT
    assert _look(config, STORED).presence is Presence.ABSENT
