"""A real Ceph RGW (the software behind DigitalOcean Spaces), started once a session; ``ceph.sh`` holds the how."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from dashboard.demo.guarded_s3 import SeedObject
from lib.stores.s3 import S3Config
from tests.parts import needed

SCRIPT = Path(__file__).with_name("ceph.sh")
PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph", "curl", "openssl", "setpriv")
LOCATION = "edrcontainer1"


@dataclass(frozen=True, slots=True)
class Keys:
    """An access key and its secret."""

    access_key_id: str
    secret_access_key: str


OWNER = Keys("TESTOWNERACCESSKEY00", "testownersecretkey0000000000000000000000")
OTHER = Keys("TESTOTHERACCESSKEY00", "testothersecretkey0000000000000000000000")  # user "other", without any right


@dataclass(frozen=True, slots=True)
class Ceph:
    """A running gateway, over http and, with a self-signed certificate for localhost, over https."""

    directory: Path
    endpoint_url: str
    tls_endpoint_url: str
    ca_bundle: str
    owner: Keys = OWNER
    other: Keys = OTHER

    def client(self, keys: Keys = OWNER) -> Any:
        """Return a boto3 client."""
        return _client(self.endpoint_url, keys)

    def bucket(self, prefix: str = "edr") -> str:
        """Make a fresh bucket of the owner's and return its name."""
        name = f"{prefix}-{uuid.uuid4().hex[:12]}"
        self.client().create_bucket(Bucket=name)
        return name

    def put(self, bucket: str, seed: SeedObject) -> None:
        """Store an object as its owner; a multipart one in one part."""
        client, name = self.client(), {"Bucket": bucket, "Key": seed.key}
        options = {"ContentType": seed.content_type, "ACL": "public-read" if seed.is_public else "private"}
        if not seed.is_multipart:
            client.put_object(**name, Body=seed.body, **options)
            return
        upload = client.create_multipart_upload(**name, **options)["UploadId"]
        part = client.upload_part(**name, UploadId=upload, PartNumber=1, Body=seed.body)
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        client.complete_multipart_upload(**name, UploadId=upload, MultipartUpload=parts)

    def config(self, bucket: str, **changes: object) -> S3Config:
        """Return the configuration that reaches a bucket as its owner, with changes."""
        settings: dict[str, object] = {
            "bucket": bucket,
            "endpoint_url": self.endpoint_url,
            "region": "sgp1",
            "access_key_id": self.owner.access_key_id,
            "secret_access_key": self.owner.secret_access_key,
            "location": LOCATION,
        }
        return S3Config(**(settings | changes))  # type: ignore[arg-type]

    def admin(self, *words: str) -> None:
        """Run radosgw-admin."""
        conf = str(self.directory / "ceph.conf")
        command = ["radosgw-admin", "-c", conf, "-n", "client.rgw.test", *words]
        subprocess.run(command, check=True, capture_output=True, timeout=60)


@cache
def _client(endpoint_url: str, keys: Keys) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )


@pytest.fixture(scope="session")
def ceph() -> Iterator[Ceph]:
    """One gateway for the whole run; every test makes its own bucket."""
    if absent := [program for program in PROGRAMS if shutil.which(program) is None]:
        needed.missing(f"Ceph RGW ({', '.join(absent)})", how="sudo tests/parts/ceph.sh install (Debian)")
    with ExitStack() as stack:
        yield start(stack)


def start(stack: ExitStack, attempts: int = 3) -> Ceph:
    """Start a gateway that ends with the stack."""
    # A free port can be taken by another suite before the gateway binds it, so a failed start is tried again.
    directory = Path(tempfile.mkdtemp(prefix="rgw-"))  # short: it holds Unix sockets
    http, tls, *mon = _free_ports(4)
    process = subprocess.Popen(
        [str(SCRIPT), "run", str(directory), *map(str, (http, tls, *mon))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C ends the tests first; the closing pipe then ends the gateway
    )
    assert process.stdin is not None
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        with process:
            process.stdin.close()
        assert attempts > 1, "Ceph RGW did not start; its last words stand above"
        return start(stack, attempts - 1)
    stack.enter_context(process)  # waits for its end
    stack.callback(process.stdin.close)
    return Ceph(directory, f"http://127.0.0.1:{http}", f"https://localhost:{tls}", str(directory / "tls.pem"))


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
