"""Which object key a URL of our bucket names. Pure."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

if TYPE_CHECKING:
    from lib.keys import Rules

WEB_ADDRESS = re.compile(r"https?:/", re.IGNORECASE)
_S3_URI = re.compile(r"s3:/+([^/]+)/(.*)", re.IGNORECASE | re.DOTALL)


def key_of_url(text: str, rules: Rules) -> str | None:
    """Return the object key that a URL of our bucket names (virtual host, path style, CDN, signed), else None.

    1. ``s3://bucket/key`` is taken as it is; it is never percent-encoded.
    2. ``https:/host`` is repaired, and a missing ``https://`` before one of our hosts is added.
    3. On a host that starts with the bucket and a dot, the path is the key. Such a host must be one of
       ``url_hosts``, or become one without the bucket.
    4. On any other of ``url_hosts``, a path that starts with the bucket is path style. Otherwise the path is
       the key (CDN, custom domain), but not on an endpoint: an IP address, localhost, or a host that is listed
       with the bucket in front of it too. There it names somebody else's bucket.
    5. One slash is taken off, the query dropped, and the rest percent-decoded once.

    >>> from lib.keys import Rules
    >>> rules = Rules("loc", "edrspace", url_hosts=("sgp1.example.com", "edrspace.sgp1.example.com", "cdn.test"))
    >>> key_of_url("https://edrspace.sgp1.example.com/loc/a%20b.pdf?X-Amz-Signature=1", rules)
    'loc/a b.pdf'
    >>> key_of_url("https://sgp1.example.com/edrspace/loc/a.pdf", rules), key_of_url("cdn.test/loc/a.pdf", rules)
    ('loc/a.pdf', 'loc/a.pdf')
    >>> key_of_url("https://sgp1.example.com/other/loc/a.pdf", rules), key_of_url("https://evil.test/a.pdf", rules)
    (None, None)
    """
    text = text.strip()
    if uri := _S3_URI.fullmatch(text):
        return uri[2] or None if uri[1] == rules.bucket else None
    if not WEB_ADDRESS.match(text) and text.partition("/")[0].lower() in rules.url_hosts:
        text = f"https://{text}"
    parts = split(text)
    if parts is None:
        return None
    host, path = parts.netloc, parts.path.removeprefix("/")
    bucket = f"{rules.bucket}/"
    try:
        path = unquote(path, errors="strict")
    except UnicodeDecodeError:  # keys are UTF-8
        return None
    if _starts_with_bucket(host, rules):
        return path or None
    if host not in rules.url_hosts:
        return None
    is_endpoint = _is_bare_address(host) or f"{rules.bucket}.{host}" in rules.url_hosts
    prefix = rules.prefix
    # A location that is named like the bucket: only where the bucket is not given too, the path is the key.
    names_location = (
        prefix.startswith(bucket) and path.startswith(prefix) and not path[len(bucket) :].startswith(prefix)
    )
    if rules.bucket and path.startswith(bucket) and (is_endpoint or not names_location):
        return path.removeprefix(bucket) or None
    return None if is_endpoint else path or None


def split(text: str) -> SplitResult | None:
    """Return the parts of a web address, ``netloc`` as lower-case host with its port if not the default one."""
    if not WEB_ADDRESS.match(text):
        return None
    try:
        parts = urlsplit(re.sub(r"^(https?):/+", r"\1://", text, count=1, flags=re.IGNORECASE))
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    is_default = port in {None, {"http": 80, "https": 443}[parts.scheme]}
    return parts._replace(netloc=host if is_default else f"{host}:{port}") if host else None


def _starts_with_bucket(host: str, rules: Rules) -> bool:
    endpoint = host.removeprefix(f"{rules.bucket}.")
    return endpoint != host and (host in rules.url_hosts or endpoint in rules.url_hosts)


def _is_bare_address(host: str) -> bool:
    name = re.sub(r":\d+$", "", host).strip("[]")
    try:
        return name == "localhost" or bool(ipaddress.ip_address(name))
    except ValueError:
        return False
