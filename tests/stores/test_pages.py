"""The fast listing against boto3's, on the guarded S3 and on a real Ceph RGW: every key byte for byte, in any ranges."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest

from dashboard.demo.guarded_s3 import GuardedS3, SeedObject
from lib.bucket_pages import ListingBroken, ObjectPage
from lib.objects import Doubt
from lib.row_lines import escaped
from lib.stores import s3_client, s3_list_signer, s3_page_parser
from lib.stores.s3_config import S3Config
from lib.stores.s3_list_signer import ListSigner
from lib.stores.s3_pages import Patience, S3Pages
from tests.parts import guarded_s3 as guarded
from tests.parts.ceph import Ceph
from tests.stores.odd_keys import DOTTED_KEYS, ODD_KEYS

KEYS = sorted((*ODD_KEYS, *DOTTED_KEYS, "_under.pdf", "__twice.pdf", "Z.pdf"), key=str.encode)
MULTIPART = "plain.pdf"


@dataclass(frozen=True, slots=True)
class World:
    """A bucket with every odd key in it."""

    config: S3Config
    put: Callable[[SeedObject], object]

    @property
    def pages(self) -> S3Pages:
        return S3Pages(self.config, patience=Patience(5.0))

    def listed(self) -> list[tuple[bytes, datetime]]:
        """Return what boto3 lists, as lines with their dates."""
        client = s3_client.connect(self.config)
        paginator = client.get_paginator("list_objects_v2")
        rows: list[dict[str, Any]] = [
            row for page in paginator.paginate(Bucket=self.config.bucket) for row in page.get("Contents", [])
        ]
        return [(_line(row), row["LastModified"].astimezone(UTC)) for row in rows]


def _line(row: dict[str, Any]) -> bytes:
    return escaped(row["Key"].encode()) + "\t{}\t{}".format(row["ETag"].strip('"'), row["Size"]).encode()


def _all(pages: Iterable[ObjectPage]) -> tuple[list[bytes], list[bytes]]:
    found = list(pages)
    return [key for page in found for key in page.keys], [line for page in found for line in page.lines]


@pytest.fixture(params=["guarded", "ceph"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "guarded":
        server: GuardedS3 = request.getfixturevalue("guarded_s3")
        world = World(guarded.config_of(server), server.put)
    else:
        ceph: Ceph = request.getfixturevalue("ceph")
        bucket = ceph.bucket()
        world = World(ceph.config(bucket), lambda seed: ceph.put(bucket, seed))
    for number, key in enumerate(KEYS):
        world.put(SeedObject(key, b"x" * number, is_multipart=key == MULTIPART))
    return world


def _lines(pages: list[ObjectPage]) -> list[bytes]:
    return [line for page in pages for line in page.lines]


def test_every_odd_key_is_listed_as_boto3_lists_it(world: World) -> None:
    pages = list(world.pages.pages())
    keys = [key.encode() for key in KEYS]
    assert [key for page in pages for key in page.keys] == keys
    assert [(line, page.modified(line)) for page in pages for line in page.lines] == world.listed()
    assert (pages[-1].reached, sum(page.requests for page in pages)) == (None, len(pages))


def test_any_ranges_together_are_the_whole_and_none_holds_anothers_key(world: World) -> None:
    whole = _lines(list(world.pages.pages()))
    keys = [key.encode() for key in KEYS]
    cuts = [b"", *keys[3::5], b"edrcontainer1/", b"zzz"]
    bounds = [*sorted(cuts), None]
    together = []
    for after, until in pairwise(bounds):
        assert after is not None
        found = list(world.pages.pages(after=after, until=until))
        assert [key for page in found for key in page.keys] == [
            k for k in keys if after < k and (not until or k <= until)
        ]
        together += _lines(found)
    assert together == whole


PREFIXES = ("edrcontainer1/", "control\x01", "tab\t", "with ", "literal%2", "\u0928", "no such/", "am&")


def test_what_lies_below_a_prefix_is_all_that_is_listed(world: World) -> None:
    for prefix in PREFIXES:
        found = [key for page in world.pages.pages(prefix=prefix.encode()) for key in page.keys]
        assert found == [key.encode() for key in KEYS if key.startswith(prefix)]


def test_pages_of_any_size_continue_where_the_last_one_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With tokens that no XML can hold, and others that mean something else than they show."""
    whole = _lines(list(world.pages.pages()))
    for size in (1, 7):
        monkeypatch.setattr(s3_list_signer, "PAGE", size)
        pages = list(world.pages.pages())
        assert _lines(pages) == whole
        assert all(page.reached == page.keys[-1] for page in pages[:-1])
        assert len(pages) >= len(KEYS) // size


WRONG: tuple[tuple[dict[str, Any], Doubt], ...] = (
    ({"secret_access_key": "wrong"}, Doubt.BAD_SIGNATURE),
    ({"access_key_id": "NOBODYSACCESSKEY0000"}, Doubt.UNKNOWN_ACCESS_KEY),
    ({"bucket": "no-such-bucket"}, Doubt.NO_BUCKET),
)


def test_a_wrong_setting_is_named_at_once(world: World) -> None:
    inside = {"endpoint_url": f"{world.config.endpoint_url}/{world.config.bucket}"}
    for changes, doubt in (*WRONG, (inside, Doubt.BUCKET_IN_ENDPOINT)):
        with pytest.raises(ListingBroken) as broken:
            list(S3Pages(replace(world.config, **changes)).pages())
        assert (broken.value.doubt, broken.value.reached, broken.value.requests) == (doubt, None, 1)


def test_https_with_a_known_certificate(ceph: Ceph) -> None:
    bucket = ceph.bucket()
    ceph.put(bucket, SeedObject("a b.pdf", b"%PDF"))
    config = ceph.config(bucket, endpoint_url=ceph.tls_endpoint_url, ca_bundle=ceph.ca_bundle)
    assert [page.keys for page in S3Pages(config).pages()] == [[b"a b.pdf"]]


def test_ceph_accepts_the_signature_of_a_bucket_before_the_host(ceph: Ceph) -> None:
    """Its name resolves nowhere here, so that the connection is made to the address."""
    bucket = ceph.bucket()
    ceph.put(bucket, SeedObject("a b.pdf", b"%PDF"))
    port = urlsplit(ceph.endpoint_url).port
    signer = ListSigner(ceph.config(bucket, endpoint_url=f"http://localhost:{port}", addressing_style="virtual"))
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("GET", signer.target(prefix=b"a b", at=datetime.now(UTC)), headers={"Host": signer.host})
        page = s3_page_parser.parse(connection.getresponse().read())
    assert signer.host == f"{bucket}.localhost:{port}"
    assert (page.bucket, page.keys) == (bucket, [b"a b.pdf"])


def test_a_bucket_before_the_host_is_listed_as_one_in_the_path(ceph: Ceph, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name leads to the address here, as where somebody runs a gateway; OpenSSL takes no certificate for *.localhost."""
    asked: list[str] = []

    def here(host: str, *about: Any, **more: Any) -> Any:
        asked.append(host)
        return find("127.0.0.1" if host.endswith(".localhost") else host, *about, **more)

    find = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", here)
    world = World(ceph.config(ceph.bucket()), lambda seed: None)
    for key in KEYS:
        ceph.put(world.config.bucket, SeedObject(key, key.encode()))
    endpoint = f"http://localhost:{urlsplit(ceph.endpoint_url).port}"
    config = replace(world.config, endpoint_url=endpoint, addressing_style="virtual")
    in_host = S3Pages(config)
    assert [_all(each) for each in (in_host.pages(), in_host.pages(prefix=b"a", until=b"b"))] == [
        _all(each) for each in (world.pages.pages(), world.pages.pages(prefix=b"a", until=b"b"))
    ]
    assert {host for host in asked if host.endswith("localhost")} == {f"{world.config.bucket}.localhost"}
    with pytest.raises(ListingBroken) as broken:
        list(S3Pages(replace(config, bucket="no-such-bucket")).pages())
    assert broken.value.doubt is Doubt.NO_BUCKET


def test_a_certificate_that_nobody_vouches_for_is_not_waited_for(ceph: Ceph) -> None:
    config = ceph.config(ceph.bucket(), endpoint_url=ceph.tls_endpoint_url)
    with pytest.raises(ListingBroken) as broken:
        list(S3Pages(config).pages())
    assert (broken.value.doubt, broken.value.requests) == (Doubt.TLS, 1)


def test_listing_needs_no_boto3() -> None:
    code = "import sys, lib.stores.s3_pages; print(*{'boto3', 'botocore'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "\n"
