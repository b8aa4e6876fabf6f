"""What happens when a real part is not on this machine: CI fails, everywhere else one visible line says how to get it."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(part: str, *, how: str) -> NoReturn:
    """Fail under ``CI=true``; elsewhere skip with a line that says how to get the part."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{part} is missing, and CI skips nothing. To get it: {how}", pytrace=False)
    pytest.skip(f"{part} is missing. To get it: {how}")
