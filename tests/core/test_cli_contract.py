"""The command line's contract, where no clinic is needed: one object or one line, and an exit code that says which."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from dashboard import cli
from tests.parts.command_line import CommandLine

ROOT = Path(__file__).parents[2]


def test_resolve_needs_no_setting_but_the_location(command: CommandLine) -> None:
    command.set({"AWS_LOCATION": "loc"})
    answer = command("resolve", "--json", "a.pdf", "loc/b.pdf", "/c.pdf")
    assert (answer.status, answer.err) == (0, "")
    assert answer.json == {
        "schema": 1,
        "items": [
            {"stored": "a.pdf", "resolved": "loc/a.pdf", "written": "loc/a.pdf", "agree": True, "problem": None},
            {
                "stored": "loc/b.pdf",
                "resolved": "loc/b.pdf",
                "written": "loc/loc/b.pdf",
                "agree": False,
                "problem": None,
            },
            {
                "stored": "/c.pdf",
                "resolved": "loc//c.pdf",
                "written": None,
                "agree": False,
                "problem": "LEADING_SLASH",
            },
        ],
        "truncated": False,
    }


def test_a_key_that_is_no_text_comes_back_as_it_was_given(command: CommandLine) -> None:
    command.set({"AWS_LOCATION": "loc"})
    answer = command("resolve", "--json", "\udcff.pdf")
    assert answer.json["items"][0]["stored"] == "\udcff.pdf"
    assert answer.out.isascii()
    assert command("resolve", "\udcff\x1b[2J.pdf").out.isprintable() is False  # line ends only
    assert "\x1b" not in command("resolve", "\x1b[2J.pdf").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Missing command"),
        (("nosuch",), "No such command"),
        (("trail",), "Missing command"),
        (("people",), "Missing command"),
        (("people", "add", "Asha"), "--role"),
        (("trail", "nosuch"), "No such command"),
        (("trail", "export"), "Missing option"),
        (("trail", "export", "--since", "2026-11-01", "--action", "dance"), "--action"),
        (("trail", "prune", "--before", "soon"), "--before"),
        (("resolve",), "Missing argument"),
        (("find",), "Missing argument"),
        (("find", "x", "--nope"), "No such option"),
        (("find", "x", "--limit", "0"), "--limit"),
        (("find", "x", "--limit", "1001"), "--limit"),
        (("link",), "--record ID or --key"),
        (("link", "--record", "1", "--key", "a"), "--record ID or --key"),
        (("link", "--record", "one"), "--record"),
        (("run", "--port", "65536"), "--port"),
        (("run", "--host", "0.0.0.0"), "--host"),
        (("run", "--host", "::1"), "--host"),
        (("run", "--host", "192.168.1.10"), "--host"),
    ],
)
def test_a_wrong_command_is_one_line(command: CommandLine, words: tuple[str, ...], said: str) -> None:
    assert said in command(*words).one_line


@pytest.mark.parametrize("words", [("find", "x"), ("link", "--record", "1"), ("link", "--key", "a", "--json")])
def test_a_missing_setting_is_named(command: CommandLine, words: tuple[str, ...]) -> None:
    command.set({"AWS_LOCATION": "", "DATABASE_URL": "sqlite:////tmp/x.sqlite3"})
    for name in ("AWS_STORAGE_BUCKET_NAME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_S3_ENDPOINT_URL"):
        command.set({name: ""})
    assert re.match(r"AWS_STORAGE_BUCKET_NAME: is not set", command(*words).one_line)


def test_a_wrong_setting_is_named_without_its_value(command: CommandLine) -> None:
    command.set({"AWS_LOCATION": "sec\\ret"})
    line = command("resolve", "a").one_line
    assert line.startswith("AWS_LOCATION: ")
    assert "ret" not in line.removeprefix("AWS_LOCATION: ").replace("character", "")


def test_migrate_and_verify_need_only_the_ledger(command: CommandLine, tmp_path: Path) -> None:
    command.set({"DASHBOARD_DATABASE_URL": f"sqlite:///{tmp_path / 'ledger.sqlite3'}"})
    assert "migrate" in command("trail", "verify").one_line
    assert command("migrate", "--json").json == {"schema": 1, "migrated": True}
    answer = command("trail", "verify", "--json")
    assert answer.status == 0
    found = {"intact": True, "events": 0, "last_hash": "0" * 64, "pruned": 0, "without_mac": None, "is_anchored": None}
    assert answer.json == {"schema": 1, **found}


@pytest.mark.parametrize("url", ["sqlite:////proc/ledger.sqlite3", "postgresql://u:s3cret@127.0.0.1:9/x"])
def test_a_ledger_that_cannot_be_made_is_one_line_without_the_password(command: CommandLine, url: str) -> None:
    command.set({"DASHBOARD_DATABASE_URL": url})
    assert "s3cret" not in command("migrate", "--json").one_line


def commands() -> dict[str, str]:
    """Return every command with its help, groups flattened: 'trail verify'."""
    found: dict[str, str] = {}
    top = typer.main.get_command(cli.app)
    for name, each in top.commands.items():  # type: ignore[attr-defined]
        inner = getattr(each, "commands", None)
        for path, leaf in {name: each}.items() if inner is None else ((f"{name} {n}", c) for n, c in inner.items()):
            found[path] = leaf.help or ""
    return found


@pytest.mark.parametrize("name", sorted(commands()))
def test_the_help_of_every_command_has_an_example_of_that_command(name: str) -> None:
    assert re.search(rf"Example: (?:AWS_LOCATION=\w+ )?python -m dashboard {name}\b", commands()[name])


@pytest.mark.parametrize("name", sorted(commands()))
def test_the_help_of_every_command_can_be_read(command: CommandLine, name: str) -> None:
    answer = command(*name.split(), "--help")
    assert (answer.status, answer.err) == (0, "")
    assert "Example:" in answer.out


def test_the_example_of_resolve_works(command: CommandLine) -> None:
    found = re.search(r"AWS_LOCATION=(\w+) python -m dashboard (.+)", commands()["resolve"])
    assert found is not None
    command.set({"AWS_LOCATION": found[1]})
    assert "edrcontainer1/prescriptions/pdfs/CON153/a.pdf" in command(*found[2].split()).out
