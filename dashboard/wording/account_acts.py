"""What an event of the trail did to an account: whose it was, and what they are since."""

from __future__ import annotations

import json

from dashboard.wording.people import ROLE
from lib.access import Role
from lib.trail import Action

_DID = {
    "add": "Added {person}: {rights}",
    "first_sign_in": "{person} came the first time: {rights}",
    "set_role": "{person} is to be: {rights}",
    "disable": "Disabled {person}",
    "enable": "Enabled {person}",
    "reset": "Password link for {person}",
    "set_password": "{person} set a password",
    "change_password": "{person} changed the password",
    "set_pin": "{person} set a PIN",
    "forget_pins": "{person} forgot every PIN",
}


def about(action: str, reason: str | None) -> str:
    """Say whose account an event is about and what was to become of it; nothing for any other event.

    Only what the dashboard wrote itself is read. What somebody typed as a reason, for a link, is not.

    >>> about("people_changed", '{"act": "set_role", "person": "Bilal", "role": "support", "clinics": null}')
    'Bilal is to be: support, all clinics'
    >>> about("people_changed", '{"act": "disable", "person": "Bilal"}'), about("link", '{"act": "disable"}')
    ('Disabled Bilal', '')
    """
    if action != Action.PEOPLE_CHANGED or not reason:
        return ""
    try:
        told = json.loads(reason)
    except (ValueError, RecursionError):  # forged
        return ""
    said = _DID.get(str(told.get("act"))) if isinstance(told, dict) else None
    return "" if said is None else said.format(person=told.get("person"), rights=_rights(told))


def _rights(told: dict[str, object]) -> str:
    role, clinics, granted = (told.get(name) for name in ("role", "clinics", "granted"))
    name = ROLE[Role(role)].lower() if isinstance(role, str) and role in list(Role) else str(role)
    where = "all clinics" if clinics is None else _listed(clinics)
    return f"{name}, {where}" + (f", also {_listed(granted)}" if granted else "")


def _listed(texts: object) -> str:
    return ", ".join(map(str, texts)) if isinstance(texts, list) else str(texts)
