"""A page of 25 rows against a real Ceph RGW on this machine: ``python -m tests.bench.heads``.

The peer is boto3 asked one key after the other, in the same run and in turns, so that a busy machine slows both.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta

from dashboard.demo.guarded_s3 import SeedObject
from lib.objects import Presence
from lib.stores.s3 import S3Config, S3Objects
from tests.parts import ceph as ceph_part

ROWS, ROUNDS, TARGET_MS = 25, 21, 150
KEYS = [f"{ceph_part.LOCATION}/{number}.pdf" for number in range(ROWS)]
COLD = (
    "import time; started = time.perf_counter()\n"
    "from datetime import timedelta\n"
    "from lib.stores.s3 import S3Config, S3Objects\n"
    "config, keys = {config}, {keys}\n"
    "S3Objects(S3Config(**config)).head(keys, budget=timedelta(seconds=10))\n"
    "print((time.perf_counter() - started) * 1000)"
)


def main() -> None:
    """Print medians, the 95th percentile and the ratio to the peer."""
    with ExitStack() as stack:
        server = ceph_part.start(stack)
        bucket = server.bucket()
        for key in KEYS:
            server.put(bucket, SeedObject(key, b"%PDF"))
        config, client = server.config(bucket), server.client()
        store = S3Objects(config)

        def ours() -> None:
            seen = store.head(KEYS, budget=timedelta(seconds=10))
            assert {each.presence for each in seen.values()} == {Presence.PRESENT}

        def peer() -> None:
            for key in KEYS:
                client.head_object(Bucket=bucket, Key=key)

        rounds = [(_milliseconds(ours), _milliseconds(peer)) for _ in range(ROUNDS + 1)][1:]
        mine, theirs = [a for a, _ in rounds], [b for _, b in rounds]
        ratio = statistics.median(b / a for a, b in rounds)
        print(f"{ROWS} HEADs, warm, median of {ROUNDS}: {statistics.median(mine):.0f} ms (target {TARGET_MS} ms)")
        print(f"  95th percentile: {statistics.quantiles(mine, n=20)[-1]:.0f} ms")
        print(f"  boto3 one after the other: {statistics.median(theirs):.0f} ms; ours is {ratio:.1f} times as fast")
        print(f"{ROWS} HEADs, cold process, imports and client included, median of 3: {_cold(config):.0f} ms")


def _milliseconds(act: Callable[[], None]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def _cold(config: S3Config) -> float:
    names = ("bucket", "endpoint_url", "region", "access_key_id", "secret_access_key")
    code = COLD.format(config={name: getattr(config, name) for name in names}, keys=KEYS)
    runs = (subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True) for _ in range(3))
    return statistics.median(float(run.stdout) for run in runs)


if __name__ == "__main__":
    main()
