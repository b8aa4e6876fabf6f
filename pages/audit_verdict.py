"""The verdict: one sentence, when it was found, and each number beside the one that it should be."""

from __future__ import annotations

import streamlit as st

from dashboard import display, wording
from dashboard.visit import Visit
from dashboard.wording import audit_verdict as words
from dashboard.wording import audits
from dashboard.wording.states import EXPECTED_NONE
from lib import audit_reading
from lib.access import Permission
from lib.audit_reading import Verdict
from lib.audits import Run
from lib.findings import Kind
from pages import audit_runs
from pages.audit_shown import Shown


def render(visit: Visit, shown: Shown, *, last: Verdict | None) -> None:
    """Draw the verdict of a run; ``last`` is the last full one, whose age is said where it is old."""
    run, zone = shown.run, visit.services.zone
    said, is_clean = _sentence(visit, shown)
    with st.container(key="verdict_clean" if is_clean else "verdict_broken"):
        st.text(f"{'✅' if is_clean else '⚠️'} {said}")
    if visit.scope.clinics is None and (strangers := words.strangers(run)):
        st.markdown(strangers)
    st.caption(audits.checked(run, now=visit.now, zone=zone))
    for kind, count in (run.result.cut if run.result else {}).items():
        st.caption(audits.more_than_counted(kind, count))
    if run.options.prefix and visit.may(Permission.KEYS):
        st.text(f"{audits.BELOW}: {display.short_key(run.options.prefix)}")
    if last is None:
        st.error(f"{words.NEVER_FULL} {audits.not_full(run)}", icon=":material/event_busy:")
    else:
        _beside(visit, run, last)
    _numbers(visit, shown)


def _beside(visit: Visit, run: Run, last: Verdict) -> None:
    """Say what a run is beside the last full one, and how old that is."""
    zone = visit.services.zone
    if last.is_stale(visit.now):
        st.error(words.stale(last.run, now=visit.now, zone=zone), icon=":material/event_busy:")
    if not run.is_full:
        st.warning(audits.not_full(run), icon=":material/filter_alt:")
    if run.run_id != last.run.run_id:
        with st.container(horizontal=True, vertical_alignment="center"):
            audit_runs.back()
            st.caption(words.another(last.run, now=visit.now, zone=zone), width="content")


def _sentence(visit: Visit, shown: Shown) -> tuple[str, bool]:
    """Return the sentence, and whether nothing is wrong."""
    run = shown.run
    if visit.scope.clinics is not None:
        states = audit_reading.states(*visit.who(), services=visit.services, run_id=run.run_id)
        return words.clinics_only(states, wording.STATE), not any(states.values())
    said = display.printable(words.sentence(run, shown.groups, shown.tallies, zone=visit.services.zone))
    return said, words.is_clean(run)


def _numbers(visit: Visit, shown: Shown) -> None:
    """Draw what should be none, each with its number."""
    result = shown.run.result
    if result is None or visit.scope.clinics is not None:
        return
    numbers = {wording.STATE[state]: result.states.get(state, 0) for state in EXPECTED_NONE}
    numbers[words.UNREFERENCED] = result.kinds.get(Kind.UNREFERENCED_OBJECT, 0)
    with st.container(horizontal=True, key="audit_numbers"):
        for label, number in numbers.items():
            st.metric(
                label, f"{number:,}", words.EXPECT_NONE, delta_color="off", delta_arrow="off", width=150, border=True
            )
