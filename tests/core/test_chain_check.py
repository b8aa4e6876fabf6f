"""The walk along the chain: MACs, anchors, and chains that retention has shortened."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lib import anchors
from lib.access import Actor, Role, Scope
from lib.anchors import Anchor, NoAnchor
from lib.chain import Cut, cut_of, seal
from lib.stores.memory.trail import MemoryTrail
from lib.trail import GENESIS, Action, Break, Broken, Draft, Intact, Subject, Trail, TrailEvent, verify

AT = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)
KEY = b"m" * 32
ASHA = Actor("cli:asha", Role.OPERATOR)


def written(length: int, *, mac_key: bytes | None = KEY, old: int = 0) -> MemoryTrail:
    """A trail of one event a day, the first ``old`` of them from before there were MACs."""
    store = MemoryTrail(mac_key=mac_key)
    before = MemoryTrail()
    for day in range(length):
        draft = Draft(AT + timedelta(days=day), "bilal", "operator", "all", "link", day, *[None] * 5, "ok", f"{day}")
        if day < old:
            before.append(draft)
            store.rows = list(before.rows)
        else:
            store.append(draft)
    return store


def pruned(store: MemoryTrail, *, days: int) -> Cut | None:
    """Take away what is older than so many days after the first event."""
    trail = Trail(store, key_secret=b"k" * 32)
    before = AT + timedelta(days=days)
    intent = trail.intent(ASHA, Scope(), Action.PRUNE, at=AT + timedelta(days=99), subject=Subject())
    outcome = trail.prune(intent, before, at=AT + timedelta(days=99))
    assert isinstance(outcome, TrailEvent)
    return cut_of(outcome)


def resealed(rows: list[TrailEvent], *, first: int) -> list[TrailEvent]:
    """What somebody makes who may write the database and does not know the key: every hash from there on anew."""
    done = rows[:first]
    for row in rows[first:]:
        draft = Draft(**{name: getattr(row, name) for name in Draft.__slots__})
        end = done[-1].hash if done else GENESIS
        done.append(replace(seal(draft, sequence=len(done) + 1, previous_hash=end, key=b"guess" * 8)))
    return done


def test_a_chain_with_macs_holds_with_and_without_the_key() -> None:
    rows = written(5).rows
    assert verify(rows) == Intact(5, rows[-1].hash)
    assert verify(rows, key=KEY) == Intact(5, rows[-1].hash, without_mac=0)


def test_rows_from_before_there_were_macs_are_counted() -> None:
    rows = written(5, old=3).rows
    assert verify(rows, key=KEY) == Intact(5, rows[-1].hash, without_mac=3)


def test_hashes_that_were_all_computed_anew_are_found_by_the_mac_alone() -> None:
    rows = written(5).rows
    rows[2] = replace(rows[2], patient_id="PAT9")
    forged = resealed(rows, first=2)
    assert verify(forged).__class__ is Intact
    assert verify(forged, key=KEY) == Broken(3, Break.MAC)


def test_a_mac_of_another_secret_is_found() -> None:
    assert verify(written(5).rows, key=b"x" * 32) == Broken(1, Break.MAC)


def test_a_row_that_lost_its_mac_is_changed() -> None:
    rows = written(5).rows
    rows[3] = replace(rows[3], mac=None)
    assert verify(rows) == Broken(4, Break.HASH)


def test_a_row_in_the_manner_of_before_does_not_stand_after_one_with_a_mac() -> None:
    rows = written(3).rows
    draft = Draft(AT, "bilal", "operator", "all", "link", 1, *[None] * 5, "ok", "x")
    rows.append(seal(draft, sequence=4, previous_hash=rows[-1].hash))
    for key in (None, KEY):
        assert verify(rows, key=key) == Broken(4, Break.NO_MAC)


def test_a_trail_written_anew_in_the_manner_of_before_is_found() -> None:
    rows = written(5, mac_key=None).rows
    assert verify(rows, key=KEY) == Broken(5, Break.NO_MAC)


def test_rows_from_before_are_held_by_the_first_mac_after_them() -> None:
    rows = written(5, old=3).rows
    rows[1] = replace(rows[1], patient_id="PAT9")
    forged = [*(replace(row, mac=None) for row in resealed(rows, first=1)[:3]), *rows[3:]]
    assert isinstance(verify(forged, key=KEY), Broken)


def test_a_ledger_from_before_gets_its_first_mac_once() -> None:
    store = MemoryTrail(mac_key=KEY)
    trail = Trail(store, key_secret=b"k" * 32)
    trail.begin_macs(ASHA, Scope(), at=AT)
    assert store.rows == []
    store.rows = written(3, mac_key=None).rows
    trail.begin_macs(ASHA, Scope(), at=AT)
    trail.begin_macs(ASHA, Scope(), at=AT)
    assert [event.action for event in store.rows] == ["link", "link", "link", "macs_begin"]
    assert verify(store.rows, key=KEY) == Intact(4, store.rows[-1].hash, without_mac=3)


class TestAnchors:
    def test_an_anchor_of_any_event_holds_while_the_trail_grows(self) -> None:
        rows = written(6).rows
        for length in range(7):
            anchor = Anchor(length, rows[length - 1].hash if length else GENESIS, AT)
            assert verify(rows, key=KEY, anchor=anchor) == Intact(6, rows[-1].hash, without_mac=0, is_anchored=True)

    @pytest.mark.parametrize("left", [0, 1, 4])
    def test_a_cut_tail_is_found_with_the_first_number_that_is_gone(self, left: int) -> None:
        rows = written(5).rows
        assert isinstance(verify(rows[:left], key=KEY), Intact)
        assert verify(rows[:left], key=KEY, anchor=Anchor(5, rows[4].hash, AT)) == Broken(left + 1, Break.CUT)

    def test_a_restored_backup_that_has_grown_since_is_found(self) -> None:
        rows = written(5).rows
        backup = MemoryTrail(mac_key=KEY)
        backup.rows = rows[:3]
        for number in range(4):
            backup.append(Draft(AT, "dev", "operator", "all", "search", number, *[None] * 5, "ok", "y"))
        assert isinstance(verify(backup.rows, key=KEY), Intact)
        assert verify(backup.rows, key=KEY, anchor=Anchor(5, rows[4].hash, AT)) == Broken(5, Break.ANCHOR)

    def test_an_anchor_with_another_secret_or_a_changed_line_is_refused(self) -> None:
        text = anchors.dumps(Anchor(5, "ab" * 32, AT), key=KEY)
        for changed, key in ((text, b"x" * 32), (text.replace("5", "4", 1), KEY), (text.replace("ab", "ac"), KEY)):
            with pytest.raises(NoAnchor) as refused:
                anchors.loads(changed, key=key)
            assert refused.value.is_forged

    @pytest.mark.parametrize(
        "text",
        ["", "[]", "{}", "null", "7", "\ud800", '{"kind": "trail anchor 2"}', "[" * 100_000],
    )
    def test_what_is_no_anchor_is_refused(self, text: str) -> None:
        for key in (None, KEY):
            with pytest.raises(NoAnchor, match="unreadable"):
                anchors.loads(text, key=key)

    @pytest.mark.parametrize(
        "change", [{"sequence": "5"}, {"sequence": -1}, {"sequence": True}, {"hash": 7}, {"at": "2026-11-24"}]
    )
    def test_a_value_that_no_anchor_has_is_refused(self, change: dict[str, object]) -> None:
        found = json.loads(anchors.dumps(Anchor(5, "ab" * 32, AT), key=KEY))
        with pytest.raises(NoAnchor, match="unreadable"):
            anchors.loads(json.dumps(found | change), key=None)


class TestRetention:
    def test_a_pruned_chain_holds_and_says_how_much_is_gone(self) -> None:
        store = written(6, old=2)
        assert pruned(store, days=4) == Cut(4, 4, store.rows[0].previous_hash)
        assert [event.sequence for event in store.rows] == [5, 6, 7, 8]
        assert verify(store.rows, key=KEY) == Intact(4, store.rows[-1].hash, pruned=4, without_mac=0)

    def test_a_chain_of_which_all_was_old_goes_on(self) -> None:
        store = written(3)
        pruned(store, days=1000)
        assert [event.action for event in store.rows] == ["prune"]
        store.append(Draft(AT, "dev", "operator", "all", "search", 1, *[None] * 5, "ok", "y"))
        assert verify(store.rows, key=KEY) == Intact(2, store.rows[-1].hash, pruned=4, without_mac=0)

    def test_nothing_old_enough_takes_nothing_away(self) -> None:
        store = written(3)
        assert pruned(store, days=0) is None
        assert verify(store.rows, key=KEY) == Intact(5, store.rows[-1].hash, without_mac=0)

    def test_a_chain_can_be_pruned_again_and_again(self) -> None:
        store = written(9)
        for days in (2, 2, 5):
            pruned(store, days=days)
        assert store.rows[0].sequence == 6
        assert isinstance(verify(store.rows, key=KEY), Intact)

    def test_a_clock_that_jumped_back_leaves_no_hole(self) -> None:
        store = written(3)
        store.append(Draft(AT - timedelta(days=400), "dev", "operator", "all", "search", 1, *[None] * 5, "ok", "y"))
        pruned(store, days=1)
        assert [event.sequence for event in store.rows] == [2, 3, 4, 5, 6]
        assert isinstance(verify(store.rows, key=KEY), Intact)

    @pytest.mark.parametrize("more", [1, 2, 3])
    def test_more_than_the_prune_says_is_a_gap(self, more: int) -> None:
        store = written(8)
        pruned(store, days=3)
        assert verify(store.rows[more:], key=KEY) == Broken(4 + more, Break.GAP)

    @pytest.mark.parametrize("back", [1, 2, 3])
    def test_what_was_taken_away_and_is_back_is_found(self, back: int) -> None:
        store = written(8)
        old = store.rows[:3]
        pruned(store, days=3)
        assert verify([*old[3 - back :], *store.rows], key=KEY) == Broken(4 - back, Break.PRUNED)

    def test_a_prune_of_before_does_not_explain_what_a_later_one_did(self) -> None:
        store = written(8)
        pruned(store, days=2)
        earlier = store.rows[:3]
        pruned(store, days=5)
        assert verify([*earlier, *store.rows], key=KEY) == Broken(3, Break.PRUNED)

    def test_a_prune_that_somebody_else_wrote_explains_nothing(self) -> None:
        rows = written(5).rows[2:]
        reason = json.dumps(
            {"before": AT.isoformat(), "cut": {"events": 2, "sequence": 2, "hash": rows[0].previous_hash}}
        )
        draft = Draft(AT, "cli:asha", "operator", "all", "prune", *[None] * 5, reason, "ok", "z")
        forged = seal(draft, sequence=6, previous_hash=rows[-1].hash, key=b"guess" * 8)
        assert isinstance(verify([*rows, forged]), Intact)
        assert verify([*rows, forged], key=KEY) == Broken(3, Break.GAP)

    def test_an_intent_or_a_refusal_to_prune_explains_nothing(self) -> None:
        store = written(5)
        trail = Trail(store, key_secret=b"k" * 32)
        reason = json.dumps({"cut": {"events": 2, "sequence": 2, "hash": store.rows[1].hash}})
        for result in ("intent", "failed:ERROR"):
            trail.record(ASHA, Scope(), Action.PRUNE, at=AT, reason=reason, result=result)
        assert verify(store.rows[2:], key=KEY) == Broken(3, Break.GAP)

    def test_in_a_pruned_chain_the_first_change_is_named(self) -> None:
        store = written(8)
        pruned(store, days=3)
        store.rows[2] = replace(store.rows[2], actor="chitra")
        assert verify(store.rows, key=KEY) == Broken(6, Break.HASH)

    def test_a_broken_chain_is_not_pruned(self) -> None:
        store = written(5)
        store.rows[3] = replace(store.rows[3], actor="chitra")
        before = list(store.rows)
        intent = store.rows[0]
        assert Trail(store, key_secret=b"k" * 32).prune(intent, AT, at=AT) == Broken(4, Break.HASH)
        assert store.rows == before

    def test_an_anchor_whose_event_was_pruned_proves_nothing_and_is_no_alarm(self) -> None:
        store = written(8)
        marks = [Anchor(event.sequence, event.hash, AT) for event in store.rows]
        pruned(store, days=4)
        answers = [verify(store.rows, key=KEY, anchor=mark) for mark in marks]
        assert [answer.is_anchored for answer in answers if isinstance(answer, Intact)] == [False] * 3 + [True] * 5
        assert verify(store.rows, anchor=Anchor(4, "f" * 64, AT)) == Broken(5, Break.ANCHOR)


@pytest.mark.parametrize("reason", [None, "", "{", "[]", '{"cut": 7}', '{"cut": {"events": 1}}', "null"])
def test_a_reason_that_no_prune_writes_is_no_cut(reason: str | None) -> None:
    draft = Draft(AT, "cli:asha", "operator", "all", "prune", *[None] * 5, reason, "ok", "z")
    assert cut_of(seal(draft, sequence=1, previous_hash=GENESIS)) is None
