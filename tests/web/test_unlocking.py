"""The routes of a locked session, over a real server behind the real gate; and that everything else is closed to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from dashboard import lock_pages, signing_in, unlocking
from dashboard.gate import Gate
from dashboard.origins import Site
from dashboard.security_headers import SecurityHeaders
from dashboard.wording import lock as words
from lib import locking
from lib.access import Role
from lib.accounts import Accounts
from lib.errors import LedgerFault, LedgerUnavailable
from lib.locking import Locks, StillLocked
from lib.people import Person
from lib.sessions import Lifetimes, Live
from lib.stores.memory.pins import MemoryPins
from tests.parts.accounts import PASSWORD, MemoryBench, added, invited
from tests.parts.served import Answer, Served, serve

SECRET = b"Asha Canary, +91 98765 43210"
PIN = "482913"


async def protected(_request: Request) -> Response:
    return PlainTextResponse(SECRET)


async def talk(socket: WebSocket) -> None:
    await socket.accept()
    async for _ in socket.iter_text():
        await socket.send_bytes(SECRET)


@dataclass
class Front:
    """The routes behind the gate, a browser that keeps cookies, and a clock."""

    served: Served
    bench: MemoryBench
    locks: Locks
    site: Site
    clock: list[datetime]
    cookies: dict[str, str]

    @property
    def accounts(self) -> Accounts:
        return self.bench.accounts

    def get(self, path: str, **headers: str) -> Answer:
        return self._kept(self.served.ask(path, cookie=self.cookie, **headers))

    def post(self, path: str, **fields: str) -> Answer:
        self.cookies.setdefault(f"{self.site.cookie}-form", "f" * 43)
        body = urlencode({"form_token": self.cookies[f"{self.site.cookie}-form"], **fields}).encode()
        form = "application/x-www-form-urlencoded"
        origin = self.served.origin
        return self._kept(
            self.served.ask(path, "POST", body=body, cookie=self.cookie, origin=origin, content_type=form)
        )

    def sign_in(self, name: str = "Asha") -> str:
        assert self.post("/signin", name=name, password=PASSWORD).status == 303
        return self.cookies[self.site.cookie]

    def lock(self) -> str:
        token = self.cookies[self.site.cookie]
        live = self.accounts.sessions.live(token, at=self.clock[0])
        assert isinstance(live, Live)
        locking.lock(self.accounts, live, at=self.clock[0])
        return token

    def state(self) -> int:
        return self.get("/session").status

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _kept(self, answer: Answer) -> Answer:
        for line in answer.headers.get_all("set-cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


@pytest.fixture
def front() -> Iterator[Front]:
    """Asha and Bilal have passwords; Chitra has none; Dev is of the demo's staff."""
    bench, clock = MemoryBench(lifetimes=Lifetimes()), [datetime.now(UTC)]
    added(bench.accounts, "Asha")
    added(bench.accounts, "Bilal", Role.CLINIC_ADMIN, frozenset({"CLN001"}))
    invited(bench.accounts, "Chitra", Role.SUPPORT)
    staff = invited(bench.accounts, "Dev", Role.DEVELOPER).person
    site, locks = Site(), Locks(bench.accounts, MemoryPins())
    desk = signing_in.Desk(site, bench.accounts, lambda: clock[0], demo=(staff,))
    lock_desk = unlocking.LockDesk(desk, locks)
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    app = Starlette(
        routes=[
            *desk.routes(),
            *lock_desk.routes(),
            *lock_desk.inner_routes(),
            WebSocketRoute("/_stcore/stream", talk),
            Route("/{rest:path}", protected, methods=methods),
        ],
        middleware=[
            Middleware(SecurityHeaders, policy="default-src 'self'", is_secure=False),
            Middleware(Gate, site=site, sessions=signing_in.LiveTokens(bench.accounts, lambda: clock[0])),
        ],
    )
    with serve(app) as served:
        yield Front(served, bench, locks, site, clock, {})


def opened(front: Front, name: str) -> Person:
    """Open a session of somebody who has no password."""
    account = front.accounts.people.by_name(name)
    assert account is not None
    made = front.accounts.sessions.open_session(account.person, at=front.clock[0], address="")
    front.cookies[front.site.cookie] = made.token
    return account.person


def test_a_session_answers_whether_it_is_open_locked_or_over(front: Front) -> None:
    assert front.state() == 401
    front.sign_in()
    assert front.state() == 204
    front.lock()
    assert front.state() == 423
    front.clock[0] += timedelta(hours=1)
    assert front.state() == 401


def test_a_touch_keeps_it_open_and_asking_alone_does_not(front: Front) -> None:
    front.sign_in()
    for _ in range(4):
        front.clock[0] += timedelta(minutes=6)
        assert front.get("/session", x_active="1").status == 204
    for is_open in (True, False):
        front.clock[0] += timedelta(minutes=5)
        assert front.state() == (204 if is_open else 423)
    assert front.get("/session", x_active="1").status == 423


def test_a_locked_session_gets_no_protected_byte_on_any_route_and_no_socket(front: Front) -> None:
    front.sign_in()
    assert front.get("/").body == SECRET
    front.lock()
    paths = ["/", "/?record=12", "/find", "/account", "/pin", "/static/js/index.js", "/media/abc.pdf", "/_stcore/health",
             "/_stcore/stream", "/_stcore/host-config", "/_stcore/upload_file/a/b", "/unlock/x", "/session/x", "//", "/%2e%2e/unlock"]  # fmt: skip
    for path in paths:
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            for accept in ("text/html", "*/*"):
                answer = front.served.ask(path, method, cookie=front.cookie, accept=accept, origin=front.served.origin)
                assert answer.status in {303, 401}, (path, method, answer.status)
                assert SECRET not in answer.body
    for _ in range(20):
        with pytest.raises(InvalidStatus) as refused:
            handshake(front)
        assert refused.value.response.status_code == 403


def handshake(front: Front) -> ClientConnection:
    return connect(
        f"ws://{front.served.host}/_stcore/stream",
        origin=Origin(front.served.origin),
        additional_headers={"Cookie": front.cookie},
        proxy=None,
    )


def test_locking_cuts_the_open_socket_within_a_second(front: Front) -> None:
    front.sign_in()
    with handshake(front) as socket:
        socket.send("hello")
        assert socket.recv(timeout=2) == SECRET
        front.lock()
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=1)


def test_a_reload_of_any_page_leads_to_the_lock_and_back(front: Front) -> None:
    front.sign_in()
    front.lock()
    first = front.get("/?record=12", accept="text/html")
    assert (first.status, first.headers["location"]) == (303, "/signin?next=%2F%3Frecord%3D12")
    second = front.get(first.headers["location"])
    assert (second.status, second.headers["location"]) == (303, "/unlock?next=%2F%3Frecord%3D12")
    page = front.get(second.headers["location"])
    assert page.status == 200
    assert b"Asha, Owner" in page.body
    assert page.headers["cache-control"] == "no-store"
    done = front.post("/unlock", next="/?record=12", password=PASSWORD)
    assert (done.status, done.headers["location"]) == (303, "/?record=12")
    assert front.get("/").body == SECRET


def test_unlocking_gives_another_cookie_and_the_old_one_opens_nothing(front: Front) -> None:
    old = front.sign_in()
    front.lock()
    front.post("/unlock", password=PASSWORD)
    new = front.cookies[front.site.cookie]
    assert new != old
    assert front.state() == 204
    front.cookies[front.site.cookie] = old
    assert front.state() == 401


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nSet-Cookie: x=y"]
)
def test_nobody_is_sent_elsewhere_after_unlocking(front: Front, wanted: str) -> None:
    front.sign_in()
    front.lock()
    assert front.post("/unlock", next=wanted, password=PASSWORD).headers["location"] == "/"
    assert front.get(f"/unlock?{urlencode({'next': wanted})}").headers["location"] == "/"


def test_a_wrong_password_is_said_and_guessing_waits(front: Front) -> None:
    front.sign_in()
    front.lock()
    said = [front.post("/unlock", password="wrong words all along") for _ in range(6)]
    assert [answer.status for answer in said] == [403] * 6
    assert b"That password is not right." in said[0].body
    assert b"Too many attempts." in said[5].body
    assert front.state() == 423


def test_somebody_elses_password_and_pin_open_nothing(front: Front) -> None:
    front.sign_in("Bilal")
    assert front.post("/pin", pin=PIN, password=PASSWORD).status == 200
    front.post("/signout")
    front.sign_in("Asha")
    front.lock()
    assert front.post("/unlock", name="Bilal", password="not Asha's password").status == 403
    assert front.post("/unlock", name="Bilal", pin=PIN).status == 403
    assert front.state() == 423


@pytest.mark.parametrize("way", ["ended", "never", "open"])
def test_a_session_that_is_not_locked_is_led_elsewhere_and_nothing_is_compared(front: Front, way: str) -> None:
    if way != "never":
        front.sign_in()
    if way == "ended":
        front.lock()
        front.clock[0] += timedelta(hours=1)
    before = len(front.bench.trail.rows)
    where = "/activity" if way == "open" else "/signin?next=%2Factivity"
    assert front.get("/unlock?next=/activity").headers["location"] == where
    assert front.post("/unlock", next="/activity", password=PASSWORD).headers["location"] == where
    assert len(front.bench.trail.rows) == before


def test_a_form_without_our_token_or_from_elsewhere_unlocks_nothing(front: Front) -> None:
    front.sign_in()
    front.lock()
    assert front.post("/unlock", form_token="g" * 43, password=PASSWORD).status == 403
    body, form = urlencode({"form_token": "f" * 43, "password": PASSWORD}).encode(), "application/x-www-form-urlencoded"
    other = front.served.ask(
        "/unlock", "POST", body=body, cookie=front.cookie, origin="https://evil.example", content_type=form
    )
    assert other.status == 403
    assert front.state() == 423


def test_signing_out_ends_a_locked_session(front: Front) -> None:
    token = front.sign_in()
    front.lock()
    assert front.post("/signout").headers["location"] == "/signin"
    front.cookies[front.site.cookie] = token
    assert front.state() == 401


def test_signing_in_as_somebody_else_ends_the_locked_session(front: Front) -> None:
    token = front.sign_in()
    front.lock()
    front.sign_in("Bilal")
    assert front.accounts.sessions.held(token, at=front.clock[0]) is None


def test_a_pin_set_in_this_browser_unlocks_in_it_and_the_cookie_is_hidden_from_scripts(front: Front) -> None:
    front.sign_in()
    answer = front.post("/pin", pin=PIN, password=PASSWORD)
    assert answer.status == 200
    (line,) = [each for each in answer.headers.get_all("set-cookie") or () if "-browser=" in each]
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=15552000"} <= {part.strip() for part in line.split(";")}
    front.lock()
    assert b'name="pin"' in front.get("/unlock").body
    kept = front.cookies.pop(f"{front.site.cookie}-browser")
    assert b'name="pin"' not in front.get("/unlock").body
    assert front.post("/unlock", pin=PIN).status == 403
    front.cookies[f"{front.site.cookie}-browser"] = kept
    assert front.post("/unlock", pin=PIN).status == 303
    assert front.state() == 204


def test_after_five_wrong_pins_the_page_asks_for_the_password(front: Front) -> None:
    front.sign_in()
    front.post("/pin", pin=PIN, password=PASSWORD)
    front.lock()
    pages = [front.post("/unlock", pin="000000").body.decode() for _ in range(5)]
    assert ['name="pin"' in page for page in pages] == [True] * 4 + [False]
    assert words.refused(StillLocked.PIN_FORGOTTEN) in pages[4]
    assert 'name="password"' in pages[4]
    assert front.post("/unlock", pin=PIN).status == 403
    assert front.post("/unlock", password=PASSWORD).status == 303


def test_a_pin_opens_no_session_that_is_over_and_signs_nobody_in(front: Front) -> None:
    front.sign_in()
    front.post("/pin", pin=PIN, password=PASSWORD)
    front.lock()
    front.clock[0] += timedelta(hours=1)
    assert front.post("/unlock", pin=PIN).headers["location"] == "/signin"
    assert front.post("/signin", name="Asha", password=PIN).status == 403
    assert front.state() == 401


@pytest.mark.parametrize(
    ("pin", "password", "said"),
    [
        ("123456", PASSWORD, "That would be guessed first."),
        ("4829", PASSWORD, "A PIN has 6 to 12 digits."),
        ("48291a", PASSWORD, "A PIN is made of digits only"),
        (PIN, "wrong words all along", "That password is not right."),
    ],
)
def test_why_a_pin_is_not_taken_is_said(front: Front, pin: str, password: str, said: str) -> None:
    front.sign_in()
    answer = front.post("/pin", pin=pin, password=password)
    assert answer.status == 422
    assert said in answer.body.decode()
    assert f"{front.site.cookie}-browser" not in front.cookies


def test_a_pin_is_forgotten_on_its_page(front: Front) -> None:
    front.sign_in()
    assert words.FORGET_PIN.encode() not in front.get("/pin").body
    front.post("/pin", pin=PIN, password=PASSWORD)
    assert words.PIN_HERE.encode() in front.get("/pin").body
    assert words.PIN_GONE.encode() in front.post("/pin", forget="1").body
    front.lock()
    assert b'name="pin"' not in front.get("/unlock").body


def test_the_page_of_the_pin_is_behind_the_gate(front: Front) -> None:
    assert front.get("/pin", accept="text/html").headers["location"] == "/signin?next=%2Fpin"
    assert front.post("/pin", pin=PIN, password=PASSWORD).status == 401
    front.sign_in()
    front.lock()
    assert front.post("/pin", pin=PIN, password=PASSWORD).status == 401


def test_who_has_no_password_signs_in_again_and_comes_back(front: Front) -> None:
    opened(front, "Chitra")
    front.lock()
    page = front.get("/unlock?next=/account").body.decode()
    assert words.NO_PROOF in page
    assert 'name="password"' not in page
    assert front.post("/unlock", password="").status == 403
    assert front.post("/unlock", click="1").status == 403
    assert front.post("/signout", next="/account").headers["location"] == "/signin?next=%2Faccount"
    opened(front, "Chitra")
    front.clock[0] += timedelta(minutes=6)
    assert words.SIGN_IN_AGAIN.encode() in front.get("/pin").body
    assert front.post("/pin", pin=PIN).status == 422


def test_the_demos_staff_continue_with_one_click(front: Front) -> None:
    opened(front, "Dev")
    front.lock()
    assert b"Continue as Dev" in front.get("/unlock").body
    assert front.post("/unlock", click="1").status == 303
    assert front.state() == 204


def test_one_click_opens_nobody_else(front: Front) -> None:
    front.sign_in()
    front.lock()
    assert b"Continue as" not in front.get("/unlock").body
    assert front.post("/unlock", click="1").status == 403
    assert front.state() == 423


def test_where_the_ledger_is_down_it_is_said_and_nothing_opens(front: Front) -> None:
    front.sign_in()
    front.lock()
    front.bench.people.fault = LedgerUnavailable(LedgerFault.DOWN)
    assert front.state() == 503
    assert front.get("/unlock").status == 503
    assert front.post("/unlock", password=PASSWORD).status == 503
    front.bench.people.fault = None
    assert front.state() == 423


def test_no_log_line_and_no_page_holds_a_pin_or_a_secret_of_the_browser(front: Front) -> None:
    front.sign_in()
    pages = [front.post("/pin", pin=PIN, password=PASSWORD).body, front.get("/pin").body]
    front.lock()
    pages += [front.get("/unlock").body, front.post("/unlock", pin="730518").body, front.post("/unlock", pin=PIN).body]
    browser = front.cookies[f"{front.site.cookie}-browser"]
    for secret in (PIN, "730518", PASSWORD, browser):
        assert not [line for line in front.served.lines if secret in line]
        assert not [page for page in pages if secret.encode() in page]


def test_a_hostile_name_and_path_are_only_text_on_both_pages() -> None:
    hostile = '"><script>alert(1)</script>'
    shown = lock_pages.Unlock(hostile, hostile, hostile, hostile, True, True, True, problem=hostile)
    pin = lock_pages.PinPage(hostile, hostile, True, True, True, False, problem=hostile)
    for page in (lock_pages.unlock(shown), lock_pages.pin(pin), lock_pages.pin_done(hostile)):
        assert "<script" not in page
        assert "&lt;script" in page
