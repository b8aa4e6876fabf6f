"""A run belongs to one bucket: nobody works, stops or reads it from a dashboard of another, though both share a ledger."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dashboard import audit_wiring
from lib import audit_reading, audit_supervision, auditing
from lib.access import Scope
from lib.audits import Fault, Options, Progress, Result, Status, bucket_of
from lib.diagnosis import State
from lib.kept_findings import Chosen
from lib.settings import Settings
from lib.stores.memory.audits import MemoryAudits
from lib.stores.memory.pictures import MemoryPictures
from tests.conftest import NOW
from tests.core.clinic import ASHA, bench
from tests.parts.audited import TARGET, Audited

OURS, THEIRS = 1, 2


def test_a_run_of_another_bucket_is_neither_taken_up_nor_stopped() -> None:
    book = Audited(bench().services)
    theirs = replace(book.services, audits=replace(book.desk, target="another"))
    run = book.audits.begin(TARGET, Options(), by="asha", at=NOW)
    auditing.cancel(ASHA, Scope(), services=theirs, run_id=run.run_id)
    now = book.audits.run(run.run_id)
    assert now is not None
    assert not now.is_cancelling
    book.audits.end(run, Result(Status.INCOMPLETE), progress=run.progress, at=NOW, worked=NOW - NOW)
    with pytest.raises(LookupError):
        auditing.resume(ASHA, Scope(), services=theirs, run_id=run.run_id)
    assert book.launched == []
    assert auditing.resume(ASHA, Scope(), services=book.services, run_id=run.run_id).fence == 2


@pytest.mark.parametrize(
    "read",
    [
        partial(audit_reading.findings, chosen=Chosen(), limit=5),
        partial(audit_reading.groups),
        partial(audit_reading.groups, run_id=OURS, than=THEIRS),
        partial(audit_reading.since),
        partial(audit_reading.past, before=None),
        partial(audit_reading.tallies),
        partial(audit_reading.states),
        partial(audit_reading.records_in, state=State.MISSING),
        partial(audit_reading.months),
        partial(audit_reading.flows),
        partial(audit_reading.right_files),
        partial(audit_reading.difference, first=OURS, second=THEIRS, limit=5),
        partial(audit_reading.difference, first=THEIRS, second=OURS, limit=5),
    ],
)
def test_nothing_is_read_of_a_run_of_another_bucket(read: Callable[..., Any]) -> None:
    book = Audited(bench().services)
    desk = replace(book.desk, pictures=MemoryPictures(book.audits))
    book.check([], at=NOW)
    book.audits.end(
        book.audits.begin("another", Options(), by="asha", at=NOW),
        Result(Status.COMPLETE),
        progress=Progress(),
        at=NOW,
        worked=NOW - NOW,
    )
    asked = {} if read.keywords.keys() & {"run_id", "first"} else {"run_id": THEIRS}
    with pytest.raises(LookupError):
        read(ASHA, Scope(), services=replace(book.services, audits=desk), **asked)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOTDIR, "x"), Fault.NO_FOLDER),
        (OSError(errno.ENOSPC, "x"), Fault.DISK_FULL),
        (ValueError("x"), Fault.UNEXPECTED),
    ],
)
def test_a_run_that_could_not_begin_is_failed_in_the_book_and_holds_up_no_other(
    error: Exception, reason: Fault
) -> None:
    book = MemoryAudits()
    run = book.begin(TARGET, Options(), by="asha", at=NOW)
    with nullcontext() if reason is not Fault.UNEXPECTED else pytest.raises(ValueError, match="x"):
        audit_supervision.never_begun(run, error, book=book, at=NOW)
    ended = book.run(run.run_id)
    assert ended is not None
    assert (ended.status, ended.result and ended.result.reason) == (Status.FAILED, reason)
    assert book.begin(TARGET, Options(), by="asha", at=NOW).run_id == 2


def test_another_user_is_of_the_same_database_and_another_host_name_or_schema_is_not() -> None:
    def at(url: str, bucket: str = "edrspace") -> str:
        keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_S3_ENDPOINT_URL": "http://127.0.0.1:9"}
        named = {"AWS_STORAGE_BUCKET_NAME": bucket, "DATABASE_URL": url, "DASHBOARD_SECRET_KEY": "k" * 40}
        return audit_wiring.target(Settings.load({**keys, **named, "DASHBOARD_ENV_FILE": ""}))

    here = at("postgresql://dev:one@db.example/clinic")
    assert here == at("postgres://owner:two@DB.example:5432/clinic?sslmode=require")
    others = [
        at("postgresql://dev:one@db.example/other"),
        at("postgresql://dev:one@db2.example/clinic"),
        at("postgresql://dev:one@db.example/clinic?options=-csearch_path%3Dsouth"),
    ]
    assert len({here, *others}) == 4
    assert {bucket_of(each) for each in [here, *others]} == {bucket_of(here)}
    assert bucket_of(at("postgresql://dev:one@db.example/clinic", "another")) != bucket_of(here)


def test_files_of_the_version_before_go_and_those_of_another_database_stay(tmp_path: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_S3_ENDPOINT_URL": "http://127.0.0.1:9"}
    ours = {"DASHBOARD_AUDIT_FOLDER": str(tmp_path / "audits"), "DASHBOARD_SECRET_KEY": "k" * 40}
    ours["DASHBOARD_DATABASE_URL"] = f"sqlite:///{tmp_path}/ledger.sqlite3"
    url = {"AWS_STORAGE_BUCKET_NAME": "edrspace", "DATABASE_URL": "postgresql://dev:one@db.example/clinic"}
    settings = Settings.load({**keys, **ours, **url, "DASHBOARD_ENV_FILE": ""})
    target = audit_wiring.target(settings)
    bucket = bucket_of(target)
    for name in (f"{bucket}-3", f"{target}-4", f"{bucket}.{'0' * 16}-5", f"{bucket}0-6"):
        (tmp_path / "audits" / name).mkdir(parents=True)
    (tmp_path / "audits" / f"seen-{bucket}").touch()
    run = replace(MemoryAudits().begin(target, Options(), by="asha", at=NOW), run_id=7)
    audit_wiring.shop(run, settings)
    left = {each.name for each in (tmp_path / "audits").iterdir()}
    assert left == {f"{target}-7", f"{bucket}.{'0' * 16}-5", f"{bucket}0-6"}
