from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dotenv import dotenv_values

from lib import settings
from lib.access import Role
from lib.errors import SettingInvalid
from lib.keys import key_of_url
from lib.settings import KeySettings, LedgerSettings, Notice, Noticed, Settings

ROOT = Path(settings.__file__).parent.parent
EXAMPLE = (ROOT / ".env.example").read_text()
FILLED = {
    "DATABASE_URL": "postgresql://reader:pa/ss@db.clinic.example:5432/clinic",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG",
    "AWS_STORAGE_BUCKET_NAME": "edrspace",
    "AWS_S3_ENDPOINT_URL": "https://sgp1.digitaloceanspaces.com",
    "AWS_LOCATION": "edrcontainer1",
    "DASHBOARD_SECRET_KEY": "a-secret-of-more-than-32-characters-x",
}


def load(**changed: str) -> Settings:
    return Settings.load({**FILLED, **changed})


def refusal(**changed: str) -> tuple[str, str]:
    with pytest.raises(SettingInvalid) as refused:
        load(**changed)
    return refused.value.variable, refused.value.rule


def test_the_example_names_every_variable_of_the_code_and_no_other() -> None:
    named = re.findall(r"^#?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE)
    assert sorted(named) == sorted(settings.documented())


def test_every_variable_of_the_example_is_explained_right_above_it() -> None:
    blocks = EXAMPLE.split("\n\n")
    for name in settings.documented():
        block = next(block for block in blocks if re.search(rf"^#?{name}=", block, re.MULTILINE))
        assert block.startswith(("# Required. ", "# ")), name
        assert block.startswith("# Required. ") or "Default:" in block or name == "AWS_LOCATION", name


def test_the_example_loads_once_it_is_filled_in(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text(re.sub(r"^#([A-Z][A-Z0-9_]+=.)", r"\1", EXAMPLE, flags=re.MULTILINE))
    values = {name: value or "" for name, value in dotenv_values(file, interpolate=False).items()}
    loaded = Settings.load(values | FILLED)
    assert loaded.url_hosts == ("files.clinic.example",)
    assert loaded.notices() == ()


def test_the_examples_defaults_are_the_codes_defaults(tmp_path: Path) -> None:
    bare = load()
    for name, field in Settings.model_fields.items():
        if found := re.search(rf"Default: (\S+?)\.?\n#{field.alias}=", EXAMPLE):
            default = "" if found[1] in {"none", "none."} else found[1]
            assert getattr(load(**{str(field.alias): default}), name) == getattr(bare, name), name


@pytest.mark.parametrize("variable", [name for name in FILLED if name != "AWS_LOCATION"])
def test_a_required_variable_that_is_not_set_is_named_with_what_it_needs(variable: str) -> None:
    named, rule = refusal(**{variable: ""})
    assert named == variable
    assert rule.startswith("is not set; it is needed: ")


def test_a_missing_secret_key_comes_with_the_command_that_makes_one() -> None:
    assert 'python -c "import secrets; print(secrets.token_urlsafe(48))"' in refusal(DASHBOARD_SECRET_KEY="")[1]
    assert 'python -c "import secrets; print(secrets.token_urlsafe(48))"' in refusal(DASHBOARD_SECRET_KEY="short")[1]


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        ("AWS_STORAGE_BUCKET_NAME", "EdrSpace", "must be the bucket's name alone"),
        ("AWS_STORAGE_BUCKET_NAME", "edrspace/media", "must be the bucket's name alone"),
        ("AWS_STORAGE_BUCKET_NAME", "10.0.0.1", "must be the bucket's name alone"),
        ("AWS_S3_ENDPOINT_URL", "sgp1.digitaloceanspaces.com", "must be an http or https address"),
        ("AWS_S3_ENDPOINT_URL", "ftp://sgp1.example.com", "must be an http or https address"),
        ("AWS_S3_ENDPOINT_URL", "https://key:secret@s3.example.com", "must be a bare address"),
        ("AWS_S3_ENDPOINT_URL", "https://s3.example.com:99999", "must be an http or https address"),
        (
            "AWS_S3_ENDPOINT_URL",
            "https://sgp1.digitaloceanspaces.com/edrspace",
            "must be the endpoint alone, without a path: https://sgp1.digitaloceanspaces.com",
        ),
        (
            "AWS_S3_ENDPOINT_URL",
            "https://edrspace.sgp1.digitaloceanspaces.com",
            "must not contain the bucket: https://sgp1.digitaloceanspaces.com",
        ),
        (
            "AWS_S3_ENDPOINT_URL",
            "https://edrspace.sgp1.cdn.digitaloceanspaces.com",
            "must not be the CDN, whose host breaks every signature: https://sgp1.digitaloceanspaces.com",
        ),
        ("AWS_S3_ADDRESSING_STYLE", "dns", "must be path, virtual or auto"),
        ("DASHBOARD_FILE_COLUMNS", "lab_reports", "must be table.column or schema.table.column"),
        ("DASHBOARD_FILE_COLUMNS", "lab_reports.file,a.b.c.d", "must be table.column or schema.table.column"),
        ("DASHBOARD_FILE_COLUMNS", 'lab_reports.file"; --', "must be table.column or schema.table.column"),
        ("AWS_S3_REGION_NAME", "sgp1 ap", "must be a region's name"),
        ("AWS_LOCATION", "a//b", "must not contain //"),
        ("AWS_LOCATION", "../b", "must not contain //"),
        ("AWS_LOCATION", "a\\b", "must not contain a backslash"),
        ("AWS_LOCATION", " media", "must not begin or end with a space"),
        ("AWS_SECRET_ACCESS_KEY", "wJalr\n", "must not contain spaces or line breaks"),
        ("AWS_ACCESS_KEY_ID", "AKIDé", "must be plain ASCII"),
        ("AWS_QUERYSTRING_EXPIRE", "604801", "must lie between 1s and 7d"),
        ("AWS_QUERYSTRING_EXPIRE", "0", "must lie between 1s and 7d"),
        ("AWS_QUERYSTRING_EXPIRE", "1 week", "must lie between 1s and 7d"),
        ("DASHBOARD_LINK_MAX_EXPIRY", "8d", "must lie between 1s and 7d"),
        ("DATABASE_URL", "mysql://user:pw@host/clinic", "must start with postgresql:// or sqlite:///"),
        ("DATABASE_URL", "postgresql://user:pw@host", "must name a database"),
        ("DATABASE_URL", "postgresql://user:pw@host:port/clinic", "must have one host and a number as its port"),
        (
            "DATABASE_URL",
            "postgresql://user:pw@one:5432,two:5432/clinic",
            "must have one host and a number as its port",
        ),
        ("DATABASE_URL", "sqlite://clinic.sqlite3", "must be a file, without options"),
        ("DASHBOARD_DATABASE_URL", "sqlite:///:memory:", "must be a file, without options"),
        ("DASHBOARD_DATABASE_URL", "sqlite:///x.db?mode=memory", "must be a file, without options"),
        ("DASHBOARD_CREDENTIALS_EXPIRE_AT", "2026-11-25T18:00:00", "must be an ISO 8601 instant with its zone"),
        ("DASHBOARD_CREDENTIALS_EXPIRE_AT", "tomorrow", "must be an ISO 8601 instant with its zone"),
        ("DASHBOARD_CREDENTIALS_EXPIRE_AT", "0001-01-01T00:00:00+14:00", "must be an ISO 8601 instant with its zone"),
        ("DASHBOARD_TIMEZONE", "India", "must be the name of a time zone"),
        ("DASHBOARD_PHONE_REGION", "India", "must be a two-letter country code"),
        ("DASHBOARD_PUBLIC_URL", "prescriptions.example", "must be an http or https address"),
        ("DASHBOARD_URL_HOSTS", "a.example,b c", "must be an http or https address"),
        ("DASHBOARD_PREVIOUS_LOCATIONS", "media,../x", "must not contain //"),
    ],
)
def test_a_bad_value_is_refused_with_its_variable_and_rule(variable: str, value: str, rule: str) -> None:
    named, said = refusal(**{variable: value})
    assert (named, said[: len(rule)]) == (variable, rule)


@pytest.mark.parametrize("variable", ["DATABASE_URL", "DASHBOARD_DATABASE_URL"])
@pytest.mark.parametrize("value", ["mysql://u:hunter2@h/d", "postgresql://u:hunter2@h:x/d", "postgresql://u:hunter2@h"])
def test_a_refusal_never_holds_the_value_of_a_secret(variable: str, value: str) -> None:
    with pytest.raises(SettingInvalid) as refused:
        load(**{variable: value})
    assert "hunter2" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_secrets_are_not_shown_when_settings_are_printed() -> None:
    shown = repr(load(AWS_SESSION_TOKEN="token-of-a-session"))
    for secret in ("AKIDEXAMPLE", "wJalr", "pa/ss", "a-secret-of", "token-of-a-session"):
        assert secret not in shown


@pytest.mark.parametrize(
    "ours",
    [
        "postgres://other:user@db.clinic.example/clinic",
        "postgresql+psycopg2://reader:pa/ss@DB.clinic.example:5432/clinic?sslmode=require",
    ],
)
def test_our_database_must_not_be_the_clinics_whatever_the_user(ours: str) -> None:
    assert refusal(DASHBOARD_DATABASE_URL=ours)[0] == "DASHBOARD_DATABASE_URL"


def test_a_server_can_be_an_ipv6_address_or_a_socket() -> None:
    assert load(DATABASE_URL="postgresql://u:p@[::1]:5433/clinic").database_url
    assert load(DATABASE_URL="postgresql:///clinic?host=/run/postgresql").database_url
    same = "postgresql://app@/clinic?host=/run/postgresql"
    assert refusal(DATABASE_URL="postgresql:///clinic?host=/run/postgresql", DASHBOARD_DATABASE_URL=same)[0] == (
        "DASHBOARD_DATABASE_URL"
    )
    assert load(DASHBOARD_DATABASE_URL="postgresql://app@db.clinic.example/dashboard").ledger_url


def test_migrate_too_refuses_to_write_into_the_clinics_file() -> None:
    same = {
        "DATABASE_URL": "sqlite:///var/clinic.db",
        "DASHBOARD_DATABASE_URL": f"sqlite:///{ROOT}/var/../var/clinic.db",
    }
    with pytest.raises(SettingInvalid, match="DASHBOARD_DATABASE_URL: must be another database"):
        LedgerSettings.load(same)


def test_the_clinics_database_must_not_be_our_default_file() -> None:
    assert refusal(DATABASE_URL="sqlite:///var/ledger.sqlite3")[0] == "DASHBOARD_DATABASE_URL"


def test_the_ledger_needs_no_setting_and_lies_below_the_project() -> None:
    assert LedgerSettings.load({}).ledger_url.get_secret_value() == f"sqlite:///{ROOT}/var/ledger.sqlite3"


def test_relative_paths_start_at_the_project_and_absolute_ones_stay() -> None:
    relative = load(DATABASE_URL="sqlite:///data/a%20b.db").database_url.get_secret_value()
    absolute = load(DATABASE_URL="sqlite:////srv/clinic.db").database_url.get_secret_value()
    assert (relative, absolute) == (f"sqlite:///{ROOT}/data/a%20b.db", "sqlite:////srv/clinic.db")


def test_an_address_that_django_people_write_becomes_one_of_sqlalchemy() -> None:
    url = load(DATABASE_URL="postgres://u:p@h/clinic").database_url.get_secret_value()
    assert url == "postgresql+psycopg2://u:p@h/clinic"


def test_resolve_needs_the_location_alone() -> None:
    loaded = KeySettings.load({"AWS_LOCATION": "edrcontainer1"})
    assert (loaded.rules.location, loaded.rules.bucket, loaded.rules.url_hosts) == ("edrcontainer1", "", ())
    assert loaded.notices() == ()


def test_slashes_around_the_location_are_trimmed_and_reported() -> None:
    loaded = load(AWS_LOCATION="/edrcontainer1/")
    assert loaded.location == "edrcontainer1"
    assert loaded.notices() == (Noticed("AWS_LOCATION", Notice.SLASHES_TRIMMED),)


def test_a_location_set_to_nothing_is_meant_and_one_not_set_is_reported() -> None:
    assert load(AWS_LOCATION="").notices() == ()
    unset = Settings.load({name: value for name, value in FILLED.items() if name != "AWS_LOCATION"})
    assert (unset.location, unset.notices()) == ("", (Noticed("AWS_LOCATION", Notice.LOCATION_NOT_SET),))


def test_what_should_be_known_is_noticed() -> None:
    loaded = load(
        AWS_S3_ENDPOINT_URL="http://10.0.0.5:7480",
        AWS_SESSION_TOKEN="token",
        DASHBOARD_LINK_MAX_EXPIRE="1d",
        DASHBOARD_ENV_FILE="",
    )
    assert loaded.notices() == (
        Noticed("DASHBOARD_LINK_MAX_EXPIRE", Notice.UNKNOWN_VARIABLE),
        Noticed("AWS_S3_ENDPOINT_URL", Notice.PLAIN_HTTP),
        Noticed("DASHBOARD_CREDENTIALS_EXPIRE_AT", Notice.TOKEN_END_UNKNOWN),
    )
    assert load(AWS_S3_ENDPOINT_URL="http://127.0.0.1:7480").notices() == ()


def test_every_host_whose_urls_mean_our_bucket_is_known() -> None:
    rules = load(
        AWS_S3_CUSTOM_DOMAIN="CDN.clinic.example", DASHBOARD_URL_HOSTS="https://old.example/, b.example:8080"
    ).rules
    assert rules.url_hosts == (
        "old.example",
        "b.example:8080",
        "cdn.clinic.example",
        "sgp1.digitaloceanspaces.com",
        "edrspace.sgp1.digitaloceanspaces.com",
        "edrspace.sgp1.cdn.digitaloceanspaces.com",
    )
    for url in (
        "https://edrspace.sgp1.cdn.digitaloceanspaces.com/edrcontainer1/a.pdf",
        "https://edrspace.sgp1.digitaloceanspaces.com/edrcontainer1/a.pdf",
        "https://sgp1.digitaloceanspaces.com/edrspace/edrcontainer1/a.pdf",
        "https://cdn.clinic.example/edrcontainer1/a.pdf",
    ):
        assert key_of_url(url, rules) == "edrcontainer1/a.pdf"
    assert key_of_url("https://sgp1.digitaloceanspaces.com/other/edrcontainer1/a.pdf", rules) is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://SGP1.example.com:443", "https://sgp1.example.com"),
        ("http://s3.example.com:80", "http://s3.example.com"),
        ("https://s3.example.com:80", "https://s3.example.com:80"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_an_endpoint_is_the_same_with_and_without_the_port_that_goes_without_saying(given: str, kept: str) -> None:
    assert load(AWS_S3_ENDPOINT_URL=given).endpoint_url == kept


def test_a_bucket_named_like_the_first_word_of_the_endpoint_is_accepted() -> None:
    assert load(AWS_STORAGE_BUCKET_NAME="sgp1").endpoint_url == "https://sgp1.digitaloceanspaces.com"


def test_lists_lose_spaces_and_empty_items() -> None:
    loaded = load(
        DASHBOARD_PREVIOUS_LOCATIONS=" media/ ,, /old/x ", DASHBOARD_OWNED_PREFIXES="prescriptions/pdfs, scans/"
    )
    assert loaded.rules.previous_locations == ("media", "old/x")
    assert loaded.owned_prefixes == ("prescriptions/pdfs/", "scans/")
    assert load().file_columns == ()
    assert load(DASHBOARD_FILE_COLUMNS="lab_reports.file, billing.invoices.pdf_file").file_columns == (
        "lab_reports.file",
        "billing.invoices.pdf_file",
    )


@pytest.mark.parametrize("folders", ["/", "prescriptions/pdfs/, //"])
def test_a_folder_that_is_the_location_itself_is_refused(folders: str) -> None:
    """Its name would be the location and two slashes: below it lies nothing, and no file would ever be unreferenced."""
    with pytest.raises(SettingInvalid, match=r"DASHBOARD_OWNED_PREFIXES.*below AWS_LOCATION"):
        load(DASHBOARD_OWNED_PREFIXES=folders)


def test_patterns_of_ignored_objects_are_kept_as_they_are_written_and_none_hides_everything() -> None:
    assert load(DASHBOARD_IGNORE_OBJECTS="*/.keep, */").ignored_objects == ("*/.keep", "*/")
    with pytest.raises(SettingInvalid, match="every key"):
        load(DASHBOARD_IGNORE_OBJECTS="*/.keep,**")


def test_expiry_in_bare_seconds_and_as_a_duration() -> None:
    assert load(AWS_QUERYSTRING_EXPIRE="7200").policy.default_expiry == timedelta(hours=2)
    assert load(AWS_QUERYSTRING_EXPIRE="1h30m").policy.default_expiry == timedelta(minutes=90)


def test_the_default_expiry_is_never_longer_than_the_longest() -> None:
    policy = load(AWS_QUERYSTRING_EXPIRE="1d", DASHBOARD_LINK_MAX_EXPIRY="15m").policy
    assert (policy.default_expiry, policy.max_expiry) == (timedelta(minutes=15), timedelta(minutes=15))


def test_the_end_of_temporary_credentials_reaches_the_policy_in_utc() -> None:
    loaded = load(AWS_SESSION_TOKEN="token", DASHBOARD_CREDENTIALS_EXPIRE_AT="2026-11-25T18:00:00+05:30")
    assert loaded.policy.credentials_expire_at == datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
    assert loaded.policy.has_session_token
    assert loaded.notices() == ()


def test_defaults_are_those_of_the_clinic() -> None:
    loaded = load()
    assert (loaded.zone, loaded.phone_region, loaded.region) == (ZoneInfo("Asia/Kolkata"), "IN", "")
    assert (loaded.policy.default_expiry, loaded.policy.max_expiry) == (timedelta(hours=1), timedelta(days=7))
    assert (loaded.addressing_style, loaded.session_token, loaded.public_url) == ("path", None, "")


def test_each_purpose_and_each_secret_has_its_own_key() -> None:
    loaded, other = load(), load(DASHBOARD_SECRET_KEY="another-secret-of-more-than-32-characters")
    derived = {loaded.derive("trail"), loaded.derive("links"), other.derive("trail")}
    assert {len(key) for key in derived} == {32}
    assert len(derived) == 3
    assert loaded.derive("trail") == load().derive("trail")


def test_the_environment_wins_over_the_file_and_dollars_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "env"
    file.write_text("AWS_LOCATION=from-the-file\nAWS_S3_REGION_NAME=sgp1\nAWS_SECRET_ACCESS_KEY='a${HOME}b'\n")
    monkeypatch.setenv("AWS_LOCATION", "")
    monkeypatch.delenv("AWS_S3_REGION_NAME", raising=False)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    values = settings.variables(file)
    assert [values[name] for name in ("AWS_LOCATION", "AWS_S3_REGION_NAME", "AWS_SECRET_ACCESS_KEY")] == [
        "",
        "sgp1",
        "a${HOME}b",
    ]


def test_a_settings_file_that_is_named_but_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_ENV_FILE", "/nowhere/env")
    with pytest.raises(SettingInvalid, match="DASHBOARD_ENV_FILE: names a file that cannot be read"):
        settings.variables()


def test_a_file_that_windows_saved_with_a_mark_in_front_is_read(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"\xef\xbb\xbfAWS_LOCATION=loc\r\nAWS_STORAGE_BUCKET_NAME=edrspace\r\n")
    found = settings.variables(path)
    assert (found["AWS_LOCATION"], found["AWS_STORAGE_BUCKET_NAME"]) == ("loc", "edrspace")


PROVIDER = {
    "DASHBOARD_OIDC_ISSUER": "https://id.example/realms/edr/",
    "DASHBOARD_OIDC_CLIENT_ID": "dashboard",
    "DASHBOARD_OIDC_CLIENT_SECRET": "hunter2",
    "DASHBOARD_OIDC_ROLES": "edr-admins=clinic_admin, a=b=support,help=support",
}


def test_a_provider_is_none_or_whole() -> None:
    assert not load().has_provider
    loaded = load(**PROVIDER)
    assert loaded.has_provider
    assert (loaded.oidc_issuer, loaded.provider_name) == ("https://id.example/realms/edr/", "id.example")
    assert dict(loaded.claim_rules.roles) == {
        "edr-admins": Role.CLINIC_ADMIN, "a=b": Role.SUPPORT, "help": Role.SUPPORT,
    }  # fmt: skip
    assert (loaded.claim_rules.role_claim, loaded.claim_rules.clinics_claim) == ("role", "clinics")
    assert "hunter2" not in repr(loaded)
    assert load(**PROVIDER, DASHBOARD_OIDC_NAME="Clinic SSO").provider_name == "Clinic SSO"


@pytest.mark.parametrize("missing", PROVIDER)
def test_a_half_set_provider_names_what_is_missing(missing: str) -> None:
    variable, rule = refusal(**{**PROVIDER, missing: ""})
    assert variable == missing
    assert "it is needed" in rule


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        ("DASHBOARD_OIDC_ISSUER", "http://id.example", "must be an https address"),
        ("DASHBOARD_OIDC_ISSUER", "https://id.example?x=1", "must be a bare address"),
        ("DASHBOARD_OIDC_ISSUER", "id.example", "must be an http or https address"),
        ("DASHBOARD_OIDC_CLIENT_ID", "a\u00e9", "must be plain ASCII"),
        ("DASHBOARD_OIDC_CLIENT_SECRET", "hunter2\n", "must not contain spaces or line breaks"),
        ("DASHBOARD_OIDC_ROLES", "edr-admins", "must be a list like"),
        ("DASHBOARD_OIDC_ROLES", "edr-admins=operator", "must be a list like"),
        ("DASHBOARD_OIDC_ROLES", "edr-admins=nobody", "must be a list like"),
        ("DASHBOARD_OIDC_ROLES", "=owner", "must be a list like"),
        ("DASHBOARD_OIDC_ROLES", "a=owner,a=support", "must name each value once"),
        ("DASHBOARD_OIDC_NAME", "x" * 41, "must be up to 40 letters"),
        ("DASHBOARD_OIDC_NAME", "<b>", "must be up to 40 letters"),
    ],
)
def test_a_bad_value_of_the_provider_is_refused(variable: str, value: str, rule: str) -> None:
    named, said = refusal(**{**PROVIDER, variable: value})
    assert (named, said[: len(rule)]) == (variable, rule)


@pytest.mark.parametrize("host", ["127.0.0.1:9000", "localhost:9000", "[::1]"])
def test_a_provider_on_this_computer_may_be_plain_http(host: str) -> None:
    loaded = load(**{**PROVIDER, "DASHBOARD_OIDC_ISSUER": f"http://{host}"})
    assert loaded.provider_name == ("localhost" if "localhost" in host else "provider")


@pytest.mark.parametrize(
    "url",
    [
        "https://alerts.clinic.example/hooks/s3cr3t",
        "https://alerts.clinic.example:8443/?token=s3cr3t&a=b",
        "http://localhost:9000/hook",
        "http://127.0.0.1/hook",
        "http://[::1]:9000/hook",
    ],
)
def test_an_alert_webhook_may_be_https_or_this_computer(url: str) -> None:
    loaded = load(DASHBOARD_ALERT_WEBHOOK=url)
    assert loaded.alert_webhook is not None
    assert loaded.alert_webhook.get_secret_value() == url
    assert "s3cr3t" not in repr(loaded)
    assert load().alert_webhook is None


@pytest.mark.parametrize(
    "url",
    [
        "http://alerts.clinic.example/s3cr3t",
        "http://127.0.0.1.clinic.example/s3cr3t",
        "https://asha:s3cr3t@alerts.clinic.example/",
        "https://alerts.clinic.example/#s3cr3t",
        "https://alerts.clinic.example/?a=s3cr3t#b",
        "https://alerts.clinic.example/s3cr3t b",
        "https://alerts.clinic.example/s3cr3t\u00e9",
        "file:///s3cr3t",
        "s3cr3t",
        "https://[s3cr3t",
    ],
)
def test_any_other_alert_webhook_is_refused_without_its_value(url: str) -> None:
    variable, rule = refusal(DASHBOARD_ALERT_WEBHOOK=url)
    assert variable == "DASHBOARD_ALERT_WEBHOOK"
    assert rule.startswith("must be an https address")
    assert "s3cr3t" not in rule
