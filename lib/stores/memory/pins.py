"""PINs in memory, with the rules of the real ones."""

from __future__ import annotations

from threading import RLock

from lib.errors import LedgerUnavailable
from lib.pins import GUESSES, Guess, Pin


class MemoryPins:
    """A PinStore. ``fault`` is raised while it is set."""

    def __init__(self, *, fault: LedgerUnavailable | None = None) -> None:
        self.fault = fault
        self._pins: dict[tuple[str, str], tuple[Pin, int]] = {}  # and its wrong guesses
        self._lock = RLock()

    def _check(self) -> None:
        if self.fault is not None:
            raise self.fault

    def put(self, pin: Pin) -> None:
        """Keep a PIN in place of this person's in this browser; those of their earlier generations are forgotten."""
        self._check()
        with self._lock:
            for key, (kept, _) in list(self._pins.items()):
                if kept.person_id == pin.person_id and kept.generation < pin.generation:
                    del self._pins[key]
            self._pins[pin.person_id, pin.browser_hash] = (pin, 0)

    def browsers(self, person_id: str, *, generation: int) -> frozenset[str]:
        """Return the hashes of the browsers in which this person has a PIN that can still be guessed."""
        self._check()
        return frozenset(
            pin.browser_hash
            for pin, failures in self._pins.values()
            if (pin.person_id, pin.generation) == (person_id, generation) and failures < GUESSES
        )

    def guess(self, person_id: str, browser_hash: str, *, generation: int) -> Guess | None:
        """Count a guess; of any number at once, ``GUESSES`` are counted and the others get None."""
        with self._lock:
            if browser_hash not in self.browsers(person_id, generation=generation):
                return None
            pin, failures = self._pins[person_id, browser_hash]
            self._pins[person_id, browser_hash] = (pin, failures + 1)
            return Guess(pin.pin_hash, left=GUESSES - failures - 1)

    def right(self, person_id: str, browser_hash: str) -> None:
        """Forget the wrong guesses."""
        self._check()
        with self._lock:
            if (person_id, browser_hash) in self._pins:
                self._pins[person_id, browser_hash] = (self._pins[person_id, browser_hash][0], 0)

    def forget(self, person_id: str, *, browser_hash: str | None = None) -> int:
        """Forget this person's PIN in this browser, or in all."""
        self._check()
        with self._lock:
            gone = [key for key in self._pins if key[0] == person_id and browser_hash in (None, key[1])]
            for key in gone:
                del self._pins[key]
            return len(gone)
