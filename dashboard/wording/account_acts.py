"""What an event of the trail was to do to an account: whose it is, and what they were to be."""

from __future__ import annotations

import json

from dashboard.wording.people import ROLE
from lib.access import Role
from lib.trail import Action

ACTS = {  # it may have been refused, so none of them says that it happened
    "add": "Add {person}: {rights}",
    "first_sign_in": "First sign-in of {person}: {rights}",
    "set_role": "Rights of {person}: {rights}",
    "disable": "Disable {person}",
    "enable": "Enable {person}",
    "reset": "Password link for {person}",
    "set_password": "First or new password of {person}, by link",
    "change_password": "New password of {person}",
    "set_pin": "PIN of {person}",
    "forget_pins": "Forget every PIN of {person}",
}


def about(action: str, reason: str | None) -> str:
    """Say whose account an event is about and what was to become of it; nothing for any other event.

    Only what the dashboard wrote itself is read. What somebody typed as a reason, for a link, is not.

    >>> about("people_changed", '{"act": "set_role", "person": "Bilal", "role": "support", "clinics": null}')
    'Rights of Bilal: support, all clinics'
    >>> about("people_changed", '{"act": "disable", "person": "Bilal"}'), about("link", '{"act": "disable"}')
    ('Disable Bilal', '')
    """
    if action != Action.PEOPLE_CHANGED or not reason:
        return ""
    try:
        told = json.loads(reason)
    except (ValueError, RecursionError):  # forged
        return ""
    said = ACTS.get(str(told.get("act"))) if isinstance(told, dict) else None
    return "" if said is None else said.format(person=told.get("person"), rights=_rights(told))


def _rights(told: dict[str, object]) -> str:
    role, clinics, granted = (told.get(name) for name in ("role", "clinics", "granted"))
    name = ROLE[Role(role)].lower() if isinstance(role, str) and role in list(Role) else str(role)
    where = "all clinics" if clinics is None else _listed(clinics)
    return f"{name}, {where}" + (f", also {_listed(granted)}" if granted else "")


def _listed(texts: object) -> str:
    return ", ".join(map(str, texts)) if isinstance(texts, list) else str(texts)
