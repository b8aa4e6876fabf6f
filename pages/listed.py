"""Many links or keys at once: a line for each, of which the first few were looked up."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import display, wording
from dashboard.visit import Visit
from dashboard.wording import autopsy as pasted_words
from dashboard.wording import explain as words
from dashboard.wording import link_faults as link_words
from lib import autopsy, several
from lib.access import Permission
from lib.causes import BareKey
from lib.explanation import Explanation
from lib.several import Item

ROW_PX = 54  # two lines


def render(visit: Visit, items: Sequence[Item], *, left_off: int) -> None:
    """Draw what was read, and the table."""
    st.info(pasted_words.many(len(items), left_off), icon=":material/list:")
    cells = [{"Line": str(number), **_cells(visit, each)} for number, each in enumerate(items, start=1)]
    st.dataframe(
        pd.DataFrame(cells),
        hide_index=True,
        row_height=ROW_PX,
        alt="What was pasted, line by line",
        column_config={
            "Line": st.column_config.TextColumn(width=45),
            "Record": st.column_config.TextColumn(width=70),
            "State": st.column_config.TextColumn(width=130),
            "What is wrong": st.column_config.TextColumn(width=430),
            "Key": st.column_config.TextColumn(width=520),
        },
    )
    if len(items) > several.FEW:
        st.caption(words.only_few(several.FEW))


def _cells(visit: Visit, item: Item) -> dict[str, str]:
    main = None if item.inspection is None else item.inspection.main
    is_seen = main is not None and (visit.may(Permission.KEYS) or not isinstance(main.record, BareKey))
    cells = {
        "Record": _record(item, main),
        "State": wording.state_cell(main.diagnosis.state) if main is not None and is_seen else words.NOT_LOOKED_UP,
        "What is wrong": _wrong(visit, item, main if is_seen else None),
    }
    if visit.may(Permission.KEYS):
        cells["Key"] = display.printable(item.pasted.key or item.pasted.raw)
    return cells


def _record(item: Item, main: Explanation | None) -> str:
    if item.inspection is None:
        return "–"
    if main is None or isinstance(main.record, BareKey):
        return "none"
    return str(main.record.record_id or "–")


def _wrong(visit: Visit, item: Item, main: Explanation | None) -> str:
    """Say what is wrong with the link, else with the record; nothing of a key that nobody was asked about."""
    knows = visit.may(Permission.KEYS)
    fault = None if item.autopsy is None else autopsy.why(item.autopsy)
    if fault is not None:
        said = link_words.fault(fault)
        return f"{fault.fault}: {said.developer}" if knows else said.staff
    if main is not None and (cause := words.cause(main, for_developers=knows)):
        return cause
    return "–"
