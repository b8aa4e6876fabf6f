"""How settings are read: the environment laid over ``.env``, sections of variables, and what is said about them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from dotenv import dotenv_values
from pydantic import BeforeValidator, PrivateAttr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from lib import setting_rules as rule
from lib.errors import SettingInvalid

ENV_FILE_VARIABLE = "DASHBOARD_ENV_FILE"  # another file than .env, or empty for none
WHITE_SPACE_COUNTS = {
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "DASHBOARD_SECRET_KEY",
    "DASHBOARD_OIDC_CLIENT_SECRET",
    "AWS_LOCATION",
}


class Notice(StrEnum):
    """What is no error but should be known; ``cli_wording`` has the sentences."""

    SLASHES_TRIMMED = "slashes_trimmed"
    LOCATION_NOT_SET = "location_not_set"  # not even empty: nothing is prefixed
    PLAIN_HTTP = "plain_http"  # an endpoint that is not this computer, without TLS
    UNKNOWN_VARIABLE = "unknown_variable"  # DASHBOARD_… that nothing reads
    TOKEN_END_UNKNOWN = "token_end_unknown"  # noqa: S105 - not a secret; links are capped at one hour


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
        env_file = rule.ROOT / name if name else None
    if env_file is not None and not env_file.is_file() and ENV_FILE_VARIABLE in os.environ:
        raise SettingInvalid(ENV_FILE_VARIABLE, "names a file that cannot be read")
    try:
        from_file = dotenv_values(env_file, interpolate=False, encoding="utf-8-sig") if env_file is not None else {}
    except (OSError, UnicodeDecodeError):
        raise SettingInvalid(ENV_FILE_VARIABLE, "the .env file must be readable UTF-8 text") from None
    return {name: value or "" for name, value in from_file.items()} | dict(os.environ)


def list_of(check: Callable[[str], str]) -> BeforeValidator:
    """Return what makes a tuple of a comma list, each item checked."""
    return BeforeValidator(lambda text: tuple(check(item) for item in rule.items(text)))


class Section(BaseSettings):
    """What a set of settings can do. The alias of a field is its variable; its description says how to get a value."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, validate_default=False)
    _notices: tuple[Noticed, ...] = PrivateAttr(default=())
    _read: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what ``load`` hands in and nothing else: ``variables`` has laid the sources over one another."""
        return (init_settings,)

    @classmethod
    def load(cls, values: Mapping[str, str] | None = None) -> Self:
        """Return the settings in these variables (by default the environment's and the file's).

        Raises SettingInvalid for the first that is missing or breaks its rule. Nothing is as good as not set.
        """
        given = variables() if values is None else values
        known = {name: value for name in names(cls) if (value := _stripped(name, given.get(name, "")))}
        try:
            loaded = cls.model_validate(known)
        except ValidationError as error:
            raise _invalid(cls, error.errors(include_url=False, include_input=False)[0]) from None
        loaded._read = known
        loaded._notices = tuple(loaded._noticed(given))
        return loaded

    def as_read(self) -> Mapping[str, str]:
        """Return the variables that these settings were read from, secrets included: for a process of our own."""
        return self._read

    def notices(self) -> tuple[Noticed, ...]:
        """Return what is no error but should be known."""
        return self._notices

    def _noticed(self, given: Mapping[str, str]) -> list[Noticed]:
        read = {*_everywhere(Section), ENV_FILE_VARIABLE}
        unknown = sorted(name for name in given if name.startswith("DASHBOARD_") and name not in read)
        return [Noticed(name, Notice.UNKNOWN_VARIABLE) for name in unknown]


def names(section: type[Section]) -> list[str]:
    """Return the names of the variables that a section reads, in the order in which they are checked."""
    return [str(field.alias) for field in section.model_fields.values()]


def _everywhere(section: type[Section]) -> set[str]:
    below = (_everywhere(each) for each in section.__subclasses__())
    return set(names(section)).union(*below)


def _stripped(name: str, value: str) -> str:
    # A space around a host or a number means nothing; in a secret or a location it is a mistake to be told.
    return value if name in WHITE_SPACE_COUNTS else value.strip()


def _invalid(section: type[Section], error: ErrorDetails) -> SettingInvalid:
    at = error["loc"][0]  # the alias, or the field's name where its default breaks a rule
    field = next(field for name, field in section.model_fields.items() if at in {name, field.alias})
    if error["type"] == "missing":
        return SettingInvalid(str(field.alias), f"is not set; it is needed: {field.description}")
    return SettingInvalid(str(field.alias), str(error["ctx"]["error"]))  # every rule raises ValueError
