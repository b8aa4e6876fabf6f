"""Starting a check and going on with one; what came of the click is said once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from dashboard import once, wording
from dashboard.once import Drawn
from dashboard.visit import Visit
from dashboard.wording import audit_starting as words
from dashboard.wording.times import duration
from lib import auditing, keys
from lib.audit_book import Busy
from lib.audits import GRACE, Exposure, Options, Run
from lib.errors import LedgerUnavailable

ACTS = "audit_acts"


@dataclass(frozen=True, slots=True)
class Done:
    """When somebody last clicked to start or to go on, and why nothing came of it, '' where something did."""

    at: datetime
    told: str


def say(visit: Visit, acts: Drawn[Done]) -> None:
    """Say why the last click did nothing, where it did not."""
    done = acts.kept.last
    if done is not None and done.told and visit.now - done.at <= once.TOLD:
        st.error(done.told, icon=":material/block:")


def controls(visit: Visit, acts: Drawn[Done], *, is_first: bool) -> None:
    """Draw the button that starts a check of all files, and the options beside it."""
    if visit.scope.clinics is not None:
        st.caption(words.ONLY_CLINICS)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            words.CHECK,
            key=acts.key("audit_start"),
            icon=":material/fact_check:",
            type="primary" if is_first else "secondary",
        ):
            act(visit, acts, auditing.start, options=Options())
        with st.popover(words.OPTIONS, icon=":material/tune:", key="audit_options"):
            _form(visit, acts)


def act(visit: Visit, acts: Drawn[Done], do: Callable[..., Run], **about: object) -> None:
    """Start a check or go on with one, and draw the page anew."""

    def done() -> Done:
        told = ""
        try:
            do(*visit.who(), services=visit.services, **about)
        except Busy as error:
            told = words.busy(error.run_id, is_elsewhere=error.is_elsewhere)
        except LedgerUnavailable as error:
            told = f"{words.TRAIL_FIRST} {wording.ledger(error)}"
        except LookupError:
            told = words.NOT_RESUMABLE
        except OSError:
            told = words.NOT_STARTED
        return Done(visit.now, told)

    acts.act(done)
    st.rerun()


def _form(visit: Visit, acts: Drawn[Done]) -> None:
    with st.form("audit_form", border=False):
        prefix = st.text_input(
            words.PREFIX,
            key="audit_prefix",
            help=words.PREFIX_HELP,
            placeholder=words.PREFIX_PLACEHOLDER,
            autocomplete="off",
        )
        grace = st.selectbox(
            words.GRACE,
            words.GRACES,
            index=words.GRACES.index(GRACE),
            key="audit_grace",
            format_func=lambda each: duration(each) if each else "None",
            help=words.GRACE_HELP,
        )
        exposure = st.radio(
            words.EXPOSURE_LABEL,
            list(Exposure),
            index=list(Exposure).index(Exposure.SAMPLE),
            key="audit_exposure",
            format_func=words.EXPOSURE.__getitem__,
            captions=[words.EXPOSURE_HELP[each] for each in Exposure],
        )
        is_asked = st.form_submit_button(
            words.START, key=acts.key("audit_start_so"), type="primary", icon=":material/play_arrow:"
        )
    assert exposure is not None
    if is_asked and prefix and keys.impossible(prefix):
        st.error(words.PREFIX_IMPOSSIBLE, icon=":material/block:")
    elif is_asked:
        act(visit, acts, auditing.start, options=Options(prefix=prefix, grace=grace, exposure=exposure))
