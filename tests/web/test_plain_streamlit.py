"""``streamlit run dashboard/app.py``, which goes around the gate: it says how to start, and does nothing else."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from tests.parts.chromium import ROOT


@pytest.mark.parametrize(
    "command", [["-m", "streamlit"], ["-c", "import sys; from streamlit.web.cli import main; sys.path.pop(0); main()"]]
)
def test_it_says_how_to_start_and_nothing_else(command: list[str], tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, *command, "run", "dashboard/app.py", "--server.port", str(port)],
            cwd=ROOT,
            stdout=written,
            stderr=written,
        )
    try:
        drawn = [element for element in _elements(port) if element]
    finally:
        process.terminate()
        process.wait(10)
    assert [element for element in drawn if element != "html"] == ["alert"]
    assert "Traceback" not in log.read_text()


def _elements(port: int) -> list[str]:
    end = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert time.monotonic() < end, "streamlit did not start"
            time.sleep(0.2)
    found = []
    with connect(f"ws://127.0.0.1:{port}/_stcore/stream", origin=f"http://127.0.0.1:{port}") as client:  # type: ignore[arg-type]
        message = BackMsg()
        message.rerun_script.query_string = "record=12"
        client.send(message.SerializeToString())
        while True:
            data = client.recv(20)
            assert isinstance(data, bytes)
            read = ForwardMsg()
            read.ParseFromString(data)
            if read.WhichOneof("type") == "script_finished":
                return found
            if read.delta.WhichOneof("type") == "new_element":
                element = read.delta.new_element
                found.append(element.WhichOneof("type"))
                if element.alert.body:
                    assert element.alert.body == "Start the dashboard with: python -m dashboard run"
