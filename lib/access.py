"""Who may do what, and whose records they see. Pure.

The tables below are the whole of it: a role, a permission or a limit that is not in them does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from lib.errors import NotAllowed


class Role(StrEnum):
    """What a person is here for."""

    OWNER = "owner"
    CLINIC_ADMIN = "clinic_admin"
    SUPPORT = "support"
    DEVELOPER = "developer"
    AUDITOR = "auditor"
    OPERATOR = "operator"  # whoever sits at the server: the command line, and the dashboard without sign-in
    NOBODY = "nobody"  # who has not signed in, or has no account


class Permission(StrEnum):
    """One thing that a use case asks for before it acts."""

    FIND = "find"
    NAMES = "names"  # patients' names and phones as they are, and searching by them
    PREVIEW = "preview"
    LINK = "link"
    EXPLAIN = "explain"  # what a pasted key or link means, and why it does not open
    KEYS = "keys"  # stored and resolved keys
    AUDIT = "audit"  # check all files: start runs and read what they found
    STORAGE_DETAILS = "storage_details"  # bucket, endpoint, ETag, what the bucket answers
    ACTIVITY = "activity"
    RETENTION = "retention"  # taking old events out of the trail
    PEOPLE = "people"
    SETTINGS = "settings"
    ACCOUNT = "account"  # one's own sessions and password


PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.OWNER: frozenset(Permission),
        Role.CLINIC_ADMIN: frozenset(
            {Permission.FIND, Permission.NAMES, Permission.PREVIEW, Permission.LINK, Permission.ACCOUNT}
        ),
        Role.SUPPORT: frozenset(
            {Permission.FIND, Permission.NAMES, Permission.EXPLAIN, Permission.LINK, Permission.ACCOUNT}
        ),
        Role.DEVELOPER: frozenset(
            {
                Permission.FIND,
                Permission.EXPLAIN,
                Permission.KEYS,
                Permission.AUDIT,
                Permission.STORAGE_DETAILS,
                Permission.ACCOUNT,
            }
        ),
        Role.AUDITOR: frozenset({Permission.ACTIVITY, Permission.ACCOUNT}),
        Role.OPERATOR: frozenset(Permission),
        Role.NOBODY: frozenset(),
    }
)

# What one person of a role may be granted on top. Whatever else stands in their account is not looked at.
GRANTABLE: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {Role.DEVELOPER: frozenset({Permission.PREVIEW, Permission.LINK})}
)

# Who never sees all clinics, also when nobody said which are theirs.
BOUND_TO_CLINICS = frozenset({Role.CLINIC_ADMIN})


@dataclass(frozen=True, slots=True)
class LinkLimits:
    """The longest link that a role may make, and how many links an hour."""

    longest: timedelta
    per_hour: int


NO_LINKS = LinkLimits(timedelta(0), 0)
LINK_LIMITS: Mapping[Role, LinkLimits] = MappingProxyType(
    {
        Role.OWNER: LinkLimits(timedelta(days=7), 120),
        Role.CLINIC_ADMIN: LinkLimits(timedelta(days=3), 60),
        Role.SUPPORT: LinkLimits(timedelta(days=7), 60),
        Role.DEVELOPER: LinkLimits(timedelta(hours=1), 12),  # where it was granted
        Role.AUDITOR: NO_LINKS,
        Role.OPERATOR: LinkLimits(timedelta(days=7), 1000),
        Role.NOBODY: NO_LINKS,
    }
)
LIMIT_SPAN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose records are visible. ``clinics`` is None for all clinics, rows without a clinic included.

    A masked scope gets records without name and phone, and cannot search by them.
    """

    clinics: frozenset[str] | None = None
    is_masked: bool = False

    def sees(self, clinic_id: str | None) -> bool:
        """Whether a row of this clinic is visible.

        >>> Scope(frozenset({"CLN1"})).sees(None)
        False
        >>> Scope().sees(None)
        True
        """
        return self.clinics is None or clinic_id in self.clinics

    def __str__(self) -> str:
        """How the trail writes it.

        >>> str(Scope()), str(Scope(frozenset({"CLN2", "CLN1"}))), str(Scope(frozenset()))
        ('all', 'CLN1,CLN2', 'no clinic')
        """
        return "all" if self.clinics is None else ",".join(sorted(self.clinics)) or "no clinic"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``name`` goes into the trail (``local``, ``cli:asha``), and so does where they come from.

    What was ``granted`` counts as far as ``GRANTABLE`` says.
    """

    name: str
    role: Role
    granted: frozenset[Permission] = frozenset()
    address: str | None = field(default=None, kw_only=True)
    session_hash: str | None = field(default=None, kw_only=True)  # of the session's token, as the ledger keeps it


def may(actor: Actor, permission: Permission) -> bool:
    """Whether the actor's role has the permission, or may be granted it and was.

    >>> may(Actor("dev", Role.DEVELOPER), Permission.LINK)
    False
    >>> dev = Actor("dev", Role.DEVELOPER, frozenset(Permission))
    >>> may(dev, Permission.LINK), may(dev, Permission.NAMES)
    (True, False)
    """
    if permission in PERMISSIONS[actor.role]:
        return True
    return permission in actor.granted and permission in GRANTABLE.get(actor.role, frozenset())


def require(actor: Actor, permission: Permission) -> None:
    """Return if the actor may; raise NotAllowed otherwise."""
    if not may(actor, permission):
        raise NotAllowed(permission)


def narrowed(actor: Actor, scope: Scope) -> Scope:
    """Return what of a scope this actor's role sees, whoever made the scope. Never more than was given.

    1. Without the permission for names, everything is masked.
    2. A role that is bound to clinics, and for which none is named, sees nothing.

    >>> narrowed(Actor("dev", Role.DEVELOPER), Scope()).is_masked
    True
    >>> narrowed(Actor("bilal", Role.CLINIC_ADMIN), Scope()).sees(None)
    False
    """
    clinics = frozenset[str]() if scope.clinics is None and actor.role in BOUND_TO_CLINICS else scope.clinics
    return Scope(clinics, is_masked=scope.is_masked or not may(actor, Permission.NAMES))
