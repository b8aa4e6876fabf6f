"""Who may have which account: names, roles, clinics, and the last owner."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import accounts as use
from lib import people
from lib.access import Actor, Permission, Role
from lib.errors import LedgerFault, LedgerUnavailable, NotAllowed
from lib.password_links import PasswordLink
from lib.people import ROLES, Activity, NewPassword, NewRole, PasswordState, Person, Refusal, changed, fits, read_name
from tests.conftest import NOW
from tests.parts.accounts import OPERATOR, MemoryBench, added, invited, signed_in

LATER = NOW + timedelta(hours=1)
ASHA = Person("a", "Asha", Role.OWNER, None, frozenset(), True, PasswordState.SET, 3, NOW, NOW)
INDU = replace(ASHA, person_id="i", name="Indu")
DEV = replace(ASHA, person_id="d", name="Dev", role=Role.DEVELOPER)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Asha", "Asha"),
        ("  Asha \t Demo-Lotus\n", "Asha Demo-Lotus"),
        ("Ａｓｈａ", "Asha"),
        ("आशा", "आशा"),
        ("o'brien@clinic.example", "o'brien@clinic.example"),
        ("dev+test_2", "dev+test_2"),
        ("x" * 100, "x" * 100),
    ],
)
def test_a_name_is_kept_as_it_is_written(typed: str, kept: str) -> None:
    assert read_name(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "   ", "cli:asha", "local", " LOCAL ", "unknown", "a\0b", "a\u202eb", "a\u200bb", "<b>x</b>", "[x](http://y)",
     "a\ud800", "x" * 101, "ﷺ" * 50, "😀", "12345", "--", "a/b", "a\\b", "a;b", "a,b", "$x$"],
)  # fmt: skip
def test_a_name_that_could_pass_for_something_else_is_no_name(typed: str) -> None:
    assert read_name(typed) is None


@given(st.text(max_size=300))
def test_a_kept_name_is_kept_again_as_it_is(typed: str) -> None:
    kept = read_name(typed)
    if kept is not None:
        assert read_name(kept) == kept
        assert people.name_key(kept) == people.name_key(typed)
        assert kept.isprintable()


@given(st.text(max_size=200))
def test_the_key_of_a_key_is_the_key(name: str) -> None:
    assert people.name_key(people.name_key(name)) == people.name_key(name)


@pytest.mark.parametrize(
    "clinics",
    [frozenset(), frozenset({""}), frozenset({" CLN1"}), frozenset({"a,b"}), frozenset({"a\0"}), frozenset({"x" * 101}),
     frozenset(f"CLN{number}" for number in range(101))],
)  # fmt: skip
def test_what_cannot_be_clinics_is_refused(clinics: frozenset[str]) -> None:
    assert fits(NewRole(Role.SUPPORT, clinics)) is Refusal.CLINICS_NOT_ALLOWED


def test_nobody_can_be_made_an_operator_and_only_preview_and_link_can_be_granted() -> None:
    assert fits(NewRole(Role.OPERATOR, None)) is Refusal.NOT_A_ROLE
    assert fits(NewRole(Role.NOBODY, None)) is Refusal.NOT_A_ROLE
    assert fits(NewRole(Role.DEVELOPER, None, frozenset({Permission.PREVIEW, Permission.LINK}))) is None
    for permission in set(Permission) - {Permission.PREVIEW, Permission.LINK}:
        assert fits(NewRole(Role.DEVELOPER, None, frozenset({permission}))) is Refusal.NOT_GRANTABLE
    for role in set(ROLES) - {Role.DEVELOPER}:
        clinics = frozenset({"CLN001"}) if role is Role.CLINIC_ADMIN else None
        assert fits(NewRole(role, clinics)) is None
        assert fits(NewRole(role, clinics, frozenset({Permission.LINK}))) is Refusal.NOT_GRANTABLE


@pytest.mark.parametrize("change", [Activity(False), NewRole(Role.DEVELOPER, None)])
def test_the_last_owner_stays(change: Activity | NewRole) -> None:
    def after(*everybody: Person) -> Person | Refusal:
        return changed(everybody, "a", change, at=LATER)

    assert after(ASHA, DEV) is Refusal.LAST_OWNER
    assert after(ASHA, replace(INDU, is_active=False)) is Refusal.LAST_OWNER
    assert after(ASHA, replace(INDU, password=PasswordState.NONE)) is Refusal.LAST_OWNER
    assert isinstance(after(ASHA, INDU), Person)
    assert isinstance(after(replace(ASHA, password=PasswordState.NONE), INDU), Person)
    assert after(replace(ASHA, password=PasswordState.NONE), DEV) is Refusal.LAST_OWNER


def test_a_change_is_a_new_generation_and_no_change_is_none() -> None:
    after = changed((ASHA, DEV), "d", NewRole(Role.SUPPORT, frozenset({"CLN1"})), at=LATER)
    assert after == replace(
        DEV, role=Role.SUPPORT, clinics=frozenset({"CLN1"}), generation=DEV.generation + 1, changed_at=LATER
    )
    assert changed((ASHA, DEV), "d", NewRole(Role.DEVELOPER, None), at=LATER) is DEV
    assert changed((ASHA, DEV), "d", Activity(True), at=LATER) is DEV
    same_password = changed((ASHA, DEV), "d", NewPassword("x"), at=LATER)
    assert isinstance(same_password, Person)
    assert same_password.generation == DEV.generation + 1
    assert changed((ASHA,), "d", Activity(False), at=LATER) is Refusal.NO_SUCH_PERSON


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.OWNER, Role.OPERATOR)])
def test_only_an_owner_or_the_operator_keeps_accounts(role: Role) -> None:
    bench = MemoryBench()
    person = added(bench.accounts)
    written = len(bench.trail.rows)
    actor = Actor("bilal", role)
    acts = (
        lambda: use.everybody(actor, bench.accounts, at=NOW),
        lambda: use.named(actor, bench.accounts, "Asha", at=NOW),
        lambda: use.add(actor, bench.accounts, use.NewPerson("X", NewRole(Role.OWNER, None)), at=NOW),
        lambda: use.set_role(actor, bench.accounts, person.person_id, NewRole(Role.OPERATOR, None), at=NOW),
        lambda: use.disable(actor, bench.accounts, person.person_id, at=NOW),
        lambda: use.enable(actor, bench.accounts, person.person_id, at=NOW),
        lambda: use.reset(actor, bench.accounts, person.person_id, at=NOW),
    )
    for act in acts:
        with pytest.raises(NotAllowed):
            act()
    assert bench.people.everybody() == (person,)
    denials = [(event.action, event.actor, event.result, event.reason) for event in bench.trail.rows[written:]]
    assert denials == [
        ("denied", "bilal", "refused:people", f'{{"act": "{act}"}}')
        for act in ("list", "list", "add", "set_role", "disable", "enable", "reset")
    ]


def test_every_change_is_in_the_trail_before_and_after() -> None:
    bench = MemoryBench()
    added(bench.accounts)
    bench.trail.rows.clear()
    dev = invited(bench.accounts, "Dev", Role.DEVELOPER, frozenset({"CLN001"})).person.person_id
    use.set_role(OPERATOR, bench.accounts, dev, NewRole(Role.SUPPORT, None), at=NOW)
    use.disable(OPERATOR, bench.accounts, dev, at=NOW)
    use.reset(OPERATOR, bench.accounts, dev, at=NOW)  # refused before it begins
    use.enable(OPERATOR, bench.accounts, dev, at=NOW)
    use.reset(OPERATOR, bench.accounts, dev, at=NOW)
    use.add(OPERATOR, bench.accounts, use.NewPerson("dev", NewRole(Role.SUPPORT, None)), at=NOW)
    rows = bench.trail.rows
    assert {(row.actor, row.role, row.action) for row in rows} == {("cli:asha", "operator", "people_changed")}
    pairs = [rows[start : start + 2] for start in range(0, len(rows), 2)]
    assert [(json.loads(first.reason or "")["act"], first.result, second.result) for first, second in pairs] == [
        ("add", "intent", "ok"),
        ("set_role", "intent", "ok"),
        ("disable", "intent", "ok"),
        ("enable", "intent", "ok"),
        ("reset", "intent", "ok"),
        ("add", "intent", "refused:name_taken"),
    ]
    assert all(first.request_id == second.request_id for first, second in pairs)
    assert json.loads(rows[0].reason or "") == {
        "act": "add", "person": "Dev", "role": "developer", "clinics": ["CLN001"], "granted": [],
    }  # fmt: skip


def test_without_a_trail_nothing_changes() -> None:
    bench = MemoryBench()
    person = added(bench.accounts, "Dev", Role.DEVELOPER)
    added(bench.accounts, "Asha")
    opened = signed_in(bench.accounts, "Dev")
    bench.trail.fault = LedgerUnavailable(LedgerFault.FULL)
    before = bench.people.everybody()
    for act in (
        lambda: use.add(OPERATOR, bench.accounts, use.NewPerson("X", NewRole(Role.OWNER, None)), at=NOW),
        lambda: use.set_role(OPERATOR, bench.accounts, person.person_id, NewRole(Role.SUPPORT, None), at=NOW),
        lambda: use.disable(OPERATOR, bench.accounts, person.person_id, at=NOW),
        lambda: use.reset(OPERATOR, bench.accounts, person.person_id, at=NOW),
    ):
        with pytest.raises(LedgerUnavailable):
            act()
    assert bench.people.everybody() == before
    assert bench.people.links == {}
    assert bench.accounts.sessions.live(opened.token, at=NOW) is not None


def test_a_store_that_fails_after_the_intent_leaves_the_failure_in_the_trail() -> None:
    bench = MemoryBench()
    person = added(bench.accounts, "Dev", Role.DEVELOPER)

    class Locked:
        add, everybody, by_id, by_name = (
            bench.people.add, bench.people.everybody, bench.people.by_id, bench.people.by_name,
        )  # fmt: skip

        def change(self, *_: object, **__: object) -> Person:
            raise LedgerUnavailable(LedgerFault.LOCKED)

    broken = replace(bench.accounts, people=Locked())
    with pytest.raises(LedgerUnavailable):
        use.disable(OPERATOR, broken, person.person_id, at=NOW)
    assert [row.result for row in bench.trail.rows[-2:]] == ["intent", "failed:locked"]


def test_a_link_shows_its_token_nowhere_but_in_its_path() -> None:
    bench = MemoryBench()
    link = invited(bench.accounts)
    assert link.path == f"/set-password?token={link.token}"
    assert link.token not in repr(link)
    assert link.token not in repr(bench.people.links)
    assert all(link.token not in repr(row) for row in bench.trail.rows)
    assert isinstance(link, PasswordLink)


def test_there_is_no_default_password_and_no_account_to_begin_with() -> None:
    bench = MemoryBench()
    assert bench.people.everybody() == ()
    link = invited(bench.accounts)
    account = bench.people.by_id(link.person.person_id)
    assert account is not None
    assert account.password_hash is None


@given(
    st.lists(st.tuples(st.sampled_from("ai"), st.sampled_from(["disable", "demote", "enable", "promote"])), max_size=20)
)
def test_whatever_is_done_an_owner_with_a_password_is_left(steps: list[tuple[str, str]]) -> None:
    everybody = (ASHA, INDU, DEV)
    acts = {
        "disable": Activity(False), "enable": Activity(True),
        "demote": NewRole(Role.SUPPORT, None), "promote": NewRole(Role.OWNER, None),
    }  # fmt: skip
    for number, (who, what) in zip(itertools.count(1), steps, strict=False):
        after = changed(everybody, who, acts[what], at=NOW + timedelta(minutes=number))
        if isinstance(after, Person):
            everybody = tuple(after if each.person_id == who else each for each in everybody)
    assert any(each.role is Role.OWNER and each.is_active for each in everybody)
