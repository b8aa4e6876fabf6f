"""How a run begins, with a snapshot of the rows, and how it is taken up again, with what it wrote down then."""

from __future__ import annotations

from datetime import datetime

from lib import audit_site
from lib.audit_listing import Meter
from lib.audit_shop import Shop
from lib.audit_site import SPOOL, Site, SpoolLost
from lib.audits import Phase, Run
from lib.bucket_pages import ListingBroken
from lib.objects import Doubt
from lib.row_spool import Checking, Settled


def begun(run: Run, shop: Shop, meter: Meter) -> tuple[Site, Checking]:
    """Take the snapshot, and look whether the whole bucket may be listed or only what lies below the location.

    Its own checks go on. Raises DatabaseUnavailable, ListingBroken, OSError.
    """
    meter.set(phase=Phase.ROWS)
    for name in audit_site.FILES:
        (shop.folder / name).unlink(missing_ok=True)
    began = shop.clock()
    snapshot = shop.rows.snapshot(str(shop.folder / SPOOL), prefix=run.options.prefix)
    try:
        # A database whose clock is ahead would leave no grace to what is on its way.
        site = _site(run, shop, meter, taken_at=min(snapshot.taken_at, began))
        audit_site.keep_site(site, shop.folder)
    except BaseException:
        snapshot.checks.cancel()
        raise
    return site, snapshot.checks


def resumed(run: Run, shop: Shop) -> tuple[Site, Checking]:
    """Return what the run began with; raise SpoolLost. Checks that had not ended are made again."""
    site, checked = audit_site.site(shop.folder), audit_site.checked(shop.folder)
    if site.location != shop.rules.location:
        raise SpoolLost  # no row is any more as the snapshot had it: all of its findings would be passed over
    return site, shop.rows.check(prefix=run.options.prefix) if checked is None else Settled(checked)


def _site(run: Run, shop: Shop, meter: Meter, *, taken_at: datetime) -> Site:
    prefix, is_narrow = run.options.prefix.encode(), False
    try:
        first = next(shop.pages.pages(prefix=prefix, until=b"\x00"), None)
        meter.add(requests=first.requests if first else 0)
    except ListingBroken as error:
        meter.add(requests=error.requests)
        is_narrow = error.doubt is Doubt.DENIED and not prefix and bool(shop.rules.prefix)
        if not is_narrow:
            raise
        prefix = shop.rules.prefix.encode()
    return Site(taken_at, prefix, is_narrow, shop.rules.location)
