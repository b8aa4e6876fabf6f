"""A clinic on a real PostgreSQL and a real Ceph RGW, in which every row is broken in a way of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from dashboard.demo.guarded_s3 import SeedObject
from tests.parts.broken_keys import LOCATION, RULES, Case
from tests.parts.ceph import Ceph
from tests.parts.postgres import SCHEMA, Postgres
from tests.parts.sample_clinic import fill

WHEN = datetime(2026, 11, 12, 8, tzinfo=UTC)
OTHERS = 100_000  # the numbers of the rows that own decoys begin here


@dataclass(frozen=True, slots=True)
class BrokenClinic:
    """Where it is. ``numbers`` says which row is which case."""

    values: Mapping[str, str]
    database: str
    bucket: str
    numbers: Mapping[int, Case] = field(repr=False)


def values(ceph: Ceph, *, bucket: str, database_url: str, ledger: Path) -> dict[str, str]:
    """Return the settings of a dashboard that looks at this bucket and this database."""
    return {
        "AWS_STORAGE_BUCKET_NAME": bucket,
        "AWS_S3_ENDPOINT_URL": ceph.endpoint_url,
        "AWS_S3_REGION_NAME": "sgp1",
        "AWS_ACCESS_KEY_ID": ceph.owner.access_key_id,
        "AWS_SECRET_ACCESS_KEY": ceph.owner.secret_access_key,
        "AWS_LOCATION": LOCATION,
        "DASHBOARD_PREVIOUS_LOCATIONS": ",".join(RULES.previous_locations),
        "DASHBOARD_URL_HOSTS": ",".join(RULES.url_hosts),
        "DATABASE_URL": database_url,
        "DASHBOARD_DATABASE_URL": f"sqlite:///{ledger}",
        "DASHBOARD_SECRET_KEY": "a-secret-of-more-than-32-characters-x",
    }


def plant(cases: Sequence[Case], *, postgres: Postgres, ceph: Ceph, ledger: Path) -> BrokenClinic:
    """Put every object, and a row for every case and for every decoy that is another row's."""
    bucket = ceph.bucket()
    named = {case: case.stored.replace(RULES.bucket, bucket) for case in cases}
    objects = {each.key: each for case in cases for each in (case.right, *case.decoys)}
    seeds = [SeedObject(each.key, each.body, is_multipart=each.is_multipart) for each in objects.values()]
    in_parallel(lambda seed: ceph.put(bucket, seed), seeds)
    # Addresses are longer than the application's column, which is another mistake of the catalogue.
    schema = SCHEMA.read_text().replace("pdf_file varchar(100)", "pdf_file text")
    database = postgres.new_database(schema=schema)
    numbers = dict(enumerate(cases, start=1))
    rows = [
        (number, case.consultation or None, named[case], case.size_bytes, case.md5) for number, case in numbers.items()
    ]
    owned = sorted({key for case in cases for key in case.taken})
    rows += [(OTHERS + at, None, key.removeprefix(f"{LOCATION}/"), None, None) for at, key in enumerate(owned)]
    fill(postgres.url(database), tables(rows))
    found = values(ceph, bucket=bucket, database_url=postgres.url(database), ledger=ledger)
    return BrokenClinic(found, database, bucket, numbers)


def in_parallel(do: Callable[[Any], object], items: Iterable[Any]) -> None:
    """Do it for each of them, eight at once."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(do, items))


def tables(rows: Sequence[tuple[int, str | None, str, int | None, str | None]]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the tables of rows (number, consultation, stored key, size, MD5), each of a patient of its own."""
    first = {row[1]: row[0] for row in reversed(rows) if row[1]}
    return {
        "users": [
            ("DOC1", "+919800000000", None, "Dr Dev", "doctor", True),
            *((f"PAT{row[0]}", f"+9198{row[0]:08}", None, f"Patient {row[0]}", "patient", True) for row in rows),
        ],
        "clinics": [("CLN1", "Lakeside", "DOC1", True)],
        "consultations": [
            (each, f"PAT{number}", "DOC1", "CLN1", date(2026, 11, 12), "completed") for each, number in first.items()
        ],
        "prescriptions": [
            (row[0], row[1], "DOC1", f"PAT{row[0]}", date(2026, 11, 12), "", False, True, WHEN, WHEN) for row in rows
        ],
        "prescription_pdfs": [
            (row[0], row[0], row[2], 1, True, "DOC1", WHEN, False, row[3], row[4] or "") for row in rows
        ],
    }
