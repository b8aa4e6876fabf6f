"""PINs, in SQLite or PostgreSQL."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import ColumnElement, Engine, delete, insert, select, update

from lib.pins import GUESSES, Guess, Pin
from lib.stores import ledger_engine
from lib.stores.ledger_people_tables import PINS

PINS_LOCK = 7_305_819_214_400_006  # PostgreSQL advisory lock: guesses are counted one at a time


class LedgerPins:
    """A PinStore that replicas share."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, pin: Pin) -> None:
        """Commit a PIN in place of this person's in this browser; those of their earlier generations are forgotten."""
        old = PINS.c.person_id == pin.person_id
        old &= (PINS.c.browser_hash == pin.browser_hash) | (PINS.c.generation < pin.generation)
        with ledger_engine.writing(self._engine, lock=PINS_LOCK) as connection:
            connection.execute(delete(PINS).where(old))
            connection.execute(insert(PINS), asdict(pin) | {"failures": 0})

    def browsers(self, person_id: str, *, generation: int) -> frozenset[str]:
        """Return the hashes of the browsers in which this person has a PIN that can still be guessed."""
        mine = (PINS.c.person_id == person_id) & (PINS.c.generation == generation) & (PINS.c.failures < GUESSES)
        with ledger_engine.reading(self._engine) as connection:
            return frozenset(connection.execute(select(PINS.c.browser_hash).where(mine)).scalars())

    def guess(self, person_id: str, browser_hash: str, *, generation: int) -> Guess | None:
        """Commit that somebody guesses; of any number at once, ``GUESSES`` are counted and the others get None."""
        which = _one(person_id, browser_hash) & (PINS.c.generation == generation) & (PINS.c.failures < GUESSES)
        with ledger_engine.writing(self._engine, lock=PINS_LOCK) as connection:
            row = connection.execute(select(PINS.c.pin_hash, PINS.c.failures).where(which)).first()
            if row is None:
                return None
            connection.execute(update(PINS).where(which), {"failures": row.failures + 1})
            return Guess(row.pin_hash, left=GUESSES - row.failures - 1)

    def right(self, person_id: str, browser_hash: str) -> None:
        """Commit that the PIN was right: its wrong guesses are forgotten."""
        with ledger_engine.writing(self._engine, lock=PINS_LOCK) as connection:
            connection.execute(update(PINS).where(_one(person_id, browser_hash)), {"failures": 0})

    def forget(self, person_id: str, *, browser_hash: str | None = None) -> int:
        """Commit that this person has no PIN in this browser, or in none; return how many were forgotten."""
        which = PINS.c.person_id == person_id if browser_hash is None else _one(person_id, browser_hash)
        with ledger_engine.writing(self._engine, lock=PINS_LOCK) as connection:
            return connection.execute(delete(PINS).where(which)).rowcount


def _one(person_id: str, browser_hash: str) -> ColumnElement[bool]:
    return (PINS.c.person_id == person_id) & (PINS.c.browser_hash == browser_hash)
