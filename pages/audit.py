"""Check all files: the verdict of the last run first, then a run under way, the problems by cause, pictures, and all runs."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import once
from dashboard.once import Drawn
from dashboard.visit import Visit
from dashboard.wording import audit_starting as start_words
from dashboard.wording import audit_verdict as verdict_words
from dashboard.wording import audits as words
from lib import audit_reading
from lib.audit_reading import Verdict
from lib.audits import Run, Status
from pages import audit_causes, audit_exports, audit_pictures, audit_progress, audit_runs, audit_starting, audit_verdict
from pages.audit_shown import shown_of


def render(visit: Visit) -> None:
    """Draw the screen from top to bottom."""
    if visit.services.audits is None:
        st.info(words.NO_BOOK, icon=":material/fact_check:")
        return
    acts: Drawn[audit_starting.Done] = once.drawn(audit_starting.ACTS)
    verdict = audit_reading.verdict(*visit.who(), services=visit.services)
    runs = audit_reading.runs(*visit.who(), services=visit.services)
    run = _run(visit, verdict, runs)
    audit_starting.say(visit, acts)
    if not runs:
        _teach(visit, acts)
        return
    shown = None if run is None else shown_of(visit, run)
    if shown is not None:
        audit_verdict.render(visit, shown, last=verdict)
    elif runs[0].status is not Status.RUNNING:
        st.info(verdict_words.NEVER_FULL, icon=":material/fact_check:")
    # What stands below keeps its place when a check begins and ends, and what was opened stays open.
    with st.container():
        audit_progress.render(visit, acts, runs[0])
        if runs[0].status is not Status.RUNNING:
            is_old = verdict is not None and verdict.is_stale(visit.now)
            is_first = (is_old or shown is None or runs[0].is_lost) and not audit_progress.goes_on(runs[0])
            audit_starting.controls(visit, acts, is_first=is_first)
    if shown is not None:
        audit_causes.render(visit, shown)
        audit_exports.render(visit, shown.run)
        audit_pictures.render(visit, shown, runs)
    audit_runs.render(visit, runs, shown=shown)


def _run(visit: Visit, verdict: Verdict | None, runs: Sequence[Run]) -> Run | None:
    """Return the run that the address names, else the last full one, else the newest that came to something."""
    asked = audit_runs.asked()
    if (
        asked is not None
        and (found := audit_reading.run(*visit.who(), services=visit.services, run_id=asked)) is not None
    ):
        return found if found.is_comparable else None
    if verdict is not None:
        return verdict.run
    return next((each for each in runs if each.is_comparable), None)


def _teach(visit: Visit, acts: Drawn[audit_starting.Done]) -> None:
    with st.container(border=True):
        st.markdown(f"**{start_words.NEVER}**")
        for line in start_words.TEACH:
            st.markdown(f"- {line}")
        audit_starting.controls(visit, acts, is_first=True)
