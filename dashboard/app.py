"""The entry script that Streamlit runs for every rerun: page config, the visit, navigation."""

from __future__ import annotations

import functools
from typing import Any

import streamlit as st

try:
    from dashboard import widgets, wiring, wording
except ModuleNotFoundError as error:  # `streamlit run`: this file's folder is on the path, the project's is not
    if error.name != "dashboard":
        raise
    st.error("Start the dashboard with: python -m dashboard run")
    st.stop()

from dashboard.frame import show
from dashboard.visit import SignedOut, Visit
from lib.errors import LedgerUnavailable
from pages import PAGES, Screen

START = "start"  # what Streamlit calls the screen at "/"


def main() -> None:
    """Draw the frame and the screen that the address names, for whoever the session belongs to."""
    st.set_page_config(page_title=wording.TITLE, page_icon="📄", layout="wide")
    widgets.style()
    try:
        served = wiring.configured()
    except wiring.NotConfigured:
        st.error(wording.NOT_CONFIGURED)
        return
    token = st.context.cookies.get(served.cookie, "")
    try:
        actor, _ = served.who(token)
    except SignedOut as left:
        widgets.signed_out(is_locked=left.is_locked)
        return
    except LedgerUnavailable as error:
        st.error(wording.ledger(error), icon=":material/database_off:")
        st.button("Try again", key="retry")
        return
    visit = Visit(
        who=functools.partial(served.who, token),
        session=functools.partial(served.session, token),
        services=served.services,
        accounts=served.accounts,
        examples=served.examples,
        puzzles=served.puzzles,
        public_url=served.public_url,
    )
    entries = []
    for number, screen in enumerate(each for each in PAGES if visit.may(each.permission)):
        is_start = number == 0
        if is_start:  # Streamlit knows the screen at "/" by no other address; a link names it by its own
            entries.append(_entry(screen, visit, url=START, default=True))
        entries.append(_entry(screen, visit, url=screen.url, visibility="hidden" if is_start else "visible"))
    if not entries:
        st.error(wording.NOT_ALLOWED)
        return
    st.navigation(entries, position="top").run()
    widgets.head(
        wording.TITLE,
        actor,
        is_demo=served.services.is_demo,
        lock=functools.partial(served.lock, token),
        sign_out=functools.partial(served.sign_out, token),
    )


def _entry(screen: Screen, visit: Visit, *, url: str, **how: Any) -> Any:
    body = functools.partial(show, screen, visit)
    body.__name__ = url  # type: ignore[attr-defined]  # st.Page names the callable
    return st.Page(body, title=screen.title, icon=screen.icon, url_path=url, **how)


if __name__ == "__main__":  # as Streamlit runs it
    main()
