"""Fixtures of the real parts, and named people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

pytest_plugins = (
    "tests.parts.postgres",
    "tests.parts.guarded_s3",
    "tests.parts.ceph",
    "tests.parts.chromium",
    "tests.parts.watched",
    "tests.parts.command_line",
)

NOW = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """One fixed instant: 24 Nov 2026, 14:02 in India."""
    return NOW
