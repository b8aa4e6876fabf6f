"""The rows of Find: their states, filled in by a polling fragment, and the table in which a click opens a record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import pandas as pd
import streamlit as st

from dashboard import checks, display, lines, wording
from dashboard.visit import Visit
from dashboard.wording import found as words
from lib import diagnosis, keys, whereabouts
from lib.access import Permission
from lib.diagnosis import State
from lib.objects import Doubt, Observation
from lib.records import Record

POLL_S = 0.5
SHORT = 5  # rows in view while a record is open below

STATE_CHOICE = "state"
ELSEWHERE = "elsewhere"  # in the session: the records whose file was proven to be in another place, and when
FRESH = timedelta(minutes=5)  # how long that is said of a row

States = Mapping[Record, State | None]


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
        st.fragment(_look_again, run_every=POLL_S, key=f"look-{name}")(name)
    return seen


def _look_again(name: str) -> None:
    check: checks.Check | None = st.session_state.get(name)
    if check is not None and check.result() is not None:
        st.rerun()


def states(visit: Visit, shown: Sequence[Record], *, is_elsewhere: bool = False) -> States:
    """Return the state of each row; None while its check is under way.

    ``is_elsewhere``: the file of each was proven to be in another place, which no HEAD of its own key can see.
    """
    seen = observations(visit, [resolved(visit, row) for row in shown if row.has_pdf], name="check")
    proven: Iterable[int | None] = [row.record_id for row in shown] if is_elsewhere else _elsewhere(visit)
    return {row: _known(row, _state(visit, row, seen), proven) for row in shown}


def remember_elsewhere(visit: Visit, row: Record) -> bool:
    """Let the row say "In the wrong place" for a while; return whether it did not say so before."""
    proven = _elsewhere(visit)
    assert row.record_id is not None
    st.session_state[ELSEWHERE] = proven | {row.record_id: visit.now}
    return row.record_id not in proven


def forget_elsewhere(row: Record) -> None:
    """Let the row say again what a HEAD says of it."""
    st.session_state.get(ELSEWHERE, {}).pop(row.record_id, None)


def _elsewhere(visit: Visit) -> dict[int, datetime]:
    kept: dict[int, datetime] = st.session_state.get(ELSEWHERE, {})
    return {number: at for number, at in kept.items() if visit.now - at < FRESH}


def _known(row: Record, state: State | None, proven: Iterable[int | None]) -> State | None:
    """Return what a HEAD said of a row, or more where its file was looked for when it was opened."""
    return State.ELSEWHERE if state in {State.MISSING, State.UNKNOWN} and row.record_id in proven else state


def _state(visit: Visit, row: Record, seen: Mapping[str, Observation] | None) -> State | None:
    if not row.has_pdf:
        return State.NO_PDF
    return None if seen is None else diagnosis.state(row, seen.get(resolved(visit, row)))


def state_filter(states: States) -> list[Record]:
    """Draw the choice of states, where this page has several; return the rows of the chosen one."""
    key, there = STATE_CHOICE, set(states.values())
    choices: list[State | str] = [words.EVERY_STATE, *(state for state in State if state in there)]
    if len(choices) < 3:
        return list(states)
    if st.session_state.get(key) not in choices:
        st.session_state[key] = words.EVERY_STATE
    chosen = st.segmented_control(
        words.STATE_FILTER,
        choices,
        key=key,
        required=True,
        format_func=words.state_choice,
        label_visibility="collapsed",
    )
    rows = [row for row, state in states.items() if chosen in {state, words.EVERY_STATE}]
    if len(rows) < len(states):
        st.caption(words.filtered(shown=len(rows), of=len(states)))
    return rows


def controls(visit: Visit, shown: Sequence[Record], *, count: str) -> bool:
    """Draw the line above the table: the count, keys, check again; below it what cannot be checked.

    Return whether keys are shown.
    """
    check: checks.Check | None = st.session_state.get("check")
    seen = (check.result() if check else None) or {}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(count, width="content")
        shows_keys = visit.may(Permission.KEYS) and st.toggle("Show keys", key="show_keys")
        if shows_keys:
            st.button(
                "Check this page",
                key="check_alone",
                icon=":material/key:",
                help=wording.ALONE_HELP,
                on_click=_ask_alone,
                args=(shown,),
            )
        if check is not None and seen:
            st.button(
                "Check again",
                key="check_again",
                icon=":material/refresh:",
                on_click=_forget,
                args=(visit, check.keys),
                type="tertiary",
            )
            oldest = min(each.checked_at for each in seen.values())
            st.caption(f"checked {wording.clock_time(oldest, visit.services.zone)}", width="content")
    doubts = {each.doubt for each in seen.values() if each.doubt is not None}
    for doubt in sorted(doubts - {Doubt.IMPOSSIBLE_KEY}):
        st.warning(f"Can't check: {wording.doubt(doubt)}", icon=":material/cloud_off:")
    return shows_keys


def _forget(visit: Visit, wanted: tuple[str, ...]) -> None:
    alone: checks.Check | None = st.session_state.get("alone-check")
    visit.services.presence.forget([*wanted, *(alone.keys if alone else ())])
    for name in ("check", "record-check", "details-check", "alone-check", "diagnosis", ELSEWHERE):
        st.session_state.pop(name, None)


def _ask_alone(shown: Sequence[Record]) -> None:
    st.session_state["alone"] = tuple(shown)
    st.session_state.pop("alone-check", None)


def table(visit: Visit, shown: Sequence[Record], *, states: States, shows_keys: bool, is_short: bool) -> None:
    """Draw the rows. A click on any cell puts the row's number into the session as ``picked``."""
    alone = _alone(visit, shown) if shows_keys else {}
    frame = pd.DataFrame([_cells(visit, row, state=states[row]) | alone.get(row, {}) for row in shown])
    columns = [*(["State", "Stored key", "Resolved key", "Stored key alone"] if shows_keys else ["State"])]
    columns += ["Patient", "Phone", "Date", "Doctor", "Version", "Prescription"]
    columns += ["Clinic"] if len({row.clinic_id for row in shown}) > 1 else []
    key = (
        f"rows-{st.session_state.get('nonce', 0)}-{hash(tuple((row.record_id, row.prescription_id) for row in shown))}"
    )

    def pick(number: int | None) -> None:
        if number is not None:
            st.session_state["picked"] = shown[number]

    lines.draw(
        frame[columns],
        key=key,
        on_click=pick,
        alt="Prescriptions found; a click on a cell opens the record",
        most=SHORT if is_short else len(shown),
        columns={
            "State": st.column_config.TextColumn(width=150 if State.ELSEWHERE in states.values() else 120),
            "Stored key": st.column_config.TextColumn(width=395),
            "Resolved key": st.column_config.TextColumn(width=405),
            "Stored key alone": st.column_config.TextColumn(width=130, help=wording.ALONE_HELP),
            "Patient": st.column_config.TextColumn(width=150),
            "Phone": st.column_config.TextColumn(width=70, help="The last four digits"),
        },
    )


def _cells(visit: Visit, row: Record, *, state: State | None) -> dict[str, str]:
    zone = visit.services.zone
    return {
        "State": wording.state_cell(state),
        "Patient": display.printable(row.patient_name),
        "Phone": display.phone_end(row.patient_phone),
        "Date": wording.day(row.generated_at, zone) if row.generated_at else wording.date_words(row.issued_date),
        "Doctor": display.printable(row.doctor_name),
        "Version": f"{row.version} of {row.versions}" if row.has_pdf else "–",
        "Prescription": str(row.prescription_id),
        "Clinic": display.printable(row.clinic_name) or "–",
    }


def _alone(visit: Visit, shown: Sequence[Record]) -> Mapping[Record, dict[str, str]]:
    """Return the key cells, and what the bare stored key answers once somebody asked: the founding failure, visible."""
    found = whereabouts.keys_of(*visit.who(), services=visit.services, records=shown)
    asked = st.session_state.get("alone") == tuple(shown)
    seen = observations(visit, [place.stored for place in found if place], name="alone-check") if asked else {}
    cells = {}
    for row, place in zip(shown, found, strict=True):
        if place is None:
            cells[row] = dict.fromkeys(("Stored key", "Resolved key", "Stored key alone"), "")
            continue
        answer = seen.get(place.stored) if seen is not None else None
        waiting = wording.CHECKING if asked else wording.NOT_CHECKED
        cells[row] = {
            "Stored key": display.short_key(place.stored),
            "Resolved key": display.marked_key(place.stored, place.resolved),
            "Stored key alone": wording.alone(answer) if answer else waiting,
        }
    return cells
