"""The answer of Explain: the link taken apart, the error page, and each record with its keys, suggestions and link."""

from __future__ import annotations

import shlex
from datetime import datetime

import pandas as pd
import streamlit as st

from dashboard import display, wording
from dashboard.visit import Visit
from dashboard.wording import autopsy as link_words
from dashboard.wording import error_pages as page_words
from dashboard.wording import explain as words
from lib import autopsy, explanation, keys
from lib.access import Permission
from lib.autopsy import Autopsy
from lib.causes import BareKey
from lib.diagnosis import State
from lib.explanation import Explanation, Live
from lib.inspection import Inspection
from lib.link_faults import LinkFault
from lib.pasted import Kind
from lib.records import Record
from pages import link, suggestions, suspects

OWN = ("matrix", "link", "link_made", *suspects.OWN)


def render(visit: Visit, found: Inspection, *, at: datetime) -> None:
    """Draw the answer from the outside in: what it is, the link, the page, the records."""
    if found.trail_fault is not None:
        st.warning(wording.search_not_written(found.trail_fault), icon=":material/edit_off:")
    st.caption(link_words.KIND[found.pasted.kind])
    if found.pasted.is_cut:
        st.warning(link_words.TEXT_CUT, icon=":material/content_cut:")
    if found.pasted.kind is Kind.MANY:
        st.info(link_words.many(len(found.pasted.items), found.pasted.left_off), icon=":material/list:")
    if found.pasted.error is not None:
        _error_page(visit, found)
    if found.autopsy is not None:
        _link(visit, found.autopsy, has_record=bool(found.explanations))
    for number, each in enumerate(found.explanations):
        _record(visit, each, at=at, is_first=number == 0)
    if found.left_off:
        st.caption(f"{found.left_off} more records have this key; paste a record number to see one of them.")
    if found.alone is not None:
        _alone(visit, found.alone, at=at)
    elif not found.explanations and found.pasted.error is None:
        _nothing(found)


def _nothing(found: Inspection) -> None:
    kind = found.pasted.kind
    if kind is Kind.FOREIGN_URL or (found.pasted.place is not None and found.autopsy is not None):
        st.info(words.FOREIGN, icon=":material/public_off:")
    elif kind in {Kind.RECORD_NUMBER, Kind.IDS}:
        st.info(words.NO_SUCH_RECORD, icon=":material/search_off:")
    elif kind not in {Kind.EMPTY, Kind.UNREADABLE, Kind.WORDS, Kind.MANY}:
        st.info(words.NO_RECORD, icon=":material/search_off:")


def _error_page(visit: Visit, found: Inspection) -> None:
    page = found.pasted.error
    assert page is not None
    said = page_words.error_page(page)
    st.error(said.staff, icon=":material/description:")
    if visit.may(Permission.KEYS):
        st.text(f"{page.said or page.code}: {said.developer}")
        suspects.render(visit)


def _link(visit: Visit, taken_apart: Autopsy, *, has_record: bool) -> None:
    zone, now = visit.services.zone, visit.now
    fault = autopsy.why(taken_apart)
    said = link_words.LOOKS_FINE if fault is None else link_words.fault(fault)
    if fault is not None and fault.fault is LinkFault.LOCATION_MISSING and has_record:
        st.error(words.BARE_KEY, icon=":material/link_off:")
    else:
        (st.info if fault is None else st.error)(said.staff, icon=":material/link_off:" if fault else ":material/link:")
    if undone := link_words.undone(taken_apart.mended.undone):
        st.caption(undone)
    if not visit.may(Permission.KEYS):
        if time := link_words.time_of(taken_apart, now=now, zone=zone):
            st.caption(f"The link {time}." if time.startswith("expired") else f"The link is {time}.")
        return
    with st.container(border=True):
        st.markdown("**The link, taken apart**")
        facts = {
            "Signature": taken_apart.signature.value,
            "Signer": taken_apart.signer or "–",
            "Bucket": display.printable(taken_apart.bucket) or "–",
            "Key": display.printable(taken_apart.key) or "–",
            "Region": display.printable(taken_apart.region) or "–",
        }
        if taken_apart.issued_at is not None:
            facts["Issued"] = link_words.instant(taken_apart.issued_at, now=now, zone=zone)
        if time := link_words.time_of(taken_apart, now=now, zone=zone):
            facts["Time"] = time
        st.code(_lines(facts), language=None, wrap_lines=True)
        for each in taken_apart.problems:
            st.text(f"{each.fault}: {link_words.fault(each).developer}")


def _record(visit: Visit, found: Explanation, *, at: datetime, is_first: bool) -> None:
    row = found.record
    assert not isinstance(row, BareKey)
    with st.container(border=True, key=f"explained-{row.record_id or row.prescription_id}"):
        st.text(f"{display.printable(row.patient_name)} · {row.patient_id} · {wording.version_sentence(row)}")
        _state(visit, found, at=at)
        if row.has_pdf and visit.may(Permission.KEYS):
            _keys(visit, found, is_first=is_first)
        name = "record" if row.record_id is not None else "prescription"
        number = row.record_id if row.record_id is not None else row.prescription_id
        st.link_button(f"Open {name} {number} in Find", f"/find?{name}={number}", icon=":material/search:")
        if is_first and row.has_pdf and visit.may(Permission.LINK):
            link.render(visit, row, state=found.diagnosis.state, newer=None, use=_no_other)


def _no_other(_row: Record) -> None:
    """No other version is offered here; Find has them."""


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
    with st.container(border=True):
        st.info(words.NO_RECORD, icon=":material/search_off:")
        if visit.may(Permission.KEYS):
            _state(visit, found, at=at)
            _keys(visit, found, is_first=True)


def _keys(visit: Visit, found: Explanation, *, is_first: bool) -> None:
    row = found.record
    resolution = keys.describe(row.stored_key or "", visit.services.rules)
    st.code(display.key_lines(resolution), language=None, wrap_lines=True)
    if is_first:
        _matrix(visit, found)
    suggestions.render(found)
    if found.diagnosis.state in {State.MISSING, State.ELSEWHERE, State.DAMAGED}:
        st.caption(words.looked(found))
    if visit.may(Permission.STORAGE_DETAILS):
        _commands(visit, found, resolved=resolution.resolved)


def _matrix(visit: Visit, found: Explanation) -> None:
    row = found.record
    kept: tuple[str, tuple[Live, ...]] | None = st.session_state.get("matrix")
    stored = row.stored_key or ""
    if kept is None or kept[0] != stored:
        live = explanation.matrix(*visit.who(), services=visit.services, row=row)
        kept = st.session_state["matrix"] = (stored, live)
    asked = {each.asks.resolver: each for each in kept[1]}
    frame = pd.DataFrame(
        [
            {
                "Rule": words.RESOLVER[resolver],
                "Asks for": "(refuses this name)" if each.asks.key is None else display.printable(each.asks.key),
                "Answer": "–" if each.observation is None else wording.answer(each.observation),
            }
            for resolver, each in asked.items()
        ]
    )
    st.dataframe(frame, hide_index=True, alt="What each rule of the application asks storage for, and the answer")
    resolution = keys.describe(stored, visit.services.rules)
    written = None if resolution.written is None else display.printable(resolution.written)
    st.caption(words.wrote_and_asks(written, display.printable(resolution.resolved)))


def _commands(visit: Visit, found: Explanation, *, resolved: str) -> None:
    place = f"--endpoint-url {shlex.quote(visit.services.endpoint_url)} --bucket {shlex.quote(visit.services.bucket)}"
    lines = [f"aws s3api head-object {place} --key {display.shell_word(resolved)}"]
    if (right := found.diagnosis.right) is not None:
        lines.append(f"aws s3api head-object {place} --key {display.shell_word(right.key)}")
    if not isinstance(found.record, BareKey) and found.record.record_id is not None:
        lines.append(f"python -m dashboard inspect --record {found.record.record_id}")
    with st.expander("Ask it yourself", icon=":material/terminal:"):
        st.code("\n".join(lines), language="bash", wrap_lines=True)


def _lines(facts: dict[str, str]) -> str:
    width = max(map(len, facts))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in facts.items())
