"""People: who has an account, as what, and for which clinics. For owners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

import streamlit as st

from dashboard import copying
from dashboard.visit import Visit
from dashboard.wording import people as words
from lib import accounts
from lib.accounts import NewPerson
from lib.password_links import PasswordLink
from lib.people import NAME_MAX, NewRole, Person, Refusal, name_key
from pages import rights

Result = TypeVar("Result")

KEPT = timedelta(minutes=10)  # then the link leaves the screen


@dataclass(frozen=True, slots=True)
class Done:
    """What the last click did. It is told once, in this session; a link stays until it is put away."""

    at: datetime
    result: PasswordLink | Person | Refusal


def render(visit: Visit) -> None:
    """Draw the accounts, what can be done with each, and the way to add one."""
    actor, scope = visit.who()
    everybody = accounts.everybody(actor, visit.accounts, at=visit.now, scope=scope)
    people = tuple(sorted(everybody, key=lambda person: name_key(person.name)))
    _say(visit)
    st.dataframe(words.people_table(people), hide_index=True, alt="Everybody who has an account")
    clinics = rights.offered(visit, people)
    one, other = st.columns(2, gap="large")
    with one:
        _change(visit, people, clinics)
    with other:
        _add(visit, clinics)


def _change(visit: Visit, people: tuple[Person, ...], clinics: dict[str, str]) -> None:
    st.subheader("Change somebody")
    if not people:
        st.caption(words.NOBODY_YET)
        return
    by_id = {person.person_id: person for person in people}
    chosen = st.selectbox("Person", list(by_id), format_func=lambda each: by_id[each].name, key="person")
    person = by_id[chosen]
    is_ours = person.identity is None
    if is_ours:
        st.caption(words.YOURSELF if person.name == visit.actor.name else words.CHANGE_SIGNS_OUT)
    else:
        st.caption(words.FROM_PROVIDER)
    now = NewRole(person.role, person.clinics, person.granted)
    if is_ours:
        wanted = rights.choose(f"{person.person_id}-{person.generation}", clinics, now=now)  # its own, and as it is now
    with st.container(horizontal=True):
        if is_ours and st.button("Save role and clinics", key="save", type="primary", disabled=wanted == now):
            _done(visit, _act(visit, accounts.set_role, chosen, wanted))
        if person.is_active:
            if is_ours and st.button("New password link", key="reset", icon=":material/key:"):
                _done(visit, _act(visit, accounts.reset, chosen))
            if st.button("Disable", key="disable", icon=":material/person_off:"):
                _done(visit, _act(visit, accounts.disable, chosen))
        elif st.button("Enable", key="enable", icon=":material/person:"):
            _done(visit, _act(visit, accounts.enable, chosen))


def _add(visit: Visit, clinics: dict[str, str]) -> None:
    st.subheader("Add somebody")
    number = st.session_state.get("people_added", 0)  # the next one begins with empty fields
    name = st.text_input("Name", key=f"name-{number}", max_chars=NAME_MAX)
    wanted = NewPerson(name, rights.choose(f"new-{number}", clinics))
    # The second click of a fast double click belongs to a button that is gone.
    if st.button("Add", key=f"add-{number}", icon=":material/person_add:", type="primary"):
        made = _act(visit, accounts.add, wanted)
        if isinstance(made, PasswordLink):
            st.session_state["people_added"] = number + 1
        _done(visit, made)


def _act(visit: Visit, do: Callable[..., Result], *about: object) -> Result:
    actor, scope = visit.who()
    return do(actor, visit.accounts, *about, at=visit.now, scope=scope)


def _done(visit: Visit, result: PasswordLink | Person | Refusal) -> None:
    st.session_state["people_done"] = Done(visit.now, result)
    st.rerun()


def _say(visit: Visit) -> None:
    done: Done | None = st.session_state.get("people_done")
    if done is None or visit.now - done.at > KEPT:
        _forget()
        return
    match done.result:
        case Refusal():
            st.error(words.account_refusal(done.result))
            _forget()
        case Person():
            with st.container(border=True):
                st.text(words.person_now(done.result))
            _forget()
        case PasswordLink():
            _hand_over(visit, done.result)


def _hand_over(visit: Visit, link: PasswordLink) -> None:
    own = urlsplit(visit.public_url or st.context.url or "")  # else as this owner's browser reached the dashboard
    address = f"{own.scheme}://{own.netloc}" if own.netloc else ""
    with st.container(border=True):
        st.text(words.link_for(link, now=visit.now, zone=visit.services.zone, has_address=bool(address)))
        st.caption(words.LINK_IS_SHOWN_ONCE)
        with st.container(horizontal=True, vertical_alignment="center"):
            copying.button("Copy link", f"{address}{link.path}", key="copy_password_link")
            st.button("Done", key="put_away", type="tertiary", on_click=_forget)
    st.fragment(_leave_in_time, run_every=20)(visit)


def _forget() -> None:
    st.session_state.pop("people_done", None)


def _leave_in_time(visit: Visit) -> None:
    """Take the link off the screen when its time there is over, also when nobody touches the page."""
    done: Done | None = st.session_state.get("people_done")
    if done is not None and visit.now - done.at > KEPT:
        st.rerun()
