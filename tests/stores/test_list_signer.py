"""The signer of listings writes what boto3 writes, sign for sign."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import BotoCoreError
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.stores import s3_client
from lib.stores.s3_config import S3Config
from lib.stores.s3_list_signer import ListSigner
from tests.stores.odd_keys import DOTTED_KEYS, ODD_KEYS

ENDPOINTS = (
    "http://127.0.0.1:9000",
    "https://sgp1.digitaloceanspaces.com",
    "https://h.example:443",
    "http://h.example:80/",
    "http://h.example/base/",
    "http://H.Example/",
    "http://[::1]:9000",
    "https://10.1.1",
)
BUCKETS = (
    *("edrspace", "dot.ted", "UPPER", "ab", "under_score", "-x-y", "x-y-", "1.2", "1.2.3.4", "a..b", "xn--abc"),
    *("123", "a" * 63, "a" * 64, "a-.b", ".ab", "ab."),
)
ODD = (*ODD_KEYS, *DOTTED_KEYS)


def _config(bucket: str = "edrspace", endpoint_url: str = "https://h.example", **changes: Any) -> S3Config:
    return S3Config(
        bucket, endpoint_url, **({"region": "sgp1", "access_key_id": "K/=", "secret_access_key": "s+"} | changes)
    )


def _oracle(client: Any, bucket: str, **asked: str) -> tuple[str, datetime]:
    """Return boto3's address, and when it signed it."""
    prefix = {"Bucket": bucket, "Prefix": asked.pop("Prefix")}
    parameters: dict[str, Any] = prefix | {"MaxKeys": 1000, "EncodingType": "url"} | asked
    url = client.generate_presigned_url("list_objects_v2", Params=parameters)
    (stamp,) = parse_qs(urlsplit(url).query)["X-Amz-Date"]
    return url, datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


CONFIG = _config(session_token="tok/+=en")
CLIENT = s3_client.connect(CONFIG)
SIGNER = ListSigner(CONFIG)


def _assert_alike(prefix: str, after: str, token: str | None) -> None:
    begin = {"StartAfter": after} if after else {}
    url, at = _oracle(CLIENT, "edrspace", Prefix=prefix, **(begin if token is None else {"ContinuationToken": token}))
    encoded = None if token is None else token.encode()
    assert SIGNER.address + SIGNER.target(prefix=prefix.encode(), after=after.encode(), token=encoded, at=at) == url


@pytest.mark.parametrize("token", [None, "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM="])
def test_odd_prefixes_and_places_are_signed_as_boto3_signs_them(token: str | None) -> None:
    for prefix, after in itertools.product(("", "edrcontainer1/", "a b/+%&=~"), ("", *ODD)):
        _assert_alike(prefix, after, token)
        _assert_alike(after, prefix, token)


@settings(max_examples=60)
@given(st.text(max_size=30), st.text(max_size=30), st.none() | st.text(min_size=1, max_size=30))
def test_any_text_is_signed_as_boto3_signs_it(prefix: str, after: str, token: str | None) -> None:
    _assert_alike(prefix, after, token)


@pytest.mark.parametrize(
    ("style", "endpoint_url"), [("auto", ENDPOINTS[1]), *itertools.product(["path", "virtual"], ENDPOINTS)]
)
def test_the_bucket_stands_where_boto3_puts_it(style: str, endpoint_url: str) -> None:
    client = s3_client.connect(_config(endpoint_url=endpoint_url, addressing_style=style))
    compared = 0
    for bucket in BUCKETS:
        try:
            url, at = _oracle(client, bucket, Prefix="p/")
        except BotoCoreError:
            continue  # boto3 refuses the name
        signer = ListSigner(_config(bucket, endpoint_url, addressing_style=style))
        assert signer.address + signer.target(prefix=b"p/", at=at) == url
        compared += 1
    assert compared >= 8


def test_without_a_region_us_east_1_is_signed() -> None:
    config = _config(region="")
    url, at = _oracle(s3_client.connect(config), "edrspace", Prefix="p/")
    signer = ListSigner(config)
    assert signer.address + signer.target(prefix=b"p/", at=at) == url
