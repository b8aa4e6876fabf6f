"""The trail: sealed events whose chain shows every change."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.access import Actor, Role, Scope
from lib.errors import LedgerFault, LedgerUnavailable
from lib.stores import ledger_db, ledger_migration
from lib.stores.memory.trail import MemoryTrail
from lib.trail import GENESIS, Action, Broken, Draft, Intact, Subject, Trail, TrailEvent, seal, verify

AT = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)
ASHA = Actor("asha", Role.OPERATOR)
SUBJECT = Subject(12, "PAT001", "CLN1", "edrcontainer1/a.pdf")
DRAFT = Draft(
    at=AT,
    actor="asha",
    role="operator",
    scope="all",
    action="link",
    record_id=12,
    patient_id="PAT001",
    clinic_id="CLN1",
    key_hmac="ab" * 32,
    expires_at=AT + timedelta(hours=1),
    reason="lost the first one",
    result="intent",
    request_id="0" * 32,
)
OTHER = {
    "at": AT + timedelta(microseconds=1),
    "actor": "bilal",
    "role": "auditor",
    "scope": "CLN1",
    "action": "preview",
    "record_id": 13,
    "patient_id": "PAT002",
    "clinic_id": None,
    "key_hmac": "cd" * 32,
    "expires_at": None,
    "reason": "",
    "result": "ok",
    "request_id": "1" * 32,
    "address": "192.0.2.7",
    "session_hash": "ef" * 32,
    "actor_clinic": "CLN1",
}
KEY = b"m" * 32


def chain(length: int, *, mac_key: bytes | None = None) -> list[TrailEvent]:
    store = MemoryTrail(mac_key=mac_key)
    for number in range(length):
        store.append(replace(DRAFT, record_id=number))
    return store.rows


def test_the_first_event_is_number_one_after_64_zeros() -> None:
    event = seal(DRAFT, sequence=1, previous_hash=GENESIS)
    assert (event.sequence, event.previous_hash, len(event.hash)) == (1, "0" * 64, 64)


def test_the_hash_of_a_known_event_never_changes() -> None:
    """Trails that exist must stay verifiable: a new encoding needs a new label, not a new hash for old rows."""
    event = seal(DRAFT, sequence=1, previous_hash=GENESIS)
    assert event.hash == "6517be54c56e687e073fe5fe69810a36bc3af366cb09cd07a7ed8f0a00031a81"


def test_the_hash_and_mac_of_a_known_event_with_a_mac_never_change() -> None:
    draft = replace(DRAFT, address="192.0.2.7", session_hash="ef" * 32, actor_clinic="CLN1")
    event = seal(draft, sequence=1, previous_hash=GENESIS, key=KEY)
    assert (event.hash, event.mac) == (
        "9cba917a12dd9deb65fc30d00786b17a50ad28df6bb00e4d7bb9891485aaba49",
        "d4bb234ad7def5f1e7ce5d8064cb71826c1727d8dfc9268363a54838214a0720",
    )


def test_an_instant_hashes_alike_in_every_zone() -> None:
    india = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert seal(replace(DRAFT, at=india), sequence=1, previous_hash=GENESIS).hash == (
        seal(DRAFT, sequence=1, previous_hash=GENESIS).hash
    )


def test_the_table_of_changes_covers_every_column() -> None:
    assert set(OTHER) == {field.name for field in fields(Draft)}


@pytest.mark.parametrize("mac_key", [None, KEY])
@pytest.mark.parametrize("column", OTHER)
def test_a_change_of_any_column_is_found(column: str, mac_key: bytes | None) -> None:
    rows = chain(5, mac_key=mac_key)
    rows[2] = replace(rows[2], **{column: OTHER[column]})  # type: ignore[arg-type]
    assert verify(rows) == Broken(3, "hash")


def test_a_changed_row_that_was_sealed_again_breaks_the_next_one() -> None:
    rows = chain(5)
    forged = replace(DRAFT, record_id=99)
    rows[2] = seal(forged, sequence=3, previous_hash=rows[1].hash)
    assert verify(rows) == Broken(4, "previous_hash")


@pytest.mark.parametrize("gone", [0, 1, 3])
def test_a_removed_row_is_a_gap(gone: int) -> None:
    rows = chain(5)
    del rows[gone]
    assert verify(rows) == Broken(gone + 2, "gap")


def test_a_repeated_row_is_a_gap() -> None:
    rows = chain(3)
    assert verify([rows[0], rows[1], rows[1], rows[2]]) == Broken(2, "gap")


def test_two_rows_that_changed_places_are_a_gap() -> None:
    rows = chain(3)
    assert verify([rows[0], rows[2], rows[1]]) == Broken(3, "gap")


def test_a_first_event_that_points_elsewhere_is_found() -> None:
    assert verify([seal(DRAFT, sequence=1, previous_hash="f" * 64)]) == Broken(1, "previous_hash")


def test_an_intact_chain_tells_its_length_and_end() -> None:
    rows = chain(3)
    assert verify(rows) == Intact(3, rows[-1].hash)


def test_an_empty_trail_is_intact() -> None:
    assert verify([]) == Intact(0, GENESIS)


@given(first=st.text(), second=st.text())
def test_text_cannot_move_between_columns_without_another_hash(first: str, second: str) -> None:
    """An encoding that joined columns would hash ("ab", "c") and ("a", "bc") alike."""
    one = replace(DRAFT, actor=first, reason=second)
    for moved in (
        replace(DRAFT, actor=first + second, reason=""),
        replace(DRAFT, actor="", reason=first + second),
        replace(DRAFT, actor=f'{first}","{second}', reason=None),
    ):
        hashes = {seal(draft, sequence=1, previous_hash=GENESIS).hash for draft in (one, moved)}
        assert len(hashes) == len({(one.actor, one.reason), (moved.actor, moved.reason)})


def test_nothing_and_the_word_null_hash_differently() -> None:
    values = [replace(DRAFT, reason=value) for value in (None, "", "null", "None")]
    assert len({seal(draft, sequence=1, previous_hash=GENESIS).hash for draft in values}) == 4


def test_an_outcome_carries_the_intents_request_and_subject() -> None:
    store = MemoryTrail()
    trail = Trail(store, key_secret=b"k" * 32, new_id=lambda: "f" * 32)
    intent = trail.intent(ASHA, Scope(frozenset({"CLN1"})), Action.LINK, at=AT, subject=SUBJECT, reason="asked twice")
    trail.outcome(intent, at=AT + timedelta(seconds=2), result="ok", expires_at=AT + timedelta(hours=1))
    asked, done = store.rows
    assert (asked.result, done.result) == ("intent", "ok")
    assert (asked.request_id, done.request_id) == ("f" * 32, "f" * 32)
    assert (done.record_id, done.patient_id, done.clinic_id, done.scope) == (12, "PAT001", "CLN1", "CLN1")
    assert (done.at, done.expires_at) == (AT + timedelta(seconds=2), AT + timedelta(hours=1))
    assert done.key_hmac == asked.key_hmac is not None
    assert isinstance(verify(store.events()), Intact)


def test_an_event_says_where_the_actor_came_from() -> None:
    store = MemoryTrail()
    bilal = Actor("bilal", Role.OPERATOR, address="192.0.2.7", session_hash="ef" * 32)
    trail = Trail(store, key_secret=b"k" * 32)
    trail.outcome(
        trail.intent(bilal, Scope(frozenset({"CLN1"})), Action.LINK, at=AT, subject=SUBJECT), at=AT, result="ok"
    )
    for event in store.rows:
        assert (event.address, event.session_hash, event.actor_clinic) == ("192.0.2.7", "ef" * 32, "CLN1")


@pytest.mark.parametrize("scope", [Scope(), Scope(frozenset()), Scope(frozenset({"CLN1", "CLN2"}))])
def test_an_actor_of_several_clinics_acts_for_none_in_particular(scope: Scope) -> None:
    store = MemoryTrail()
    Trail(store, key_secret=b"k" * 32).record(ASHA, scope, Action.SEARCH, at=AT)
    assert store.rows[0].actor_clinic is None


def test_every_request_has_its_own_id() -> None:
    store = MemoryTrail()
    trail = Trail(store, key_secret=b"k" * 32)
    for _ in range(3):
        trail.record(ASHA, Scope(), Action.SEARCH, at=AT)
    assert len({event.request_id for event in store.rows}) == 3


def test_the_object_key_stands_in_the_trail_only_as_an_hmac() -> None:
    store = MemoryTrail()
    Trail(store, key_secret=b"k" * 32).record(ASHA, Scope(), Action.OPEN, at=AT, subject=SUBJECT)
    assert "a.pdf" not in repr(store.rows)
    assert store.rows[0].key_hmac != Trail(store, key_secret=b"x" * 32).key_hmac("edrcontainer1/a.pdf")


def test_a_typed_text_that_equals_a_key_has_another_hash_than_the_key() -> None:
    trail = Trail(MemoryTrail(), key_secret=b"k" * 32)
    assert trail.keyed_hash("a.pdf") != trail.key_hmac("a.pdf")


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\0b\udfffc", "नमस्ते", "💊"])
def test_any_text_can_be_hashed_and_stored(text: str) -> None:
    store = MemoryTrail()
    trail = Trail(store, key_secret=b"k" * 32)
    subject = Subject(1, text, text, text)
    trail.record(Actor(text, Role.OPERATOR), Scope(frozenset({text})), Action.OPEN, at=AT, subject=subject, reason=text)
    assert len(trail.keyed_hash(text)) == 64
    for value in (store.rows[0].actor, store.rows[0].scope, store.rows[0].patient_id, store.rows[0].reason):
        assert value
        assert "\0" not in value
        value.encode()


def test_a_ledger_that_cannot_be_written_raises() -> None:
    trail = Trail(MemoryTrail(fault=LedgerUnavailable(LedgerFault.READ_ONLY)), key_secret=b"k" * 32)
    with pytest.raises(LedgerUnavailable, match="read_only"):
        trail.intent(ASHA, Scope(), Action.LINK, at=AT, subject=SUBJECT)


def test_parallel_writers_leave_one_straight_chain() -> None:
    store = MemoryTrail()
    trail = Trail(store, key_secret=b"k" * 32)
    with ThreadPoolExecutor(25) as pool:
        list(pool.map(lambda _: trail.record(ASHA, Scope(), Action.SEARCH, at=AT), range(200)))
    assert verify(store.events()) == Intact(200, store.rows[-1].hash)


@pytest.mark.parametrize("record_id", [2**63, -(2**63) - 1, 10**30])
def test_a_number_that_no_database_can_hold_does_not_keep_the_refusal_out_of_the_trail(
    record_id: int, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    ledger_migration.migrate(url)
    trail = Trail(ledger_db.connect(url), key_secret=b"k")
    trail.record(ASHA, Scope(), Action.LINK, at=AT, subject=Subject(record_id=record_id), result="refused:NOT_VISIBLE")
    (event,) = ledger_db.connect(url).events()
    assert event.record_id is None
    assert isinstance(verify([event]), Intact)
