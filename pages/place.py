"""Where somebody is on Find, as the address has it: filters, page, open record; the text only when it was an id."""

from __future__ import annotations

from datetime import date, datetime

import streamlit as st

from lib.records import Cursor, Filters
from pages import record


def read_once() -> None:
    """Take filters, page and open record from the address when the session begins."""
    if "started" in st.session_state:
        return
    state, query = st.session_state, st.query_params
    state["started"] = True
    state["text"] = query.get("q", "")
    state["clinic"] = query.get("clinic", "")
    state["after"] = query.get("after")
    for name in ("older", "no_pdf", "browse"):
        state[name] = query.get(name) == "1"
    for name in ("since", "until"):
        state[name] = _day(query.get(name))
    record.read_address()
    if "open" in state and not state["text"]:
        state["text"] = " ".join(map(str, state["open"]))  # "record 12": the list shows where the record stands


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def write(text: str, *, filters: Filters) -> None:
    """Put the place into the address. ``text`` must be an id or nothing: an address is kept and passed on."""
    state = st.session_state
    wanted = {
        "q": text,
        "since": state["since"].isoformat() if state["since"] else "",
        "until": state["until"].isoformat() if state["until"] else "",
        "clinic": filters.clinic_id or "",
        "older": "1" if filters.older_versions else "",
        "no_pdf": "1" if filters.only_without_pdf else "",
        "browse": "1" if state.get("browse") and not state["text"] else "",
        "after": state.get("after") or "",
        **record.address(),
    }
    wanted = {name: value for name, value in wanted.items() if value}
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def forget() -> None:
    """Clear the address."""
    if dict(st.query_params):
        st.query_params.clear()


def cursor() -> Cursor | None:
    """Return the page that the address asks for (``instant~record~prescription``), or None for the first."""
    try:
        at, record_id, prescription_id = str(st.session_state.get("after") or "").split("~")
        instant = datetime.fromisoformat(at)
        number = int(record_id) if record_id else None
        return Cursor(instant, number, int(prescription_id)) if instant.tzinfo else None
    except ValueError:
        return None


def first_page() -> None:
    """Go back to the first page."""
    st.session_state["after"] = None
    st.session_state["trodden"] = []


def pager(following: Cursor | None, *, is_first_page: bool) -> None:
    """Draw the way to newer and older rows."""
    if is_first_page and following is None:
        return
    with st.container(horizontal=True):
        if not is_first_page:
            st.button("Newer", icon=":material/arrow_back:", key="newer", on_click=_back)
        if following is not None:
            st.button("Older", icon=":material/arrow_forward:", key="next", on_click=_on, args=(following,))


def _on(following: Cursor) -> None:
    state = st.session_state
    state["trodden"] = [*state.get("trodden", []), state.get("after")]
    number = "" if following.record_id is None else following.record_id
    state["after"] = f"{following.at.isoformat()}~{number}~{following.prescription_id}"
    _turned()


def _back() -> None:
    state = st.session_state
    trodden: list[str | None] = state.get("trodden", [])
    state["after"] = trodden[-1] if trodden else None
    state["trodden"] = trodden[:-1]
    _turned()


def _turned() -> None:
    record.close()
    st.session_state["nonce"] = st.session_state.get("nonce", 0) + 1
