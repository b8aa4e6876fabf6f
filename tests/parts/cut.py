"""When the server cuts a browser's websockets, seen by one that nothing else delays and that no page takes along."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from playwright.sync_api import BrowserContext
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.parts.chromium import App

PATIENCE_S = 20


@contextmanager
def watched(app: App, context: BrowserContext) -> Iterator[Callable[[], float]]:
    """Open one more websocket under this browser's session; yield what waits for its end and returns when that was.

    An instant is in seconds since 1970, as the ledger writes its own.
    """
    cookies = "; ".join(f"{each['name']}={each['value']}" for each in context.cookies())
    with connect(
        f"{app.url.replace('http', 'ws')}/_stcore/stream",
        origin=Origin(app.url),
        additional_headers={"Cookie": cookies},
        subprotocols=[Subprotocol("streamlit")],
        proxy=None,
        max_size=None,
    ) as socket:
        cut: list[float] = []
        waiting = threading.Thread(target=_wait, args=(socket, cut))
        waiting.start()

        def when() -> float:
            waiting.join(PATIENCE_S)
            return cut[0]

        yield when
    waiting.join()


def _wait(socket: ClientConnection, cut: list[float]) -> None:
    with suppress(ConnectionClosed):
        while True:
            socket.recv(timeout=PATIENCE_S)
    cut.append(time.time())
