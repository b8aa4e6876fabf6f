"""The AWS command line, as a person would run a script of ours with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts import needed
from tests.parts.ceph import Ceph, Keys


class Shell:
    """Runs scripts with the AWS command line on the path, its credentials in the environment, and no other settings."""

    def __init__(self, home: Path) -> None:
        beside = Path(sys.executable).parent
        self._path = f"{beside}{os.pathsep}{os.environ['PATH']}"
        self._home = home
        if shutil.which("aws", path=self._path) is None:
            needed.missing("the AWS command line", how="pip install -r requirements-dev.txt (awscli)")

    def run(self, script: str, ceph: Ceph, *, keys: Keys | None = None) -> subprocess.CompletedProcess[str]:
        """Run a script as the owner of the gateway's buckets, or with other keys."""
        keys = keys or ceph.owner
        path = self._home / "copy.sh"
        path.write_text(script)
        environment = {
            "PATH": self._path,
            "HOME": str(self._home),
            "LC_ALL": "C",
            "AWS_ACCESS_KEY_ID": keys.access_key_id,
            "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        }
        return subprocess.run(
            ["sh", str(path)], cwd=self._home, env=environment, capture_output=True, text=True, timeout=120, check=False
        )


@pytest.fixture
def aws(tmp_path: Path) -> Shell:
    """A home of its own, without any configuration."""
    return Shell(tmp_path)
