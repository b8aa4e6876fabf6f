"""Streamlit's protocol without a browser: a websocket client that sends what a browser would, and what none would."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.parts.served import Served

PATIENCE_S = 10
MEDIA = re.compile(rb"/media/[0-9a-f]{20,}\.\w+")


@dataclass
class Answer:
    """What came back on one message: the bytes, and what they name that can be sent or asked for later."""

    body: bytes = b""
    is_whole: bool = False  # it came to its end before the socket did
    session: str = ""
    pages: dict[str, str] = field(default_factory=dict)  # url path -> page_script_hash
    fragments: set[str] = field(default_factory=set)
    widgets: dict[str, str] = field(default_factory=dict)  # key, as the screens give it -> id
    deferred: set[str] = field(default_factory=set)

    @property
    def media(self) -> list[str]:
        """The addresses of files."""
        return sorted({each.decode() for each in MEDIA.findall(self.body)})


def opened(served: Served, cookie: str, *offered: str) -> RawSession:
    """Connect with this cookie; raise InvalidStatus where the gate refuses."""
    socket = connect(
        f"ws://{served.host}/_stcore/stream",
        origin=served.origin,  # type: ignore[arg-type]
        additional_headers={"Cookie": cookie},
        subprotocols=[Subprotocol(each) for each in offered] or None,
        open_timeout=PATIENCE_S,
        max_size=None,
        compression=None,
    )
    return RawSession(socket)


class RawSession:
    """One open websocket. Everything that it asks waits for the whole answer, or for the end of the socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.session = ""  # as Streamlit names it

    def __enter__(self) -> RawSession:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def rerun(
        self,
        query: str = "",
        *,
        page: str = "",
        fragment: str = "",
        clicked: str = "",
        switched: Mapping[str, bool] | None = None,
    ) -> Answer:
        """Run the script: at an address, on a page by its hash, one fragment, with a button clicked or a toggle set."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash, state.fragment_id = query, page, fragment
        if clicked:
            state.widget_states.widgets.add(id=clicked, trigger_value=True)
        for name, value in (switched or {}).items():
            state.widget_states.widgets.add(id=name, bool_value=value)
        return self._asked(message, until="script_finished")

    def poll(self, fragment: str) -> None:
        """Ask for one fragment and wait for nothing: Streamlit says nothing about one that it does not know."""
        message = BackMsg()
        message.rerun_script.fragment_id = fragment
        self._socket.send(message.SerializeToString())

    def deferred_file(self, file_id: str) -> Answer:
        """Ask for the address of a file that is only made when it is taken."""
        message = BackMsg()
        message.backend_operation_request.request_id = "1"
        message.backend_operation_request.session_id = self.session
        message.backend_operation_request.deferred_file.file_id = file_id
        return self._asked(message, until="backend_operation_response")

    def until_closed(self) -> Answer:
        """Read whatever still comes; ``is_whole`` when the other side closed it in time."""
        answer = Answer()
        try:
            while True:
                data = self._socket.recv(PATIENCE_S)
                assert isinstance(data, bytes)
                answer.body += data
        except ConnectionClosed:
            answer.is_whole = True
        except TimeoutError:
            pass
        return answer

    def _asked(self, message: BackMsg, *, until: str) -> Answer:
        answer = Answer()
        try:
            self._socket.send(message.SerializeToString())
            while not answer.is_whole:
                data = self._socket.recv(PATIENCE_S)
                assert isinstance(data, bytes)
                answer.body += data
                answer.is_whole = _read(answer, data) == until
        except (ConnectionClosed, TimeoutError):  # Streamlit says nothing at all about a fragment that is gone
            pass
        self.session = answer.session or self.session
        return answer


def _read(answer: Answer, data: bytes) -> str | None:
    read = ForwardMsg()
    read.ParseFromString(data)
    kind: str | None = read.WhichOneof("type")
    if kind == "new_session":
        answer.session = read.new_session.initialize.session_id
    elif kind == "navigation":
        answer.pages |= {each.url_pathname: each.page_script_hash for each in read.navigation.app_pages}
    elif kind == "auto_rerun":
        answer.fragments.add(read.auto_rerun.fragment_id)
    elif kind == "delta":
        _read_delta(answer, read.delta)
    elif kind == "script_finished" and read.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
        return None  # it goes on
    return kind


def _read_delta(answer: Answer, delta: Any) -> None:
    if delta.fragment_id:
        answer.fragments.add(delta.fragment_id)
    drawn = delta.new_element if delta.WhichOneof("type") == "new_element" else delta.add_block
    kind = drawn.WhichOneof("type")
    name: str = getattr(getattr(drawn, kind), "id", "") if kind else ""
    if name.startswith("$$ID-"):
        answer.widgets[name.split("-", 2)[2]] = name
    if kind == "download_button":
        answer.deferred.add(drawn.download_button.deferred_file_id)
