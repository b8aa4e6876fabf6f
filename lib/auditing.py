"""Starting and stopping the runs of "Check all files", each asked of the role first. Works nothing itself."""

from __future__ import annotations

import json
from contextlib import suppress

from lib import audit_office
from lib.access import Actor, Permission, Scope
from lib.audit_office import Office
from lib.audits import Options, Run, Status
from lib.errors import LedgerUnavailable, NotAllowed
from lib.trail import OK, Action


def start(actor: Actor, scope: Scope, *, services: Office, options: Options) -> Run:
    """Begin a run and have a process of its own work it; raise Busy, NotAllowed, LedgerUnavailable and OSError."""
    run = begin(actor, scope, services=services, options=options)
    audit_office.desk_of(services).launch(run)
    return run


def begin(actor: Actor, scope: Scope, *, services: Office, options: Options) -> Run:
    """Do the same for a process that works the run itself. Who is bound to clinics starts none: a run is of all files."""
    scope = _require_all(actor, scope, services)
    desk, now = audit_office.desk_of(services), services.clock()
    run = desk.runs.begin(desk.target, options, by=actor.name, at=now)
    _write(actor, scope, run, services=services)
    return run


def resume(actor: Actor, scope: Scope, *, services: Office, run_id: int, launch: bool = True) -> Run:
    """Go on with a run from its last finished range; raise Busy, LookupError, NotAllowed, LedgerUnavailable and OSError."""
    scope = _require_all(actor, scope, services)
    desk = audit_office.desk_of(services, run_id)  # or its rows would be looked for here
    run = desk.runs.take_over(run_id, by=actor.name, at=services.clock())
    _write(actor, scope, run, services=services)
    if launch:
        desk.launch(run)
    return run


def cancel(actor: Actor, scope: Scope, *, services: Office, run_id: int) -> None:
    """Ask a run to stop: its worker does within two seconds, and what it finished is kept. Who asked is in the trail.

    Nothing happens to a run of another bucket or database.
    """
    scope = _require_all(actor, scope, services)
    desk = audit_office.desk_of(services)
    if audit_office.find_own(desk, run_id) is None:
        return
    asked = json.dumps({"run": run_id, "asked": "cancel"}, separators=(",", ":"))
    services.trail.record(actor, scope, Action.AUDIT_ENDED, at=services.clock(), reason=asked)
    desk.runs.cancel(run_id)


def ended(actor: Actor, scope: Scope, run: Run, *, services: Office) -> None:
    """Write down how a run ended, as the process that worked it."""
    told = {"run": run.run_id, "records": run.progress.records, "findings": run.progress.findings}
    result = OK if run.status is Status.COMPLETE else f"failed:{run.status}"
    services.trail.record(
        actor,
        scope,
        Action.AUDIT_ENDED,
        at=services.clock(),
        reason=json.dumps(told, separators=(",", ":")),
        result=result,
    )


def _require_all(actor: Actor, scope: Scope, services: Office) -> Scope:
    """Ask for the permission, and for all clinics: a run is of all files."""
    scope = audit_office.require(actor, scope, Permission.AUDIT, services)
    if scope.clinics is not None:
        with suppress(LedgerUnavailable):
            services.trail.record(
                actor, scope, Action.DENIED, at=services.clock(), result=f"refused:{Permission.AUDIT}"
            )
        raise NotAllowed(Permission.AUDIT)
    return scope


def _write(actor: Actor, scope: Scope, run: Run, *, services: Office) -> None:
    told = {
        "run": run.run_id,
        "is_resumed": run.fence > 1,
        "is_full": not run.options.prefix,  # the prefix itself may name a consultation
        "exposure": run.options.exposure,
    }
    services.trail.record(
        actor, scope, Action.AUDIT_STARTED, at=services.clock(), reason=json.dumps(told, separators=(",", ":"))
    )
