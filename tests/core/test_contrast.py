"""What stands on a main button can be read, in the light and in the dark (WCAG 1.4.3)."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from dashboard.form_pages import STYLE

THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())["theme"]


def light(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((light(one), light(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [THEME, THEME["dark"]], ids=["light", "dark"])
def test_white_can_be_read_on_the_main_buttons_of_the_screens(theme: dict[str, str]) -> None:
    assert contrast(theme["primaryColor"], "#ffffff") >= 4.5


def test_the_buttons_of_the_pages_in_front_can_be_read() -> None:
    found = [dict(re.findall(r"--([\w-]+): (#\w+)", line)) for line in STYLE.splitlines() if "--main:" in line]
    both = [found[0], found[0] | found[1]]
    assert [contrast(each["main"], each["on-main"]) >= 4.5 for each in both] == [True, True]
