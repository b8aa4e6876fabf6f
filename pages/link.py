"""The link of the open record: how long, check and create, hand it over. It stays in this session only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

import streamlit as st

from dashboard import copying, once, wording
from dashboard.once import Drawn
from dashboard.visit import Visit
from dashboard.wording import found as words
from lib import link_bounds, links
from lib.diagnosis import State
from lib.links import LinkRequest, Policy, PresignedUrl, Refused
from lib.objects import Disposition
from lib.records import Record

KEPT = timedelta(minutes=10)  # then the link leaves the screen
OTHER = timedelta(0)  # the choice "Other…"
CHECKING = "Signing, and opening it as a stranger…"
MORE = "Choose how long, or how it opens"


@dataclass(frozen=True, slots=True)
class Made:
    """What "Check and create" gave, and when."""

    at: datetime
    result: PresignedUrl | Refused


def render(
    visit: Visit,
    record: Record,
    *,
    state: State | None,
    newer: Record | None,
    use: Callable[[Record], None],
    is_brief: bool = False,
) -> None:
    """Draw the link section. ``newer`` is the version to use instead, if this one was replaced.

    A brief one is a single button that makes the usual link, until somebody asks for the choices.
    """
    if not is_brief:
        st.markdown("**Link**")
    if newer is not None:
        st.button(f"Use version {newer.version}", key="use_newer", type="primary", on_click=use, args=(newer,))
    acts: Drawn[Made] = once.drawn("link", of=record.record_id)
    made = _made(visit, acts)
    if made is not None and isinstance(made.result, PresignedUrl):
        _hand_over(visit, acts, record, made.result)
        return
    if made is not None and isinstance(made.result, Refused):
        st.error(wording.refusal(made.result), icon=":material/link_off:")
    elif earlier := st.session_state.get("link_made"):
        st.info(wording.MADE_EARLIER.format(time=wording.clock_time(earlier, visit.services.zone)))
    if state in {State.MISSING, State.DAMAGED, State.UNKNOWN}:
        st.caption(wording.NO_LINK_NOW[state])
        return
    if newer is None:
        draw = _at_once if is_brief and not (record.is_draft or record.is_replaced) else _form
        draw(visit, acts, record)
        return
    with st.expander("Share this old version all the same"):
        _form(visit, acts, record)


def _made(visit: Visit, acts: Drawn[Made]) -> Made | None:
    made = acts.kept.last
    if made is None:
        return None
    if visit.now - made.at > KEPT:
        acts.kept.last = None
        return None
    if isinstance(made.result, PresignedUrl):
        st.session_state["link_made"] = made.at
    return made


def _at_once(visit: Visit, acts: Drawn[Made], record: Record) -> None:
    """Draw the one button that makes the usual link, and the way to the choices."""
    span, number = _usual(_policy(visit)), record.record_id
    with st.container(horizontal=True, vertical_alignment="center"):
        if not st.session_state.get(f"choices-{number}"):
            label = f"Make the right link ({wording.duration(span)})"
            if st.button(label, key=acts.key(f"quick-{number}"), icon=":material/add_link:", type="primary"):
                _create(visit, acts, record, span=span, disposition=Disposition.INLINE, reason=None)
        wants_choice = st.toggle(MORE, key=f"choices-{number}", on_change=_forget, args=(acts,))
    if wants_choice:
        _form(visit, acts, record)


def _form(visit: Visit, acts: Drawn[Made], record: Record) -> None:
    policy, number = _policy(visit), record.record_id  # every widget is this record's own
    choices = [*links.presets(policy), OTHER]
    chosen = st.radio(
        "How long should it work?",
        choices,
        index=choices.index(_usual(policy)),
        format_func=lambda span: _choice(visit, span),
        key=f"expiry-{number}",
        on_change=_forget,
        args=(acts,),
    )
    span: timedelta | Refused = chosen
    if chosen == OTHER:
        custom = st.text_input(
            "Other duration", key=f"custom-{number}", placeholder="90m, 12h, 2d", on_change=_forget, args=(acts,)
        )
        span = link_bounds.read(custom, policy=policy)
        if custom:
            st.caption(wording.refusal(span) if isinstance(span, Refused) else _choice(visit, span))
    needs_reason = record.is_draft or record.is_replaced
    reason = ""
    if needs_reason:
        label = "Why share a draft?" if record.is_draft else "Why share a replaced version?"
        reason = st.text_input(label, key=f"reason-{number}", on_change=_forget, args=(acts,))
    with st.expander("More"):
        is_download = (
            st.radio("When it is opened", ["Show in the browser", "Download"], key=f"disposition-{number}")
            == "Download"
        )
    if st.button(
        "Check and create",
        key=acts.key(f"create-{number}"),
        icon=":material/add_link:",
        type="secondary" if record.is_replaced else "primary",
    ):
        disposition = Disposition.ATTACHMENT if is_download else Disposition.INLINE
        _create(visit, acts, record, span=span, disposition=disposition, reason=reason.strip() or None)


def _policy(visit: Visit) -> Policy:
    return link_bounds.for_role(visit.services.policy, visit.actor.role)


def _usual(policy: Policy) -> timedelta:
    offered = links.presets(policy)
    return policy.default_expiry if policy.default_expiry in offered else offered[0]


def _choice(visit: Visit, span: timedelta) -> str:
    if span == OTHER:
        return "Other…"
    now = visit.now
    lives = link_bounds.effective(span, policy=_policy(visit), now=now)
    if isinstance(lives, Refused):
        return f"{wording.duration(span)}: {wording.refusal(lives)}"
    return f"{wording.duration(span)}: until {wording.until(now + lives, now=now, zone=visit.services.zone)}"


def _create(
    visit: Visit,
    acts: Drawn[Made],
    record: Record,
    *,
    span: timedelta | Refused,
    disposition: Disposition,
    reason: str | None,
) -> None:
    def create() -> Made:
        at = visit.now
        return Made(at, _issued(visit, record, span=span, disposition=disposition, reason=reason))

    with st.spinner(CHECKING, show_time=True):
        acts.act(create)
    st.rerun()


def _issued(
    visit: Visit, record: Record, *, span: timedelta | Refused, disposition: Disposition, reason: str | None
) -> PresignedUrl | Refused:
    if isinstance(span, Refused):
        return span
    request = LinkRequest(span, disposition, reason)
    return links.issue(*visit.who(), services=visit.services, record=record, request=request)


def _hand_over(visit: Visit, acts: Drawn[Made], record: Record, link: PresignedUrl) -> None:
    now, zone = visit.now, visit.services.zone
    st.success(wording.link_ready(link, now=now, zone=zone), icon=":material/task_alt:")
    if link.is_elsewhere:
        st.info(words.LINK_ELSEWHERE, icon=":material/move_location:")
    if link.is_public is not False:
        st.warning(wording.PUBLIC_OBJECT if link.is_public else wording.PUBLIC_UNKNOWN, icon=":material/public:")
    message = wording.link_message(link, now=now, zone=zone)
    with st.container(horizontal=True, vertical_alignment="center", key="hand_over"):
        copying.button("Copy link", link.url, key="copy_link")
        copying.button("Copy message", message, key="copy_message")
        digits = "".join(filter(str.isdigit, record.patient_phone))
        if digits:
            target = f"whatsapp://send?phone={digits}&text={quote(message, safe='')}"
            st.link_button("Open WhatsApp", target, icon=":material/chat:")
        st.link_button("Open it here", link.url, icon=":material/open_in_new:")
        st.button("Make another", key="another", on_click=_forget, args=(acts,), type="tertiary")
    st.caption(wording.wrong_person(link, now=now, zone=zone))
    st.fragment(_leave_in_time, run_every=20)(visit, acts)


def _forget(acts: Drawn[Made]) -> None:
    """Drop what was made or is being made; not what was made since.

    A click that comes late brings the choices along, and Streamlit (1.67.0), which forgot them when the link was drawn in
    their place, takes them for changed.
    """
    if acts.kept.acts == acts.number:
        st.session_state.pop("link", None)


def _leave_in_time(visit: Visit, acts: Drawn[Made]) -> None:
    """Take the link off the screen when its time there is over, also when nobody touches the page."""
    made = acts.kept.last
    if made is not None and visit.now - made.at > KEPT:
        st.rerun()
