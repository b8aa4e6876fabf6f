"""What the screen shows of one run, read from the book once: a run that ended does not change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from dashboard.visit import Visit
from lib import audit_reading
from lib.access import Permission, Scope
from lib.audit_first_seen import Past
from lib.audits import Run
from lib.catalogue import Code
from lib.findings import Kind
from lib.kept_findings import Flow, Group, Month, Tally

KEPT = "audit_shown"

Cause = tuple[Kind, Code | None]


@dataclass(frozen=True, slots=True)
class Shown:
    """A run with its problems by cause, and the full run before it, which they are compared with."""

    run: Run
    before: Run | None
    groups: tuple[Group, ...]
    tallies: tuple[Tally, ...]
    months: tuple[Month, ...]
    flows: tuple[Flow, ...]  # () for who sees no keys
    right_files: Mapping[Code | None, int]  # by code, of the objects that no record points at
    past: Past
    scope: Scope


def shown_of(visit: Visit, run: Run) -> Shown:
    """Return what is shown of a run, as this session read it."""
    kept: Shown | None = st.session_state.get(KEPT)
    if kept is None or (kept.run, kept.scope) != (run, visit.scope):
        who, services = visit.who(), visit.services
        since = audit_reading.since(*who, services=services, run_id=run.run_id)
        may_flow = visit.may(Permission.KEYS)
        kept = st.session_state[KEPT] = Shown(
            run,
            since.before,
            tuple(since.groups),
            tuple(audit_reading.tallies(*who, services=services, run_id=run.run_id)),
            tuple(audit_reading.months(*who, services=services, run_id=run.run_id)),
            tuple(audit_reading.flows(*who, services=services, run_id=run.run_id)) if may_flow else (),
            audit_reading.right_files(*who, services=services, run_id=run.run_id),
            audit_reading.past(*who, services=services, run_id=run.run_id, before=since.before),
            visit.scope,
        )
    return kept
