"""One cause of a run: what it means, since which check it is there, of when its PDFs are, what they share, its mend plan."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import display
from dashboard.visit import Visit
from dashboard.wording import audit_causes as cause_words
from dashboard.wording import problems as words
from lib import audit_history, audit_plan, planning
from lib.access import Permission
from lib.findings import STATES, Kind
from lib.kept_findings import Group
from lib.records import Record
from pages import audit_rows, mending
from pages.audit_shown import Shown


def render(visit: Visit, shown: Shown, group: Group) -> None:
    """Say what a cause means and what to do next, and offer the plan that mends it."""
    st.text(words.about(group.kind, group.code))
    if said := words.bound(group.code, group.count):
        st.caption(said)
    if known := _known(visit, shown, group):
        st.text("\n".join(known))
    if group.kind not in STATES or not visit.may(Permission.KEYS):
        return
    run_id, chosen = shown.run.run_id, audit_rows.chosen((group.kind, group.code))

    def read() -> Sequence[Record]:
        return audit_plan.rows(*visit.who(), services=visit.services, run_id=run_id, chosen=chosen)

    mending.section(visit, min(group.count, planning.MAX_RECORDS), about=(run_id, group.kind, group.code), read=read)
    if said := words.plan_for(group.count, planning.MAX_RECORDS):
        st.caption(said)


def shared(shown: Shown, group: Group) -> str:
    """Return what nine of ten of its rows have in common, fit to be shown."""
    return display.printable(words.shared(audit_history.shared(group, shown.tallies), of=group.count))


def _known(visit: Visit, shown: Shown, group: Group) -> list[str]:
    zone, now = visit.services.zone, visit.now
    seen = ""
    if shown.past.earlier:
        at, is_cut = shown.past.first_seen(group)
        seen = cause_words.first_seen(at, is_cut=is_cut, now=now, zone=zone)
    common = shared(shown, group)
    is_lone = group.kind is Kind.UNREFERENCED_OBJECT
    told = [
        seen,
        cause_words.made(group.first_bad, group.last_bad, now=now, zone=zone),
        words.in_common(common) if common else "",
        cause_words.mends(words.mend(group.kind, group.code)) if group.code is not None else "",
        cause_words.right_files(shown.right_files.get(group.code, 0), of=group.count) if is_lone else "",
    ]
    return list(filter(None, told))
