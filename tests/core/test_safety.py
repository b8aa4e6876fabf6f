"""The start is refused when an option that the product relies on is not in force."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard import safety
from lib.errors import SettingInvalid

ROOT = Path(__file__).parents[2]
WRONG = {
    "client.showErrorDetails": "full",
    "server.enableXsrfProtection": False,
    "server.enableCORS": False,
    "server.corsAllowedOrigins": ["https://evil.example"],
    "server.trustedUserHeaders": {"X-User": "name"},
    "global.developmentMode": True,
    "server.enableStaticServing": True,
    "server.fileWatcherType": "auto",
    "server.enableAgentApi": True,
    "server.scriptHealthCheckEnabled": True,
    "browser.gatherUsageStats": True,
    "runner.magicEnabled": True,
}


def test_every_required_option_has_a_wrong_value_here() -> None:
    assert set(WRONG) == set(safety.REQUIRED)


def test_all_in_force_is_fine() -> None:
    safety.require(safety.REQUIRED.__getitem__)


@pytest.mark.parametrize("name", WRONG)
def test_one_that_is_not_in_force_refuses_the_start_and_is_named(name: str) -> None:
    with pytest.raises(SettingInvalid) as refused:
        safety.require((safety.REQUIRED | {name: WRONG[name]}).__getitem__)
    assert refused.value.variable == name


def checked(home: Path) -> subprocess.CompletedProcess[str]:
    """Ask in a process of its own whether the options hold, as ``run`` does from the project's folder."""
    script = "from dashboard import safety\nsafety.require()"
    env = {**os.environ, "HOME": str(home)}
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", ""),
        ("[server]\nenableCORS = false\n[client]\nshowErrorDetails = 'full'\n", ""),  # the project's file wins
        ("[server]\ncorsAllowedOrigins = ['https://evil.example']\n", "server.corsAllowedOrigins"),
        ("[server.trustedUserHeaders]\nX-User = 'name'\n", "server.trustedUserHeaders"),
        ("[global]\ndevelopmentMode = true\n", "global.developmentMode"),
    ],
)
def test_the_users_own_streamlit_configuration_cannot_loosen_anything(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text(text)
    ended = checked(tmp_path)
    assert (ended.returncode == 0) is (named == ""), ended.stderr
    assert named in ended.stderr
