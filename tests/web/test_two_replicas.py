"""Two dashboards in two processes on one PostgreSQL: what is done at one holds at the other at once."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from dashboard import wiring
from dashboard.origins import DEVELOPMENT_COOKIE
from lib import accounts as use
from lib.access import Role
from lib.accounts import Accounts, NewPerson
from lib.password_links import PasswordLink
from lib.people import NewRole, Person
from lib.settings import Settings
from lib.sign_in import set_password
from lib.stores import ledger_engine
from lib.trail import Intact, Trail
from tests.parts import accounts as sample
from tests.parts.accounts import OPERATOR, PASSWORD
from tests.parts.chromium import start_app
from tests.parts.postgres import SCHEMA, Postgres
from tests.parts.served import Answer, Served
from tests.web.test_start import settings

FORM = "application/x-www-form-urlencoded"
CUT_S = 1.0


@dataclass
class Replicas:
    one: Served
    other: Served
    accounts: Accounts  # on the same ledger, as the command line has it
    trail: Trail
    database: str

    def person(self, name: str) -> Person:
        """Somebody of that name, with a password and nobody's failures."""
        made = use.add(OPERATOR, self.accounts, NewPerson(name, NewRole(Role.SUPPORT, None)), at=datetime.now(UTC))
        assert isinstance(made, PasswordLink), made
        done = set_password(self.accounts, made.token, PASSWORD, address="", at=datetime.now(UTC))
        assert isinstance(done, Person)
        return done


@pytest.fixture(scope="module")
def replicas(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    database = postgres.new_database()
    url = postgres.url(database)
    clinic = postgres.url(postgres.new_database(schema=SCHEMA.read_text()))
    env = settings(tmp_path_factory.mktemp("replicas"), DASHBOARD_DATABASE_URL=url, DATABASE_URL=clinic)
    values = Settings.load(env)
    wiring.migrate(values)
    trail = wiring.build(values).trail
    accounts = wiring.accounts(values, trail=trail)
    sample.added(accounts)
    with ThreadPoolExecutor(2) as both:
        apps = list(both.map(lambda _: start_app(env=env), range(2)))
    one, other = (Served(int(app.url.rpartition(":")[2])) for app in apps)
    yield Replicas(one, other, accounts, trail, database)
    for app in apps:
        app.stop()
        assert "Traceback" not in "".join(app.lines)


def post(served: Served, path: str, *, session: str = "", **fields: str) -> Answer:
    cookie = f"{DEVELOPMENT_COOKIE}-form={'f' * 43}" + (f"; {DEVELOPMENT_COOKIE}={session}" if session else "")
    body = urlencode({"form_token": "f" * 43, **fields}).encode()
    return served.ask(path, "POST", body=body, cookie=cookie, origin=served.origin, content_type=FORM)


def sign_in(served: Served, name: str) -> str:
    answer = post(served, "/signin", name=name, password=PASSWORD)
    assert answer.status == 303, answer.body
    found = re.search(rf"{DEVELOPMENT_COOKIE}=([\w-]{{43}});", " ".join(answer.headers.get_all("set-cookie") or ()))
    assert found
    return found[1]


def is_in(served: Served, token: str) -> int:
    return served.ask("/session", cookie=f"{DEVELOPMENT_COOKIE}={token}").status


def socket(served: Served, token: str) -> ClientConnection:
    return connect(
        f"ws://{served.host}/_stcore/stream",
        origin=served.origin,  # type: ignore[arg-type]
        additional_headers={"Cookie": f"{DEVELOPMENT_COOKIE}={token}"},
        subprotocols=["streamlit"],  # type: ignore[list-item]
    )


def seconds_until_cut(line: ClientConnection) -> float:
    began = time.monotonic()
    with pytest.raises(ConnectionClosed) as closed:
        deque(iter(lambda: line.recv(10), None), maxlen=0)  # whatever is still said before
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401
    return time.monotonic() - began


def test_signing_out_at_one_cuts_the_socket_at_the_other_within_a_second(replicas: Replicas) -> None:
    replicas.person("Chitra")
    token = sign_in(replicas.one, "Chitra")
    assert is_in(replicas.other, token) == 204
    with socket(replicas.other, token) as line:
        assert post(replicas.one, "/signout", session=token).status == 303
        assert seconds_until_cut(line) < CUT_S
    assert is_in(replicas.other, token) == 401


@pytest.mark.parametrize("act", ["disable", "set_role", "password"])
def test_what_the_owner_changes_anywhere_cuts_the_sockets_everywhere_within_a_second(
    replicas: Replicas, act: str
) -> None:
    person = replicas.person(f"Farid {act}")
    token = sign_in(replicas.one, person.name)
    now = datetime.now(UTC)
    with socket(replicas.one, token) as here, socket(replicas.other, token) as there:
        if act == "disable":
            use.disable(OPERATOR, replicas.accounts, person.person_id, at=now)
        elif act == "set_role":
            use.set_role(OPERATOR, replicas.accounts, person.person_id, NewRole(Role.AUDITOR, None), at=now)
        else:
            link = use.reset(OPERATOR, replicas.accounts, person.person_id, at=now)
            assert isinstance(link, PasswordLink)
            assert post(replicas.other, "/set-password", token=link.token, password=f"{PASSWORD} more").status == 200
        assert seconds_until_cut(here) < CUT_S
        assert seconds_until_cut(there) < CUT_S
    assert [is_in(each, token) for each in (replicas.one, replicas.other)] == [401, 401]


def test_guesses_at_both_are_counted_together_and_leave_one_chain(replicas: Replicas) -> None:
    replicas.person("Gita")
    both = [replicas.one, replicas.other] * 5
    with ThreadPoolExecutor(10) as crowd:
        pages = crowd.map(lambda each: post(each, "/signin", name="Gita", password="not hers at all").body, both)
        said = [page.decode() for page in pages]
    wrong = sum("The name or the password is not right." in page for page in said)
    waited = sum("Too many attempts." in page for page in said)
    assert (wrong, waited) == (5, 5)
    assert isinstance(replicas.trail.verified(seen=lambda events: events), Intact)


def test_while_the_ledger_does_not_answer_nobody_gets_in_nobody_is_thrown_out_and_the_door_says_why(
    replicas: Replicas, postgres: Postgres
) -> None:
    replicas.person("Indu")
    token = sign_in(replicas.one, "Indu")
    bound = 2 * ledger_engine.WAIT_S + 4
    with postgres.stalled(), ThreadPoolExecutor(3) as crowd:
        began = time.monotonic()
        door = crowd.submit(post, replicas.one, "/signin", name="Indu", password=PASSWORD)
        page = crowd.submit(replicas.one.ask, "/", cookie=f"{DEVELOPMENT_COOKIE}={token}", accept="text/html")
        assert replicas.one.ask("/signin").status == 200
        assert replicas.one.ask("/", accept="text/html").status == 303
        assert time.monotonic() - began < ledger_engine.WAIT_S - 1  # strangers do not wait for the ledger
        answers = [door.result(), page.result()]
        assert time.monotonic() - began < bound
    assert [each.status for each in answers] == [503, 503]
    assert all("activity database cannot be reached" in each.body.decode() for each in answers), answers
    assert is_in(replicas.one, token) == 204


def test_a_ledger_that_is_slow_for_a_moment_cuts_no_socket(replicas: Replicas, postgres: Postgres) -> None:
    replicas.person("Jaya")
    token = sign_in(replicas.one, "Jaya")
    with socket(replicas.one, token) as line:
        with postgres.stalled():
            time.sleep(2)
        time.sleep(2)
        line.ping().wait(2)
        assert post(replicas.one, "/signout", session=token).status == 303
        assert seconds_until_cut(line) < CUT_S


@pytest.mark.parametrize(
    ("broken", "said"),
    [("locked", "The activity database is locked"), ("read-only", "The activity database cannot be written")],
)
def test_a_ledger_that_takes_nothing_lets_nobody_in_and_throws_nobody_out(
    replicas: Replicas, postgres: Postgres, broken: str, said: str
) -> None:
    name = f"Kiran {broken}"
    replicas.person(name)
    token = sign_in(replicas.one, name)
    began = time.monotonic()
    with socket(replicas.one, token) as line:
        with locked(postgres, replicas.database) if broken == "locked" else read_only(postgres, replicas.database):
            with ThreadPoolExecutor(1) as crowd:
                door = crowd.submit(post, replicas.one, "/signin", name=name, password=PASSWORD)
                while not door.done():
                    asked = time.monotonic()
                    assert is_in(replicas.one, token) == 204
                    assert time.monotonic() - asked < ledger_engine.WAIT_S - 1
                    time.sleep(0.2)
            left = post(replicas.one, "/signout", session=token)
        assert [door.result().status, left.status] == [503, 503]
        assert said in door.result().body.decode()
        assert time.monotonic() - began < 4 * ledger_engine.WAIT_S
        assert is_in(replicas.one, token) == 204
        assert post(replicas.one, "/signout", session=token).status == 303
        assert seconds_until_cut(line) < CUT_S
    assert isinstance(replicas.trail.verified(seen=lambda events: events), Intact)


@contextmanager
def locked(postgres: Postgres, database: str) -> Iterator[None]:
    """Hold the trail, as a backup or somebody at a prompt may."""
    engine = create_engine(postgres.url(database), poolclass=NullPool)
    with engine.begin() as other:
        other.execute(text("LOCK TABLE trail IN ACCESS EXCLUSIVE MODE"))
        yield


@contextmanager
def read_only(postgres: Postgres, database: str) -> Iterator[None]:
    """Let the database only read, and every connection notice, as after a failover to a standby."""
    hang_up = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
    postgres.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on", hang_up)
    yield
    postgres.execute(f"ALTER DATABASE {database} RESET default_transaction_read_only", hang_up)
