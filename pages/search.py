"""Find: one search box, one filter line, a count, the rows with their states, and the record that is open."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo

import streamlit as st

from dashboard import checks, wording
from dashboard.visit import Visit
from dashboard.wording import audited as audited_words
from lib import search
from lib.access import Permission
from lib.diagnosis import State
from lib.records import Clinic, Cursor, Filters, Record, Total
from lib.search import Found, Kind
from pages import audited, exposed, mending, place, record, rows

PAGE_ROWS = 25
FRESH = timedelta(seconds=60)  # how long an answer of the database is drawn again without asking


@dataclass(frozen=True, slots=True)
class Answer:
    """What the database said to one question, and its count, which may come later."""

    question: tuple[str, Filters, Cursor | None]
    at: datetime
    found: Found
    total: Future[Total | None]


def render(visit: Visit) -> None:
    """Draw the screen from top to bottom."""
    place.follow(now=visit.now)
    text = _search_box(visit)
    filters = _filter_line(visit)
    choice = audited.choose(visit, on_change=_start_over)
    if choice is not None:
        filters = replace(filters, among=choice.records)
    after = place.cursor()
    exposed.banner(visit)
    if not (text or filters != Filters() or st.session_state.get("browse")):
        _welcome(visit)
        return
    answer = _find(visit, text=text, filters=filters, after=after)
    found, shown = answer.found, answer.found.page.records
    if found.trail_fault is not None:
        st.warning(wording.search_not_written(found.trail_fault), icon=":material/edit_off:")
    if len(text) > search.MAX_TEXT:
        st.warning(wording.text_cut(search.MAX_TEXT), icon=":material/content_cut:")
    if shown:
        _list(visit, answer, choice)
    else:
        _nothing(found, filters=filters)
        place.pager(None, is_first_page=after is None)
    _advise(found)
    if "open" in st.session_state:
        record.render(visit)
    place.write(text if found.reading.is_id else "", filters=filters, now=visit.now)


def _search_box(visit: Visit) -> str:
    text: str = st.text_input(
        "Search",
        key="text",
        type="search",
        placeholder=wording.SEARCH_BOX if visit.may(Permission.NAMES) else wording.SEARCH_BOX_MASKED,
        label_visibility="collapsed",
        autocomplete="off",
        on_change=_start_over,  # no max_chars: the browser would drop a longer paste without a word
    )
    return text.strip()


def _start_over() -> None:
    """Another question: first page, nothing open, no link or preview of anybody else on screen."""
    place.first_page()
    record.close()
    record.unselect()
    for name in ("closed", "picked", rows.STATE_CHOICE):
        st.session_state.pop(name, None)


def _filter_line(visit: Visit) -> Filters:
    names = {clinic.clinic_id: clinic.name for clinic in _clinics(visit)}
    if names and st.session_state.get("clinic") not in names:
        st.session_state["clinic"] = ""
    clinic = ""
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        since, until = (
            st.date_input(
                label,
                value=None,
                min_value=place.FIRST_DAY,
                max_value=place.LAST_DAY,
                key=key,
                on_change=_start_over,
                width=140,
            )
            for label, key in (("From", "since"), ("To", "until"))
        )
        if len(names) > 1:
            clinic = st.selectbox(
                "Clinic",
                ["", *names],
                key="clinic",
                format_func=lambda value: names[value] if value else "All clinics",
                on_change=_start_over,
                width=220,
            )
        older = st.toggle("Older versions", key="older", on_change=_start_over)
        no_pdf = st.toggle("Only without PDF", key="no_pdf", on_change=_start_over)
    zone = visit.services.zone
    return Filters(
        since=_midnight(since, zone) if isinstance(since, date) else None,
        before=_midnight(until + timedelta(days=1), zone) if isinstance(until, date) else None,
        clinic_id=clinic or None,
        older_versions=older,
        only_without_pdf=no_pdf,
    )


def _clinics(visit: Visit) -> tuple[Clinic, ...]:
    kept: tuple[datetime, tuple[Clinic, ...]] | None = st.session_state.get("clinics")
    if kept is None or visit.now - kept[0] > FRESH:
        seen = search.clinics(*visit.who(), services=visit.services)
        kept = st.session_state["clinics"] = (visit.now, tuple(seen))
    return kept[1]


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)


def _find(visit: Visit, *, text: str, filters: Filters, after: Cursor | None) -> Answer:
    """Ask once for each new question: a rerun neither asks the database nor writes to the trail again."""
    question = (text, filters, after)
    kept: Answer | None = st.session_state.get("answer")
    if kept is not None and kept.question == question and visit.now - kept.at < FRESH:
        return kept
    with st.spinner("Searching…", show_time=True):
        found = search.find(
            *visit.who(),
            services=visit.services,
            text=text,
            filters=filters,
            limit=PAGE_ROWS,
            after=after,
        )
    total = checks.count(*visit.who(), services=visit.services, reading=found.reading, filters=filters)
    answer = st.session_state["answer"] = Answer(question, visit.now, found, total)
    return answer


def _list(visit: Visit, answer: Answer, choice: audited.Choice | None) -> None:
    found, shown = answer.found, answer.found.page.records
    after = answer.question[2]
    states = rows.states(visit, shown, is_elsewhere=choice is not None and choice.state is State.ELSEWHERE)
    total = _total(answer)
    head = st.container()
    chosen = list(shown) if audited.has_verdict() else rows.state_filter(states)
    audited.hint(visit)
    with head:
        shows_keys = rows.controls(visit, chosen, count=_count(answer, total=total, states=states))
        if choice is not None:
            shows_older = answer.question[1].older_versions
            audited.said(choice, shown=total.count if total else None, older_versions=shows_older)
    _open_what_was_picked(shown, is_first_page=after is None)
    rows.table(visit, chosen, states=states, shows_keys=shows_keys, is_short="open" in st.session_state)
    place.pager(found.page.after, is_first_page=after is None)
    mending.of_rows(visit, {row: states[row] for row in chosen})


def _open_what_was_picked(shown: tuple[Record, ...], *, is_first_page: bool) -> None:
    """A click opens its row; a single hit opens itself, until somebody closes it."""
    picked: Record | None = st.session_state.pop("picked", None)
    if picked is None and len(shown) == 1 and is_first_page and not st.session_state.get("closed"):
        picked = None if "open" in st.session_state else shown[0]
    if picked is not None:
        record.open_row(picked)


def _nothing(found: Found, *, filters: Filters) -> None:
    kind = found.reading.kind
    if kind in wording.NOTHING_ASKED:
        st.info(wording.NOTHING_ASKED[kind], icon=":material/search_off:")
        return
    if filters.since is not None and filters.before is not None and filters.since >= filters.before:
        st.info(wording.DATES_CROSSED, icon=":material/date_range:")
        return
    tried = ", ".join(wording.TAKEN_AS[each] for each in found.tried) or wording.TAKEN_AS[kind]
    st.info(wording.NOTHING_FOUND.format(tried=tried), icon=":material/search_off:")
    hints = {
        wording.HINT_OTHER_WORDS: kind is not Kind.EVERYTHING,
        wording.HINT_ONE_CLINIC: filters.clinic_id is not None,
        wording.HINT_DATES: filters.since is not None or filters.before is not None,
        wording.HINT_OLDER: kind in {Kind.KEY_PART} and not filters.older_versions,
        wording.HINT_ONLY_WITHOUT: filters.only_without_pdf,
        audited_words.HINT_STATE: filters.among is not None,
    }
    st.caption(" ".join(hint for hint, applies in hints.items() if applies))


def _total(answer: Answer) -> Total | None:
    page = answer.found.page
    if page.after is None and answer.question[2] is None:
        return Total(len(page.records), is_exact=True)
    return checks.ready(answer.total)


def _count(answer: Answer, *, total: Total | None, states: rows.States) -> str:
    found, shown = answer.found, answer.found.page.records
    return wording.count_sentence(
        shown=len(shown),
        total=total.count if total else None,
        is_exact=bool(total and total.is_exact),
        states=Counter(states.values()),
        taken_as=found.reading.kind,
        is_one_clinic=answer.question[1].clinic_id is not None,
    )


def _advise(found: Found) -> None:
    """Say which index would have helped a page that came slowly."""
    if found.page.missing_indexes:
        with st.expander(wording.SLOW_SEARCH, icon=":material/speed:"):
            st.caption(wording.INDEX_ADVICE)
            st.code("\n".join(map(wording.missing_index, found.page.missing_indexes)), language="sql", wrap_lines=True)


def _browse() -> None:
    st.session_state["browse"] = True


def _try_example(text: str) -> None:
    st.session_state["text"] = text
    _start_over()


def _welcome(visit: Visit) -> None:
    """Teach what can be typed; show nothing about anybody before a search."""
    place.forget(now=visit.now)
    with st.container(border=True):
        st.markdown("**Find a prescription's PDF**")
        st.caption(wording.WHAT_TO_TYPE if visit.may(Permission.NAMES) else wording.WHAT_TO_TYPE_MASKED)
        with st.container(horizontal=True):
            for label, text in visit.examples:
                st.button(label, key=f"try-{label}", on_click=_try_example, args=(text,))
            st.button("Newest prescriptions", key="newest", icon=":material/schedule:", on_click=_browse)
