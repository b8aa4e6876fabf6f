"""The guarded S3 of the demo, in this process."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from dashboard.demo.guarded_s3 import GuardedS3, serve
from lib.stores.s3 import S3Config

LOCATION = "edrcontainer1"
SECRET = "guardedsecret"


@pytest.fixture
def guarded_s3() -> Iterator[GuardedS3]:
    """A fresh, empty server for one test. What a storage logs of the links that are opened is not ours."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with serve(bucket="edrspace", access_key_id="GUARDEDKEY", secret_access_key=SECRET) as server:
        yield server


def config_of(server: GuardedS3, **changes: object) -> S3Config:
    """Return the configuration that reaches a guarded server, with changes."""
    settings: dict[str, object] = {
        "bucket": server.bucket,
        "endpoint_url": server.endpoint_url,
        "region": "sgp1",
        "access_key_id": server.access_key_id,
        "secret_access_key": server.secret_access_key,
        "location": LOCATION,
    }
    return S3Config(**(settings | changes))  # type: ignore[arg-type]
