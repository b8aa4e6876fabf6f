"""The banner that says how many PDFs of a sample open for anyone, for those who can do something about it."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import wait as wait_for

import streamlit as st

from dashboard import checks
from dashboard.visit import Visit
from dashboard.wording import found as words
from lib import strangers
from lib.access import Permission
from lib.exposure import FRESH, Sample

KEPT = "exposure-sample"
POLL_S = 2


def banner(visit: Visit) -> None:
    """Draw the last sample of this process. The first visit of the hour begins another, and waits for nothing."""
    if not visit.may(Permission.STORAGE_DETAILS) or visit.services.exposure is None:
        return
    sample = strangers.last(*visit.who(), services=visit.services)
    under_way: Future[bool] | None = st.session_state.get(KEPT)
    if under_way is None and (sample is None or visit.now - sample.at >= FRESH):
        under_way = _begin(visit)
        wait_for([under_way], timeout=checks.FIRST_LOOK_S)
        sample = strangers.last(*visit.who(), services=visit.services)
    if under_way is not None and under_way.done():
        del st.session_state[KEPT]
    elif under_way is not None:
        st.fragment(_look_again, run_every=POLL_S, key=f"look-{KEPT}")()
    if sample is not None and sample.asked:
        _draw(visit, sample)


def _draw(visit: Visit, sample: Sample) -> None:
    sentence = words.sample(sample, zone=visit.services.zone, now=visit.now)
    with st.container(horizontal=True, vertical_alignment="center", key="exposed"):
        if sample.open:
            st.warning(sentence, icon=":material/public:")
        else:
            st.caption(sentence, width="content")
        st.button(
            words.SAMPLE_AGAIN,
            key="sample_again",
            icon=":material/refresh:",
            type="tertiary",
            on_click=_again,
            args=(visit,),
        )


def _begin(visit: Visit, *, again: bool = False) -> Future[bool]:
    future = checks.sample(*visit.who(), services=visit.services, again=again)
    st.session_state[KEPT] = future
    return future


def _again(visit: Visit) -> None:
    _begin(visit, again=True)


def _look_again() -> None:
    under_way: Future[bool] | None = st.session_state.get(KEPT)
    if under_way is not None and under_way.done():
        st.rerun()
