"""The answer of Explain, verdict first: what was pasted, why it does not open, and each record with its way out."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import streamlit as st

from dashboard import display, wording
from dashboard.visit import Visit
from dashboard.wording import autopsy as pasted_words
from dashboard.wording import explain as words
from lib import explanation, keys
from lib.access import Permission
from lib.catalogue import Code
from lib.causes import BareKey
from lib.diagnosis import State
from lib.explanation import Explanation, Live
from lib.inspection import Inspection
from lib.link_faults import LinkFault
from lib.pasted import Kind
from lib.records import Record
from lib.several import Item
from pages import link, listed, mending, suggestions, suspects, taken_apart

OWN = ("matrix", "link", "link_made", *suspects.OWN, *mending.OWN)
LOOKED_FOR = frozenset({State.MISSING, State.ELSEWHERE, State.DAMAGED})

Use = Callable[[Record], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, and when it was given. The text itself is in its field alone."""

    found: Inspection
    at: datetime
    items: tuple[Item, ...] = ()  # of many
    newer: Record | None = None  # the version to use instead of the first record's


def render(visit: Visit, answer: Answer, *, use: Use) -> None:
    """Draw the answer from the outside in: what it is, why it does not open, the records, the evidence, the mend."""
    found = answer.found
    if found.trail_fault is not None:
        st.warning(wording.search_not_written(found.trail_fault), icon=":material/edit_off:")
    st.caption(pasted_words.KIND[found.pasted.kind])
    if found.pasted.is_cut:
        st.warning(pasted_words.TEXT_CUT, icon=":material/content_cut:")
    if found.pasted.kind is Kind.MANY:
        listed.render(visit, answer.items, left_off=found.pasted.left_off)
        return
    if found.pasted.error is not None:
        suspects.error_page(visit, found.pasted.error)
    if found.autopsy is not None:
        taken_apart.verdict(visit, found)
    for number, each in enumerate(found.explanations):
        _record(visit, each, answer=answer, use=use if number == 0 else None)
    if found.left_off:
        st.caption(words.left_off(found.left_off))
    if found.alone is not None:
        _alone(visit, found.alone, at=answer.at)
    elif not found.explanations and found.pasted.error is None:
        _nothing(visit, found)
    if found.autopsy is not None:
        taken_apart.facts(visit, found.autopsy)
    _mend(visit, found)


def _nothing(visit: Visit, found: Inspection) -> None:
    kind, place = found.pasted.kind, found.pasted.place
    if place is not None and not place.is_ours(visit.services.rules):
        st.info(words.FOREIGN, icon=":material/public_off:")
    elif kind in {Kind.RECORD_NUMBER, Kind.IDS}:
        st.info(words.NO_SUCH_RECORD, icon=":material/search_off:")
    elif kind not in {Kind.EMPTY, Kind.UNREADABLE, Kind.WORDS}:
        st.info(words.NO_RECORD, icon=":material/search_off:")


def _record(visit: Visit, found: Explanation, *, answer: Answer, use: Use | None) -> None:
    """Draw one record; the first, for which ``use`` is given, with its link and its evidence."""
    row = found.record
    assert not isinstance(row, BareKey)
    name, number = ("record", row.record_id) if row.record_id is not None else ("prescription", row.prescription_id)
    with st.container(border=True, key=f"explained-{number}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container(key=f"who-{number}"):
                st.text(f"{display.printable(row.patient_name)} · {row.patient_id} · {wording.version_sentence(row)}")
            address = f"/find?{name}={number}"
            st.link_button(f"Open {name} {number} in Find", address, type="tertiary", icon=":material/search:")
        _state(visit, found, at=answer.at)
        if use is not None and row.has_pdf and visit.may(Permission.LINK):
            link.render(visit, row, state=found.diagnosis.state, newer=answer.newer, use=use, is_brief=True)
        if row.has_pdf and visit.may(Permission.KEYS):
            _suggestions(found)
            _keys(visit, found, is_first=use is not None)


def _state(visit: Visit, found: Explanation, *, at: datetime) -> None:
    row, state = found.record, found.diagnosis.state
    seen = found.observation
    made = "this key"
    if not isinstance(row, BareKey):
        zone = visit.services.zone
        made = wording.day(row.generated_at, zone) if row.generated_at else wording.date_words(row.issued_date)
    sentence = wording.state_sentence(
        state,
        made=made,
        checked=wording.clock_time(seen.checked_at if seen else at, visit.services.zone),
        doubt_code=seen.doubt if seen else None,
        record_size=seen.size_bytes if seen else None,
    )
    box = {State.FOUND: st.success, State.UNKNOWN: st.warning, State.NO_PDF: st.info, State.ELSEWHERE: st.warning}
    box.get(state, st.error)(sentence, icon=wording.STATE_ICON[state])
    if cause := words.cause(found, for_developers=visit.may(Permission.KEYS)):
        st.text(cause)
    if (notes := words.notes(found.diagnosis.notes)) and visit.may(Permission.KEYS):
        st.caption(f"Worth knowing: {notes}")


def _alone(visit: Visit, found: Explanation, *, at: datetime) -> None:
    with st.container(border=True, key="explained-alone"):
        st.info(words.NO_RECORD, icon=":material/search_off:")
        if visit.may(Permission.KEYS):
            _state(visit, found, at=at)
            _suggestions(found)
            _keys(visit, found, is_first=True)


def _suggestions(found: Explanation) -> None:
    suggestions.render(found)
    if found.diagnosis.state in LOOKED_FOR:
        st.caption(words.looked(found))


def _keys(visit: Visit, found: Explanation, *, is_first: bool) -> None:
    row = found.record
    resolution = keys.describe(row.stored_key or "", visit.services.rules)
    st.markdown("##### Keys")
    st.code(display.key_lines(resolution), language=None, wrap_lines=True)
    if is_first:
        _matrix(visit, found)
    if visit.may(Permission.STORAGE_DETAILS):
        _commands(visit, found, resolved=resolution.resolved)


def _matrix(visit: Visit, found: Explanation) -> None:
    row = found.record
    kept: tuple[str, tuple[Live, ...]] | None = st.session_state.get("matrix")
    stored = row.stored_key or ""
    if kept is None or kept[0] != stored:
        live = explanation.matrix(*visit.who(), services=visit.services, row=row)
        kept = st.session_state["matrix"] = (stored, live)
    frame = pd.DataFrame(
        [
            {
                "Rule": words.RESOLVER[each.asks.resolver],
                "Answer": "–" if each.observation is None else wording.answer(each.observation),
                "Asks for": "(refuses this name)" if each.asks.key is None else display.printable(each.asks.key),
            }
            for each in kept[1]
        ]
    )
    st.dataframe(
        frame,
        hide_index=True,
        alt="What each rule of the application asks storage for, and the answer",
        column_config={
            "Rule": st.column_config.TextColumn(width=190),
            "Answer": st.column_config.TextColumn(width=130),
        },
    )
    resolution = keys.describe(stored, visit.services.rules)
    written = None if resolution.written is None else display.printable(resolution.written)
    st.text(words.wrote_and_asks(written, display.printable(resolution.resolved)))


def _commands(visit: Visit, found: Explanation, *, resolved: str) -> None:
    place = f"--endpoint-url {shlex.quote(visit.services.endpoint_url)} --bucket {shlex.quote(visit.services.bucket)}"
    lines = [f"aws s3api head-object {place} --key {display.shell_word(resolved)}"]
    if (right := found.diagnosis.right) is not None:
        lines.append(f"aws s3api head-object {place} --key {display.shell_word(right.key)}")
    if not isinstance(found.record, BareKey) and found.record.record_id is not None:
        lines.append(f"python -m dashboard inspect --record {found.record.record_id}")
    with st.expander("Ask it yourself", icon=":material/terminal:"):
        st.code("\n".join(lines), language="bash", wrap_lines=True)


def _mend(visit: Visit, found: Inspection) -> None:
    """Draw the plan for the records above, and for the code that signs where the link shows that it is at fault."""
    broken = [
        each.record
        for each in found.explanations
        if isinstance(each.record, Record) and each.diagnosis.state in mending.BROKEN
    ]
    is_bare = found.autopsy is not None and found.autopsy.has(LinkFault.LOCATION_MISSING)
    mending.render(visit, broken, links=(Code.LOCATION_MISSING,) if is_bare else ())
