"""Where passwords are compared: two threads of their own and a short queue, so that a crowd at the door holds up nobody inside."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

AT_ONCE = 2  # as many as ``lib.passwords.Hasher`` compares at a time
WAITING = 30  # some seconds of work; whoever comes then is told to come again

Done = TypeVar("Done")


class Crowded(Exception):
    """Too many wait already."""


def _step_back() -> None:
    # argon2 takes every processor there is; whoever is inside comes first. Linux gives each thread its own priority.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


class PasswordWork:
    """Runs what compares or sets a password. Lives in the event loop's thread."""

    def __init__(self, *, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="passwords", initializer=_step_back)
        self._free = at_once + waiting

    async def run(self, act: Callable[[], Done]) -> Done:
        """Return what the act returns; raise Crowded at once where too many wait."""
        if self._free == 0:
            raise Crowded
        self._free -= 1
        work = asyncio.get_running_loop().run_in_executor(self._threads, act)
        work.add_done_callback(self._done)  # also where the browser has gone: its work is under way all the same
        return await asyncio.shield(work)

    def _done(self, _work: asyncio.Future[Done]) -> None:
        self._free += 1
