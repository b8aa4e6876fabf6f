"""Configuration from the environment, then ``.env``. A bad value names the variable and the rule, never the value.

The sections are inherited, so that a command asks only for what it needs: ``resolve`` loads ``KeySettings``,
``trail verify`` and ``migrate`` load ``LedgerSettings``, everything else loads ``Settings``.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from dotenv import dotenv_values
from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from lib import links
from lib.errors import SettingInvalid
from lib.keys import Rules
from lib.links import Policy

ROOT = Path(__file__).resolve().parent.parent  # relative paths in settings are relative to this folder
ENV_FILE_VARIABLE = "DASHBOARD_ENV_FILE"  # another file than .env, or empty for none
BOUNDS = "must lie between 1s and 7d, written like 15m, 1h, 2d or 90s"


class Notice(StrEnum):
    """What is no error but should be known; ``cli_wording`` has the sentences."""

    SLASHES_TRIMMED = "slashes_trimmed"
    LOCATION_NOT_SET = "location_not_set"  # not even empty: nothing is prefixed
    PLAIN_HTTP = "plain_http"  # an endpoint that is not this computer, without TLS
    UNKNOWN_VARIABLE = "unknown_variable"  # DASHBOARD_… that nothing reads
    TOKEN_END_UNKNOWN = "token_end_unknown"  # links are capped at one hour


@dataclass(frozen=True, slots=True)
class Noticed:
    """One notice and the variable it is about."""

    variable: str
    notice: Notice


def variables(env_file: Path | None = None) -> dict[str, str]:
    """Return the environment laid over ``.env`` (by default in the project's folder). Reads one file.

    The environment wins, also where it sets a variable to nothing. ``${…}`` in the file is not expanded:
    a password may contain it.
    """
    if env_file is None:
        name = os.environ.get(ENV_FILE_VARIABLE, ".env")
        env_file = ROOT / name if name else None
    if env_file is not None and not env_file.is_file() and ENV_FILE_VARIABLE in os.environ:
        raise SettingInvalid(ENV_FILE_VARIABLE, "names a file that cannot be read")
    try:
        from_file = dotenv_values(env_file, interpolate=False) if env_file is not None else {}
    except (OSError, UnicodeDecodeError):
        raise SettingInvalid(ENV_FILE_VARIABLE, "the .env file must be readable UTF-8 text") from None
    return {name: value or "" for name, value in from_file.items()} | dict(os.environ)


def _no_space(secret: SecretStr) -> SecretStr:
    # A secret with a trailing newline signs every request wrongly, and the answer is SignatureDoesNotMatch.
    if re.search(r"\s", secret.get_secret_value()):
        raise ValueError("must not contain spaces or line breaks; copy it again without them")
    if not secret.get_secret_value().isascii():
        raise ValueError("must be plain ASCII; copy it again")
    return secret


def _duration(text: str) -> timedelta:
    # ponytail: durations of whole seconds only; django-storages writes AWS_QUERYSTRING_EXPIRE as bare seconds.
    duration = timedelta(seconds=int(text)) if re.fullmatch(r"[0-9]{1,9}", text) else links.parse_duration(text)
    if duration is None or not links.MIN_EXPIRY <= duration <= links.MAX_EXPIRY:
        raise ValueError(BOUNDS)
    return duration


def _web_address(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        has_host = False
    if not has_host or parts.scheme not in {"http", "https"} or re.search(r"[\s\\]", text):
        raise ValueError("must be an http or https address, such as https://sgp1.digitaloceanspaces.com")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("must be a bare address: no user, password, ? or #")
    return parts


def _host(text: str) -> str:
    """Return a lower-case host (with port if not the default one) of a host or a web address."""
    parts = _web_address(text if "://" in text else f"https://{text}")
    default = {"http": 80, "https": 443}[parts.scheme]
    assert parts.hostname is not None
    return parts.hostname if parts.port in {None, default} else f"{parts.hostname}:{parts.port}"


def _items(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


def _location(text: str) -> str:
    location = text.strip("/")
    if "\\" in location or any(ord(character) < 32 for character in location):
        raise ValueError("must not contain a backslash or a control character")
    if {"", ".", ".."} & set(location.split("/")) and location:
        raise ValueError("must not contain //, ./ or ../")
    return location


def _database(secret: SecretStr) -> SecretStr:
    """Return an SQLAlchemy URL for what Django people write."""
    text = secret.get_secret_value().strip()
    scheme, separator, rest = text.partition("://")
    dialects = {"postgres": "postgresql+psycopg2", "postgresql": "postgresql+psycopg2", "pgsql": "postgresql+psycopg2"}
    dialects |= {"postgresql+psycopg2": "postgresql+psycopg2", "sqlite": "sqlite", "sqlite+pysqlite": "sqlite"}
    if not separator or scheme not in dialects:
        raise ValueError("must start with postgresql:// or sqlite:///")
    if re.search(r"\s", rest):
        raise ValueError("must not contain spaces or line breaks; write a space as %20")
    if dialects[scheme] != "sqlite" and not re.match(r"[^/]*@?[^/]*(/[^/?]+|/?\?.+)", rest):
        raise ValueError("must name a database: postgresql://user:password@host:5432/database")
    if dialects[scheme] == "sqlite" and not rest.startswith("/"):
        raise ValueError("must be sqlite:///relative/path or sqlite:////absolute/path")
    return SecretStr(f"{dialects[scheme]}://{rest}")


def _timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("must be the name of a time zone, such as Asia/Kolkata")
    return name


def _phone_region(name: str) -> str:
    if name not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("must be a two-letter country code, such as IN")
    return name


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = datetime.min
    if instant.tzinfo is None:
        raise ValueError("must be an ISO 8601 instant with its zone, such as 2025-11-25T18:00:00+05:30")
    return instant.astimezone(UTC)


Secret = Annotated[SecretStr, AfterValidator(_no_space)]
