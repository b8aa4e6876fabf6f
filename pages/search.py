"""Find: one search box, one filter line, a count, the rows with their states, and the record that is open."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta

import streamlit as st

from dashboard import wording
from dashboard.visit import Visit
from lib import search
from lib.diagnosis import State
from lib.records import Cursor, Filters, Record, Total
from lib.search import Found, Kind
from pages import record, rows

PAGE_ROWS = 25
FRESH = timedelta(seconds=60)  # how long a page of rows is shown without asking the database again


def render(visit: Visit) -> None:
    """Draw the screen from top to bottom."""
    _read_address()
    text = _search_box()
    filters = _filter_line(visit)
    after = _cursor()
    if not (text or filters != Filters() or st.session_state.get("browse")):
        _welcome(visit)
        return
    found, total = _find(visit, text=text, filters=filters, after=after)
    _write_address(text, found, filters=filters)
    _say_reading(found)
    shown = found.page.records
    if not shown:
        _nothing(found, filters=filters)
        return
    states = rows.states(visit, shown)
    _count(found, total=total, states=states)
    chosen = rows.table(visit, shown, states=states, is_short="open" in st.session_state)
    if chosen is None and len(shown) == 1 and after is None and not st.session_state.get("closed"):
        chosen = shown[0]
    _pager(found, after=after)
    if chosen is not None:
        record.open_row(chosen)
    if "open" in st.session_state:
        record.render(visit)


def _read_address() -> None:
    """Take filters and the open record from the URL once, when the session begins."""
    if "started" in st.session_state:
        return
    st.session_state["started"] = True
    query = st.query_params
    st.session_state["text"] = query.get("q", "")
    st.session_state["older"] = query.get("older") == "1"
    st.session_state["no_pdf"] = query.get("no_pdf") == "1"
    st.session_state["browse"] = query.get("browse") == "1"
    for name in ("since", "until"):
        st.session_state[name] = _day_of(query.get(name))
    st.session_state["clinic"] = query.get("clinic") or None
    st.session_state["after"] = query.get("after")
    record.read_address()
    if "open" in st.session_state and not st.session_state["text"]:
        kind, number = st.session_state["open"]
        st.session_state["text"] = f"record {number}" if kind == "record" else f"prescription {number}"


def _day_of(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _search_box() -> str:
    text: str = st.text_input(
        "Search",
        key="text",
        placeholder="Phone, name, PAT…, CON…, or paste a link",
        label_visibility="collapsed",
        max_chars=search.MAX_TEXT,
        on_change=_start_over,
    )
    return text.strip()


def _start_over() -> None:
    """Another search: first page, nothing open, no link or preview of anybody else on screen."""
    st.session_state["after"] = None
    st.session_state["trodden"] = []
    st.session_state["closed"] = False
    record.close()


def _filter_line(visit: Visit) -> Filters:
    clinics = visit.services.records.clinics(scope=visit.scope)
    names = {clinic.clinic_id: clinic.name for clinic in clinics}
    if st.session_state.get("clinic") not in names:
        st.session_state["clinic"] = None
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        since = st.date_input("From", value=None, key="since", on_change=_start_over, width=150)
        until = st.date_input("To", value=None, key="until", on_change=_start_over, width=150)
        clinic = None
        if len(clinics) > 1:
            clinic = st.selectbox(
                "Clinic",
                [None, *names],
                key="clinic",
                format_func=lambda value: names[value] if value else "All clinics",
                on_change=_start_over,
                width=220,
            )
        older = st.toggle("Older versions", key="older", on_change=_start_over)
        no_pdf = st.toggle("Only without PDF", key="no_pdf", on_change=_start_over)
    zone = visit.services.zone
    return Filters(
        since=_midnight(since, zone),
        before=_midnight(until + timedelta(days=1), zone) if isinstance(until, date) else None,
        clinic_id=clinic,
        older_versions=older,
        only_without_pdf=no_pdf,
    )


def _midnight(day: object, zone: object) -> datetime | None:
    return datetime.combine(day, time.min, tzinfo=zone) if isinstance(day, date) else None  # type: ignore[arg-type]


def _cursor() -> Cursor | None:
    """Return the page that the address asks for: ``instant~record~prescription``."""
    try:
        at, record_id, prescription_id = str(st.session_state.get("after") or "").split("~")
        return Cursor(
            datetime.fromisoformat(at), int(record_id) if record_id else None, int(prescription_id)
        )
    except ValueError:
        return None


def _find(visit: Visit, *, text: str, filters: Filters, after: Cursor | None) -> tuple[Found, Total | None]:
    """Ask once for each new question: a rerun neither asks the database nor writes to the trail again."""
    question = (text, filters, after)
    kept = st.session_state.get("found")
    if kept and kept[0] == question and visit.now - kept[1] < FRESH:
        return kept[2], kept[3]
    with st.spinner("Searching…", show_time=True):
        found = search.find(
            visit.actor,
            visit.scope,
            services=visit.services,
            text=text,
            filters=filters,
            limit=PAGE_ROWS,
            after=after,
        )
        total = None
        if found.reading.term is not None:
            total = visit.services.records.total(found.reading.term, filters, scope=visit.scope)
    st.session_state["found"] = (question, visit.now, found, total)
    return found, total


def _write_address(text: str, found: Found, *, filters: Filters) -> None:
    """Put filters, page and record into the URL; the text only when it was an id."""
    state = st.session_state
    wanted = {
        "q": text if found.reading.is_id else "",
        "since": state["since"].isoformat() if state["since"] else "",
        "until": state["until"].isoformat() if state["until"] else "",
        "clinic": filters.clinic_id or "",
        "older": "1" if filters.older_versions else "",
        "no_pdf": "1" if filters.only_without_pdf else "",
        "browse": "1" if state.get("browse") and not text else "",
        "after": state.get("after") or "",
        **record.address(),
    }
    wanted = {name: value for name, value in wanted.items() if value}
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def _say_reading(found: Found) -> None:
    if found.trail_fault is not None:
        st.warning(
            f"{wording.ledger(found.trail_fault)} Searching works; previews and links are switched off.",
            icon=":material/edit_off:",
        )


def _nothing(found: Found, *, filters: Filters) -> None:
    kind = found.reading.kind
    if kind in wording.NOTHING_ASKED:
        st.info(wording.NOTHING_ASKED[kind])
        return
    tried = ", ".join(wording.TAKEN_AS[each] for each in found.tried) or wording.TAKEN_AS[kind]
    st.info(f"Nothing found. The text was taken as {tried}.", icon=":material/search_off:")
    hints = ["Try the phone number, the patient id (PAT…) or fewer letters of the name."]
    if filters.clinic_id:
        hints.append("Only one clinic is being searched: choose “All clinics”.")
    if filters.since or filters.before:
        hints.append("The dates narrow the search: clear them.")
    if kind in {Kind.KEY, Kind.KEY_PART, Kind.URL} and not filters.older_versions:
        hints.append("A replaced version is found with “Older versions”.")
    if filters.only_without_pdf:
        hints.append("Only prescriptions without a PDF are being searched.")
    st.caption(" ".join(hints))


def _count(found: Found, *, total: Total | None, states: dict[Record, State | None]) -> None:
    shown = found.page.records
    if total is None and found.page.after is None and not st.session_state.get("after"):
        total = Total(len(shown), is_exact=True)
    sentence = wording.count_sentence(
        shown=len(shown),
        total=total.count if total else None,
        is_exact=bool(total and total.is_exact),
        states=Counter(states.values()),
        taken_as=found.reading.kind,
    )
    st.caption(sentence)


def _pager(found: Found, *, after: Cursor | None) -> None:
    if after is None and found.page.after is None:
        return
    trodden: list[str | None] = st.session_state.setdefault("trodden", [])
    with st.container(horizontal=True):
        if after is not None:
            st.button("Newer", icon=":material/arrow_back:", key="newer", on_click=_turn_back, args=(trodden,))
        if found.page.after is not None:
            st.button("Older", icon=":material/arrow_forward:", key="next", on_click=_turn, args=(found.page.after,))


def _turn(cursor: Cursor) -> None:
    st.session_state["trodden"] = [*st.session_state.get("trodden", []), st.session_state.get("after")]
    at = cursor.at.isoformat()
    number = "" if cursor.record_id is None else cursor.record_id
    st.session_state["after"] = f"{at}~{number}~{cursor.prescription_id}"
    record.close()


def _turn_back(trodden: list[str | None]) -> None:
    st.session_state["after"] = trodden[-1] if trodden else None
    st.session_state["trodden"] = trodden[:-1]
    record.close()


def _browse() -> None:
    st.session_state["browse"] = True


def _try_example(text: str) -> None:
    st.session_state["text"] = text
    _start_over()


def _welcome(visit: Visit) -> None:
    """Teach what can be typed; show nothing about anybody before a search."""
    if dict(st.query_params):
        st.query_params.clear()
    with st.container(border=True):
        st.markdown("**Find a prescription's PDF**")
        st.caption(
            "Type a phone number or its last digits, part of a name, PAT001, CON153, a prescription number, "
            "part of a key, or paste the link that does not open."
        )
        with st.container(horizontal=True):
            for label, text in visit.examples:
                st.button(label, key=f"try-{label}", on_click=_try_example, args=(text,))
            st.button("Newest prescriptions", icon=":material/schedule:", on_click=_browse)


