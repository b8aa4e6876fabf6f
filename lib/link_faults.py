"""The ways in which a signed link goes wrong, in order of precedence. ``symptoms`` finds them in a link."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LinkFault(StrEnum):
    """What is wrong with a link, the first being the main one of several."""

    CUT_OFF = "CUT_OFF"
    PARAMETERS_MISSING = "PARAMETERS_MISSING"
    AMPERSANDS = "AMPERSANDS"
    WRAPPED = "WRAPPED"
    TRAILING_RUBBISH = "TRAILING_RUBBISH"
    RE_ENCODED = "RE_ENCODED"
    INVISIBLE = "INVISIBLE"
    REWRITTEN = "REWRITTEN"  # by a mail program or a log: hxxps, =3D, \\u0026, the whole link percent-encoded
    CASE_CHANGED = "CASE_CHANGED"
    SIGNATURE_CHANGED = "SIGNATURE_CHANGED"
    HOST_FOREIGN = "HOST_FOREIGN"
    HOST_CDN = "HOST_CDN"
    BUCKET_TWICE = "BUCKET_TWICE"
    BUCKET_FOREIGN = "BUCKET_FOREIGN"
    EXPIRY_TOO_LONG = "EXPIRY_TOO_LONG"
    EXPIRY_WRONG = "EXPIRY_WRONG"
    NOT_YET_VALID = "NOT_YET_VALID"
    DATE_WRONG = "DATE_WRONG"
    SCOPE_DATE = "SCOPE_DATE"
    SCOPE_WRONG = "SCOPE_WRONG"
    ALGORITHM = "ALGORITHM"
    KEY_MISSING = "KEY_MISSING"
    KEY_IMPOSSIBLE = "KEY_IMPOSSIBLE"
    KEY_FOLDED = "KEY_FOLDED"
    LOCATION_MISSING = "LOCATION_MISSING"
    PARAMETERS_ADDED = "PARAMETERS_ADDED"
    PARAMETERS_TWICE = "PARAMETERS_TWICE"
    HEADERS_SIGNED = "HEADERS_SIGNED"
    EXPIRED = "EXPIRED"
    NOT_SIGNED = "NOT_SIGNED"
    # notes
    REGION_OTHER = "REGION_OTHER"
    SIGV2 = "SIGV2"
    PLAIN_HTTP = "PLAIN_HTTP"
    PLUS_SIGN = "PLUS_SIGN"
    KEY_LOOKS_ENCODED = "KEY_LOOKS_ENCODED"
    ANSWER_SET = "ANSWER_SET"


DAMAGE = frozenset(  # done on the way, and undone by ``mangled.mend``
    {
        LinkFault.AMPERSANDS,
        LinkFault.WRAPPED,
        LinkFault.TRAILING_RUBBISH,
        LinkFault.RE_ENCODED,
        LinkFault.INVISIBLE,
        LinkFault.REWRITTEN,
    }
)
SOME_SERVERS = frozenset({LinkFault.NOT_YET_VALID, LinkFault.PARAMETERS_TWICE})  # Amazon refuses, Ceph opens
NOTES = frozenset(
    {
        LinkFault.REGION_OTHER,  # Ceph never looks at it; Amazon refuses
        LinkFault.SIGV2,
        LinkFault.PLAIN_HTTP,
        LinkFault.PLUS_SIGN,
        LinkFault.KEY_LOOKS_ENCODED,
        LinkFault.ANSWER_SET,
    }
)


@dataclass(frozen=True, slots=True)
class FaultFound:
    """A fault and what it is about: the names of parameters, the other host, bucket or region. Never a secret."""

    fault: LinkFault
    detail: str = ""
