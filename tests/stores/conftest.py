"""A new ledger for each test, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.stores import ledger_migration


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A new ledger in a file, whose folder is new too."""
    url = f"sqlite:///{tmp_path}/var/ledger.sqlite3"
    ledger_migration.migrate(url)
    return url


@pytest.fixture
def postgres_url(fresh_postgres: str) -> str:
    """A new ledger in PostgreSQL."""
    ledger_migration.migrate(fresh_postgres)
    return fresh_postgres


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """A new ledger in each of them."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found
