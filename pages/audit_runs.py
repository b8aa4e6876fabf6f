"""All checks: a table of the runs, which one is shown above, and two of them compared."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import display, lines
from dashboard.visit import Visit
from dashboard.wording import audit_compared as compared_words
from dashboard.wording import audits as words
from dashboard.wording import problems
from dashboard.wording.times import as_of, took
from lib import audit_history, audit_reach, audit_reading
from lib.access import Permission
from lib.audits import Run, Status
from pages.audit_shown import Shown

RUN = "run"  # in the address: which one is shown
MAX_DIGITS = 15
MOST = 10  # rows in view


def asked() -> int | None:
    """Return the number of the run that the address names."""
    text = st.query_params.get(RUN, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def back() -> None:
    """Draw the way back to the last full check."""
    st.button(words.BACK, key="audit_last", icon=":material/arrow_back:", on_click=_show, args=(None,))


def _show(run_id: int | None) -> None:
    if run_id is None:
        st.query_params.pop(RUN, None)
    else:
        st.query_params[RUN] = str(run_id)


def render(visit: Visit, runs: Sequence[Run], *, shown: Shown | None) -> None:
    """Draw the table, and below it the comparison."""
    st.subheader("All checks")
    _table(visit, runs)
    ended = [each for each in runs if each.is_comparable]
    if len(ended) > 1:
        _compare(visit, ended, shown=shown)


def _table(visit: Visit, runs: Sequence[Run]) -> None:
    key = f"runs-{runs[0].run_id}-{runs[0].status}"

    def pick(number: int | None) -> None:
        """Show the run of the line that was clicked."""
        if number is not None and runs[number].is_comparable:
            _show(runs[number].run_id)

    lines.draw(
        pd.DataFrame([_cells(visit, each) for each in runs]),
        key=key,
        on_click=pick,
        alt="All checks, the newest first; a click on a line shows what it found",
        most=MOST + lines.HALF,
        columns={
            "Run": st.column_config.NumberColumn(width=50),
            "Started": st.column_config.TextColumn(width=145),
            "By": st.column_config.TextColumn(width=95),
            "How it ended": st.column_config.TextColumn(width=125),
            "What": st.column_config.TextColumn(width=170),
            words.OPEN_TO_ANYONE: st.column_config.TextColumn(width=120),
            "Records": st.column_config.NumberColumn(width=85, format="localized"),
            "Files": st.column_config.NumberColumn(width=85, format="localized"),
            "Need attention": st.column_config.TextColumn(width=110, alignment="right"),
            "Took": st.column_config.TextColumn(width=100),
        },
    )
    if sum(each.is_comparable for each in runs) > 1:
        st.caption(words.PICK_RUN)


def _cells(visit: Visit, run: Run) -> dict[str, object]:
    prefix = run.options.prefix
    below = display.short_key(prefix, width=30) if visit.may(Permission.KEYS) else words.BELOW
    is_known = run.status is not Status.RUNNING  # how far it is stands above, anew every second
    return {
        "Run": run.run_id,
        "How it ended": f"{words.STATUS_ICON[run.status]} {words.STATUS[run.status]}",
        "Started": as_of(run.started_at, now=visit.now, zone=visit.services.zone),
        "By": display.printable(run.started_by),
        "What": below if prefix else words.EVERYTHING,
        words.OPEN_TO_ANYONE: compared_words.ASKED[run.options.exposure],
        "Records": run.progress.records if is_known else None,
        "Files": run.progress.objects if is_known else None,
        "Need attention": f"{run.result.attention:,}" if run.result is not None and run.is_comparable else "–",
        "Took": took(run.seconds) if is_known else "–",
    }


def _compare(visit: Visit, ended: Sequence[Run], *, shown: Shown | None) -> None:
    """Draw two choices of a run, and what the later one has that the earlier had not, and the other way round."""
    with st.expander(words.COMPARE, icon=":material/compare_arrows:", key="audit_compare", on_change="rerun"):
        if not st.session_state.get("audit_compare"):
            return
        by_id = {each.run_id: each for each in ended}

        def named(run_id: int) -> str:
            at = as_of(by_id[run_id].started_at, now=visit.now, zone=visit.services.zone)
            return f"Run {run_id}, {at}"

        numbers = list(by_id)
        first = numbers.index(shown.run.run_id) if shown is not None and shown.run.run_id in by_id else 0
        with st.container(horizontal=True, vertical_alignment="bottom"):
            later = st.selectbox(words.LATER, numbers, index=first, key="audit_later", format_func=named, width=260)
            than = st.selectbox(
                words.EARLIER,
                numbers,
                index=min(first + 1, len(numbers) - 1),
                key="audit_earlier",
                format_func=named,
                width=260,
            )
        if later == than:
            st.caption(words.SAME_RUN)
            return
        groups = audit_reading.groups(*visit.who(), services=visit.services, run_id=later, than=than)
        sums = audit_history.compare(groups)
        runs = by_id[than], by_id[later]
        is_all = not audit_reach.unlike(*runs)
        st.text(compared_words.compared(new=sums.new, still=sums.still, gone=sums.gone, is_all=is_all))
        for sentence in compared_words.left_out(*runs):
            st.caption(sentence)
        if changed := [each for each in groups if each.new or each.gone]:
            st.dataframe(
                pd.DataFrame(
                    [
                        {
                            "Problem": problems.named(each.kind, each.code),
                            "New": each.new,
                            "Still": each.still,
                            "Gone": each.gone,
                        }
                        for each in changed
                    ]
                ),
                hide_index=True,
                alt="What is new, still there and gone between the two checks, by cause",
                column_config={"Problem": st.column_config.TextColumn(width=320)}
                | dict.fromkeys(("New", "Still", "Gone"), st.column_config.NumberColumn(format="localized")),
            )
