"""A slice of the campaign against the gate, in a process of its own: Streamlit allows one app a process."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.parts.chromium import ROOT


def test_strangers_run_no_script_see_no_byte_and_take_over_no_session() -> None:
    slice_ = ["--seed", "11", "--requests", "330", "--handshakes", "40", "--takeovers", "40"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.gate", *slice_], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert json.loads(done.stdout) | {"witness_looks": 0} == {
        "seed": 11,
        "witness_sees_the_canary": True,
        "witness_resumes_its_own": True,
        "witness_looks": 0,
        "requests": {"sent": 330, "protected": 0, "answered_200": 0},
        "handshakes": {"tried": 40, "accepted": 0},
        "script_runs_of_strangers": 0,
        "takeovers": {"tried": 40, "resumed": 0},
        "log_lines_with_a_token": 0,
    }
    assert done.returncode == 0
