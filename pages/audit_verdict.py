"""The verdict: one sentence, when it was found, and each number beside the one that it should be."""

from __future__ import annotations

import streamlit as st

from dashboard import display, wording
from dashboard.visit import Visit
from dashboard.wording import audit_verdict as words
from dashboard.wording import audits, problems
from dashboard.wording.states import EXPECTED_NONE
from lib import audit_history, auditing
from lib.auditing import Verdict
from lib.findings import ATTENTION, STATES, Kind
from lib.kept_findings import Group
from pages import audit_runs
from pages.audit_shown import Shown

OF_STORAGE, OF_FILES = frozenset({Kind.PUBLICLY_READABLE}), frozenset({Kind.UNREFERENCED_OBJECT})


def render(visit: Visit, shown: Shown, *, last: Verdict | None) -> None:
    """Draw the verdict of a run; ``last`` is the last full one, whose age is said where it is old."""
    run, zone = shown.run, visit.services.zone
    said, is_clean = _sentence(visit, shown)
    with st.container(key="verdict_clean" if is_clean else "verdict_broken"):
        st.text(f"{'✅' if is_clean else '⚠️'} {said}")
    st.caption(audits.checked(run, now=visit.now, zone=zone))
    for kind, count in (run.result.cut if run.result else {}).items():
        st.caption(audits.more_than_counted(kind, count))
    if last is None or last.is_stale(visit.now):
        st.error(words.stale(last.run if last else None, now=visit.now, zone=zone), icon=":material/event_busy:")
    if not run.is_full:
        st.warning(audits.not_full(run), icon=":material/filter_alt:")
    if last is not None and run.run_id != last.run.run_id:
        audit_runs.back()
    _numbers(visit, shown)


def _sentence(visit: Visit, shown: Shown) -> tuple[str, bool]:
    """Return the sentence, and whether nothing is wrong."""
    run, result = shown.run, shown.run.result
    assert result is not None
    if visit.scope.clinics is not None:
        states = auditing.states(*visit.who(), services=visit.services, run_id=run.run_id)
        return words.clinics_only(states, wording.STATE), not any(states.values())
    said = words.verdict(run, result, cause=_cause(visit, shown))
    if storage := [problems.title(each.kind, each.code) for each in _troubling(shown) if each.kind in OF_STORAGE]:
        said = f"{said} {words.of_storage(storage)}"
    return said, not (result.attention or any(result.states.values()) or storage)


def _cause(visit: Visit, shown: Shown) -> str:
    """Return what most of the records that need attention have, '' where there is none."""
    of_records = [each for each in _troubling(shown) if each.kind not in OF_STORAGE | OF_FILES]
    if not of_records:
        return ""
    most = max(of_records, key=lambda each: (each.kind in STATES, each.count))  # what does not open comes first
    facts = problems.shared(audit_history.shared(most, shown.tallies), of=most.count)
    assert shown.run.result is not None
    return words.biggest(
        most.count,
        problems.title(most.kind, most.code),
        since=wording.day(most.first_bad, visit.services.zone) if most.first_bad else "",
        shared=display.printable(facts),
        of=shown.run.result.attention,
    )


def _troubling(shown: Shown) -> list[Group]:
    return [each for each in shown.groups if each.count and each.severity in ATTENTION]


def _numbers(visit: Visit, shown: Shown) -> None:
    """Draw what should be none, each with its number."""
    result = shown.run.result
    if result is None or visit.scope.clinics is not None:
        return
    numbers = {wording.STATE[state]: result.states.get(state, 0) for state in EXPECTED_NONE}
    numbers[words.UNREFERENCED] = result.kinds.get(Kind.UNREFERENCED_OBJECT, 0)
    with st.container(horizontal=True, key="audit_numbers"):
        for label, number in numbers.items():
            st.metric(
                label, f"{number:,}", words.EXPECT_NONE, delta_color="off", delta_arrow="off", width=150, border=True
            )
