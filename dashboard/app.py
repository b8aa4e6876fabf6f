"""The entry script that Streamlit runs for every rerun: page config, the visit, navigation, the one try."""

from __future__ import annotations

import functools

import streamlit as st

from dashboard import logs, widgets, wiring, wording
from dashboard.visit import Visit
from lib import access
from lib.errors import DatabaseUnavailable, LedgerUnavailable, NotAllowed
from pages import PAGES, Screen


def show(screen: Screen, visit: Visit) -> None:
    """Render one screen; the only place that catches what nobody expected."""
    try:
        access.require(visit.actor, screen.permission)
        screen.render(visit)
    except DatabaseUnavailable as error:
        st.error(wording.database(error), icon=":material/database_off:")
        st.button("Try again", key="retry")
    except LedgerUnavailable as error:
        st.error(wording.ledger(error))
    except NotAllowed:
        st.error(wording.NOT_ALLOWED)
    except Exception as error:  # noqa: BLE001 - the one catch-all of the screens: a person never sees a traceback
        logs.failed(f"screen {screen.url}", error)
        st.error(wording.UNEXPECTED, icon=":material/error:")


def main() -> None:
    """Draw the frame and the screen that the address names."""
    st.set_page_config(page_title="Prescription PDFs", page_icon=":material/prescriptions:", layout="wide")
    widgets.style()
    try:
        services, examples = wiring.configured()
    except wiring.NotConfigured:
        st.error(wording.NOT_CONFIGURED)
        return
    visit = Visit(wiring.OPERATOR, access.Scope(), services, examples)
    st.caption(wording.DEMO if services.is_demo else wording.NO_SIGN_IN)
    entries = []
    for number, screen in enumerate(PAGES):
        body = functools.partial(show, screen, visit)
        body.__name__ = screen.url  # type: ignore[attr-defined]  # st.Page names the callable
        entries.append(st.Page(body, title=screen.title, icon=screen.icon, url_path=screen.url, default=number == 0))
    st.navigation(entries, position="top").run()


main()
