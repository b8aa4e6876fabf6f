"""Where somebody is on Find, as the address has it: filters, page, open record; the text only when it was an id."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

import streamlit as st

from dashboard.wording.states import EXPECTED_NONE
from lib.records import Cursor, Filters
from pages import audited, record

SETTLED = timedelta(seconds=2)  # until then a rerun may still carry the address before the one that we wrote
MAX_TEXTS = 100
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)  # what a person can choose as a filter
KEPT = ("since", "until", "clinic", "older", "no_pdf", "show_keys")


@dataclass
class Written:
    """The address as this session wrote it last, and what was searched for at each of them."""

    address: dict[str, str]
    at: datetime
    texts: dict[str, str] = field(default_factory=dict)  # a name or phone is in no address, but Back must find it


def follow(*, now: datetime) -> None:
    """Take the place from the address when the session begins, and when Back, Forward or a person changed it."""
    state = st.session_state
    for name in KEPT:  # Streamlit forgets a widget that one run did not draw, as when the database is down
        if name in state:
            state[name] = state[name]
    address = dict(st.query_params)
    written: Written | None = state.get("written")
    if written is None:
        state["written"] = Written(address, now)
        _read()
    elif address != written.address and now - written.at > SETTLED:
        written.address = address
        record.close()
        record.unselect()
        first_page()
        for name in ("open", "closed", "picked"):
            state.pop(name, None)
        _read()
        if "q" not in address:
            state["text"] = written.texts.get(urlencode(address), state["text"])


def _read() -> None:
    state, query = st.session_state, st.query_params
    state["text"] = query.get("q", "")
    state["clinic"] = query.get("clinic", "")
    state["after"] = query.get("after")
    if cursor() is None:
        state["after"] = None
    for name in ("older", "no_pdf", "browse"):
        state[name] = query.get(name) == "1"
    state[audited.CHOSEN] = next((each for each in EXPECTED_NONE if each == query.get("state")), None)
    for name in ("since", "until"):
        state[name] = _day(query.get(name))
    record.read_address()
    if "open" in state and not state["text"]:
        state["text"] = " ".join(map(str, state["open"]))  # "record 12": the list shows where the record stands


def _day(text: str | None) -> date | None:
    try:
        return min(max(date.fromisoformat(text), FIRST_DAY), LAST_DAY) if text else None
    except ValueError:
        return None


def write(text: str, *, filters: Filters, now: datetime) -> None:
    """Put the place into the address. ``text`` must be an id or nothing: an address is kept and passed on."""
    state = st.session_state
    wanted = {
        "q": text,
        "since": state["since"].isoformat() if state["since"] else "",
        "until": state["until"].isoformat() if state["until"] else "",
        "clinic": filters.clinic_id or "",
        "older": "1" if filters.older_versions else "",
        "no_pdf": "1" if filters.only_without_pdf else "",
        "state": state.get(audited.CHOSEN) or "",
        "browse": "1" if state.get("browse") and not state["text"] else "",
        "after": state.get("after") or "",
        **record.address(),
    }
    wanted = {name: value for name, value in wanted.items() if value}
    _put(wanted, now=now)
    texts = state["written"].texts
    texts.pop(urlencode(wanted), None)
    texts[urlencode(wanted)] = state["text"]
    if len(texts) > MAX_TEXTS:
        del texts[next(iter(texts))]


def forget(*, now: datetime) -> None:
    """Clear the address."""
    _put({}, now=now)


def _put(wanted: dict[str, str], *, now: datetime) -> None:
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)
    written: Written = st.session_state["written"]
    if written.address != wanted:
        written.address, written.at = wanted, now


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
