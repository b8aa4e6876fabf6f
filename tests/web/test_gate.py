"""The gate over a real server, with a small app behind it that answers every path and says what reached it."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import pytest
from starlette.types import Receive, Scope, Send
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from dashboard.gate import OPEN_ROUTES, Gate
from dashboard.origins import DEVELOPMENT_COOKIE, SECURE_COOKIE, Site
from dashboard.security_headers import SecurityHeaders
from dashboard.sockets import BLIND_S, POLL_S
from lib.errors import LedgerFault, LedgerUnavailable
from tests.parts.served import Served, serve

SECRET = b"Asha Canary, +91 98765 43210"


@dataclass
class Tokens:
    """The sessions that live."""

    alive: set[str] = field(default_factory=set)
    fault: LedgerFault | None = None
    answers: threading.Event = field(default_factory=threading.Event)

    def live(self, tokens: Collection[str]) -> frozenset[str]:
        self.answers.wait(20)
        if self.fault is not None:
            raise LedgerUnavailable(self.fault)
        return frozenset(self.alive & set(tokens))

    def open(self) -> str:
        token = secrets.token_urlsafe(32)
        self.alive.add(token)
        return token


@dataclass
class Protected:
    """What is behind the gate: it answers everything, and counts."""

    reached: int = 0
    sockets: int = 0
    ended: list[int] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            self.reached += 1
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": SECRET})
        else:
            await self._socket(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.sockets += 1
        offered = scope["subprotocols"]
        await receive()
        await send({"type": "websocket.accept", "subprotocol": offered[0] if offered else None})
        begun = secrets.token_hex(8)
        await send({"type": "websocket.send", "bytes": json.dumps({"begun": begun, "offered": offered}).encode()})
        while (message := await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "bytes": message["bytes"]})
        self.ended.append(message["code"])


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


def begun(message: bytes) -> str | None:
    """What ``Protected`` says of itself, read as ``asgi.session_begun`` reads Streamlit."""
    return json.loads(message)["begun"] if message.startswith(b'{"begun"') else None


def drawn(message: bytes) -> list[str]:
    """The file that ``Protected`` says it draws."""
    return [message.decode().removeprefix("drawn with ")] if message.startswith(b"drawn with ") else []


@dataclass
class House:
    tokens: Tokens
    app: Protected
    served: Served
    site: Site = field(default_factory=Site)

    def cookie(self, token: str) -> str:
        return f"{self.site.cookie}={token}"

    def socket(self, token: str | None, *offered: str, origin: str | None = None) -> ClientConnection:
        cookie = {"Cookie": self.cookie(token)} if token is not None else {}
        return connect(
            f"ws://{self.served.host}/_stcore/stream",
            origin=origin or self.served.origin,  # type: ignore[arg-type]
            additional_headers=cookie,
            subprotocols=[Subprotocol(each) for each in offered] or None,
            open_timeout=5,
        )


@pytest.fixture(scope="module")
def built() -> Iterator[House]:
    tokens, app = Tokens(), Protected()
    gate = Gate(app, site=Site(), sessions=tokens, learn=begun, addresses=drawn)
    with serve(SecurityHeaders(gate, policy="default-src 'none'", is_secure=False)) as served:
        yield House(tokens, app, served)


@pytest.fixture
def house(built: House) -> House:
    """The server of all tests here, with nobody signed in and nothing counted."""
    built.tokens.alive.clear()
    built.tokens.fault = None
    built.tokens.answers.set()
    built.app.reached = built.app.sockets = 0
    built.app.ended.clear()
    built.served.lines.clear()
    return built


def hello(socket: ClientConnection) -> dict[str, object]:
    said: dict[str, object] = json.loads(socket.recv(5))
    return said


def test_whoever_signed_in_gets_through(house: House) -> None:
    token = house.tokens.open()
    answer = house.served.ask("/find", cookie=house.cookie(token))
    assert (answer.status, answer.body) == (200, SECRET)
    with house.socket(token) as socket:
        hello(socket)
        socket.send(b"ping")
        assert socket.recv(5) == b"ping"


@pytest.mark.parametrize(
    "path", ["/", "/find", "/media/a.pdf", "/static/js/index.js", "/_stcore/metrics", "/_stcore/health"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_a_stranger_reaches_nothing(house: House, path: str, method: str) -> None:
    answer = house.served.ask(path, method, origin=house.served.origin)
    assert answer.status == 401
    assert SECRET not in answer.body
    assert house.app.reached == 0


def test_a_stranger_who_opens_a_page_is_sent_to_the_sign_in_and_back(house: House) -> None:
    answer = house.served.ask("/find?record=12&x=%0d%0aSet-Cookie:a", accept="text/html")
    assert answer.status == 303
    assert answer.headers["location"] == "/signin?next=%2Ffind%3Frecord%3D12%26x%3D%250d%250aSet-Cookie%3Aa"
    assert house.app.reached == 0


def test_only_the_methods_of_the_open_routes_are_open(house: House) -> None:
    for path, methods in OPEN_ROUTES.items():
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            answer = house.served.ask(path, method, origin=house.served.origin)
            assert (answer.status == 200) == (method in methods), (method, path)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "127.0.0.1:x"]
)
def test_a_host_that_is_not_ours_is_refused_whoever_asks(house: House, host: str) -> None:
    answer = house.served.ask(cookie=house.cookie(house.tokens.open()), host=host)
    assert answer.status == 400
    assert house.app.reached == 0


def test_two_hosts_are_refused(house: House) -> None:
    got = house.served.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1", ""])
def test_another_page_can_do_nothing_with_our_cookie(house: House, origin: str) -> None:
    cookie = house.cookie(house.tokens.open())
    for method in ("GET", "POST", "PUT"):
        assert house.served.ask("/signout", method, cookie=cookie, origin=origin).status == 403
    assert house.app.reached == 0


def test_a_form_without_an_origin_is_refused(house: House) -> None:
    assert house.served.ask("/signin", "POST").status == 403


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        f"{DEVELOPMENT_COOKIE}=",
        f"{DEVELOPMENT_COOKIE}=" + "a" * 43,
        f"{DEVELOPMENT_COOKIE}=" + "a" * 8192,
        f"{DEVELOPMENT_COOKIE}='; DROP TABLE sessions; --",
        f"{SECURE_COOKIE}=TOKEN",
        f"{DEVELOPMENT_COOKIE}=TOKEN; {DEVELOPMENT_COOKIE}=TOKEN",
        f"other=TOKEN; x{DEVELOPMENT_COOKIE}=TOKEN",
        f"{DEVELOPMENT_COOKIE}=TOKEN; filler=" + "a" * 8192,
    ],
)
def test_a_cookie_that_is_not_exactly_ours_opens_nothing(house: House, cookie: str) -> None:
    cookie = cookie.replace("TOKEN", house.tokens.open())
    assert house.served.ask(cookie=cookie).status == 401
    assert house.app.reached == 0


def test_headers_that_name_a_person_open_nothing(house: House) -> None:
    forged = dict.fromkeys(("remote_user", "x_forwarded_user", "x_auth_request_email", "x_dashboard_session"), "asha")
    assert house.served.ask(**forged, authorization="Bearer x").status == 401
    assert house.app.reached == 0


def test_where_sessions_cannot_be_read_nobody_gets_through(house: House) -> None:
    token = house.tokens.open()
    house.tokens.fault = LedgerFault.LOCKED
    answer = house.served.ask(cookie=house.cookie(token))
    assert (answer.status, house.app.reached) == (503, 0)
    with pytest.raises(InvalidStatus):
        house.socket(token)
    assert house.app.sockets == 0


def test_every_answer_has_the_security_headers(house: House) -> None:
    for answer in (house.served.ask(), house.served.ask(host="evil.example"), house.served.ask(accept="text/html")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'"


@pytest.mark.parametrize("token", [None, "", "a" * 43, "a" * 4096])
def test_a_websocket_is_refused_before_it_is_accepted(house: House, token: str | None) -> None:
    with pytest.raises(InvalidStatus) as refused:
        house.socket(token)
    assert refused.value.response.status_code == 403
    assert house.app.sockets == 0


def test_a_handshake_with_8_kb_of_cookie_is_refused(house: House) -> None:
    key = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    head = f"GET /_stcore/stream HTTP/1.1\r\nHost: {house.served.host}\r\nOrigin: {house.served.origin}\r\n{key}"
    got = house.served.raw(f"{head}Cookie: {house.cookie('a' * 8192)}\r\n\r\n".encode())
    assert not got.startswith(b"HTTP/1.1 101")
    assert house.app.sockets == 0


def test_a_websocket_from_another_page_is_refused(house: House) -> None:
    with pytest.raises(InvalidStatus):
        house.socket(house.tokens.open(), origin="http://evil.example")
    assert house.app.sockets == 0


def test_the_end_of_a_session_cuts_its_sockets_within_a_second_and_no_others(house: House) -> None:
    mine, theirs = house.tokens.open(), house.tokens.open()
    with house.socket(mine) as first, house.socket(mine) as second, house.socket(theirs) as other:
        for socket in (first, second, other):
            hello(socket)
        house.tokens.alive.discard(mine)
        start = time.monotonic()
        for socket in (first, second):
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(5)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401
        assert time.monotonic() - start < 1
        other.send(b"still here")
        assert other.recv(5) == b"still here"
        assert house.app.ended == [4401, 4401]


def test_a_ledger_that_is_busy_for_a_moment_cuts_nobody(house: House) -> None:
    with house.socket(house.tokens.open()) as socket:
        hello(socket)
        house.tokens.fault = LedgerFault.LOCKED
        time.sleep(1)
        house.tokens.fault = None
        socket.send(b"ping")
        assert socket.recv(5) == b"ping"


def test_a_ledger_that_never_answers_ends_every_socket_in_time_and_leaves_the_server_free(house: House) -> None:
    with house.socket(house.tokens.open()) as socket:
        hello(socket)
        time.sleep(2 * POLL_S)
        house.tokens.answers.clear()
        start = time.monotonic()
        with pytest.raises(ConnectionClosed):
            socket.recv(BLIND_S + 3)
        assert time.monotonic() - start > BLIND_S - 1
        assert house.served.ask("/", host="evil.example").status == 400  # the event loop waited for nobody
        house.tokens.answers.set()


def test_a_streamlit_session_is_resumed_by_whoever_began_it_and_by_nobody_else(house: House) -> None:
    mine, theirs = house.tokens.open(), house.tokens.open()
    with house.socket(mine, "streamlit", "xsrf") as socket:
        known = str(hello(socket)["begun"])
    with house.socket(mine, "streamlit", "xsrf", known) as socket:
        assert hello(socket)["offered"] == ["streamlit", "xsrf", known]
    for offered in ((known,), (known, known, known), ("streamlit", "xsrf", known), ("streamlit", "xsrf", "x", known)):
        with house.socket(theirs, *offered) as socket:
            said = hello(socket)["offered"]
            assert isinstance(said, list)
            assert said[2:] == []


def test_a_file_opens_for_the_browser_that_was_sent_its_address_and_for_nobody_else(house: House) -> None:
    mine, theirs = house.tokens.open(), house.tokens.open()
    with house.socket(mine) as socket:
        hello(socket)
        assert house.served.ask("/media/0dd5.pdf", cookie=house.cookie(mine)).status == 404
        socket.send(b"drawn with /media/0dd5.pdf")
        socket.recv(5)
    answers = [house.served.ask("/media/0dd5.pdf", cookie=house.cookie(each)) for each in (mine, theirs)]
    assert [(each.status, each.body) for each in answers] == [(200, SECRET), (404, b"")]
    house.tokens.alive.discard(mine)
    assert house.served.ask("/media/0dd5.pdf", cookie=house.cookie(mine)).status == 401


def test_no_log_line_holds_a_token(house: House) -> None:
    token = house.tokens.open()
    house.served.ask(f"/set-password?token={token}", cookie=house.cookie(token))
    with house.socket(token) as socket:
        hello(socket)
    with pytest.raises(InvalidStatus):
        house.socket("b" * 43)
    assert not [line for line in house.served.lines if token in line or "b" * 43 in line]
