"""Guessing is slowed down, and nobody is locked out.

1. Attempts are counted per account and address, and per address (an IPv6 network counts as one address).
2. After some free attempts each further one must wait twice as long as the one before, up to a bound of minutes.
3. An attempt is counted before the password is compared, so that a hundred at once do not all count as the first.
   Success forgets the account's attempts at this address and gives the address its own attempt back.
4. A browser that signed in before is known (``Devices``). Its attempts are counted by themselves, so what strangers
   do, also from the same address, keeps no known browser out.

The same is done for names that nobody has.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Protocol

ADDRESS_MAX = 64  # characters
NONCE_LENGTH = 22
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many attempts without a wait, then 1 s, 2 s, 4 s… up to the longest wait."""

    free: int
    longest: timedelta

    def wait(self, failures: int) -> timedelta:
        """Return how long after the last of so many failures the next attempt is heard.

        >>> [int(Limit(2, timedelta(minutes=5)).wait(failures).total_seconds()) for failures in (1, 2, 3, 4, 5, 99)]
        [0, 1, 2, 4, 8, 300]
        """
        if failures < self.free:
            return timedelta()
        return min(timedelta(seconds=2 ** min(failures - self.free, 20)), self.longest)


AT_ADDRESS = Limit(free=5, longest=timedelta(minutes=5))  # one account at one address
ADDRESS = Limit(free=50, longest=timedelta(minutes=1))  # all accounts at one address: a whole clinic may share it
DEVICE = Limit(free=5, longest=timedelta(minutes=1))  # one account in one known browser


@dataclass(frozen=True, slots=True)
class Count:
    """Attempts that did not end in a sign-in, and when the last one was."""

    failures: int
    last_at: datetime


class ThrottleStore(Protocol):
    """Keeps counts by key. Replicas share it; both methods raise ``LedgerUnavailable``."""

    def take(self, limits: Mapping[str, Limit], *, at: datetime) -> timedelta:
        """Commit ``taken(…)`` of these keys in one transaction; return how long to wait, zero when it was counted."""
        ...

    def settle(self, *, forget: str, give_back: str | None) -> None:
        """Commit a success: forget one key, take one failure off the other."""
        ...


def taken(
    counts: Mapping[str, Count], limits: Mapping[str, Limit], *, at: datetime
) -> tuple[timedelta, dict[str, Count]]:
    """Return how long to wait, and the counts to write. Pure.

    A count of a later instant than now was written before a clock was set back. It stands for now, so that nobody
    waits for a time that is far away.
    """
    known = {key: Count(count.failures, min(count.last_at, at)) for key, count in counts.items() if key in limits}
    waits = [count.last_at + limits[key].wait(count.failures) - at for key, count in known.items()]
    longest = max(waits, default=timedelta())
    if longest > timedelta():
        return longest, {key: count for key, count in known.items() if count != counts[key]}
    return timedelta(), {key: Count(known[key].failures + 1 if key in known else 1, at) for key in limits}


def network(address: str) -> str:
    """Return what counts as one address.

    >>> network("203.0.113.9"), network("::ffff:203.0.113.9"), network("2001:db8:1:2:3::4"), network("fe80::1%eth0")
    ('203.0.113.9', '203.0.113.9', '2001:db8:1:2::/64', 'fe80::/64')
    >>> len(network("x" * 8192))
    64
    """
    try:
        parsed = ip_address(address[:ADDRESS_MAX])
    except ValueError:
        return address[:ADDRESS_MAX]
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((int(parsed), 64), strict=False))


class Throttle:
    """Counts attempts to sign in. What it keeps of names and addresses are keyed hashes."""

    def __init__(self, store: ThrottleStore, *, secret: bytes) -> None:
        self._store = store
        self._secret = secret

    def take(self, name_key: str, *, address: str, device: str | None, at: datetime) -> timedelta:
        """Count an attempt, or return how long to wait before the next is heard."""
        if device is not None and self.is_known(device, name_key):
            return self._store.take({self._hash("device", device): DEVICE}, at=at)
        at_address, whole = self._keys(name_key, address)
        return self._store.take({at_address: AT_ADDRESS, whole: ADDRESS}, at=at)

    def succeeded(self, name_key: str, *, address: str, device: str | None) -> None:
        """Take back what ``take`` counted, after a success."""
        if device is not None and self.is_known(device, name_key):
            self._store.settle(forget=self._hash("device", device), give_back=None)
        else:
            at_address, whole = self._keys(name_key, address)
            self._store.settle(forget=at_address, give_back=whole)

    def new_device(self, name_key: str) -> str:
        """Return a token by which this browser is known for this account. It opens nothing."""
        nonce = secrets.token_urlsafe(16)
        return nonce + self._hash("known", name_key, nonce)

    def is_known(self, device: str, name_key: str) -> bool:
        """Whether we made this token for this account."""
        nonce, given = device[:NONCE_LENGTH], device[NONCE_LENGTH:]
        return hmac.compare_digest(_bytes(given), _bytes(self._hash("known", name_key, nonce)))

    def _keys(self, name_key: str, address: str) -> tuple[str, str]:
        where = network(address)
        return self._hash("account", name_key, where), self._hash("address", where)

    def _hash(self, *parts: str) -> str:
        text = b"\0".join(hashlib.sha256(_bytes(part)).digest() for part in parts)
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
