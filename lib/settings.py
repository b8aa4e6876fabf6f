"""Configuration from the environment, then ``.env``. A bad value names the variable and the rule, never the value.

The sections are inherited, so that a command asks only for what it needs: ``resolve`` loads ``KeySettings``,
``migrate`` and the commands of the trail load ``TrailSettings``, everything else loads ``Settings``.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator

from lib import setting_rules as rule
from lib.errors import SettingInvalid
from lib.keys import Rules
from lib.link_bounds import Policy
from lib.setting_oidc import OidcSettings
from lib.setting_section import ENV_FILE_VARIABLE, Notice, Noticed, Section, list_of, names, variables

__all__ = ["ENV_FILE_VARIABLE", "ROOT", "Notice", "Noticed", "Section", "Settings", "documented", "variables"]

ROOT = rule.ROOT

Secret = Annotated[SecretStr, AfterValidator(rule.no_space)]
SecretKey = Annotated[SecretStr, AfterValidator(rule.no_space), AfterValidator(rule.long_enough)]
Database = Annotated[SecretStr, AfterValidator(rule.database)]
Bucket = Annotated[str, AfterValidator(rule.bucket)]
Endpoint = Annotated[str, AfterValidator(rule.endpoint)]
Zone = Annotated[ZoneInfo, BeforeValidator(rule.timezone)]
Duration = Annotated[timedelta, BeforeValidator(rule.duration)]


class KeySettings(Section):
    """What turns stored keys into object keys. ``resolve`` needs no more, and nothing of it is required."""

    location: Annotated[str, AfterValidator(rule.location)] = Field("", alias="AWS_LOCATION")
    bucket: Bucket = Field("", alias="AWS_STORAGE_BUCKET_NAME")
    endpoint_url: Endpoint = Field("", alias="AWS_S3_ENDPOINT_URL")
    addressing_style: Annotated[str, AfterValidator(rule.addressing_style)] = Field(
        "path", alias="AWS_S3_ADDRESSING_STYLE"
    )
    custom_domain: Annotated[str, AfterValidator(rule.host)] = Field("", alias="AWS_S3_CUSTOM_DOMAIN")
    previous_locations: Annotated[tuple[str, ...], list_of(rule.location)] = Field(
        (), alias="DASHBOARD_PREVIOUS_LOCATIONS"
    )
    url_hosts: Annotated[tuple[str, ...], list_of(rule.host)] = Field((), alias="DASHBOARD_URL_HOSTS")
    owned_prefixes: Annotated[tuple[str, ...], list_of(rule.folder)] = Field(
        ("prescriptions/pdfs/",), alias="DASHBOARD_OWNED_PREFIXES"
    )
    ignored_objects: Annotated[tuple[str, ...], list_of(rule.pattern)] = Field(
        ("*/.keep", "*/.gitkeep", "*/"), alias="DASHBOARD_IGNORE_OBJECTS"
    )

    @field_validator("endpoint_url")
    @classmethod
    def _without_bucket(cls, url: str, info: ValidationInfo) -> str:
        bucket, host = info.data.get("bucket", ""), rule.host(url)
        if rule.starts_with_bucket(host, bucket):
            scheme = url.partition("://")[0]
            raise ValueError(f"must not contain the bucket: {scheme}://{host.removeprefix(f'{bucket}.')}")
        return url

    @property
    def rules(self) -> Rules:
        """What ``lib.keys`` asks for: every host whose URLs mean our bucket is among its ``url_hosts``."""
        hosts = [*self.url_hosts, self.custom_domain]
        if self.endpoint_url:
            host = rule.host(self.endpoint_url)
            hosts.append(host)
            if self.bucket:
                hosts.append(f"{self.bucket}.{host}")
                if found := re.fullmatch(r"([a-z0-9-]+)\.digitaloceanspaces\.com", host):
                    hosts.append(f"{self.bucket}.{found[1]}.cdn.digitaloceanspaces.com")
        return Rules(
            location=self.location,
            bucket=self.bucket,
            previous_locations=self.previous_locations,
            url_hosts=tuple(dict.fromkeys(host for host in hosts if host)),
        )

    def _noticed(self, given: Mapping[str, str]) -> list[Noticed]:
        found = super()._noticed(given)
        if "AWS_LOCATION" not in given:
            found.append(Noticed("AWS_LOCATION", Notice.LOCATION_NOT_SET))
        elif given["AWS_LOCATION"] != self.location:
            found.append(Noticed("AWS_LOCATION", Notice.SLASHES_TRIMMED))
        return found


class LedgerSettings(Section):
    """Where our own database is. Nothing of it is required."""

    database_url: Database = Field(SecretStr(""), alias="DATABASE_URL")  # only to tell it from ours
    ledger_url: Database = Field(
        SecretStr("sqlite:///var/ledger.sqlite3"), alias="DASHBOARD_DATABASE_URL", validate_default=True
    )

    @field_validator("ledger_url")
    @classmethod
    def _not_theirs(cls, ours: SecretStr, info: ValidationInfo) -> SecretStr:
        theirs: SecretStr | None = info.data.get("database_url")
        if theirs and rule.same_database(ours.get_secret_value(), theirs.get_secret_value()):
            raise ValueError("must be another database than DATABASE_URL, into which nothing is written")
        return ours


class TrailSettings(LedgerSettings):
    """What ``migrate`` and the commands of the trail ask for. Without the secret they can read, and look at no MAC."""

    secret_key: SecretKey | None = Field(None, alias="DASHBOARD_SECRET_KEY", description=rule.HOW_TO_MAKE_A_KEY)
    zone: Zone = Field(ZoneInfo("Asia/Kolkata"), alias="DASHBOARD_TIMEZONE")

    @property
    def has_secret(self) -> bool:
        """Whether keys can be derived."""
        return self.secret_key is not None

    def derive(self, purpose: str) -> bytes:
        """Return the key for one purpose, the same as that of ``Settings``; raise SettingInvalid without the secret."""
        if self.secret_key is None:
            raise SettingInvalid("DASHBOARD_SECRET_KEY", f"is not set; it is needed: {rule.HOW_TO_MAKE_A_KEY}")
        return _derived(self.secret_key, purpose)


class Settings(KeySettings, LedgerSettings, OidcSettings):
    """Everything that the dashboard needs. What has no default here is required."""

    bucket: Bucket = Field(alias="AWS_STORAGE_BUCKET_NAME", description="the bucket's name alone, such as edrspace")
    endpoint_url: Endpoint = Field(
        alias="AWS_S3_ENDPOINT_URL",
        description="the endpoint without the bucket, such as https://sgp1.digitaloceanspaces.com",
    )
    access_key_id: Secret = Field(alias="AWS_ACCESS_KEY_ID", description="the access key of an S3 user who may read")
    secret_access_key: Secret = Field(alias="AWS_SECRET_ACCESS_KEY", description="the secret of that access key")
    session_token: Secret | None = Field(None, alias="AWS_SESSION_TOKEN")
    region: Annotated[str, AfterValidator(rule.region)] = Field("", alias="AWS_S3_REGION_NAME")
    querystring_expire: Duration = Field(timedelta(hours=1), alias="AWS_QUERYSTRING_EXPIRE")
    database_url: Database = Field(
        alias="DATABASE_URL", description="the clinic's database: postgresql://user:password@host:5432/database"
    )
    file_columns: Annotated[tuple[str, ...], list_of(rule.file_column)] = Field((), alias="DASHBOARD_FILE_COLUMNS")
    secret_key: SecretKey = Field(alias="DASHBOARD_SECRET_KEY", description=rule.HOW_TO_MAKE_A_KEY)
    link_max_expiry: Duration = Field(timedelta(days=7), alias="DASHBOARD_LINK_MAX_EXPIRY")
    credentials_expire_at: Annotated[datetime | None, BeforeValidator(rule.instant)] = Field(
        None, alias="DASHBOARD_CREDENTIALS_EXPIRE_AT"
    )
    zone: Zone = Field(ZoneInfo("Asia/Kolkata"), alias="DASHBOARD_TIMEZONE")
    phone_region: Annotated[str, AfterValidator(rule.phone_region)] = Field("IN", alias="DASHBOARD_PHONE_REGION")
    public_url: Annotated[str, AfterValidator(rule.public_url)] = Field("", alias="DASHBOARD_PUBLIC_URL")
    audit_folder: str = Field("var/audits", alias="DASHBOARD_AUDIT_FOLDER")
    alert_webhook: Annotated[SecretStr, AfterValidator(rule.webhook)] | None = Field(
        None, alias="DASHBOARD_ALERT_WEBHOOK"
    )
    lock_after: Annotated[timedelta, BeforeValidator(rule.lock_after)] = Field(
        timedelta(minutes=10), alias="DASHBOARD_LOCK_AFTER"
    )

    def derive(self, purpose: str) -> bytes:
        """Return the 32-byte key for one purpose. Another purpose, or another secret, gives another key."""
        return _derived(self.secret_key, purpose)

    @property
    def policy(self) -> Policy:
        """The bounds of links. A default that is longer than the maximum is the maximum."""
        return Policy(
            default_expiry=min(self.querystring_expire, self.link_max_expiry),
            max_expiry=self.link_max_expiry,
            has_session_token=self.session_token is not None,
            credentials_expire_at=self.credentials_expire_at,
        )

    def _noticed(self, given: Mapping[str, str]) -> list[Noticed]:
        found = super()._noticed(given)
        for variable, url in (("AWS_S3_ENDPOINT_URL", self.endpoint_url), ("DASHBOARD_PUBLIC_URL", self.public_url)):
            if url.startswith("http:") and rule.web_address(url).hostname not in rule.LOOPBACK:
                found.append(Noticed(variable, Notice.PLAIN_HTTP))
        if self.policy.may_end_sooner:
            found.append(Noticed("DASHBOARD_CREDENTIALS_EXPIRE_AT", Notice.TOKEN_END_UNKNOWN))
        return found


def documented(section: type[Section] = Settings) -> list[str]:
    """Return the names of the variables that these settings read, in the order in which they are checked."""
    return names(section)


def _derived(secret: SecretStr, purpose: str) -> bytes:
    label = f"prescription dashboard 1\0{purpose}".encode()
    return hmac.new(secret.get_secret_value().encode("ascii"), label, hashlib.sha256).digest()
