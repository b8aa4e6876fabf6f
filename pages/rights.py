"""What somebody may do, as it is chosen on People: role, clinics, and what is granted on top."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from dashboard.display import printable
from dashboard.visit import Visit
from dashboard.wording import people as words
from lib import access, search
from lib.access import Permission, Role
from lib.errors import DatabaseUnavailable
from lib.people import ROLES, NewRole, Person


def offered(visit: Visit, people: Iterable[Person]) -> dict[str, str]:
    """Return the clinics to choose from and how each is shown: those of the records, and those that somebody has.

    Accounts can be kept also while the records cannot be read.
    """
    kept = {each: each for person in people for each in sorted(person.clinics or ())}
    try:
        seen = search.clinics(*visit.who(), services=visit.services)
    except DatabaseUnavailable:
        st.caption(words.CLINICS_NOT_READ)
        return kept
    return kept | {each.clinic_id: f"{each.clinic_id} {printable(each.name)}" for each in seen}


def choose(key: str, clinics: dict[str, str], *, now: NewRole | None = None) -> NewRole:
    """Draw the choice and return it. Nobody gets all clinics by leaving something empty."""
    first = ROLES.index(now.role) if now else ROLES.index(Role.CLINIC_ADMIN)
    role = st.selectbox("Role", ROLES, index=first, format_func=words.ROLE.__getitem__, key=f"role-{key}")
    return NewRole(role, _clinics(role, key, clinics, now=now), _granted(role, key, now=now))


def _clinics(role: Role, key: str, clinics: dict[str, str], *, now: NewRole | None) -> frozenset[str] | None:
    if role is Role.OWNER:
        st.caption(words.OWNER_SEES_ALL)
        return None
    is_bound = role in access.BOUND_TO_CLINICS
    if not is_bound and st.toggle(words.ALL_CLINICS, value=bool(now and now.clinics is None), key=f"all-{key}"):
        return None
    chosen = st.multiselect(
        "Clinics",
        list(clinics),
        default=sorted((now.clinics if now else None) or ()),
        format_func=clinics.__getitem__,
        key=f"clinics-{key}",
        placeholder="Choose at least one",
    )
    return frozenset(chosen)


def _granted(role: Role, key: str, *, now: NewRole | None) -> frozenset[Permission]:
    grantable = sorted(access.GRANTABLE.get(role, frozenset()))
    if not grantable:
        return frozenset()
    default = sorted(now.granted & frozenset(grantable)) if now else []
    return frozenset(st.multiselect("Granted on top", grantable, default=default, key=f"granted-{key}"))
