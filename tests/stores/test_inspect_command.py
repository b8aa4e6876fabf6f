"""``inspect`` and ``plan`` on Ceph RGW and PostgreSQL: every family of the catalogue, counted at the wire."""

from __future__ import annotations

import hashlib
import io
import sys
import time
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from dashboard import wiring
from dashboard.demo.guarded_s3 import SeedObject
from lib import explanation
from lib.access import Scope
from lib.explanation import MAX_REQUESTS
from lib.services import Services
from lib.settings import Settings
from tests.parts.aws import Shell
from tests.parts.broken_clinic import BrokenClinic, plant, tables, values
from tests.parts.broken_keys import LOCATION, MISTAKES, cases
from tests.parts.ceph import Ceph
from tests.parts.command_line import CommandLine
from tests.parts.postgres import Postgres
from tests.parts.sample_clinic import fill

FIELDS = {
    *("schema", "input_kind", "bucket", "stored", "resolved", "written", "presence", "state", "code", "severity"),
    *("cause", "candidates", "records", "link", "error"),
}
PDF = b"%PDF-1.7\n" + b"one page\n" * 40 + b"%%EOF\n"
MD5 = hashlib.md5(PDF, usedforsecurity=False).hexdigest()
FOLDER = "prescriptions/pdfs/CON153"


@pytest.fixture(scope="module")
def clinic(postgres: Postgres, ceph: Ceph, tmp_path_factory: pytest.TempPathFactory) -> BrokenClinic:
    """Three rows of every mistake, their objects, and decoys."""
    made = list(cases(seed=8, singles=3, pairs=0))
    return plant(made, postgres=postgres, ceph=ceph, ledger=tmp_path_factory.mktemp("ledger") / "ledger.sqlite3")


@pytest.fixture
def dashboard(command: CommandLine, clinic: BrokenClinic, tmp_path: Path) -> CommandLine:
    """The command line with the clinic's settings and a ledger of its own."""
    command.set({**clinic.values, "DASHBOARD_DATABASE_URL": f"sqlite:///{tmp_path / 'ledger.sqlite3'}"})
    assert command("migrate").status == 0
    return command


def counted(services: Services) -> list[str]:
    """Return a list that every request to the bucket is written to, as it goes out."""
    sent: list[str] = []
    connection: Any = services.objects
    connection.connection.client.meta.events.register(
        "before-send.s3", lambda request, **_: sent.append(f"{request.method} {request.url}")
    )
    return sent


def test_every_mistake_is_explained_within_twelve_requests(clinic: BrokenClinic) -> None:
    services = wiring.build(Settings.load(clinic.values))
    sent = counted(services)
    missed, began = [], time.monotonic()
    for number, case in clinic.numbers.items():
        record = services.records.get(number, scope=Scope())
        assert record is not None
        sent.clear()
        found = explanation.look(record, services=services)
        assert 0 < len(sent) <= found.requests <= MAX_REQUESTS, (case.codes, sent)
        for each in found.diagnosis.candidates:
            assert each.flags or each.key == case.right.key or f"/{case.consultation}/" in each.key, case
        first = [each.key for each in found.diagnosis.candidates[:1]]
        if first != [case.right.key] or found.diagnosis.code is not case.codes[0]:
            missed.append((case.codes, case.stored, found.diagnosis.code, first))
    assert len(missed) <= 0.05 * len(clinic.numbers), missed
    assert time.monotonic() - began < len(clinic.numbers)


def test_the_contract_holds_for_a_record_of_every_mistake(dashboard: CommandLine, clinic: BrokenClinic) -> None:
    of_each = {case.codes[0]: number for number, case in clinic.numbers.items()}
    assert set(of_each) == set(MISTAKES)
    for code, number in list(of_each.items())[::4]:
        answer = dashboard("inspect", "--record", str(number), "--json")
        said = answer.json
        case = clinic.numbers[number]
        assert answer.status == 1, code
        assert answer.out.isascii()
        assert set(said) >= FIELDS
        assert (said["presence"], said["code"], said["severity"]) == ("absent", code, "high")
        assert said["state"] == ("elsewhere" if case.md5 and not case.right.is_multipart else "missing")
        assert said["cause"]
        best = said["candidates"][0]
        assert set(best) == {"key", "evidence", "why", "size_bytes", "etag", "flags"}
        assert (best["key"], best["size_bytes"], best["flags"]) == (case.right.key, len(case.right.body), [])
        assert [each["record_id"] for each in said["records"]] == [number]
        assert (said["link"], said["error"]) == (None, None)


def test_a_plan_that_was_run_makes_the_proven_rows_healthy(
    dashboard: CommandLine, clinic: BrokenClinic, postgres: Postgres, ceph: Ceph, aws: Shell, tmp_path: Path
) -> None:
    of_each = {
        case.codes[0]: number for number, case in clinic.numbers.items() if case.md5 and not case.right.is_multipart
    }
    (tmp_path / "numbers.txt").write_text("\n".join(map(str, of_each.values())))
    before = tmp_path / "before"
    before.write_text("of somebody else")
    (tmp_path / "mend").mkdir()
    (tmp_path / "mend" / "mend.sql").symlink_to(before)
    answer = dashboard("plan", "--records", str(tmp_path / "numbers.txt"), "--out", str(tmp_path / "mend"), "--json")
    made = answer.json
    assert answer.status == 1
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "mend").iterdir()}
    assert modes == {name: 0o700 if name.endswith(".sh") else 0o600 for name in made["files"]}
    assert before.read_text() == "of somebody else"
    assert made["repoint"] + made["copy"] + made["left"] == len(of_each)
    assert made["left"] <= 2
    connection = psycopg2.connect(host=postgres.socket_dir, user="postgres", dbname=clinic.database)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute((tmp_path / "mend" / "mend.sql").read_text())
    connection.close()
    done = aws.run((tmp_path / "mend" / "copy.sh").read_text(), ceph)
    assert (done.returncode, done.stderr) == (0, "")
    broken = [
        (code, said.json["code"])
        for code, number in of_each.items()
        if (said := dashboard("inspect", "--record", str(number), "--json")).status != 0
    ]
    assert len(broken) == made["left"], broken


def test_a_plan_says_which_numbers_no_row_has_and_that_there_were_too_many(
    dashboard: CommandLine, tmp_path: Path
) -> None:
    numbers = tmp_path / "numbers.txt"
    numbers.write_text("\n".join(str(10**9 + each) for each in range(2_001)))
    answer = dashboard("plan", "--records", str(numbers), "--out", str(tmp_path / "mend"), "--json")
    assert (answer.status, answer.json["truncated"]) == (0, True)
    assert "1000000004 …" in answer.err
    assert "2,000" in answer.err


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"\x00\x01\x02\xff\xfe" * 500, "unreadable"),
        (b"\xff\xfe\xfa", None),
        (b"prescriptions/\x00/a.pdf", None),
        (b"a/" * 524_288 + b".pdf", None),
        (b"https://h.example/a.pdf?X-Amz-Signature=1\n" * 1000, None),
        (b"\n".join(b"https://h.example/%d.pdf" % at for at in range(1000)), "many"),
        (b"<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]><Error><Code>&b;</Code></Error>", None),
        (b"%PDF-1.7 " + bytes(range(256)) * 3000, "unreadable"),
        ("\ud800".encode("utf-8", "surrogatepass") + b"/a.pdf", None),
    ],
    ids=range(9),
)
def test_any_text_from_stdin_is_answered(
    dashboard: CommandLine, monkeypatch: pytest.MonkeyPatch, text: bytes, kind: str | None
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    began = time.process_time()
    answer = dashboard("inspect", "-", "--json")
    worked_s = time.process_time() - began  # it waits for nobody, and a busy machine makes the rest
    assert answer.status == 1
    assert answer.out.isascii()
    assert kind in {None, answer.json["input_kind"]}
    assert worked_s < 5  # a second, and what starting takes


def test_a_record_that_is_not_there_and_a_database_that_is_down_could_not_run(dashboard: CommandLine) -> None:
    assert dashboard("inspect", "--record", "999999", "--json").one_line
    dashboard.set({"DATABASE_URL": "postgresql+psycopg2://u:p@127.0.0.1:9/nowhere"})
    assert dashboard("inspect", "a/b.pdf", "--json").one_line


def test_a_bucket_that_does_not_answer_is_unknown_and_never_missing(dashboard: CommandLine, ceph: Ceph) -> None:
    dashboard.set({"AWS_S3_ENDPOINT_URL": "http://127.0.0.1:9"})
    said = dashboard("inspect", "--record", "1", "--json")
    assert (said.status, said.json["presence"], said.json["state"], said.json["candidates"]) == (
        1,
        "unknown",
        "unknown",
        [],
    )
    dashboard.set({"AWS_S3_ENDPOINT_URL": ceph.endpoint_url, "AWS_ACCESS_KEY_ID": ceph.other.access_key_id,
                   "AWS_SECRET_ACCESS_KEY": ceph.other.secret_access_key})  # fmt: skip
    said = dashboard("inspect", "--record", "1", "--json")
    assert (said.status, said.json["state"], said.json["code"]) == (1, "unknown", "FORBIDDEN")


class One:
    """A bucket and a database with one row, and the command line that looks at them."""

    def __init__(self, command: CommandLine, ceph: Ceph, url: str, folder: Path) -> None:
        self.command, self.ceph, self.bucket = command, ceph, ceph.bucket()
        self.url = url
        command.set(values(ceph, bucket=self.bucket, database_url=url, ledger=folder / "ledger.sqlite3"))
        assert command("migrate").status == 0

    def row(self, name: str, body: bytes = PDF) -> str:
        """Insert a row that says what it would say of this body; return its object key."""
        md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
        fill(self.url, tables([(1, "CON153", f"{FOLDER}/{name}", len(body), md5)]))
        return f"{LOCATION}/{FOLDER}/{name}"

    def put(self, key: str, body: bytes = PDF, **changes: Any) -> None:
        self.ceph.put(self.bucket, SeedObject(key, body, **changes))

    def said(self) -> tuple[int, str | None, str | None]:
        answer = self.command("inspect", "--record", "1", "--json")
        return answer.status, answer.json["state"], answer.json["code"]


@pytest.fixture
def one(command: CommandLine, ceph: Ceph, clinic_postgres: str, tmp_path: Path) -> One:
    return One(command, ceph, clinic_postgres, tmp_path)


@pytest.mark.parametrize(
    ("body", "changes", "expected"),
    [
        (PDF, {}, (0, "found", None)),
        (PDF, {"is_multipart": True}, (0, "found", None)),
        (PDF, {"content_type": "application/octet-stream"}, (1, "found", "CONTENT_TYPE")),
        (b"", {}, (1, "damaged", "ZERO_BYTE")),
        (PDF[:-9], {}, (1, "damaged", "SIZE_MISMATCH")),
        (PDF.replace(b"one", b"two"), {}, (1, "damaged", "CHECKSUM_MISMATCH")),
    ],
)
def test_what_is_wrong_with_the_object(one: One, body: bytes, changes: dict[str, Any], expected: object) -> None:
    one.put(one.row("a.pdf"), body, **changes)
    assert one.said() == expected


def test_a_delete_marker_is_named(one: One) -> None:
    client, key = one.ceph.client(), one.row("a.pdf")
    client.put_bucket_versioning(Bucket=one.bucket, VersioningConfiguration={"Status": "Enabled"})
    one.put(key)
    client.delete_object(Bucket=one.bucket, Key=key)
    assert one.said() == (1, "missing", "DELETE_MARKER")


def test_an_upload_that_never_ended_is_named(one: One) -> None:
    one.ceph.client().create_multipart_upload(Bucket=one.bucket, Key=one.row("a.pdf"))
    assert one.said() == (1, "missing", "MULTIPART_UNFINISHED")


def test_a_signed_link_of_the_bare_key_is_the_founding_fault(one: One) -> None:
    key = one.row("a.pdf")
    one.put(key)
    bare = one.ceph.client().generate_presigned_url(
        "get_object", Params={"Bucket": one.bucket, "Key": key.removeprefix(f"{LOCATION}/")}
    )
    answer = one.command("inspect", bare, "--json")
    said = answer.json
    assert (answer.status, said["input_kind"], said["code"], said["presence"]) == (
        1, "signed_link", "LOCATION_MISSING", "present",
    )  # fmt: skip
    assert "LOCATION_MISSING" in said["link"]["problems"]
    assert {"signature", "issued_at", "expires_at", "expired", "problems"} <= set(said["link"])
    assert [each["record_id"] for each in said["records"]] == [1]
    assert "Signature" not in answer.out


def test_no_object_of_another_patient_is_offered(one: One) -> None:
    one.put(one.row("a.pdf").replace("CON153", "CON999"))
    answer = one.command("inspect", "--record", "1", "--json")
    assert answer.json["state"] == "missing"
    assert [each["flags"] for each in answer.json["candidates"]] == [["other_consultation"]]


def test_a_ledger_that_is_down_is_said_and_stops_no_answer(one: One) -> None:
    one.put(one.row("a.pdf"))
    one.command.set({"DASHBOARD_DATABASE_URL": "postgresql+psycopg2://u:p@127.0.0.1:9/nowhere"})
    answer = one.command("inspect", "--record", "1", "--json")
    assert (answer.status, answer.json["state"]) == (0, "found")
    assert answer.err
