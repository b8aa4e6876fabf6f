"""The settings of the identity provider. All of the first four, or none of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from lib import setting_rules as rule
from lib.access import Role
from lib.errors import SettingInvalid
from lib.federation import VIA_MAX, ClaimRules
from lib.people import ROLES, read_name
from lib.setting_section import Section

UNNAMED = "provider"  # an address of numbers is no name


def issuer(text: str) -> str:
    """Return an issuer exactly as the provider writes it: a slash at the end is part of it."""
    parts = rule.web_address(text)
    if parts.scheme != "https" and parts.hostname not in rule.LOOPBACK:
        raise ValueError("must be an https address; http only on this computer")
    return text


def printable(text: str) -> str:
    """Return a text that is plain ASCII without spaces."""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be plain ASCII without spaces")
    return text


def roles_of_values(text: str) -> tuple[tuple[str, Role], ...]:
    """Return which value of the role claim stands for which role."""
    pairs = [(value.strip(), role.strip()) for value, _, role in (item.rpartition("=") for item in rule.items(text))]
    if not pairs or not all(value and role in set(ROLES) for value, role in pairs):
        raise ValueError(
            f"must be a list like edr-admins=clinic_admin,edr-support=support; roles are {', '.join(ROLES)}"
        )
    if len(dict(pairs)) != len(pairs):
        raise ValueError("must name each value once: one value stands for one role")
    return tuple((value, Role(role)) for value, role in pairs)


def short_name(text: str) -> str:
    """Return a name that can be part of a person's name."""
    if not can_be_part_of_a_name(text):
        raise ValueError(f"must be up to {VIA_MAX} letters, digits, spaces and . - _")
    return text


def can_be_part_of_a_name(text: str) -> bool:
    """Whether a person's name can end with it."""
    return len(text) <= VIA_MAX and read_name(text) == text


Roles = Annotated[tuple[tuple[str, Role], ...], BeforeValidator(roles_of_values)]


class OidcSettings(Section):
    """Signing in through an identity provider. Nothing of it is required."""

    oidc_issuer: Annotated[str, AfterValidator(issuer)] = Field(
        "", alias="DASHBOARD_OIDC_ISSUER", description="the provider's issuer, such as https://id.clinic.example"
    )
    oidc_client_id: Annotated[str, AfterValidator(printable)] = Field(
        "", alias="DASHBOARD_OIDC_CLIENT_ID", description="what the provider calls this dashboard"
    )
    oidc_client_secret: Annotated[SecretStr, AfterValidator(rule.no_space)] = Field(
        SecretStr(""), alias="DASHBOARD_OIDC_CLIENT_SECRET", description="the secret that the provider gave it"
    )
    oidc_roles: Roles = Field(
        (),
        alias="DASHBOARD_OIDC_ROLES",
        description="which value of the role claim is which role: edr-admins=clinic_admin",
    )
    oidc_role_claim: Annotated[str, AfterValidator(printable)] = Field("role", alias="DASHBOARD_OIDC_ROLE_CLAIM")
    oidc_clinics_claim: Annotated[str, AfterValidator(printable)] = Field(
        "clinics", alias="DASHBOARD_OIDC_CLINICS_CLAIM"
    )
    oidc_name: Annotated[str, AfterValidator(short_name)] = Field("", alias="DASHBOARD_OIDC_NAME")

    @classmethod
    def load(cls, values: Mapping[str, str] | None = None) -> Self:
        """Return the settings; raise SettingInvalid also for the first that is missing beside others of the provider."""
        loaded = super().load(values)
        needed = ("oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_roles")
        missing = [name for name in needed if name not in loaded.model_fields_set]
        if missing and len(missing) < len(needed):
            field = cls.model_fields[missing[0]]
            raise SettingInvalid(
                str(field.alias), f"is not set, but others of the provider are; it is needed: {field.description}"
            )
        return loaded

    @property
    def has_provider(self) -> bool:
        """Whether people can sign in through one."""
        return bool(self.oidc_issuer)

    @property
    def provider_name(self) -> str:
        """What people call it: the host, unless it has a name."""
        host = urlsplit(self.oidc_issuer).hostname or ""
        return self.oidc_name or (host if can_be_part_of_a_name(host) else UNNAMED)

    @property
    def claim_rules(self) -> ClaimRules:
        """Which claims count, and which of their values."""
        return ClaimRules(MappingProxyType(dict(self.oidc_roles)), self.oidc_role_claim, self.oidc_clinics_claim)
