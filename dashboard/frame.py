"""Around every screen: the permission it needs, and the one try, so that nobody ever sees a traceback."""

from __future__ import annotations

import streamlit as st

from dashboard import logs, widgets, wording
from dashboard.visit import SignedOut, Visit
from lib import access
from lib.errors import DatabaseUnavailable, LedgerUnavailable, NotAllowed
from pages import Screen


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
    except SignedOut:
        widgets.signed_out()
    except NotAllowed:
        st.error(wording.NOT_ALLOWED)
    except Exception as error:  # noqa: BLE001 - the one catch-all of the screens: a person never sees a traceback
        logs.failed(f"screen {screen.url}", error)
        st.error(wording.UNEXPECTED, icon=":material/error:")
