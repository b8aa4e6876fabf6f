"""The same findings for those who would rather look: by month, by cause, from folder to folder, check by check."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard.visit import Visit
from dashboard.wording import pictures as words
from lib import audit_history
from lib.audits import Run
from pages import audit_charts
from pages.audit_charts import Picture
from pages.audit_shown import Shown

INK, DARK_INK = "#31333f", "#fafafa"  # the text of Streamlit's two themes


def render(visit: Visit, shown: Shown, runs: Sequence[Run]) -> None:
    """Draw the pictures for which there is something to see, two beside each other where there is room."""
    points = audit_history.trend(runs)
    ink = DARK_INK if st.context.theme.type == "dark" else INK
    right = sum(shown.right_files.values())
    pictures = [
        *([audit_charts.months(shown.months, ink=ink)] if shown.months else []),
        *([audit_charts.causes(shown.months, shown.groups, right_files=right, ink=ink)] if shown.months else []),
        *([audit_charts.flows(shown.flows, ink=ink)] if shown.flows else []),
        *([audit_charts.trend(points, zone=visit.services.zone, ink=ink)] if len(points) > 1 else []),
    ]
    if not pictures:
        return
    st.subheader("In pictures")
    for start in range(0, len(pictures), 2):
        sides = st.columns(2, gap="large")
        for side, picture in zip(sides, pictures[start : start + 2], strict=False):
            with side:
                _draw(picture)


def _draw(picture: Picture) -> None:
    st.markdown(f"**{picture.title}**")
    st.echarts_chart(picture.option, height=picture.height, alt=picture.alt)
    st.text(picture.alt)
    if picture.beside:
        st.text(picture.beside)
    with st.expander(words.AS_TABLE, icon=":material/table:"):
        st.dataframe(pd.DataFrame(picture.table), hide_index=True, alt=picture.title)
