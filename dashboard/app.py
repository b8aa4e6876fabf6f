"""The entry script that Streamlit runs for every rerun: page config, the visit, navigation."""

from __future__ import annotations

import functools

import streamlit as st

from dashboard import widgets, wiring, wording
from dashboard.frame import show
from dashboard.visit import Visit
from lib import access
from pages import PAGES


def main() -> None:
    """Draw the frame and the screen that the address names."""
    st.set_page_config(page_title=wording.TITLE, page_icon="📄", layout="wide")
    widgets.style()
    try:
        services, examples = wiring.configured()
    except wiring.NotConfigured:
        st.error(wording.NOT_CONFIGURED)
        return
    visit = Visit(wiring.OPERATOR, access.Scope(), services, examples)
    widgets.head(wording.TITLE, note=wording.DEMO if services.is_demo else wording.NO_SIGN_IN, is_demo=services.is_demo)
    entries = []
    for number, screen in enumerate(each for each in PAGES if visit.may(each.permission)):
        body = functools.partial(show, screen, visit)
        body.__name__ = screen.url  # type: ignore[attr-defined]  # st.Page names the callable
        entries.append(st.Page(body, title=screen.title, icon=screen.icon, url_path=screen.url, default=number == 0))
    if not entries:
        st.error(wording.NOT_ALLOWED)
        return
    st.navigation(entries, position="top").run()


if __name__ == "__main__":  # as Streamlit runs it
    main()
