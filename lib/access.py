"""Who may do what, and whose records they see. Pure.

Until people can sign in there is one actor, the local operator, who may do everything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from lib.errors import NotAllowed


class Role(StrEnum):
    """What a person is here for."""

    OPERATOR = "operator"  # who runs the command line, or the demo
    OWNER = "owner"
    CLINIC_ADMIN = "clinic_admin"
    SUPPORT = "support"
    DEVELOPER = "developer"
    AUDITOR = "auditor"
    NOBODY = "nobody"  # who has not signed in, or has no account


class Permission(StrEnum):
    """One thing that a use case asks for before it acts."""

    FIND = "find"
    PREVIEW = "preview"
    LINK = "link"
    ACTIVITY = "activity"
    RETENTION = "retention"  # taking old events out of the trail
    PEOPLE = "people"
    ACCOUNT = "account"  # one's own sessions and password


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OPERATOR: frozenset(Permission),
    Role.OWNER: frozenset(Permission),
    Role.CLINIC_ADMIN: frozenset({Permission.ACCOUNT}),
    Role.SUPPORT: frozenset({Permission.ACCOUNT}),
    Role.DEVELOPER: frozenset({Permission.ACCOUNT}),
    Role.AUDITOR: frozenset({Permission.ACTIVITY, Permission.ACCOUNT}),
    Role.NOBODY: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose records are visible. ``clinics`` is None for all clinics, rows without a clinic included."""

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

        >>> str(Scope()), str(Scope(frozenset({"CLN2", "CLN1"})))
        ('all', 'CLN1,CLN2')
        """
        return "all" if self.clinics is None else ",".join(sorted(self.clinics))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``name`` goes into the trail (``local``, ``cli:asha``), and so does where they come from."""

    name: str
    role: Role
    granted: frozenset[Permission] = frozenset()
    address: str | None = field(default=None, kw_only=True)
    session_hash: str | None = field(default=None, kw_only=True)  # of the session's token, as the ledger keeps it


def require(actor: Actor, permission: Permission) -> None:
    """Return if the actor may; raise NotAllowed otherwise."""
    if permission not in PERMISSIONS[actor.role]:
        raise NotAllowed(permission)
