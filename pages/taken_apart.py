"""A signed link on Explain: why it does not open in one sentence, and what it says of itself."""

from __future__ import annotations

import streamlit as st

from dashboard import copying, display
from dashboard.visit import Visit
from dashboard.wording import autopsy as pasted_words
from dashboard.wording import explain as words
from dashboard.wording import link_faults as link_words
from dashboard.wording.times import instant
from lib import autopsy, link_faults
from lib.access import Permission
from lib.autopsy import Autopsy
from lib.inspection import Inspection
from lib.link_faults import LinkFault


def verdict(visit: Visit, found: Inspection) -> None:
    """Draw the sentence, when the link ends or ended, and what was undone to read it."""
    seen = found.autopsy
    assert seen is not None
    fault = autopsy.why(seen)
    if fault is None:
        st.info(link_words.LOOKS_FINE.staff, icon=":material/link:")
    elif fault.fault is LinkFault.LOCATION_MISSING and found.explanations:
        st.error(words.BARE_KEY, icon=":material/link_off:")
    else:
        st.error(display.literal(link_words.fault(fault).staff), icon=":material/link_off:")
    time = pasted_words.time_of(seen, now=visit.now, zone=visit.services.zone)
    told = [words.link_time(time) if time else "", pasted_words.undone(seen.mended.undone)]
    st.caption(display.literal(" ".join(filter(None, told))))
    is_mended = fault is not None and fault.fault in link_faults.DAMAGE
    if is_mended and found.explanations and visit.may(Permission.LINK):
        copying.button("Copy the mended link", seen.mended.link, key="copy_mended")


def facts(visit: Visit, seen: Autopsy) -> None:
    """Draw the link taken apart, for the roles that see keys."""
    if not visit.may(Permission.KEYS):
        return
    zone, now = visit.services.zone, visit.now
    with st.container(border=True):
        st.markdown("##### The link, taken apart")
        told = {
            "Signature": seen.signature.value,
            "Signer": seen.signer or "–",
            "Bucket": display.printable(seen.bucket) or "–",
            "Key": display.printable(seen.key) or "–",
            "Region": display.printable(seen.region) or "–",
        }
        if seen.issued_at is not None:
            told["Issued"] = instant(seen.issued_at, now=now, zone=zone)
        width = max(map(len, told))
        st.code("\n".join(f"{name:<{width}}  {value}" for name, value in told.items()), language=None, wrap_lines=True)
        for each in seen.problems:
            st.text(f"{each.fault}: {link_words.fault(each).developer}")
