"""``audit`` and ``audits export`` on a planted clinic: which options a run goes on with, and where its findings go."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboard import audit_wiring
from dashboard.audit_wiring import AuditOffice
from dashboard.demo.guarded_s3 import GuardedS3
from dashboard.terminal import me
from dashboard.wording import audit_commands as words
from lib import audit_reading, auditing
from lib.access import Scope
from lib.audits import Exposure, Options, Progress, Result, Run, Status
from lib.settings import Settings
from lib.stores.ledger_audits import LedgerRuns
from tests.parts.audit_command import Audited, differences, faults_of_form, lines_of
from tests.parts.command_line import Answer, CommandLine
from tests.parts.planted_clinic import Clinic, on_guarded_s3
from tests.parts.planted_growing import grow_few
from tests.parts.small_disk import fill, mounted

OWN = Options("edrcontainer1/pre", timedelta(hours=1), Exposure.NONE, 4)
SAME = ("--prefix", "edrcontainer1/pre", "--grace", "60m", "--exposure", "none", "--ranges", "4")
FILES = ("findings.csv", "findings.jsonl", "about.txt")


@dataclass(frozen=True, slots=True)
class House:
    """A planted clinic, and the command line that looks at it."""

    clinic: Clinic
    command: CommandLine
    settings: Settings

    @property
    def office(self) -> AuditOffice:
        return audit_wiring.office(self.settings)

    def begun(self, options: Options) -> Run:
        """Return a run that is under way, and that nobody works."""
        return auditing.begin(me(), Scope(), services=self.office, options=options)

    def cancelled(self, options: Options) -> Run:
        book = audit_wiring.book(self.settings)
        at = datetime.now(UTC)
        return book.end(self.begun(options), Result(Status.CANCELLED), progress=Progress(), at=at, worked=timedelta(0))

    def exports(self) -> list[tuple[str, str]]:
        """Return what the trail has of findings that were taken along: result and reason of each event."""
        told = self.command("trail", "export", "--since", "2026-01-01", "--action", "export").out.splitlines()
        events = [json.loads(line) for line in told]
        return [(each["result"], each["reason"]) for each in events if '"audit"' in each["reason"]]


@pytest.fixture
def house(guarded_s3: GuardedS3, command: CommandLine, tmp_path: Path) -> House:
    clinic = on_guarded_s3(300, server=guarded_s3, folder=tmp_path, grow=grow_few)
    command.set(clinic.values)
    return House(clinic, command, Settings.load(dict(clinic.values)))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("prefix", "edrcontainer1/other"),
        ("prefix", ""),
        ("grace", "7d"),
        ("exposure", "full"),
        ("exposure", "sample"),  # what a run that is begun has where none is given
        ("ranges", "16"),
    ],
)
def test_a_run_goes_on_with_no_option_but_its_own(house: House, option: str, value: str) -> None:
    run = house.cancelled(OWN)
    said = house.command("audit", "--resume", str(run.run_id), f"--{option}", value).one_line
    assert said == words.OPTION_OF_ANOTHER.format(run=run.run_id, option=option)
    now = audit_reading.run(me(), Scope(), services=house.office, run_id=run.run_id)
    assert now is not None
    assert (now.status, now.fence) == (Status.CANCELLED, run.fence)


@pytest.mark.parametrize("given", [SAME, ()], ids=["the same", "none"])
def test_a_run_goes_on_with_its_own_options_given_or_not(house: House, given: tuple[str, ...]) -> None:
    run = house.cancelled(OWN)
    told = house.command("audit", "--json", "--resume", str(run.run_id), *given).json
    assert (told["run_id"], told["status"], told["prefix"]) == (run.run_id, "complete", OWN.prefix)


def test_what_is_not_given_is_as_the_help_says(house: House) -> None:
    house.command("audit", "--json")
    run = audit_reading.run(me(), Scope(), services=house.office, run_id=1)
    assert run is not None
    assert run.options == Options("", timedelta(minutes=15), Exposure.SAMPLE, 16)
    shown = house.command("audit", "--help").out
    assert [value for value in ("15m", "sample", "16") if f"[default: ({value})" not in shown] == []


def test_a_command_leaves_pythons_collector_as_it_was(house: House) -> None:
    """Else who calls it from a longer program keeps all that it dropped, open connections too."""
    before = gc.get_threshold(), gc.get_freeze_count()
    assert house.command("audit", "--json").status == 1
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_a_prefix_that_no_key_begins_with_is_said_to_be_so(house: House) -> None:
    said = house.command("audit", "--exposure", "none", "--prefix", "edrcontainer1/nothing/").out
    assert said.startswith("No record has a key that begins with the prefix.")
    answer = house.command("audit", "--exposure", "none", "--prefix", "edrcontainer1/nothing/", "--json")
    assert (answer.status, answer.json["records"]) == (0, 0)
    assert "No record has a key that begins with the prefix." in answer.err


def _below_a_file(out: Path) -> str:
    out.parent.write_text("")
    return "Not a directory"


def _on_a_full_disk(out: Path) -> str:
    fill(out.parent / "ballast")
    return "No space left on device"


@pytest.mark.parametrize("spoil", [_below_a_file, _on_a_full_disk])
def test_a_run_whose_findings_cannot_be_written_is_told_all_the_same(
    house: House, tmp_path: Path, spoil: Callable[[Path], str]
) -> None:
    out = tmp_path / "disk" / "out"
    with mounted(out.parent, options="size=1m") if spoil is _on_a_full_disk else nullcontext():
        why = spoil(out)
        answer = house.command("audit", "--json", "--exposure", "none", "--out", str(out))
    assert answer.status == 2
    assert answer.json["status"] == "complete"
    assert answer.json["findings"]
    not_written = words.NOT_WRITTEN.format(run=1, out=out, why=why)
    assert answer.err.splitlines()[-1] == not_written
    assert "Traceback" not in answer.err

    written = tmp_path / "later"
    assert house.command("audits", "export", "1", "--out", str(written)).status == 0
    found = Audited(1, answer.out, answer.err, lines_of(written))
    assert differences(house.clinic.planted, found) == []
    assert list(faults_of_form(found)) == []


def test_an_export_writes_the_same_files_and_the_same_events(house: House, tmp_path: Path) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    house.command("audit", "--exposure", "none", "--out", str(first))
    of_audit = house.exports()
    answer = house.command("audits", "export", "1", "--out", str(again))
    assert (answer.status, answer.err) == (0, "")
    assert [str(again / name) for name in FILES if str(again / name) not in answer.out] == []
    assert [(again / name).read_bytes() for name in FILES] == [(first / name).read_bytes() for name in FILES]
    assert {os.stat(again / name).st_mode & 0o777 for name in FILES} == {0o600}
    assert [result for result, _ in of_audit] == ["intent", "ok"]
    assert house.exports() == of_audit * 2


def test_an_export_is_one_object_too(house: House, tmp_path: Path) -> None:
    house.command("audit", "--exposure", "none")
    told = house.command("audits", "export", "1", "--out", str(tmp_path / "out"), "--json").json
    files = [str(tmp_path / "out" / name) for name in FILES]
    assert (told["run_id"], told["status"], told["files"]) == (1, "complete", files)


def test_a_run_that_did_not_end_or_is_not_there_is_not_exported(house: House, tmp_path: Path) -> None:
    def refused(run_id: int) -> str:
        out = tmp_path / "out"
        said = house.command("audits", "export", str(run_id), "--out", str(out)).one_line
        assert not out.exists()
        return said

    assert refused(7) == words.NO_SUCH_RUN.format(run=7)
    engine, long_ago = audit_wiring._engine(house.settings), datetime.now(UTC) - timedelta(hours=1)
    target = audit_wiring.target(house.settings)
    lost = LedgerRuns(engine, clock=lambda: long_ago).begin(target, OWN, by="asha", at=long_ago)
    assert refused(lost.run_id) == words.NOT_ENDED.format(run=lost.run_id)
    alive = house.begun(OWN)
    assert refused(alive.run_id) == words.STILL_UNDER_WAY.format(run=alive.run_id)
    assert house.exports() == []


def test_an_export_into_a_place_that_is_no_folder_is_one_line(house: House, tmp_path: Path) -> None:
    run, out = house.cancelled(OWN), tmp_path / "file"
    out.write_text("")
    answer: Answer = house.command("audits", "export", str(run.run_id), "--out", str(out))
    assert answer.one_line == words.NOT_WRITTEN.format(run=run.run_id, out=out, why="File exists")
