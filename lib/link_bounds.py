"""How long a link may live: durations as people write them, the bounds, and the end of temporary credentials. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lib.access import LINK_LIMITS, Role
from lib.refusals import RefusalCode, Refused

MIN_EXPIRY = timedelta(seconds=1)
MAX_EXPIRY = timedelta(days=7)  # what SigV4 allows: 604800 s
UNKNOWN_END_EXPIRY = timedelta(hours=1)  # with a session token that may die at any time
PRESETS = (timedelta(minutes=15), timedelta(hours=1), timedelta(days=1), timedelta(days=3), timedelta(days=7))

_DURATION = re.compile(
    r"(?=[0-9])(?:(?P<days>[0-9]{1,9}) *d *)?(?:(?P<hours>[0-9]{1,9}) *h *)?"
    r"(?:(?P<minutes>[0-9]{1,9}) *m *)?(?:(?P<seconds>[0-9]{1,9}) *s)?",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Policy:
    """Bounds for link expiry. With temporary credentials links die with them."""

    default_expiry: timedelta = timedelta(hours=1)
    max_expiry: timedelta = MAX_EXPIRY
    has_session_token: bool = False
    credentials_expire_at: datetime | None = None

    @property
    def may_end_sooner(self) -> bool:
        """Whether the credentials are temporary and nobody knows until when."""
        return self.has_session_token and self.credentials_expire_at is None

    @property
    def longest(self) -> timedelta:
        """The longest duration that may be asked for."""
        return min(self.max_expiry, MAX_EXPIRY)


def for_role(policy: Policy, role: Role) -> Policy:
    """Return the bounds within which a role may make links: the policy's, or the role's where those are narrower.

    >>> narrowed = for_role(Policy(default_expiry=timedelta(hours=2)), Role.DEVELOPER)
    >>> written(narrowed.longest), written(narrowed.default_expiry)
    ('1h', '1h')
    """
    longest = min(policy.max_expiry, LINK_LIMITS[role].longest)
    return replace(policy, max_expiry=longest, default_expiry=min(policy.default_expiry, longest))


def parse_duration(text: str) -> timedelta | None:
    """Return the duration of ``15m``, ``1h``, ``2d``, ``90s`` or ``1h30m``; None for anything else.

    Large units come first, each at most once; capitals and spaces do no harm; nothing at all is no duration.

    >>> parse_duration("1h30m"), parse_duration(" 2 D ")
    (datetime.timedelta(seconds=5400), datetime.timedelta(days=2))
    >>> [parse_duration(text) for text in ("", "0s", "-1h", "1.5h", "60", "1w", "1m1h")]
    [None, None, None, None, None, None, None]
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        return None
    parts = {unit: int(count) for unit, count in match.groupdict().items() if count is not None}
    try:
        return timedelta(**parts) or None
    except OverflowError:  # 999999999d 24h
        return timedelta.max


def written(duration: timedelta) -> str:
    """Return a duration of whole seconds in the form that ``parse_duration`` reads.

    >>> written(timedelta(days=7)), written(timedelta(seconds=5401)), written(timedelta(hours=24))
    ('7d', '1h30m1s', '1d')
    """
    seconds = int(duration.total_seconds())
    counts = (seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)
    return "".join(f"{count}{unit}" for count, unit in zip(counts, "dhms", strict=True) if count) or "0s"


def presets(policy: Policy) -> tuple[timedelta, ...]:
    """Return the durations to offer, shortest first: the default, and the usual ones within the maximum.

    With temporary credentials of unknown end nothing over an hour is offered.

    >>> [written(each) for each in presets(Policy(default_expiry=timedelta(hours=2), max_expiry=timedelta(days=3)))]
    ['15m', '2h', '1d', '3d']
    """
    ceiling = min(policy.longest, UNKNOWN_END_EXPIRY) if policy.may_end_sooner else policy.longest
    offered = {PRESETS[0], policy.default_expiry, *PRESETS[2:]}
    return tuple(sorted(each for each in offered if each <= ceiling)) or (ceiling,)


def bounds(policy: Policy) -> str:
    """Return form and bounds, as a refusal's detail.

    >>> bounds(Policy(max_expiry=timedelta(days=3)))
    'From 1s to 3d, written like 15m, 1h, 2d or 90s.'
    """
    return f"From {written(MIN_EXPIRY)} to {written(policy.longest)}, written like 15m, 1h, 2d or 90s."


def read(text: str, *, policy: Policy) -> timedelta | Refused:
    """Return the duration that somebody typed, or a refusal that states form and bounds.

    >>> read("soon", policy=Policy()).code.value
    'NOT_A_DURATION'
    """
    return parse_duration(text) or Refused(RefusalCode.NOT_A_DURATION, bounds(policy))


def effective(asked: timedelta, *, policy: Policy, now: datetime) -> timedelta | Refused:
    """Return for how long a link made now will live, in whole seconds, or why it may not be made.

    1. Outside 1 s and the policy's maximum: refused.
    2. Credentials whose end is known: not longer than they live; refused when they are dead.
    3. A session token whose end is unknown: an hour at most.
    """
    if asked < MIN_EXPIRY:
        return Refused(RefusalCode.TOO_SHORT, bounds(policy))
    if asked > policy.longest:
        return Refused(RefusalCode.TOO_LONG, bounds(policy))
    lives = asked
    if policy.credentials_expire_at is not None:
        lives = min(lives, policy.credentials_expire_at - now)
        if lives < MIN_EXPIRY:
            return Refused(RefusalCode.CREDENTIALS_EXPIRED)
    elif policy.may_end_sooner:
        lives = min(lives, UNKNOWN_END_EXPIRY)
    return timedelta(seconds=int(lives.total_seconds()))
