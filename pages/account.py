"""Account: who I am here, where I am signed in, and another password. For everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from dashboard import once, widgets, wording
from dashboard.once import Drawn
from dashboard.visit import Visit
from dashboard.wording import lock as lock_words
from dashboard.wording import people as words
from lib import sign_in
from lib.people import PasswordState, Person
from lib.sessions import Live
from lib.sign_in import Denied


@dataclass(frozen=True, slots=True)
class Done:
    """What the last try to change the password came to."""

    at: datetime
    result: Person | Denied


def render(visit: Visit) -> None:
    """Draw the person, their sessions and the way to another password."""
    live, zone = visit.session(), visit.services.zone
    with st.container(border=True):
        st.text(words.person_now(live.person))
    st.subheader("Where you are signed in")
    sessions = sign_in.open_sessions(visit.accounts, live, at=visit.now)
    table = words.session_table(sessions, mine=live.session, zone=zone)
    st.dataframe(table, hide_index=True, alt="Your sessions, the newest first")
    st.caption(words.UNKNOWN_SESSION)
    if st.button("Sign out everywhere", key="sign_out_everywhere", icon=":material/logout:"):
        sign_in.sign_out(visit.accounts, live, at=visit.now, everywhere=True)
        widgets.signed_out()
        st.stop()
    _password(visit, live)
    st.subheader("PIN")
    st.caption(lock_words.PIN_ON_ACCOUNT)
    st.html(f'<a href="/pin" target="_self">{lock_words.PIN_LINK}</a>')


def _password(visit: Visit, live: Live) -> None:
    st.subheader("Change your password")
    if live.person.password is PasswordState.ELSEWHERE:
        st.caption(words.PASSWORD_ELSEWHERE)
        return
    if live.person.password is PasswordState.NONE:
        st.caption(words.NO_PASSWORD)
        return
    acts: Drawn[Done] = once.drawn("password_acts")
    with st.form("password", border=False):
        old = st.text_input("Password now", type="password", autocomplete="current-password", key="old_password")
        new = st.text_input(wording.NEW_PASSWORD, type="password", autocomplete="new-password", key="new_password")
        st.caption(f"{wording.PASSWORD_RULE} {words.PASSWORD_SIGNS_OUT}")
        is_sent = st.form_submit_button("Change password", key=acts.key("change_password"), type="primary")
    if is_sent:
        acts.act(lambda: Done(visit.now, sign_in.change_password(visit.accounts, live, old=old, new=new, at=visit.now)))
    done = acts.kept.last
    if done is None:
        return
    if isinstance(done.result, Denied):
        if is_sent:
            st.rerun()
        if visit.now - done.at <= once.TOLD:
            st.error(words.password_refused(done.result))
        return
    st.success(wording.PASSWORD_SET)
    widgets.signed_out()
    st.stop()
