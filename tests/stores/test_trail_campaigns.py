"""A seeded slice of the campaigns of tests/bench: tampering with the trail, and killing who writes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lib.stores import ledger_migration
from tests.bench import trail_tamper
from tests.parts.postgres import Postgres

ROOT = Path(__file__).parents[2]


def test_random_tamperings_of_a_file_are_all_found_and_honest_trails_never_blamed(tmp_path: Path) -> None:
    urls = (f"sqlite:///{tmp_path}/{number}.sqlite3" for number in range(10))
    score = trail_tamper.Score()
    trail_tamper.campaign(urls.__next__, seed=7, tamperings=110, honest=10, score=score)
    assert (score.missed, score.false_alarms, score.honest) == (0, 0, 10)
    assert set(score.tried) == set(trail_tamper.KINDS)


def test_random_tamperings_on_postgres_are_all_found_and_honest_trails_never_blamed(postgres: Postgres) -> None:
    score = trail_tamper.Score()

    def new_url() -> str:
        return postgres.url(postgres.new_database())

    trail_tamper.campaign(new_url, seed=8, tamperings=33, honest=3, score=score)
    assert (score.missed, score.false_alarms, score.honest) == (0, 0, 3)
    assert set(score.tried) == set(trail_tamper.KINDS)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_no_acknowledged_event_is_lost_when_writers_are_killed(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/l.sqlite3" if kind == "sqlite" else request.getfixturevalue("fresh_postgres")
    ledger_migration.migrate(url)
    command = [sys.executable, "-m", "tests.bench.trail_kill", "--kills", "12", "--seed", "9", "--url", url]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": "."}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
