"""The problems of a run by cause: how many, since when, how they went on, what mends them, what they share."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import lines, wording
from dashboard.visit import Visit
from dashboard.wording import audit_causes as cause_words
from dashboard.wording import problems as words
from lib.kept_findings import Group
from pages import audit_cause, audit_rows
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
            audit_cause.render(visit, shown, there[chosen])
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
    empty = [name for name in ("First seen", "Trend", "In common") if not any(each[name] for each in cells)]
    lines.draw(
        frame.drop(columns=empty),
        key=key,
        on_click=pick,
        alt="Problems by cause; a click on a line shows its rows below",
        most=MOST + lines.HALF,
        columns={
            "Severity": st.column_config.TextColumn(width=98),
            "Count": st.column_config.NumberColumn(width=62, format="localized"),
            "Problem": st.column_config.TextColumn(width=262),
            "First seen": st.column_config.TextColumn(width=105),
            "Trend": st.column_config.TextColumn(width=122),
            "First made": st.column_config.TextColumn(width=98),
            "What mends it": st.column_config.TextColumn(width=340),
            "In common": st.column_config.TextColumn(width=420),
        },
    )
    told = [words.causes(len(groups)), words.EXPECT_NONE, words.PICK]
    if shown.before is None and shown.run.is_full:
        told.insert(1, words.NO_TREND)
    st.caption(" ".join(told) if any(each.count for each in groups) else words.ALL_GONE)


def _cells(visit: Visit, shown: Shown, group: Group) -> dict[str, object]:
    zone = visit.services.zone
    seen = ""
    if shown.past.earlier:
        at, is_cut = shown.past.first_seen(group)
        seen = cause_words.seen(at, is_cut=is_cut, zone=zone)
    return {  # the narrower the screen, the fewer of the last are in view
        "Severity": words.SEVERITY[group.severity] if group.count else words.GONE,
        "Count": group.count,
        "Problem": words.named(*_cause(group)),
        "First seen": seen,
        "Trend": words.change(new=group.new, still=group.still, gone=group.gone) if shown.before is not None else "",
        "First made": wording.day(group.first_bad, zone) if group.first_bad else "–",
        "What mends it": words.mend(*_cause(group)),
        "In common": audit_cause.shared(shown, group),
    }
