"""A click is one act: two scripts of one session press one button at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from dashboard.once import Drawn, Kept

WAIT_S = 30


def test_who_presses_it_while_the_first_is_busy_waits_and_finds_what_the_first_did() -> None:
    kept, is_busy, may_end = Kept[str](), Event(), Event()

    def first() -> str:
        is_busy.set()
        assert may_end.wait(WAIT_S)
        return "added"

    with ThreadPoolExecutor(2) as pool:
        earlier = pool.submit(Drawn(0, kept).act, first)
        assert is_busy.wait(WAIT_S)
        later = pool.submit(Drawn(kept.acts, kept).act, lambda: "somebody has that name")
        may_end.set()
        earlier.result(WAIT_S)
        later.result(WAIT_S)
    assert (kept.last, kept.acts) == ("added", 1)


def test_the_next_drawing_has_other_buttons_and_acts_anew() -> None:
    kept = Kept[str]()
    before = Drawn(kept.acts, kept)
    before.act(lambda: "disabled")
    after = Drawn(kept.acts, kept)
    assert before.key("disable") != after.key("disable")
    after.act(lambda: "enabled")
    before.act(lambda: "disabled")
    assert (kept.last, kept.acts) == ("enabled", 2)


def test_an_act_that_failed_can_be_tried_with_the_same_drawing() -> None:
    kept = Kept[str]()

    def fails() -> str:
        raise LookupError

    with pytest.raises(LookupError):
        Drawn(0, kept).act(fails)
    Drawn(0, kept).act(lambda: "added")
    assert kept.last == "added"
