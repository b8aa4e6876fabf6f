"""A crowd at the door, on a real ledger and with passwords as dear as they are: nobody inside waits for it."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from dashboard import signing_in, wording
from dashboard.gate import Gate
from dashboard.origins import Site
from dashboard.password_work import PasswordWork
from lib.passwords import Hasher
from lib.sessions import Opened
from lib.stores import ledger_migration
from tests.conftest import NOW
from tests.parts import accounts as sample
from tests.parts.served import Answer, Served, serve

FORM_TOKEN = "f" * 43
SOON_S = 1.0
LOOKS = 5  # at least: of two, the one that waited is half
CROWD_S = 5.0  # whoever waited for the passwords of the crowd would wait longer


@dataclass
class House:
    served: Served
    opened: Opened
    site: Site

    @property
    def cookie(self) -> str:
        return f"{self.site.cookie}={self.opened.token}"

    def try_to_sign_in(self, name: str) -> Answer:
        fields = {"form_token": FORM_TOKEN, "name": name, "password": "not the password at all"}
        with closing(http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=60)) as connection:
            headers = {
                "Cookie": f"{self.site.cookie}-form={FORM_TOKEN}",
                "Origin": self.served.origin,
                "Content-Type": "application/x-www-form-urlencoded",
            }
            connection.request("POST", "/signin", urlencode(fields).encode(), headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    url = f"sqlite:///{tmp_path}/ledger.sqlite3"
    ledger_migration.migrate(url)
    accounts = sample.on_ledger(url)
    sample.added(accounts)
    opened = sample.signed_in(accounts)
    dear = replace(accounts, hasher=Hasher())
    site = Site()
    desk = signing_in.Desk(site, dear, lambda: NOW, work=PasswordWork(waiting=30))
    gate = Middleware(Gate, site=site, sessions=signing_in.LiveTokens(accounts, lambda: NOW))
    app = Starlette(routes=[*desk.routes(), WebSocketRoute("/_stcore/stream", echo)], middleware=[gate])
    with serve(app) as served:
        yield House(served, opened, site)


def test_a_hundred_sign_ins_at_once_hold_up_neither_a_page_nor_the_cut_of_a_socket(house: House) -> None:
    waited, over = list[float](), threading.Event()

    def look() -> None:
        while not over.is_set():
            began = time.monotonic()
            assert house.served.ask("/session", cookie=house.cookie).status == 204
            waited.append(time.monotonic() - began)

    socket = connect(
        f"ws://{house.served.host}/_stcore/stream",
        origin=house.served.origin,  # type: ignore[arg-type]
        additional_headers={"Cookie": house.cookie},
    )
    with socket, ThreadPoolExecutor(101) as crowd:
        looking = crowd.submit(look)
        answers = [crowd.submit(house.try_to_sign_in, f"Nobody {number}") for number in range(100)]
        while sum(each.done() for each in answers) < 5 or len(waited) < LOOKS:
            time.sleep(0.01)
        over.set()
        looking.result()
        signed_out = time.monotonic()
        form = f"{house.site.cookie}-form={FORM_TOKEN}; {house.cookie}"
        body = urlencode({"form_token": FORM_TOKEN}).encode()
        left = house.served.ask(
            "/signout",
            "POST",
            body=body,
            cookie=form,
            origin=house.served.origin,
            content_type="application/x-www-form-urlencoded",
        )
        assert left.status == 303
        with pytest.raises(ConnectionClosed):
            socket.recv(10)
        cut_s = time.monotonic() - signed_out
        said = [each.result() for each in answers]
    # A hundred threads of the crowd share this process with the server: one look may wait for them, not each.
    assert (median(waited) < SOON_S, max(waited) < CROWD_S, cut_s < SOON_S) == (True, True, True), (waited, cut_s)
    counted = Counter(each.status for each in said)
    assert counted[503] > 0
    assert set(counted) == {403, 503}
    assert all(wording.CROWDED in each.body.decode() for each in said if each.status == 503)
    assert house.try_to_sign_in("Nobody").status == 403  # and afterwards there is room again
