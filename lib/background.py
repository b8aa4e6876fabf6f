"""A call in a thread of its own that ends with the process: one that hangs holds up nobody's exit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def begun(call: Callable[[], T], *, name: str) -> Future[T]:
    """Begin a call and return what it comes to: ``result`` waits for it, and raises what it raised.

    >>> begun(lambda: 6 * 7, name="sum").result()
    42
    """
    found: Future[T] = Future()

    def work() -> None:
        try:
            found.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised by whoever asks for the result
            found.set_exception(error)

    threading.Thread(target=work, name=name, daemon=True).start()
    return found
