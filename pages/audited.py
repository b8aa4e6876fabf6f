"""Find's choice of a state, over all records: what the last full check of all files found, and of when that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import streamlit as st

from dashboard import wording
from dashboard.visit import Visit
from dashboard.wording import audited as words
from dashboard.wording.states import EXPECTED_NONE
from lib import audit_reading
from lib.access import Actor, Permission, Scope
from lib.audit_reading import Verdict
from lib.diagnosis import State
from lib.errors import LedgerUnavailable

CHOSEN = "audited"  # in the session: the chosen state, None for all
FRESH = timedelta(seconds=60)  # how long a verdict is drawn again without asking


@dataclass(frozen=True, slots=True)
class Kept:
    """A verdict as it was read, by whom and when, with the records of the states that were chosen since."""

    who: tuple[Actor, Scope]
    at: datetime
    verdict: Verdict | None
    records: dict[State, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen state, and the records that the check found in it."""

    state: State
    count: int
    records: tuple[int, ...]


def choose(visit: Visit, *, on_change: Callable[[], None]) -> Choice | None:
    """Draw the states with their counts and age; return the chosen one, None for all of them."""
    if visit.services.audits is None:
        st.session_state.pop(CHOSEN, None)
        return None
    try:
        kept = _read(visit)
        return None if kept.verdict is None else _draw(visit, kept, kept.verdict, on_change=on_change)
    except LedgerUnavailable as error:
        st.warning(f"{words.NOT_READ} {wording.ledger(error)}", icon=":material/history_toggle_off:")
        return None


def has_verdict() -> bool:
    """Whether this session knows what a check of all files found."""
    kept: Kept | None = st.session_state.get("verdict")
    return kept is not None and kept.verdict is not None


def hint(visit: Visit) -> None:
    """Say what would give counts over all records, to who may make them, where no check was made yet."""
    kept: Kept | None = st.session_state.get("verdict")
    if kept is not None and kept.verdict is None and visit.may(Permission.AUDIT):
        st.caption(words.NO_CHECK_YET)


def said(choice: Choice, *, shown: int | None, older_versions: bool) -> None:
    """Say beside a list how many of the chosen state's records it has, and which are not searched."""
    if told := words.narrowed(choice.state, count=choice.count, shown=shown, older_versions=older_versions):
        st.caption(told)
    if choice.count > len(choice.records):
        st.caption(words.too_many(len(choice.records)))


def _read(visit: Visit) -> Kept:
    who, now = visit.who(), visit.now
    kept: Kept | None = st.session_state.get("verdict")
    if kept is None or kept.who != who or now - kept.at > FRESH:
        st.session_state.pop("verdict", None)  # what cannot be read now is not drawn from before
        kept = st.session_state["verdict"] = Kept(who, now, audit_reading.verdict(*who, services=visit.services), {})
    if kept.verdict is None:
        st.session_state.pop(CHOSEN, None)
    return kept


def _draw(visit: Visit, kept: Kept, verdict: Verdict, *, on_change: Callable[[], None]) -> Choice | None:
    counts = {state: verdict.states[state] for state in EXPECTED_NONE if verdict.states.get(state)}
    if st.session_state.get(CHOSEN) not in counts:
        st.session_state.pop(CHOSEN, None)
    at = verdict.run.ended_at or verdict.run.started_at
    of_when = words.as_of(at, now=visit.now, zone=visit.services.zone)
    with st.container(horizontal=True, vertical_alignment="center", key="audited_line"):
        if counts:
            _control(verdict, counts, on_change=on_change)
        else:
            of_when = f"{words.NOTHING_BROKEN}, {of_when}"
        if verdict.is_stale(visit.now):
            st.caption(f":material/warning: {of_when}. {words.old(visit.now - at)}", width="content")
        else:
            st.caption(of_when, width="content")
    state: State | None = st.session_state.get(CHOSEN)
    if state is None:
        return None
    if state not in kept.records:
        kept.records[state] = tuple(
            audit_reading.records_in(*visit.who(), services=visit.services, run_id=verdict.run.run_id, state=state)
        )
    return Choice(state, counts[state], kept.records[state])


def _control(verdict: Verdict, counts: dict[State, int], *, on_change: Callable[[], None]) -> None:
    # The browser knows a choice by its words, and the count is among them: another count is another widget.
    key = f"{CHOSEN}-{verdict.run.run_id}-{'-'.join(map(str, counts.values()))}"
    st.session_state[key] = st.session_state.get(CHOSEN) or words.EVERY_STATE

    def chosen() -> None:
        choice = st.session_state[key]
        st.session_state[CHOSEN] = choice if isinstance(choice, State) else None
        on_change()

    st.segmented_control(
        words.LABEL,
        [words.EVERY_STATE, *counts],
        key=key,
        required=True,
        format_func=lambda each: words.choice(each, counts[each]) if isinstance(each, State) else each,
        on_change=chosen,
        label_visibility="collapsed",
        width="content",
        wrap=True,
    )
