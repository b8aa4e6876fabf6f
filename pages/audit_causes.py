"""The problems of a run by cause: how many, since when, how they went on, what they share, what mends them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import display, wording
from dashboard.visit import Visit
from dashboard.wording import problems as words
from lib import audit_history, audit_plan, planning
from lib.access import Permission
from lib.audits import Chosen, Group
from lib.catalogue import Severity
from lib.findings import STATES
from pages import audit_rows, mending
from pages.audit_shown import Cause, Shown

CHOICE = "audit_cause"
ALL = "all"
ROW_PX = 35
MOST = 12  # rows in view


def render(visit: Visit, shown: Shown) -> Cause | None:
    """Draw the table and the choice below it; return the cause that was chosen, None for all."""
    st.subheader("Problems by cause")
    if not shown.groups:
        st.success(words.NONE_FOUND, icon=":material/check_circle:")
        return None
    groups = sorted(shown.groups, key=lambda each: (list(Severity).index(each.severity), -each.count))
    _table(visit, shown, groups)
    there = {_cause(each): each for each in groups if each.count}
    if st.session_state.get(CHOICE) not in there:
        st.session_state[CHOICE] = ALL
    chosen = st.selectbox(
        words.CHOOSE,
        [ALL, *there],
        key=CHOICE,
        format_func=lambda each: words.ALL if each == ALL else f"{words.named(*each)} ({there[each].count:,})",
        on_change=audit_rows.start_over,
        width=420,
    )
    if chosen == ALL:
        return None
    _about(visit, shown, there[chosen])
    return _cause(there[chosen])


def _cause(group: Group) -> Cause:
    return group.kind, group.code


def _table(visit: Visit, shown: Shown, groups: list[Group]) -> None:
    key = f"causes-{shown.run.run_id}"

    def pick() -> None:
        """Choose the cause of the line that was clicked."""
        selected = st.session_state[key].selection
        number = selected.rows[0] if selected.rows else selected.cells[0][0] if selected.cells else None
        if number is not None and number < len(groups):
            st.session_state[CHOICE] = _cause(groups[number])
            audit_rows.start_over()

    st.dataframe(
        pd.DataFrame([_cells(visit, shown, each) for each in groups]),
        hide_index=True,
        row_height=ROW_PX,
        height=ROW_PX * (min(len(groups), MOST) + 1) + 3,
        on_select=pick,
        selection_mode=["single-row", "single-cell"],
        key=key,
        alt="Problems by cause; a click on a line shows its rows below",
        column_config={
            "Problem": st.column_config.TextColumn(width=270),
            "Severity": st.column_config.TextColumn(width=105),
            "Count": st.column_config.NumberColumn(width=65, format="localized"),
            "First": st.column_config.TextColumn(width=95),
            "Last": st.column_config.TextColumn(width=95),
            "Since the check before": st.column_config.TextColumn(width=150),
            "In common": st.column_config.TextColumn(width=230),
            "What mends it": st.column_config.TextColumn(width=300),
        },
    )
    st.caption(f"{words.EXPECT_NONE} {words.PICK}")


def _cells(visit: Visit, shown: Shown, group: Group) -> dict[str, object]:
    zone = visit.services.zone
    return {
        "Problem": words.named(*_cause(group)),
        "Severity": words.SEVERITY[group.severity],
        "Count": group.count,
        "First": wording.day(group.first_bad, zone) if group.first_bad else "–",
        "Last": wording.day(group.last_bad, zone) if group.last_bad else "–",
        "Since the check before": words.change(
            count=group.count, new=group.new, gone=group.gone, is_compared=shown.before is not None
        ),
        "In common": _shared(shown, group) or "–",
        "What mends it": words.mend(*_cause(group)),
    }


def _shared(shown: Shown, group: Group) -> str:
    facts = audit_history.shared(group, shown.of(_cause(group)))
    return display.printable(words.shared(facts, of=group.count))


def _about(visit: Visit, shown: Shown, group: Group) -> None:
    """Say what a cause means and what to do next, and offer the plan that mends it."""
    st.text(words.about(*_cause(group)))
    if group.kind not in STATES or not visit.may(Permission.KEYS):
        return
    run_id, chosen = shown.run.run_id, chosen_of(_cause(group))

    def read() -> audit_plan.Rows:
        return audit_plan.rows(*visit.who(), services=visit.services, run_id=run_id, chosen=chosen)

    mending.of_cause(visit, min(group.count, planning.MAX_RECORDS), about=(run_id, *_cause(group)), read=read)
    if said := words.plan_for(group.count, planning.MAX_RECORDS):
        st.caption(said)


def chosen_of(cause: Cause | None, *, text: str = "") -> Chosen:
    """Return what is asked of the book for a cause, None for all."""
    if cause is None:
        return Chosen(text=text)
    kind, code = cause
    return Chosen(kind=kind, code=code, has_code=code is not None, text=text)
