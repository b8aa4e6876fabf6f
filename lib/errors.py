"""Failures, as exceptions that carry data. A driver's error is translated once, in the store that met it.

The words for each fault are in ``dashboard/wording.py``; a test walks every member and class here.
"""

from __future__ import annotations

from enum import StrEnum


class DashboardError(Exception):
    """Something outside failed. Subclasses carry what is needed to say it in one sentence."""


class SettingInvalid(DashboardError):
    """A setting is missing or breaks its rule. Never carries the value, which may be a secret."""

    def __init__(self, variable: str, rule: str) -> None:
        super().__init__(f"{variable}: {rule}")
        self.variable = variable
        self.rule = rule


class DatabaseFault(StrEnum):
    """Why the clinic's database gave no answer."""

    DOWN = "down"  # refused, unknown host, connection lost
    SLOW = "slow"  # connect, pool or statement timeout
    LOCKED = "locked"  # SQLite: database is locked
    DENIED = "denied"  # password or permission
    SCHEMA = "schema"  # a table or column is missing; ``detail`` names it
    OTHER = "other"


class DatabaseUnavailable(DashboardError):
    """The records database could not answer. ``detail`` holds a table or column name or nothing."""

    def __init__(self, fault: DatabaseFault, detail: str = "") -> None:
        super().__init__(f"records database: {fault}" + (f" ({detail})" if detail else ""))
        self.fault = fault
        self.detail = detail


class LedgerFault(StrEnum):
    """Why the ledger (our own database) could not be written or read."""

    DOWN = "down"
    READ_ONLY = "read_only"
    FULL = "full"
    LOCKED = "locked"
    NOT_MIGRATED = "not_migrated"
    NOT_OWNER = "not_owner"  # PostgreSQL: this login may append and no more
    OTHER = "other"


class LedgerUnavailable(DashboardError):
    """The ledger could not be used; previews and links are refused while this lasts."""

    def __init__(self, fault: LedgerFault) -> None:
        super().__init__(f"ledger: {fault}")
        self.fault = fault


class ProviderFault(StrEnum):
    """Why the identity provider gave no answer that can be used."""

    DOWN = "provider_down"
    SLOW = "provider_slow"
    NONSENSE = "provider_nonsense"  # no document of OpenID Connect, too large, or sent elsewhere
    ISSUER = "provider_issuer"  # its document names another issuer than our setting
    CLIENT = "provider_client"  # it does not know us: client id or secret


class ProviderUnavailable(DashboardError):
    """The identity provider could not be asked. Never carries what it said."""

    def __init__(self, fault: ProviderFault) -> None:
        super().__init__(f"identity provider: {fault}")
        self.fault = fault


class TokenFault(StrEnum):
    """Why what the identity provider sent proves nobody."""

    CODE = "token_code"  # the code was used, is too old, or was made for another
    MALFORMED = "token_malformed"
    ALGORITHM = "token_algorithm"  # signed in a way that we do not take: none, or with a shared secret
    KEY = "token_key"  # signed with a key that the provider does not publish
    SIGNATURE = "token_signature"
    ISSUER = "token_issuer"
    AUDIENCE = "token_audience"  # made for another application
    EXPIRED = "token_expired"
    CLOCK = "token_clock"  # made in the future, or long ago
    NONCE = "token_nonce"  # made for another sign-in
    SUBJECT = "token_subject"  # says nobody


class TokenRefused(DashboardError):
    """Nobody is signed in with this. Never carries the token or a part of it."""

    def __init__(self, fault: TokenFault) -> None:
        super().__init__(f"token refused: {fault}")
        self.fault = fault


class NotAllowed(DashboardError):
    """The actor may not do this, or may not see this record."""
