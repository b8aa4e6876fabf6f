"""Fixtures of the real parts, and named people."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import settings

from tests.parts import canaries

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

pytest_plugins = (
    "tests.parts.postgres",
    "tests.parts.guarded_s3",
    "tests.parts.ceph",
    "tests.parts.aws",
    "tests.parts.chromium",
    "tests.parts.watched",
    "tests.parts.command_line",
)

NOW = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """One fixed instant: 24 Nov 2026, 14:02 in India."""
    return NOW


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that printed or logged a secret or a patient."""
    report = yield
    if report.when == "teardown" and report.passed:
        leaks = [f"{name}: {', '.join(kinds)}" for name, text in report.sections if (kinds := canaries.found(text))]
        if leaks:
            report.outcome, report.longrepr = "failed", f"{item.nodeid}: a canary in {'; '.join(leaks)}"
    return report


@pytest.fixture(scope="session", autouse=True)
def no_canary_in_any_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Read, at the end, the trail of every ledger that the tests made in files."""
    yield
    assert canaries.in_files(tmp_path_factory.getbasetemp()) == []
