"""What the screen shows of one run, read from the book once: a run that ended does not change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from dashboard.visit import Visit
from lib import audit_reading
from lib.access import Permission, Scope
from lib.audits import Run
from lib.catalogue import Code
from lib.findings import Kind
from lib.kept_findings import Flow, Group, Month, Tally

KEPT = "audit_shown"
MOST_EARLIER = 400  # runs that are looked through for since when a cause is there: more than a year of nights

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
    fulls: tuple[Run, ...]  # full verdicts before it, the newest first; () of a prefix, and for some clinics
    is_cut: bool  # whether there may be older ones, which were not read
    scope: Scope

    @property
    def earlier(self) -> tuple[Run, ...]:
        """The full verdicts before it that are known, the newest first: of a very old run only the one before it."""
        return (self.before,) if self.is_cut and not self.fulls and self.before is not None else self.fulls


def shown_of(visit: Visit, run: Run) -> Shown:
    """Return what is shown of a run, as this session read it."""
    kept: Shown | None = st.session_state.get(KEPT)
    if kept is None or (kept.run, kept.scope) != (run, visit.scope):
        who, services = visit.who(), visit.services
        since = audit_reading.since(*who, services=services, run_id=run.run_id)
        may_flow = visit.may(Permission.KEYS)
        fulls, is_cut = _fulls(visit, run)
        kept = st.session_state[KEPT] = Shown(
            run,
            since.before,
            tuple(since.groups),
            tuple(audit_reading.tallies(*who, services=services, run_id=run.run_id)),
            tuple(audit_reading.months(*who, services=services, run_id=run.run_id)),
            tuple(audit_reading.flows(*who, services=services, run_id=run.run_id)) if may_flow else (),
            audit_reading.right_files(*who, services=services, run_id=run.run_id),
            fulls,
            is_cut,
            visit.scope,
        )
    return kept


def _fulls(visit: Visit, run: Run) -> tuple[tuple[Run, ...], bool]:
    """Return the full verdicts before a run, the newest first, and whether there may be older ones.

    Nothing where what they counted, which was of all records, may not stand beside what is shown of this one.
    """
    if visit.scope.clinics is not None or run.options.prefix:
        return (), False
    read = audit_reading.runs(*visit.who(), services=visit.services, limit=MOST_EARLIER)
    found = tuple(each for each in read if each.is_full and each.run_id < run.run_id)
    return found, len(read) == MOST_EARLIER
