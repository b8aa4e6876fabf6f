"""People: who has an account, as what, and for which clinics. For owners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NoReturn
from urllib.parse import urlsplit

import streamlit as st

from dashboard import copying, once
from dashboard.once import Drawn
from dashboard.visit import Visit
from dashboard.wording import people as words
from lib import accounts
from lib.accounts import NewPerson
from lib.password_links import PasswordLink
from lib.people import NAME_MAX, NewRole, Person, Refusal, name_key
from pages import rights

KEPT = timedelta(minutes=10)  # then the link leaves the screen
TOLD = timedelta(
    seconds=10
)  # not in one run only: a click that comes late would stop it, and nobody would have read it


@dataclass(frozen=True, slots=True)
class Link:
    """A link on the screen. It stays until it is put away; what is refused meanwhile does not take it away."""

    at: datetime
    made: PasswordLink


@dataclass(frozen=True, slots=True)
class Done:
    """What the last act came to, in this session; ``added`` counts those who were added in it."""

    at: datetime
    said: Person | Refusal | None = None
    link: Link | None = None
    added: int = 0


def render(visit: Visit) -> None:
    """Draw the accounts, what can be done with each, and the way to add one."""
    acts: Drawn[Done] = once.drawn("people_acts")
    actor, scope = visit.who()
    everybody = accounts.everybody(actor, visit.accounts, at=visit.now, scope=scope)
    people = tuple(sorted(everybody, key=lambda person: name_key(person.name)))
    _say(visit, acts)
    st.dataframe(words.people_table(people), hide_index=True, alt="Everybody who has an account")
    clinics = rights.offered(visit, people)
    one, other = st.columns(2, gap="large")
    with one:
        _change(visit, acts, people, clinics)
    with other:
        _add(visit, acts, clinics)


def _change(visit: Visit, acts: Drawn[Done], people: tuple[Person, ...], clinics: dict[str, str]) -> None:
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
        if is_ours and st.button("Save role and clinics", key=acts.key("save"), type="primary", disabled=wanted == now):
            _act(visit, acts, accounts.set_role, chosen, wanted)
        if person.is_active:
            if is_ours and st.button("New password link", key=acts.key("reset"), icon=":material/key:"):
                _act(visit, acts, accounts.reset, chosen)
            if st.button("Disable", key=acts.key("disable"), icon=":material/person_off:"):
                _act(visit, acts, accounts.disable, chosen)
        elif st.button("Enable", key=acts.key("enable"), icon=":material/person:"):
            _act(visit, acts, accounts.enable, chosen)


def _add(visit: Visit, acts: Drawn[Done], clinics: dict[str, str]) -> None:
    st.subheader("Add somebody")
    number = acts.kept.last.added if acts.kept.last else 0  # the next one begins with empty fields
    name = st.text_input("Name", key=f"name-{number}", max_chars=NAME_MAX)
    wanted = NewPerson(name, rights.choose(f"new-{number}", clinics))
    if st.button("Add", key=acts.key("add"), icon=":material/person_add:", type="primary"):
        _act(visit, acts, accounts.add, wanted)


def _act(
    visit: Visit, acts: Drawn[Done], do: Callable[..., PasswordLink | Person | Refusal], *about: object
) -> NoReturn:
    def done() -> Done:
        actor, scope = visit.who()
        result, before = do(actor, visit.accounts, *about, at=visit.now, scope=scope), acts.kept.last
        added = before.added if before else 0
        match result:
            case PasswordLink():
                return Done(visit.now, link=Link(visit.now, result), added=added + (do is accounts.add))
            case Refusal():
                return Done(visit.now, result, before.link if before else None, added)
            case Person():
                return Done(visit.now, result, added=added)

    acts.act(done)
    st.rerun()


def _say(visit: Visit, acts: Drawn[Done]) -> None:
    done = acts.kept.last
    if done is None:
        return
    is_told = visit.now - done.at <= once.TOLD
    match done.said:
        case Refusal() if is_told:
            st.error(words.account_refusal(done.said))
        case Person() if is_told:
            with st.container(border=True):
                st.text(words.person_now(done.said))
        case _:
            pass
    if done.link is None:
        return
    if visit.now - done.link.at > KEPT:
        _put_away(acts)
    else:
        _hand_over(visit, acts, done.link.made)


def _hand_over(visit: Visit, acts: Drawn[Done], link: PasswordLink) -> None:
    own = urlsplit(visit.public_url or st.context.url or "")  # else as this owner's browser reached the dashboard
    address = f"{own.scheme}://{own.netloc}" if own.netloc else ""
    with st.container(border=True):
        st.text(words.link_for(link, now=visit.now, zone=visit.services.zone, has_address=bool(address)))
        st.caption(words.LINK_IS_SHOWN_ONCE)
        with st.container(horizontal=True, vertical_alignment="center"):
            copying.button("Copy link", f"{address}{link.path}", key="copy_password_link")
            st.button("Done", key="put_away", type="tertiary", on_click=_put_away, args=(acts,))
    st.fragment(_leave_in_time, run_every=20)(visit, acts)


def _put_away(acts: Drawn[Done]) -> None:
    if acts.kept.last is not None:
        acts.kept.last = replace(acts.kept.last, link=None)


def _leave_in_time(visit: Visit, acts: Drawn[Done]) -> None:
    """Take the link off the screen when its time there is over, also when nobody touches the page."""
    done = acts.kept.last
    if done is not None and done.link is not None and visit.now - done.link.at > KEPT:
        st.rerun()
