"""Servers that answer as a bucket should not, one misbehaviour a function, on free ports of this machine."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lib.stores.s3_config import S3Config
from tests.parts.guarded_s3 import LOCATION

# What a misbehaviour is given: the request's first line ("GET /edrspace/a.pdf HTTP/1.1") and the open line.
Talk = Callable[[str, "Line"], None]


@dataclass(slots=True)
class Line:
    """An open connection. ``closing`` is set when the test ends."""

    connection: socket.socket
    closing: threading.Event = field(default_factory=threading.Event)

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what many of these tests are about."""


@contextmanager
def serving(talk: Talk, *, port: int = 0) -> Iterator[str]:
    """Yield the address of a server that lets ``talk`` answer each request, one a connection; by default a free port."""
    closing = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            first = self.rfile.readline().decode("latin-1").strip()
            while self.rfile.readline() not in {b"\r\n", b""}:
                pass
            talk(first, Line(self.connection, closing))

    with _Server(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            closing.set()
            server.shutdown()
            thread.join()


IMPATIENT = {"connect_timeout_s": 0.3, "read_timeout_s": 0.3, "stranger_timeout_s": 0.5}


def config_of(endpoint_url: str, **changes: object) -> S3Config:
    """Return the configuration that reaches such a server, with changes (``**IMPATIENT`` where it never answers)."""
    settings: dict[str, object] = {
        "bucket": "edrspace",
        "endpoint_url": endpoint_url,
        "region": "sgp1",
        "access_key_id": "KEY",
        "secret_access_key": "secret",
        "location": LOCATION,
    }
    return S3Config(**(settings | changes))  # type: ignore[arg-type]


def refused_address() -> str:
    """Return an address where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}"


@contextmanager
def held_address() -> Iterator[str]:
    """Yield an address where nobody listens and that nobody else is given; ``serving`` may listen there for a while."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # else the port could not be bound once more
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def answering(status: int, body: bytes = b"", *, content_type: str = "application/xml", extra: str = "") -> Talk:
    """Answer everything alike, with no body on HEAD."""

    def talk(first: str, line: Line) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{extra}"
        line.send(f"{head}Connection: close\r\n\r\n".encode() + (b"" if first.startswith("HEAD ") else body))

    return talk


def s3_error(status: int, code: str) -> Talk:
    """Answer everything with one S3 error, as Ceph RGW spells it."""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message></Message></Error>'
    return answering(status, body.encode(), extra="x-amz-request-id: tx0-default\r\n")


def login_page() -> Talk:
    """Answer 200 and HTML, with the ETag and the date that any static web server sends."""
    extra = 'ETag: "65a1-2"\r\nLast-Modified: Tue, 24 Nov 2026 08:00:00 GMT\r\n'
    return answering(200, b"<html><title>Sign in</title><br></html>", content_type="text/html", extra=extra)


def black_hole(first: str, line: Line) -> None:
    """Accept and never answer."""
    line.closing.wait()


def hang_up(first: str, line: Line) -> None:
    """Accept and close."""


def trickle(first: str, line: Line) -> None:
    """Send an endless head, too fast for a read timeout and too slow for anybody."""
    line.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not line.closing.wait(0.05):
        line.send(b"x")


def endless_pdf(first: str, line: Line) -> None:
    """Ignore the range and send bytes without end."""
    line.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nConnection: close\r\n\r\n%PDF")
    while not line.closing.is_set():
        line.send(b"x" * 65536)


def cut_short(first: str, line: Line) -> None:
    """Announce more bytes than are sent."""
    head = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: "0"\r\nx-amz-request-id: tx0\r\nConnection: close\r\n\r\n'
    line.send(head.encode() + b"%PDF")
