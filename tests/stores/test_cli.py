"""The command line on a whole clinic: SQLite and the guarded S3 of the demo."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import urllib3

from dashboard.demo import damage
from dashboard.demo.damage import Damage
from tests.parts.command_line import CommandLine, DemoClinic

ROOT = Path(__file__).parents[2]
FOUND_FIELDS = {
    *("record_id", "prescription_id", "consultation_id", "patient_id", "version", "is_current", "is_draft"),
    *("stored", "resolved", "presence", "state", "size_bytes", "reason"),
}
LINK_FIELDS = {
    *("schema", "url", "record_id", "key", "issued_at", "expires_at", "expires_in_s", "content_type", "size_bytes"),
    *("verified", "public", "reason"),
}
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def dashboard(command: CommandLine, demo_clinic_served: DemoClinic, tmp_path: Path) -> CommandLine:
    """The command line with the demo's settings and a ledger of its own."""
    command.set({**demo_clinic_served.values, "DASHBOARD_DATABASE_URL": f"sqlite:///{tmp_path / 'ledger.sqlite3'}"})
    assert command("migrate").status == 0
    return command


def healthy(clinic: DemoClinic) -> int:
    """Return the number of a current row of a finished prescription with one version, private and undamaged."""
    tables = clinic.built.tables
    drafts = {row.id for row in tables.prescriptions if row.is_draft}
    private = {seed.key for seed in clinic.built.seeds if not seed.is_public}
    several = [row.prescription_id for row in tables.prescription_pdfs]
    return next(
        row.id
        for row in tables.prescription_pdfs
        if row.id not in clinic.built.damages
        and row.prescription_id not in drafts
        and several.count(row.prescription_id) == 1
        and row.is_current
        and f"{damage.LOCATION}/{row.pdf_file}" in private
    )


def hurt(clinic: DemoClinic, damage: Damage) -> int:
    return next(number for number, what in clinic.built.damages.items() if what is damage)


def test_find_says_what_the_bucket_says(dashboard: CommandLine, demo_clinic_served: DemoClinic) -> None:
    number = healthy(demo_clinic_served)
    answer = dashboard("find", f"record {number}", "--json")
    assert (answer.status, answer.err) == (0, "")
    (item,) = answer.json["items"]
    assert set(item) == FOUND_FIELDS
    assert (item["record_id"], item["presence"], item["state"], item["reason"]) == (number, "present", "found", None)
    assert item["resolved"] == f"edrcontainer1/{item['stored']}"
    assert answer.json["truncated"] is False


def test_find_of_a_row_whose_upload_died_says_missing(dashboard: CommandLine, demo_clinic_served: DemoClinic) -> None:
    answer = dashboard("find", f"record {hurt(demo_clinic_served, Damage.UPLOAD_DIED)}", "--json")
    (item,) = answer.json["items"]
    assert (answer.status, item["presence"], item["state"], item["size_bytes"]) == (0, "absent", "missing", None)


def test_find_of_nothing_is_fine(dashboard: CommandLine) -> None:
    answer = dashboard("find", "Zzyzx Nobody", "--json")
    assert (answer.status, answer.json["items"], answer.json["truncated"]) == (0, [], False)
    assert "Nothing found" in dashboard("find", "Zzyzx Nobody").out


def test_find_says_that_there_is_more(dashboard: CommandLine) -> None:
    answer = dashboard("find", "", "--limit", "2", "--json").json
    assert (len(answer["items"]), answer["truncated"]) == (2, True)


@pytest.mark.parametrize("query", ["\0", "\udcff\udcfe", "%", "'; DROP TABLE users; --", "x" * 100_000, "💊", "-- -"])
def test_find_takes_any_text(dashboard: CommandLine, query: str) -> None:
    answer = dashboard("find", "--json", "--", query)
    assert answer.status == 0
    assert answer.json["truncated"] in {True, False}


def test_find_while_the_bucket_is_away_says_unknown_and_why(
    dashboard: CommandLine, demo_clinic_served: DemoClinic
) -> None:
    dashboard.set({"AWS_S3_ENDPOINT_URL": NOBODY})
    answer = dashboard("find", f"record {healthy(demo_clinic_served)}", "--json")
    (item,) = answer.json["items"]
    assert (answer.status, item["presence"], item["state"]) == (0, "unknown", "unknown")
    assert item["reason"]["code"] == "unreachable"


def test_find_while_the_trail_cannot_be_written_finds_and_says_so(dashboard: CommandLine, tmp_path: Path) -> None:
    dashboard.set({"DASHBOARD_DATABASE_URL": f"sqlite:///{tmp_path / 'none.sqlite3'}"})
    answer = dashboard("find", "", "--limit", "1", "--json")
    assert (answer.status, len(answer.json["items"])) == (0, 1)
    assert "migrate" in answer.err


@pytest.mark.parametrize("url", ["sqlite:////nowhere/x.sqlite3", "postgresql://u:s3cret@127.0.0.1:9/x"])
@pytest.mark.parametrize(
    "words", [("find", "Meera", "--json"), ("link", "--record", "1"), ("link", "--key", "edrcontainer1/a.pdf")]
)
def test_without_the_clinics_database_nothing_can_be_said(
    dashboard: CommandLine, url: str, words: tuple[str, ...]
) -> None:
    dashboard.set({"DATABASE_URL": url})
    line = dashboard(*words).one_line
    assert "DATABASE_URL" in line
    assert "s3cret" not in line


def test_a_link_opens_for_a_stranger_until_it_says(dashboard: CommandLine, demo_clinic_served: DemoClinic) -> None:
    number = healthy(demo_clinic_served)
    answer = dashboard("link", "--record", str(number), "--expires", "15m", "--json")
    assert (answer.status, answer.err) == (0, "")
    made = answer.json
    assert set(made) == LINK_FIELDS
    assert (made["record_id"], made["expires_in_s"], made["verified"], made["public"]) == (number, 900, True, False)
    assert (made["content_type"], made["reason"]) == ("application/pdf", None)
    opened = urllib3.request("GET", made["url"], retries=False)
    assert (opened.status, len(opened.data)) == (200, made["size_bytes"])
    by_key = dashboard("link", "--key", made["key"], "--download", "--json").json
    assert by_key["record_id"] == number
    assert "attachment" in by_key["url"]


def test_a_link_for_a_person_is_the_address_alone_on_stdout(
    dashboard: CommandLine, demo_clinic_served: DemoClinic
) -> None:
    answer = dashboard("link", "--record", str(healthy(demo_clinic_served)))
    assert re.fullmatch(r"http://\S+X-Amz-Signature=[0-9a-f]{64}\n", answer.out)
    assert answer.err.startswith("Opens as a PDF")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--record", "99999999"), "NOT_VISIBLE"),
        (("--record", "1" + "0" * 30), "NOT_VISIBLE"),
        (("--key", "edrcontainer1/none.pdf"), "NOT_VISIBLE"),
        (("--key", "\udcff"), "NOT_VISIBLE"),
        (("--key", "k" * 2000), "NOT_VISIBLE"),
        (("--record", "1", "--expires", "8d"), "TOO_LONG"),
        (("--record", "1", "--expires", "soon"), "NOT_A_DURATION"),
        (("--record", "1", "--expires", "30"), "NOT_A_DURATION"),
    ],
)
def test_a_refused_link_is_an_object_too(dashboard: CommandLine, words: tuple[str, ...], code: str) -> None:
    answer = dashboard("link", *words, "--json")
    refused = answer.json
    assert (answer.status, set(refused), refused["reason"]["code"]) == (1, LINK_FIELDS, code)
    assert (refused["url"], refused["verified"]) == (None, False)


def test_a_missing_pdf_gets_no_link(dashboard: CommandLine, demo_clinic_served: DemoClinic) -> None:
    number = hurt(demo_clinic_served, Damage.UPLOAD_DIED)
    answer = dashboard("link", "--record", str(number), "--reason", "asked for it", "--json")
    assert (answer.status, answer.json["reason"]["code"]) == (1, "MISSING")


def test_no_trail_no_link(dashboard: CommandLine, demo_clinic_served: DemoClinic, tmp_path: Path) -> None:
    dashboard.set({"DASHBOARD_DATABASE_URL": f"sqlite:///{tmp_path / 'none.sqlite3'}"})
    answer = dashboard("link", "--record", str(healthy(demo_clinic_served)), "--json")
    assert (answer.status, answer.json["reason"]["code"]) == (1, "TRAIL_UNAVAILABLE")


def test_what_was_done_is_in_the_trail_and_nothing_private(
    dashboard: CommandLine, demo_clinic_served: DemoClinic, tmp_path: Path
) -> None:
    patient = next(user for user in demo_clinic_served.built.tables.users if user.role == "patient")
    dashboard("find", patient.phone)
    dashboard("find", patient.name)
    made = dashboard("link", "--record", str(healthy(demo_clinic_served)), "--json").json
    assert dashboard("trail", "verify", "--json").json["events"] == 4
    written = b"".join(path.read_bytes() for path in tmp_path.glob("ledger.sqlite3*"))
    private = [patient.phone[3:], patient.name, made["key"], "X-Amz-Signature", made["url"].rpartition("=")[2]]
    assert [each for each in private if each.encode() in written] == []


def run(values: DemoClinic, *words: str, stdout: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dashboard", *words]
    env = {**os.environ, **values.values, "DASHBOARD_ENV_FILE": ""}
    return subprocess.run(command, cwd=ROOT, env=env, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60)


def test_a_reader_that_went_away_is_no_failure(demo_clinic_served: DemoClinic) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = run(demo_clinic_served, "resolve", "--json", "a", stdout=writer)
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_full_disk_under_stdout_is_one_line(demo_clinic_served: DemoClinic) -> None:
    with open("/dev/full", "w") as full:
        ended = run(demo_clinic_served, "resolve", "--json", "a", stdout=full.fileno())
    assert ended.returncode == 2
    assert ended.stderr == "The answer could not be written to standard output.\n"


def test_a_key_of_bytes_that_are_no_text_is_answered(demo_clinic_served: DemoClinic) -> None:
    command = [sys.executable.encode(), b"-m", b"dashboard", b"resolve", b"--json", b"\xff.pdf"]
    env = {**os.environ, "DASHBOARD_ENV_FILE": "", "AWS_LOCATION": "loc"}
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b'"resolved": "loc/\\udcff.pdf"' in ended.stdout


def test_ctrl_c_is_silent(demo_clinic_served: DemoClinic) -> None:
    script = "import signal; from dashboard import cli; from lib.settings import KeySettings\n"
    script += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job in the background ignores it
    script += "KeySettings.load = lambda: signal.raise_signal(signal.SIGINT)\n"
    script += "import sys; sys.argv[1:] = ['resolve', 'a']; cli.main()"
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def importing(*words: str, ignore: bool = False) -> subprocess.Popen[str]:
    """Start a command, and return its process in the middle of its imports."""
    how = signal.SIG_IGN if ignore else signal.SIG_DFL  # a new process has it from this one
    before = signal.signal(signal.SIGINT, how)
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "dashboard", *words],
            cwd=ROOT,
            env={**os.environ, "DASHBOARD_ENV_FILE": "", "AWS_LOCATION": "loc"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    maps, deadline = Path(f"/proc/{process.pid}/maps"), time.monotonic() + 20
    while "_pydantic_core" not in maps.read_text():
        assert time.monotonic() < deadline
    return process


def test_ctrl_c_while_modules_are_imported_is_silent() -> None:
    with importing("resolve", "--json", "a") as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (-signal.SIGINT, "", "")


def test_a_command_in_the_background_is_not_stopped_by_ctrl_c() -> None:
    with importing("resolve", "--json", "a", ignore=True) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    assert '"resolved": "loc/a"' in out
