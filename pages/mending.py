"""The mend plan of the broken records in view, prepared when asked for and taken along. The dashboard runs none of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard import once, wording
from dashboard.once import Drawn
from dashboard.visit import Visit
from dashboard.wording import mending as words
from dashboard.wording import plans as plan_words
from dashboard.zipped import zipped
from lib import authority, plan_files, planning
from lib.access import Permission
from lib.catalogue import Code
from lib.diagnosis import State
from lib.errors import LedgerUnavailable
from lib.plans import Plan
from lib.records import Record
from pages.rows import States

OWN = ("plan",)
FOLDER = "mend-plan"
BROKEN = planning.BROKEN | {State.ELSEWHERE}


@dataclass(frozen=True, slots=True)
class Kept:
    """A prepared plan, or why there is none."""

    plan: Plan | None
    file: bytes = b""
    fault: LedgerUnavailable | None = None


def of_rows(visit: Visit, states: States) -> None:
    """Draw it for the rows of a list: for those that were checked and are broken."""
    render(visit, [row for row, state in states.items() if state in BROKEN])


def render(visit: Visit, records: Sequence[Record], *, links: Sequence[Code] = ()) -> None:
    """Draw the section, closed; nothing where there is nothing to mend, or for a role that sees no keys."""
    if records or links:
        about = (tuple(row.record_id for row in records), tuple(links))
        section(visit, len(records), about=about, read=lambda: records, links=links)


def section(
    visit: Visit,
    count: int,
    *,
    about: tuple[object, ...],
    read: Callable[[], Sequence[Record]],
    links: Sequence[Code] = (),
) -> None:
    """Draw the section for records that are read when their plan is asked for. ``about`` tells them from others."""
    if not visit.may(Permission.KEYS):
        return
    with st.expander(words.plan_for(count), icon=":material/build:", key="plan_open"):
        st.caption(words.HELP)
        likely = st.checkbox(words.LIKELY, key="plan_likely", help=words.LIKELY_HELP)
        # Another choice of records has no plan yet.
        acts: Drawn[Kept] = once.drawn("plan", of=(about, likely, visit.scope))
        if st.button(words.PREPARE, key=acts.key("prepare_plan"), icon=":material/build:"):
            with st.spinner(words.PREPARING, show_time=True):
                acts.act(lambda: _prepare(visit, read(), links=links, likely=likely))
            st.rerun()
        if acts.kept.last is not None:
            _offer(visit, acts.kept.last)


def _prepare(visit: Visit, records: Sequence[Record], *, links: Sequence[Code], likely: bool) -> Kept:
    try:
        made = planning.plan(*visit.who(), services=visit.services, records=records, links=links, include_likely=likely)
    except LedgerUnavailable as error:
        return Kept(None, fault=error)
    at = visit.now
    files = plan_files.files(made, readme=plan_words.readme(made), made_at=at)
    return Kept(made, zipped(files, folder=FOLDER, made_at=at.astimezone(visit.services.zone)))


def _offer(visit: Visit, kept: Kept) -> None:
    if kept.plan is None:
        assert kept.fault is not None
        st.error(f"{words.NOT_WRITTEN} {wording.ledger(kept.fault)}", icon=":material/edit_off:")
        return
    said = words.prepared(kept.plan)
    (st.success if words.holds_something(kept.plan) else st.info)(said, icon=":material/build:")

    def taken() -> bytes:
        """Return the file to who may still have it; until the click it lies at no address."""
        authority.require(*visit.who(), Permission.KEYS, services=visit.services, reason="mend_plan")
        return kept.file

    name = f"{FOLDER}-{visit.now.astimezone(visit.services.zone):%Y-%m-%d}.zip"
    st.download_button(words.SAVE, taken, name, "application/zip", key="save_plan", on_click="ignore")
