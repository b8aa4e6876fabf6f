"""A slice of the campaign of roles over a raw websocket, in a process of its own: Streamlit allows one app a process."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.parts import role_acts
from tests.parts.chromium import ROOT


def test_every_page_and_every_permission_has_its_acts() -> None:
    assert role_acts.missing() == []


def test_no_role_gets_more_or_less_than_the_table_says_and_a_downgrade_counts_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.roles", "--slice", "--seed", "11"],
        cwd=ROOT, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    figures = json.loads(done.stdout)
    for name in ("unexpected_allows", "unexpected_denials", "forbidden_acts_in_the_trail"):
        assert figures[name] == []
    assert done.returncode == 0, done.stdout
