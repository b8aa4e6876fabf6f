"""The problems of a run by cause: how many, since when, how they went on, what they share, what mends them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import display, lines, wording
from dashboard.visit import Visit
from dashboard.wording import problems as words
from lib import audit_history, audit_plan, planning
from lib.access import Permission
from lib.findings import STATES
from lib.kept_findings import Group
from lib.records import Record
from pages import audit_rows, mending
from pages.audit_shown import Cause, Shown

CHOICE = "audit_cause"
ALL = "all"
MOST = 12  # rows in view


def render(visit: Visit, shown: Shown) -> None:
    """Draw the table, below it the choice of a cause and of a text, and the problems that these choose."""
    st.subheader("Problems by cause")
    groups = sorted(shown.groups, key=lambda each: (not each.count, *each.order))  # what is gone comes last
    is_clean = not any(each.count for each in groups)
    if is_clean:
        is_all = shown.run.is_full and visit.scope.clinics is None
        st.success(words.NONE_FOUND if is_all else words.NONE_FOUND_THERE, icon=":material/check_circle:")
    if groups:
        _table(visit, shown, groups)
    if is_clean:
        return
    there = {_name(each): each for each in groups if each.count}
    if st.session_state.get(CHOICE) not in there:
        st.session_state[CHOICE] = ALL
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            words.CHOOSE,
            [ALL, *there],
            key=CHOICE,
            format_func=lambda each: words.ALL if each == ALL else _choice(there[each]),
            on_change=audit_rows.start_over,
            width=420,
        )
        text = audit_rows.search_box()
    with (
        st.container()
    ):  # also an empty one: what stands below keeps its place, and what somebody opened there stays open
        if chosen != ALL:
            _about(visit, shown, there[chosen])
    audit_rows.render(visit, shown, None if chosen == ALL else _cause(there[chosen]), text=text)


def _name(group: Group) -> str:
    return f"{group.kind} {group.code or ''}"


def _choice(group: Group) -> str:
    return f"{words.named(*_cause(group))} ({group.count:,})"


def _cause(group: Group) -> Cause:
    return group.kind, group.code


def _table(visit: Visit, shown: Shown, groups: list[Group]) -> None:
    key = f"causes-{shown.run.run_id}"

    def pick(number: int | None) -> None:
        """Choose the cause of the line that was clicked, and all again where it was clicked again."""
        if number is None or groups[number].count:
            st.session_state[CHOICE] = ALL if number is None else _name(groups[number])
            audit_rows.start_over()

    cells = [_cells(visit, shown, each) for each in groups]
    frame = pd.DataFrame(cells)
    empty = [name for name in ("Trend", "In common") if not any(each[name] for each in cells)]
    lines.draw(
        frame.drop(columns=empty),
        key=key,
        on_click=pick,
        alt="Problems by cause; a click on a line shows its rows below",
        most=MOST + lines.HALF,
        columns={
            "Problem": st.column_config.TextColumn(width=240),
            "Count": st.column_config.NumberColumn(width=62, format="localized"),
            "Severity": st.column_config.TextColumn(width=98),
            "First made": st.column_config.TextColumn(width=98),
            "Last made": st.column_config.TextColumn(width=98),
            "Trend": st.column_config.TextColumn(width=125),
            "In common": st.column_config.TextColumn(width=185),
            "What mends it": st.column_config.TextColumn(width=350),
        },
    )
    told = [words.causes(len(groups)), words.EXPECT_NONE, words.PICK]
    if shown.before is None and shown.run.is_full:
        told.insert(1, words.NO_TREND)
    st.caption(" ".join(told) if any(each.count for each in groups) else words.ALL_GONE)


def _cells(visit: Visit, shown: Shown, group: Group) -> dict[str, object]:
    zone = visit.services.zone
    return {
        "Problem": words.named(*_cause(group)),
        "Count": group.count,
        "Severity": words.SEVERITY[group.severity] if group.count else words.GONE,
        "First made": wording.day(group.first_bad, zone) if group.first_bad else "–",
        "Last made": wording.day(group.last_bad, zone) if group.last_bad else "–",
        "Trend": words.change(new=group.new, still=group.still, gone=group.gone) if shown.before is not None else "",
        "In common": _shared(shown, group),
        "What mends it": words.mend(*_cause(group)),
    }


def _shared(shown: Shown, group: Group) -> str:
    return display.printable(words.shared(audit_history.shared(group, shown.tallies), of=group.count))


def _about(visit: Visit, shown: Shown, group: Group) -> None:
    """Say what a cause means and what to do next, and offer the plan that mends it."""
    st.text(words.about(*_cause(group)))
    if said := words.bound(group.code, group.count):
        st.caption(said)
    if common := _shared(shown, group):
        st.text(words.in_common(common))
    if group.kind not in STATES or not visit.may(Permission.KEYS):
        return
    run_id, chosen = shown.run.run_id, audit_rows.chosen(_cause(group))

    def read() -> Sequence[Record]:
        return audit_plan.rows(*visit.who(), services=visit.services, run_id=run_id, chosen=chosen)

    mending.section(visit, min(group.count, planning.MAX_RECORDS), about=(run_id, *_cause(group)), read=read)
    if said := words.plan_for(group.count, planning.MAX_RECORDS):
        st.caption(said)
