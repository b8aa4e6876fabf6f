"""An audit on a bad day: what a bucket, a database or a disk does halfway. Nothing is called missing that was not listed."""

from __future__ import annotations

import hashlib
import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from dashboard import audit_commands, audit_wiring
from dashboard.demo.guarded_s3 import GuardedS3, SeedObject
from dashboard.terminal import me
from dashboard.wording import audit_commands as words
from lib import audit_reading, audit_supervision, auditing, keys
from lib.access import Scope
from lib.audit_findings import LOOKED
from lib.audit_shop import Shop
from lib.audits import Exposure as Asked
from lib.audits import Options, Progress, Result, Run, Status
from lib.catalogue import Code
from lib.findings import Kind
from lib.kept_findings import Chosen
from lib.settings import Settings
from lib.stores import records_snapshot
from lib.stores.ledger_audits import LedgerRuns
from lib.stores.leftover_file import LeftoverFile
from lib.stores.s3 import S3Objects
from lib.stores.s3_pages import Patience, S3Pages
from tests.parts import moody_s3
from tests.parts.audit_command import ROOT, Audited, command, differences, environment, faults_of_form, lines_of
from tests.parts.broken_keys import LOCATION
from tests.parts.command_line import CommandLine
from tests.parts.moody_s3 import Mood, MoodyS3, after, error, hang, html, on_heads, on_lists, short, without_token
from tests.parts.planted import REPORTS, Planted, Row
from tests.parts.planted_clinic import Clinic, on_guarded_s3
from tests.parts.planted_growing import grow_few
from tests.parts.postgres import SCHEMA, Postgres
from tests.parts.sample_clinic import fill as fill_clinic
from tests.parts.small_disk import fill, mounted

MIDDLE = 5  # LISTs: 300 objects are listed in pages of 45, after one that asks whether anything may be listed
SHORT = short(45)
OF_ROWS_ALONE = {Kind.VERSION_STATE, Kind.CONSULTATION_DIFFERS, Kind.UNRESOLVABLE_KEY}
IMPATIENT = Patience(budget_s=0.5)


@dataclass
class BadDay:
    """A clinic behind a proxy with moods."""

    clinic: Clinic
    guard: GuardedS3
    moody: MoodyS3
    command: CommandLine
    folder: Path
    runs: int = field(default=0)

    @property
    def planted(self) -> Planted:
        return self.clinic.planted

    def audit(self, *more: str) -> Audited:
        """Run the command in this process."""
        self.runs += 1
        out = self.folder / f"out-{self.runs}"
        self.command.set(self.clinic.values)
        answer = self.command("audit", "--json", "--exposure", "none", "--out", str(out), *more)
        return Audited(answer.status, answer.out, answer.err, lines_of(out))

    def listed_by(self, mood: Mood, *, first: int = MIDDLE, last: int | None = None) -> None:
        """Be in this mood from the middle of the listing on, and answer short pages before and behind."""
        self.moody.counts.clear()
        self.moody.mood = on_lists(mood, first=first, last=last, otherwise=SHORT)

    def supervised(self, **other: Any) -> Run:
        """Work a run as the command does, with other parts where some are given."""
        self.command.set(self.clinic.values)
        settings = Settings.load()
        office = audit_wiring.office(settings)
        run = auditing.begin(me(), Scope(), services=office, options=Options(exposure=Asked.NONE))
        shop: Shop = audit_wiring.shop(run, settings)
        return audit_supervision.supervise(run, replace(shop, **other))


@pytest.fixture
def day(guarded_s3: GuardedS3, command: CommandLine, tmp_path: Path) -> Iterator[BadDay]:
    """300 objects on SQLite and the guarded S3."""
    with moody_s3.before(guarded_s3) as moody:
        grown = on_guarded_s3(300, server=guarded_s3, folder=tmp_path, grow=grow_few)
        values = {**grown.values, "AWS_S3_ENDPOINT_URL": moody.endpoint_url}
        yield BadDay(replace(grown, values=values), guarded_s3, moody, command, tmp_path)


def _key(row: Row) -> str:
    return keys.resolve(row.stored, location=LOCATION)


def _nothing_false(planted: Planted, ran: Audited) -> None:
    """Nothing was found that is not so, and nothing of what was not listed but what its rows say by themselves."""
    true = {each.subject for each in planted.findings}
    for each in ran.findings:
        subject = each["kind"], each["record_id"], None if each["record_id"] is not None else each["key"]
        assert subject in true or each["kind"] == Kind.UNDETERMINED, each
        if each["kind"] not in OF_ROWS_ALONE:
            key = (each["key"] or each["resolved"]).encode("utf-8", "surrogateescape")
            for start, end in ran.json["unlisted"]:
                assert not (start.encode() < key and (end is None or key <= end.encode())), each


def _is_incomplete(ran: Audited, *, sentence: str) -> None:
    assert ran.status == 2
    answer = ran.json
    assert answer["status"] == "incomplete"
    assert answer["listed_until"]
    assert answer["unlisted"]
    assert answer["unlisted"][0][0] == answer["listed_until"]
    assert sentence in ran.err
    assert "Traceback" not in ran.err


def test_a_plain_day(day: BadDay) -> None:
    ran = day.audit()
    assert list(faults_of_form(ran)) == []
    assert differences(day.planted, ran) == []


@pytest.mark.parametrize(
    ("mood", "last"),
    [
        (SHORT, None),
        (without_token, MIDDLE),
        (html, MIDDLE),
        (error(503, "SlowDown"), MIDDLE + 3),
        (error(500, "InternalError"), MIDDLE),
    ],
    ids=["short pages", "truncated without a token, once", "html, once", "a storm that ends", "an error, once"],
)
def test_what_passes_costs_requests_and_nothing_else(day: BadDay, mood: Mood, last: int | None) -> None:
    day.listed_by(mood, last=last)
    ran = day.audit()
    assert differences(day.planted, ran) == []
    assert list(faults_of_form(ran)) == []
    assert day.moody.counts["LIST"] > 7


@pytest.mark.parametrize(
    ("mood", "sentence"),
    [(error(403, "AccessDenied"), "refuse"), (error(400, "ExpiredToken"), "expired")],
    ids=["denied", "expired"],
)
def test_a_refusal_in_the_middle_ends_the_run_incomplete_at_a_stated_key(
    day: BadDay, mood: Mood, sentence: str
) -> None:
    day.listed_by(mood)
    ran = day.audit()
    _is_incomplete(ran, sentence=sentence)
    _nothing_false(day.planted, ran)
    assert ran.lines, "what was listed before is told all the same"


def test_credentials_that_expire_make_nothing_missing(day: BadDay) -> None:
    """From the middle on every request is refused, the HEADs too that would confirm what seems missing."""
    refused = error(403, "ExpiredToken")
    listed = on_lists(refused, first=MIDDLE, otherwise=SHORT)
    day.moody.mood = lambda asked: (refused if asked.sort == "HEAD" else listed)(asked)
    ran = day.audit()
    _is_incomplete(ran, sentence="expire")
    _nothing_false(day.planted, ran)
    assert {each["record_id"] for each in ran.of(Kind.DANGLING_REFERENCE)} == set()
    assert ran.of(Kind.UNDETERMINED)


@pytest.mark.parametrize("mood", [error(503, "SlowDown"), html, hang], ids=["a storm", "html", "silence"])
def test_what_does_not_pass_ends_the_run_incomplete(day: BadDay, mood: Mood) -> None:
    day.listed_by(mood)
    config = replace(_s3(day), read_timeout_s=2.0)
    pages = S3Pages(config, read_timeout_s=2.0, patience=IMPATIENT)
    run = day.supervised(pages=pages, heads=lambda: S3Objects(config))
    assert run.status is Status.INCOMPLETE
    assert run.result is not None
    assert run.result.listed_until
    told = audit_commands.as_data(run)
    assert told["unlisted"]
    assert words.told(run)


def test_nothing_that_can_be_listed_at_all_is_no_verdict(day: BadDay) -> None:
    day.listed_by(error(403, "AccessDenied"), first=1)
    ran = day.audit()
    assert (ran.status, ran.json["status"]) == (2, "incomplete")
    assert (ran.json["listed_until"], ran.json["unlisted"]) == ("", [["", None]])
    # What the rows say by themselves is true all the same.
    assert {each["kind"] for each in ran.findings} <= OF_ROWS_ALONE


def test_a_database_that_goes_away_halfway_fails_the_run(day: BadDay) -> None:
    database = day.folder / "clinic.sqlite3"
    day.listed_by(after(lambda: database.write_bytes(b"gone" * 1024)), last=MIDDLE)
    ran = day.audit()
    assert (ran.status, ran.json["status"], ran.json["reason"]["code"][:9]) == (2, "failed", "database_")
    assert "database" in ran.err
    assert "Traceback" not in ran.err


def test_a_run_whose_postgresql_went_away_goes_on_when_it_is_back(day: BadDay, postgres: Postgres) -> None:
    schema = SCHEMA.read_text().replace("pdf_file varchar(100)", "pdf_file text") + REPORTS
    database = postgres.new_database(schema=schema)
    fill_clinic(postgres.url(database), day.planted.tables())
    there = replace(
        day, clinic=replace(day.clinic, values={**day.clinic.values, "DATABASE_URL": postgres.url(database)})
    )
    gone = (
        f"ALTER DATABASE {database} ALLOW_CONNECTIONS false",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'",
    )
    there.listed_by(after(lambda: postgres.execute(*gone)), last=MIDDLE)
    ran = there.audit()
    assert (ran.status, ran.json["status"], ran.json["reason"]["code"][:9]) == (2, "failed", "database_")
    assert (ran.findings, "Traceback" in ran.err) == ([], False)
    postgres.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
    there.moody.mood = SHORT
    again = there.audit("--resume", str(ran.json["run_id"]))
    assert differences(there.planted, again) == []


def test_pages_of_896_are_all_of_the_bucket(day: BadDay, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    grown = on_guarded_s3(3000, server=day.guard, folder=tmp_path / "more", grow=grow_few)
    values = {**grown.values, "AWS_S3_ENDPOINT_URL": day.moody.endpoint_url}
    many = replace(day, clinic=replace(grown, values=values), folder=tmp_path / "more")
    many.moody.mood = short(896)
    ran = many.audit("--ranges", "1")
    assert ran.json["objects"] > 3 * 896
    assert differences(many.planted, ran) == []


def test_a_full_disk_fails_the_run_and_says_so(day: BadDay) -> None:
    def full(path: Path) -> LeftoverFile:
        scratch = LeftoverFile(path)
        scratch._db.execute("PRAGMA max_page_count=1")  # what SQLite may take of the disk
        return scratch

    run = day.supervised(open_scratch=full)
    assert (run.status, run.result and run.result.reason) == (Status.FAILED, "disk_full")
    assert any("disk" in each for each in words.told(run))


@pytest.mark.parametrize("room", [0, 64 * 1024, 96 * 1024], ids=["no rows fit", "rows fit", "what is left fits"])
def test_a_run_on_a_disk_that_is_full_says_so_stores_nothing_false_and_goes_on_when_there_is_room(
    day: BadDay, room: int
) -> None:
    folder = Path(day.clinic.values["DASHBOARD_AUDIT_FOLDER"])
    with mounted(folder, options="size=1m"):
        fill(folder / "ballast", but=room)
        ran = day.audit()
        assert (ran.status, ran.json["status"], ran.json["reason"]["code"]) == (2, "failed", "disk_full")
        assert "The disk of this computer is full. Free some space." in ran.err
        assert "Traceback" not in ran.err
        run_id, office = ran.json["run_id"], audit_wiring.office(_settings(day))
        kept = audit_reading.findings(me(), Scope(), services=office, run_id=run_id, chosen=Chosen(), limit=1000)
        told = {(each.kind, each.record_id, None if each.record_id else each.key) for _, each in kept}
        assert told <= {each.subject for each in day.planted.findings}
        assert not told or room
        (folder / "ballast").unlink()
        resumed = day.audit("--resume", str(run_id))
    assert differences(day.planted, resumed) == []
    assert resumed.json["run_id"] == run_id


def test_a_folder_that_cannot_be_made_fails_the_run_at_once_and_holds_up_no_other(day: BadDay) -> None:
    (day.folder / "file").write_text("")
    right = day.clinic.values["DASHBOARD_AUDIT_FOLDER"]
    day.clinic.values["DASHBOARD_AUDIT_FOLDER"] = str(day.folder / "file" / "audits")
    ran = day.audit()
    assert (ran.status, ran.json["status"], ran.json["reason"]["code"]) == (2, "failed", "no_folder")
    assert "DASHBOARD_AUDIT_FOLDER" in ran.err
    assert "Traceback" not in ran.err
    day.clinic.values["DASHBOARD_AUDIT_FOLDER"] = right
    assert day.audit().json["status"] == "complete"


def test_a_run_begins_anew_after_a_bad_one(day: BadDay) -> None:
    day.listed_by(error(403, "AccessDenied"))
    broken = day.audit()
    day.moody.mood = moody_s3.plain
    resumed = day.audit("--resume", str(broken.json["run_id"]))
    assert differences(day.planted, resumed) == []
    assert list(faults_of_form(resumed)) == []
    assert resumed.json["run_id"] == broken.json["run_id"]


def test_a_run_that_was_killed_before_its_checks_had_ended_makes_them_again(day: BadDay) -> None:
    day.listed_by(error(403, "AccessDenied"))
    broken = day.audit()
    day.moody.mood = moody_s3.plain
    (checked,) = day.folder.rglob("checked.json")
    checked.unlink()
    resumed = day.audit("--resume", str(broken.json["run_id"]))
    assert differences(day.planted, resumed) == []


def test_a_run_that_two_processes_walk_finds_the_same_and_is_taken_up_by_one(day: BadDay) -> None:
    day.listed_by(error(403, "AccessDenied"))
    broken = day.supervised(cores=2, share=100)
    assert broken.status is Status.INCOMPLETE
    day.moody.mood = moody_s3.plain
    assert differences(day.planted, day.audit("--resume", str(broken.run_id))) == []
    ended = day.supervised(cores=2, share=100)
    assert ended.status is Status.COMPLETE
    kinds = Counter(each.kind for each in day.planted.findings)
    assert ended.result is not None
    assert ended.result.kinds == {kind: kinds[kind] for kind in ended.result.kinds} == dict(kinds)


def test_a_run_is_not_taken_up_with_another_location(day: BadDay) -> None:
    """Or no row would be as its snapshot had it, and a run with every file missing would end with nothing found."""
    day.listed_by(error(403, "AccessDenied"))
    broken = day.audit()
    day.moody.mood = moody_s3.plain
    day.clinic = replace(day.clinic, values={**day.clinic.values, "AWS_LOCATION": "elsewhere"})
    resumed = day.audit("--resume", str(broken.json["run_id"]))
    assert (resumed.status, resumed.json["reason"]["code"]) == (2, "spool_lost")


def test_a_run_is_of_one_database_and_of_its_bucket_one_runs_at_a_time(day: BadDay) -> None:
    day.listed_by(error(403, "AccessDenied"))
    run_id = day.audit().json["run_id"]
    day.moody.mood = moody_s3.plain
    copy, here = day.folder / "copy.sqlite", day.clinic
    shutil.copy(make_url(here.values["DATABASE_URL"]).database or "", copy)
    day.clinic = replace(here, values={**here.values, "DATABASE_URL": f"sqlite:///{copy}"})
    refused = day.audit("--resume", str(run_id))
    assert (refused.status, refused.out) == (2, "")
    assert "none of this number" in refused.err
    assert day.command("audits", "--json").json["items"] == []
    assert differences(day.planted, day.audit()) == []
    begun = auditing.begin(me(), Scope(), services=audit_wiring.office(_settings(day)), options=Options())
    day.clinic = here
    busy = day.audit("--resume", str(run_id))
    assert (busy.status, busy.err.strip().splitlines()[-1]) == (2, words.BUSY_ELSEWHERE)
    assert [each["run_id"] for each in day.command("audits", "--json").json["items"]] == [run_id]
    audit_wiring.book(_settings(day)).end(
        begun, Result(Status.CANCELLED), progress=Progress(), at=datetime.now(UTC), worked=timedelta(0)
    )
    assert differences(day.planted, day.audit("--resume", str(run_id))) == []  # its private files were left alone


def test_a_check_that_reached_its_bound_says_so(day: BadDay) -> None:
    rows = records_snapshot.connect(
        day.clinic.values["DATABASE_URL"], location=LOCATION, bounds=records_snapshot.Bounds(numbers=1)
    )
    run = day.supervised(rows=rows)
    rows.close()
    assert run.result is not None
    cut, kinds = run.result.cut, run.result.kinds
    assert cut[Kind.RESOLVERS_DISAGREE] > kinds.get(Kind.RESOLVERS_DISAGREE, 0)
    assert any("Not all were looked at" in each for each in words.told(run))
    assert audit_commands.as_data(run)["cut"] == {str(kind): cut[kind] for kind in sorted(cut)}


def test_a_database_whose_clock_is_ahead_takes_no_grace_from_what_is_on_its_way(day: BadDay) -> None:
    before = datetime.now(UTC) - timedelta(days=1)
    assert day.supervised(clock=lambda: before).snapshot_at == before


@pytest.mark.parametrize("how", ["Ctrl+C", "the book"])
def test_a_cancel_stops_within_two_seconds_while_a_request_hangs(day: BadDay, how: str) -> None:
    day.listed_by(hang)
    process = subprocess.Popen(
        command("--exposure", "none"),
        cwd=ROOT,
        env=environment(day.clinic.values),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        _until(lambda: day.moody.counts["LIST"] >= MIDDLE)
        time.sleep(0.3)
        asked = time.monotonic()
        if how == "Ctrl+C":
            process.send_signal(signal.SIGINT)
        else:
            with closing(sqlite3.connect(day.folder / "ledger.sqlite3")) as ledger:
                (run_id,) = ledger.execute("SELECT max(run_id) FROM audits").fetchone()
            LedgerRuns(audit_wiring._engine(_settings(day))).cancel(run_id)
        out, err = process.communicate(timeout=10)
        took = time.monotonic() - asked
    ran = Audited(process.returncode, out, err, ())
    assert (ran.status, ran.json["status"]) == (2, "cancelled"), err
    assert took < 2
    assert "Traceback" not in err


def test_what_happens_during_a_run_is_found_as_it_was_at_some_instant_of_it(day: BadDay) -> None:
    """Objects are added, renamed and deleted, some behind the place that the listing has reached and some before it."""
    plain = sorted((row for row in day.planted.rows if row.sort == "healthy"), key=_key)
    early, late = plain[:3], plain[-3:]
    lost = sorted((row for row in day.planted.rows if row.sort == "never uploaded"), key=_key)
    bodies = {each.key: each for each in day.planted.objects}

    def change() -> None:
        for rows in (early, late):
            deleted, renamed, _ = map(_key, rows)
            day.guard.delete(deleted)
            day.guard.put(replace(bodies[renamed], key=f"{renamed}.renamed.pdf"))
            day.guard.delete(renamed)
        for row in lost:
            day.guard.put(SeedObject(_key(row), b"x" * (row.size_bytes or 1)))

    day.listed_by(after(change), last=MIDDLE)
    ran = day.audit()
    gone = {row.record_id for rows in (early, late) for row in rows[:2]}
    came = {row.record_id for row in lost}
    before = {(each.kind, each.record_id, each.key) for each in day.planted.findings}
    during = {(Kind.DANGLING_REFERENCE, record_id, None) for record_id in gone}
    found = {
        (Kind(each["kind"]), each["record_id"], None if each["record_id"] is not None else each["key"])
        for each in ran.findings
    }
    assert found <= before | during
    assert before - found <= {(Kind.DANGLING_REFERENCE, record_id, None) for record_id in came}
    assert {record_id for _, record_id, _ in found & during} >= {late[0].record_id, late[1].record_id}
    assert ran.json["status"] == "complete"


def test_a_file_that_an_earlier_run_saw_was_deleted_and_not_never_uploaded(day: BadDay) -> None:
    day.audit()
    row = next(row for row in day.planted.rows if row.sort == "healthy")
    day.guard.delete(_key(row))
    for _ in range(2):  # and it stays so
        told = differences(day.planted, day.audit())
        assert len(told) == 1
        assert f"invented: dangling_reference {Code.DELETED} of record {row.record_id}: healthy" in told[0]


def test_a_row_without_a_key_has_no_file_also_where_somebody_filled_its_folder(day: BadDay) -> None:
    body = b"notes"
    row = next(row for row in day.planted.rows if row.sort == "healthy")
    day.guard.put(SeedObject(f"{LOCATION}/", body, modified=datetime.now(UTC) - timedelta(days=1)))
    with closing(sqlite3.connect(day.folder / "clinic.sqlite3")) as database, database:
        database.execute(
            "UPDATE prescription_pdfs SET pdf_file = '', file_size = ?, checksum = ? WHERE id = ?",
            (len(body), hashlib.md5(body, usedforsecurity=False).hexdigest(), row.record_id),
        )
    (found,) = [each for each in day.audit().findings if each["record_id"] == row.record_id]
    assert (found["kind"], found["code"]) == (Kind.UNRESOLVABLE_KEY, Code.EMPTY)


def test_a_head_that_is_refused_leaves_the_row_undetermined(day: BadDay) -> None:
    day.moody.mood = on_heads(error(403, "AccessDenied"))
    ran = day.audit()
    assert ran.of(Kind.DANGLING_REFERENCE) == []
    assert {each["code"] for each in ran.of(Kind.UNDETERMINED)} == {Code.FORBIDDEN}
    _nothing_false(day.planted, ran)


def test_a_gateway_that_knows_no_versions_leaves_it_open_whether_a_file_was_deleted(day: BadDay) -> None:
    plain = day.audit().of(Kind.DANGLING_REFERENCE)
    assert [each for each in plain if LOOKED in each["evidence"]] == []
    day.moody.mood = lambda asked: (html if "version" in asked.request.query else moody_s3.plain)(asked)
    found = day.audit().of(Kind.DANGLING_REFERENCE)
    lost = [each for each in found if each["code"] in {Code.NEVER_UPLOADED, Code.DELETED}]
    assert lost
    assert {each["evidence"].get(LOOKED) for each in lost} == {False}


def _settings(day: BadDay) -> Settings:
    return Settings.load(dict(day.clinic.values))


def _s3(day: BadDay) -> Any:
    return audit_wiring.s3_config(_settings(day))


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
