"""Connections to the clinic's database that can only read, wait for nothing for long, and outlive a restart."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from lib.errors import SettingInvalid
from lib.stores import records_faults

STEPS_BETWEEN_CHECKS = 1000  # SQLite's virtual machine steps, far below a millisecond


@dataclass(frozen=True, slots=True)
class Limits:
    """How long anything may take, and how many connections are held."""

    connect: timedelta = timedelta(seconds=3)  # libpq counts whole seconds, and no less than two
    statement: timedelta = timedelta(seconds=3)
    total: timedelta = timedelta(milliseconds=300)  # for counting; after that the database estimates
    locked: timedelta = timedelta(seconds=1)  # SQLite only: another program holds the file
    pool: timedelta = timedelta(seconds=3)
    connections: int = 10
    slow: timedelta = timedelta(milliseconds=150)  # a page that took longer is asked which index would help


class ReadOnlyEngine:
    """Read-only transactions with a budget. The constructor touches no network."""

    def __init__(self, url: str, *, limits: Limits) -> None:
        self._limits = limits
        try:
            parsed = sa.make_url(url)
            is_sqlite = parsed.get_backend_name() == "sqlite"
            self._engine = _sqlite(parsed, limits) if is_sqlite else _postgresql(parsed, limits)
        except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ValueError):
            # Not "from error": the text of that error is the address, password included.
            raise SettingInvalid("DATABASE_URL", "must be a PostgreSQL or SQLite address") from None
        self.is_sqlite = is_sqlite

    @contextmanager
    def transaction(self, *, budget: timedelta | None = None, adopting: str = "") -> Iterator[sa.Connection]:
        """Open one read-only snapshot, each statement of which may take ``budget``; raise DatabaseUnavailable.

        ``adopting`` names the snapshot that another transaction exported (PostgreSQL), to see what that one sees.
        """
        budget = budget or self._limits.statement
        with records_faults.translated(), self._engine.connect() as connection, connection.begin():
            if self.is_sqlite:
                with _deadline(connection, budget):
                    yield connection
            else:
                if adopting:
                    connection.exec_driver_sql("SET TRANSACTION SNAPSHOT %s", (adopting,))
                # For this transaction only: behind PgBouncer a session's settings would reach the application.
                # JIT costs more than it saves for 25 rows.
                connection.execute(
                    sa.select(
                        sa.func.set_config("statement_timeout", str(int(budget / timedelta(milliseconds=1))), True),
                        sa.func.set_config("jit", "off", True),
                    )
                )
                yield connection

    def without_workers(self, connection: sa.Connection) -> None:
        """Keep PostgreSQL's parallel workers out of the rest of this transaction."""
        if not self.is_sqlite:
            connection.execute(sa.select(sa.func.set_config("max_parallel_workers_per_gather", "0", True)))

    def close(self) -> None:
        """Close every pooled connection."""
        self._engine.dispose()


def _postgresql(url: sa.URL, limits: Limits) -> sa.Engine:
    if url.get_backend_name() not in {"postgres", "postgresql"}:
        raise ValueError(url.get_backend_name())
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg2"),
        pool_size=limits.connections // 2,
        max_overflow=limits.connections - limits.connections // 2,
        pool_timeout=limits.pool.total_seconds(),
        pool_recycle=1800,
        pool_pre_ping=True,
        hide_parameters=True,
        use_native_hstore=False,
        # One snapshot for all statements of a page: a version that flips between two of them cannot mix two states.
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
        connect_args={
            "connect_timeout": max(2, int(limits.connect.total_seconds())),
            "application_name": "prescription-pdf-dashboard",
            "client_encoding": "utf8",
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
        },
    )


def _sqlite(url: sa.URL, limits: Limits) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise ValueError("no file")
    address = f"{Path(url.database).absolute().as_uri()}?mode=ro"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=limits.locked.total_seconds(), isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA query_only = ON")
        # SQLite's own lower() knows ASCII only.
        connection.create_function("lower", 1, _lower, deterministic=True)
        return connection

    engine = sa.create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=limits.connections // 2,
        max_overflow=limits.connections - limits.connections // 2,
        pool_timeout=limits.pool.total_seconds(),
        hide_parameters=True,
    )
    # Python's driver begins no transaction for a SELECT, and two statements would see two states.
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _lower(text: Any) -> Any:
    return text.lower() if isinstance(text, str) else text


@contextmanager
def _deadline(connection: sa.Connection, budget: timedelta) -> Iterator[None]:
    driver: Any = connection.connection.driver_connection
    ends = time.monotonic() + budget.total_seconds()
    driver.set_progress_handler(lambda: time.monotonic() > ends, STEPS_BETWEEN_CHECKS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)
