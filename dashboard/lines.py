"""A table of which a click picks a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

ROW_PX = 35
HALF = 0.5  # of the line below those in view, so that it is seen that there are more


def draw(
    frame: pd.DataFrame,
    *,
    key: str,
    on_click: Callable[[int | None], None],
    alt: str,
    columns: Mapping[str, ColumnConfig],
    most: float = float("inf"),
) -> None:
    """Draw it with ``most`` lines in view; ``on_click`` is told a line's number, None where it was clicked again.

    A selection belongs to its ``key``: other lines need another, or a click where the last one was picks nothing.
    """

    def click() -> None:
        selected = st.session_state[key].selection
        number = selected.rows[0] if selected.rows else selected.cells[0][0] if selected.cells else None
        on_click(number if number is not None and number < len(frame) else None)

    st.dataframe(
        frame,
        hide_index=True,
        row_height=ROW_PX,
        height=int(ROW_PX * (min(len(frame), most) + 1)) + 3,
        on_select=click,
        selection_mode=["single-row", "single-cell"],
        key=key,
        alt=alt,
        column_config=columns,
    )
