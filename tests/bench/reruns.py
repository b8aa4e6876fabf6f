"""Reruns a second of the Find page with 25 and 50 sessions, against the same app without the freeze.

    python -m tests.bench.reruns [--seconds 8] [--rounds 2]

Each session is a real websocket client that speaks Streamlit's protocol: it opens the newest 25 rows of the demo
clinic, waits until their states are there (so the HEAD cache is warm), and then asks for one rerun after the other.
The two servers run one after the other in each round; the figure is the ratio of their medians.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.parts.chromium import signed_in

ROOT = Path(__file__).resolve().parent.parent.parent
RUN = "import sys; sys.argv = ['dashboard', 'run', '--demo', '--port', '0']; from dashboard.cli import main; main()"
SERVERS = {"frozen": RUN, "not frozen": "import gc; gc.freeze = lambda: None; " + RUN}
QUERY = "browse=1"


async def rerun(socket: websockets.ClientConnection, widgets: bytes | None = None) -> int:
    """Ask for one rerun, read until the script ended; return the bytes received."""
    message = BackMsg()
    message.rerun_script.query_string = QUERY
    await socket.send(message.SerializeToString())
    size = 0
    while True:
        data = await socket.recv()
        assert isinstance(data, bytes)
        size += len(data)
        answer = ForwardMsg()
        answer.ParseFromString(data)
        if answer.WhichOneof("type") == "script_finished":
            return size


async def session(url: str, ready: asyncio.Barrier, seconds: float, taken: list[float]) -> None:
    """One person: sign in, open the page, wait for the others, rerun until time is up."""
    cookie = {"Cookie": await asyncio.to_thread(signed_in, url)}
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    async with websockets.connect(
        address, origin=url, additional_headers=cookie, max_size=None, compression=None
    ) as socket:
        for _ in range(3):
            await rerun(socket)
            await asyncio.sleep(0.5)
        await ready.wait()
        end = time.perf_counter() + seconds
        while (start := time.perf_counter()) < end:
            await rerun(socket)
            taken.append(time.perf_counter() - start)


async def load(url: str, sessions: int, seconds: float) -> tuple[float, float, float]:
    """Return reruns a second, and the median and 95th percentile of one rerun in seconds."""
    taken: list[float] = []
    ready = asyncio.Barrier(sessions)
    start = time.perf_counter()
    await asyncio.gather(*(session(url, ready, seconds, taken) for _ in range(sessions)))
    assert time.perf_counter() > start
    return len(taken) / seconds, statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def measure(code: str, sessions: list[int], seconds: float) -> dict[int, tuple[float, float, float]]:
    """Start one server, load it with each number of sessions, stop it."""
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        url = next(found[1] for line in process.stderr if (found := re.search(r"Open (http://\S+)", line)))
        time.sleep(1)
        return {number: asyncio.run(load(url, number, seconds)) for number in sessions}
    finally:
        process.terminate()
        process.wait(20)


def main() -> None:
    """Print one line a server and number of sessions, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--sessions", type=int, nargs="*", default=[25, 50])
    options = parser.parse_args()
    rates: dict[tuple[str, int], list[float]] = {}
    for number in range(options.rounds):
        for name, code in SERVERS.items():
            for sessions, (rate, p50, p95) in measure(code, options.sessions, options.seconds).items():
                rates.setdefault((name, sessions), []).append(rate)
                print(
                    f"round {number + 1}  {name:<10}  {sessions} sessions  {rate:6.1f} reruns/s  p50 {p50:.2f} s  p95 {p95:.2f} s",
                    flush=True,
                )
    for sessions in options.sessions:
        frozen, plain = (statistics.median(rates[name, sessions]) for name in SERVERS)
        print(f"{sessions} sessions: {frozen:.1f} / {plain:.1f} reruns/s = {frozen / plain:.2f} times the unfrozen app")


if __name__ == "__main__":
    main()
