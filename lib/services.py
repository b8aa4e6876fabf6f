"""The ports, the clock and the rules that one process works with. Built only by ``dashboard/wiring.py``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from lib.audit_book import Desk
from lib.exposure import Samples
from lib.keys import Rules
from lib.links import Policy
from lib.listing import ObjectLister
from lib.objects import ObjectStore, PresenceCache
from lib.records import RecordStore
from lib.trail import Trail


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a use case may ask for."""

    records: RecordStore
    objects: ObjectStore
    lister: ObjectLister
    presence: PresenceCache
    trail: Trail
    rules: Rules
    policy: Policy
    zone: ZoneInfo
    phone_region: str
    bucket: str
    endpoint_url: str
    region: str
    clock: Callable[[], datetime]
    is_demo: bool = False
    exposure: Samples | None = None  # None: nobody samples what strangers get
    audits: Desk | None = None  # None: this process keeps no book of runs
