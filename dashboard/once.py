"""One act for one drawing of a button, however impatient the person who clicks.

Streamlit lets no click wait for the one before (1.67.0, ``AppSession.request_rerun``): it starts another script beside
the one that is busy, with the button pressed again, and stops the busy one at its next call of Streamlit, be it only to
keep in the session what the act came to. So that is kept in an object that was in the session before the click.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from typing import Generic, TypeVar

import streamlit as st

Result = TypeVar("Result")

TOLD = timedelta(seconds=10)  # what came of an act, and not in one run only: a click that comes late may stop that run


@dataclass
class Kept(Generic[Result]):
    """What the buttons of one form came to last, and how many acts that were. All scripts of a session share it."""

    last: Result | None = None
    acts: int = 0
    of: object = None  # what they act on
    turn: Lock = field(default_factory=Lock, repr=False)


@dataclass(frozen=True, slots=True)
class Drawn(Generic[Result]):
    """The buttons of one form as one run draws them: after an act they are others, and nobody hears the old ones."""

    number: int
    kept: Kept[Result]

    def key(self, name: str) -> str:
        """Return the key of a button. By its beginning ``watch.js`` knows where a double click is one click."""
        return f"act-{name}-{self.number}"

    def act(self, do: Callable[[], Result]) -> None:
        """Keep what the act came to. Who comes second with one drawing waits, and finds what the first did.

        ``do`` calls nothing of Streamlit: there it could be stopped after the act and before that is kept. Draw the page
        anew afterwards, or nobody hears its buttons.
        """
        with self.kept.turn:
            if self.kept.acts == self.number:
                self.kept.last = do()
                self.kept.acts += 1


def drawn(name: str, *, of: object = None) -> Drawn[Result]:
    """Return the buttons of a form for this run. Ask before what they depend on is read.

    With another ``of`` (the record, the choice that they act on) they begin anew: what an act for the one before comes
    to, now or later, is shown to nobody.
    """
    kept: Kept[Result] | None = st.session_state.get(name)
    if kept is None or kept.of != of:
        kept = st.session_state[name] = Kept(of=of)
    return Drawn(kept.acts, kept)
