"""The gate's campaign: strangers against the real app over a real server. Prints one JSON object; exit 1 when one got in.

    python -m tests.bench.gate [--seed 3] [--requests 1000] [--handshakes 200] [--takeovers 500]

The app is the product's own (``asgi.build``), over a clinic in memory whose names and PDF are canaries. A witness who is
signed in sees them, and resumes its own session, so that 0 is no silence of a broken app. A script run is counted by its
look at the clock, to see whether the session still lives; the gate and the routes have a clock of their own.
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from dashboard import asgi, oidc_desk, signing_in, wiring
from dashboard.origins import SECURE_COOKIE, Site
from lib.access import Role
from lib.accounts import Accounts
from lib.passwords import Cost, Hasher
from lib.people import PasswordState, Person
from lib.sessions import Lifetimes, Opened, Sessions
from lib.stores.memory.people import MemoryPasswordLinks, MemoryPeople, MemorySessions, MemoryThrottle
from lib.throttle import Throttle
from tests.core.clinic import RECORD, bench
from tests.parts.served import Served, serve

CANARIES = (b"Esha Synthetic", b"9876543210", b"%PDF-", b'id="root"', b"# HELP", b"# TYPE", b"active_sessions")
PATHS = (
    "/", "/find", "/?record=12", "/index.html", "/static/js/", "/static/index.html", "/favicon.png", "/manifest.json",
    "/media/MEDIA", "/_stcore/health", "/_stcore/script-health-check", "/_stcore/metrics", "/_stcore/host-config",
    "/_stcore/stream", "/_stcore/agent/interact", "/_stcore/agent/mcp", "/_stcore/agent/openapi.json",
    "/_stcore/upload_file/SESSION/1", "/_stcore/bidi-components/dashboard.copy/copy.js", "/_stcore/allowed-message-origins",
    "/component/x/index.html", "/auth/login", "/auth/logout", "/oauth2callback", "/app/static/x", "/signin/", "//signin",
    "/signin/../find", "/%2e%2e/find", "/signout", "/session", "/set-password", "/oidc/start", "/oidc/callback", "/oidc", "/SIGNIN", "/signin%2f..%2ffind", "/healthz",
)  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")


@dataclass
class House:
    """The served app, who signed in, and what is counted."""

    served: Served
    accounts: Accounts
    person: Person
    site: Site
    runs: list[datetime] = field(default_factory=list)

    def open(self, at: datetime | None = None) -> Opened:
        return self.accounts.sessions.open_session(self.person, at=at or datetime.now(UTC), address="127.0.0.1")

    def socket(self, cookie: str, *offered: str, **headers: str) -> ClientConnection:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return connect(
            f"ws://{self.served.host}/_stcore/stream",
            origin=self.served.origin,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookie, **named},
            subprotocols=[Subprotocol(each) for each in offered] or None,
            open_timeout=10,
            max_size=None,
        )


@contextmanager
def house() -> Iterator[House]:
    """Serve the app over a clinic of one record, with one owner."""
    people = MemoryPeople()
    now = datetime.now(UTC)
    runs: list[datetime] = []

    def counted() -> datetime:
        runs.append(datetime.now(UTC))
        return runs[-1]

    services = replace(bench().services, clock=counted)
    accounts = Accounts(
        people=people,
        sessions=Sessions(MemorySessions(people), lifetimes=Lifetimes()),
        links=MemoryPasswordLinks(people),
        throttle=Throttle(MemoryThrottle(), secret=b"t" * 32),
        hasher=Hasher(Cost(rounds=1, memory_kib=8, lanes=1)),
        trail=services.trail,
    )
    person = Person("p1", "Asha", Role.OWNER, None, frozenset(), True, PasswordState.NONE, 1, now, now)
    assert people.add(person)
    site = Site()
    wiring.configure(wiring.Served(services, accounts, site.cookie))
    desk = signing_in.Desk(site, accounts, _now)
    routes = [*desk.routes(), *oidc_desk.OidcDesk(desk, None).routes()]
    with serve(asgi.build(site, signing_in.LiveTokens(accounts, _now), routes=routes)) as served:
        yield House(served, accounts, person, site, runs)


def _now() -> datetime:
    return datetime.now(UTC)


def rerun(socket: ClientConnection, query: str = "record=12") -> tuple[str, bytes]:
    """Ask for one script run; return the Streamlit session and all that was sent."""
    message = BackMsg()
    message.rerun_script.query_string = query
    socket.send(message.SerializeToString())
    session, got = "", b""
    while True:
        data = socket.recv(20)
        assert isinstance(data, bytes)
        got += data
        read = ForwardMsg()
        read.ParseFromString(data)
        if read.WhichOneof("type") == "new_session":
            session = read.new_session.initialize.session_id
        if read.WhichOneof("type") == "script_finished":
            return session, got


def strangers(home: House, dice: random.Random, *, number: int, session: str) -> dict[str, int]:
    """Send anonymous requests over every route and method; count what got through."""
    counts = {"sent": 0, "protected": 0, "answered_200": 0}
    for index in range(number):
        path = PATHS[index % len(PATHS)].replace("SESSION", session).replace("MEDIA", "a.pdf")
        method = (
            METHODS[(index // len(PATHS)) % len(METHODS)] if index < len(PATHS) * len(METHODS) else dice.choice(METHODS)
        )
        headers = dice.choice(
            (
                {"cookie": f"{home.site.cookie}={secrets.token_urlsafe(32)}"},
                {"cookie": f"{SECURE_COOKIE}={'a' * 43}", "remote_user": "Asha"},
                {"x_forwarded_user": "Asha", "x_forwarded_email": "asha@example.org", "accept": "text/html"},
                {"cookie": "_streamlit_user=x; _streamlit_xsrf=y"},
                {"cookie": f"{home.site.cookie}={'a' * 8192}"},
                {"authorization": "Bearer x", "accept": "application/json"},
                {},
            )
        )
        body = b"a" * dice.choice((0, 0, 10, 100_000)) if method in {"POST", "PUT", "PATCH"} else None
        try:
            answer = home.served.ask(path, method, body=body, origin=home.served.origin, **headers)
        except (ConnectionError, TimeoutError):  # refused while the body was still being sent
            counts["sent"] += 1
            continue
        counts["sent"] += 1
        is_form = path.partition("?")[0] == "/signin"
        counts["answered_200"] += answer.status < 300 and not is_form
        counts["protected"] += any(canary in answer.body for canary in CANARIES)
    return counts


def handshakes(home: House, dice: random.Random, *, number: int) -> dict[str, int]:
    """Try to open websockets without a session that lives; count those that opened."""
    counts = {"tried": 0, "accepted": 0}
    name = home.site.cookie
    for _ in range(number):
        ended = home.open()
        home.accounts.sessions.end(ended.session)
        expired = home.open(at=datetime.now(UTC) - timedelta(days=2))
        cookie, headers = dice.choice(
            (
                ("", {}),
                (f"{name}={secrets.token_urlsafe(32)}", {}),
                (f"{name}={dice.randbytes(30).hex()}", {}),
                (f"{name}={'a' * 5000}", {}),
                (f"{name}={ended.token}", {}),
                (f"{name}={expired.token}", {}),
                ("", {"remote_user": "Asha", "x_forwarded_user": "Asha", "x_dashboard_session": "1"}),
                (f"{SECURE_COOKIE}={home.open().token}", {}),
            )
        )
        counts["tried"] += 1
        try:
            home.socket(cookie, **headers).close()
            counts["accepted"] += 1
        except (InvalidHandshake, ConnectionClosed):
            pass
    return counts


def takeovers(home: House, dice: random.Random, *, number: int, session: str) -> dict[str, int]:
    """Name another person's Streamlit session from a session of one's own; count those that were resumed."""
    counts = {"tried": 0, "resumed": 0}
    mine = home.open()
    for _ in range(number):
        offered = dice.choice((("streamlit", "x", session), ("streamlit", "", session), (session, session, session)))
        with home.socket(f"{home.site.cookie}={mine.token}", *[each for each in offered if each]) as socket:
            got, _ = rerun(socket, "")
        counts["tried"] += 1
        counts["resumed"] += got == session
    return counts


def campaign(*, seed: int, requests: int, handshake_count: int, takeover_count: int) -> dict[str, object]:
    """Run all three and return the figures."""
    dice = random.Random(seed)
    with house() as home:
        witness = home.open()
        with home.socket(f"{home.site.cookie}={witness.token}") as socket:
            session, seen = rerun(socket)
            witnessed = len(home.runs)
            figures: dict[str, object] = {
                "seed": seed,
                "witness_sees_the_canary": RECORD.patient_name.encode() in seen,
                "witness_looks": witnessed,
                "requests": strangers(home, dice, number=requests, session=session),
                "handshakes": handshakes(home, dice, number=handshake_count),
            }
            figures["script_runs_of_strangers"] = len(home.runs) - witnessed
            figures["takeovers"] = takeovers(home, dice, number=takeover_count, session=session)
        with home.socket(f"{home.site.cookie}={witness.token}", "streamlit", "x", session) as socket:
            figures["witness_resumes_its_own"] = rerun(socket)[0] == session
        figures["log_lines_with_a_token"] = sum(witness.token in line for line in home.served.lines)
    return figures


def main() -> None:
    """Print the figures; exit 1 when a stranger got anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("seed", 3), ("requests", 1000), ("handshakes", 200), ("takeovers", 500)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    figures: dict[str, Any] = campaign(
        seed=asked.seed,
        requests=asked.requests,
        handshake_count=asked.handshakes,
        takeover_count=asked.takeovers,
    )
    print(json.dumps(figures))
    got_in = (
        figures["requests"]["protected"]
        + figures["requests"]["answered_200"]
        + figures["handshakes"]["accepted"]
        + figures["script_runs_of_strangers"]
        + figures["takeovers"]["resumed"]
        + figures["log_lines_with_a_token"]
    )
    sys.exit(1 if got_in or not (figures["witness_sees_the_canary"] and figures["witness_resumes_its_own"]) else 0)


if __name__ == "__main__":
    main()
