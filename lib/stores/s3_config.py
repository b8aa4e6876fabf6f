"""One bucket and how to reach it. Imports no driver: whoever lists a bucket without boto3 does not pay for it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class S3Config:
    """One bucket and how to reach it. ``location`` has no slash at either end and may be ''."""

    bucket: str
    endpoint_url: str
    region: str
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    addressing_style: str = "path"  # path, virtual or auto
    location: str = ""
    connect_timeout_s: float = 2.0
    read_timeout_s: float = 3.0
    stranger_timeout_s: float = 8.0  # in all, for one look at an address
    ca_bundle: str | None = None  # a PEM file instead of the public certificate authorities
