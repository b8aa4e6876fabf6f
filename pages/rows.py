"""The rows of Find: their states, filled in by a polling fragment, and the table that a click opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from dashboard import checks, widgets, wording
from dashboard.visit import Visit
from lib import diagnosis, keys
from lib.diagnosis import State
from lib.objects import Doubt, Observation, Presence
from lib.records import Record

POLL_S = 0.5
ROW_PX = 35


def states(visit: Visit, shown: Sequence[Record]) -> dict[Record, State | None]:
    """Return the state of each row; None while its check is under way."""
    wanted = [resolved(visit, row) for row in shown if row.has_pdf]
    seen = observations(visit, wanted, name="check")
    return {row: _state(row, seen, key=resolved(visit, row) if row.has_pdf else None) for row in shown}


def resolved(visit: Visit, row: Record) -> str:
    """Return the object key that the signer asks for."""
    return keys.resolve(row.stored_key or "", location=visit.services.rules.location)


def observations(visit: Visit, wanted: Sequence[str], *, name: str) -> Mapping[str, Observation] | None:
    """Return what the bucket says about these keys, or None while it is being asked.

    The check runs in a thread and is kept in the session under ``name``, so that a slow bucket holds up
    nothing; a fragment looks again every half second and then draws the page once more.
    """
    check: checks.Check | None = st.session_state.get(name)
    is_new = check is None or check.keys != tuple(dict.fromkeys(wanted))
    if check is None or is_new:
        check = st.session_state[name] = checks.start(wanted, services=visit.services)
    seen = check.result(wait_s=checks.FIRST_LOOK_S if is_new else 0)
    if seen is None:
        st.fragment(_look_again, run_every=POLL_S)(name)
    return seen


def _look_again(name: str) -> None:
    check: checks.Check | None = st.session_state.get(name)
    if check is not None and check.result() is not None:
        st.rerun()


def _state(row: Record, seen: Mapping[str, Observation] | None, *, key: str | None) -> State | None:
    if key is None:
        return State.NO_PDF
    return None if seen is None else diagnosis.state(row, seen.get(key))


def table(
    visit: Visit, shown: Sequence[Record], *, states: Mapping[Record, State | None], is_short: bool
) -> Record | None:
    """Draw the rows; return the row that was clicked, else None."""
    shows_keys = _controls(visit, shown, states=states)
    frame = pd.DataFrame([_cells(visit, row, state=states[row], shows_keys=shows_keys) for row in shown])
    if len({row.clinic_id for row in shown}) < 2:
        frame = frame.drop(columns="Clinic")
    picked = st.dataframe(
        frame,
        hide_index=True,
        height=ROW_PX * (min(len(shown), 5 if is_short else 25) + 1) + 3,
        row_height=ROW_PX,
        on_select="rerun",
        selection_mode=["single-row", "single-cell"],
        key=f"rows-{st.session_state.get('nonce', 0)}-{hash(tuple(shown))}",
        column_config={
            "State": st.column_config.TextColumn(width=135),
            "Patient": st.column_config.TextColumn(width=150),
            "Phone": st.column_config.TextColumn(width=65, help="The last four digits"),
        },
    ).selection
    number = picked.rows[0] if picked.rows else picked.cells[0][0] if picked.cells else None
    return None if number is None or number >= len(shown) else shown[number]


def _controls(visit: Visit, shown: Sequence[Record], *, states: Mapping[Record, State | None]) -> bool:
    """Draw the line above the table; return whether keys are shown."""
    check: checks.Check | None = st.session_state.get("check")
    with st.container(horizontal=True, vertical_alignment="center"):
        shows_keys = st.toggle("Show keys", key="show_keys")
        if None not in states.values() and check is not None:
            st.button("Check again", icon=":material/refresh:", on_click=_forget, args=(visit, check.keys), type="tertiary")
            st.caption(_checked(visit, check))
        if shows_keys:
            st.button("Check this page’s stored keys alone", key="alone_button", on_click=_check_alone, args=(shown,))
    doubts = {seen.doubt for seen in (check.result() or {}).values() if seen.doubt} if check else set()
    for each in sorted(doubts - {Doubt.IMPOSSIBLE_KEY}):
        st.warning(f"Can't check: {wording.doubt(each)}", icon=":material/cloud_off:")
    return shows_keys


def _checked(visit: Visit, check: checks.Check) -> str:
    instants = [seen.checked_at for seen in (check.result() or {}).values()]
    return f"checked {wording.clock_time(min(instants), visit.services.zone)}" if instants else ""


def _forget(visit: Visit, wanted: tuple[str, ...]) -> None:
    visit.services.presence.forget(wanted)
    for name in ("check", "alone", "detail"):
        st.session_state.pop(name, None)


def _check_alone(shown: Sequence[Record]) -> None:
    st.session_state["alone_for"] = tuple(row.record_id for row in shown)


def _cells(visit: Visit, row: Record, *, state: State | None, shows_keys: bool) -> dict[str, object]:
    cells: dict[str, object] = {"State": wording.state_cell(state)}
    if shows_keys:
        stored = row.stored_key or ""
        cells["Stored key"] = widgets.short_key(stored)
        cells["Resolved key"] = widgets.marked_key(stored, resolved(visit, row)) if row.has_pdf else ""
        cells["Stored key alone"] = _alone(visit, row)
    return cells | {
        "Patient": widgets.printable(row.patient_name),
        "Phone": widgets.phone_end(row.patient_phone),
        "Date": wording.day(row.generated_at, visit.services.zone) if row.generated_at else f"{row.issued_date:%d %b %Y}",
        "Doctor": widgets.printable(row.doctor_name),
        "Version": f"{row.version} of {row.versions}" if row.has_pdf else "–",
        "Prescription": str(row.prescription_id),
        "Clinic": widgets.printable(row.clinic_name),
    }


def _alone(visit: Visit, row: Record) -> str:
    """Say what the bare stored key answers, once somebody asked: the founding failure, made visible."""
    asked = st.session_state.get("alone_for", ())
    if not row.has_pdf:
        return ""
    if row.record_id not in asked:
        return "not checked"
    seen = observations(visit, [row.stored_key or ""], name=f"alone-{row.record_id}")
    if seen is None:
        return wording.CHECKING
    answers = {Presence.PRESENT: "opens", Presence.ABSENT: "NoSuchKey", Presence.UNKNOWN: "can't check"}
    return answers[seen[row.stored_key or ""].presence]
