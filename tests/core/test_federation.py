"""What a provider's claims open, as a table; and the flow that binds an answer to a browser."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lib import federation, flows
from lib.access import Role
from lib.federation import Claimed, ClaimRules, Unfit, rights
from lib.people import NAME_MAX, ROLES, Identity, NewRole, read_name
from tests.conftest import NOW

RULES = ClaimRules(
    {
        "boss": Role.OWNER,
        "front-desk": Role.CLINIC_ADMIN,
        "help": Role.SUPPORT,
        "helpers": Role.SUPPORT,
        "audit": Role.AUDITOR,
    }
)
ONE = frozenset({"CLN001"})


@pytest.mark.parametrize(
    ("claims", "wanted"),
    [
        ({"role": "front-desk", "clinics": "CLN001"}, NewRole(Role.CLINIC_ADMIN, ONE)),
        ({"role": ["front-desk"], "clinics": ["CLN001"]}, NewRole(Role.CLINIC_ADMIN, ONE)),
        ({"role": "front-desk", "clinics": " CLN001 , CLN002,"}, NewRole(Role.CLINIC_ADMIN, ONE | {"CLN002"})),
        ({"role": ["everyone", "help"], "clinics": ["CLN001"]}, NewRole(Role.SUPPORT, ONE)),
        ({"role": ["help", "helpers", "help"], "clinics": "*"}, NewRole(Role.SUPPORT, None)),
        ({"role": "audit", "clinics": ["*"]}, NewRole(Role.AUDITOR, None)),
        ({"role": "boss"}, NewRole(Role.OWNER, None)),
        ({"role": "boss", "clinics": "*"}, NewRole(Role.OWNER, None)),
    ],
)
def test_one_role_and_its_clinics(claims: dict[str, object], wanted: NewRole) -> None:
    assert rights(claims, RULES) == wanted


@pytest.mark.parametrize(
    "role", [None, "", [], "owner", "Boss", "boss ", "front-desk,help", 7, {"boss": 1}, ["boss", 7], True]
)
def test_what_is_no_value_of_ours_is_no_role(role: object) -> None:
    assert rights({"role": role, "clinics": "*"}, RULES) is Unfit.NO_ROLE
    assert rights({"clinics": "*"}, RULES) is Unfit.NO_ROLE


def test_two_roles_are_not_chosen_between() -> None:
    assert rights({"role": ["help", "boss"], "clinics": "*"}, RULES) is Unfit.SEVERAL_ROLES


@pytest.mark.parametrize("role", ["front-desk", "help", "audit"])
@pytest.mark.parametrize("clinics", [None, "", [], " , ", [""]])
def test_no_clinic_named_is_not_all_clinics(role: str, clinics: object) -> None:
    assert rights({"role": role, "clinics": clinics}, RULES) is Unfit.NO_CLINICS
    assert rights({"role": role}, RULES) is Unfit.NO_CLINICS


@pytest.mark.parametrize(
    ("role", "clinics"),
    [
        ("front-desk", "*"),  # bound to clinics
        ("help", ["*", "CLN001"]),
        ("help", 12),
        ("help", {"CLN001": True}),
        ("help", ["CLN001", 2]),
        ("help", "x" * 101),
        ("help", [f"CLN{number}" for number in range(101)]),
        ("help", "CLN\u202e001"),
        ("boss", "CLN001"),  # an owner sees all; the provider meant something else
    ],
)
def test_clinics_that_cannot_be_meant_open_nothing(role: str, clinics: object) -> None:
    assert rights({"role": role, "clinics": clinics}, RULES) is Unfit.CLINICS_UNFIT


def test_no_claim_whatever_gives_more_than_the_rules_name() -> None:
    for value in [*ROLES, "operator", "nobody", "*"]:
        assert rights({"role": str(value), "clinics": "*"}, ClaimRules({})) is Unfit.NO_ROLE


def test_a_claim_may_lie_deeper_and_one_of_the_whole_name_comes_first() -> None:
    rules = replace(RULES, role_claim="realm_access.roles", clinics_claim="https://edr.example/clinics")
    claims: dict[str, object] = {"realm_access": {"roles": ["help"]}, "https://edr.example/clinics": "*"}
    assert rights(claims, rules) == NewRole(Role.SUPPORT, None)
    assert rights(claims | {"realm_access.roles": "audit"}, rules) == NewRole(Role.AUDITOR, None)
    assert rights({**claims, "realm_access": "help"}, rules) is Unfit.NO_ROLE


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "Bilal  Khan"}, "Bilal Khan via EDR"),
        ({"name": "cli:asha", "preferred_username": "bilal"}, "bilal via EDR"),
        ({"name": "", "email": "bilal@clinic.example"}, "bilal@clinic.example via EDR"),
        ({"name": ["Asha"], "email": 7}, "Unnamed via EDR"),
        ({"name": "Asha\u202e"}, "Unnamed via EDR"),
        ({"name": "Asha"}, "Asha via EDR"),
        ({"name": "\ud800"}, "Unnamed via EDR"),
        ({}, "Unnamed via EDR"),
    ],
)
def test_a_name_of_the_provider_says_where_it_comes_from(claims: dict[str, object], name: str) -> None:
    first, second = federation.names(Claimed(Identity("https://id.example", "7"), claims), via="EDR")
    assert first == name
    assert second == f"{name} 3148fa"


def test_the_longest_name_still_is_one() -> None:
    claimed = Claimed(Identity("https://id.example", "7"), {"name": "A" * 100})
    for name in federation.names(claimed, via="v" * federation.VIA_MAX):
        assert read_name(name) == name
        assert len(name) <= NAME_MAX


def test_a_flow_is_known_by_its_cookie_and_by_nothing_else() -> None:
    cookie, flow = flows.begin(b"secret", "/?record=12", at=NOW)
    _, other = flows.begin(b"secret", "/?record=12", at=NOW)
    assert flows.resume(b"secret", cookie, at=NOW + timedelta(minutes=9)) == flow
    assert len({flow.state, flow.nonce, flow.verifier, other.state, other.nonce, other.verifier}) == 6
    assert not any(each in cookie for each in (flow.state, flow.nonce, flow.verifier))
    assert not any(each in repr(flow) for each in (flow.state, flow.nonce, flow.verifier))
    assert flow.is_answered_by(flow.state)
    assert not any(flow.is_answered_by(each) for each in ("", other.state, flow.state[:-1], "é"))


@pytest.mark.parametrize(
    "cookie", ["", "a.b.c", "a" * 5000, "é" * 60, f"{'a' * 43}.9999999999.Lw", f"{'a' * 43}.0000000000.Lw"]
)
def test_what_is_no_flow_or_has_ended_is_none(cookie: str) -> None:
    assert flows.resume(b"secret", cookie, at=NOW) is None


def test_a_way_back_that_is_too_long_is_forgotten() -> None:
    cookie, flow = flows.begin(b"secret", "/?" + "x" * 5000, at=NOW)
    assert flow.wanted == "/"
    assert flows.resume(b"secret", cookie, at=NOW) == flow
