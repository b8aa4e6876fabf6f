"""The demo clinic: synthetic records, small real PDFs and a guarded S3 in its own process.

clinic = demo.start(folder, now=datetime.now(UTC))
try: ...  # settings in clinic.values, and in folder/env for other commands
finally: clinic.stop()
"""

from __future__ import annotations

import errno
import fcntl
import http.client
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote, urlsplit

from dashboard.demo import clinic, damage, examples, seeds, tables
from lib.errors import DashboardError

ROOT = Path(__file__).resolve().parent.parent.parent
MARKER = "demo.lock"  # says that the folder is ours to wipe, and is locked while a demo runs
START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 5


class DemoFault(StrEnum):
    """Why the demo could not start."""

    NOT_WRITABLE = "not_writable"  # the folder
    DISK_FULL = "disk_full"
    IN_USE = "in_use"  # another demo runs in this folder
    NOT_A_DEMO_FOLDER = "not_a_demo_folder"  # it holds something else, which must not be wiped
    S3_NOT_STARTED = "s3_not_started"  # the S3 process ended or never answered; see s3.log in the folder


class DemoFailed(DashboardError):
    """The demo could not start."""

    def __init__(self, fault: DemoFault) -> None:
        super().__init__(f"demo: {fault}")
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo: its settings, what is worth searching for, and the end of it."""

    values: Mapping[str, str] = field(repr=False)
    examples: tuple[tuple[str, str], ...]  # button label, search text
    stored: Mapping[str, str]  # stored keys that are worth explaining
    _resources: ExitStack = field(repr=False)

    def stop(self) -> None:
        """End the S3 process and free the folder. Twice does no harm."""
        self._resources.close()


def start(folder: Path, *, now: datetime) -> Demo:
    """Wipe the folder, build the clinic as of an aware instant, serve its PDFs; raise DemoFailed.

    The S3 process loads its libraries while this one builds the clinic, and its objects while this one writes the
    database.
    """
    with ExitStack() as undo:
        with translated():
            undo.enter_context(_claimed(folder))
            process = undo.enter_context(_s3_process(log=folder / "s3.log"))
        watchdog = threading.Timer(START_TIMEOUT_S, process.kill)  # ends every wait on the process below
        watchdog.daemon = True
        watchdog.start()
        undo.callback(watchdog.cancel)
        options = seeds.Options(damage.BUCKET, "DEMOACCESSKEY", secrets.token_urlsafe(30))
        built = clinic.build(now=now)
        _send(options, built.seeds, to=process)
        with translated():
            tables.write(built.tables, folder / "records.sqlite3")
        endpoint_url = _answering(process)
        watchdog.cancel()
        values = _values(folder, options=options, endpoint_url=endpoint_url)
        with translated():
            _write_env(folder / "env", values)
        found = examples.of(built, endpoint_url=endpoint_url)
        return Demo(values, found, examples.stored_keys(built), undo.pop_all())


@contextmanager
def translated() -> Iterator[None]:
    """Raise DemoFailed for whatever keeps the folder from being written."""
    try:
        yield
    except OSError as error:
        is_full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise DemoFailed(DemoFault.DISK_FULL if is_full else DemoFault.NOT_WRITABLE) from error
    except sqlite3.Error as error:
        is_full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL  # not every error has one
        raise DemoFailed(DemoFault.DISK_FULL if is_full else DemoFault.NOT_WRITABLE) from error


@contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    """Hold the folder, emptied, for this process alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    marker = folder / MARKER
    if not marker.exists() and any(folder.iterdir()):
        raise DemoFailed(DemoFault.NOT_A_DEMO_FOLDER)
    folder.chmod(0o700)
    with marker.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with the process, however it ends
        except BlockingIOError as error:
            raise DemoFailed(DemoFault.IN_USE) from error
        for leftover in folder.iterdir():
            if leftover.is_dir() and not leftover.is_symlink():
                shutil.rmtree(leftover)
            elif leftover != marker:
                leftover.unlink()
        yield


@contextmanager
def _s3_process(*, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the guarded S3 until the block ends, or this process does."""
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "dashboard.demo.process"],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,  # Ctrl+C is for this process, which then ends that one
        )
    try:
        yield process
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _send(options: seeds.Options, objects: tuple[seeds.Seed, ...], *, to: subprocess.Popen[bytes]) -> None:
    assert to.stdin
    try:
        seeds.send(options, objects, to=to.stdin)
    except BrokenPipeError as error:
        raise DemoFailed(DemoFault.S3_NOT_STARTED) from error


def _answering(process: subprocess.Popen[bytes]) -> str:
    """Return the address once the server has answered there."""
    assert process.stdout
    endpoint_url = process.stdout.readline().decode("ascii").strip()
    connection = http.client.HTTPConnection(urlsplit(endpoint_url).netloc or "127.0.0.1:0", timeout=STOP_TIMEOUT_S)
    try:
        connection.request("GET", f"/{damage.BUCKET}")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        raise DemoFailed(DemoFault.S3_NOT_STARTED) from error
    finally:
        connection.close()
    return endpoint_url


def _values(folder: Path, *, options: seeds.Options, endpoint_url: str) -> dict[str, str]:
    base = f"sqlite:///{quote(str(folder.resolve()))}"
    return {
        "DATABASE_URL": f"{base}/records.sqlite3",
        "DASHBOARD_DATABASE_URL": f"{base}/ledger.sqlite3",
        "DASHBOARD_AUDIT_FOLDER": str(folder.resolve() / "audits"),
        "AWS_ACCESS_KEY_ID": options.access_key_id,
        "AWS_SECRET_ACCESS_KEY": options.secret_access_key,
        "AWS_SESSION_TOKEN": "",
        "AWS_STORAGE_BUCKET_NAME": options.bucket,
        "AWS_S3_ENDPOINT_URL": endpoint_url,
        "AWS_S3_REGION_NAME": "sgp1",
        "AWS_S3_ADDRESSING_STYLE": "path",
        "AWS_LOCATION": damage.LOCATION,
        "DASHBOARD_PREVIOUS_LOCATIONS": damage.PREVIOUS_LOCATION,
        "DASHBOARD_URL_HOSTS": damage.URL_HOST,
        "DASHBOARD_SECRET_KEY": secrets.token_urlsafe(48),
    }


def _write_env(path: Path, values: Mapping[str, str]) -> None:
    quoted = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in values.items()}
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}='{value}'\n" for name, value in quoted.items()), encoding="utf-8")
