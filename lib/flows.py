"""One sign-in at an identity provider, from the button to the way back, bound to one browser. Pure.

The browser keeps a cookie: a random seed, when it ends, and where the person wanted to go. State, nonce and PKCE
verifier are keyed hashes of the whole cookie, so nothing is kept here while somebody is at the provider, nobody else
can know them, and another end or another way in the cookie is another state, which no answer has.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from lib.sessions import new_token

LIFETIME = timedelta(minutes=10)
WANTED_MAX = 500  # characters; a longer way back is forgotten
_COOKIE = re.compile(r"([A-Za-z0-9_-]{43})\.([0-9]{10})\.([A-Za-z0-9_-]{0,700})")


@dataclass(frozen=True, slots=True)
class Flow:
    """What is sent to the provider and must come back, and where to go afterwards."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    wanted: str
    ends_at: datetime

    def is_answered_by(self, state: str) -> bool:
        """Whether this state is ours, compared in constant time."""
        return state.isascii() and hmac.compare_digest(self.state, state)

    @property
    def state_hash(self) -> str:
        """What is kept of a flow that was used up."""
        return hashlib.sha256(self.state.encode("ascii")).hexdigest()


class SpentFlows(Protocol):
    """Keeps which flows were used up, until they would have ended. Replicas share it."""

    def spend(self, state_hash: str, *, at: datetime, ends_at: datetime) -> bool:
        """Commit that it is used up; False when it was. Of any number at once, one gets True. Raises LedgerUnavailable."""
        ...


def begin(secret: bytes, wanted: str, *, at: datetime, new_seed: Callable[[], str] = new_token) -> tuple[str, Flow]:
    """Return the cookie for the browser, and the flow in it."""
    ends_at = int((at + LIFETIME).timestamp())
    kept = wanted if len(wanted) <= WANTED_MAX else "/"
    way = base64.urlsafe_b64encode(kept.encode()).decode().rstrip("=")
    cookie = f"{new_seed()}.{ends_at:010}.{way}"
    return cookie, _flow(secret, cookie, wanted=kept, ends_at=datetime.fromtimestamp(ends_at, UTC))


def resume(secret: bytes, cookie: str, *, at: datetime) -> Flow | None:
    """Return the flow in a cookie; None for one that ended, or is none. Whether it is ours only its state tells.

    >>> noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    >>> cookie, flow = begin(b"secret", "/?record=12", at=noon)
    >>> resume(b"secret", cookie, at=noon) == flow, resume(b"other", cookie, at=noon) == flow
    (True, False)
    >>> resume(b"secret", cookie, at=noon + LIFETIME) is None, resume(b"secret", "x", at=noon) is None
    (True, True)
    """
    found = _COOKIE.fullmatch(cookie)
    if found is None:
        return None
    ends_at = datetime.fromtimestamp(int(found[2]), UTC)
    if not at < ends_at <= at + 2 * LIFETIME:  # twice: another replica's clock
        return None
    try:
        wanted = base64.urlsafe_b64decode(found[3] + "=" * (-len(found[3]) % 4)).decode()
    except ValueError:
        return None
    return _flow(secret, cookie, wanted=wanted, ends_at=ends_at)


def _flow(secret: bytes, cookie: str, *, wanted: str, ends_at: datetime) -> Flow:
    def derived(purpose: str) -> str:
        made = hmac.new(secret, f"{purpose}\0{cookie}".encode("ascii"), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    return Flow(derived("state"), derived("nonce"), derived("verifier"), wanted, ends_at)
