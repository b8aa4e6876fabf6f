"""An ASGI app behind a real uvicorn, in a thread, and a raw client that sends what a browser never would."""

from __future__ import annotations

import http.client
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.types import ASGIApp

from dashboard import logs


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass
class Served:
    """A server on a free port of this computer."""

    port: int
    lines: list[str] = field(default_factory=list)  # what it logged

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def origin(self) -> str:
        return f"http://{self.host}"

    def ask(self, path: str = "/", method: str = "GET", *, body: bytes | None = None, **headers: str) -> Answer:
        """Send one request on a connection of its own; ``user_agent=…`` is the header User-Agent."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {key.replace("_", "-"): value for key, value in headers.items()})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def raw(self, request: bytes) -> bytes:
        """Send bytes as they are; return the first line and what follows, until the server closes or says nothing."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=3) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            got = b""
            while chunk := connection.recv(65536):
                got += chunk
            return got


class _Kept(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())


@contextmanager
def serve(app: ASGIApp) -> Iterator[Served]:
    """Serve an app until the block ends. Its end, which takes uvicorn some tenths of a second, is not waited for."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    served = Served(bound.getsockname()[1])
    kept = _Kept(served.lines)
    logging.getLogger().addHandler(kept)
    config = uvicorn.Config(
        app, access_log=False, log_config=None, log_level="info", ws="websockets-sansio", timeout_graceful_shutdown=1
    )
    for name in ("uvicorn", "uvicorn.error"):  # Streamlit's handlers write to the stderr of the test that started it
        logging.getLogger(name).handlers[:] = []
    logs.quiet()  # as the product does; pytest, which listens to this logger by itself, would switch it on
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})  # the process waits for its end
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive(), "the server did not start"
    try:
        yield served
    finally:
        server.should_exit = True
        logging.getLogger().removeHandler(kept)
