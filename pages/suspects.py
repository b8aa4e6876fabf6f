"""An error page on Explain: what it means, and the two founding suspects, each with a check of one click."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from dashboard import display, wording
from dashboard.visit import Visit
from dashboard.wording import error_pages as page_words
from dashboard.wording import explain as words
from lib import explanation, search
from lib.access import Permission
from lib.error_pages import ErrorPage
from lib.objects import Presence
from lib.records import Filters
from lib.resolvers import Resolver

OWN = ("suspects",)
NEWEST, TRIED = 25, 5  # records that are read, and of which storage is asked until one is there


def error_page(visit: Visit, page: ErrorPage) -> None:
    """Draw what the page means, and for the roles that see keys the suspects."""
    said = page_words.error_page(page)
    st.error(display.literal(said.staff), icon=":material/description:")
    if visit.may(Permission.KEYS):
        st.text(f"{display.printable(page.said) or page.code}: {said.developer}")
        _suspects(visit)


def _suspects(visit: Visit) -> None:
    """Draw both with their buttons, and below what the last one found."""
    st.markdown("##### The two first suspects")
    for number, (said, label) in enumerate(zip(page_words.SUSPECTS, words.SUSPECT_BUTTONS, strict=True)):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(said.developer, width="stretch")
            if st.button(label, key=f"suspect-{number}"):
                st.session_state["suspects"] = (number, _bare_key(visit) if number == 0 else _endpoint(visit))
    if checked := st.session_state.get("suspects"):
        st.info(checked[1], icon=":material/fact_check:")


def _bare_key(visit: Visit) -> str:
    """Ask for a stored key as it stands, and for its resolved key: of the newest record of a few whose PDF is there."""
    found = search.find(*visit.who(), services=visit.services, text="", filters=Filters(), limit=NEWEST)
    said = words.NO_NEWEST
    for row in [each for each in found.page.records if each.stored_key][:TRIED]:
        live = explanation.matrix(*visit.who(), services=visit.services, row=row)
        seen = {each.asks.resolver: each.observation for each in live}
        bare, signer = seen.get(Resolver.BARE), seen.get(Resolver.SIGNER)
        if bare is None or signer is None:
            continue
        answers = f"bare key: {wording.answer(bare)}; resolved key: {wording.answer(signer)}"
        is_it = bare.presence is Presence.ABSENT and signer.presence is Presence.PRESENT
        said = (words.BARE_IS_IT if is_it else words.BARE_IS_NOT).format(record=row.record_id, answers=answers)
        if signer.presence is not Presence.ABSENT:
            break
    return said


def _endpoint(visit: Visit) -> str:
    """Look whether our own endpoint holds the bucket. Whoever signed the link may have another setting."""
    services = visit.services
    host, path = urlsplit(services.endpoint_url)[1:3]
    holds = host.startswith(f"{services.bucket}.") or path.strip("/") == services.bucket
    return (words.ENDPOINT_HOLDS if holds else words.ENDPOINT_IS_FINE).format(bucket=services.bucket)
