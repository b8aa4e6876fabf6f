"""Around every screen: the permission it needs, and the one try, so that nobody ever sees a traceback."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import logs, widgets, wording
from dashboard.visit import SignedOut, Visit
from lib import access, authority
from lib.errors import DatabaseUnavailable, LedgerUnavailable, NotAllowed
from pages import Screen


def show(screen: Screen, visit: Visit) -> None:
    """Render one screen; the only place that catches what nobody expected."""
    try:
        _forget_what_others_were_shown(visit)
        authority.require(*visit.who(), screen.permission, services=visit.services, reason=screen.url)
        screen.render(visit)
    except DatabaseUnavailable as error:
        st.error(wording.database(error), icon=":material/database_off:")
        st.button("Try again", key="retry")
    except LedgerUnavailable as error:
        st.error(wording.ledger(error), icon=":material/database_off:")
        st.button("Try again", key="retry")
    except SignedOut as left:
        widgets.signed_out(is_locked=left.is_locked)
    except NotAllowed:
        st.error(wording.NOT_ALLOWED)
    except Exception as error:  # noqa: BLE001 - the one catch-all of the screens: a person never sees a traceback
        logs.failed(f"screen {screen.url}", error)
        st.error(wording.UNEXPECTED, icon=":material/error:")


def _forget_what_others_were_shown(visit: Visit) -> None:
    """Empty the browser session when somebody else acts in it, or the same person with another role or other clinics.

    It holds answers, an open record, a preview, a link: what the one before could see.
    """
    actor, scope = visit.who()
    who = (replace(actor, address=None), access.narrowed(actor, scope))
    if st.session_state.get("who", who) != who:
        st.session_state.clear()
    st.session_state["who"] = who
