"""The record that is open: who it is about, what its state is, the PDF, the link, other versions, storage details."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from dashboard import copying, display, once, wording
from dashboard.once import Drawn
from dashboard.visit import Visit
from dashboard.wording import activity as activity_words
from dashboard.wording import found as words
from lib import diagnosis, previews, search
from lib.access import Permission
from lib.diagnosis import State
from lib.explanation import Explanation
from lib.links import Refused
from lib.objects import Observation
from lib.records import Record
from pages import activity, details, diagnosed, inside, link, rows

Number = tuple[str, int]  # ("record", id of a PDF row) or ("prescription", id) where no PDF was made
OWN = ("open", "opened", "record-check", "details-check", "diagnosis", "preview", "link", "link_made", *inside.OWN)


@dataclass(frozen=True, slots=True)
class Opened:
    """What was read and authorised when the record was opened."""

    number: Number
    record: Record | None
    versions: tuple[Record, ...]


def number_of(row: Record) -> Number:
    """Return how the address names a row."""
    return ("record", row.record_id) if row.record_id is not None else ("prescription", row.prescription_id)


def read_address() -> None:
    """Take the open record from the address, once, when the session begins."""
    for kind in ("record", "prescription"):
        text = st.query_params.get(kind, "")
        if text.isascii() and text.isdigit() and len(text) <= 18:
            st.session_state["open"] = (kind, int(text))
            return


def address() -> dict[str, str]:
    """Return the part of the address that names the open record."""
    number: Number | None = st.session_state.get("open")
    return {number[0]: str(number[1])} if number else {}


def open_row(row: Record) -> None:
    """Open a row. Another record's link and preview are gone at once."""
    if st.session_state.get("open") != number_of(row):
        close()
        st.session_state["open"] = number_of(row)


def close() -> None:
    """Close the record and drop everything that was made for it."""
    for name in OWN:
        st.session_state.pop(name, None)


def _close_by_hand() -> None:
    close()
    st.session_state["closed"] = True
    unselect()


def _open_version(row: Record) -> None:
    open_row(row)
    unselect()  # the table's chosen row is another version


def unselect() -> None:
    """Draw the table anew, with nothing chosen, so that any cell can be clicked."""
    st.session_state["nonce"] = st.session_state.get("nonce", 0) + 1


def render(visit: Visit) -> None:
    """Draw the panel of the open record."""
    opened = _open(visit)
    record = opened.record
    with st.container(border=True, key="record"):
        if record is None:
            st.warning(wording.NO_SUCH_RECORD, icon=":material/lock:")
            st.button("Close", key="close", on_click=_close_by_hand)
            return
        _identity(visit, record)
        seen = _observation(visit, record)
        state = None if seen is None and record.has_pdf else diagnosis.state(record, seen)
        explained = diagnosed.ask(visit, record) if diagnosed.is_due(state, seen) else None
        if explained is diagnosed.LOOKING:
            st.info(words.LOOKING, icon=":material/hourglass_empty:")
        else:
            if isinstance(explained, Explanation):
                state, seen = explained.diagnosis.state, explained.observation
            _state(visit, record, state=state, seen=seen)
            if isinstance(explained, Explanation):
                diagnosed.cause(visit, explained)
            _file(visit, opened, record, state=state, seen=seen)
            if isinstance(explained, Explanation):
                diagnosed.proof(visit, explained)
        _other_versions(visit, opened)
        if record.has_pdf and visit.may(Permission.STORAGE_DETAILS):
            details.render(visit, record, seen=seen)
        if visit.may(Permission.ACTIVITY):
            address = activity.address(record.patient_id)
            st.link_button(activity_words.WHO_SAW, address, key="who_saw", icon=":material/history:", type="tertiary")


def _file(visit: Visit, opened: Opened, record: Record, *, state: State | None, seen: Observation | None) -> None:
    """Draw what can be done with the file, as far as the role may."""
    if not record.has_pdf:
        return
    if state in inside.PRESENT:
        inside.render(visit, record)
    if state is not State.MISSING and visit.may(Permission.PREVIEW):
        _preview(visit, record, seen=seen)
    if visit.may(Permission.LINK):
        link.render(visit, record, state=state, newer=_newer(opened), use=_open_version)


def _open(visit: Visit) -> Opened:
    """Read and authorise the record once for each opening; a rerun is not another opening."""
    number: Number = st.session_state["open"]
    kept: Opened | None = st.session_state.get("opened")
    if kept is not None and kept.number == number:
        return kept
    kind, value = number
    versions: Sequence[Record]
    if kind == "record":
        record = search.open_record(*visit.who(), services=visit.services, record_id=value)
        versions = search.versions(*visit.who(), services=visit.services, record=record) if record else ()
    else:
        versions = search.open_prescription(*visit.who(), services=visit.services, prescription_id=value)
        record = next((each for each in versions if not each.is_replaced), versions[0] if versions else None)
    opened = st.session_state["opened"] = Opened(number, record, tuple(versions))
    return opened


def _identity(visit: Visit, record: Record) -> None:
    with st.container(horizontal=True, vertical_alignment="top"):
        with st.container(key="identity"):
            with st.container(key="identity-name"):
                st.text(display.printable(record.patient_name))
            st.text(
                f"{record.patient_id} · phone {display.phone_end(record.patient_phone)} · "
                f"Dr {display.printable(record.doctor_name).removeprefix('Dr ').removeprefix('Dr. ')} · {_day(visit, record)}"
            )
            st.text(f"{wording.version_sentence(record)} · prescription {record.prescription_id}")
        st.button("Close", key="close", icon=":material/close:", on_click=_close_by_hand, type="tertiary")


def _day(visit: Visit, record: Record) -> str:
    if record.generated_at is not None:
        return wording.day(record.generated_at, visit.services.zone)
    return wording.date_words(record.issued_date)


def _observation(visit: Visit, record: Record) -> Observation | None:
    if not record.has_pdf:
        return None
    key = rows.resolved(visit, record)
    seen = rows.observations(visit, [key], name="record-check")
    return None if seen is None else seen[key]


def _state(visit: Visit, record: Record, *, state: State | None, seen: Observation | None) -> None:
    if state is None:
        st.info(wording.CHECKING, icon=":material/hourglass_empty:")
        return
    at = seen.checked_at if seen else visit.now
    sentence = wording.state_sentence(
        state,
        made=_day(visit, record),
        checked=wording.clock_time(at, visit.services.zone),
        doubt_code=seen.doubt if seen else None,
        record_size=seen.size_bytes if seen else None,
    )
    box = {
        State.FOUND: st.success,
        State.DAMAGED: st.error,
        State.ELSEWHERE: st.warning,
        State.MISSING: st.error,
        State.UNKNOWN: st.warning,
        State.NO_PDF: st.info,
    }[state]
    box(sentence, icon=wording.STATE_ICON[state])
    with st.container(horizontal=True):
        if record.has_pdf:
            st.button(
                "Check again", key="recheck", icon=":material/refresh:", on_click=_check_again, args=(visit, record)
            )
        copying.button("Copy report", _report(visit, record, state=state, at=at), key="copy_report")


def _report(visit: Visit, record: Record, *, state: State, at: datetime) -> str:
    kind, number = number_of(record)
    base = (st.context.url or "").split("?")[0]
    return wording.report(record, state=state, at=at, zone=visit.services.zone, address=f"{base}?{kind}={number}")


def _check_again(visit: Visit, record: Record) -> None:
    visit.services.presence.forget([rows.resolved(visit, record), record.stored_key or ""])
    for name in ("check", "record-check", "details-check", "diagnosis", *inside.OWN):
        st.session_state.pop(name, None)
    rows.forget_elsewhere(record)


def _preview(visit: Visit, record: Record, *, seen: Observation | None) -> None:
    acts: Drawn[previews.Preview | Refused] = once.drawn("preview", of=record.record_id)
    shown = acts.kept.last
    if shown is None:
        size = f", {wording.size(seen.size_bytes)}" if seen and seen.size_bytes is not None else ""
        # The key names the record: a click that comes late does nothing under the next one.
        key = acts.key(f"show_pdf-{record.record_id}")
        if st.button(f"Show PDF{size}", key=key, icon=":material/picture_as_pdf:"):
            with st.spinner("Fetching the PDF…", show_time=True):
                acts.act(lambda: previews.open_pdf(*visit.who(), services=visit.services, record=record))
            st.rerun()
        return
    if isinstance(shown, Refused):
        st.error(wording.refusal(shown), icon=":material/visibility_off:")
    else:
        if shown.is_elsewhere:
            st.info(words.PREVIEW_ELSEWHERE, icon=":material/move_location:")
        st.pdf(shown.body, height=640, key="pdf", alt=f"The PDF of record {record.record_id}")
    st.button("Hide PDF" if not isinstance(shown, Refused) else "Close message", key="hide_pdf", on_click=_hide)


def _hide() -> None:
    st.session_state.pop("preview", None)


def _newer(opened: Opened) -> Record | None:
    """Return the version to use instead of this one."""
    record = opened.record
    if record is None or not record.is_replaced:
        return None
    return next((each for each in opened.versions if each.version == record.latest_version), None)


def _other_versions(visit: Visit, opened: Opened) -> None:
    others = [each for each in opened.versions if opened.record and each.record_id != opened.record.record_id]
    if not others:
        return
    st.markdown("**Other versions**")
    for each in others:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                f"Open version {each.version}", key=f"version-{each.record_id}", on_click=_open_version, args=(each,)
            )
            st.text(f"{_day(visit, each)} · {wording.version_sentence(each)}")
