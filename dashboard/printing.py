"""How commands answer: a table for people, one JSON object for machines, one line on stderr for what went wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime

from dashboard import display

SCHEMA = 1
WIDE = 1000  # columns where nobody looks: a pipe gets a row a line


def as_json(fields: Mapping[str, object]) -> None:
    """Write one JSON object on stdout, ASCII only: no terminal is steered by a hostile key."""
    sys.stdout.write(json.dumps({"schema": SCHEMA, **fields}, default=_plain) + "\n")


def _plain(value: object) -> str:
    return str(plain(value))


def plain(value: object) -> object:
    """Return a value with its instants as text, such as 2026-11-24T08:32:00Z."""
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def table(rows: Sequence[Mapping[str, object]], *, empty: str) -> None:
    """Write rows as a table on stdout, or one line where there are none. Control characters are made visible."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    is_terminal = sys.stdout.isatty()
    console = Console(highlight=False, width=None if is_terminal else WIDE)
    if not rows:
        console.print(empty, markup=False)
        return
    drawn = Table(box=None, pad_edge=False)
    for name in rows[0]:
        drawn.add_column(name, overflow="fold", no_wrap=not is_terminal)
    for row in rows:
        drawn.add_row(*(Text(_cell(value)) for value in row.values()))
    console.print(drawn)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else display.printable(str(value))


def say(line: str) -> None:
    """Write one line on stdout for people."""
    sys.stdout.write(line + "\n")


def note(line: str) -> None:
    """Write one line on stderr: progress, notices, what went wrong."""
    sys.stderr.write(line.replace("\n", " ") + "\n")
