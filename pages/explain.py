"""Explain: paste a key, a link, an error page or a record number, and learn what it means and why it does not open."""

from __future__ import annotations

import streamlit as st

from dashboard.visit import Visit
from dashboard.wording import explain as words
from lib import inspection, search, several
from lib.inspection import Inspection
from lib.pasted import Kind
from lib.records import Record
from pages import explained
from pages.explained import Answer

TEXT = "explain_text"
ASKED = "explain_asked"  # a button that stands elsewhere put a text into the field and asks for it
KEPT = "explained"
OWN = (KEPT, *explained.OWN)


def render(visit: Visit) -> None:
    """Draw the field, and below it the answer to what was last asked."""
    if TEXT not in st.session_state:
        _forget()  # who comes back finds the field empty, and so is what stands below it
    with st.form("explain", border=False):
        text = st.text_area(words.FIELD, key=TEXT, height=110, placeholder=words.PLACEHOLDER)
        is_asked = st.form_submit_button("Explain", key="explain_it", type="primary", icon=":material/troubleshoot:")
    below = st.empty()  # drawn at once: what stood here leaves the screen before the next one is looked for
    if is_asked or st.session_state.pop(ASKED, False):
        with below:
            _ask(visit, text)
    answer: Answer | None = st.session_state.get(KEPT)
    with below.container():
        if answer is None:
            _teach(visit)
        else:
            explained.render(visit, answer, use=_use)


def _forget() -> None:
    """Drop the answer and all that was made for it: the next may be another patient's."""
    for name in OWN:
        st.session_state.pop(name, None)


def _ask(visit: Visit, text: str) -> None:
    _forget()
    if not text.strip():
        return
    who, services = visit.who(), visit.services
    with st.spinner(words.LOOKING, show_time=True):
        found = inspection.inspect(*who, services=services, text=text)
        items = several.inspect(*who, services=services, found=found.pasted) if found.pasted.kind is Kind.MANY else ()
        newer = _newer(visit, found)
    st.session_state[KEPT] = Answer(found, visit.now, items, newer)


def _newer(visit: Visit, found: Inspection) -> Record | None:
    """Return the version to use instead of the first record's, where that one was replaced."""
    row = found.explanations[0].record if found.explanations else None
    if not isinstance(row, Record) or not row.is_replaced:
        return None
    versions = search.versions(*visit.who(), services=visit.services, record=row)
    return next((each for each in versions if each.version == row.latest_version), None)


def _teach(visit: Visit) -> None:
    for line in words.TEACH:
        st.markdown(f"- {line}")
    st.caption(words.GOES_NOWHERE)
    if visit.puzzles:
        with st.container(horizontal=True):
            for label, text in visit.puzzles:
                st.button(label, key=f"puzzle-{label}", on_click=_take, args=(text,))


def _take(text: str) -> None:
    st.session_state[TEXT], st.session_state[ASKED] = text, True


def _use(newer: Record) -> None:
    _take(f"record {newer.record_id}")
