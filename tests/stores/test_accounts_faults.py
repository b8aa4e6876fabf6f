"""What can go wrong with the ledger under somebody who signs in, each with its own fault."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from lib import accounts as use
from lib import sign_in
from lib.access import Role
from lib.accounts import Accounts
from lib.errors import LedgerFault, LedgerUnavailable
from lib.people import NewRole
from lib.sign_in import SignedIn
from lib.stores import ledger_engine, ledger_migration
from tests.conftest import NOW
from tests.parts import accounts as sample
from tests.parts.accounts import HOME, OPERATOR, added, invited, signed_in, tried
from tests.parts.postgres import Postgres

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "ledger.sqlite3"
    ledger_migration.migrate(f"sqlite:///{file}")
    return file


def fault(act: Callable[[], object]) -> LedgerFault:
    with pytest.raises(LedgerUnavailable) as refused:
        act()
    return refused.value.fault


def writes(accounts: Accounts) -> list[Callable[[], object]]:
    """Return every way to write, prepared while the ledger is well."""
    asha = added(accounts)
    link = invited(accounts, "Dev", Role.DEVELOPER)
    opened = signed_in(accounts)
    live = accounts.sessions.live(opened.token, at=NOW)
    assert live is not None
    return [
        lambda: tried(accounts),
        lambda: use.add(OPERATOR, accounts, use.NewPerson("Chitra", NewRole(Role.SUPPORT, None)), at=NOW),
        lambda: use.reset(OPERATOR, accounts, asha.person_id, at=NOW),
        lambda: sign_in.set_password(accounts, link.token, sample.PASSWORD, address=HOME, at=NOW),
        lambda: sign_in.sign_out(accounts, live, at=NOW),
        lambda: accounts.sessions.end_all(asha.person_id),
    ]


def test_before_the_migration_there_is_nothing_to_sign_in_to(tmp_path: Path, fresh_postgres: str) -> None:
    for url in (f"sqlite:///{tmp_path}/none.sqlite3", fresh_postgres):
        accounts = sample.on_ledger(url)
        assert fault(lambda: tried(accounts)) is LedgerFault.NOT_MIGRATED  # noqa: B023 - called at once
        assert fault(lambda: use.everybody(OPERATOR, accounts, at=NOW)) is LedgerFault.NOT_MIGRATED  # noqa: B023 - likewise


def test_a_locked_file_is_waited_for_and_then_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_engine, "WAIT_S", 0.05)
    accounts = sample.on_ledger(f"sqlite:///{path}")
    acts = writes(accounts)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert {fault(act) for act in acts} == {LedgerFault.LOCKED}
        other.execute("ROLLBACK")
    assert isinstance(tried(accounts), SignedIn)


def test_a_read_only_postgres_refuses_every_write_and_still_knows_who_is_signed_in(
    postgres: Postgres, fresh_postgres: str
) -> None:
    ledger_migration.migrate(fresh_postgres)
    accounts = sample.on_ledger(fresh_postgres)
    added(accounts)
    opened = signed_in(accounts)
    database = fresh_postgres.partition("@/")[2].partition("?")[0]
    postgres.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    read_only = sample.on_ledger(fresh_postgres)
    assert fault(lambda: tried(read_only)) is LedgerFault.READ_ONLY
    assert fault(lambda: read_only.sessions.end_all(opened.person.person_id)) is LedgerFault.READ_ONLY
    assert read_only.sessions.live(opened.token, at=NOW + timedelta(minutes=59)) is not None
    assert read_only.sessions.live(opened.token, at=NOW + timedelta(minutes=60)) is None


def test_the_grants_that_are_documented_suffice_and_delete_no_account(postgres: Postgres, fresh_postgres: str) -> None:
    ledger_migration.migrate(fresh_postgres)
    database = fresh_postgres.partition("@/")[2].partition("?")[0]
    role = f"dashboard_{database}"
    statements = re.findall(r"^(?:GRANT|REVOKE) .+;$", (ROOT / "docs" / "trail.md").read_text(), re.MULTILINE)
    assert len(statements) == 7
    given = [re.sub(r"\bdashboard\b", role, statement) for statement in statements]
    postgres.execute(f"CREATE ROLE {role} LOGIN", *given, database=database)
    url = fresh_postgres.replace("//postgres:", f"//{role}:")
    assert url != fresh_postgres
    accounts = sample.on_ledger(url)
    for act in writes(accounts):
        act()
    engine = create_engine(url, poolclass=NullPool)
    with pytest.raises(DBAPIError, match="permission denied"), engine.begin() as connection:
        connection.execute(text("DELETE FROM people"))


def test_a_server_that_is_gone_is_down_for_whoever_signs_in(tmp_path: Path) -> None:
    accounts = sample.on_ledger(f"postgresql+psycopg2://postgres@/nowhere?host={tmp_path}")
    assert fault(lambda: tried(accounts)) is LedgerFault.DOWN
    assert fault(lambda: accounts.sessions.live("x" * 43, at=NOW)) is LedgerFault.DOWN


def test_a_file_moved_away_while_somebody_is_signed_in_signs_nobody_in(path: Path) -> None:
    accounts = sample.on_ledger(f"sqlite:///{path}")
    added(accounts)
    opened = signed_in(accounts)
    path.rename(path.with_name("moved.sqlite3"))
    assert fault(lambda: accounts.sessions.live(opened.token, at=NOW)) is LedgerFault.NOT_MIGRATED
    assert fault(lambda: tried(accounts)) is LedgerFault.NOT_MIGRATED


def test_a_postgres_that_never_answers_is_down_within_a_bounded_time_and_works_again_afterwards(
    postgres: Postgres, fresh_postgres: str
) -> None:
    ledger_migration.migrate(fresh_postgres)
    accounts = sample.on_ledger(fresh_postgres)
    acts = [*writes(accounts), lambda: accounts.sessions.live("x" * 43, at=NOW)]  # over connections that are kept
    with postgres.stalled(), ThreadPoolExecutor(len(acts)) as crowd:
        began = time.monotonic()
        assert set(crowd.map(fault, acts)) <= {LedgerFault.DOWN, LedgerFault.LOCKED}
        assert time.monotonic() - began < 2 * ledger_engine.WAIT_S + 4
    assert isinstance(tried(accounts, after=timedelta(hours=1)), SignedIn)


def test_an_append_that_is_under_way_when_postgres_stops_answering_is_refused(
    postgres: Postgres, fresh_postgres: str
) -> None:
    ledger_migration.migrate(fresh_postgres)
    engine = ledger_engine.make(fresh_postgres)
    began = time.monotonic()
    with pytest.raises(LedgerUnavailable) as refused, ledger_engine.reading(engine, wait_s=1) as connection:  # noqa: SIM117
        with postgres.stalled():
            connection.execute(text("SELECT 1"))
    assert refused.value.fault is LedgerFault.DOWN
    assert 1 < time.monotonic() - began < 5


def test_sessions_whose_table_is_held_are_waited_for_as_long_as_everything_else(fresh_postgres: str) -> None:
    ledger_migration.migrate(fresh_postgres)
    accounts = sample.on_ledger(fresh_postgres)
    with create_engine(fresh_postgres, poolclass=NullPool).begin() as other:
        other.execute(text("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE"))
        began = time.monotonic()
        assert fault(lambda: accounts.sessions.live("x" * 43, at=NOW)) is LedgerFault.LOCKED
        assert time.monotonic() - began < ledger_engine.WAIT_S + 2
