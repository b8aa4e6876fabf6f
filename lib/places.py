"""Which bucket and which key an address names, whether it is ours or somebody else's. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from lib import keys
from lib.key_urls import split
from lib.keys import Rules

_S3_URI = re.compile(r"s3:/+([^/]+)/?(.*)", re.IGNORECASE | re.DOTALL)
_PROVIDER = re.compile(
    r"(?:(?P<bucket>[a-z0-9.-]+)\.)?"
    r"(?:[a-z0-9-]+(?:\.cdn)?\.digitaloceanspaces\.com|s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com|[a-z0-9]+\.r2\.cloudflarestorage\.com)"
)
_SIGNATURE_IN_KEY = re.compile(  # where the question mark was lost or became another sign
    r"(?:[?&;#\s]|%(?:25)*(?:3F|26|3B|23|20))+(?:X-Amz-|response-|AWSAccessKeyId|Signature(?:=|%(?:25)*3D)|Expires(?:=|%(?:25)*3D))",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Place:
    """What an address names. ``key`` is decoded once, as the server does; '' where the address names no file.

    ``bucket`` is None where neither host nor path says it (a CDN of somebody else).
    """

    host: str  # '' for s3://
    bucket: str | None
    key: str = field(repr=False)  # a wreck may have its signature in the path
    raw_path: str = field(repr=False)
    is_host_ours: bool
    is_bucket_twice: bool  # in the host and again in the path, or twice in one of them

    def is_ours(self, rules: Rules) -> bool:
        """Whether a file of our bucket is named, at a host that we know."""
        return self.is_host_ours and self.bucket == rules.bucket


def place(address: str, rules: Rules) -> Place | None:
    """Return what a web address or s3:// address names; None for any other text.

    >>> rules = Rules("loc", "edrspace", url_hosts=("sgp1.example.com", "edrspace.sgp1.example.com"))
    >>> found = place("https://edrspace.sgp1.example.com/loc/a%20b.pdf", rules)
    >>> found.bucket, found.key, found.is_ours(rules)
    ('edrspace', 'loc/a b.pdf', True)
    >>> found = place("https://sgp1.example.com/edrspace/edrspace/loc/a.pdf", rules)
    >>> found.bucket, found.key, found.is_bucket_twice
    ('edrspace', 'edrspace/loc/a.pdf', True)
    >>> found = place("https://other.s3.eu-west-1.amazonaws.com/a.pdf", rules)
    >>> found.bucket, found.key, found.is_host_ours
    ('other', 'a.pdf', False)
    """
    if uri := _S3_URI.fullmatch(address.strip()):
        is_ours = uri[1] == rules.bucket
        return Place(
            "", uri[1], uri[2], uri[2], is_host_ours=is_ours, is_bucket_twice=is_ours and _again(uri[2], rules)
        )
    parts = split(address.strip())
    if parts is None:
        return None
    host, path = parts.netloc, unquote(parts.path.removeprefix("/"), errors="replace")
    is_ours = _is_ours(host, rules)
    bucket, key = _bucket_and_key(address, host, path, rules, is_ours=is_ours)
    own_host = f"{rules.bucket}."
    is_twice = bool(rules.bucket) and bucket == rules.bucket and (_again(key, rules) or host.startswith(own_host * 2))
    return Place(host, bucket, key, parts.path, is_host_ours=is_ours, is_bucket_twice=is_twice)


def _is_ours(host: str, rules: Rules) -> bool:
    bare = host
    while rules.bucket and bare.startswith(f"{rules.bucket}."):
        if bare in rules.url_hosts:
            return True
        bare = bare.removeprefix(f"{rules.bucket}.")
    return bare in rules.url_hosts


def _bucket_and_key(address: str, host: str, path: str, rules: Rules, *, is_ours: bool) -> tuple[str | None, str]:
    if is_ours and (key := keys.key_of_url(address, rules)):
        return rules.bucket, key
    if rules.bucket and host.startswith(f"{rules.bucket}."):
        return rules.bucket, path
    first, _, rest = path.partition("/")
    if first == rules.bucket or is_ours:
        return first or None, rest
    provider = _PROVIDER.fullmatch(host)
    if provider is None:
        # Of an unknown host nothing is sure; a path below our location can only be a key.
        return (None, path) if "/" not in path or (rules.prefix and path.startswith(rules.prefix)) else (first, rest)
    return (provider["bucket"], path) if provider["bucket"] else (first or None, rest)


def _again(key: str, rules: Rules) -> bool:
    """Whether the key starts with the bucket, and not because the location is named like it."""
    return (
        bool(rules.bucket)
        and key.startswith(f"{rules.bucket}/")
        and not (rules.prefix.startswith(f"{rules.bucket}/") and key.startswith(rules.prefix))
    )


def unsigned(key: str) -> str:
    """Return a key without the parameters of a signature that got into it: they are shown to and asked of nobody.

    >>> unsigned("loc/a.pdf&X-Amz-Signature=1"), unsigned("loc/a&b.pdf")
    ('loc/a.pdf', 'loc/a&b.pdf')
    """
    found = _SIGNATURE_IN_KEY.search(key)
    return key[: found.start()] if found else key
