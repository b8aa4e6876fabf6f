"""Working one run to its end, the same for a screen's process and for the command line."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import suppress

from dashboard import audit_wiring
from dashboard.audit_wiring import AuditOffice
from lib import alerts, audit_since, audit_supervision, auditing
from lib.access import Actor, Role, Scope
from lib.audits import Progress, Run, Status
from lib.errors import LedgerUnavailable
from lib.settings import Settings
from lib.walking import SELDOM

WORKER = Actor("audit", Role.OPERATOR)


def worked(
    run: Run, settings: Settings, *, using: AuditOffice, told: Callable[[Progress], None] = lambda _progress: None
) -> Run:
    """Work a run whose lease is held, write down how it ended, and tell the webhook. Meanwhile Python seldom collects.

    Raises LeaseLost, LedgerUnavailable, and what nobody foresaw, once it is in the book.
    """
    often = gc.get_threshold()
    gc.set_threshold(SELDOM)
    try:
        ended = _worked(run, settings, using=using, told=told)
    except Exception:  # raised again: a run that failed for whatever reason is told of first
        with suppress(LedgerUnavailable):
            broken = using.audits.runs.run(run.run_id)
            if broken is not None and broken.fence == run.fence and broken.status is Status.FAILED:
                _tell(broken, settings, using=using)
        raise
    finally:
        gc.set_threshold(*often)
    if ended.status is Status.COMPLETE:
        audit_wiring.clear(ended, settings)
    with suppress(LedgerUnavailable):  # the run itself is in the book
        _tell(ended, settings, using=using)
    return ended


def _worked(run: Run, settings: Settings, *, using: AuditOffice, told: Callable[[Progress], None]) -> Run:
    try:
        shop = audit_wiring.shop(run, settings)
    except Exception as error:  # noqa: BLE001 - in the book first, and raised again where nobody foresaw it
        return audit_supervision.never_begun(run, error, book=audit_wiring.book(settings), at=using.clock())
    return audit_supervision.supervise(run, shop, told=told)


def _tell(run: Run, settings: Settings, *, using: AuditOffice) -> None:
    auditing.ended(WORKER, Scope(), run, services=using)
    _alert(run, settings, using=using)


def _alert(run: Run, settings: Settings, *, using: AuditOffice) -> None:
    if settings.alert_webhook is None:
        return
    from lib.stores.webhook import Webhook

    since = audit_since.since(run, runs=using.audits.runs, findings=using.audits.findings, scope=Scope())
    message = alerts.message(run, since.groups, than=since.before)
    if message is not None:
        Webhook(settings.alert_webhook.get_secret_value()).send(message)
