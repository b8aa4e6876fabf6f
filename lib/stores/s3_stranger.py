"""Fetching an address as somebody who has nothing but the address."""

from __future__ import annotations

import re
import time
from urllib.parse import urlsplit

import urllib3
from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies
from urllib3 import exceptions

from lib.objects import Doubt, Fetched
from lib.stores import s3_wire

ERROR_PAGE_BYTES = 4096  # S3's error pages take a quarter of a KiB


def fetch(url: str, *, first_bytes: int, timeout_s: float, ca_bundle: str | None = None) -> Fetched:
    """GET the first bytes with ``Range``: no credentials, no cookies, no redirect, a new connection, the path as it is.

    Reads no more than it must, also where the server ignores the range; of an error page up to 4 KiB, for its code.
    A server that sends its head a byte at a time can hold this beyond ``timeout_s``: give it a thread of its own.
    """
    try:
        parts = urlsplit(url)
        proxy = get_environ_proxies(url).get(parts.scheme)
    except ValueError:
        return nothing(Doubt.OTHER)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return nothing(Doubt.OTHER)
    deadline = time.monotonic() + timeout_s
    options = {
        "ca_certs": get_cert_path(ca_bundle or True),
        "timeout": urllib3.Timeout(total=timeout_s),
        "retries": False,
    }
    manager = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
    target = url if proxy and parts.scheme == "http" else _target(url)
    try:
        pool = manager.connection_from_url(f"{parts.scheme}://{parts.netloc}")
        reply = pool.urlopen(
            "GET",
            target,  # not through the manager, which would fold ./ and ../
            headers={"Range": f"bytes=0-{first_bytes - 1}", "Accept-Encoding": "identity"},
            redirect=False,
            preload_content=False,
            decode_content=False,
            assert_same_host=False,
        )
        with reply:
            wanted = first_bytes if reply.status < 400 else max(first_bytes, ERROR_PAGE_BYTES)
            return _fetched(reply, _body(reply, limit=wanted, deadline=deadline))
    except exceptions.HTTPError as error:
        return nothing(next((doubt for kind, doubt in s3_wire.BY_EXCEPTION if isinstance(error, kind)), Doubt.OTHER))
    finally:
        manager.clear()


def _target(url: str) -> str:
    """Return what stands behind the host, as it is written."""
    rest = url.split("://", 1)[1]
    return "/" + rest.split("/", 1)[1].split("#", 1)[0] if "/" in rest else "/"


def _body(reply: urllib3.BaseHTTPResponse, *, limit: int, deadline: float) -> bytes:
    body = b""
    while len(body) < limit:
        if time.monotonic() > deadline:
            raise exceptions.TimeoutError
        chunk = reply.read1(limit - len(body))  # what has arrived; read() would wait for all of it
        if not chunk:
            break
        body += chunk
    return body


def _fetched(reply: urllib3.BaseHTTPResponse, body: bytes) -> Fetched:
    if reply.status == 206:  # another part than was asked for says nothing about the file
        content_range = re.fullmatch(r"bytes 0-[0-9]{1,18}/([0-9]{1,18})", reply.headers.get("Content-Range", ""))
        length = content_range[1] if content_range else ""
    else:
        length = reply.headers.get("Content-Length", "")
    code = re.search(rb"<Code>(\w{1,64})</Code>", body) if reply.status >= 400 else None
    return Fetched(
        status=reply.status,
        body=body,
        total_bytes=int(length) if re.fullmatch("[0-9]{1,18}", length) else None,
        content_type=reply.headers.get("Content-Type"),
        error_code=code[1].decode("ascii") if code else None,
        etag=reply.headers.get("ETag", "").removeprefix("W/").strip('"') or None,
    )


def nothing(doubt: Doubt) -> Fetched:
    """Return what a stranger has where nobody answered."""
    return Fetched(status=None, body=b"", total_bytes=None, content_type=None, error_code=None, doubt=doubt)
