"""What each setting may be: pure checks that return the value as the product uses it, or raise ValueError(rule).

The rule is shown to the operator, after the variable's name. It never holds the value of a secret.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from pydantic import SecretStr

from lib import links
from lib.sessions import Lifetimes

ROOT = Path(__file__).resolve().parent.parent  # relative paths in settings are relative to this folder
MIN_SECRET_LENGTH = 32
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
HOW_TO_MAKE_A_KEY = 'make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'
BOUNDS = "must lie between 1s and 7d, written like 15m, 1h, 2d or 90s"
SHORTEST_LOCK, LONGEST_LOCK = timedelta(seconds=10), Lifetimes().idle
LONGEST_GRACE = timedelta(days=7)


def no_space(secret: SecretStr) -> SecretStr:
    """Return a secret that holds no white space and nothing beyond ASCII."""
    # A secret with a trailing newline signs every request wrongly, and the answer is SignatureDoesNotMatch.
    if re.search(r"\s", secret.get_secret_value()):
        raise ValueError("must not contain spaces or line breaks; copy it again without them")
    if not secret.get_secret_value().isascii():
        raise ValueError("must be plain ASCII; copy it again")
    return secret


def duration(text: str) -> timedelta:
    """Return a duration within what SigV4 allows."""
    # django-storages writes AWS_QUERYSTRING_EXPIRE as bare seconds.
    span = timedelta(seconds=int(text)) if re.fullmatch(r"[0-9]{1,9}", text) else links.parse_duration(text)
    if span is None or not links.MIN_EXPIRY <= span <= links.MAX_EXPIRY:
        raise ValueError(BOUNDS)
    return span


def grace(text: str) -> timedelta:
    """Return how young a row or an object may be without being a finding."""
    span = timedelta(0) if text.strip() == "0" else links.parse_duration(text)
    if span is None or not timedelta(0) <= span <= LONGEST_GRACE:
        raise ValueError("must lie between 0 and 7d, written like 90s, 15m, 1h or 1d")
    return span


def lock_after(text: str) -> timedelta:
    """Return how long a screen stays open without use. A session ends when it was idle for an hour, locked or not."""
    span = links.parse_duration(text)
    if span is None or not SHORTEST_LOCK <= span <= LONGEST_LOCK:
        raise ValueError("must lie between 10s and 1h, written like 90s, 10m or 1h")
    return span


def web_address(text: str) -> SplitResult:
    """Return the parts of a bare http or https address."""
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


def host(text: str) -> str:
    """Return a lower-case host (with port if not the default one) of a host or a web address."""
    parts = web_address(text if "://" in text else f"https://{text}")
    default = {"http": 80, "https": 443}[parts.scheme]
    name = parts.hostname or ""
    name = f"[{name}]" if ":" in name else name
    return name if parts.port in {None, default} else f"{name}:{parts.port}"


def items(text: str) -> tuple[str, ...]:
    """Return the items of a comma list."""
    return tuple(item.strip() for item in text.split(",") if item.strip())


def location(text: str) -> str:
    """Return a location without the slashes at its ends."""
    if text != text.strip():
        raise ValueError("must not begin or end with a space")
    bare = text.strip("/")
    if "\\" in bare or any(ord(character) < 32 for character in bare):
        raise ValueError("must not contain a backslash or a control character")
    if bare and {"", ".", ".."} & set(bare.split("/")):
        raise ValueError("must not contain //, ./ or ../")
    return bare


def folder(text: str) -> str:
    """Return a folder below the location, with its slash at the end; raise ValueError for none: no object lies below it."""
    if not text.strip("/"):
        raise ValueError("must be a folder below AWS_LOCATION, such as prescriptions/pdfs")
    return f"{location(text)}/"


def file_column(text: str) -> str:
    """Return a column of the clinic's database as ``table.column`` or ``schema.table.column``."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62}){1,2}", text):
        raise ValueError("must be table.column or schema.table.column, separated by commas")
    return text


def pattern(text: str) -> str:
    """Return a pattern of object keys; one that is met by every key would hide every unreferenced file."""
    if not text.strip("*"):
        raise ValueError("must not match every key")
    return text


def database(secret: SecretStr) -> SecretStr:
    """Return an SQLAlchemy URL for what Django people write."""
    text = secret.get_secret_value().strip()
    scheme, separator, rest = text.partition("://")
    dialects = {"postgres": "postgresql+psycopg2", "postgresql": "postgresql+psycopg2", "pgsql": "postgresql+psycopg2"}
    dialects |= {"postgresql+psycopg2": "postgresql+psycopg2", "sqlite": "sqlite", "sqlite+pysqlite": "sqlite"}
    if not separator or scheme not in dialects:
        raise ValueError("must start with postgresql:// or sqlite:///")
    if re.search(r"\s", rest):
        raise ValueError("must not contain spaces or line breaks; write a space as %20")
    if dialects[scheme] == "sqlite":
        return SecretStr(f"sqlite:///{_sqlite_file(rest)}")
    if not re.match(r"[^/]*@?[^/]*(/[^/?]+|/?\?.+)", rest):
        raise ValueError("must name a database: postgresql://user:password@host:5432/database")
    server = re.split(r"[/?]", rest.rpartition("@")[2], maxsplit=1)[0]
    if not re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:,\[\]]*)(:[0-9]{1,5})?", server):
        raise ValueError("must have one host and a number as its port: postgresql://user:password@host:5432/database")
    return SecretStr(f"{dialects[scheme]}://{rest}")


def _sqlite_file(rest: str) -> str:
    """Return the absolute path, percent-encoded, of what stands after ``sqlite://``."""
    path, question_mark, _query = rest.partition("?")
    name = unquote(path.removeprefix("/"))
    if not path.startswith("/") or name in {"", ":memory:"} or name.endswith("/") or question_mark:
        raise ValueError("must be a file, without options: sqlite:///relative/path or sqlite:////absolute/path")
    return quote(str(ROOT / name))


def same_database(one: str, other: str) -> bool:
    """Whether two database URLs lead to the same place, whatever the user's name and password."""
    return database_place(one) == database_place(other)


def database_place(url: str) -> tuple[str, ...]:
    """Return where a database URL leads, which says nothing of user and password.

    >>> database_place("postgresql+psycopg2://dev:secret@DB.example/clinic?sslmode=require")
    ('postgresql+psycopg2', 'db.example', '5432', 'clinic')
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        return (scheme, str(Path(unquote(rest)).resolve()))
    parts = urlsplit(f"//{rest.rpartition('@')[2]}")  # a password may hold any character
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host, port = options.get("host", parts.hostname or ""), options.get("port", str(parts.port or 5432))
    return (scheme, host.lower(), port, options.get("dbname", parts.path.strip("/")))


def bucket(name: str) -> str:
    """Return a bucket's name as S3 allows it."""
    is_address = re.fullmatch(r"[0-9]+(\.[0-9]+){3}", name)
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name) or ".." in name or is_address:
        raise ValueError("must be the bucket's name alone: 3 to 63 small letters, digits, hyphens and dots")
    return name


def endpoint(text: str) -> str:
    """Return scheme and host of an endpoint, without a port that goes without saying; a refusal contains the correction."""
    parts = web_address(text)
    bare = f"{parts.scheme}://{host(text)}"
    if parts.path.strip("/"):
        raise ValueError(f"must be the endpoint alone, without a path: {bare}")
    if ".cdn.digitaloceanspaces.com" in bare:
        right = re.sub(r"//(.*\.)?([^.]+)\.cdn\.", r"//\2.", bare)
        raise ValueError(f"must not be the CDN, whose host breaks every signature: {right}")
    return bare


def starts_with_bucket(host: str, bucket: str) -> bool:
    """Whether what follows ``bucket.`` in a host is an endpoint by itself.

    >>> starts_with_bucket("edrspace.sgp1.digitaloceanspaces.com", "edrspace")
    True
    >>> starts_with_bucket("sgp1.digitaloceanspaces.com", "sgp1"), starts_with_bucket("minio.example.com", "minio")
    (False, False)
    """
    rest = host.removeprefix(f"{bucket}.")
    if not bucket or rest == host:
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return rest == "localhost" or rest.count(".") >= 2
    return False


def addressing_style(name: str) -> str:
    """Return one of boto3's addressing styles."""
    if name not in {"path", "virtual", "auto"}:
        raise ValueError("must be path, virtual or auto")
    return name


def region(name: str) -> str:
    """Return a region's name."""
    if not re.fullmatch(r"[A-Za-z0-9-]{1,63}", name):
        raise ValueError("must be a region's name, such as sgp1, or nothing")
    return name


def public_url(text: str) -> str:
    """Return a web address without a slash at its end."""
    web_address(text)
    return text.rstrip("/")


def webhook(secret: SecretStr) -> SecretStr:
    """Return an address that alerts are sent to; it may hold a secret, in its path or behind a ``?``."""
    text = secret.get_secret_value()
    bare = text.partition("?")[0]
    try:
        parts = web_address(bare)
    except ValueError:
        parts = None
    is_safe = parts is not None and (parts.scheme == "https" or parts.hostname in LOOPBACK)
    if not is_safe or not text.isascii() or re.search(r"[\s\\#]", text):
        raise ValueError("must be an https address, or http on this computer, without user, password, # or spaces")
    return secret


def long_enough(secret: SecretStr) -> SecretStr:
    """Return a secret that nobody can guess."""
    if len(secret.get_secret_value()) < MIN_SECRET_LENGTH:
        raise ValueError(f"must have at least {MIN_SECRET_LENGTH} characters; {HOW_TO_MAKE_A_KEY}")
    return secret


def timezone(name: str) -> ZoneInfo:
    """Return the zone of this name."""
    if name not in available_timezones():
        raise ValueError("must be the name of a time zone, such as Asia/Kolkata")
    return ZoneInfo(name)


def phone_region(name: str) -> str:
    """Return a country code that phone numbers have."""
    if name not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("must be a two-letter country code, such as IN")
    return name


def instant(text: str) -> datetime:
    """Return an aware instant in UTC."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("must be an ISO 8601 instant with its zone, such as 2026-11-25T18:00:00+05:30")
