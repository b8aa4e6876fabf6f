"""What every command stands on: who runs it, and what it works with."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard import printing, wording
from lib.access import Actor, Role
from lib.settings import KeySettings, Settings

if TYPE_CHECKING:
    from lib.services import Services

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


class CouldNotRun(Exception):
    """One line for stderr; exit code 2."""


def me() -> Actor:
    """Return the actor of the command line: the system's user."""
    try:
        return Actor(f"cli:{getpass.getuser()}", Role.OPERATOR)
    except (OSError, KeyError):  # no name for this user id, as in a container
        return Actor(f"cli:{os.getuid()}", Role.OPERATOR)


def services() -> tuple[Settings, Services]:
    """Return the settings and the services of them; say on stderr what should be known."""
    from dashboard import wiring  # brings boto3 and SQLAlchemy

    values = Settings.load()
    say_notices(values)
    return values, wiring.build(values)


def say_notices(values: KeySettings) -> None:
    """Say on stderr what is no error but should be known."""
    for noticed in values.notices():
        printing.note(wording.notice(noticed))
