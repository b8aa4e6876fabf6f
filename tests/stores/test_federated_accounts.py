"""Accounts of people who come through an identity provider: in memory, on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from lib import accounts as owner
from lib import flows, sign_in
from lib.access import Role
from lib.accounts import Accounts, NewPerson
from lib.federated_sign_in import Barred, Federation, Outside, Return, enter
from lib.federation import Claimed, ClaimRules
from lib.flows import Flow, SpentFlows
from lib.password_links import PasswordLink
from lib.people import Identity, NewPassword, NewRole, PasswordState, Person, Refusal
from lib.sessions import Opened
from lib.sign_in import Denial, Denied
from lib.stores import ledger_engine
from lib.stores.ledger_flows import LedgerFlows
from lib.stores.memory.flows import MemoryFlows
from tests.conftest import NOW
from tests.parts import accounts as sample
from tests.parts.accounts import HOME, OPERATOR, PASSWORD, added, tried

ISSUER = "https://id.example"
RULES = ClaimRules({"boss": Role.OWNER, "front-desk": Role.CLINIC_ADMIN, "help": Role.SUPPORT})


class NotAsked:
    """A provider for what begins after it was asked."""

    async def sign_in_url(self, flow: Flow, *, redirect_uri: str) -> str:
        raise AssertionError

    async def identify(self, code: str, flow: Flow, *, redirect_uri: str) -> Claimed:
        raise AssertionError


@dataclass
class House:
    """Accounts on one ledger, and the way in through a provider."""

    accounts: Accounts
    through: Federation

    def enter(
        self, subject: str = "7", *, at: datetime = NOW, flow: Flow | None = None, **claims: object
    ) -> Opened | Outside:
        told = {"name": "Bilal", "role": "front-desk", "clinics": "CLN001", **claims}
        back = Return("code", flow or flows.begin(b"secret", "/", at=at)[1], "http://localhost/oidc/callback", HOME)
        return enter(self.accounts, self.through, Claimed(Identity(ISSUER, subject), told), back, at=at)

    def entered(self, subject: str = "7", **claims: object) -> Person:
        done = self.enter(subject, **claims)
        assert isinstance(done, Opened), done
        return done.person

    def is_in(self, done: Opened | Outside) -> bool:
        assert isinstance(done, Opened)
        return self.accounts.sessions.live(done.token, at=NOW, is_use=False) is not None


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def house(request: pytest.FixtureRequest) -> House:
    spent: SpentFlows
    if request.param == "memory":
        accounts, spent = sample.MemoryBench().accounts, MemoryFlows()
    else:
        url = request.getfixturevalue(f"{request.param}_url")
        accounts, spent = sample.on_ledger(url), LedgerFlows(ledger_engine.make(url))
    return House(accounts, Federation(NotAsked(), RULES, "EDR", ISSUER, spent, b"secret"))


def test_an_account_reads_back_as_it_was_made(house: House) -> None:
    person = house.entered()
    assert (person.name, person.role, person.clinics) == ("Bilal via EDR", Role.CLINIC_ADMIN, {"CLN001"})
    assert (person.password, person.identity) == (PasswordState.ELSEWHERE, Identity(ISSUER, "7"))
    assert house.accounts.people.everybody() == (person,)
    account = house.accounts.people.by_id(person.person_id)
    assert account is not None
    assert (account.person, account.password_hash) == (person, None)


def test_the_same_claims_again_are_the_same_account_and_sign_nobody_out(house: House) -> None:
    first = house.enter()
    assert house.entered() == house.entered()
    assert house.is_in(first)
    assert len(house.accounts.people.everybody()) == 1


def test_other_claims_are_a_new_generation_and_end_what_was_open(house: House) -> None:
    first = house.enter()
    person = house.entered(role="help", clinics="*")
    assert (person.role, person.clinics, person.generation) == (Role.SUPPORT, None, 2)
    assert not house.is_in(first)


def test_two_people_of_one_name_are_two_and_told_apart(house: House) -> None:
    one, other = house.entered("7"), house.entered("8")
    assert one.name == "Bilal via EDR"
    assert other.name.startswith("Bilal via EDR ")
    assert one.person_id != other.person_id
    assert house.entered("9", name=other.name).name not in {one.name, other.name}


def test_nobody_becomes_a_local_person_by_their_name(house: House) -> None:
    asha = added(house.accounts)
    person = house.entered(name="Asha")
    assert person.name == "Asha via EDR"
    assert person.person_id != asha.person_id
    made = owner.add(OPERATOR, house.accounts, NewPerson("asha via edr", NewRole(Role.SUPPORT, None)), at=NOW)
    assert made is Refusal.NAME_TAKEN


def test_an_owner_who_took_both_names_before_keeps_them(house: House) -> None:
    for name in ("Bilal via EDR", "Bilal via EDR 3148fa"):
        owner.add(OPERATOR, house.accounts, NewPerson(name, NewRole(Role.SUPPORT, None)), at=NOW)
    done = house.enter()
    assert done == Outside(Refusal.NAME_TAKEN)


def test_of_first_sign_ins_at_once_there_is_one_account(house: House) -> None:
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: house.enter(), range(6)))
    assert all(isinstance(each, Opened) for each in done), done
    assert len(house.accounts.people.everybody()) == 1


def test_of_one_answer_at_once_one_gets_in(house: House) -> None:
    house.entered()
    _, flow = flows.begin(b"secret", "/", at=NOW)
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: house.enter(flow=flow), range(6)))
    assert sum(isinstance(each, Opened) for each in done) == 1
    assert house.enter(flow=flow, at=NOW + timedelta(minutes=9)) == Outside(Barred.FLOW_OVER)


def test_there_is_no_password_and_none_can_be_set(house: House) -> None:
    person = house.entered()
    assert owner.reset(OPERATOR, house.accounts, person.person_id, at=NOW) is Refusal.FROM_PROVIDER
    change = NewPassword(house.accounts.hasher.hash(PASSWORD))
    assert house.accounts.people.change(person.person_id, change, at=NOW) is Refusal.FROM_PROVIDER
    denied = tried(house.accounts, "Bilal via EDR")
    assert isinstance(denied, Denied)
    assert denied.code is Denial.WRONG


def test_an_owner_here_disables_and_enables_but_gives_no_role(house: House) -> None:
    first = house.enter()
    assert isinstance(first, Opened)
    who = first.person.person_id
    wanted = NewRole(Role.OWNER, None)
    assert owner.set_role(OPERATOR, house.accounts, who, wanted, at=NOW) is Refusal.FROM_PROVIDER
    assert isinstance(owner.disable(OPERATOR, house.accounts, who, at=NOW), Person)
    assert not house.is_in(first)
    assert house.enter(role="boss", clinics=None) == Outside(Barred.ACCOUNT_DISABLED)
    assert isinstance(owner.enable(OPERATOR, house.accounts, who, at=NOW), Person)
    assert house.is_in(house.enter())


def test_an_owner_of_the_provider_stands_in_for_no_owner_here(house: House) -> None:
    asha = added(house.accounts)
    boss = house.entered(role="boss", clinics=None)
    assert boss.role is Role.OWNER
    assert owner.disable(boss.actor, house.accounts, asha.person_id, at=NOW) is Refusal.LAST_OWNER
    assert owner.set_role(boss.actor, house.accounts, asha.person_id, NewRole(Role.SUPPORT, None), at=NOW) is (
        Refusal.LAST_OWNER
    )


def test_the_provider_can_take_back_the_owner_whom_it_made_also_the_only_one(house: House) -> None:
    house.entered(role="boss", clinics=None)
    assert house.entered(role="help", clinics="*").role is Role.SUPPORT


def test_a_link_made_before_cannot_set_a_password_for_somebody_of_the_provider(house: House) -> None:
    asha = added(house.accounts)
    link = owner.reset(OPERATOR, house.accounts, asha.person_id, at=NOW)
    assert isinstance(link, PasswordLink)
    house.entered(name="Asha")
    done = sign_in.set_password(house.accounts, link.token, "another four words entirely", address=HOME, at=NOW)
    assert isinstance(done, Person)
    assert done.person_id == asha.person_id


def test_the_same_subject_of_another_issuer_is_somebody_else(house: House) -> None:
    person = house.entered()
    other = replace(person, person_id="f" * 32, name="Bilal via other", identity=Identity("https://other.example", "7"))
    assert house.accounts.people.add(other)
    assert not house.accounts.people.add(replace(other, person_id="e" * 32, name="Another"))
