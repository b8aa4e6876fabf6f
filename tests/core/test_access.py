"""Who may do what, and whose records they see. The matrix stands here a second time, as the owner reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from lib import access, link_bounds
from lib.access import Actor, Permission, Role, Scope
from lib.errors import NotAllowed

#                            find names preview link explain keys storage activity retention people settings account
MATRIX = {
    Role.OWNER:             "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
    Role.CLINIC_ADMIN:      "yes   yes   yes   yes   -     -     -     -     -     -     -     -     yes",
    Role.SUPPORT:           "yes   yes   -     yes   yes   -     -     -     -     -     -     -     yes",
    Role.DEVELOPER:         "yes   -     -     -     yes   yes   yes   yes   -     -     -     -     yes",
    Role.AUDITOR:           "-     -     -     -     -     -     -     -     yes   -     -     -     yes",
    Role.OPERATOR:          "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
    Role.NOBODY:            "-     -     -     -     -     -     -     -     -     -     -     -     -",
}  # fmt: skip
COLUMNS = (
    Permission.FIND, Permission.NAMES, Permission.PREVIEW, Permission.LINK, Permission.EXPLAIN, Permission.KEYS, Permission.AUDIT,
    Permission.STORAGE_DETAILS, Permission.ACTIVITY, Permission.RETENTION, Permission.PEOPLE, Permission.SETTINGS, Permission.ACCOUNT,
)  # fmt: skip
DEV = Actor("dev", Role.DEVELOPER)
ROOT = Path(__file__).parents[2]
EVERYTHING = frozenset(Permission)


@pytest.mark.parametrize(("role", "permission"), list(product(Role, Permission)))
def test_every_role_may_what_the_matrix_says_and_nothing_else(role: Role, permission: Permission) -> None:
    expected = MATRIX[role].split()[COLUMNS.index(permission)] == "yes"
    actor = Actor("somebody", role)
    assert access.may(actor, permission) is expected
    if expected:
        access.require(actor, permission)
    else:
        with pytest.raises(NotAllowed, match=permission.value):
            access.require(actor, permission)


@pytest.mark.parametrize("role", Role)
def test_every_role_has_its_row_in_every_table(role: Role) -> None:
    assert role in access.PERMISSIONS
    assert role in access.LINK_LIMITS


def test_a_grant_adds_what_the_role_may_be_granted_and_nothing_else() -> None:
    granted = {each for each in Permission if access.may(replace(DEV, granted=EVERYTHING), each)}
    assert granted - access.PERMISSIONS[Role.DEVELOPER] == {Permission.PREVIEW, Permission.LINK}


@pytest.mark.parametrize("role", [each for each in Role if each is not Role.DEVELOPER])
def test_nobody_but_a_developer_can_be_granted_anything(role: Role) -> None:
    granted = {each for each in Permission if access.may(Actor("somebody", role, EVERYTHING), each)}
    assert granted == access.PERMISSIONS[role]


@pytest.mark.parametrize("role", Role)
def test_whoever_may_make_links_or_be_granted_it_may_make_some_and_nobody_else_any(role: Role) -> None:
    limits = access.LINK_LIMITS[role]
    if access.may(Actor("somebody", role, EVERYTHING), Permission.LINK):
        assert timedelta(0) < limits.longest <= timedelta(days=7)
        assert limits.per_hour > 0
    else:
        assert limits == access.NO_LINKS


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("clinics", [None, frozenset[str](), frozenset({"CLN1"})])
@pytest.mark.parametrize("is_masked", [True, False])
def test_a_narrowed_scope_never_sees_more_than_the_one_it_was_made_of(
    role: Role, clinics: frozenset[str] | None, is_masked: bool
) -> None:
    given = Scope(clinics, is_masked)
    got = access.narrowed(Actor("somebody", role), given)
    assert {each for each in ("CLN1", "CLN2", None) if got.sees(each)} <= {
        each for each in ("CLN1", "CLN2", None) if given.sees(each)
    }
    assert got.is_masked or not given.is_masked
    assert got.is_masked is (is_masked or role in {Role.DEVELOPER, Role.AUDITOR, Role.NOBODY})


def test_a_clinic_admin_of_whom_nobody_said_which_clinics_sees_nothing() -> None:
    got = access.narrowed(Actor("bilal", Role.CLINIC_ADMIN), Scope())
    assert not any(got.sees(each) for each in ("CLN1", "CLN2", None))


def test_a_scope_of_clinics_does_not_see_other_clinics_or_rows_without_one() -> None:
    scope = Scope(frozenset({"CLN1"}))
    assert scope.sees("CLN1")
    assert not scope.sees("CLN2")
    assert not scope.sees(None)
    assert not Scope(frozenset()).sees("CLN1")


def test_the_scope_of_all_clinics_sees_rows_without_a_clinic() -> None:
    assert Scope().sees("CLN1")
    assert Scope().sees(None)


def test_the_page_about_roles_says_what_the_tables_say() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in (ROOT / "docs" / "roles.md").read_text().splitlines()
        if line.startswith("|") and "---" not in line
    ]
    roles = [Role(name) for name in rows[0][1:]]
    assert set(roles) == set(Role) - {Role.NOBODY}
    said = {name: dict(zip(roles, cells, strict=True)) for name, *cells in rows[1:]}
    assert set(said) == {*Permission, "longest link", "links an hour"}
    for role, permission in product(roles, Permission):
        is_granted = access.may(Actor("somebody", role, EVERYTHING), permission)
        always = access.may(Actor("somebody", role), permission)
        assert said[permission][role] == ("yes" if always else "may be granted" if is_granted else "–")
    for role in roles:
        limits = access.LINK_LIMITS[role]
        has_none = limits == access.NO_LINKS
        assert said["longest link"][role] == ("–" if has_none else link_bounds.written(limits.longest))
        assert said["links an hour"][role] == ("–" if has_none else str(limits.per_hour))
