"""Explain: paste a key, a link, an error page or a record number, and learn what it means and why it does not open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from dashboard.visit import Visit
from dashboard.wording import explain as words
from lib import inspection
from lib.inspection import Inspection
from pages import explained

TEXT = "explain_text"
KEPT = "explained"
OWN = (KEPT, *explained.OWN)


@dataclass(frozen=True, slots=True)
class Kept:
    """One answer, and when it was given. The text itself is in its field alone."""

    found: Inspection
    at: datetime


def render(visit: Visit) -> None:
    """Draw the field, and below it the answer to what was last asked."""
    with st.form("explain", border=False):
        text = st.text_area(words.FIELD, key=TEXT, height=110, placeholder=words.PLACEHOLDER)
        is_asked = st.form_submit_button("Explain", key="explain_it", type="primary", icon=":material/troubleshoot:")
    if is_asked:
        _ask(visit, text)
    kept: Kept | None = st.session_state.get(KEPT)
    if kept is None:
        _teach(visit)
    else:
        explained.render(visit, kept.found, at=kept.at)


def _ask(visit: Visit, text: str) -> None:
    """Answer a new question. What was made for the last one is gone first: it may be another patient's."""
    for name in OWN:
        st.session_state.pop(name, None)
    if not text.strip():
        return
    with st.spinner(words.LOOKING, show_time=True):
        found = inspection.inspect(*visit.who(), services=visit.services, text=text)
    st.session_state[KEPT] = Kept(found, visit.now)


def _teach(visit: Visit) -> None:
    for line in words.TEACH:
        st.markdown(f"- {line}")
    st.caption(words.GOES_NOWHERE)
    if visit.puzzles:
        with st.container(horizontal=True):
            for label, text in visit.puzzles:
                st.button(label, key=f"puzzle-{label}", on_click=_take, args=(text,))


def _take(text: str) -> None:
    st.session_state[TEXT] = text
