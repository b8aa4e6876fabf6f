"""What the screen shows of one run, read from the book once: a run that ended does not change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.visit import Visit
from lib import auditing
from lib.access import Scope
from lib.audits import Flow, Group, Run, Tally
from lib.catalogue import Code
from lib.findings import Kind

KEPT = "audit_shown"

Cause = tuple[Kind, Code | None]


@dataclass(frozen=True, slots=True)
class Shown:
    """A run with its problems by cause, and the full run before it, which they are compared with."""

    run: Run
    before: Run | None
    groups: tuple[Group, ...]
    tallies: tuple[Tally, ...]
    flows: tuple[Flow, ...]
    scope: Scope

    def of(self, cause: Cause) -> tuple[Tally, ...]:
        """Return what the findings of one cause have in common."""
        return tuple(each for each in self.tallies if (each.kind, each.code) == cause)


def shown_of(visit: Visit, run: Run) -> Shown:
    """Return what is shown of a run, as this session read it."""
    kept: Shown | None = st.session_state.get(KEPT)
    if kept is None or (kept.run, kept.scope) != (run, visit.scope):
        who, services = visit.who(), visit.services
        before = auditing.full_before(*who, services=services, run_id=run.run_id)
        than = before.run_id if before is not None and not run.options.prefix else None
        groups: Sequence[Group] = auditing.groups(*who, services=services, run_id=run.run_id, than=than)
        kept = st.session_state[KEPT] = Shown(
            run,
            before if than is not None else None,
            tuple(groups),
            tuple(auditing.tallies(*who, services=services, run_id=run.run_id)),
            tuple(auditing.flows(*who, services=services, run_id=run.run_id)),
            visit.scope,
        )
    return kept
