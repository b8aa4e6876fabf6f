"""What a signed link says about itself, and why it does not open. Pure; whether the signature is right, only the server knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from lib import keys, link_faults, mangled, places, symptoms
from lib.keys import Rules
from lib.link_faults import FaultFound, LinkFault
from lib.mangled import Mended, Undone
from lib.places import Place


class Signature(StrEnum):
    """Which signature a link carries."""

    V4 = "SigV4"
    V2 = "SigV2"
    UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True)
class Autopsy:
    """What one link says. ``problems`` are in order of precedence; notes, which break nothing, come last.

    ``key`` is decoded once, as the server does. ``key_decoded_twice`` is set where the path still shows percent signs
    after that; ``resolved`` is the key that the backend's signer would ask for, where that is another one.
    """

    mended: Mended
    signature: Signature
    place: Place
    signer: str  # the key id, masked
    region: str
    issued_at: datetime | None
    expires_at: datetime | None
    is_expired: bool
    expired_for: timedelta | None
    problems: tuple[FaultFound, ...]
    key_decoded_twice: str | None = field(default=None, repr=False)
    resolved: str | None = field(default=None, repr=False)

    @property
    def bucket(self) -> str | None:
        """The bucket that is asked."""
        return self.place.bucket

    @property
    def key(self) -> str:
        """The object key that is asked for."""
        return self.place.key

    def has(self, fault: LinkFault) -> bool:
        """Whether this is among the problems."""
        return any(each.fault is fault for each in self.problems)


def examine(
    text: str, rules: Rules, *, now: datetime, endpoint_host: str | None = None, region: str | None = None
) -> Autopsy | None:
    """Return what the first link in a text says about itself; None where there is no link.

    ``endpoint_host`` (lower case, with its port if not the default one) tells the storage's own host from a CDN;
    without it only names with ``.cdn.`` are taken for one. ``region`` is ours.

    >>> link = "https://cdn.test/loc/a.pdf?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK"
    >>> found = examine(link, Rules("loc", "b", url_hosts=("cdn.test",)), now=datetime(2026, 11, 24, tzinfo=UTC))
    >>> found.signature.value, found.key, [each.fault.value for each in found.problems]
    ('SigV4', 'loc/a.pdf', ['CUT_OFF'])
    """
    mended = mangled.mend(text)
    place = places.place(mended.link, rules) if mended else None
    if mended is None or place is None:
        return None
    query = _query(mended.link)
    given = symptoms.parameters(query)
    signature = _signature(given)
    issued_at, expires_at = _times(given, signature)
    expired_for = now - expires_at if expires_at is not None and now >= expires_at else None
    seen = symptoms.Seen(
        query=query,
        given=given,
        is_v4=signature is Signature.V4,
        is_signed=signature is not Signature.UNSIGNED,
        place=place,
        scheme=mended.link.partition(":")[0].lower(),
        issued_at=issued_at,
        is_expired=expired_for is not None,
    )
    place = replace(place, key=places.unsigned(place.key))
    twice = unquote(place.key)
    resolved = keys.resolve(place.key, location=rules.location)
    return Autopsy(
        mended=mended,
        signature=signature,
        place=place,
        signer=masked(symptoms.credential(given).get("key", "") or given.get("AWSAccessKeyId", "")),
        region=symptoms.credential(given).get("region", ""),
        issued_at=issued_at,
        expires_at=expires_at,
        is_expired=expired_for is not None,
        expired_for=expired_for,
        problems=_in_order(
            [*_damage(mended), *symptoms.found(seen, rules, now=now, endpoint_host=endpoint_host, region=region)]
        ),
        key_decoded_twice=twice if twice != place.key else None,
        resolved=resolved if resolved != place.key and place.key else None,
    )


def why(autopsy: Autopsy) -> FaultFound | None:
    """Return the main reason why the link does not open, or None where by itself it looks fine.

    Damage of the way here that can be undone is the main reason only where the mended link may open: to say
    "take the dot off" of a link that has also expired would send people to the next error page. What some servers
    only refuse comes after what all refuse.
    """
    breaking = [each for each in autopsy.problems if each.fault not in link_faults.NOTES]
    deeper = [each for each in breaking if each.fault not in link_faults.DAMAGE]
    certain = [each for each in deeper if each.fault not in link_faults.SOME_SERVERS]
    damage = [each for each in breaking if each.fault in link_faults.DAMAGE]
    return next(iter([*certain, *damage, *deeper]), None)


def masked(key_id: str) -> str:
    """Return an access key id so that its owner knows it and nobody else learns it.

    >>> masked("AKIAIOSFODNN7EXAMPLE"), masked("short"), masked("")
    ('AKIA…LE', '…', '')
    """
    if not key_id:
        return ""
    return f"{key_id[:4]}…{key_id[-2:]}" if len(key_id) >= 12 else "…"


def _query(link: str) -> str:
    try:
        return urlsplit(link).query
    except ValueError:
        return ""


def _signature(given: Mapping[str, str]) -> Signature:
    names = {name.lower() for name in given}
    if any(name.startswith("x-amz-") and name != "x-amz-security-token" for name in names) or "x-a" in names:
        return Signature.V4
    return Signature.V2 if {"awsaccesskeyid", "signature"} & names else Signature.UNSIGNED


def _times(given: Mapping[str, str], signature: Signature) -> tuple[datetime | None, datetime | None]:
    if signature is Signature.V4:
        issued_at = symptoms.instant_of(given)
        seconds = symptoms.number(given.get("X-Amz-Expires", ""))
        if issued_at is None or seconds is None:
            return issued_at, None
        try:
            return issued_at, issued_at + timedelta(seconds=seconds)
        except OverflowError:
            return issued_at, None
    if signature is Signature.V2 and (epoch := symptoms.number(given.get("Expires", ""))) is not None:
        try:
            return None, datetime.fromtimestamp(epoch, UTC)
        except (OverflowError, OSError, ValueError):
            return None, None
    return None, None


def _damage(mended: Mended) -> list[FaultFound]:
    kinds = {
        Undone.AMPERSANDS: LinkFault.AMPERSANDS,
        Undone.WRAPPED: LinkFault.WRAPPED,
        Undone.TRAILING: LinkFault.TRAILING_RUBBISH,
        Undone.RE_ENCODED: LinkFault.RE_ENCODED,
        Undone.INVISIBLE: LinkFault.INVISIBLE,
        Undone.DEFANGED: LinkFault.REWRITTEN,
        Undone.QUOTED_PRINTABLE: LinkFault.REWRITTEN,
        Undone.JSON_ESCAPED: LinkFault.REWRITTEN,
        Undone.ENCODED_WHOLE: LinkFault.REWRITTEN,
    }
    return [
        FaultFound(kinds[each], each.value if kinds[each] is LinkFault.REWRITTEN else "")
        for each in mended.undone
        if each in kinds
    ]


def _in_order(found: list[FaultFound]) -> tuple[FaultFound, ...]:
    order = list(LinkFault)
    return tuple(sorted(dict.fromkeys(found), key=lambda each: order.index(each.fault)))
