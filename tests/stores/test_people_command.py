"""``python -m dashboard people``: the contract of its output, its exit codes and its trail, on a real ledger."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard import wiring
from lib.people import Person
from lib.settings import Settings
from lib.sign_in import Attempt, SignedIn, set_password, sign_in
from lib.stores import ledger_db, ledger_migration
from tests.parts.accounts import HOME, PASSWORD
from tests.parts.command_line import Answer, CommandLine

FIELDS = {
    "schema", "person_id", "name", "role", "clinics", "granted", "is_active", "password", "created_at", "changed_at",
}  # fmt: skip


class Terminal:
    """``python -m dashboard people …`` on a ledger of its own."""

    def __init__(self, command: CommandLine, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/ledger.sqlite3"
        self._command = command
        command.set(
            {
                "LOGNAME": "asha",
                "DATABASE_URL": f"sqlite:///{folder}/clinic.sqlite3",
                "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
                "AWS_STORAGE_BUCKET_NAME": "edrspace",
                "AWS_S3_ENDPOINT_URL": "https://sgp1.digitaloceanspaces.com",
                "AWS_LOCATION": "edrcontainer1",
                "DASHBOARD_SECRET_KEY": "a-secret-of-more-than-32-characters-x",
                "DASHBOARD_DATABASE_URL": self.url,
            }
        )

    def run(self, *words: str) -> Answer:
        return self._command("people", *words)

    def json(self, *words: str, status: int = 0) -> dict[str, Any]:
        answer = self.run(*words, "--json")
        assert answer.status == status, answer.err
        return answer.json


@pytest.fixture
def terminal(command: CommandLine, tmp_path: Path) -> Terminal:
    made = Terminal(command, tmp_path)
    ledger_migration.migrate(made.url)
    return made


def test_the_first_owner_is_added_with_a_link_that_lets_them_in(terminal: Terminal) -> None:
    done = terminal.run("add", "Asha", "--role", "owner")
    assert done.status == 0
    token = re.fullmatch(r"/set-password\?token=([\w-]{43})\n", done.out)
    assert token is not None
    assert "once" in done.err
    assert token[1] not in done.err
    settings, now = Settings.load(), datetime.now(UTC)
    accounts = wiring.accounts(settings, trail=wiring.build(settings).trail)  # as the server has them
    assert isinstance(set_password(accounts, token[1], PASSWORD, address=HOME, at=now), Person)
    assert isinstance(sign_in(accounts, Attempt("asha", PASSWORD, HOME), at=now), SignedIn)
    rows = list(ledger_db.connect(terminal.url).events())
    assert [(row.actor, row.role, row.action, row.result) for row in rows[:2]] == [
        ("cli:asha", "operator", "people_changed", "intent"),
        ("cli:asha", "operator", "people_changed", "ok"),
    ]
    assert all(token[1] not in repr(row) for row in rows)


def test_people_are_added_changed_and_listed(terminal: Terminal) -> None:
    assert terminal.json("list") == {"schema": 1, "items": [], "truncated": False}
    asha = terminal.json("add", "Asha", "--role", "owner")
    assert asha.keys() == FIELDS | {"link", "link_ends_at", "reason"}
    ends = datetime.fromisoformat(asha["link_ends_at"]) - datetime.fromisoformat(asha["created_at"])
    assert (asha["name"], asha["role"], asha["clinics"], asha["password"], ends) == (
        "Asha", "owner", None, "none", timedelta(days=1),
    )  # fmt: skip
    terminal.json("add", "Bilal", "--role", "clinic_admin", "--clinic", "CLN002", "--clinic", "CLN001")
    bilal = terminal.json("set-role", "bilal", "--role", "developer", "--grant", "link")
    assert (bilal["role"], bilal["clinics"], bilal["granted"]) == ("developer", None, ["link"])
    assert terminal.json("disable", "BILAL")["is_active"] is False
    assert terminal.json("reset", "Bilal", status=1)["reason"]["code"] == "disabled"
    assert terminal.json("enable", "Bilal")["is_active"] is True
    assert terminal.json("reset", "Bilal")["link"].startswith("/set-password?token=")
    listed = terminal.json("list")["items"]
    assert [(each["name"], each["is_active"]) for each in listed] == [("Asha", True), ("Bilal", True)]
    assert all("link" not in each for each in listed)
    table = terminal.run("list").out
    assert re.search(r"Bilal +Developer +all clinics +link +yes +not set yet", table)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add", "cli:asha", "--role", "owner"), "name_not_allowed"),
        (("add", "\u202eAsha", "--role", "owner"), "name_not_allowed"),
        (("add", "x" * 8192, "--role", "owner"), "name_not_allowed"),
        (("add", "asha", "--role", "support"), "name_taken"),
        (("add", "Dev", "--role", "root"), "not_a_role"),
        (("add", "Dev", "--role", "operator"), "not_a_role"),
        (("add", "Dev", "--role", "clinic_admin"), "clinics_not_allowed"),
        (("add", "Dev", "--role", "developer", "--grant", "people"), "not_grantable"),
        (("add", "Dev", "--role", "developer", "--grant", "everything"), "not_grantable"),
        (("disable", "Asha"), "last_owner"),
        (("set-role", "Asha", "--role", "support"), "last_owner"),
        (("disable", "Nobody"), "no_such_person"),
        (("reset", "\x1b[31m"), "no_such_person"),
    ],
)
def test_what_is_refused_says_why(terminal: Terminal, arguments: tuple[str, ...], code: str) -> None:
    terminal.json("add", "Asha", "--role", "owner")
    refused = terminal.json(*arguments, status=1)
    assert refused["reason"]["code"] == code
    said = terminal.run(*arguments)
    assert (said.status, said.out, said.err) == (1, "", refused["reason"]["detail"] + "\n")


def test_the_link_is_whole_where_the_dashboard_knows_its_address(terminal: Terminal, command: CommandLine) -> None:
    command.set({"DASHBOARD_PUBLIC_URL": "https://pdf.clinic.example/"})
    done = terminal.run("add", "Asha", "--role", "owner")
    assert done.out.startswith("https://pdf.clinic.example/set-password?token=")


def test_before_the_migration_one_line_says_what_to_run(command: CommandLine, tmp_path: Path) -> None:
    line = Terminal(command, tmp_path).run("add", "Asha", "--role", "owner").one_line
    assert "python -m dashboard migrate" in line
