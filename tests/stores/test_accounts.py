"""Accounts, links, sessions and counts as any store keeps them: in memory, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from lib import accounts as use
from lib import sign_in
from lib.access import Permission, Role
from lib.accounts import Accounts
from lib.password_links import PasswordLink
from lib.people import NewRole, PasswordState, Person, Refusal, Rehash
from lib.sessions import token_hash
from lib.sign_in import Denial, Denied, SignedIn
from lib.stores.ledger_people_tables import PASSWORD_LINKS, PEOPLE, PINS, SESSIONS, SPENT_FLOWS, THROTTLE
from tests.conftest import NOW
from tests.parts import accounts as sample
from tests.parts.accounts import HOME, OPERATOR, PASSWORD, added, invited, signed_in, tried

ROOT = Path(__file__).parents[2]
HOUR = timedelta(hours=1)
OTHER = "another four words entirely"


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def accounts(request: pytest.FixtureRequest) -> Accounts:
    if request.param == "memory":
        return sample.MemoryBench().accounts
    return sample.on_ledger(request.getfixturevalue(f"{request.param}_url"))


def test_a_person_reads_back_as_they_were_added(accounts: Accounts) -> None:
    rights = NewRole(Role.DEVELOPER, frozenset({"CLN002", "CLN001"}), frozenset({Permission.PREVIEW}))
    made = use.add(OPERATOR, accounts, use.NewPerson("  Dev  Okafor ", rights), at=NOW)
    assert isinstance(made, PasswordLink)
    person = made.person
    assert (person.name, person.role, person.clinics, person.granted) == (
        "Dev Okafor", Role.DEVELOPER, frozenset({"CLN001", "CLN002"}), frozenset({Permission.PREVIEW}),
    )  # fmt: skip
    assert (person.is_active, person.password, person.created_at) == (True, PasswordState.NONE, NOW)
    assert use.everybody(OPERATOR, accounts, at=NOW) == (person,)
    for found in (accounts.people.by_id(person.person_id), accounts.people.by_name("DEV OKAFOR")):
        assert found is not None
        assert (found.person, found.password_hash) == (person, None)
    assert accounts.people.by_id("f" * 32) is None
    assert accounts.people.by_name("Bilal") is None


@pytest.mark.parametrize("same", ["asha", "ASHA", " Asha ", "Ａｓｈａ"])
def test_a_name_is_given_once_however_it_is_written(accounts: Accounts, same: str) -> None:
    invited(accounts, "Asha")
    assert use.add(OPERATOR, accounts, use.NewPerson(same, NewRole(Role.SUPPORT, None)), at=NOW) is Refusal.NAME_TAKEN
    assert len(use.everybody(OPERATOR, accounts, at=NOW)) == 1


def test_of_many_who_add_the_same_name_at_once_one_succeeds(accounts: Accounts) -> None:
    wanted = use.NewPerson("Chitra", NewRole(Role.SUPPORT, None))
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: use.add(OPERATOR, accounts, wanted, at=NOW), range(8)))
    assert sum(isinstance(each, PasswordLink) for each in made) == 1
    assert made.count(Refusal.NAME_TAKEN) == 7


def test_two_owners_who_disable_each_other_at_once_leave_one(accounts: Accounts) -> None:
    pair = added(accounts, "Asha"), added(accounts, "Indu")
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda person: use.disable(OPERATOR, accounts, person.person_id, at=NOW), pair))
    assert done.count(Refusal.LAST_OWNER) == 1
    assert [person.is_active for person in use.everybody(OPERATOR, accounts, at=NOW)].count(True) == 1


def test_a_link_sets_a_password_once(accounts: Accounts) -> None:
    link = invited(accounts)
    assert sign_in.link_person(accounts, link.token, at=NOW) == link.person
    first = sign_in.set_password(accounts, link.token, PASSWORD, address=HOME, at=NOW)
    assert isinstance(first, Person)
    assert first.password is PasswordState.SET
    assert sign_in.set_password(accounts, link.token, OTHER, address=HOME, at=NOW) == Denied(Denial.LINK_OVER)
    assert isinstance(tried(accounts), SignedIn)


def test_of_25_who_use_a_link_at_once_one_succeeds(accounts: Accounts) -> None:
    link = invited(accounts)
    words = [f"parallel word number {number} of twenty" for number in range(25)]
    with ThreadPoolExecutor(25) as pool:
        done = list(
            pool.map(lambda each: sign_in.set_password(accounts, link.token, each, address=HOME, at=NOW), words)
        )
    winners = [number for number, each in enumerate(done) if isinstance(each, Person)]
    assert len(winners) == 1
    assert done.count(Denied(Denial.LINK_OVER)) == 24
    assert isinstance(tried(accounts, password=words[winners[0]]), SignedIn)


def test_a_link_ends_after_a_day_and_when_a_newer_one_is_made(accounts: Accounts) -> None:
    first = invited(accounts)
    assert sign_in.link_person(accounts, first.token, at=NOW + 24 * HOUR) is None
    second = use.reset(OPERATOR, accounts, first.person.person_id, at=NOW + HOUR)
    assert isinstance(second, PasswordLink)
    assert sign_in.link_person(accounts, first.token, at=NOW + HOUR) is None
    assert sign_in.link_person(accounts, second.token, at=NOW + 24 * HOUR) == second.person


def test_a_link_of_somebody_disabled_does_not_work_again_when_they_are_enabled(accounts: Accounts) -> None:
    added(accounts, "Asha")
    link = invited(accounts, "Dev", Role.DEVELOPER)
    use.disable(OPERATOR, accounts, link.person.person_id, at=NOW)
    assert sign_in.link_person(accounts, link.token, at=NOW) is None
    use.enable(OPERATOR, accounts, link.person.person_id, at=NOW)
    assert sign_in.link_person(accounts, link.token, at=NOW) is None


def test_a_live_session_knows_its_person(accounts: Accounts) -> None:
    person = added(accounts)
    opened = signed_in(accounts)
    live = accounts.sessions.live(opened.token, at=NOW + timedelta(minutes=5))
    assert live is not None
    assert (live.person, live.session) == (person, opened.session)
    assert (live.actor.name, live.actor.address, live.actor.session_hash) == ("Asha", HOME, token_hash(opened.token))
    assert accounts.sessions.of(person, at=NOW + timedelta(minutes=5)) == (
        replace(opened.session, last_seen_at=NOW + timedelta(minutes=5)),
    )


def test_a_use_keeps_a_session_alive_and_a_poll_does_not(accounts: Accounts) -> None:
    added(accounts)
    used, polled = signed_in(accounts), signed_in(accounts)
    for minutes in (30, 59):
        assert accounts.sessions.live(used.token, at=NOW + timedelta(minutes=minutes)) is not None
        assert accounts.sessions.live(polled.token, at=NOW + timedelta(minutes=minutes), is_use=False) is not None
    assert accounts.sessions.live(polled.token, at=NOW + timedelta(minutes=60)) is None
    assert accounts.sessions.live(used.token, at=NOW + timedelta(minutes=118)) is not None


def test_which_of_many_live_is_one_question(accounts: Accounts) -> None:
    added(accounts)
    opened = [signed_in(accounts) for _ in range(3)]
    accounts.sessions.end(opened[1].session)
    strangers = [f"{number:043}" for number in range(1200)]
    asked = [*(each.token for each in opened), *strangers, "", "x" * 8192, "\ud800"]
    assert accounts.sessions.living(asked, at=NOW) == {opened[0].token, opened[2].token}
    assert accounts.sessions.living([], at=NOW) == frozenset()
    assert accounts.sessions.living([opened[0].token], at=NOW + HOUR) == frozenset()


def test_a_session_ends_after_twelve_hours_however_often_it_is_used(accounts: Accounts) -> None:
    added(accounts)
    opened = signed_in(accounts)
    for minutes in range(50, 720, 50):
        assert accounts.sessions.live(opened.token, at=NOW + timedelta(minutes=minutes)) is not None
    assert accounts.sessions.live(opened.token, at=NOW + 12 * HOUR) is None


@pytest.mark.parametrize("what", ["role", "clinics", "granted", "disabled", "password", "own_password"])
def test_what_changes_a_person_kills_all_their_older_sessions_and_nobody_elses(accounts: Accounts, what: str) -> None:
    added(accounts, "Asha")
    person = added(accounts, "Dev", Role.DEVELOPER)
    mine, other, asha = signed_in(accounts, "Dev"), signed_in(accounts, "Dev"), signed_in(accounts, "Asha")
    rights = {
        "role": NewRole(Role.SUPPORT, None),
        "clinics": NewRole(Role.DEVELOPER, frozenset({"CLN001"})),
        "granted": NewRole(Role.DEVELOPER, None, frozenset({Permission.LINK})),
    }
    if what in rights:
        assert isinstance(use.set_role(OPERATOR, accounts, person.person_id, rights[what], at=NOW), Person)
    elif what == "disabled":
        assert isinstance(use.disable(OPERATOR, accounts, person.person_id, at=NOW), Person)
    elif what == "password":
        link = use.reset(OPERATOR, accounts, person.person_id, at=NOW)
        assert isinstance(link, PasswordLink)
        assert accounts.sessions.live(mine.token, at=NOW) is not None
        assert isinstance(sign_in.set_password(accounts, link.token, OTHER, address=HOME, at=NOW), Person)
    else:
        live = accounts.sessions.live(mine.token, at=NOW)
        assert live is not None
        assert isinstance(sign_in.change_password(accounts, live, old=PASSWORD, new=OTHER, at=NOW), Person)
    assert accounts.sessions.live(mine.token, at=NOW) is None
    assert accounts.sessions.live(other.token, at=NOW) is None
    assert accounts.sessions.live(asha.token, at=NOW) is not None


def test_what_changes_nothing_signs_nobody_out(accounts: Accounts) -> None:
    person = added(accounts)
    opened = signed_in(accounts)
    assert use.set_role(OPERATOR, accounts, person.person_id, NewRole(Role.OWNER, None), at=NOW + HOUR) == person
    assert use.enable(OPERATOR, accounts, person.person_id, at=NOW + HOUR) == person
    assert accounts.sessions.live(opened.token, at=NOW) is not None


def test_a_session_that_began_just_before_the_change_dies_of_it(accounts: Accounts) -> None:
    person = added(accounts, "Dev", Role.DEVELOPER)
    after = use.set_role(OPERATOR, accounts, person.person_id, NewRole(Role.SUPPORT, None), at=NOW)
    assert isinstance(after, Person)
    stale = accounts.sessions.open_session(person, at=NOW, address=HOME)  # its sign-in read the person before
    assert accounts.sessions.live(stale.token, at=NOW) is None


def test_signing_out_ends_one_session_or_all(accounts: Accounts) -> None:
    added(accounts)
    first, second, third = (signed_in(accounts) for _ in range(3))
    live = accounts.sessions.live(first.token, at=NOW)
    assert live is not None
    sign_in.sign_out(accounts, live, at=NOW)
    assert accounts.sessions.live(first.token, at=NOW) is None
    live = accounts.sessions.live(second.token, at=NOW)
    assert live is not None
    sign_in.sign_out(accounts, live, at=NOW, everywhere=True)
    assert accounts.sessions.live(third.token, at=NOW) is None
    assert not accounts.sessions.end(first.session)


def test_sessions_that_ended_are_forgotten_at_the_next_sign_in(accounts: Accounts) -> None:
    added(accounts)
    old = signed_in(accounts)
    signed_in(accounts, after=13 * HOUR)
    assert accounts.sessions.end(old.session) is False


def test_an_outdated_hash_is_renewed_unless_the_password_changed_meanwhile(accounts: Accounts) -> None:
    person = added(accounts)
    account = accounts.people.by_id(person.person_id)
    assert account is not None
    assert account.password_hash is not None
    late = accounts.people.change(person.person_id, Rehash("late", instead_of="before"), at=NOW)
    assert late == person
    unchanged = accounts.people.by_id(person.person_id)
    assert unchanged == account
    accounts.people.change(person.person_id, Rehash("newer", instead_of=account.password_hash), at=NOW)
    renewed = accounts.people.by_id(person.person_id)
    assert renewed is not None
    assert (renewed.person, renewed.password_hash) == (person, "newer")


def test_attempts_at_once_are_all_counted(accounts: Accounts) -> None:
    added(accounts)
    with ThreadPoolExecutor(20) as pool:
        done = list(pool.map(lambda _: tried(accounts, password="wrong wrong wrong"), range(20)))
    assert done.count(Denied(Denial.WRONG)) == 5
    assert all(isinstance(each, Denied) and each.code is Denial.WAIT for each in done if each != Denied(Denial.WRONG))


@pytest.mark.parametrize("hostile", ["f" * 8192, "\0", "\ud800", "' OR 1=1 --", "", "..", "ÿ" * 32, "Ａ" * 32])
def test_a_hostile_id_name_or_token_is_nobodys(accounts: Accounts, hostile: str) -> None:
    added(accounts)
    assert accounts.people.by_id(hostile) is None
    assert use.named(OPERATOR, accounts, hostile, at=NOW) is None
    assert use.disable(OPERATOR, accounts, hostile, at=NOW) is Refusal.NO_SUCH_PERSON
    assert accounts.sessions.live(hostile, at=NOW) is None
    assert sign_in.set_password(accounts, hostile, PASSWORD, address=HOME, at=NOW) == Denied(Denial.LINK_OVER)
    assert tried(accounts, hostile, address=hostile, device=hostile) == Denied(Denial.WRONG)
    assert tried(accounts, password=hostile, address=hostile) == Denied(Denial.WRONG)
    assert isinstance(tried(accounts, address=hostile, device=hostile), SignedIn)


def test_two_processes_share_accounts_sessions_and_counts(url: str) -> None:
    accounts = sample.on_ledger(url)
    added(accounts)
    opened = signed_in(accounts)
    script = (
        "import sys\n"
        "from tests.parts import accounts as sample\n"
        "from lib import accounts as use\n"
        "accounts = sample.on_ledger(sys.argv[1])\n"
        "person = accounts.sessions.live(sys.argv[2], at=sample.NOW).person\n"
        "print([str(sample.tried(accounts, password='wrong').code) for _ in range(4)])\n"
        "accounts.sessions.end_all(person.person_id)\n"
    )
    other = subprocess.run(
        [sys.executable, "-c", script, url, opened.token],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": os.pathsep.join([".", *sys.path])}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert other.stdout.strip() == "['wrong', 'wrong', 'wrong', 'wrong']"
    assert accounts.sessions.live(opened.token, at=NOW) is None
    assert tried(accounts, password="wrong") == Denied(Denial.WRONG)
    assert tried(accounts) == Denied(Denial.WAIT, timedelta(seconds=1))


def test_the_ledger_holds_no_password_and_no_token(url: str) -> None:
    accounts = sample.on_ledger(url)
    added(accounts)
    link = invited(accounts, "Dev", Role.DEVELOPER)
    opened, wrong = tried(accounts), tried(accounts, "my secret typed as a name", "wrong wrong wrong")
    assert isinstance(opened, SignedIn)
    assert wrong == Denied(Denial.WRONG)
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        tables = (*inspect(connection).get_table_names(),)
        everything = repr([connection.execute(text(f"SELECT * FROM {table}")).all() for table in tables])
    assert "Asha" in everything
    for secret in (PASSWORD, "wrong wrong", "my secret", link.token, opened.opened.token, opened.device):
        assert secret not in everything


def test_a_role_or_grant_that_we_do_not_know_gives_nothing(url: str) -> None:
    accounts = sample.on_ledger(url)
    person = added(accounts)
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("""UPDATE people SET role = 'root', clinics = '{"a": 1}', granted = '["all"]'"""))
    account = accounts.people.by_id(person.person_id)
    assert account is not None
    assert (account.person.role, account.person.clinics, account.person.granted) == (
        Role.NOBODY, frozenset(), frozenset(),
    )  # fmt: skip


def test_the_migrated_tables_are_the_ones_that_the_code_reads(url: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    found = inspect(engine)
    for table in (PEOPLE, SESSIONS, PASSWORD_LINKS, THROTTLE, PINS, SPENT_FLOWS):
        columns = [(column["name"], column["nullable"]) for column in found.get_columns(table.name)]
        assert columns == [(column.name, bool(column.nullable)) for column in table.c]
        indexes = {str(index["name"]) for index in found.get_indexes(table.name) if not index["unique"]}
        assert indexes == {str(index.name) for index in table.indexes}
