"""Which files were sent to whom, so that the address of a file opens it for nobody else.

Streamlit serves a file (a PDF that is shown, an export) to everybody who names its address, until the browser session
that drew it is forgotten, which is minutes after its socket was closed (1.67.0). Somebody who signed in again with less
rights could open what they were shown before.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from dashboard.sockets import digest

FOLDER = "/media/"
MAX_SENT = 10_000  # files, each to one session; who loads one later than that draws it anew


class SentFiles:
    """The addresses that went over the sockets, each with the session of ours that it went to."""

    def __init__(self) -> None:
        self._sent: OrderedDict[tuple[str, bytes], None] = OrderedDict()

    def learn(self, addresses: Iterable[str], token: str) -> None:
        """Remember the addresses that a message sends to this token's browser.

        >>> sent = SentFiles()
        >>> sent.learn(["/media/0dd5.pdf"], "mine")
        >>> sent.opens("/media/0dd5.pdf", "mine"), sent.opens("/media/0dd5.pdf", "theirs"), sent.opens("/media/1", "mine")
        (True, False, False)
        """
        for address in addresses:
            key = (address, digest(token))
            self._sent[key] = None
            self._sent.move_to_end(key)
        while len(self._sent) > MAX_SENT:
            self._sent.popitem(last=False)

    def opens(self, path: str, token: str) -> bool:
        """Whether the browser of this token may ask for a path: it is no file, or one that was sent to it."""
        return not path.startswith(FOLDER) or (path, digest(token)) in self._sent
