"""The whole-bucket audit on a real PostgreSQL and a real Ceph RGW: all that was planted is found, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.findings import Kind
from tests.parts.audit_command import audit, differences, faults_of_form
from tests.parts.ceph import LOCATION, Ceph
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


def test_a_key_that_may_list_one_folder_alone_finds_the_same_files_missing(
    clinic: Clinic, ceph: Ceph, tmp_path: Path
) -> None:
    """To such a key storage answers a HEAD of what is not there with 403."""
    bucket = clinic.values["AWS_STORAGE_BUCKET_NAME"]
    name = f"arn:aws:s3:::{bucket}"
    who = {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/other"]}}
    below = {"StringLike": {"s3:prefix": [f"{LOCATION}/*"]}}
    may_list = who | {"Action": ["s3:ListBucket"], "Resource": [name], "Condition": below}
    may_read = who | {"Action": ["s3:GetObject"], "Resource": [f"{name}/*"]}
    policy = {"Version": "2012-10-17", "Statement": [may_list, may_read]}
    keys = {
        "AWS_ACCESS_KEY_ID": ceph.other.access_key_id,
        "AWS_SECRET_ACCESS_KEY": ceph.other.secret_access_key,
    }
    ceph.client().put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    try:
        ran = audit({**clinic.values, **keys}, *clinic.words, "--exposure", "none", out=tmp_path / "narrow")
    finally:
        ceph.client().delete_bucket_policy(Bucket=bucket)
    assert ran.json["status"] == "complete", ran.err
    assert ran.of(Kind.UNDETERMINED) == []
    planted = {each.record_id for each in clinic.planted.findings if each.kind is Kind.DANGLING_REFERENCE}
    assert {each["record_id"] for each in ran.of(Kind.DANGLING_REFERENCE)} == planted
