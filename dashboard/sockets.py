"""The open websockets, and the end of them: each is cut within a second of the end of its session.

A socket remembers the session that opened it. One task asks every POLL_S which of these sessions live, in one question
for all, so that a sign-out, a disabled account or a changed role in another process counts too.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from starlette.types import Message, Receive, Send

from lib.errors import LedgerUnavailable

POLL_S = 0.4
BLIND_S = 5.0  # how long a socket outlives a ledger that does not answer
ENDED = 4401  # the close code of a socket whose session ended
MAX_OWNED = 10_000  # Streamlit sessions whose owner is remembered

Learn = Callable[[bytes], str | None]


class Sessions(Protocol):
    """What the gate asks. It blocks, so it is asked in a thread."""

    def live(self, tokens: Collection[str]) -> frozenset[str]:
        """Return those of these cookie values whose session lives now; raise LedgerUnavailable."""
        ...


class Owners:
    """Which Streamlit session was begun under which session of ours.

    Streamlit resumes a session for anybody who names its id (the third entry of Sec-WebSocket-Protocol, 1.67.0).
    """

    def __init__(self) -> None:
        self._owners: OrderedDict[str, bytes] = OrderedDict()

    def remember(self, session_id: str, token: str) -> None:
        """Write down whose it is. The first owner stays."""
        self._owners.setdefault(session_id, digest(token))
        while len(self._owners) > MAX_OWNED:
            self._owners.popitem(last=False)

    def owns(self, session_id: str, token: str) -> bool:
        """Whether this session of ours began that one of Streamlit's."""
        return self._owners.get(session_id) == digest(token)


def digest(token: str) -> bytes:
    """Return what is kept instead of a cookie's value."""
    return hashlib.sha256(token.encode()).digest()


class Socket:
    """One open websocket between the server and the app, which can be cut from here."""

    def __init__(self, token: str, receive: Receive, send: Send, *, learn: Callable[[bytes], None]) -> None:
        self.token = token
        self._receive = receive
        self._send = send
        self._learn = learn
        self._cut = asyncio.Event()
        self._sending = asyncio.Lock()

    async def receive(self) -> Message:
        """Return the client's next message, or the end when the socket is cut first."""
        if self._cut.is_set():
            return {"type": "websocket.disconnect", "code": ENDED}
        message = asyncio.ensure_future(self._receive())
        cut = asyncio.ensure_future(self._cut.wait())
        try:
            await asyncio.wait({message, cut}, return_when=asyncio.FIRST_COMPLETED)
            if self._cut.is_set():  # what the client said at the same time is not heard
                return {"type": "websocket.disconnect", "code": ENDED}
            return await message
        finally:
            message.cancel()
            cut.cancel()

    async def send(self, message: Message) -> None:
        """Pass a message on; nothing after the cut."""
        async with self._sending:
            if self._cut.is_set():
                return
            if message["type"] == "websocket.send" and message.get("bytes"):
                self._learn(message["bytes"])
            await self._send(message)

    async def cut(self) -> None:
        """Close it now: nothing that the client says is heard, nothing more is sent."""
        if self._cut.is_set():
            return
        self._cut.set()
        async with asyncio.timeout(1), self._sending:
            await self._send({"type": "websocket.close", "code": ENDED})


class OpenSockets:
    """The sockets that are open in this process."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="gate-watch")  # nobody else's work delays the question
        self._open: set[Socket] = set()
        self._watch: asyncio.Task[None] | None = None

    def add(self, socket: Socket) -> None:
        """Watch a socket until it is removed."""
        self._open.add(socket)
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._watching(), name="gate-watch")

    def remove(self, socket: Socket) -> None:
        """Forget a socket that has ended."""
        self._open.discard(socket)

    async def _watching(self) -> None:
        loop = asyncio.get_running_loop()
        seen = loop.time()
        while self._open:
            await asyncio.sleep(POLL_S)
            watched = list(self._open)
            asked = loop.time()
            try:
                async with asyncio.timeout_at(seen + BLIND_S):  # a ledger may take questions and never answer
                    live = await loop.run_in_executor(
                        self._asking, self._sessions.live, {socket.token for socket in watched}
                    )
                seen = asked
            except (LedgerUnavailable, TimeoutError) as error:
                if loop.time() - seen < BLIND_S:
                    continue
                why = error.fault if isinstance(error, LedgerUnavailable) else "no answer"
                logging.getLogger("dashboard").warning("sessions cannot be checked (%s): sockets are cut", why)
                live = frozenset()
            ended = [socket for socket in watched if socket.token not in live]
            await asyncio.gather(*(socket.cut() for socket in ended), return_exceptions=True)
            self._open.difference_update(ended)
