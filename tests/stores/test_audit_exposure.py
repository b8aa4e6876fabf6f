"""Who can read the files, as an audit finds it out: what strangers get, and that no silence is called closed."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboard import audit_wiring
from dashboard.demo.guarded_s3 import GuardedS3
from dashboard.terminal import me
from dashboard.wording import audits
from lib import audit_exposure, audit_reading, audit_supervision, auditing, keys
from lib.access import Scope
from lib.audits import Exposure, Options, Phase, Progress
from lib.findings import Kind
from lib.settings import Settings
from tests.parts import moody_s3
from tests.parts.audit_command import ROOT, Audited, command, environment, faults_of_form, lines_of
from tests.parts.broken_keys import LOCATION
from tests.parts.command_line import CommandLine
from tests.parts.moody_s3 import HTML, Asked, Mood, MoodyS3, Reply, error, hang, on_heads, on_strangers, plain
from tests.parts.planted_clinic import Clinic, Grow, on_guarded_s3
from tests.parts.planted_growing import grow_few, grow_healthy

FILES = 130  # more than the strangers who may go unanswered one after the other
BUSY = error(503, "SlowDown")
DENIED = error(403, "AccessDenied")
ALL_FOUND = f"All {FILES} PDF files found. No record needs attention"


@dataclass
class House:
    """A clinic behind a proxy with moods."""

    clinic: Clinic
    guard: GuardedS3
    moody: MoodyS3
    command: CommandLine
    folder: Path
    strangers: list[str] = field(default_factory=list)  # the paths that they asked for

    def audit(self, exposure: str) -> Audited:
        """Run the command in this process."""
        self.command.set(self.clinic.values)
        out = self.folder / "out"
        answer = self.command("audit", "--json", "--exposure", exposure, "--out", str(out))
        return Audited(answer.status, answer.out, answer.err, lines_of(out))

    @property
    def is_any_asked_again(self) -> bool:
        """Whether strangers asked for a file a second time."""
        return len(set(self.strangers)) < len(self.strangers)

    @property
    def about(self) -> list[str]:
        """The sentences beside the findings of the last run."""
        return (self.folder / "out" / "about.txt").read_text(encoding="utf-8").splitlines()

    def strangers_get(self, mood: Mood, *, first: int = 1, last: int | None = None) -> None:
        """Be in this mood for the strangers from the first to the last of these numbers."""

        def answer(asked: Asked) -> Reply:
            self.strangers.append(asked.request.path)
            number = len(self.strangers)
            return (mood if number >= first and (last is None or number <= last) else plain)(asked)

        self.moody.mood = on_strangers(answer)

    def open_all(self) -> None:
        """Let the world read every file."""
        for each in self.clinic.planted.objects:
            self.guard.put(replace(each, is_public=True, modified=datetime.now(UTC) - timedelta(days=1)))


@contextmanager
def _built(files: int, server: GuardedS3, command: CommandLine, folder: Path, *, grow: Grow) -> Iterator[House]:
    with moody_s3.before(server) as moody:
        grown = on_guarded_s3(files, server=server, folder=folder, grow=grow)
        values = {**grown.values, "AWS_S3_ENDPOINT_URL": moody.endpoint_url}
        yield House(replace(grown, values=values), server, moody, command, folder)


@pytest.fixture
def house(guarded_s3: GuardedS3, command: CommandLine, tmp_path: Path) -> Iterator[House]:
    """FILES rows on SQLite, each with its file in the guarded S3, none of which opens for anyone."""
    with _built(FILES, guarded_s3, command, tmp_path, grow=grow_healthy) as built:
        yield built


@pytest.fixture
def broken(guarded_s3: GuardedS3, command: CommandLine, tmp_path: Path) -> Iterator[House]:
    """The same with 300 files, of which a few rows are wrong."""
    with _built(300, guarded_s3, command, tmp_path, grow=grow_few) as built:
        yield built


def _is_silent(ran: Audited, *, asked: int, unknown: int, unasked: int = 0) -> None:
    """One finding of the bucket says that this many gave no answer, and the run is complete with findings."""
    assert list(faults_of_form(ran)) == []
    assert (ran.status, ran.json["status"]) == (1, "complete")
    (found,) = ran.of(Kind.UNDETERMINED)
    assert [found[name] for name in ("code", "severity", "record_id", "key")] == [None, "unknown", None, None]
    assert found["evidence"] == {"asked": asked, "unknown": unknown, "unasked": unasked}
    assert (ran.json["strangers"]["unknown"], ran.json["strangers"]["unasked"]) == (unknown, unasked)


def test_a_bucket_that_closes_to_everybody_has_no_finding_and_the_run_says_how_many_were_asked(house: House) -> None:
    ran = house.audit("full")
    assert list(faults_of_form(ran)) == []
    assert (ran.status, ran.json["strangers"]) == (0, {"open": 0, "closed": FILES, "unknown": 0, "unasked": 0})
    assert f"{ALL_FOUND}." in house.about
    assert f"Of all {FILES} files, 0 open for anyone who knows their address; {FILES} do not." in house.about


def test_a_bucket_that_answers_no_stranger_is_not_called_closed_and_not_asked_for_ever(house: House) -> None:
    house.open_all()
    house.strangers_get(BUSY)
    ran = house.audit("full")
    asked = len(set(house.strangers))
    _is_silent(ran, asked=asked, unknown=asked, unasked=FILES - asked)
    sentence = f"Whether anyone can read the files could not be found out: {asked} of {asked} gave no answer, and"
    assert f"{sentence} {FILES - asked} more were not asked for." in house.about
    assert f"{ALL_FOUND}, but whether anyone can read the files could not be found out." in house.about
    assert audit_exposure.SILENT <= asked < FILES
    assert len(house.strangers) <= 2 * (audit_exposure.SILENT + audit_exposure.AT_ONCE)


def test_a_sample_that_got_no_answer_is_not_called_closed(house: House) -> None:
    house.strangers_get(BUSY)
    _is_silent(house.audit("sample"), asked=50, unknown=50)
    assert len(house.strangers) == 50


def test_a_sample_of_which_few_got_no_answer_is_one(house: House) -> None:
    house.strangers_get(BUSY, last=20)
    ran = house.audit("sample")
    assert (ran.status, ran.json["strangers"]) == (0, {"open": 0, "closed": 30, "unknown": 20, "unasked": 0})
    told = "Of 50 files drawn by chance, 0 open for anyone who knows their address; 30 do not, 20 gave no answer."
    assert told in house.about


@pytest.mark.parametrize("mood", [BUSY, DENIED], ids=["busy", "denied"])
def test_a_sample_that_could_not_be_drawn_is_not_called_closed(house: House, mood: Mood) -> None:
    house.moody.mood = on_heads(mood)
    _is_silent(house.audit("sample"), asked=audit_exposure.BATCH, unknown=audit_exposure.BATCH)


def test_a_storm_that_passes_leaves_nothing_unknown(house: House) -> None:
    """Also one in which so many went unanswered that no more were asked: they all are, once more."""
    house.open_all()
    house.strangers_get(lambda asked: (plain if house.is_any_asked_again else BUSY)(asked))
    ran = house.audit("full")
    assert list(faults_of_form(ran)) == []
    assert ran.json["strangers"] == {"open": FILES, "closed": 0, "unknown": 0, "unasked": 0}
    opened = {each["record_id"]: each["key"] for each in ran.of(Kind.PUBLICLY_READABLE)}
    rows = house.clinic.planted.rows
    assert opened == {row.record_id: keys.resolve(row.stored, location=LOCATION) for row in rows}
    assert len(ran.findings) == FILES


def test_what_gave_no_answer_is_remembered_up_to_a_bound_and_the_rest_stays_unknown(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_exposure, "AGAIN", 10)
    house.strangers_get(BUSY, last=30)
    ran = house.audit("full")
    _is_silent(ran, asked=FILES, unknown=20)
    assert len(house.strangers) == FILES + 10
    told = f"Of all {FILES} files, 0 open for anyone who knows their address; {FILES - 20} do not, 20 gave no answer."
    assert told in house.about


def test_one_file_that_never_answers_is_told(house: House) -> None:
    path = f"/{house.guard.bucket}/{keys.resolve(house.clinic.planted.rows[0].stored, location=LOCATION)}"
    house.moody.mood = on_strangers(lambda asked: (BUSY if asked.request.path == path else plain)(asked))
    ran = house.audit("full")
    _is_silent(ran, asked=FILES, unknown=1)
    assert ran.json["strangers"] == {"open": 0, "closed": FILES - 1, "unknown": 1, "unasked": 0}


@pytest.mark.parametrize("exposure", ["sample", "full"])
def test_a_verdict_on_a_bucket_that_opens_for_anyone_says_so(house: House, exposure: str) -> None:
    house.open_all()
    ran = house.audit(exposure)
    assert ran.status == 1
    (verdict,) = [each for each in house.about if each.startswith(f"All {FILES} PDF files found.")]
    assert "iles open for anyone who knows their address." in verdict
    (told,) = [each for each in house.about if each.startswith("Of ")]
    assert told.endswith(f"{sum(ran.json['strangers'].values())} open for anyone who knows their address; 0 do not.")


def test_a_file_that_is_no_pdf_and_opens_for_anyone_is_found_and_a_page_of_somebody_elses_is_no_answer(
    house: House,
) -> None:
    photo, other, empty = house.clinic.planted.objects[:3]
    for each in (photo, other):
        house.guard.put(replace(each, body=b"\xff\xd8\xff a photo", is_public=each is photo))
    house.guard.put(replace(empty, body=b"", is_public=True))
    path = f"/{house.guard.bucket}/{other.key}"
    page = Reply(200, HTML, {"ETag": '"0123456789abcdef0123456789abcdef"'})
    house.moody.mood = on_strangers(lambda asked: page if asked.request.path == path else plain(asked))
    ran = house.audit("full")
    assert list(faults_of_form(ran)) == []
    assert {each["key"] for each in ran.of(Kind.PUBLICLY_READABLE)} == {photo.key, empty.key}
    assert ran.json["strangers"] == {"open": 2, "closed": FILES - 3, "unknown": 1, "unasked": 0}


def test_a_run_that_sent_no_stranger_says_so(house: House) -> None:
    ran = house.audit("none")
    assert (ran.status, ran.json["strangers"]) == (0, {})
    assert "Whether anyone can read the files was not asked in this run." in house.about


def test_where_no_row_has_a_file_nobody_is_sent(house: House) -> None:
    for each in house.clinic.planted.objects:
        house.guard.delete(each.key)
    house.strangers_get(BUSY)
    ran = house.audit("sample")
    assert ran.of(Kind.UNDETERMINED) == []
    assert (house.strangers, ran.json["strangers"]) == ([], {"open": 0, "closed": 0, "unknown": 0, "unasked": 0})


def _slowly(asked: Asked) -> Reply:
    time.sleep(0.04)
    return plain(asked)


def test_how_many_strangers_were_sent_is_told_while_they_are(house: House) -> None:
    house.strangers_get(_slowly)
    house.command.set(house.clinic.values)
    settings, told = Settings.load(), list[Progress]()
    office = audit_wiring.office(settings)
    run = auditing.begin(me(), Scope(), services=office, options=Options(exposure=Exposure.FULL))
    audit_supervision.supervise(run, audit_wiring.shop(run, settings), told=told.append)
    requests = [each.requests for each in told if each.phase is Phase.EXPOSURE]
    steps = [after - before for before, after in pairwise(requests) if after > before]
    assert len(steps) >= 3
    assert max(steps) < FILES / 2


def test_a_file_that_takes_two_questions_is_counted_once_and_so_is_one_that_is_asked_for_again(house: House) -> None:
    for each in house.clinic.planted.objects:
        house.guard.put(replace(each, body=b"\xff\xd8\xff a photo", is_public=True))
    house.strangers_get(BUSY, last=20)
    house.command.set(house.clinic.values)
    settings = Settings.load()
    run = auditing.begin(me(), Scope(), services=audit_wiring.office(settings), options=Options(exposure=Exposure.FULL))
    ended = audit_supervision.supervise(run, audit_wiring.shop(run, settings))
    assert len(house.strangers) == FILES + 20
    assert ended.progress.requests > 2 * FILES
    assert ended.progress.asked == FILES


def test_a_cancel_stops_within_two_seconds_while_strangers_wait(house: House) -> None:
    house.strangers_get(hang, first=41)
    words = command("--exposure", "full")
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, cwd=ROOT, env=environment(house.clinic.values), **pipes) as process:
        _until(lambda: len(house.strangers) > 41)
        time.sleep(0.3)
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
        took = time.monotonic() - asked
    ran = Audited(process.returncode, out, err, ())
    assert (ran.status, ran.json["status"]) == (2, "cancelled"), err
    assert took < 2
    assert ran.json["requests"] > 40


def test_a_storage_that_denies_every_head_ends_the_run_incomplete(broken: House) -> None:
    broken.moody.mood = on_heads(DENIED)
    ran = broken.audit("none")
    assert (ran.status, ran.json["status"], ran.json["reason"]["code"]) == (2, "incomplete", "denied")
    assert ran.of(Kind.UNDETERMINED)
    office = audit_wiring.office(Settings.load())
    assert audit_reading.verdict(me(), Scope(), services=office) is None, "it is no verdict on all files"
    run = audit_reading.run(me(), Scope(), services=office, run_id=ran.json["run_id"])
    assert run is not None
    told = audits.ended(run, now=datetime.now(UTC), zone=ZoneInfo("UTC"))
    assert "storage did not answer all that it was asked" in told
    assert "All of storage was listed and compared" in told


def test_a_key_that_is_denied_among_others_that_are_answered_leaves_its_row_undetermined(broken: House) -> None:
    lost = [row for row in broken.clinic.planted.rows if row.sort == "never uploaded"]
    path = f"/{broken.guard.bucket}/{keys.resolve(lost[0].stored, location=LOCATION)}"
    broken.moody.mood = on_heads(lambda asked: (DENIED if asked.request.path == path else plain)(asked))
    ran = broken.audit("none")
    assert ran.json["status"] == "complete"
    assert [each["record_id"] for each in ran.of(Kind.UNDETERMINED)] == [lost[0].record_id]


def test_a_key_that_is_denied_leaves_a_run_complete_whose_sample_was_answered(house: House) -> None:
    """Nothing else was asked for by HEAD: only the sample tells that storage does not deny everything."""
    lost = house.clinic.planted.objects[0].key
    house.guard.delete(lost)
    path = f"/{house.guard.bucket}/{lost}"
    house.moody.mood = on_heads(lambda asked: (DENIED if asked.request.path == path else plain)(asked))
    assert house.audit("none").json["status"] == "incomplete"
    ran = house.audit("sample")
    assert ran.json["status"] == "complete"
    assert len(ran.of(Kind.UNDETERMINED)) == 1


def _until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)
