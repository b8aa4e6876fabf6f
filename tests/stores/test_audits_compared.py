"""Runs that looked at different things, by the commands and the webhook: nothing is said of what only one looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard import audit_wiring
from dashboard.demo.guarded_s3 import GuardedS3, SeedObject
from lib import keys
from lib.audits import Options, Progress, Result, Status
from lib.settings import Settings
from lib.stores.ledger_audits import LedgerRuns
from tests.parts import moody_s3
from tests.parts.broken_keys import LOCATION
from tests.parts.command_line import Answer, CommandLine
from tests.parts.moody_s3 import MoodyS3, error, on_lists, short
from tests.parts.planted_clinic import Clinic, on_guarded_s3
from tests.parts.planted_growing import grow_few
from tests.parts.receiver import receiver

OPEN = "publicly_readable"


@dataclass
class Place:
    """A clinic whose files are checked again and again."""

    clinic: Clinic
    guard: GuardedS3
    moody: MoodyS3
    command: CommandLine

    @property
    def files(self) -> list[SeedObject]:
        """Files of rows, with plain keys."""
        of_rows = {keys.resolve(row.stored, location=LOCATION) for row in self.clinic.planted.rows}
        return [
            each
            for each in self.clinic.planted.objects
            if each.key in of_rows and re.search(r"/CON\d+/[0-9a-f]{32}\.pdf$", each.key)
        ]

    def open_to_all(self, number: int) -> None:
        """Let anyone read one of the files."""
        yesterday = datetime.now(UTC) - timedelta(days=1)
        self.guard.put(replace(self.files[number], is_public=True, modified=yesterday))

    def audit(self, exposure: str, *words: str) -> dict[str, Any]:
        """Check the files, and return what the command says."""
        return self.command("audit", "--json", "--exposure", exposure, *words).json

    def diff(self, first: int, second: int) -> tuple[Answer, dict[str, Any]]:
        """Compare two runs, having seen that the counts agree with the items."""
        said = self.command("audits", "diff", str(first), str(second))
        answer = self.command("audits", "diff", str(first), str(second), "--json")
        sides = [each["side"] for each in answer.json["items"]]
        assert (answer.json["new"], answer.json["gone"]) == (sides.count("added"), sides.count("removed"))
        assert said.status == answer.status == (1 if "added" in sides else 0)
        return said, answer.json


@pytest.fixture
def place(guarded_s3: GuardedS3, command: CommandLine, tmp_path: Path) -> Iterator[Place]:
    """300 objects on SQLite and the guarded S3."""
    with moody_s3.before(guarded_s3) as moody:
        clinic = on_guarded_s3(300, server=guarded_s3, folder=tmp_path, grow=grow_few)
        command.set({**clinic.values, "AWS_S3_ENDPOINT_URL": moody.endpoint_url})
        yield Place(clinic, guarded_s3, moody, command)


def test_a_file_that_opens_for_anyone_is_told_once_whatever_ran_in_between(place: Place) -> None:
    with receiver(204) as (url, got):
        place.command.set({"DASHBOARD_ALERT_WEBHOOK": url})

        def told(exposure: str) -> list[dict[str, int]]:
            got.clear()
            place.audit(exposure)
            return [json.loads(body)["new"] for _, _, body in got]

        ((everything),) = told("none")
        assert OPEN not in everything
        assert told("none") == []
        place.open_to_all(0)
        place.open_to_all(1)
        assert told("none") == []
        assert told("full") == [{OPEN: 2}]
        assert told("none") == []
        assert told("full") == []
        place.open_to_all(2)
        assert told("none") == []
        assert told("full") == [{OPEN: 1}]


def test_two_runs_that_asked_for_other_files_are_not_compared_in_that(place: Place) -> None:
    place.open_to_all(0)
    place.open_to_all(1)
    assert place.audit("full")["findings"][OPEN] == 2
    place.audit("none")
    for first, second, asked in ((1, 2, ("every file", "no file")), (2, 1, ("no file", "every file"))):
        said, answer = place.diff(first, second)
        assert (answer["new"], answer["gone"], answer["not_compared"]) == (0, 0, ["exposure"])
        assert answer["still"] > 0
        one, another = said.out.splitlines()
        assert one.startswith("In what both looked at, nothing is new and nothing is gone: ")
        assert another == (
            f"Run {first} asked for {asked[0]} as anyone may, run {second} for {asked[1]}: which files open for anyone "
            "is not compared."
        )
    place.audit("full")
    assert place.diff(1, 3)[1]["not_compared"] == []


def test_what_a_run_did_not_list_is_not_gone(place: Place) -> None:
    found = sum(place.audit("none")["findings"].values())
    place.moody.counts.clear()
    place.moody.mood = on_lists(error(403, "AccessDenied"), first=5, otherwise=short(45))
    part = place.audit("none")
    place.moody.mood = error(403, "AccessDenied")
    nothing = place.audit("none")
    assert set(nothing["findings"]) <= {"version_state"}, "what rows say by themselves"
    for second, run in ((2, part), (3, nothing)):
        assert run["status"] == "incomplete"
        said, answer = place.diff(1, second)
        assert (answer["gone"], answer["not_compared"]) == (0, ["unlisted"])
        assert answer["still"] <= sum(run["findings"].values()) < found
        assert (
            f"Run {second} is incomplete: what it did not list or could not tell is not compared."
            in said.out.splitlines()
        )
    assert place.diff(3, 1)[1]["new"] == 0


def test_what_lies_elsewhere_than_a_prefix_is_not_gone(place: Place) -> None:
    place.audit("none")
    prefix = f"{LOCATION}/nothing/begins/so"
    assert place.audit("none", "--prefix", prefix)["findings"] == {}
    said, answer = place.diff(1, 2)
    assert (answer["new"], answer["still"], answer["gone"], answer["not_compared"]) == (0, 0, 0, ["prefix"])
    assert said.out.splitlines() == [
        "In what both looked at, neither found a problem.",
        "Run 2 looked only below a prefix: what lies elsewhere is not compared.",
    ]
    second, first = place.command("audits").out.splitlines()[1:]
    assert re.search(rf"complete +\S+Z +{prefix} +none ", second)
    assert re.search(r"complete +\S+Z +– +none ", first)
    assert [(each["prefix"], each["exposure"]) for each in place.command("audits", "--json").json["items"]] == [
        (prefix, "none"),
        ("", "none"),
    ]


@pytest.mark.parametrize(
    ("status", "how"),
    [(Status.RUNNING, "is under way"), (Status.FAILED, "failed"), (Status.CANCELLED, "was cancelled")],
)
def test_a_run_that_did_not_come_to_its_end_is_not_compared(place: Place, status: Status, how: str) -> None:
    place.audit("none")
    settings = Settings.load()
    office, now = audit_wiring.office(settings), datetime.now(UTC)
    assert isinstance(office.audits.runs, LedgerRuns)
    run = office.audits.runs.begin(office.audits.target, Options(), by="asha", at=now)
    if status is not Status.RUNNING:
        audit_wiring.book(settings).end(run, Result(status), progress=Progress(), at=now, worked=timedelta(0))
    for pair in (("1", "2"), ("2", "1")):
        refused = place.command("audits", "diff", *pair, "--json")
        assert refused.one_line == f"Run 2 {how}: it has no complete findings to compare."
