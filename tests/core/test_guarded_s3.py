"""The demo's storage: moto behind a guard that checks what moto does not."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError

from dashboard.demo.guarded_s3 import Fault, GuardedS3, SeedObject, serve

KEY = "edrcontainer1/prescriptions/a b+%.pdf"
PDF = b"%PDF-1.7 not much of a prescription"
Reply = urllib3.BaseHTTPResponse


@pytest.fixture
def server(guarded_s3: GuardedS3) -> GuardedS3:
    guarded_s3.put(SeedObject(KEY, PDF))
    return guarded_s3


def _client(server: GuardedS3, *, version: str = "s3v4", secret: str | None = None) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=server.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=secret or server.secret_access_key,
        config=Config(signature_version=version, s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


def _link(server: GuardedS3, *, key: str = KEY, expires_s: int = 3600, version: str = "s3v4", **more: str) -> str:
    wanted = {"Bucket": server.bucket, "Key": key, **more}
    url: str = _client(server, version=version).generate_presigned_url("get_object", Params=wanted, ExpiresIn=expires_s)
    return url


def _ask(url: str, method: str = "GET", **headers: str) -> Reply:
    with urllib3.PoolManager() as manager:
        return manager.request(method, url, headers=headers, redirect=False, retries=False)


def _refused(reply: Reply) -> tuple[int, str]:
    code = re.search(rb"<Code>(\w+)</Code>", reply.data)
    return reply.status, code[1].decode() if code else ""


def test_a_signed_link_opens_in_whole_and_in_part(server: GuardedS3) -> None:
    whole, part = _ask(_link(server)), _ask(_link(server), Range="bytes=0-3")
    assert (whole.status, whole.data) == (200, PDF)
    assert (part.status, part.data, part.headers["Content-Range"]) == (206, b"%PDF", f"bytes 0-3/{len(PDF)}")
    assert _ask(_link(server), Range="bytes=-5").data == PDF[-5:]
    assert _refused(_ask(_link(server), Range="bytes=500-")) == (416, "InvalidRange")


TAMPERED: list[Callable[[str], str]] = [
    lambda url: url.replace("X-Amz-Expires=3600", "X-Amz-Expires=3601"),
    lambda url: url.replace("/a%20b", "/b%20b"),
    lambda url: re.sub("(?<=X-Amz-Signature=).*", lambda signature: signature[0][::-1], url),
    lambda url: url + "&foo=bar",
    lambda url: url + "&response-content-type=text%2Fhtml",
    lambda url: url.replace("127.0.0.1", "localhost"),
]


@pytest.mark.parametrize("tamper", TAMPERED)
def test_a_changed_link_is_refused(server: GuardedS3, tamper: Callable[[str], str]) -> None:
    changed = tamper(_link(server))
    assert changed != _link(server)
    assert _refused(_ask(changed)) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "POST"])
def test_a_link_to_get_is_good_for_nothing_else(server: GuardedS3, method: str) -> None:
    assert _ask(_link(server), method).status == 403
    assert _ask(_link(server)).data == PDF


def test_a_link_ends(server: GuardedS3) -> None:
    link = _link(server, expires_s=60)
    server.clock = lambda: datetime.now(UTC) + timedelta(seconds=58)
    assert _ask(link).status == 200
    server.clock = lambda: datetime.now(UTC) + timedelta(seconds=61)
    assert _refused(_ask(link)) == (403, "AccessDenied")


@pytest.mark.parametrize("expires_s", [0, -5, 604_801, 100_000_000])
def test_a_link_outside_one_second_to_seven_days_is_refused(server: GuardedS3, expires_s: int) -> None:
    assert _refused(_ask(_link(server, expires_s=expires_s))) == (403, "AccessDenied")


def test_a_link_of_version_two_is_refused(server: GuardedS3) -> None:
    """Ceph would open it; here it shows that somebody left the signature version to boto3."""
    assert _refused(_ask(_link(server, version="s3"))) == (403, "AccessDenied")


def test_a_link_beside_an_authorization_header_is_refused(server: GuardedS3) -> None:
    assert _refused(_ask(_link(server), Authorization="Bearer x")) == (400, "InvalidArgument")


@pytest.mark.parametrize("header", ["Bearer x", "AWS KEY:signature", "AWS4-HMAC-SHA256 nonsense", ""])
def test_an_authorization_that_is_none_is_refused(server: GuardedS3, header: str) -> None:
    assert _refused(_ask(f"{server.endpoint_url}/{server.bucket}/x", Authorization=header)) == (403, "AccessDenied")


def test_a_stranger_opens_what_is_public_and_is_told_nothing_else(server: GuardedS3) -> None:
    server.put(SeedObject("public.pdf", PDF, is_public=True))
    base = f"{server.endpoint_url}/{server.bucket}"
    assert _ask(f"{base}/public.pdf").data == PDF
    assert _ask(f"{base}/public.pdf", "HEAD").headers["Content-Length"] == str(len(PDF))
    for url in (
        f"{base}/edrcontainer1/prescriptions/a%20b%2B%25.pdf",
        f"{base}/missing.pdf",
        base,
        server.endpoint_url,
    ):
        assert _refused(_ask(url)) == (403, "AccessDenied")
    for method in ("PUT", "DELETE", "POST"):
        assert _refused(_ask(f"{base}/public.pdf", method)) == (403, "AccessDenied")


def test_headers_are_checked_like_links(server: GuardedS3) -> None:
    assert _client(server).head_object(Bucket=server.bucket, Key=KEY)["ContentLength"] == len(PDF)
    for refused, code in (
        (lambda: _client(server, secret="wrong").get_object(Bucket=server.bucket, Key=KEY), "SignatureDoesNotMatch"),
        (lambda: _client(server).get_object(Bucket=server.bucket, Key="missing"), "NoSuchKey"),
        (lambda: _client(server).list_objects_v2(Bucket="another"), "NoSuchBucket"),
        (lambda: _client(server).delete_object(Bucket=server.bucket, Key=KEY), "MethodNotAllowed"),
        (lambda: _client(server).get_object(Bucket=server.bucket, Key="x" * 1025), "InvalidObjectName"),
    ):
        with pytest.raises(ClientError) as error:
            refused()
        assert error.value.response["Error"]["Code"] == code


def test_a_clock_that_is_off_is_told(server: GuardedS3) -> None:
    for minutes in (-20, 20):
        server.clock = lambda minutes=minutes: datetime.now(UTC) + timedelta(minutes=minutes)
        with pytest.raises(ClientError) as error:
            _client(server).get_object(Bucket=server.bucket, Key=KEY)
        assert error.value.response["Error"]["Code"] == "RequestTimeTooSkewed"


def test_the_error_page_is_the_one_that_ceph_sends(server: GuardedS3) -> None:
    page = _ask(_link(server, key="prescriptions/a.pdf")).data.decode()
    assert re.sub("(<RequestId>|<HostId>)[^<]*", r"\1", page) == (
        '<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code><Message></Message>'
        "<BucketName>edrspace</BucketName><RequestId></RequestId><HostId></HostId></Error>"
    )


def test_what_the_link_says_about_the_answer_is_answered(server: GuardedS3) -> None:
    name = "inline; filename=\"a.pdf\"; filename*=UTF-8''%E0%A4%A8.pdf"
    link = _link(server, ResponseContentType="application/pdf", ResponseContentDisposition=name)
    assert _ask(link).headers["Content-Disposition"] == name
    split = _link(server, ResponseContentDisposition="inline\r\nSet-Cookie: a=b")
    assert _refused(_ask(split)) == (400, "InvalidRequest")


@pytest.mark.parametrize(
    "key", ["line\nfeed.pdf", "a//b.pdf", "/a.pdf", "\u0928\u0941.pdf", "e\u0301.pdf", "up/../x", "t\x01"]
)
def test_odd_keys_are_kept_byte_for_byte(server: GuardedS3, key: str) -> None:
    body = key.encode()
    _client(server).put_object(Bucket=server.bucket, Key=key, Body=body, ContentType="application/pdf")
    assert _client(server).get_object(Bucket=server.bucket, Key=key)["Body"].read() == body
    page = _client(server).list_objects_v2(Bucket=server.bucket, EncodingType="url", Prefix=key)
    assert [(each["Size"], each["ETag"]) for each in page["Contents"]] == [
        (len(body), f'"{hashlib.md5(body).hexdigest()}"')
    ]


def test_a_multipart_object_has_an_etag_that_is_no_md5(server: GuardedS3) -> None:
    server.put(SeedObject(KEY, PDF, is_multipart=True))
    etag = _client(server).head_object(Bucket=server.bucket, Key=KEY)["ETag"]
    assert re.fullmatch('"[0-9a-f]{32}-1"', etag)
    assert hashlib.md5(PDF).hexdigest() not in etag


def test_objects_come_and_go(server: GuardedS3) -> None:
    server.delete(KEY)
    server.delete("never there")
    assert _refused(_ask(_link(server))) == (404, "NoSuchKey")
    _client(server).put_object(Bucket=server.bucket, Key=KEY, Body=b"new", ACL="public-read")
    assert _ask(f"{server.endpoint_url}/{server.bucket}/edrcontainer1/prescriptions/a%20b%2B%25.pdf").data == b"new"


def test_a_fault_can_be_switched_on_and_off(server: GuardedS3) -> None:
    server.answer_with = Fault.DENY
    assert _refused(_ask(_link(server))) == (403, "AccessDenied")
    server.answer_with = Fault.BUSY
    assert _refused(_ask(_link(server))) == (503, "SlowDown")
    server.answer_with = Fault.HTML
    assert (_ask(_link(server)).status, b"<html>" in _ask(_link(server)).data) == (200, True)
    server.answer_with = Fault.BLACK_HOLE
    with urllib3.PoolManager() as manager, pytest.raises(urllib3.exceptions.ReadTimeoutError):
        manager.request("GET", _link(server), timeout=0.2, retries=False)
    server.answer_with = None
    assert _ask(_link(server)).status == 200


def test_a_demo_of_1500_objects_is_loaded_at_once_and_answers_many_at_a_time() -> None:
    seeds = [SeedObject(f"edrcontainer1/{number}.pdf", PDF + bytes(number)) for number in range(1500)]
    started = time.monotonic()
    keys = {"access_key_id": "K", "secret_access_key": "s"}
    with serve(seeds, bucket="demo-bucket", **keys) as server:
        assert time.monotonic() - started < 2
        client = _client(server)
        with ThreadPoolExecutor(8) as pool:
            heads = pool.map(lambda seed: client.head_object(Bucket="demo-bucket", Key=seed.key), seeds[:200])
        assert [head["ContentLength"] for head in heads] == [len(seed.body) for seed in seeds[:200]]
    with serve(bucket="demo-bucket", **keys) as again:
        assert "Contents" not in _client(again).list_objects_v2(Bucket="demo-bucket"), "a stopped server leaves nothing"
