"""Where the planted clinic grows: in PostgreSQL and a real Ceph RGW, or in SQLite and the guarded S3."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import urllib3

from dashboard.demo.guarded_s3 import GuardedS3, SeedObject
from lib.catalogue import Code
from lib.stores import ledger_migration
from tests.parts import planted_growing
from tests.parts.broken_clinic import values
from tests.parts.broken_keys import LOCATION, RULES
from tests.parts.ceph import Ceph
from tests.parts.planted import REPORTS, SETTINGS, Planted
from tests.parts.postgres import SCHEMA, Postgres
from tests.parts.sample_clinic import fill, sqlite_clinic

AT_ONCE = 8
Grow = Callable[..., Planted]
# Ceph dates what it is given itself. So the grace window of a run on it is short, and what is young is written again and again.
CEPH_GRACE = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Clinic:
    """A planted clinic, and the settings of a dashboard that looks at it. ``grace`` is what an audit of it must be given."""

    planted: Planted = field(repr=False)
    values: Mapping[str, str] = field(repr=False)
    grace: timedelta
    settled: float = 0.0  # on the monotonic clock: what is old was written then

    def wait(self) -> None:
        """Wait until what is old is older than the grace window of a run that begins now."""
        time.sleep(max(0.0, self.settled + self.grace.total_seconds() - time.monotonic()))

    @property
    def words(self) -> tuple[str, ...]:
        """What the command must be given for this clinic."""
        return "--grace", f"{int(self.grace.total_seconds())}s"


@contextmanager
def on_ceph(
    objects: int, *, ceph: Ceph, postgres: Postgres, ledger: Path, seed: int = 5, now: datetime | None = None
) -> Iterator[Clinic]:
    """Grow it on a versioned bucket; until the block ends, what is young stays young. 20,000 objects take a minute."""
    bucket = ceph.bucket()
    planted = planted_growing.grow(objects, seed=seed, now=now or datetime.now(UTC), bucket=bucket)
    client = ceph.client()
    young = [each for each in planted.objects if each.key in planted.young]
    put_all(ceph, bucket, [each for each in planted.objects if each.key not in planted.young])
    # Versions are kept from here on: with them, Ceph takes a third longer to write.
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in planted.deleted:
        client.put_object(Bucket=bucket, Key=key, Body=b"%PDF-1.4")
        client.delete_object(Bucket=bucket, Key=key)
    for key in planted.uploading:
        client.create_multipart_upload(Bucket=bucket, Key=key)
    # Addresses are longer than the application's column, which is another mistake of the catalogue.
    schema = SCHEMA.read_text().replace("pdf_file varchar(100)", "pdf_file text") + REPORTS
    database = postgres.url(postgres.new_database(schema=schema))
    fill(database, planted.tables())
    found = values(ceph, bucket=bucket, database_url=database, ledger=ledger) | settings_of(ledger)
    with _written_again(ceph, bucket, young):
        yield Clinic(planted, found, CEPH_GRACE, time.monotonic())


def on_guarded_s3(
    objects: int, *, server: GuardedS3, folder: Path, seed: int = 5, grow: Grow = planted_growing.grow
) -> Clinic:
    """Grow it on SQLite and the guarded S3, which keeps no versions and no uploads in parts. 600 objects take 0.2 s."""
    now = datetime.now(UTC)
    planted = without_versions(grow(objects, seed=seed, now=now, bucket=server.bucket))
    for each in planted.objects:
        server.put(each if each.key in planted.young else replace(each, modified=now - timedelta(days=1)))
    database = sqlite_clinic(folder / "clinic.sqlite3", {})
    with closing(sqlite3.connect(folder / "clinic.sqlite3")) as connection:
        connection.execute(REPORTS)
    fill(database, {table: rows for table, rows in planted.tables().items() if rows})
    ledger = folder / "ledger.sqlite3"
    found = {
        "AWS_STORAGE_BUCKET_NAME": server.bucket,
        "AWS_S3_ENDPOINT_URL": server.endpoint_url,
        "AWS_S3_REGION_NAME": "sgp1",
        "AWS_ACCESS_KEY_ID": server.access_key_id,
        "AWS_SECRET_ACCESS_KEY": server.secret_access_key,
        "AWS_LOCATION": LOCATION,
        "DASHBOARD_PREVIOUS_LOCATIONS": ",".join(RULES.previous_locations),
        "DASHBOARD_URL_HOSTS": ",".join(RULES.url_hosts),
        "DATABASE_URL": database,
        "DASHBOARD_DATABASE_URL": f"sqlite:///{ledger}",
        "DASHBOARD_SECRET_KEY": "a-secret-of-more-than-32-characters-x",
    }
    return Clinic(planted, found | settings_of(ledger), timedelta(minutes=15))


def settings_of(ledger: Path) -> dict[str, str]:
    """Return what an audit of this clinic is told, with its private files beside the ledger, which is made."""
    ledger_migration.migrate(f"sqlite:///{ledger}")
    return {"DASHBOARD_AUDIT_FOLDER": str(ledger.parent / "audits"), **SETTINGS}


def without_versions(planted: Planted) -> Planted:
    """Return the clinic as it is in a bucket that keeps neither versions nor uploads: what was there was never uploaded."""
    nowhere = {Code.DELETE_MARKER, Code.MULTIPART_UNFINISHED}
    findings = tuple(
        replace(each, code=Code.NEVER_UPLOADED) if each.code in nowhere else each for each in planted.findings
    )
    return replace(planted, findings=findings, deleted=(), uploading=())


def put_all(ceph: Ceph, bucket: str, objects: Sequence[SeedObject]) -> None:
    """Put many objects: plain private ones through signed links, which cost a third of what boto3's own PUT does."""
    client = ceph.client()
    # urllib3 folds ./ and ../ out of a path, as browsers do.
    is_odd = {each.key: each.is_public or each.is_multipart or "/." in each.key for each in objects}
    plain = [each for each in objects if not is_odd[each.key]]
    with urllib3.PoolManager(maxsize=AT_ONCE, block=True) as connections, ThreadPoolExecutor(AT_ONCE) as pool:

        def put(seed: SeedObject) -> None:
            wanted: dict[str, Any] = {"Bucket": bucket, "Key": seed.key, "ContentType": seed.content_type}
            url = client.generate_presigned_url("put_object", Params=wanted)
            answer = connections.request("PUT", url, body=seed.body, headers={"Content-Type": seed.content_type})
            assert answer.status == 200, (seed.key, answer.status, answer.data)

        list(pool.map(put, plain))
        list(pool.map(lambda seed: ceph.put(bucket, seed), (each for each in objects if is_odd[each.key])))


@contextmanager
def _written_again(ceph: Ceph, bucket: str, young: Sequence[SeedObject]) -> Iterator[None]:
    ended = threading.Event()

    def write() -> None:
        while not ended.is_set():
            put_all(ceph, bucket, young)
            ended.wait(CEPH_GRACE.total_seconds() / 4)

    put_all(ceph, bucket, young)
    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
