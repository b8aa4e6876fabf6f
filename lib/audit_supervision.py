"""The process of a run beside its work: the lease, cancelling, and how the run ends in the book whatever happened.

The work is done by a thread that ends with the process, so that nothing it waits for holds up a cancel: what it had not
written down is not missed, and what it writes afterwards the book refuses.
"""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lib.audit_book import BEAT, LEASE, LeaseLost, Worked
from lib.audit_listing import Meter
from lib.audit_shop import Shop
from lib.audit_site import SpoolLost
from lib.audit_work import work
from lib.audits import Fault, Progress, Result, Run, Status
from lib.bucket_pages import ListingBroken
from lib.errors import DatabaseUnavailable, LedgerUnavailable

GLANCE_S = 0.25  # between two looks at the counts
NO_FOLDER = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST})


@dataclass(slots=True)
class _Job:
    run: Run
    shop: Shop
    meter: Meter = field(default_factory=Meter)
    result: Result | None = None
    error: BaseException | None = None

    def do(self) -> None:
        try:
            self.result = work(self.run, self.shop, self.meter)
        except BaseException as error:  # noqa: BLE001 - the thread that waits writes it down, and raises what is nobody's fault
            self.error = error


def supervise(run: Run, shop: Shop, *, told: Callable[[Progress], None] = lambda _progress: None) -> Run:
    """Work a run whose lease is held, and return it as it ended; ``told`` hears the counts four times a second.

    Ctrl+C cancels it. Raises LeaseLost, LedgerUnavailable, and what nobody foresaw, once it is in the book.
    """
    job, began = _Job(run, shop), time.monotonic()
    thread = threading.Thread(target=job.do, name="audit", daemon=True)
    thread.start()

    def worked() -> timedelta:
        return timedelta(seconds=time.monotonic() - began)

    def end(result: Result) -> Run:
        told(job.meter.now())
        return shop.book.end(run, result, progress=job.meter.now(), at=shop.clock(), worked=worked())

    heard = began
    try:
        while thread.is_alive():
            thread.join(GLANCE_S)
            told(job.meter.now())
            now = time.monotonic()
            if now - heard < BEAT.total_seconds() or not thread.is_alive():
                continue
            try:
                if shop.book.beat(run, job.meter.now(), worked=worked()):
                    return end(Result(Status.CANCELLED))
                heard = now
            except LedgerUnavailable:
                if now - heard > LEASE.total_seconds():
                    raise  # by now somebody else may work it
    except KeyboardInterrupt:
        return end(Result(Status.CANCELLED))
    if isinstance(job.error, LeaseLost | LedgerUnavailable):
        raise job.error
    ended = end(job.result or _failed(job.error))
    if job.error is not None and ended.result is not None and ended.result.reason == Fault.UNEXPECTED:
        raise job.error
    return ended


def never_begun(run: Run, error: Exception, *, book: Worked, at: datetime) -> Run:
    """End a run for which there was nothing to work it with, and return it; raise what nobody foresaw, once it is in the book.

    Raises LeaseLost and LedgerUnavailable. Or its bucket would seem busy until the lease is old.
    """
    result = _failed(error)
    ended = book.end(run, result, progress=run.progress, at=at, worked=timedelta(0))
    if result.reason == Fault.UNEXPECTED:
        raise error
    return ended


def _failed(error: BaseException | None) -> Result:
    match error:
        case ListingBroken():
            return Result(Status.INCOMPLETE, str(error.doubt), listed_until="", unlisted=(("", None),))
        case DatabaseUnavailable():
            return Result(Status.FAILED, f"database_{error.fault}")
        case SpoolLost():
            return Result(Status.FAILED, Fault.SPOOL_LOST)
        case OSError() if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            return Result(Status.FAILED, Fault.DISK_FULL)
        case OSError() if error.errno in NO_FOLDER:
            return Result(Status.FAILED, Fault.NO_FOLDER)
        case _:
            return Result(Status.FAILED, Fault.UNEXPECTED)
