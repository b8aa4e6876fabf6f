"""A small S3 server for the demo clinic and the fast tests: moto's storage behind a guard.

moto alone checks no signature and no expiry. The guard does, and answers errors as Ceph RGW 16.2.15 does
(empty ``Message``, no ``BucketName`` where the signature is refused, no body on HEAD). Path style only;
it serves GET, HEAD and the owner's PUT. It proves nothing about other requests.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote_to_bytes
from xml.sax.saxutils import escape

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import FakeKey, S3Backend, get_canned_acl, s3_backends
from werkzeug.http import http_date, parse_range_header
from werkzeug.test import Client

from dashboard.demo import signatures
from dashboard.demo.signatures import Request

STATUS = {"NoSuchKey": 404, "NoSuchBucket": 404, "MethodNotAllowed": 405, "InvalidRange": 416, "SlowDown": 503}
STATUS |= dict.fromkeys(("InvalidArgument", "InvalidObjectName", "InvalidRequest"), 400)  # any other code is 403
OVERRIDES = ("content-type", "content-disposition", "content-language", "cache-control", "content-encoding", "expires")
MAX_KEY_BYTES = 1024


@dataclass(frozen=True, slots=True)
class SeedObject:
    """An object to put into the bucket. A multipart one has an ETag that is no MD5 of its bytes (``…-1``).

    It was last written now, unless ``modified`` (aware UTC) says otherwise.
    """

    key: str
    body: bytes
    is_public: bool = False
    content_type: str = "application/pdf"
    is_multipart: bool = False
    modified: datetime | None = None


class Fault(StrEnum):
    """What the server can be told to do to every request, for tests."""

    DENY = "403"
    BUSY = "503"
    BLACK_HOLE = "black_hole"  # accepts and never answers
    HTML = "html"  # a login page, with status 200


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: dict[str, str]
    body: bytes = b""


@dataclass(slots=True)
class GuardedS3:
    """A running server. ``answer_with`` and ``clock`` may be switched at any time."""

    endpoint_url: str
    bucket: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    answer_with: Fault | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    closing: threading.Event = field(default_factory=threading.Event)
    _moto: Client = field(default_factory=lambda: Client(create_backend_app("s3")))

    @property
    def _backend(self) -> S3Backend:
        return s3_backends[DEFAULT_ACCOUNT_ID]["aws"]

    def put(self, seed: SeedObject) -> None:
        """Store an object, replacing any of the same key."""
        md5 = hashlib.md5(seed.body, usedforsecurity=False)
        # The ETag is given, not left to moto, which computes it late and without its lock.
        etag = (
            hashlib.md5(md5.digest(), usedforsecurity=False).hexdigest() + "-1"
            if seed.is_multipart
            else md5.hexdigest()
        )
        stored = self._backend.put_object(self.bucket, seed.key, seed.body, etag=etag, disable_notification=True)
        stored.set_acl(get_canned_acl("public-read" if seed.is_public else "private"))
        stored.set_metadata({"Content-Type": seed.content_type})
        if seed.modified is not None:
            stored.last_modified = seed.modified.replace(tzinfo=None)  # as moto keeps it

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens where there is none."""
        self._backend.delete_object(self.bucket, key)

    def answer(self, request: Request) -> _Reply:
        """Return the reply to one request."""
        if self.answer_with is Fault.BLACK_HOLE:
            self.closing.wait()
        if self.answer_with is Fault.HTML:
            return _Reply(200, {"Content-Type": "text/html"}, b"<html><title>Sign in to the network</title></html>")
        if self.answer_with is not None:
            return self._error("SlowDown" if self.answer_with is Fault.BUSY else "AccessDenied")
        if not request.is_anonymous:
            keys = {"access_key_id": self.access_key_id, "secret_access_key": self.secret_access_key}
            if code := signatures.refusal(request, **keys, now=self.clock()):
                return self._error(code)
        _, path_bucket, *rest = unquote_to_bytes(request.path).split(b"/", 2)
        bucket, name = path_bucket.decode(errors="replace"), rest[0] if rest else b""
        if len(name) > MAX_KEY_BYTES or b"\0" in name:
            return self._error("InvalidObjectName", bucket)
        if bucket and bucket != self.bucket:
            return self._error("NoSuchBucket", bucket)
        if name:
            return self._answer_object(request, name.decode(errors="surrogateescape"))
        return self._answer_bucket(request)

    def _answer_object(self, request: Request, key: str) -> _Reply:
        stored = self._backend.get_object(self.bucket, key)
        if request.is_anonymous and not (
            request.method in {"GET", "HEAD"} and stored and stored.acl and stored.acl.public_read
        ):
            return self._error("AccessDenied", self.bucket)
        if request.method == "PUT":
            is_public = request.headers.get("x-amz-acl") == "public-read"
            content_type = request.headers.get("content-type", "binary/octet-stream")
            self.put(SeedObject(key, request.body, is_public, content_type))
            return _Reply(200, {"ETag": f'"{hashlib.md5(request.body, usedforsecurity=False).hexdigest()}"'})
        if request.method not in {"GET", "HEAD"}:
            return self._error("MethodNotAllowed", self.bucket)
        if stored is None:
            return self._error("NoSuchKey", self.bucket)
        return self._content(request, stored)

    def _content(self, request: Request, stored: FakeKey) -> _Reply:
        overrides = {name: request.parameters.get(f"response-{name}") for name in OVERRIDES}
        asked = {name: value for name, value in overrides.items() if value is not None}
        if any(re.search(r"[\x00-\x1f]", value) for value in asked.values()):
            return self._error("InvalidRequest", self.bucket)
        headers = {
            "ETag": stored.etag,
            "Last-Modified": http_date(stored.last_modified),
            "Accept-Ranges": "bytes",
            "Content-Type": stored.metadata["Content-Type"],
        }
        headers |= {
            name.title(): value.encode(errors="surrogateescape").decode("latin-1") for name, value in asked.items()
        }
        body, status = stored.value, 200
        if wanted := parse_range_header(request.headers.get("range")):
            span = wanted.range_for_length(len(body))
            if span is None:
                return self._error("InvalidRange", self.bucket)
            headers["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{len(body)}"
            body, status = body[slice(*span)], 206
        return _Reply(status, headers, body)

    def _answer_bucket(self, request: Request) -> _Reply:
        if request.is_anonymous:
            return self._error("AccessDenied", self.bucket)
        if request.method not in {"GET", "HEAD"}:
            return self._error("MethodNotAllowed", self.bucket)
        answer = self._moto.open(f"{request.path}?{request.query}", method=request.method, base_url=self.endpoint_url)
        if answer.status_code < 400:
            return _Reply(answer.status_code, {"Content-Type": answer.content_type}, answer.data)
        code = re.search(rb"<Code>(\w+)</Code>", answer.data)
        return self._error(code[1].decode() if code else "AccessDenied", self.bucket)

    def _error(self, code: str, bucket: str | None = None) -> _Reply:
        bucket_name = f"<BucketName>{escape(bucket)}</BucketName>" if bucket else ""
        ids = f"<RequestId>tx{secrets.token_hex(10)}-demo</RequestId><HostId>demo-default</HostId>"
        error = f"<Error><Code>{code}</Code><Message></Message>{bucket_name}{ids}</Error>"
        xml = f'<?xml version="1.0" encoding="UTF-8"?>{error}'.encode()
        return _Reply(STATUS.get(code, 403), {"Content-Type": "application/xml"}, xml)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        self.connections: set[socket.socket] = set()
        self.guard: GuardedS3 | None = None
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: socket.socket, client_address: tuple[str, int]) -> None:  # type: ignore[override]
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing where a client hung up; a fault of our own shows as a broken answer."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keep-alive
    disable_nagle_algorithm = True  # headers and body are two writes; the second waited 40 ms for an ACK
    server: _Server

    def _serve(self) -> None:
        assert self.server.guard is not None
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        reply = self.server.guard.answer(Request(self.command, path, query, headers, body))
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("x-amz-request-id", f"tx{secrets.token_hex(10)}-demo")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815 - the names that http.server looks for

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing: an access log would hold signed links."""


@contextmanager
def serve(
    objects: Iterable[SeedObject] = (), *, bucket: str, access_key_id: str, secret_access_key: str, port: int = 0
) -> Iterator[GuardedS3]:
    """Run the server on 127.0.0.1 until the block ends; port 0 takes a free one.

    Loads 1,500 small objects in well under a second. moto's storage is global: one server a bucket name in a process.
    """
    with _Server(port) as server:
        endpoint_url = f"http://127.0.0.1:{server.server_address[1]}"
        guard = server.guard = GuardedS3(endpoint_url, bucket, access_key_id, secret_access_key)
        stored = guard._backend.create_bucket(bucket, "us-east-1").keys
        for seed in objects:
            guard.put(seed)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield guard
        finally:
            guard.closing.set()
            server.shutdown()
            thread.join()
            for connection in tuple(server.connections):  # kept alive by clients
                with connection:
                    connection.close()
            stored.clear()
            guard._backend.delete_bucket(bucket)
