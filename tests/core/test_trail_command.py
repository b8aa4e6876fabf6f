"""``python -m dashboard trail …`` on an SQLite ledger: answers, exit codes, and what is written about it."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard import cli, wording
from lib.settings import ROOT, TrailSettings
from lib.stores import ledger_db
from lib.trail import MAC_KEY, Break, Broken, Draft

AT = datetime(2026, 1, 10, 20, 0, tzinfo=UTC)  # 11 January in India
SECRET = "s" * 40


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


Run = Callable[..., Answer]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def run(file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("DASHBOARD_ENV_FILE", "")
    monkeypatch.setenv("DASHBOARD_DATABASE_URL", f"sqlite:///{file}")
    monkeypatch.setenv("DASHBOARD_SECRET_KEY", SECRET)

    def run(*words: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["dashboard", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return Answer(int(str(ended.value.code)), said.out, said.err)

    assert run("migrate").status == 0
    return run


@pytest.fixture
def written(file: Path, run: Run) -> None:
    """Ten events, one a day, as the running dashboard writes them."""
    key = TrailSettings.load().derive(MAC_KEY)
    store = ledger_db.connect(f"sqlite:///{file}", mac_key=key)
    for day in range(10):
        reason = "=HYPERLINK(1)" if day == 3 else None
        columns = (AT + timedelta(days=day), "bilal", "operator", "all", "link", day, f"PAT{day}", None, None, None)
        store.append(Draft(*columns, reason, "ok", str(day)))


def forge(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for name in ("trail_no_update", "trail_no_delete", "trail_at_its_end", "trail_with_mac"):
            connection.execute(f"DROP TRIGGER IF EXISTS {name}")
        connection.execute(statement)
        connection.commit()


def rows(file: Path) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute("SELECT actor, action, result FROM trail WHERE action <> 'link' ORDER BY sequence")
        return [(actor.partition(":")[0], action, result) for actor, action, result in found]


@pytest.mark.usefixtures("written")
def test_an_intact_trail_is_exit_0(run: Run) -> None:
    assert run("trail", "verify").out.startswith("The trail is intact: 10 events")
    answer = run("trail", "verify", "--json")
    assert (answer.status, answer.json["intact"], answer.json["events"], answer.json["without_mac"]) == (0, True, 10, 0)


@pytest.mark.usefixtures("written")
def test_a_broken_trail_is_exit_1_and_names_the_first_broken_event(run: Run, file: Path) -> None:
    forge(file, "UPDATE trail SET actor = 'chitra' WHERE sequence IN (4, 7)")
    answer = run("trail", "verify")
    assert (answer.status, "broken at event 4" in answer.out) == (1, True)
    answer = run("trail", "verify", "--json")
    assert (answer.json["intact"], answer.json["sequence"], answer.json["problem"]) == (False, 4, "hash")


@pytest.mark.usefixtures("written")
def test_without_the_secret_it_is_said_that_no_mac_was_looked_at(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DASHBOARD_SECRET_KEY")
    answer = run("trail", "verify")
    assert (answer.status, "MACs were not looked at" in answer.out) == (0, True)
    for command in (["anchor"], ["export", "--since", "2026-01-01"], ["prune", "--before", "2026-01-01"]):
        answer = run("trail", *command)
        assert (answer.status, answer.err.startswith("DASHBOARD_SECRET_KEY: is not set")) == (2, True)


@pytest.mark.usefixtures("written")
def test_an_anchor_finds_a_cut_tail_that_the_chain_does_not_show(run: Run, file: Path, tmp_path: Path) -> None:
    anchor = tmp_path / "anchor.json"
    assert run("trail", "anchor", "--out", str(anchor)).status == 0
    assert "The anchor holds." in run("trail", "verify", "--anchor", str(anchor)).out
    forge(file, "DELETE FROM trail WHERE sequence > 6")
    assert run("trail", "verify").status == 0
    answer = run("trail", "verify", "--anchor", str(anchor), "--json")
    assert (answer.status, answer.json["sequence"], answer.json["problem"]) == (1, 7, "cut")


@pytest.mark.usefixtures("written")
def test_an_anchor_on_stdout_is_json_that_can_be_kept(run: Run, tmp_path: Path) -> None:
    for words in (["trail", "anchor"], ["trail", "anchor", "--json"]):
        kept = tmp_path / "anchor.json"
        kept.write_text(run(*words).out)
        assert json.loads(kept.read_text())["sequence"] == 10
        assert run("trail", "verify", "--anchor", str(kept)).status == 0


@pytest.mark.usefixtures("written")
def test_a_broken_trail_is_not_anchored_and_an_older_anchor_not_overwritten(
    run: Run, file: Path, tmp_path: Path
) -> None:
    anchor = tmp_path / "anchor.json"
    run("trail", "anchor", "--out", str(anchor))
    before = anchor.read_text()
    assert run("trail", "anchor", "--out", str(anchor)).status == 2
    forge(file, "UPDATE trail SET actor = 'chitra' WHERE sequence = 4")
    assert run("trail", "anchor", "--out", str(tmp_path / "other.json")).status == 1
    assert (anchor.read_text(), (tmp_path / "other.json").exists()) == (before, False)


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize(
    ("change", "said"),
    [(('"sequence": 10', '"sequence": 9'), "was changed"), (("{", "["), "holds no anchor"), (None, "holds no anchor")],
)
def test_an_anchor_that_proves_nothing_is_exit_2(
    run: Run, tmp_path: Path, change: tuple[str, str] | None, said: str
) -> None:
    anchor = tmp_path / "anchor.json"
    if change is not None:
        anchor.write_text(run("trail", "anchor").out.replace(*change))
    answer = run("trail", "verify", "--anchor", str(anchor))
    assert (answer.status, answer.out, said in answer.err) == (2, "", True)


@pytest.mark.usefixtures("written")
def test_an_export_has_one_object_a_line_and_is_an_event(run: Run, file: Path) -> None:
    answer = run("trail", "export", "--since", "2026-01-12", "--until", "2026-01-14")
    found = [json.loads(line) for line in answer.out.splitlines()]
    assert [event["record_id"] for event in found] == [1, 2]  # a day begins in the clinic's zone
    assert found[0]["at"] == "2026-01-11T20:00:00Z"
    assert rows(file) == [("cli", "export", "intent"), ("cli", "export", "ok")]


@pytest.mark.usefixtures("written")
def test_an_export_for_a_spreadsheet_computes_nothing(run: Run) -> None:
    answer = run("trail", "export", "--since", "2026-01-01T00:00:00+00:00", "--csv", "--patient", "PAT3")
    names, event = csv.reader(io.StringIO(answer.out))
    assert dict(zip(names, event, strict=True))["reason"] == "'=HYPERLINK(1)"


def test_a_reader_that_leaves_is_no_fault_and_it_is_written_that_not_all_was_taken(run: Run, file: Path) -> None:
    assert run("trail", "verify").status == 0
    store = ledger_db.connect(f"sqlite:///{file}", mac_key=TrailSettings.load().derive(MAC_KEY))
    for number in range(100):  # more than a pipe holds
        reason = "x" * 2000
        store.append(Draft(AT, "bilal", "operator", "all", "link", number, *[None] * 4, reason, "ok", str(number)))
    command = [sys.executable, "-m", "dashboard", "trail", "export", "--since", "2026-01-01"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as export:
        assert export.stdout is not None
        assert export.stderr is not None
        export.stdout.readline()
        export.stdout.close()
        assert (export.stderr.read(), export.wait()) == (b"", 0)
    assert rows(file) == [("cli", "export", "intent"), ("cli", "export", "failed:ERROR")]


@pytest.mark.usefixtures("written")
def test_an_export_can_be_narrowed(run: Run) -> None:
    for words, found in (
        (["--record", "4"], 1),
        (["--actor", "nobody"], 0),
        (["--actor", "bilal", "--action", "link"], 10),
        (["--action", "search"], 0),
    ):
        assert len(run("trail", "export", "--since", "2026-01-01", *words).out.splitlines()) == found


@pytest.mark.usefixtures("written")
def test_a_prune_first_says_what_it_would_take_and_then_takes_it(run: Run, file: Path, tmp_path: Path) -> None:
    anchor = tmp_path / "anchor.json"
    run("trail", "anchor", "--out", str(anchor))
    answer = run("trail", "prune", "--before", "2026-01-15", "--json")
    assert (answer.json["done"], answer.json["events"], rows(file)) == (False, 4, [])
    answer = run("trail", "prune", "--before", "2026-01-15", "--yes")
    assert answer.out.startswith("4 events were taken away, up to event 4.")
    assert rows(file) == [("cli", "prune", "intent"), ("cli", "prune", "ok")]
    answer = run("trail", "verify", "--anchor", str(anchor), "--json")
    assert (answer.status, answer.json["pruned"], answer.json["is_anchored"]) == (0, 4, True)


@pytest.mark.usefixtures("written")
def test_a_broken_trail_is_not_pruned(run: Run, file: Path) -> None:
    forge(file, "UPDATE trail SET actor = 'chitra' WHERE sequence = 9")
    answer = run("trail", "prune", "--before", "2026-01-15", "--yes")
    assert (answer.status, wording.NOT_PRUNED in answer.out) == (1, True)
    assert rows(file) == [("cli", "prune", "intent"), ("cli", "prune", "refused:BROKEN")]


@pytest.mark.parametrize("day", ["tomorrow", "", "2026-13-01", "24.11.2026", "9999-99-99", "0001-01-01T00:00:00+23:00"])
def test_a_day_that_is_none_is_exit_2_with_the_form(run: Run, day: str) -> None:
    answer = run("trail", "prune", "--before", day)
    assert (answer.status, answer.err) == (2, wording.NOT_A_DAY.format(option="--before") + "\n")


def test_what_has_not_happened_yet_is_not_pruned(run: Run) -> None:
    answer = run("trail", "prune", "--before", "2999-01-01", "--yes")
    assert (answer.status, answer.err) == (2, wording.NOT_OVER + "\n")


def test_a_ledger_that_is_not_there_is_exit_2(run: Run, file: Path) -> None:
    file.unlink()
    for command in (["verify"], ["anchor"], ["export", "--since", "2026-01-01"], ["prune", "--before", "2026-01-01"]):
        answer = run("trail", *command)
        assert (answer.status, answer.out) == (2, "")
        assert "python -m dashboard migrate" in answer.err


@pytest.mark.parametrize("problem", Break)
def test_every_break_of_the_chain_is_said(problem: Break) -> None:
    assert wording.BROKEN[problem] in wording.verified(Broken(3, problem))
