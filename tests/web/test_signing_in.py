"""The routes in front of the gate, over a real server: forms, cookies, and what is refused before it is read."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from dashboard import form_pages, oidc_desk, signing_in, unlocking, wording
from dashboard.demo import staff
from dashboard.form_pages import Choice
from dashboard.forms import PATIENCE_S
from dashboard.gate import OPEN_ROUTES, Gate
from dashboard.origins import Site
from dashboard.wording import people as words
from lib import accounts as desk_of
from lib import sign_in
from lib.access import Actor, Role
from lib.accounts import Accounts, NewPerson
from lib.errors import LedgerFault, LedgerUnavailable
from lib.locking import Locks
from lib.password_links import PasswordLink
from lib.passwords import Cost, Hasher
from lib.people import NewRole
from lib.sessions import Lifetimes, Sessions
from lib.sign_in import Denial, Denied
from lib.stores.memory.people import MemoryPasswordLinks, MemoryPeople, MemorySessions, MemoryThrottle
from lib.stores.memory.pins import MemoryPins
from lib.stores.memory.trail import MemoryTrail
from lib.throttle import Throttle
from lib.trail import Trail
from tests.parts.accounts import MemoryBench, added, invited
from tests.parts.served import Answer, Served, serve

PASSWORD = "violet harbour ledger tuning fork"
OPERATOR = Actor("cli:test", Role.OPERATOR)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Front:
    """The routes behind the gate, and a browser that keeps cookies."""

    served: Served
    accounts: Accounts
    people: MemoryPeople
    link: PasswordLink
    site: Site
    cookies: dict[str, str]

    def get(self, path: str) -> Answer:
        return self._kept(self.served.ask(path, cookie=self._cookie(), host=self._host()))

    def post(self, path: str, **fields: str) -> Answer:
        body = urlencode(fields).encode()
        form = "application/x-www-form-urlencoded"
        origin = self.site.public_url or self.served.origin
        return self._kept(
            self.served.ask(
                path, "POST", body=body, cookie=self._cookie(), origin=origin, content_type=form, host=self._host()
            )
        )

    def form_token(self, page: str = "/signin") -> str:
        found = re.search(r'name="form_token" value="([^"]+)"', self.get(page).body.decode())
        assert found
        return found[1]

    def sign_in(self, name: str = "Asha", password: str = PASSWORD, **more: str) -> Answer:
        return self.post("/signin", form_token=self.form_token(), name=name, password=password, **more)

    def is_in(self) -> bool:
        return self.get("/session").status == 204

    def _host(self) -> str:
        return self.site.public_url.removeprefix("https://") or self.served.host

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _kept(self, answer: Answer) -> Answer:
        for line in answer.headers.get_all("set-cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


def front(site: Site) -> Iterator[Front]:
    people = MemoryPeople()
    accounts = Accounts(
        people=people,
        sessions=Sessions(MemorySessions(people), lifetimes=Lifetimes()),
        links=MemoryPasswordLinks(people),
        throttle=Throttle(MemoryThrottle(), secret=b"t" * 32),
        hasher=Hasher(Cost(rounds=1, memory_kib=8, lanes=1)),
        trail=Trail(MemoryTrail(), key_secret=b"k" * 32),
    )
    link = desk_of.add(OPERATOR, accounts, NewPerson("Asha", NewRole(Role.OWNER, None)), at=now())
    assert isinstance(link, PasswordLink)
    sign_in.set_password(accounts, link.token, PASSWORD, address="", at=now())
    fresh = desk_of.reset(OPERATOR, accounts, link.person.person_id, at=now())
    assert isinstance(fresh, PasswordLink)
    desk = signing_in.Desk(site, accounts, now)
    lock_desk = unlocking.LockDesk(desk, Locks(accounts, MemoryPins()))
    routes = [*desk.routes(), *lock_desk.routes(), *oidc_desk.OidcDesk(desk, None).routes()]
    gate = Middleware(Gate, site=site, sessions=signing_in.LiveTokens(accounts, now))
    with serve(Starlette(routes=routes, middleware=[gate])) as served:
        yield Front(served, accounts, people, fresh, site, {})


@pytest.fixture
def local() -> Iterator[Front]:
    yield from front(Site())


@pytest.fixture
def public() -> Iterator[Front]:
    yield from front(Site("https://rx.example"))


def test_the_right_password_opens_a_session_under_a_new_token(local: Front) -> None:
    answer = local.sign_in(next="/?record=12")
    assert (answer.status, answer.headers["location"]) == (303, "/?record=12")
    first = local.cookies[local.site.cookie]
    assert local.is_in()
    local.post("/signin", form_token=local.cookies[f"{local.site.cookie}-form"], name="Asha", password=PASSWORD)
    assert local.cookies[local.site.cookie] != first
    assert local.is_in()
    local.cookies[local.site.cookie] = first
    assert not local.is_in()


def test_over_https_the_cookie_is_bound_to_this_host_and_to_https(public: Front) -> None:
    answer = public.sign_in()
    (line,) = [
        each for each in answer.headers.get_all("set-cookie") or () if each.startswith("__Host-dashboard-session=")
    ]
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= {part.strip() for part in line.split(";")}
    assert "omain" not in line
    assert public.is_in()


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nSet-Cookie: x=y", "evil"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(local: Front, wanted: str) -> None:
    answer = local.sign_in(next=wanted)
    assert answer.headers["location"] == "/"
    assert "x" not in local.cookies


def test_unknown_and_wrong_are_one_answer(local: Front) -> None:
    answers = [local.sign_in(name, "not the password at all") for name in ("Asha", "Aqsa")]
    bodies = [answer.body.decode().replace('value="Asha"', "").replace('value="Aqsa"', "") for answer in answers]
    assert bodies[0] == bodies[1]
    assert words.denied(Denied(Denial.WRONG)) in bodies[0]
    assert not local.is_in()


@pytest.mark.parametrize("name", ['"><script>alert(1)</script>', "a\r\nb: c", "x" * 5000, "\x00", "अशा"])
def test_a_hostile_name_is_only_text(local: Front, name: str) -> None:
    answer = local.sign_in(name, "not the password at all")
    assert answer.status == 403
    assert b"<script" not in answer.body
    assert "script-src" not in answer.headers["content-security-policy"]


def test_a_form_without_the_pages_token_is_refused(local: Front) -> None:
    token = local.form_token()
    for wrong in ("", "a" * 43, token[:-1], "é" * 43):
        assert local.post("/signin", form_token=wrong, name="Asha", password=PASSWORD).status == 403
    local.cookies.clear()
    assert local.post("/signin", form_token=token, name="Asha", password=PASSWORD).status == 403
    assert not local.is_in()


POSTS = [path for path, methods in OPEN_ROUTES.items() if "POST" in methods]


def head(front: Front, path: str, length: str) -> bytes:
    """The head of a form that our own page sends."""
    served, cookie = front.served, "; ".join(f"{name}={value}" for name, value in front.cookies.items())
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {served.host}",
        f"Origin: {served.origin}",
        f"Cookie: {cookie}",
        "Content-Type: application/x-www-form-urlencoded",
        length,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.mark.parametrize("path", POSTS)
def test_ten_megabytes_are_refused_before_they_are_read(local: Front, path: str) -> None:
    local.form_token()
    start = time.monotonic()
    assert b" 413 " in local.served.raw(head(local, path, "Content-Length: 10485760"))[:20]
    chunk = b"2000\r\n" + b"a" * 0x2000 + b"\r\n"
    assert b" 413 " in local.served.raw(head(local, path, "Transfer-Encoding: chunked") + chunk * 2)[:20]
    assert time.monotonic() - start < 2


def test_forms_that_never_end_are_given_up_and_hold_up_nobody(local: Front) -> None:
    local.form_token()
    with ExitStack() as opened:
        slow = [
            (path, opened.enter_context(socket.create_connection(("127.0.0.1", local.served.port), timeout=20)))
            for path in POSTS
            for _ in range(50)
        ]
        start = time.monotonic()
        for path, each in slow:
            each.sendall(head(local, path, "Content-Length: 100") + b"a")
        assert local.get("/signin").status == 200
        assert time.monotonic() - start < PATIENCE_S
        for path, each in slow:
            assert b" 408 " in each.recv(65536)[:20], path
        assert time.monotonic() - start < 2 * PATIENCE_S  # one after the other they would be given up in minutes


def test_a_form_whose_sender_goes_away_is_no_fault(local: Front) -> None:
    local.form_token()
    local.served.raw(head(local, "/signin", "Content-Length: 100") + b"a")
    assert local.get("/signin").status == 200
    assert not [line for line in local.served.lines if "Traceback" in line or "Exception" in line]


@pytest.mark.parametrize("path", ["/_stcore/upload_file/SESSION/1", "/", "/session", "/anything"])
def test_ten_megabytes_of_a_stranger_are_refused_unread_everywhere_else_too(local: Front, path: str) -> None:
    start = time.monotonic()
    assert b" 401 " in local.served.raw(head(local, path, "Content-Length: 10485760"))[:20]
    assert time.monotonic() - start < 2


def test_no_line_break_gets_into_a_header(local: Front) -> None:
    broken = "%0d%0aSet-Cookie:%20x=y"
    for path in (f"/signin?next=/{broken}", f"/set-password?token={broken}", f"/session{broken}", f"/{broken}"):
        answer = local.served.raw(
            f"GET {path} HTTP/1.1\r\nHost: {local.served.host}\r\nAccept: text/html\r\nConnection: close\r\n\r\n".encode()
        )
        assert b"\r\nset-cookie: x" not in answer.lower()
    for host in (f"{local.served.host}\r\n X: y", f"{local.served.host}%0d%0aX: y", f"{local.served.host}\tX"):
        answer = local.served.raw(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert b" 400 " in answer[:20]


def test_two_session_cookies_or_8_kb_of_cookies_are_nobodys(local: Front) -> None:
    local.sign_in()
    mine = f"{local.site.cookie}={local.cookies[local.site.cookie]}"
    assert local.served.ask("/session", cookie=mine).status == 204
    for cookie in (f"{mine}; {mine}", f"{mine}; x={'y' * 8192}", f"{local.site.cookie}={'z' * 43}; {mine}"):
        assert local.served.ask("/session", cookie=cookie).status == 401
        assert local.served.ask("/signin", cookie=cookie).status == 200  # and the door stays open


def test_what_is_no_form_is_refused(local: Front) -> None:
    local.form_token()
    origin, cookie = local.served.origin, "; ".join(f"{name}={value}" for name, value in local.cookies.items())
    for kind in ("multipart/form-data; boundary=x", "application/json", "text/plain"):
        answer = local.served.ask("/signin", "POST", body=b"{}", origin=origin, cookie=cookie, content_type=kind)
        assert answer.status == 415


def test_signing_out_ends_the_session(local: Front) -> None:
    local.sign_in()
    kept = local.cookies[local.site.cookie]
    answer = local.post("/signout", form_token=local.form_token())
    assert (answer.status, answer.headers["location"]) == (303, "/signin")
    local.cookies[local.site.cookie] = kept
    assert not local.is_in()


def test_a_link_sets_a_password_once(local: Front) -> None:
    local.sign_in()
    path, new = local.link.path, "copper lantern orbit meadow nine"
    token = local.form_token(path)
    short = local.post("/set-password", form_token=token, token=local.link.token, password="too short")
    assert short.status == 422
    assert local.post("/set-password", form_token=token, token=local.link.token, password=new).status == 200
    assert not local.is_in()
    assert local.get(path).status == 404
    assert local.post("/set-password", form_token=token, token=local.link.token, password=new).status == 404
    assert local.sign_in(password=new).status == 303
    assert local.is_in()


def test_a_link_of_nobody_says_so(local: Front) -> None:
    for token in ("", "a" * 43, "a" * 5000, "%00"):
        assert local.get(f"/set-password?token={token}").status == 404


def test_where_the_ledger_is_down_it_is_said_and_nobody_gets_in(local: Front) -> None:
    token = local.form_token()
    local.people.fault = LedgerUnavailable(LedgerFault.DOWN)
    assert local.post("/signin", form_token=token, name="Asha", password=PASSWORD).status == 503
    assert local.get(local.link.path).status == 503


def test_no_log_line_holds_a_token_or_a_password(local: Front) -> None:
    local.get(local.link.path)
    local.sign_in()
    secrets = (local.link.token, PASSWORD, *local.cookies.values())
    assert not [line for line in local.served.lines if any(each in line for each in secrets if each)]


def test_enter_signs_in_as_the_first_of_the_demo_and_a_typed_name_goes_on_with_the_password() -> None:
    choices = [Choice("1", "Asha, owner"), Choice("2", "Bilal, clinic admin")]
    pages = [
        form_pages.sign_in(form_token="", wanted="/", choices=choices),
        form_pages.sign_in(form_token="", wanted="/", choices=choices, name="Asha"),
        form_pages.sign_in(form_token="", wanted="/"),
    ]
    focused = [re.findall(r"<(?:input|button)[^>]* autofocus[^>]*>", page) for page in pages]
    assert [len(each) for each in focused] == [1, 1, 1]
    marks = ('value="1"', 'id="password"', 'id="name"')
    assert all(mark in tag for (tag,), mark in zip(focused, marks, strict=True))


def test_one_click_signs_in_the_demos_staff_and_nobody_else() -> None:
    bench = MemoryBench()
    asha, link = added(bench.accounts), invited(bench.accounts, "Zed", Role.SUPPORT)
    desk = signing_in.Desk(Site(), bench.accounts, now, demo=(asha,), enter=staff.enter)
    with serve(Starlette(routes=desk.routes())) as served:
        browser = Front(served, bench.accounts, bench.people, link, Site(), {})
        assert browser.post("/signin", form_token=browser.form_token(), person=link.person.person_id).status == 403
        assert not browser.is_in()
        assert browser.post("/signin", form_token=browser.form_token(), person=asha.person_id).status == 303
        assert browser.is_in()


def test_every_page_in_front_says_which_program_it_is(local: Front) -> None:
    for path in ("/signin", local.link.path, "/set-password?token=none"):
        assert wording.TITLE in local.get(path).body.decode().partition("<h1>")[0].partition("<body>")[2]
