"""The newest run while it is no verdict: under way, with its progress, or ended early, with the ways on."""

from __future__ import annotations

import streamlit as st

from dashboard import display, wording
from dashboard.once import Drawn
from dashboard.visit import SignedOut, Visit
from dashboard.wording import audits as words
from dashboard.wording.times import as_of
from lib import audit_reading, auditing
from lib.access import Permission
from lib.audits import Options, Run, Status
from lib.errors import LedgerUnavailable, NotAllowed
from pages import audit_starting

POLL_S = 1.0


def render(visit: Visit, acts: Drawn[audit_starting.Done], newest: Run) -> None:
    """Draw it; nothing of a run that is complete."""
    if newest.status is Status.RUNNING:
        with st.container(border=True, key="audit_progress"):
            st.fragment(_look, run_every=POLL_S)(visit, newest.run_id)
    elif newest.is_resumable:
        _ended(visit, acts, newest)


def goes_on(run: Run) -> bool:
    """Whether to go on with a run is what comes first."""
    return run.is_resumable and not run.is_lost


def _look(visit: Visit, run_id: int) -> None:
    """Draw how far the run is, again every second; draw the page anew when it has ended."""
    try:
        run = audit_reading.run(*visit.who(), services=visit.services, run_id=run_id)
    except (SignedOut, NotAllowed):
        st.rerun()
    except LedgerUnavailable as error:
        st.warning(wording.ledger(error), icon=":material/database_off:")
        return
    if run is None or run.status is not Status.RUNNING:
        st.rerun()
    _progress(visit, run)


def _progress(visit: Visit, run: Run) -> None:
    began = as_of(run.started_at, now=visit.now, zone=visit.services.zone)
    st.text(f"{words.STATUS_ICON[run.status]} {words.STATUS[run.status]} since {began}")
    st.progress(words.part_done(run.progress), text=words.under_way(run))
    st.text(words.figures(run, seconds=run.seconds))
    if run.options.prefix and visit.may(Permission.KEYS):
        st.text(f"{words.BELOW}: {display.short_key(run.options.prefix)}")
    with st.container(horizontal=True, vertical_alignment="center"):
        is_asked = st.button(
            words.CANCEL, key="audit_cancel", icon=":material/stop_circle:", disabled=run.is_cancelling
        )
        if is_asked:
            auditing.cancel(*visit.who(), services=visit.services, run_id=run.run_id)
        if is_asked or run.is_cancelling:
            st.caption(words.CANCELLING)


def _ended(visit: Visit, acts: Drawn[audit_starting.Done], run: Run) -> None:
    with st.container(border=True, key="audit_ended"):
        said = words.ended(run, now=visit.now, zone=visit.services.zone)
        box = st.error if run.status is Status.FAILED else st.warning
        box(display.literal(said), icon=":material/pause_circle:")
        if run.result is not None and run.result.unlisted and visit.may(Permission.KEYS):
            _unlisted(run)
        if visit.scope.clinics is not None:
            return
        with st.container(horizontal=True):
            if goes_on(run) and st.button(
                words.GO_ON,
                key=acts.key("audit_resume"),
                type="primary",
                icon=":material/resume:",
                help=words.GO_ON_HELP,
            ):
                audit_starting.act(visit, acts, auditing.resume, run_id=run.run_id)
            # With the usual options, "Check all files" stands below.
            if run.options != Options() and st.button(
                words.START_AGAIN, key=acts.key("audit_again"), icon=":material/restart_alt:"
            ):
                audit_starting.act(visit, acts, auditing.start, options=run.options)


def _unlisted(run: Run) -> None:
    assert run.result is not None
    lines = [
        f"from  {display.printable(after) or '(the first key)'}\nto    {_end(until)}"
        for after, until in run.result.unlisted
    ]
    with st.expander(words.unlisted(run), icon=":material/data_array:"):
        st.code("\n".join(lines[:20]), language=None, wrap_lines=True)


def _end(until: str | None) -> str:
    return "(the last key)" if until is None else display.printable(until)
