"""The served app: who may speak to it, what every answer carries, and how it ends. On the real server."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3

from tests.parts.chromium import App, signed_in, start_app

SOCKET = "/_stcore/stream"


@pytest.fixture(scope="module")
def served() -> Iterator[App]:
    app = start_app("--demo")
    yield app
    app.stop()


def handshake(app: App, *, host: str | None = None, origin: str | None = None) -> int:
    """Return the status that a signed-in person's websocket handshake is answered with; 101 is accepted."""
    address = urlsplit(app.url).netloc
    name, _, port = address.partition(":")
    lines = [
        f"GET {SOCKET} HTTP/1.1",
        f"Host: {host or address}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: streamlit",
        f"Cookie: {signed_in(app.url)}",
        *([f"Origin: {origin}"] if origin is not None else []),
    ]
    with socket.create_connection((name, int(port)), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        return int(connection.recv(64).split()[1])


def test_our_own_page_may_open_the_websocket(served: App) -> None:
    assert handshake(served, origin=served.url) == 101


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost:1", "http://127.0.0.1:1", "http://[", "http://127.0.0.1", ""],
)
def test_another_web_page_may_not(served: App, origin: str) -> None:
    assert handshake(served, origin=origin) == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8501", "127.0.0.1.evil.example", "[::1]:8501"])
def test_a_foreign_name_that_points_here_may_not(served: App, host: str) -> None:
    """A page of evil.example, whose name its owner lets point to 127.0.0.1, is of the same origin as that name."""
    assert handshake(served, host=host, origin=f"http://{host}") in {400, 403}
    assert urllib3.request("GET", served.url, headers={"Host": host}, retries=False).status == 400


def test_another_web_page_may_not_send_anything(served: App) -> None:
    url = f"{served.url}/_stcore/upload_file/a/b"
    headers = {"Origin": "https://evil.example", "Cookie": signed_in(served.url)}
    assert urllib3.request("PUT", url, headers=headers, retries=False).status == 403


@pytest.mark.parametrize("path", ["/", "/search", "/_stcore/health", "/nothing/here", "/media/none.pdf"])
def test_every_answer_has_the_security_headers_and_is_stored_by_nobody(served: App, path: str) -> None:
    headers = urllib3.request("GET", served.url + path, retries=False).headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "uvicorn" not in headers.get("Server", "")


def test_a_refused_answer_has_them_too(served: App) -> None:
    answer = urllib3.request("GET", served.url, headers={"Host": "evil.example"}, retries=False)
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_no_address_is_logged(served: App) -> None:
    urllib3.request("GET", f"{served.url}/search?record=987654", retries=False)
    time.sleep(0.3)
    assert "987654" not in "".join(served.lines)


def children(process: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def is_alive(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGKILL, -9)])
def test_it_ends_within_three_seconds_and_leaves_no_child(sent: signal.Signals, status: int) -> None:
    app = start_app("--demo")
    left = children(app.process.pid)
    assert left
    began = time.monotonic()
    os.kill(app.process.pid, sent)
    assert app.process.wait(5) == status
    while any(map(is_alive, left)):
        assert time.monotonic() - began < 3
        time.sleep(0.02)
    assert time.monotonic() - began < 3
    app.stop()
    assert "Traceback" not in "".join(app.lines)


def test_a_taken_port_is_one_line(served: App) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [*list(served.process.args)[:4], "--demo", "--port", port]  # type: ignore[arg-type, call-overload]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=Path(__file__).parents[2])
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"--port: {port} cannot be opened on 127.0.0.1; choose another, such as 8502\n"
