"""Settings -> what starts, works and reads the runs of "Check all files". Brings neither boto3 nor Streamlit.

A run of a million files has 128 MiB: boto3 is imported when there is something to ask of single objects.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, make_url

from lib import audits, setting_rules
from lib.audit_book import Desk
from lib.audit_shop import Shop
from lib.audits import Run
from lib.listing import ObjectLister
from lib.settings import ROOT, Settings
from lib.stores import ledger_db, ledger_engine, records_snapshot
from lib.stores.ledger_audit_work import LedgerWork
from lib.stores.ledger_audits import LedgerRuns
from lib.stores.ledger_findings import LedgerFindings
from lib.stores.ledger_pictures import LedgerPictures
from lib.stores.leftover_file import LeftoverFile
from lib.stores.row_file import RowFile
from lib.stores.s3_config import S3Config
from lib.stores.s3_pages import S3Pages
from lib.stores.seen_file import SeenFile
from lib.stores.walker_process import WalkerProcesses
from lib.trail import Trail

if TYPE_CHECKING:
    from lib.stores.s3 import S3Objects


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class AuditOffice:
    """What a command that checks all files works with (``Office``)."""

    trail: Trail
    clock: Callable[[], datetime]
    audits: Desk


def office(settings: Settings) -> AuditOffice:
    """Return the book of runs and the trail of these settings. Touches no network."""
    trail = ledger_db.open_trail(settings.ledger_url.get_secret_value(), derive=settings.derive)
    return AuditOffice(trail, _now, desk(settings))


def desk(settings: Settings) -> Desk:
    """Return where runs of this bucket and database are started and read. Touches no network."""
    engine = _engine(settings)
    return Desk(
        runs=LedgerRuns(engine),
        findings=LedgerFindings(engine),
        target=target(settings),
        launch=lambda run: launch(run, settings),
        pictures=LedgerPictures(engine),
    )


def book(settings: Settings) -> LedgerWork:
    """Return the book of runs for a process that works one. Touches no network."""
    return LedgerWork(_engine(settings))


def target(settings: Settings) -> str:
    """Return what tells the runs of this bucket and this database from others, and says nothing about them.

    Another user, or another password, is of the same database; another schema by ``options`` is none.
    """
    url = settings.database_url.get_secret_value()
    schema = str(make_url(url).query.get("options", ""))
    return audits.target(
        _mark(settings.endpoint_url, settings.bucket), _mark(*setting_rules.database_place(url), schema)
    )


def _mark(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def launch(run: Run, settings: Settings) -> None:
    """Start a process that works a run; it lives on when this one ends. Raises OSError."""
    process = subprocess.Popen(  # noqa: S603 - our own program, and two numbers
        [sys.executable, "-m", "dashboard.audit_worker", str(run.run_id), str(run.fence)],
        cwd=ROOT,
        env={**os.environ, **settings.as_read()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(target=process.wait, name="audit-worker", daemon=True).start()  # or it stays as a zombie


def shop(run: Run, settings: Settings) -> Shop:
    """Return what this process works a run with. Takes the files of other runs of the bucket away; raises OSError."""
    engine = _engine(settings)
    config = s3_config(settings)

    @cache
    def heads() -> S3Objects:
        from lib.stores.s3 import S3Objects  # brings boto3

        return S3Objects(config)

    def lister() -> ObjectLister:
        from lib.stores.s3_listing import S3Lister

        return S3Lister(heads().connection)

    return Shop(
        book=book(settings),
        runs=LedgerRuns(engine),
        findings=LedgerFindings(engine),
        rows=records_snapshot.connect(
            settings.database_url.get_secret_value(), location=settings.location, files=settings.file_columns
        ),
        pages=S3Pages(config),
        heads=heads,
        lister=lister,
        open_spool=RowFile,
        open_scratch=lambda path: LeftoverFile(str(path)),
        helpers=WalkerProcesses(config),
        seen=SeenFile(_path(run, settings).with_name(f"seen-{run.target}")),
        folder=_folder(run, settings),
        rules=settings.rules,
        owned=settings.owned_prefixes,
        ignored=settings.ignored_objects,
        clock=_now,
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
    )


def clear(run: Run, settings: Settings) -> None:
    """Take away the private files of a run that is complete."""
    shutil.rmtree(_path(run, settings), ignore_errors=True)


def s3_config(settings: Settings) -> S3Config:
    """Return the bucket of these settings."""
    return S3Config(
        bucket=settings.bucket,
        endpoint_url=settings.endpoint_url,
        region=settings.region,
        access_key_id=settings.access_key_id.get_secret_value(),
        secret_access_key=settings.secret_access_key.get_secret_value(),
        session_token=settings.session_token.get_secret_value() if settings.session_token else None,
        addressing_style=settings.addressing_style,
        location=settings.location,
    )


def _engine(settings: Settings) -> Engine:
    return ledger_engine.make(settings.ledger_url.get_secret_value())


def _path(run: Run, settings: Settings) -> Path:
    return ROOT / settings.audit_folder / f"{run.target}-{run.run_id}"


def _folder(run: Run, settings: Settings) -> Path:
    folder = _path(run, settings)
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    bucket = audits.bucket_of(run.target)  # all that a run of the version before was of: nobody can take that up
    for other in (*folder.parent.glob(f"{run.target}-*"), *folder.parent.glob(f"{bucket}-*")):
        if other != folder:  # of one bucket, one run at a time has a lease
            shutil.rmtree(other, ignore_errors=True)
    (folder.parent / f"seen-{bucket}").unlink(missing_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
