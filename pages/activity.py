"""Activity: who did what, newest first; who saw a patient; whether the trail holds; and taking it along."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from urllib.parse import urlencode

import streamlit as st

from dashboard import display, once, spreadsheets, wording
from dashboard.once import Drawn
from dashboard.visit import Visit
from dashboard.wording import account_acts
from dashboard.wording import activity as words
from lib import activity, authority
from lib.access import Permission
from lib.trail import EVERYTHING, OK, Action, Broken, Intact, Selection, TrailEvent
from pages import place

PAGE_EVENTS = 50
MOST_EXPORTED = 50_000  # events in one file
PATIENCE = timedelta(seconds=2)  # a walk along the chain that takes longer says how far it is
MADE = ("trail_pages", "trail_file")  # what another choice of events makes void


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk along the chain found, and when."""

    at: datetime
    checked: Intact | Broken


@dataclass(frozen=True, slots=True)
class File:
    """A prepared export; without a text there were too many events."""

    text: str | None
    events: int


def address(patient_id: str) -> str:
    """Return the address that opens this screen with one patient's events, relative to any other screen."""
    return f"activity?{urlencode({'patient': patient_id})}"


def render(visit: Visit) -> None:
    """Draw the screen from top to bottom."""
    chosen = _filters(visit)
    pages: list[int] = st.session_state.setdefault("trail_pages", [])
    page = activity.read(
        *visit.who(),
        trail=visit.services.trail,
        clock=visit.services.clock,
        chosen=chosen,
        limit=PAGE_EVENTS,
        before=pages[-1] if pages else None,
        is_asked_anew=st.session_state.get("trail_asked") != chosen,
    )
    if page.trail_fault is None:
        st.session_state["trail_asked"] = chosen
    else:
        st.warning(f"{words.NOT_WRITTEN} {wording.ledger(page.trail_fault)}")
    if chosen.patient_id is not None:
        st.caption(words.WHO_SAW_LIMITS)
    if page.events:
        cells = [_cells(visit, event) for event in page.events]
        st.dataframe(
            cells, hide_index=True, key="events", column_config={"Result": st.column_config.TextColumn(width=190)}
        )
        if any(each["Opened"] for each in cells):
            st.caption(words.OPENED_HELP)
    else:
        st.info(words.NOTHING_YET if chosen == EVERYTHING else words.NO_EVENT, icon=":material/history:")
    with st.container(horizontal=True):
        if pages:
            st.button("Newer", key="newer", icon=":material/chevron_left:", on_click=_newer)
        if page.before is not None:
            st.button(
                "Older", key="older_events", icon=":material/chevron_right:", on_click=pages.append, args=(page.before,)
            )
    _verify(visit)
    if page.events:
        _export(visit, chosen)


def _filters(visit: Visit) -> Selection:
    state, query = st.session_state, st.query_params
    record = query.get("record", "")
    state.setdefault("trail_patient", query.get("patient", ""))
    state.setdefault(
        "trail_record", int(record) if record.isascii() and record.isdigit() and len(record) < 16 else None
    )
    with st.container(horizontal=True, vertical_alignment="bottom", key="trail_filters"):
        person = st.text_input("Person", key="trail_person", on_change=_start_over, autocomplete="off", width=150)
        patient = st.text_input("Patient id", key="trail_patient", on_change=_start_over, autocomplete="off", width=150)
        number = st.number_input(
            "Record number", key="trail_record", min_value=1, value=None, step=1, on_change=_start_over, width=150
        )
        action = st.selectbox(
            "What",
            ["", *Action],
            key="trail_action",
            format_func=lambda each: words.act(each) if each else "Everything",
            on_change=_start_over,
            width=240,
        )
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
            for label, key in (("From", "trail_since"), ("To", "trail_until"))
        )
    return Selection(
        since=_midnight(visit, since) if isinstance(since, date) else None,
        until=_midnight(visit, until + timedelta(days=1)) if isinstance(until, date) else None,
        actor=person.strip() or None,
        action=Action(action) if action else None,
        patient_id=patient.strip() or None,
        record_id=number,
    )


def _newer() -> None:
    if st.session_state.get("trail_pages"):
        st.session_state["trail_pages"].pop()


def _start_over() -> None:
    """Another choice: its newest events, no file of the one before, and an address that does not say otherwise."""
    for name in MADE:
        st.session_state.pop(name, None)
    st.query_params.clear()


def _midnight(visit: Visit, day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=visit.services.zone)


def _cells(visit: Visit, event: TrailEvent) -> dict[str, object]:
    """Return what is shown of an event. What somebody typed as a reason is not: it may hold a name."""
    zone = visit.services.zone
    is_link = event.action == Action.LINK and event.result == OK
    return {
        "When": words.moment(event.at, zone),
        "Who": display.printable(event.actor),
        "Role": display.printable(words.role(event.role)),
        "What": display.printable(words.act(event.action)),
        "Result": display.printable(words.result(event.result)),
        "About": display.printable(account_acts.about(event.action, event.reason)),
        "Patient id": display.printable(event.patient_id),
        "Record": "" if event.record_id is None else str(event.record_id),
        "Clinic": display.printable(event.clinic_id),
        "Link until": "" if event.expires_at is None else words.moment(event.expires_at, zone),
        "Opened": words.NOT_KNOWN if is_link else "",
        "Event": event.sequence,
    }


def _verify(visit: Visit) -> None:
    if st.button(words.VERIFY, key="verify", icon=":material/verified_user:"):
        began, line = visit.now, st.empty()

        def walked(events: int) -> None:
            if visit.services.clock() - began > PATIENCE:
                line.caption(words.walked(events))

        with st.spinner(words.VERIFYING, show_time=True):
            checked = activity.check(
                *visit.who(), trail=visit.services.trail, clock=visit.services.clock, walked=walked
            )
        line.empty()
        st.session_state["trail_verdict"] = Verdict(visit.now, checked)
    verdict: Verdict | None = st.session_state.get("trail_verdict")
    if verdict is not None:
        said = f"{wording.verified(verdict.checked)} Checked {wording.clock_time(verdict.at, visit.services.zone)}."
        if isinstance(verdict.checked, Intact):
            st.success(said, icon=":material/verified_user:")
        else:
            st.error(said, icon=":material/gpp_bad:")


def _export(visit: Visit, chosen: Selection) -> None:
    acts: Drawn[File] = once.drawn("trail_file", of=chosen)
    if st.button(words.EXPORT, key=acts.key("export"), icon=":material/table:", help=words.EXPORT_HELP):
        with st.spinner("Writing…", show_time=True):
            acts.act(lambda: _file(visit, chosen))
        st.rerun()
    made = acts.kept.last
    if made is None:
        return
    if made.text is None:
        st.warning(words.too_many(MOST_EXPORTED), icon=":material/unfold_less:")
        return
    text = made.text

    def taken() -> bytes:
        """Return the file to who may still have it; until the click it lies at no address."""
        authority.require(*visit.who(), Permission.ACTIVITY, services=visit.services, reason="export")
        return text.encode("utf-8-sig")

    st.download_button(words.SAVE, taken, "activity.csv", "text/csv", key="save", on_click="ignore")
    st.caption(words.exported(made.events))


def _file(visit: Visit, chosen: Selection) -> File:
    services = visit.services
    with closing(activity.export(*visit.who(), trail=services.trail, clock=services.clock, chosen=chosen)) as events:
        rows = [_cells(visit, event) for event in islice(events, MOST_EXPORTED + 1)]
    if len(rows) > MOST_EXPORTED:
        return File(None, 0)
    lines = [spreadsheets.csv_line(row.values()) for row in rows]
    return File("".join([spreadsheets.csv_line(rows[0] if rows else ()), *lines]), len(rows))
