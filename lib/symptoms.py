"""Which faults a signed link shows. Pure.

Measured on Ceph RGW 16.2.15 unless said otherwise; ``tests/live/test_wrecked_links.py`` holds its answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, unquote

from lib import keys, signatures
from lib.keys import Rules
from lib.link_bounds import MAX_EXPIRY
from lib.link_faults import FaultFound, LinkFault
from lib.places import Place

CLOCK_TOLERANCE = timedelta(minutes=15)  # what Amazon grants
MAX_NAMES = 5  # parameters named in one fault

_CANONICAL = {
    name.lower(): name for name in (*signatures.V4, *signatures.V2, *signatures.ANSWER, signatures.SECURITY_TOKEN)
}
_PLAIN_NAME = re.compile(r"[A-Za-z][\w.-]{0,39}", re.ASCII)
_SECRET = re.compile(r"[0-9A-Fa-f]{20,}|[A-Za-z0-9+/]{27}=")
_FOLDED = re.compile(r"(?:^|/)\.{1,2}(?:/|$)")


@dataclass(frozen=True, slots=True)
class Seen:
    """A mended link in parts. ``given`` holds the known parameters under their right names, decoded."""

    query: str = field(repr=False)
    given: Mapping[str, str] = field(repr=False)
    is_v4: bool
    is_signed: bool
    place: Place
    scheme: str
    issued_at: datetime | None
    is_expired: bool


def parameters(query: str) -> dict[str, str]:
    """Return the parameters, the first of each name, known ones under their right name whatever their case."""
    found: dict[str, str] = {}
    for name, value in _pairs(query):
        found.setdefault(_CANONICAL.get(name.lower(), name), value)
    return found


def credential(given: Mapping[str, str]) -> dict[str, str]:
    """Return the parts of X-Amz-Credential, as far as it goes."""
    parts = given.get("X-Amz-Credential", "").split("/")
    if len(parts) > 5:  # a key id with slashes in it
        parts = ["/".join(parts[:-4]), *parts[-4:]]
    return dict(zip(("key", "day", "region", "service", "terminator"), parts, strict=False))


def instant_of(given: Mapping[str, str]) -> datetime | None:
    """Return when a link of version 4 was signed."""
    return signatures.instant(given.get("X-Amz-Date", ""))


def number(text: str) -> int | None:
    """Return a whole number of at most twelve digits, with or without a minus, else None."""
    return int(text) if re.fullmatch(r"-?[0-9]{1,12}", text) else None


def found(
    seen: Seen, rules: Rules, *, now: datetime, endpoint_host: str | None, region: str | None
) -> Iterator[FaultFound]:
    """Yield what is wrong with the mended link, in no order."""
    if not seen.is_signed:
        is_cut = seen.given.keys() & set(signatures.ANSWER) or _begins_parameter(seen.query)
        yield FaultFound(LinkFault.CUT_OFF if is_cut else LinkFault.NOT_SIGNED)
    elif seen.is_v4:
        yield from _v4(seen, now=now, region=region)
    else:
        yield from _v2(seen)
    yield from _names(seen)
    yield from _address(seen, rules, endpoint_host=endpoint_host)
    if seen.is_expired:
        yield FaultFound(LinkFault.EXPIRED)
    if seen.scheme == "http":
        yield FaultFound(LinkFault.PLAIN_HTTP)


def _v4(seen: Seen, *, now: datetime, region: str | None) -> Iterator[FaultFound]:
    given = dict(seen.given)
    missing = [name for name in signatures.V4 if not given.get(name)]
    last = _last(seen.query)
    is_short = last == "X-Amz-Signature" and _is_cut_signature(given.get(last, ""))
    behind = _behind(last, seen.query)
    if is_short or (behind and set(behind) <= set(missing)):
        yield FaultFound(LinkFault.CUT_OFF)
        given.pop(last, None)  # what is left of its value says nothing
        missing = [name for name in missing if name not in behind]
    if missing:
        yield FaultFound(LinkFault.PARAMETERS_MISSING, ", ".join(missing))
    signature = given.get("X-Amz-Signature")
    if signature and not signatures.SIGNATURE.fullmatch(signature):
        yield FaultFound(LinkFault.SIGNATURE_CHANGED)
    if given.get("X-Amz-Algorithm", signatures.ALGORITHM).upper() != signatures.ALGORITHM:
        yield FaultFound(LinkFault.ALGORITHM)
    if given.get("X-Amz-SignedHeaders", "host").lower() != "host":
        yield FaultFound(LinkFault.HEADERS_SIGNED, _listed(given["X-Amz-SignedHeaders"].split(";")))
    yield from _dates(given, seen, now=now)
    if "X-Amz-Credential" in given:
        yield from _scope(given, region=region)


def _dates(given: Mapping[str, str], seen: Seen, *, now: datetime) -> Iterator[FaultFound]:
    if "X-Amz-Date" in given and given["X-Amz-Date"] and seen.issued_at is None:
        yield FaultFound(LinkFault.DATE_WRONG)
    if seen.issued_at is not None and seen.issued_at - now > CLOCK_TOLERANCE:
        yield FaultFound(LinkFault.NOT_YET_VALID)
    expires = given.get("X-Amz-Expires")
    if not expires:
        return
    seconds = number(expires)
    if seconds is None and not re.fullmatch(r"[0-9]{13,}", expires):
        yield FaultFound(LinkFault.EXPIRY_WRONG)
    elif seconds is None or seconds > MAX_EXPIRY.total_seconds():
        yield FaultFound(LinkFault.EXPIRY_TOO_LONG)
    elif seconds <= 0:
        yield FaultFound(LinkFault.EXPIRY_WRONG)


def _scope(given: Mapping[str, str], *, region: str | None) -> Iterator[FaultFound]:
    scope = credential(given)
    if (scope.get("service"), scope.get("terminator")) != ("s3", "aws4_request") or not scope["key"]:
        yield FaultFound(LinkFault.SCOPE_WRONG)
        return
    if "X-Amz-Date" in given and scope["day"] != given["X-Amz-Date"][:8]:
        yield FaultFound(LinkFault.SCOPE_DATE)
    if region and scope["region"] != region:
        yield FaultFound(LinkFault.REGION_OTHER, _listed([scope["region"]]))


def _v2(seen: Seen) -> Iterator[FaultFound]:
    yield FaultFound(LinkFault.SIGV2)
    given, last = seen.given, _last(seen.query)
    missing = [name for name in signatures.V2 if not given.get(name)]
    # boto3 writes them in this order too, but a missing Signature with Expires behind it was taken out.
    if missing and missing == list(signatures.V2[-len(missing) :]):
        yield FaultFound(LinkFault.CUT_OFF)
        return
    if missing:
        yield FaultFound(LinkFault.PARAMETERS_MISSING, ", ".join(missing))
    if "Signature" not in missing and not signatures.SIGNATURE_V2.fullmatch(given["Signature"]):
        yield FaultFound(LinkFault.SIGNATURE_CHANGED)
    if "Expires" in missing:
        return
    seconds = number(given["Expires"])
    if seconds is None:
        yield FaultFound(LinkFault.EXPIRY_WRONG)
    elif seconds < 10**9 and last == "Expires":  # an instant before 2001 was a longer number
        yield FaultFound(LinkFault.CUT_OFF)
    elif seconds <= 0:
        yield FaultFound(LinkFault.EXPIRY_WRONG)


def _names(seen: Seen) -> Iterator[FaultFound]:
    """Yield what is wrong with the names: each parameter of a link of version 4 is signed, none may come or change."""
    pairs = _pairs(seen.query)
    names = [name for name, _ in pairs]
    cut = _last(seen.query) if _begins_parameter(seen.query) else None
    if changed := [
        name for name in names if name not in signatures.OTHERS and _CANONICAL.get(name.lower(), name) != name
    ]:
        yield FaultFound(LinkFault.CASE_CHANGED, _listed(changed))
    known = {*_CANONICAL, *(name.lower() for name in signatures.OTHERS)}
    added = [name for name in names if name.lower() not in known and name != cut]
    if added and seen.is_v4:
        yield FaultFound(LinkFault.PARAMETERS_ADDED, _listed(added))
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        yield FaultFound(LinkFault.PARAMETERS_TWICE, _listed(twice))
    if seen.given.keys() & set(signatures.ANSWER):
        yield FaultFound(LinkFault.ANSWER_SET)
    if seen.is_signed and ("+" in seen.query or "+" in seen.place.raw_path):
        yield FaultFound(LinkFault.PLUS_SIGN)


def _address(seen: Seen, rules: Rules, *, endpoint_host: str | None) -> Iterator[FaultFound]:
    place, key = seen.place, seen.place.key
    if not place.is_host_ours:
        yield FaultFound(LinkFault.HOST_FOREIGN, place.host[:100])
    elif seen.is_v4 and _is_cdn(place.host, rules, endpoint_host=endpoint_host):
        yield FaultFound(LinkFault.HOST_CDN, place.host[:100])
    if place.bucket is not None and place.bucket != rules.bucket:
        yield FaultFound(LinkFault.BUCKET_FOREIGN, _listed([place.bucket[:63]]))
        return
    if place.is_bucket_twice:
        yield FaultFound(LinkFault.BUCKET_TWICE)
    if not key:
        yield FaultFound(LinkFault.KEY_MISSING)
        return
    if keys.impossible(key):
        yield FaultFound(LinkFault.KEY_IMPOSSIBLE)
    if _FOLDED.search(key):
        yield FaultFound(LinkFault.KEY_FOLDED)
    meant = key
    while place.is_bucket_twice and meant.startswith(f"{rules.bucket}/"):
        meant = meant.removeprefix(f"{rules.bucket}/")
    if not meant.startswith(rules.prefix):
        yield FaultFound(LinkFault.LOCATION_MISSING)
    if re.search(r"%[0-9A-Fa-f]{2}", key) and unquote(key) != key:
        yield FaultFound(LinkFault.KEY_LOOKS_ENCODED)


def _is_cdn(host: str, rules: Rules, *, endpoint_host: str | None) -> bool:
    """Whether this is a host of ours that is not the storage's own; a signature of version 4 holds for one host."""
    if endpoint_host is None:
        return ".cdn." in host
    bare = host
    while rules.bucket and bare.startswith(f"{rules.bucket}.") and bare != endpoint_host:
        bare = bare.removeprefix(f"{rules.bucket}.")
    return bare != endpoint_host.lower()


def _behind(last: str, query: str) -> tuple[str, ...]:
    """Return the parameters of a signature that should stand behind the last one that is there."""
    if last == signatures.SECURITY_TOKEN:
        return ("X-Amz-Signature",)
    if last in signatures.V4:
        return signatures.V4[signatures.V4.index(last) + 1 :]
    if not _begins_parameter(query):
        return ()
    before = [name for name in parameters(query) if name in signatures.V4]
    return signatures.V4[signatures.V4.index(before[-1]) + 1 :] if before else signatures.V4


def _is_cut_signature(value: str) -> bool:
    return len(value) < 64 and re.fullmatch(r"[0-9a-fA-F]*", value) is not None


def _begins_parameter(query: str) -> bool:
    """Whether the query ends within the name of a parameter, or right behind it."""
    last = query.rpartition("&")[2]
    name = last.removesuffix("=").lower()
    return bool(name) and (last == "" or any(each.startswith(name) for each in _CANONICAL)) and "=" not in last[:-1]


def _last(query: str) -> str:
    name = query.rstrip("&").rpartition("&")[2].partition("=")[0]
    return _CANONICAL.get(name.lower(), name)


def _pairs(query: str) -> list[tuple[str, str]]:
    """Return the parameters decoded, a plus as the plus that a signature may hold."""
    return parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)


def _listed(names: list[str]) -> str:
    """Return names that may be shown: no part of a signature that slipped into one."""
    shown = [name if _PLAIN_NAME.fullmatch(name) and not _SECRET.search(name) else "…" for name in names]
    return ", ".join(dict.fromkeys(shown[:MAX_NAMES]))
