"""The watch over what the suite prints, logs and writes down: it sees what is planted, and names no secret."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from lib.access import Actor, Role, Scope
from lib.stores import ledger_migration
from lib.trail import Action
from tests.conftest import NOW
from tests.parts import accounts, canaries, ceph, guarded_s3, sample_clinic
from tests.parts.chromium import ROOT
from tests.parts.postgres import Postgres

PLANTED = {
    "secret": accounts.PASSWORD,
    "name": sample_clinic.RTL_NAME,
    "phone": "tel:+919876543210",
    "signed link": f"GET /a.pdf?X-Amz-Signature={'a1' * 32}",
    "session token": f"Cookie: dashboard-development-session={'t' * 43}",
    "password link": f"http://127.0.0.1/set-password?token={'t' * 43}",
}


@pytest.mark.parametrize("kind", canaries.KINDS)
def test_every_kind_is_seen_and_a_finding_does_not_repeat_it(kind: str) -> None:
    assert canaries.found(f"before {PLANTED[kind]} after") == [kind]
    with pytest.raises(AssertionError) as failed:
        canaries.check(PLANTED[kind], where="here")
    assert str(failed.value).startswith(f"in here: {kind}")
    assert PLANTED[kind] not in str(failed.value).partition("\n")[0]
    canaries.check(PLANTED[kind], where="here", but={kind})


def test_every_secret_of_the_parts_is_known() -> None:
    keys = (ceph.OWNER.secret_access_key, ceph.OTHER.secret_access_key, guarded_s3.SECRET)
    for secret in (*keys, accounts.PASSWORD):
        assert canaries.found(secret) == ["secret"]
    for row in sample_clinic.USERS:
        if row[4] == "patient":
            assert canaries.found(row[3]) == ["name"]
            assert canaries.found(row[1]) == ["phone"]


def test_what_says_nothing_is_no_canary() -> None:
    assert canaries.found("signed in as Asha; X-Amz-Signature=*** from 203.0.113.9, Demo clinic, PAT001") == []


def test_a_trail_in_a_file_is_read(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite3"
    ledger_migration.migrate(url)
    trail = accounts.on_ledger(url).trail
    trail.record(Actor("asha", Role.OWNER), Scope(), Action.OPEN, at=NOW, reason="nothing")
    assert canaries.in_files(tmp_path) == []
    other = tmp_path / "other" / "planted.sqlite3"
    other.parent.mkdir()
    with closing(sqlite3.connect(other)) as planted, planted:
        planted.execute("CREATE TABLE trail (reason TEXT)")
        planted.execute("INSERT INTO trail VALUES ('for Meera Nair')")
    assert canaries.in_files(tmp_path) == [f"{other}: name"]
    other.unlink()


def test_a_trail_in_postgresql_is_read(postgres: Postgres) -> None:
    name = postgres.new_database(schema="CREATE TABLE trail (reason TEXT)")
    postgres.execute("INSERT INTO trail VALUES ('for Meera Nair')", database=name)
    assert f"PostgreSQL {name}: name" in canaries.in_postgres(postgres.socket_dir)
    postgres.execute("DELETE FROM trail", database=name)


LEAKY = """
import logging, sys
SECRET = "for Meera" + " Nair"
def test_on_stdout(): print(SECRET)
def test_on_stderr(): print(SECRET, file=sys.stderr)
def test_in_the_log(): logging.warning("seen: %s", SECRET)
def test_that_keeps_it(): print("fine")
"""


def test_a_test_that_leaks_fails_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_runtest_makereport\n")
    (tmp_path / "test_leaky.py").write_text(LEAKY)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "4 passed, 3 errors" in done.stdout
    for name, place in (("on_stdout", "stdout"), ("on_stderr", "stderr"), ("in_the_log", "log")):
        assert f"test_leaky.py::test_{name}: a canary in Captured {place} call: name" in done.stdout
