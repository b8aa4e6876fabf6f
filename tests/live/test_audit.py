"""The whole-bucket audit on a real PostgreSQL and a real Ceph RGW: all that was planted is found, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.findings import Kind
from tests.parts.audit_command import audit, differences, faults_of_form
from tests.parts.ceph import Ceph
from tests.parts.planted_clinic import Clinic, on_ceph
from tests.parts.postgres import Postgres


@pytest.fixture(scope="module")
def clinic(ceph: Ceph, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """600 objects, and about as many rows."""
    ledger = tmp_path_factory.mktemp("audit") / "ledger.sqlite3"
    with on_ceph(600, ceph=ceph, postgres=postgres, ledger=ledger) as grown:
        grown.wait()
        yield grown


def test_all_that_was_planted_is_found_nothing_is_invented_and_twice_the_same(clinic: Clinic, tmp_path: Path) -> None:
    planted = clinic.planted
    first = audit(clinic.values, *clinic.words, "--exposure", "full", out=tmp_path / "first")
    assert list(faults_of_form(first)) == []
    assert differences(planted, first, public=planted.public) == []
    assert first.status == 1
    answer = first.json
    assert (answer["status"], answer["records"], answer["objects"]) == ("complete", len(planted.rows), 600)

    strangers = answer["strangers"]
    assert (strangers["open"], strangers["unknown"]) == (len(planted.public), 0)
    assert strangers["closed"] > 500

    second = audit(clinic.values, *clinic.words, "--exposure", "sample", out=tmp_path / "second")
    assert list(faults_of_form(second)) == []
    assert sum(second.json["strangers"].values()) == 50
    is_open = [each["kind"] == Kind.PUBLICLY_READABLE for each in second.findings]
    assert sum(is_open) <= 1, "one finding for the bucket"
    rest = [line for line, is_sample in zip(second.lines, is_open, strict=True) if not is_sample]
    of_each = {each["kind"] for each in first.findings}
    assert len(of_each) > 10
    kept = [
        line for line, each in zip(first.lines, first.findings, strict=True) if each["kind"] != Kind.PUBLICLY_READABLE
    ]
    assert rest == kept, "the same lines, byte for byte"
