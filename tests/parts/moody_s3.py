"""A proxy before the guarded S3 that can be told what to answer, and when: ``mood`` is asked about every request.

It passes on what it does not answer itself, byte for byte, so that signatures hold; it counts what it was asked.
"""

from __future__ import annotations

import hashlib
import threading
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from dashboard.demo.guarded_s3 import GuardedS3, SeedObject
from dashboard.demo.signatures import Request

LIST = "LIST"
HTML = b"<html><title>Sign in to the network</title></html>"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. ``number`` counts those of its sort (LIST, HEAD, GET, PUT), from 1."""

    sort: str
    number: int
    request: Request
    server: MoodyS3

    def passed_on(self, **changes: str) -> Reply:
        """Return what the guarded S3 answers, asked with other parameters where some are given (``max_keys="89"``)."""
        changed = {name.replace("_", "-"): value for name, value in changes.items()}
        return self.server.ask(self.request if not changed else self._signed_again(changed))

    def _signed_again(self, changes: dict[str, str]) -> Request:
        plain = {name: value for name, value in self.request.parameters.items() if not name.startswith("X-Amz-")}
        guard = self.server.guard
        wanted = AWSRequest("GET", f"{guard.endpoint_url}{self.request.path}", params=plain | changes)
        keys = Credentials(guard.access_key_id, guard.secret_access_key)
        S3SigV4QueryAuth(keys, "s3", "us-east-1", expires=60).add_auth(wanted)
        parts = urlsplit(wanted.url)
        return Request("GET", parts.path, parts.query, {"host": parts.netloc})


Mood = Callable[[Asked], Reply]


@dataclass(slots=True)
class MoodyS3:
    """A running proxy. Whatever ``mood`` is set to holds from the next request on."""

    guard: GuardedS3
    endpoint_url: str
    mood: Mood = field(default=lambda asked: asked.passed_on())
    counts: Counter[str] = field(default_factory=Counter)
    closing: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Reply:
        """Count a request and answer it."""
        is_bucket = not request.path.partition(f"/{self.guard.bucket}")[2].strip("/")
        sort = LIST if is_bucket and request.method == "GET" else request.method
        with self._lock:
            self.counts[sort] += 1
            asked = Asked(sort, self.counts[sort], request, self)
        return self.mood(asked)

    def ask(self, request: Request) -> Reply:
        """Return what the guarded S3 answers."""
        answer = self.guard.answer(request)
        return Reply(answer.status, answer.body, answer.headers)


def plain(asked: Asked) -> Reply:
    """Pass it on."""
    return asked.passed_on()


def on_lists(mood: Mood, *, first: int = 1, last: int | None = None, otherwise: Mood = plain) -> Mood:
    """Be in this mood for the LISTs from the first to the last of these numbers, in another one for the other LISTs."""

    def chosen(asked: Asked) -> Reply:
        if asked.sort != LIST:
            return plain(asked)
        is_meant = asked.number >= first and (last is None or asked.number <= last)
        return (mood if is_meant else otherwise)(asked)

    return chosen


def on_heads(mood: Mood) -> Mood:
    """Be in this mood for HEADs."""
    return lambda asked: (mood if asked.sort == "HEAD" else plain)(asked)


def on_strangers(mood: Mood) -> Mood:
    """Be in this mood for who has signed nothing."""
    return lambda asked: (mood if asked.request.is_anonymous else plain)(asked)


def error(status: int, code: str) -> Mood:
    """Answer one S3 error, as Ceph RGW spells it."""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message></Message></Error>'.encode()
    return lambda _asked: Reply(status, body, {"Content-Type": "application/xml"})


def html(_asked: Asked) -> Reply:
    """Answer a login page, with status 200."""
    return Reply(200, HTML, {"Content-Type": "text/html"})


def short(most: int) -> Mood:
    """Answer pages with fewer keys than were asked for, as a sharded index does; they say so and go on."""

    def answer(asked: Asked) -> Reply:
        reply = asked.passed_on(max_keys=str(most))
        says = f"<MaxKeys>{most}</MaxKeys>".encode()
        return Reply(reply.status, reply.body.replace(says, b"<MaxKeys>1000</MaxKeys>"), reply.headers)

    return answer


def without_token(asked: Asked) -> Reply:
    """Answer half a page that says that more follows, and not how to ask for it."""
    reply = asked.passed_on(max_keys="10")
    start, end = reply.body.find(b"<NextContinuationToken>"), reply.body.find(b"</NextContinuationToken>")
    body = reply.body[:start] + reply.body[end + len(b"</NextContinuationToken>") :] if start >= 0 else reply.body
    body = body.replace(b"<IsTruncated>false<", b"<IsTruncated>true<")
    return Reply(reply.status, body, reply.headers)


def hang(asked: Asked) -> Reply:
    """Never answer."""
    asked.server.closing.wait()
    return Reply(503)


def after(act: Callable[[], object]) -> Mood:
    """Do something, then pass it on."""

    def answer(asked: Asked) -> Reply:
        act()
        return asked.passed_on()

    return answer


def in_memory(objects: Iterable[SeedObject], *, modified: datetime) -> Mood:
    """Answer LISTs from these objects as they are now: moto sorts all of them for every page. Checks no signature."""
    seeds = {each.key.encode(): each for each in objects}
    keys = sorted(seeds)
    rows = [_row(seeds[key], modified).encode() for key in keys]

    def answer(asked: Asked) -> Reply:
        given = asked.request.parameters
        after, prefix = (
            given.get("continuation-token") or given.get("start-after", ""),
            given.get("prefix", "").encode(),
        )
        first = max(bisect_right(keys, after.encode()), bisect_left(keys, prefix))
        last = min(first + int(given.get("max-keys", "1000")), len(keys))
        while last > first and not keys[last - 1].startswith(prefix):
            last -= 1
        is_truncated = last < len(keys) and keys[last].startswith(prefix)
        token = f"<NextContinuationToken>{quote(keys[last - 1])}</NextContinuationToken>" if is_truncated else ""
        head = (
            '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{asked.server.guard.bucket}</Name><Prefix>{quote(prefix)}</Prefix><MaxKeys>1000</MaxKeys>"
            f"<KeyCount>{last - first}</KeyCount><IsTruncated>{str(is_truncated).lower()}</IsTruncated>{token}"
            "<EncodingType>url</EncodingType>"
        )
        body = b"".join([head.encode(), *rows[first:last], b"</ListBucketResult>"])
        return Reply(200, body, {"Content-Type": "application/xml"})

    return on_lists(answer)


def _row(seed: SeedObject, modified: datetime) -> str:
    etag = hashlib.md5(seed.body, usedforsecurity=False).hexdigest() + ("-1" if seed.is_multipart else "")
    at = modified.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return (
        f"<Contents><Key>{quote(seed.key)}</Key><LastModified>{at}</LastModified><ETag>&quot;{etag}&quot;</ETag>"
        f"<Size>{len(seed.body)}</Size><StorageClass>STANDARD</StorageClass></Contents>"
    )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        assert self.server.moody is not None
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        reply = self.server.moody.answer(Request(self.command, path, query, headers, body))
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("x-amz-request-id", "tx0-moody")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815 - the names that http.server looks for

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing: an access log would hold signed links."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True
    block_on_close = False  # connections that clients keep alive, and answers that hang
    moody: MoodyS3 | None = None

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some tests are about."""


@contextmanager
def before(guard: GuardedS3) -> Iterator[MoodyS3]:
    """Stand before a guarded S3 until the block ends."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        moody = server.moody = MoodyS3(guard, f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield moody
        finally:
            moody.closing.set()
            server.shutdown()
            thread.join()
