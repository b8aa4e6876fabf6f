"""What every rule that the application has makes of one stored key: the resolver matrix. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from lib import keys
from lib.keys import Rules


class Resolver(StrEnum):
    """A way to get from a stored key to an object key."""

    SIGNER = "signer"  # the backend's generate_signed_url
    STORAGE = "storage"  # the upload: django-storages, under the location
    MEDIA_URL = "media_url"  # the backend's get_signed_media_url
    BARE = "bare"  # the stored key as it stands, which nobody should ask for


@dataclass(frozen=True, slots=True)
class Asks:
    """The object key that one resolver asks for, or None where it refuses the name."""

    resolver: Resolver
    key: str | None


def matrix(stored: str, rules: Rules) -> tuple[Asks, ...]:
    """Return what each resolver asks for.

    >>> [str(each.key) for each in matrix("a//b.pdf", Rules("loc", "bucket"))]
    ['loc/a//b.pdf', 'loc/a/b.pdf', 'loc/a//b.pdf', 'a//b.pdf']
    """
    location = rules.location
    return (
        Asks(Resolver.SIGNER, keys.resolve(stored, location=location)),
        Asks(Resolver.STORAGE, keys.written(stored, location=location)),
        Asks(Resolver.MEDIA_URL, keys.resolve(_path_of_address(stored), location=location)),
        Asks(Resolver.BARE, stored),
    )


def _path_of_address(stored: str) -> str:
    """Return the path of an ``https://`` address without its slashes in front; nothing is percent-decoded."""
    if not stored.startswith("https://"):
        return stored
    try:
        return urlsplit(stored).path.lstrip("/")
    except ValueError:
        return stored
