"""A little HTTP server that takes alerts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@contextmanager
def receiver(*statuses: int) -> Iterator[tuple[str, list[tuple[str, str, bytes]]]]:
    """Yield an address, and what it got: path, content type, body. It answers with these, then with the last."""
    got: list[tuple[str, str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = statuses[min(len(got), len(statuses) - 1)]
            got.append((self.path, self.headers["Content-Type"], body))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hooks/s3cr3t?token=t0k3n", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
