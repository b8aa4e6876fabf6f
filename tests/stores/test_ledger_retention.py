"""Retention on a real ledger: what is taken away, who may, and that the triggers stand again afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from lib import activity, retention
from lib.access import Actor, Role, Scope
from lib.chain import Cut, cut_of
from lib.errors import LedgerFault, LedgerUnavailable
from lib.stores import ledger_db, ledger_migration
from lib.stores.memory.trail import MemoryTrail
from lib.trail import Action, Break, Broken, Draft, Intact, Selection, Trail, TrailEvent, TrailStore, verify
from tests.parts.postgres import Postgres

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)
NOW = AT + timedelta(days=99)
KEY = b"m" * 32
ASHA = Actor("cli:asha", Role.OPERATOR)


def draft(day: int, **columns: str) -> Draft:
    who = columns.get("actor", "bilal")
    clinic = columns.get("clinic_id", "CLN1")
    at = AT + timedelta(days=day)
    return Draft(at, who, "operator", "all", "link", day, f"PAT{day}", clinic, *[None] * 3, "ok", f"{day}")


def derive(purpose: str) -> bytes:
    return KEY if purpose == "trail mac" else b"k" * 32


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> TrailStore:
    if request.param == "memory":
        return MemoryTrail(mac_key=KEY)
    return ledger_db.connect(request.getfixturevalue(f"{request.param}_url"), mac_key=KEY)


def prune(store: TrailStore, *, days: int) -> TrailEvent | Broken:
    trail = Trail(store, key_secret=b"k" * 32)
    return retention.prune(ASHA, Scope(), trail=trail, clock=lambda: NOW, before=AT + timedelta(days=days))


def refused(url: str, statement: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))


def test_old_events_go_and_the_chain_goes_on(store: TrailStore) -> None:
    written = [store.append(draft(day)) for day in range(6)]
    done = prune(store, days=4)
    assert isinstance(done, TrailEvent)
    assert cut_of(done) == Cut(4, 4, written[3].hash)
    after = store.append(draft(100))
    kept = list(store.events())
    assert [(event.sequence, event.action, event.result) for event in kept] == [
        (5, "link", "ok"),
        (6, "link", "ok"),
        (7, "prune", "intent"),
        (8, "prune", "ok"),
        (9, "link", "ok"),
    ]
    assert (kept[2].actor, kept[2].request_id) == ("cli:asha", kept[3].request_id)
    assert verify(kept, key=KEY) == Intact(5, after.hash, pruned=4, without_mac=0)


def test_everything_may_be_old(store: TrailStore) -> None:
    for day in range(3):
        store.append(draft(day))
    prune(store, days=1000)
    assert [event.action for event in store.events()] == ["prune"]
    assert store.append(draft(5)).sequence == 6
    assert isinstance(verify(store.events(), key=KEY), Intact)


def test_where_nothing_is_old_nothing_goes_and_that_is_said(store: TrailStore) -> None:
    store.append(draft(0))
    done = prune(store, days=0)
    assert isinstance(done, TrailEvent)
    assert (cut_of(done), len(list(store.events()))) == (None, 3)
    assert isinstance(verify(store.events(), key=KEY), Intact)


def test_a_clock_that_jumped_back_leaves_no_hole(store: TrailStore) -> None:
    for day in (0, 5, -400, 6):
        store.append(draft(day))
    prune(store, days=3)
    assert [event.record_id for event in store.events()][:3] == [5, -400, 6]
    assert isinstance(verify(store.events(), key=KEY), Intact)


def test_how_many_would_go_is_told_beforehand_and_changes_nothing(store: TrailStore) -> None:
    for day in (0, 1, 5, 2):
        store.append(draft(day))
    trail = Trail(store, key_secret=b"k" * 32)
    assert retention.would_take(ASHA, trail=trail, before=AT + timedelta(days=3)) == 2
    assert len(list(store.events())) == 4


def test_after_a_prune_no_row_can_be_changed_or_deleted(url: str) -> None:
    store = ledger_db.connect(url, mac_key=KEY)
    for day in range(4):
        store.append(draft(day))
    prune(store, days=2)
    for statement in ("DELETE FROM trail", "UPDATE trail SET actor = 'nobody'"):
        refused(url, statement)
    if url.startswith("postgresql"):
        for statement in ("TRUNCATE trail", "SET session_replication_role = replica; DELETE FROM trail"):
            refused(url, statement)


def test_a_broken_chain_is_kept_and_the_attempt_is_written(url: str) -> None:
    store = ledger_db.connect(url, mac_key=KEY)
    for day in range(4):
        store.append(draft(day))
    other = "DROP TRIGGER trail_no_update" if url.startswith("sqlite") else "DROP TRIGGER trail_append_only ON trail"
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(other))
        connection.execute(text("UPDATE trail SET actor = 'chitra' WHERE sequence = 2"))
    assert prune(store, days=3) == Broken(2, Break.HASH)
    assert [event.result for event in store.events()] == ["ok"] * 4 + ["intent", "refused:BROKEN"]


def test_a_prune_that_is_killed_half_way_has_not_happened(url: str) -> None:
    store = ledger_db.connect(url, mac_key=KEY)
    written = [store.append(draft(day)) for day in range(4)]

    def dies(cut: Cut | None) -> Draft:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.prune(AT + timedelta(days=3), event=dies)
    assert list(store.events()) == written
    refused(url, "DELETE FROM trail")


def test_a_writer_waits_while_events_are_taken_away(url: str) -> None:
    store, other = (ledger_db.connect(url, mac_key=KEY) for _ in range(2))
    for day in range(4):
        store.append(draft(day))
    seen: list[LedgerFault] = []

    def slowly(cut: Cut | None) -> Draft:
        with pytest.raises(LedgerUnavailable) as refusal:
            other.append(draft(9))
        seen.append(refusal.value.fault)
        return draft(50)

    store.prune(AT, event=slowly)
    assert seen == [LedgerFault.LOCKED]
    assert isinstance(verify(store.events(), key=KEY), Intact)


def test_once_a_row_has_a_mac_none_without_is_taken(url: str) -> None:
    """A dashboard of before, still running beside the new one, is refused; it must not break the chain."""
    before = ledger_db.connect(url)
    before.append(draft(0))
    ledger_db.connect(url, mac_key=KEY).append(draft(1))
    with pytest.raises(LedgerUnavailable):
        before.append(draft(2))
    assert isinstance(verify(before.events(), key=KEY), Intact)


def test_postgres_too_takes_an_event_at_the_end_only(postgres_url: str) -> None:
    store = ledger_db.connect(postgres_url)
    for day in range(3):
        store.append(draft(day))
    engine = create_engine(postgres_url, poolclass=NullPool)
    columns = "at, actor, role, scope, action, result, request_id, previous_hash, hash"
    for sequence in (0, 3, 9):
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(
                text(f"INSERT INTO trail (sequence, {columns}) SELECT {sequence}, {columns} FROM trail LIMIT 1")
            )


def recipe(role: str) -> list[str]:
    """The statements of docs/trail.md."""
    block = re.search(r"```sql\n(.*?)```", (ROOT / "docs" / "trail.md").read_text("utf-8"), re.DOTALL)
    assert block
    return [line.replace("dashboard", role) for line in block[1].strip().splitlines()]


@pytest.fixture
def app_url(postgres: Postgres, postgres_url: str) -> str:
    """The address for a login that has what docs/trail.md gives it."""
    database = postgres_url.partition("@/")[2].partition("?")[0]
    postgres.execute(f"CREATE ROLE app_{database} LOGIN", *recipe(f"app_{database}"), database=database)
    return postgres.url(database, user=f"app_{database}")


def test_a_login_with_the_recipes_grants_can_append_and_verify_and_nothing_else(app_url: str) -> None:
    ledger_migration.migrate(app_url)
    store = ledger_db.connect(app_url, mac_key=KEY)
    store.append(draft(0))
    assert isinstance(verify(store.events(), key=KEY), Intact)
    engine = create_engine(app_url, poolclass=NullPool)
    for statement in (
        "UPDATE trail SET actor = actor",
        "DELETE FROM trail",
        "TRUNCATE trail",
        "DROP TABLE trail",
        "ALTER TABLE trail DISABLE TRIGGER ALL",
        "INSERT INTO trail SELECT * FROM trail ON CONFLICT (sequence) DO UPDATE SET actor = 'nobody'",
        "SET session_replication_role = replica",
    ):
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner"), engine.begin() as connection:
            connection.execute(text(statement))


def test_only_the_owner_of_the_tables_can_prune_and_the_attempt_is_written(app_url: str) -> None:
    store = ledger_db.connect(app_url, mac_key=KEY)
    store.append(draft(0))
    with pytest.raises(LedgerUnavailable) as refusal:
        prune(store, days=1)
    assert refusal.value.fault is LedgerFault.NOT_OWNER
    assert [event.result for event in store.events()] == ["ok", "intent", "failed:not_owner"]
    assert isinstance(verify(store.events(), key=KEY), Intact)


def test_a_login_without_the_right_to_insert_is_told_so(postgres: Postgres, postgres_url: str, app_url: str) -> None:
    database = postgres_url.partition("@/")[2].partition("?")[0]
    postgres.execute(f"REVOKE INSERT ON trail FROM app_{database}", database=database)
    with pytest.raises(LedgerUnavailable) as refusal:
        ledger_db.connect(app_url).append(draft(0))
    assert refusal.value.fault is LedgerFault.READ_ONLY


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        (Selection(since=AT + timedelta(days=2)), [2, 3]),
        (Selection(until=AT + timedelta(days=2)), [0, 1]),
        (Selection(actor="chitra"), [1, 3]),
        (Selection(patient_id="PAT2"), [2]),
        (Selection(record_id=3), [3]),
        (Selection(action=Action.LINK), [0, 1, 2, 3]),
        (Selection(action=Action.SEARCH), []),
        (Selection(clinics=frozenset({"CLN2"})), [2, 3]),
        (Selection(clinics=frozenset()), []),
        (Selection(actor="chitra", clinics=frozenset({"CLN1"})), [1]),
    ],
)
def test_events_are_chosen_alike_in_every_store(store: TrailStore, chosen: Selection, found: list[int]) -> None:
    for day in range(4):
        clinic = "CLN1" if day < 2 else "CLN2"
        store.append(draft(day, actor="chitra" if day % 2 else "bilal", clinic_id=clinic))
    assert [event.record_id for event in store.events(chosen)] == found


def test_the_newest_event_is_the_last(store: TrailStore) -> None:
    assert not store.newest(limit=1)
    assert [store.append(draft(day)) for day in range(3)][-1:] == list(store.newest(limit=1))


def test_an_export_is_written_before_and_after_and_is_not_in_itself(store: TrailStore) -> None:
    store.append(draft(0))
    trail = Trail(store, key_secret=b"k" * 32)
    chosen = Selection(patient_id="PAT0")
    taken = activity.export(ASHA, Scope(), trail=trail, clock=lambda: NOW, chosen=chosen)
    assert [event.result for event in store.events()] == ["ok", "intent"]
    assert [event.action for event in taken] == ["link"]
    assert [(event.action, event.result) for event in store.events()][1:] == [("export", "intent"), ("export", "ok")]
    assert [event.patient_id for event in store.events()][1:] == ["PAT0", "PAT0"]


def test_an_export_that_was_not_taken_to_its_end_says_so(store: TrailStore) -> None:
    for day in range(3):
        store.append(draft(day))
    trail = Trail(store, key_secret=b"k" * 32)
    taken = activity.export(ASHA, Scope(), trail=trail, clock=lambda: NOW, chosen=Selection())
    next(taken)
    taken.close()
    assert [event.result for event in store.events()][-2:] == ["intent", "failed:ERROR"]


def test_an_export_holds_the_actors_own_clinics_only(store: TrailStore) -> None:
    for day, clinic in enumerate(("CLN1", "CLN2", "CLN3")):
        store.append(draft(day, clinic_id=clinic))
    trail = Trail(store, key_secret=b"k" * 32)
    mine = Scope(frozenset({"CLN1", "CLN2"}))
    for wanted, found in ((None, [0, 1]), (frozenset({"CLN2", "CLN3"}), [1]), (frozenset({"CLN3"}), [])):
        chosen = Selection(clinics=wanted)
        taken = activity.export(ASHA, mine, trail=trail, clock=lambda: NOW, chosen=chosen)
        assert [event.record_id for event in taken] == found


def test_a_trail_from_before_is_migrated_and_holds(url: str, migrated_before: Callable[[], list[TrailEvent]]) -> None:
    old = migrated_before()
    ledger_migration.migrate(url)
    trail = ledger_db.open_trail(url, derive=derive)
    trail.begin_macs(ASHA, Scope(), at=NOW)
    kept = list(trail.events())
    assert kept[:-1] == old
    assert verify(kept, key=KEY) == Intact(4, kept[-1].hash, without_mac=3)


@pytest.fixture
def migrated_before(url: str) -> Callable[[], list[TrailEvent]]:
    """What the first version's code wrote, in a ledger of the first version."""

    def make() -> list[TrailEvent]:
        columns = ("address", "session_hash", "actor_clinic", "mac")
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            later = (
                "audit_findings",
                "audit_ranges",
                "audits",
                "pins",
                "spent_flows",
                "throttle",
                "password_links",
                "sessions",
                "people",
            )
            for table in later:
                connection.execute(text(f"DROP TABLE {table}"))
            if url.startswith("sqlite"):
                connection.execute(text("DROP TRIGGER trail_with_mac"))
            else:
                connection.execute(text("DROP FUNCTION trail_grows_at_its_end CASCADE"))
            for column in columns:
                connection.execute(text(f"ALTER TABLE trail DROP COLUMN {column}"))
            connection.execute(text("UPDATE ledger_version SET version_num = '0001'"))
            memory = MemoryTrail()
            for day in range(3):
                event = memory.append(draft(day))
                names = [name for name in TrailEvent.__slots__ if name not in columns]
                values = {name: getattr(event, name) for name in names}
                if url.startswith("sqlite"):
                    values["at"] = event.at.isoformat(timespec="microseconds")
                marks = ", ".join(f":{name}" for name in names)
                connection.execute(text(f"INSERT INTO trail ({', '.join(names)}) VALUES ({marks})"), values)
        assert not ledger_migration.is_current(url)
        return memory.rows

    return make
