"""The verdict: one sentence, when it was found, and each number beside the one that it should be."""

from __future__ import annotations

import streamlit as st

from dashboard import display, wording
from dashboard.visit import Visit
from dashboard.wording import audits as words
from dashboard.wording import problems
from lib import audit_history, auditing
from lib.auditing import Verdict
from lib.audits import Group
from lib.findings import ATTENTION, Kind
from pages import audit_runs
from pages.audit_shown import Shown

ABOUT_NO_RECORD = frozenset({Kind.PUBLICLY_READABLE, Kind.UNREFERENCED_OBJECT})


def render(visit: Visit, shown: Shown, *, last: Verdict | None) -> None:
    """Draw the verdict of a run; ``last`` is the last full one, whose age is said where it is old."""
    run, zone = shown.run, visit.services.zone
    said, is_clean = _sentence(visit, shown)
    with st.container(key="verdict_clean" if is_clean else "verdict_broken"):
        st.text(f"{'✅' if is_clean else '⚠️'} {said}")
    st.caption(words.checked(run, now=visit.now, zone=zone))
    if last is None or last.is_stale(visit.now):
        st.error(words.stale(last.run if last else None, now=visit.now, zone=zone), icon=":material/event_busy:")
    if not run.is_full:
        st.warning(words.not_full(run), icon=":material/filter_alt:")
    if last is not None and run.run_id != last.run.run_id:
        audit_runs.back()
    _numbers(visit, shown)


def _sentence(visit: Visit, shown: Shown) -> tuple[str, bool]:
    """Return the sentence, and whether nothing is wrong."""
    result = shown.run.result
    assert result is not None
    if visit.scope.clinics is not None:
        states = auditing.states(*visit.who(), services=visit.services, run_id=shown.run.run_id)
        return words.clinics_only(states, wording.STATE), not any(states.values())
    records = shown.run.progress.records
    found = words.files_found(records, records - sum(result.states.values()), is_prefix=bool(shown.run.options.prefix))
    needed = words.attention(result.attention)
    most = max((each for each in shown.groups if _matters(each)), key=lambda each: each.count, default=None)
    if not result.attention:
        return f"{found} {needed}", not any(result.states.values())
    if most is None:
        return f"{found} {needed}.", False
    facts = audit_history.shared(most, shown.tallies)
    since = wording.day(most.first_bad, visit.services.zone) if most.first_bad else ""
    cause = words.biggest(
        most.count,
        problems.title(most.kind, most.code),
        since=since,
        shared=display.printable(problems.shared(facts, of=most.count)),
        of=result.attention,
    )
    return f"{found} {needed}: {cause}", False


def _matters(group: Group) -> bool:
    return group.severity in ATTENTION and group.count > 0 and group.kind not in ABOUT_NO_RECORD


def _numbers(visit: Visit, shown: Shown) -> None:
    """Draw what should be none, each with its number."""
    result = shown.run.result
    if result is None or visit.scope.clinics is not None:
        return
    numbers = {wording.STATE[state]: result.states.get(state, 0) for state in words.EXPECTED_NONE}
    numbers[words.UNREFERENCED] = result.kinds.get(Kind.UNREFERENCED_OBJECT, 0)
    with st.container(horizontal=True, key="audit_numbers"):
        for label, number in numbers.items():
            st.metric(
                label, f"{number:,}", words.EXPECT_NONE, delta_color="off", delta_arrow="off", width=150, border=True
            )
