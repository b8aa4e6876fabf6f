"""What may be the right file of a record: the best with its proof and what differs, the others in a table."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import display
from dashboard.wording import explain as words
from dashboard.wording.catalogue import EVIDENCE, FLAG, WHY
from lib.candidates import Candidate
from lib.explanation import Explanation

ROW_PX = 54  # two lines


def render(found: Explanation) -> None:
    """Draw nothing where there is none."""
    candidates = found.diagnosis.candidates
    if not candidates:
        return
    st.markdown("##### Suggestions")
    _best(found.record.stored_key or "", candidates[0])
    if len(candidates) > 1:
        _others(candidates[1:])


def _best(stored: str, best: Candidate) -> None:
    st.text(
        words.suggestion(
            evidence=EVIDENCE[best.evidence].partition(":")[0],
            why=[WHY[why] for why in best.why],
            against=[FLAG[flag] for flag in sorted(best.flags)],
        )
    )
    left, right = display.difference(stored, best.key)
    st.code(f"stored      {left}\nsuggestion  {right}", language=None, wrap_lines=True)


def _others(candidates: tuple[Candidate, ...]) -> None:
    frame = pd.DataFrame(
        [
            {
                "Evidence": EVIDENCE[each.evidence].partition(":")[0],
                "Suggestion": display.printable(each.key),
                "Why": "; ".join(WHY[why] for why in each.why) or "–",
                "Against it": "; ".join(FLAG[flag] for flag in sorted(each.flags)) or "–",
                "Size": f"{each.sighting.size_bytes:,}",
            }
            for each in candidates
        ]
    )
    st.dataframe(
        frame,
        hide_index=True,
        row_height=ROW_PX,
        alt="Other files that may be the right one, the surest first",
        column_config={
            "Evidence": st.column_config.TextColumn(width=80, help=" ".join(EVIDENCE.values())),
            "Suggestion": st.column_config.TextColumn(width=360),
            "Why": st.column_config.TextColumn(width=280),
            "Against it": st.column_config.TextColumn(width=250),
            "Size": st.column_config.TextColumn(width=80),
        },
    )
