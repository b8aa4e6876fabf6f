"""What docs/audit.md says is what the code does: options, fields, exit codes, the timer and the alert."""

from __future__ import annotations

import configparser
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from dashboard import audit_commands, audit_exports, cli
from lib import alerts
from lib.audit_export import Form
from tests.core.test_alerts import BEFORE, MIXED, RUN

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()
CALENDAR = r"\*-\*-\* [0-2]\d:[0-5]\d:[0-5]\d [A-Z]\w+/[A-Z]\w+"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def cells(heading: str) -> list[str]:
    """Return the first cells of the table that begins with a heading."""
    rows = PAGE.partition(f"\n| {heading} |")[2].split("\n\n")[0].splitlines()[2:]
    return [row.split("|")[1].strip() for row in rows]


def unit(text: str) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None)
    parsed.optionxform = str  # type: ignore[method-assign,assignment]  # systemd's names are written as they are
    parsed.read_string(text)
    return parsed


def command(line: str) -> tuple[Any, list[str]]:
    """Return the command behind ``-m dashboard``, and its words."""
    words = shlex.split(line.partition(" >> ")[0])
    first, *rest = words[words.index("dashboard") + 1 :]
    top: Any = typer.main.get_command(cli.app)
    found = top.commands[first]
    return (found.commands[rest[0]], rest[1:]) if first == "audits" and rest else (found, rest)


def lines() -> list[str]:
    (cron,), (service, _timer) = blocks("cron"), blocks("ini")
    shown = [line.partition("#")[0] for line in blocks("sh")[0].splitlines()]
    return [*shown, cron.split(maxsplit=5)[5], unit(service)["Service"]["ExecStart"]]


@pytest.mark.parametrize("line", lines(), ids=lambda line: line[-30:])
def test_every_command_of_the_page_has_the_options_that_it_is_shown_with(line: str) -> None:
    found, rest = command(line)
    context = found.make_context("x", rest, resilient_parsing=False)
    assert context is not None
    context.close()


def test_every_option_of_the_command_is_explained() -> None:
    found, _ = command("python -m dashboard audit")
    options = {name for each in found.params for name in each.opts if name.startswith("--")} - {"--help"}
    assert {name for name in options if f"`{name}" not in PAGE and f" {name}" not in PAGE} == set()


def test_the_cron_line_has_five_times_and_no_percent_sign() -> None:
    (line,) = blocks("cron")
    assert re.match(r"([\d*/,-]+ ){5}cd ", line)
    assert "%" not in line  # cron ends the line at one


def test_the_timer_and_the_service_are_units_of_one_another() -> None:
    service, timer = map(unit, blocks("ini"))
    assert service.sections() == ["Unit", "Service"]
    assert timer.sections() == ["Unit", "Timer", "Install"]
    assert (service["Service"]["Type"], service["Service"]["SuccessExitStatus"]) == ("oneshot", "1")
    assert re.fullmatch(CALENDAR, timer["Timer"]["OnCalendar"])
    assert timer["Install"]["WantedBy"] == "timers.target"
    names = re.findall(r"/etc/systemd/system/([\w-]+)\.(service|timer)", PAGE)
    assert names == [("prescriptions-audit", "service"), ("prescriptions-audit", "timer")]
    commented = [line for line in "".join(blocks("ini")).splitlines() if "#" in line[1:]]
    assert commented == []  # systemd knows no comment behind a value


def test_the_fields_of_the_answer_are_those_of_the_page() -> None:
    named = [name for cell in cells("field") for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(named) == sorted(audit_commands.as_data(RUN))


def test_the_columns_of_the_files_are_those_of_the_page() -> None:
    assert ", ".join(f"`{name}`" for name in audit_exports.COLUMNS) in PAGE
    assert f"`{Form.CSV}`" in PAGE
    assert f"`{Form.JSON_LINES}`" in PAGE


def test_the_alert_of_the_page_has_the_fields_of_an_alert() -> None:
    (shown,) = blocks("json")
    sent = alerts.message(RUN, MIXED, than=BEFORE)
    assert sent is not None
    assert list(json.loads(shown)) == list(sent)
