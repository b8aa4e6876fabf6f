"""Who may do what, and whose records they see."""

from __future__ import annotations

import pytest

from lib import access
from lib.access import Actor, Permission, Role, Scope
from lib.errors import NotAllowed

ASHA = Actor("local", Role.OPERATOR)


@pytest.mark.parametrize("permission", list(Permission))
def test_the_local_operator_may_do_everything(permission: Permission) -> None:
    access.require(ASHA, permission)


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_its_row_in_the_table(role: Role) -> None:
    assert role in access.PERMISSIONS


def test_what_is_not_granted_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(access.PERMISSIONS, Role.OPERATOR, frozenset({Permission.FIND}))
    access.require(ASHA, Permission.FIND)
    with pytest.raises(NotAllowed, match="link"):
        access.require(ASHA, Permission.LINK)


def test_a_scope_of_clinics_does_not_see_other_clinics_or_rows_without_one() -> None:
    scope = Scope(frozenset({"CLN1"}))
    assert scope.sees("CLN1")
    assert not scope.sees("CLN2")
    assert not scope.sees(None)
    assert not Scope(frozenset()).sees("CLN1")


def test_the_scope_of_all_clinics_sees_rows_without_a_clinic() -> None:
    assert Scope().sees("CLN1")
    assert Scope().sees(None)
