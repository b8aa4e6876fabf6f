"""Which object a stored key means: the signer's rule and the storage's rule, exactly. Pure.

What a stored key shows by itself is in ``key_problems``, what a URL names in ``key_urls``; both are reached from here.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from functools import lru_cache

from lib.catalogue import Code
from lib.key_problems import problem
from lib.key_urls import key_of_url

__all__ = [
    "MAX_KEY_BYTES",
    "Resolution",
    "Rules",
    "changed",
    "describe",
    "former_prefixes",
    "impossible",
    "key_of_url",
    "prefix_of",
    "problem",
    "resolve",
    "written",
]

MAX_KEY_BYTES = 1024  # what S3 allows, in UTF-8


@dataclass(frozen=True, slots=True)
class Rules:
    """What turns stored keys into object keys. ``location`` has no slash at either end and may be ''."""

    location: str
    bucket: str
    previous_locations: tuple[str, ...] = ()
    url_hosts: tuple[str, ...] = ()  # lower-case hosts (with port if not default) whose URLs mean our bucket

    @property
    def prefix(self) -> str:
        """The location with its slash, or '' without a location."""
        return prefix_of(self.location)


@dataclass(frozen=True, slots=True)
class Resolution:
    """A stored key and what each rule makes of it. ``written`` is None where the storage refuses it."""

    stored: str
    resolved: str
    written: str | None
    agree: bool
    problem: Code | None


def resolve(stored: str, *, location: str) -> str:
    """Return the object key that the backend's signer asks for (its ``generate_signed_url``).

    A value that starts with the location and a slash stays as it is; any other gets them in front.
    Nothing is cleaned. Slashes at the ends of the location are ignored, as in the settings.

    >>> resolve("prescriptions/pdfs/CON153/ab12.pdf", location="edrcontainer1")
    'edrcontainer1/prescriptions/pdfs/CON153/ab12.pdf'
    >>> resolve("edrcontainer1/a.pdf", location="edrcontainer1")
    'edrcontainer1/a.pdf'
    >>> resolve("edrcontainer10/a.pdf", location="edrcontainer1"), resolve("/a.pdf", location="loc")
    ('edrcontainer1/edrcontainer10/a.pdf', 'loc//a.pdf')
    >>> resolve("a.pdf", location="")
    'a.pdf'
    """
    prefix = prefix_of(location)
    return stored if stored.startswith(prefix) else prefix + stored


@lru_cache(maxsize=256)
def prefix_of(location: str) -> str:
    """Return the location with one slash behind it, or '' without a location."""
    location = location.strip("/")
    return f"{location}/" if location else ""


@lru_cache(maxsize=64)
def former_prefixes(rules: Rules) -> tuple[str, ...]:
    """Return the previous locations, each with one slash behind it, without the one that is now in force.

    >>> former_prefixes(Rules("loc", "bucket", previous_locations=("/old/", "", "loc")))
    ('old/',)
    """
    former = (prefix_of(each) for each in rules.previous_locations)
    return tuple(dict.fromkeys(each for each in former if each not in {"", rules.prefix}))


def written(stored: str, *, location: str) -> str | None:
    """Return the object key that the backend's storage wrote, or None where it refuses the name.

    django-storages 1.14.6: ``clean_name`` then ``safe_join`` (``storages/utils.py``,
    ``storages/backends/s3.py``). Slashes at the ends of the location are ignored, as in the settings.

    >>> written("prescriptions//./a.pdf", location="loc"), written("a\\\\b.pdf", location="loc")
    ('loc/prescriptions/a.pdf', 'loc/a/b.pdf')
    >>> written("loc/a.pdf", location="loc")
    'loc/loc/a.pdf'
    >>> written("/a.pdf", location="loc"), written("../a.pdf", location="loc")
    (None, None)
    """
    name = posixpath.normpath(stored).replace("\\", "/")
    if stored.endswith("/") and not name.endswith("/"):
        name += "/"
    if name == ".":
        name = ""

    base = location.strip("/")
    joined = posixpath.normpath(posixpath.join(f"{base}/", name))
    if name.endswith("/") or joined == base:
        joined += "/"
    return joined.lstrip("/") if joined.startswith(f"{base}/") else None


def describe(stored: str, rules: Rules) -> Resolution:
    """Return what both rules make of a stored key, whether they agree, and what is wrong with it by itself.

    A row that already carries the prefix opens through the signer: that is ``agree`` False, and no problem.

    >>> describe("loc/a.pdf", Rules("loc", "bucket"))
    Resolution(stored='loc/a.pdf', resolved='loc/a.pdf', written='loc/loc/a.pdf', agree=False, problem=None)
    >>> describe("/a.pdf", Rules("loc", "bucket")).problem
    <Code.LEADING_SLASH: 'LEADING_SLASH'>
    """
    resolved = resolve(stored, location=rules.location)
    other = written(stored, location=rules.location)
    return Resolution(stored, resolved, other, resolved == other, problem(stored, rules))


def changed(stored: str, resolved: str) -> tuple[str, str]:
    """Return the part of ``resolved`` that the resolver added or changed, and the rest that it kept.

    >>> changed("prescriptions/a.pdf", "loc/prescriptions/a.pdf")
    ('loc/', 'prescriptions/a.pdf')
    >>> changed("loc/a.pdf", "loc/a.pdf"), changed("", "loc/"), changed("b.pdf", "c.pdf")
    (('', 'loc/a.pdf'), ('loc/', ''), ('c', '.pdf'))
    """
    kept = len(posixpath.commonprefix([stored[::-1], resolved[::-1]]))
    return resolved[: len(resolved) - kept], resolved[len(resolved) - kept :]


def impossible(key: str) -> bool:
    """Whether no S3 request can be made for this key: empty, over 1024 bytes, NUL, lone surrogate.

    >>> impossible(""), impossible("a" * 1025), impossible("é" * 512), impossible("a\\0"), impossible("\\ud800")
    (True, True, False, True, True)
    """
    try:
        size_bytes = len(key.encode())
    except UnicodeEncodeError:
        return True
    return not 0 < size_bytes <= MAX_KEY_BYTES or "\0" in key
