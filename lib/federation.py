"""Who an identity provider says somebody is, what of it counts here (pure), and the port that asks the provider.

One claim says the role and one the clinics. Whatever is not said plainly is no access: a value that no role stands
for, two roles, no clinics where clinics make a difference. Nothing is guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from lib.access import Role
from lib.flows import Flow
from lib.people import NAME_MAX, Identity, NewRole, fits, read_name

EVERY_CLINIC = "*"  # as the value of the claim; absent is not "all"
NAME_CLAIMS = ("name", "preferred_username", "email")
UNNAMED = "Unnamed"
VIA = " via "
VIA_MAX = 40  # characters of the provider's name


class Unfit(StrEnum):
    """Why these claims open nothing."""

    NO_ROLE = "no_role"  # none of the values stands for a role
    SEVERAL_ROLES = "several_roles"
    NO_CLINICS = "no_clinics"  # none named, and the role needs some or a plain "all"
    CLINICS_UNFIT = "clinics_unfit"  # not readable as clinics, or they do not fit the role


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """Which claims count. ``roles`` maps values of the role claim; several values may stand for one role."""

    roles: Mapping[str, Role]
    role_claim: str = "role"
    clinics_claim: str = "clinics"


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a verified token says."""

    identity: Identity
    claims: Mapping[str, object] = field(repr=False)


class IdentityProvider(Protocol):
    """Asks the provider. Both methods raise ``ProviderUnavailable``."""

    async def sign_in_url(self, flow: Flow, *, redirect_uri: str) -> str:
        """Return where the browser is sent to."""
        ...

    async def identify(self, code: str, flow: Flow, *, redirect_uri: str) -> Claimed:
        """Return who came back with this code, verified; raise TokenRefused."""
        ...


def rights(claims: Mapping[str, object], rules: ClaimRules) -> NewRole | Unfit:
    """Return the one role and its clinics, or why there is none.

    >>> rules = ClaimRules({"front-desk": Role.CLINIC_ADMIN, "help": Role.SUPPORT})
    >>> rights({"role": "front-desk", "clinics": ["CLN001"]}, rules).clinics == {"CLN001"}
    True
    >>> str(rights({"role": ["front-desk", "help"], "clinics": "*"}, rules))
    'several_roles'
    >>> str(rights({"role": "help"}, rules)), rights({"role": "help", "clinics": "*"}, rules).clinics
    ('no_clinics', None)
    """
    given = _texts(_claim(claims, rules.role_claim))
    roles = {rules.roles[value] for value in given or () if value in rules.roles}
    if len(roles) != 1:
        return Unfit.SEVERAL_ROLES if roles else Unfit.NO_ROLE
    (role,) = roles
    clinics = _clinics(_claim(claims, rules.clinics_claim), role)
    if isinstance(clinics, Unfit):
        return clinics
    wanted = NewRole(role, clinics)
    return Unfit.CLINICS_UNFIT if fits(wanted) is not None else wanted


def _clinics(claim: object, role: Role) -> frozenset[str] | Unfit | None:
    if claim is None and role is Role.OWNER:
        return None  # an owner sees all, always
    if claim is None:
        return Unfit.NO_CLINICS
    given = _texts(claim)
    if given is None:
        return Unfit.CLINICS_UNFIT
    clinics = frozenset(part.strip() for text in given for part in text.split(",") if part.strip())
    if not clinics:
        return Unfit.NO_CLINICS
    if EVERY_CLINIC not in clinics:
        return clinics
    return None if len(clinics) == 1 else Unfit.CLINICS_UNFIT


def _claim(claims: Mapping[str, object], name: str) -> object:
    """Return the claim of this name, or, where there is none, the one that a path of names leads to (``realm_access.roles``)."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _texts(claim: object) -> tuple[str, ...] | None:
    """Return the texts of a text or a list of texts; None for anything else."""
    given = [claim] if isinstance(claim, str) else claim
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        return None
    return tuple(given)


def names(claimed: Claimed, *, via: str) -> tuple[str, str]:
    """Return the name of a new account, and another for when somebody has that one.

    The provider's name is part of it, so that nobody becomes another person of the trail by what they are called
    there, and the second name holds a mark of their own.

    >>> names(Claimed(Identity("https://id.example", "7"), {"name": " Asha  Rao"}), via="EDR")
    ('Asha Rao via EDR', 'Asha Rao via EDR 3148fa')
    """
    found = (read_name(text) for key in NAME_CLAIMS if isinstance(text := claimed.claims.get(key), str))
    identity = f"{claimed.identity.issuer}\0{claimed.identity.subject}"
    mark = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    room = NAME_MAX - len(VIA) - VIA_MAX - len(mark) - 1
    given = next(filter(None, found), UNNAMED)[:room].strip()
    return f"{given}{VIA}{via}", f"{given}{VIA}{via} {mark}"
