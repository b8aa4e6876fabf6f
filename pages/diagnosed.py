"""Why the file of the open record is not the one that it should be, looked for once for each opening."""

from __future__ import annotations

from enum import Enum
from typing import Final

import streamlit as st

from dashboard import checks
from dashboard.visit import Visit
from dashboard.wording import explain as words
from lib.access import Permission
from lib.diagnosis import State
from lib.errors import DatabaseUnavailable
from lib.explanation import Explanation
from lib.objects import Doubt, Observation
from lib.records import Record
from lib.refusals import Refused
from pages import rows, suggestions

KEPT = "diagnosis"


class _Looking(Enum):
    LOOKING = "looking"


LOOKING: Final = _Looking.LOOKING  # the file is still being looked for


def is_due(state: State | None, seen: Observation | None) -> bool:
    """Whether a HEAD was not enough: the object is absent, another one, or cannot exist. Never for a healthy row."""
    if state in {State.MISSING, State.DAMAGED}:
        return True
    return seen is not None and seen.doubt is Doubt.IMPOSSIBLE_KEY


def ask(visit: Visit, record: Record) -> Explanation | Refused | _Looking:
    """Return what was learnt of the record's file, or LOOKING.

    It is asked in a thread, once for each opening and each "Check again"; a fragment draws the page when it is done.
    """
    kept: checks.Diagnosing | None = st.session_state.get(KEPT)
    is_new = kept is None or kept.record != record
    if kept is None or is_new:
        kept = st.session_state[KEPT] = checks.diagnose(*visit.who(), services=visit.services, record=record)
    try:
        found = kept.result(wait_s=checks.FIRST_LOOK_S if is_new else 0)
    except DatabaseUnavailable:
        del st.session_state[KEPT]
        raise
    if found is None:
        st.fragment(_look_again, run_every=rows.POLL_S, key=f"look-{KEPT}")()
        return LOOKING
    is_proven = isinstance(found, Explanation) and found.diagnosis.state is State.ELSEWHERE
    if is_proven and rows.remember_elsewhere(visit, record):
        st.rerun()  # the row above says so too
    return found


def _look_again() -> None:
    kept: checks.Diagnosing | None = st.session_state.get(KEPT)
    if kept is not None and kept.future.done():
        st.rerun()


def cause(visit: Visit, found: Explanation) -> None:
    """Say why: to staff what to do, to those who see keys the code and what would mend it."""
    if said := words.cause(found, for_developers=visit.may(Permission.KEYS)):
        st.text(said)


def proof(visit: Visit, found: Explanation) -> None:
    """Draw the suggestions and how far was looked, for those who see keys."""
    if visit.may(Permission.KEYS):
        suggestions.render(found)
        st.caption(words.looked(found))
