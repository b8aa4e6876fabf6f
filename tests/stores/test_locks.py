"""Locked sessions and PINs as any store keeps them: in memory, on SQLite and on PostgreSQL, also in two processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from lib import accounts as use
from lib import locking, pins
from lib.access import Role
from lib.locking import Key, Locks, NewPin, StillLocked
from lib.pins import GUESSES, Pin
from lib.sessions import Lifetimes, Locked, Opened
from lib.stores import ledger_engine
from lib.stores.ledger_pins import LedgerPins
from lib.stores.memory.pins import MemoryPins
from tests.conftest import NOW
from tests.parts import accounts as sample
from tests.parts.accounts import OPERATOR, PASSWORD, added, signed_in

ROOT = Path(__file__).parents[2]
PIN, BROWSER = "482913", "b" * 43
OTHERS = 25


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def locks(request: pytest.FixtureRequest) -> Locks:
    if request.param == "memory":
        return Locks(sample.MemoryBench(lifetimes=Lifetimes()).accounts, MemoryPins())
    url = request.getfixturevalue(f"{request.param}_url")
    return Locks(sample.on_ledger(url, lifetimes=Lifetimes()), LedgerPins(ledger_engine.make(url)))


def with_pin(locks: Locks) -> str:
    """Sign Asha in, set her PIN, lock her screen; return the token."""
    added(locks.accounts)
    token = signed_in(locks.accounts).token
    live = locks.accounts.sessions.live(token, at=NOW)
    assert live is not None
    assert locking.set_pin(locks, live, NewPin(PIN, BROWSER), password=PASSWORD, at=NOW) is None
    locking.lock(locks.accounts, live, at=NOW)
    return token


def locked(locks: Locks, token: str) -> Locked:
    found = locks.accounts.sessions.held(token, at=NOW)
    assert isinstance(found, Locked)
    return found


def test_a_locked_session_reads_back_as_locked_and_unlocked_as_open(locks: Locks) -> None:
    held = locked(locks, with_pin(locks))
    assert held.session.locked_at == NOW
    opened = locking.unlock(locks, held, Key(pin=PIN, browser=BROWSER), at=NOW)
    assert isinstance(opened, Opened)
    live = locks.accounts.sessions.live(opened.token, at=NOW)
    assert live is not None
    assert live.session == opened.session
    assert live.session.locked_at is None


def test_locking_what_ended_brings_nothing_back(locks: Locks) -> None:
    added(locks.accounts)
    token = signed_in(locks.accounts).token
    live = locks.accounts.sessions.live(token, at=NOW)
    assert live is not None
    locks.accounts.sessions.end(live.session)
    locks.accounts.sessions.lock(live, at=NOW)
    assert locks.accounts.sessions.held(token, at=NOW) is None
    assert locks.accounts.sessions.unlock(Locked(live.session, live.person), at=NOW) is None


def test_a_use_that_comes_late_does_not_open_what_was_locked(locks: Locks) -> None:
    token = with_pin(locks)
    assert isinstance(locks.accounts.sessions.held(token, at=NOW, is_use=True), Locked)
    assert isinstance(locks.accounts.sessions.held(token, at=NOW + sample.timedelta(minutes=5), is_use=True), Locked)


def test_of_many_who_unlock_at_once_one_gets_a_token(locks: Locks) -> None:
    held = locked(locks, with_pin(locks))
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: locks.accounts.sessions.unlock(held, at=NOW), range(8)))
    assert sum(isinstance(each, Opened) for each in done) == 1


def test_of_25_wrong_pins_at_once_five_are_compared(locks: Locks) -> None:
    held = locked(locks, with_pin(locks))
    with ThreadPoolExecutor(OTHERS) as pool:
        done = list(
            pool.map(
                lambda number: locking.unlock(locks, held, Key(pin=f"{number:06}", browser=BROWSER), at=NOW),
                range(OTHERS),
            )
        )
    assert done.count(StillLocked.WRONG_PIN) == GUESSES - 1
    assert done.count(StillLocked.PIN_FORGOTTEN) == OTHERS - GUESSES + 1
    assert locking.unlock(locks, held, Key(pin=PIN, browser=BROWSER), at=NOW) is StillLocked.PIN_FORGOTTEN


def test_a_guess_is_counted_before_it_is_compared(locks: Locks) -> None:
    """Whoever takes the hash has used a guess, also where they never say what came out."""
    held = locked(locks, with_pin(locks))
    hashed = pins.browser_hash(BROWSER)
    assert hashed is not None
    asked = [locks.pins.guess(held.person.person_id, hashed, generation=held.person.generation) for _ in range(7)]
    assert [guess.left if guess else None for guess in asked] == [4, 3, 2, 1, 0, None, None]
    assert locks.pins.browsers(held.person.person_id, generation=held.person.generation) == frozenset()
    locks.pins.right(held.person.person_id, hashed)
    assert locks.pins.browsers(held.person.person_id, generation=held.person.generation) == {hashed}


def test_a_pin_of_an_earlier_generation_is_void_and_goes_with_the_next(locks: Locks) -> None:
    person = added(locks.accounts, "Dev", Role.DEVELOPER)
    older = Pin(person.person_id, "e" * 64, person.generation, "hash", NOW)
    locks.pins.put(older)
    use.disable(OPERATOR, locks.accounts, person.person_id, at=NOW)
    now = person.generation + 1
    assert locks.pins.browsers(person.person_id, generation=now) == frozenset()
    assert locks.pins.guess(person.person_id, "e" * 64, generation=now) is None
    locks.pins.put(Pin(person.person_id, "f" * 64, now, "hash", NOW))
    assert locks.pins.forget(person.person_id) == 1


def test_a_pin_takes_the_place_of_the_one_before_in_its_browser_alone(locks: Locks) -> None:
    person = added(locks.accounts, "Dev", Role.DEVELOPER)
    for browser, secret in (("e" * 64, "first"), ("f" * 64, "other"), ("e" * 64, "second")):
        locks.pins.put(Pin(person.person_id, browser, person.generation, secret, NOW))
    guesses = [locks.pins.guess(person.person_id, each, generation=person.generation) for each in ("e" * 64, "f" * 64)]
    assert [guess.pin_hash if guess else None for guess in guesses] == ["second", "other"]
    assert locks.pins.forget(person.person_id, browser_hash="e" * 64) == 1
    assert locks.pins.browsers(person.person_id, generation=person.generation) == {"f" * 64}


def test_guesses_in_several_processes_are_five_together(url: str) -> None:
    locks = Locks(sample.on_ledger(url, lifetimes=Lifetimes()), LedgerPins(ledger_engine.make(url)))
    token = with_pin(locks)
    script = (
        "import sys, json\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from tests.stores import test_locks as t\n"
        "locks = t.Locks(t.sample.on_ledger(sys.argv[1], lifetimes=t.Lifetimes()), "
        "t.LedgerPins(t.ledger_engine.make(sys.argv[1])))\n"
        "held = t.locked(locks, sys.argv[2])\n"
        "key = t.Key(pin='000000', browser=t.BROWSER)\n"
        "with ThreadPoolExecutor(12) as pool:\n"
        "    done = list(pool.map(lambda _: t.locking.unlock(locks, held, key, at=t.NOW), range(12)))\n"
        "print(json.dumps(done))\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([".", *sys.path])}
    replicas = [
        subprocess.Popen(
            [sys.executable, "-c", script, url, token], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    done = [each for replica in replicas for each in json.loads(replica.communicate(timeout=60)[0])]
    assert len(done) == 24
    assert done.count("wrong_pin") == GUESSES - 1
    tried = [event for event in locks.accounts.trail.events() if event.action == "unlock_failed"]
    assert len(tried) == GUESSES


def test_the_ledger_holds_no_pin_and_no_secret_of_a_browser(url: str) -> None:
    locks = Locks(sample.on_ledger(url, lifetimes=Lifetimes()), LedgerPins(ledger_engine.make(url)))
    token = with_pin(locks)
    locking.unlock(locks, locked(locks, token), Key(pin="730518", browser=BROWSER), at=NOW)
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        found = {
            name: repr(connection.execute(text(f"SELECT * FROM {name}")).all())
            for name in ("pins", "trail", "sessions")
        }
    assert "argon2id" in found["pins"]
    for secret in (PIN, "730518", BROWSER, token):
        assert not [name for name, rows in found.items() if secret in rows]
