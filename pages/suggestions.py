"""The suggestions of a diagnosis: what differs from the stored key, and each with its evidence."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import display
from dashboard.wording.catalogue import EVIDENCE, FLAG, WHY
from lib.explanation import Explanation


def render(found: Explanation) -> None:
    """Draw them, the surest first; nothing where there are none. For roles that see keys."""
    if not found.diagnosis.candidates:
        return
    frame = pd.DataFrame(
        [
            {
                "Evidence": EVIDENCE[each.evidence].partition(":")[0],
                "Suggestion": display.printable(each.key),
                "Why": "; ".join(WHY[why] for why in each.why),
                "Against it": "; ".join(FLAG[flag] for flag in sorted(each.flags)) or "–",
                "Size": f"{each.sighting.size_bytes:,}",
            }
            for each in found.diagnosis.candidates
        ]
    )
    st.markdown("**Suggestions**")
    best = found.diagnosis.candidates[0]
    stored, suggested = display.difference(found.record.stored_key or "", best.key)
    st.code(f"stored      {stored}\nsuggestion  {suggested}", language=None, wrap_lines=True)
    st.dataframe(
        frame,
        hide_index=True,
        alt="Files that may be the right one, the surest first",
        column_config={
            "Evidence": st.column_config.TextColumn(width=90, help=" ".join(EVIDENCE.values())),
            "Suggestion": st.column_config.TextColumn(width=430),
            "Why": st.column_config.TextColumn(width=330),
            "Against it": st.column_config.TextColumn(width=170),
            "Size": st.column_config.TextColumn(width=70),
        },
    )
