"""What an event of the trail was about, where that is no record: an account and its rights, or an export."""

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
    """Say whose account an event is about and what was to become of it, or what was exported; else nothing.

    Only what the dashboard wrote itself is read. What somebody typed as a reason, for a link, is not.

    >>> about("people_changed", '{"act": "set_role", "person": "Bilal", "role": "support", "clinics": null}')
    'Rights of Bilal: support, all clinics'
    >>> about("people_changed", '{"act": "disable", "person": "Bilal"}'), about("link", '{"act": "disable"}')
    ('Disable Bilal', '')
    >>> about("export", '{"audit":7,"form":"findings.csv"}'), about("export", '{"since":"2026-11-01"}')
    ('Problems of check 7: findings.csv', '')
    """
    if action not in {Action.PEOPLE_CHANGED, Action.EXPORT} or not reason:
        return ""
    try:
        told = json.loads(reason)
    except (ValueError, RecursionError):  # forged
        return ""
    if action == Action.EXPORT:
        return _exported(told) if isinstance(told, dict) else ""
    said = ACTS.get(str(told.get("act"))) if isinstance(told, dict) else None
    return "" if said is None else said.format(person=told.get("person"), rights=_rights(told))


def _exported(told: dict[str, object]) -> str:
    """Say which check's problems were taken along; nothing for the activity itself."""
    return f"Problems of check {told['audit']}: {told.get('form')}" if "audit" in told else ""


def _rights(told: dict[str, object]) -> str:
    role, clinics, granted = (told.get(name) for name in ("role", "clinics", "granted"))
    name = ROLE[Role(role)].lower() if isinstance(role, str) and role in list(Role) else str(role)
    where = "all clinics" if clinics is None else _listed(clinics)
    return f"{name}, {where}" + (f", also {_listed(granted)}" if granted else "")


def _listed(texts: object) -> str:
    return ", ".join(map(str, texts)) if isinstance(texts, list) else str(texts)
