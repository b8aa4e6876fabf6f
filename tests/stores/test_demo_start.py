"""The demo as the shell starts it: a real S3 process, a real database file, a real end."""

from __future__ import annotations

import errno
import http.client
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from dotenv import dotenv_values
from sqlalchemy.engine import make_url

from dashboard import demo
from dashboard.demo import Demo, DemoFailed, DemoFault, clinic, damage
from lib import diagnosis, keys
from lib.access import Scope
from lib.diagnosis import State
from lib.settings import Settings
from lib.stores import records_db
from lib.stores.s3 import S3Config, S3Objects

NOW = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("a folder's") / "demo"


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Demo]:
    before = time.perf_counter()
    started = demo.start(folder, now=NOW)
    print(f"\ndemo.start took {time.perf_counter() - before:.2f} s")
    yield started
    started.stop()


def s3(values: dict[str, str] | Any, **other: Any) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=values["AWS_S3_ENDPOINT_URL"],
        region_name=values["AWS_S3_REGION_NAME"],
        aws_access_key_id=values["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=values["AWS_SECRET_ACCESS_KEY"],
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, **other),
    )


def answers(endpoint_url: str) -> bool:
    host, port = urlsplit(endpoint_url).hostname, urlsplit(endpoint_url).port
    assert host is not None
    assert port is not None
    try:
        socket.create_connection((host, port), timeout=2).close()
    except ConnectionError:
        return False
    return True


def stranger_gets(endpoint_url: str, key: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(endpoint_url).netloc, timeout=5)
    with closing(connection):
        connection.request("GET", f"/edrspace/{quote(key)}")
        return connection.getresponse().status


def test_every_object_is_served_byte_for_byte(running: Demo) -> None:
    client = s3(running.values)
    listed: dict[str, str] = {}
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="edrspace"):
        listed |= {item["Key"]: item["ETag"] for item in page["Contents"]}
    seeds = {seed.key: seed for seed in clinic.build(now=NOW).seeds}
    assert listed.keys() == seeds.keys()
    assert sum("-" in etag for etag in listed.values()) == 3
    for key in list(seeds)[::150]:
        assert client.get_object(Bucket="edrspace", Key=key)["Body"].read() == seeds[key].body


def test_every_damaged_row_and_some_healthy_ones_show_their_state_through_the_real_stores(running: Demo) -> None:
    damages = clinic.build(now=NOW).damages
    records = records_db.connect(running.values["DATABASE_URL"])
    objects = S3Objects(
        S3Config(
            bucket="edrspace",
            endpoint_url=running.values["AWS_S3_ENDPOINT_URL"],
            region="sgp1",
            access_key_id=running.values["AWS_ACCESS_KEY_ID"],
            secret_access_key=running.values["AWS_SECRET_ACCESS_KEY"],
            session_token=None,
            addressing_style="path",
            location="edrcontainer1",
        )
    )
    wrong = []
    for record_id in {*damages, *range(1, 1501, 50)}:
        record = records.get(record_id, scope=Scope())
        assert record is not None
        assert record.stored_key is not None
        key = keys.resolve(record.stored_key, location="edrcontainer1")
        seen = diagnosis.state(record, objects.head([key], budget=timedelta(seconds=10))[key])
        expected = damage.expected_state(damages[record_id]) if record_id in damages else State.FOUND
        if seen is not expected:
            wrong.append((record_id, damages.get(record_id), seen))
    assert wrong == []


def test_the_bare_stored_key_does_not_exist_and_the_resolved_one_does(running: Demo) -> None:
    client = s3(running.values)
    link = dict(running.examples)["A pasted link"]
    resolved = link.partition("/edrspace/")[2]
    assert client.head_object(Bucket="edrspace", Key=resolved)["ContentType"] == "application/pdf"
    with pytest.raises(ClientError, match="NoSuchKey"):
        client.get_object(Bucket="edrspace", Key=resolved.removeprefix("edrcontainer1/"))


def test_a_stranger_opens_public_objects_only(running: Demo) -> None:
    seeds = clinic.build(now=NOW).seeds
    public = next(seed.key for seed in seeds if seed.is_public)
    private = next(seed.key for seed in seeds if not seed.is_public)
    endpoint_url = running.values["AWS_S3_ENDPOINT_URL"]
    assert (stranger_gets(endpoint_url, public), stranger_gets(endpoint_url, private)) == (200, 403)


def test_the_database_is_whole(running: Demo, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "records.sqlite3")) as connection:
        assert connection.execute("SELECT count(*) FROM prescription_pdfs").fetchone() == (1500,)


def test_the_env_file_holds_the_same_settings_for_other_commands(running: Demo, folder: Path) -> None:
    assert dotenv_values(folder / "env", interpolate=False) == running.values


def test_the_settings_point_into_the_folder_whatever_its_name(running: Demo, folder: Path) -> None:
    settings = Settings.load(running.values)
    assert settings.notices() == ()
    assert make_url(settings.database_url.get_secret_value()).database == str(folder / "records.sqlite3")
    assert make_url(settings.ledger_url.get_secret_value()).database == str(folder / "ledger.sqlite3")


def test_nobody_else_on_this_computer_reads_it(running: Demo, folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "env").stat().st_mode) == 0o600


def test_the_representation_holds_no_secret(running: Demo) -> None:
    assert running.values["AWS_SECRET_ACCESS_KEY"] not in repr(running)


def test_the_s3_process_logs_nothing(running: Demo, folder: Path) -> None:
    stranger_gets(running.values["AWS_S3_ENDPOINT_URL"], "a?X-Amz-Signature=b")
    assert (folder / "s3.log").read_bytes() == b""


def test_a_second_demo_in_the_same_folder_is_refused_and_the_first_lives_on(running: Demo, folder: Path) -> None:
    with pytest.raises(DemoFailed) as failed:
        demo.start(folder, now=NOW)
    assert failed.value.fault is DemoFault.IN_USE
    assert answers(running.values["AWS_S3_ENDPOINT_URL"])
    assert (folder / "records.sqlite3").exists()


def test_a_stopped_demo_answers_no_more_and_starts_again_from_nothing(tmp_path: Path) -> None:
    first = demo.start(tmp_path / "demo", now=NOW)
    (tmp_path / "demo" / "ledger.sqlite3").write_text("of the last time")
    (tmp_path / "demo" / "deeper").mkdir()
    first.stop()
    first.stop()
    assert not answers(first.values["AWS_S3_ENDPOINT_URL"])
    second = demo.start(tmp_path / "demo", now=NOW)
    second.stop()
    left = {path.name for path in (tmp_path / "demo").iterdir()}
    assert left == {"demo.lock", "env", "records.sqlite3", "s3.log"}
    assert first.values["AWS_SECRET_ACCESS_KEY"] != second.values["AWS_SECRET_ACCESS_KEY"]


def test_a_folder_with_something_else_in_it_is_not_wiped(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DemoFailed) as failed:
        demo.start(tmp_path, now=NOW)
    assert failed.value.fault is DemoFault.NOT_A_DEMO_FOLDER
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_folder_that_cannot_be_made_is_one_clear_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DemoFailed) as failed:
        demo.start(tmp_path / "file" / "demo", now=NOW)
    assert failed.value.fault is DemoFault.NOT_WRITABLE


def test_a_link_in_the_folder_is_removed_and_what_it_points_to_is_not(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / demo.MARKER).touch()
    (folder / "link").symlink_to(kept)
    demo.start(folder, now=NOW).stop()
    assert (kept / "file").exists()
    assert not (folder / "link").exists()


def test_a_file_that_may_not_grow_is_one_clear_failure_without_a_traceback(tmp_path: Path) -> None:
    script = f"""
import resource, signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from dashboard import demo
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    demo.start(Path({str(tmp_path / "demo")!r}), now=datetime.now(UTC))
except demo.DemoFailed as failed:
    print(failed.fault)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=demo.ROOT, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("not_writable\n", "")


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (OSError(errno.ENOSPC, "full"), DemoFault.DISK_FULL),
        (OSError(errno.EDQUOT, "quota"), DemoFault.DISK_FULL),
        (OSError(errno.EROFS, "read-only"), DemoFault.NOT_WRITABLE),
    ],
)
def test_a_full_disk_is_told_from_a_read_only_one(error: OSError, fault: DemoFault) -> None:
    with pytest.raises(DemoFailed) as failed, demo.translated():
        raise error
    assert failed.value.fault is fault


def test_a_full_database_is_told_as_a_full_disk() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(DemoFailed) as failed, demo.translated():
            connection.execute("CREATE TABLE one (page)")
    assert failed.value.fault is DemoFault.DISK_FULL


def test_an_s3_process_that_does_not_start_is_one_clear_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHOME", str(tmp_path / "nowhere"))  # a Python that finds no standard library
    with pytest.raises(DemoFailed) as failed:
        demo.start(tmp_path / "demo", now=NOW)
    assert failed.value.fault is DemoFault.S3_NOT_STARTED
    monkeypatch.delenv("PYTHONHOME")
    demo.start(tmp_path / "demo", now=NOW).stop()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_s3_process_dies_with_its_parent_and_the_folder_is_free(tmp_path: Path, how: signal.Signals) -> None:
    folder = tmp_path / "demo"
    script = f"""
import sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from dashboard import demo
running = demo.start(Path({str(folder)!r}), now=datetime.now(UTC))
print(running.values["AWS_S3_ENDPOINT_URL"], flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=demo.ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    endpoint_url = parent.stdout.readline().strip()
    assert answers(endpoint_url)
    os.kill(parent.pid, how)
    parent.wait(10)
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while answers(endpoint_url):
        assert time.monotonic() < deadline, "the S3 process outlived its parent"
        time.sleep(0.05)
    demo.start(folder, now=NOW).stop()
