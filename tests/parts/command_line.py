"""``python -m dashboard …`` in this process, and a demo clinic for it to look at."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dashboard import cli, demo
from dashboard.demo import clinic as demo_clinic
from tests.parts import canaries


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on stdout, and nothing else."""
        answer = json.loads(self.out)
        assert isinstance(answer, dict)
        assert answer["schema"] == 1
        assert self.out.count("\n") == 1
        return answer

    @property
    def one_line(self) -> str:
        """The one line on stderr of a command that could not run."""
        assert self.status == 2
        assert self.out == ""
        assert self.err.count("\n") == 1, self.err
        assert "Traceback" not in self.err
        return self.err.strip()


class CommandLine:
    """Runs commands under settings that a test can change."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        monkeypatch.setenv("DASHBOARD_ENV_FILE", "")

    def set(self, values: Mapping[str, str]) -> None:
        """Set variables of the environment."""
        for name, value in values.items():
            self._monkeypatch.setenv(name, value)

    def __call__(self, *words: str) -> Answer:
        """Run one command."""
        self._monkeypatch.setattr(sys, "argv", ["dashboard", *words])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        command = words[0] if words else ""
        canaries.check(out, where=f"stdout of {command}", but=canaries.ON_PURPOSE.get(command, ()))
        canaries.check(err, where=f"stderr of {command}")
        return Answer(ended.value.code, out, err)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[CommandLine]:
    """The command line with no settings at all. Logging, which it sets up, is put back."""
    root, factory, access = logging.getLogger(), logging.getLogRecordFactory(), logging.getLogger("uvicorn.access")
    was = list(root.handlers), root.level, list(access.handlers), access.propagate, access.disabled
    for name in ("AWS_LOCATION", "DATABASE_URL", "DASHBOARD_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    yield CommandLine(monkeypatch, capsys)
    logging.setLogRecordFactory(factory)
    root.handlers[:], access.handlers[:] = was[0], was[2]
    root.setLevel(was[1])
    access.propagate, access.disabled = was[3], was[4]


@dataclass(frozen=True, slots=True)
class DemoClinic:
    """A running demo, and what happened to which record."""

    values: Mapping[str, str]
    built: demo_clinic.Clinic
    examples: Mapping[str, str]


@pytest.fixture(scope="session")
def demo_clinic_served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoClinic]:
    """The demo clinic: SQLite and the guarded S3, once for the whole run."""
    now = datetime.now(UTC)
    folder: Path = tmp_path_factory.mktemp("demo") / "clinic"
    started = demo.start(folder, now=now)
    try:
        yield DemoClinic(started.values, demo_clinic.build(now=now), dict(started.examples))
    finally:
        started.stop()
