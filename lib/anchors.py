"""Anchors: where the trail stood, to be kept where whoever may change the trail cannot reach. Pure.

An anchor is a few lines of JSON. Its MAC says that it is ours and was not changed; it holds nothing secret.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime

LABEL = "trail anchor 1"


class NoAnchor(ValueError):
    """The text is no anchor, or one that this dashboard did not make."""

    def __init__(self, *, is_forged: bool) -> None:
        super().__init__("forged" if is_forged else "unreadable")
        self.is_forged = is_forged


@dataclass(frozen=True, slots=True)
class Anchor:
    """The number and hash of the trail's last event at one instant. Number 0 with 64 zeros: there was none."""

    sequence: int
    hash: str
    at: datetime


def dumps(anchor: Anchor, *, key: bytes) -> str:
    """Return the anchor as JSON with its MAC.

    >>> at = datetime(2026, 11, 24, 8, 32, tzinfo=UTC)
    >>> text = dumps(Anchor(7, "ab" * 32, at), key=b"k" * 32)
    >>> loads(text, key=b"k" * 32) == Anchor(7, "ab" * 32, at)
    True
    """
    columns = _columns(anchor)
    return json.dumps({"kind": LABEL, **columns, "mac": _mac(columns, key=key)}, indent=1)


def loads(text: str, *, key: bytes | None) -> Anchor:
    """Return the anchor of this JSON; without ``key`` its MAC is not looked at. Raises NoAnchor."""
    try:
        found = json.loads(text)
        at = datetime.fromisoformat(found["at"])
        anchor = Anchor(found["sequence"], found["hash"], at)
        kind, mac = found["kind"], found["mac"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NoAnchor(is_forged=False) from error
    is_placed = type(anchor.sequence) is int and anchor.sequence >= 0 and isinstance(anchor.hash, str)
    if kind != LABEL or not is_placed or at.tzinfo is None:
        raise NoAnchor(is_forged=False)
    if key is not None and mac != _mac(_columns(anchor), key=key):
        raise NoAnchor(is_forged=True)
    return anchor


def _columns(anchor: Anchor) -> dict[str, object]:
    at = anchor.at.astimezone(UTC).isoformat(timespec="microseconds")
    return {"sequence": anchor.sequence, "hash": anchor.hash, "at": at}


def _mac(columns: dict[str, object], *, key: bytes) -> str:
    encoded = json.dumps([LABEL, *columns.values()], separators=(",", ":"))
    return hmac.new(key, encoded.encode("ascii"), hashlib.sha256).hexdigest()
