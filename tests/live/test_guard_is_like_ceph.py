"""The guarded S3 answers as Ceph RGW does, asked the same things: else the fast tests prove little."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import boto3
import pytest
import urllib3
from botocore.config import Config

from dashboard.demo.guarded_s3 import GuardedS3, SeedObject
from lib.stores.s3 import S3Config
from tests.parts.ceph import Ceph
from tests.parts.guarded_s3 import config_of

PRIVATE, PUBLIC, MISSING = "edrcontainer1/a b.pdf", "edrcontainer1/public.pdf", "edrcontainer1/missing.pdf"
SEEDS = (SeedObject(PRIVATE, b"%PDF private"), SeedObject(PUBLIC, b"%PDF public", is_public=True))

# Where they are asked the same and may differ, on purpose: links of version 2 (Ceph opens them), DELETE and POST.
KEYS = (PRIVATE, PUBLIC, MISSING, "x" * 1025, "line\nfeed.pdf")
METHODS = ("GET", "HEAD")
RANGES: tuple[dict[str, str], ...] = ({}, {"Range": "bytes=0-3"}, {"Range": "bytes=900-"}, {"Range": "nonsense"})
Change = Callable[[str], str]
CHANGES: dict[str, Change] = {
    "as it is": lambda url: url,
    "without its query": lambda url: url.split("?")[0],
    "longer": lambda url: url.replace("Expires=3600", "Expires=3601"),
    "unsigned": lambda url: re.sub("&X-Amz-Signature=.*", "", url),
    "another signature": lambda url: re.sub("(?<=X-Amz-Signature=).*", "0" * 64, url),
    "another access key": lambda url: url.replace("X-Amz-Credential=", "X-Amz-Credential=x"),
    "one more parameter": lambda url: f"{url}&foo=bar",
    "another algorithm": lambda url: url.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
    "no date": lambda url: re.sub("&X-Amz-Date=[^&]*", "", url),
    "another day": lambda url: re.sub("(?<=X-Amz-Date=)....", "2020", url),
    "expiry that is no number": lambda url: url.replace("Expires=3600", "Expires=soon"),
    "another bucket": lambda url: re.sub("(?<=/)edr[^/]*", "no-such-bucket", url, count=1),
    "another bucket, anonymous": lambda url: re.sub("(?<=/)edr[^/]*", "no-such-bucket", url, count=1).split("?")[0],
}


def _link(config: S3Config, key: str, expires_s: int) -> str:
    client: Any = boto3.client(
        "s3",
        endpoint_url=config.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=config.access_key_id,
        aws_secret_access_key=config.secret_access_key,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    url: str = client.generate_presigned_url("get_object", {"Bucket": config.bucket, "Key": key}, expires_s)
    return url


def _answers(config: S3Config) -> dict[str, tuple[int, str, bool]]:
    """Return status, error code and whether the page names the bucket, for everything that is asked."""
    asked: dict[str, tuple[str, str, dict[str, str]]] = {}
    for key in KEYS:
        link = _link(config, key, 3600)
        for name, change in CHANGES.items():
            for method in METHODS:
                asked[f"{method} {key[:30]!r} {name}"] = (method, change(link), {})
    for range_ in RANGES:
        asked[f"range {range_}"] = ("GET", _link(config, PRIVATE, 3600), range_)
    for expires_s in (0, -5, 60, 604_800, 604_801):
        asked[f"for {expires_s} s"] = ("GET", _link(config, PRIVATE, expires_s), {})
    asked["both"] = ("GET", _link(config, PRIVATE, 3600), {"Authorization": "AWS4-HMAC-SHA256 x"})
    # Not asked with HEAD: Ceph RGW 16.2.15 never answers that one, and hangs up after 65 s.
    override = _link(config, PUBLIC, 3600).split("?")[0] + "?response-content-type=text%2Fhtml"
    asked["anonymous with an override"] = ("GET", override, {})
    asked["anonymous listing"] = ("GET", f"{config.endpoint_url}/{config.bucket}", {})
    answers = {}
    with urllib3.PoolManager() as manager:
        for name, (method, url, headers) in asked.items():
            reply = manager.request(method, url, headers=headers, redirect=False, retries=False)
            code = re.search(rb"<Code>(\w+)</Code>", reply.data)
            answers[name] = (reply.status, code[1].decode() if code else "", b"<BucketName>" in reply.data)
    return answers


def test_the_guard_answers_as_ceph_does(ceph: Ceph, guarded_s3: GuardedS3) -> None:
    bucket = ceph.bucket()
    for seed in SEEDS:
        ceph.put(bucket, seed)
        guarded_s3.put(seed)
    real, guarded = _answers(ceph.config(bucket)), _answers(config_of(guarded_s3))
    assert len(real) > 100
    different = {name: (answer, guarded[name]) for name, answer in real.items() if answer != guarded[name]}
    assert different == {}


@pytest.mark.parametrize("prefix", ["", "edrcontainer1/", "nothing/"])
def test_the_guard_lists_as_ceph_does(ceph: Ceph, guarded_s3: GuardedS3, prefix: str) -> None:
    bucket = ceph.bucket()
    pages = []
    for seed in SEEDS:
        ceph.put(bucket, seed)
        guarded_s3.put(seed)
    for config in (ceph.config(bucket), config_of(guarded_s3)):
        client = boto3.client(
            "s3",
            endpoint_url=config.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=config.access_key_id,
            aws_secret_access_key=config.secret_access_key,
        )
        page = client.list_objects_v2(Bucket=config.bucket, Prefix=prefix, MaxKeys=1, EncodingType="url")
        found = [(unquote(each["Key"]), each["Size"], each["ETag"]) for each in page.get("Contents", [])]
        pages.append((page["IsTruncated"], page["KeyCount"], page["MaxKeys"], page["Name"] == config.bucket, found))
    assert pages[0] == pages[1]
