"""Small pieces of screen that several pages use."""

from __future__ import annotations

import streamlit as st

# Static style, no data in it. The table's own toolbar goes: its export would let a cell start a formula.
_STYLE = """
<style>
.st-key-identity-name [data-testid="stText"] * { font-size: 1.6rem; font-weight: 650; line-height: 1.25; }
.st-key-identity [data-testid="stText"] * { font-family: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
.st-key-identity { gap: .25rem; }
[data-testid="stElementToolbar"] { display: none; }
[data-testid="stMainBlockContainer"] { padding-top: 1.5rem; padding-bottom: 3rem; max-width: 82rem; }
</style>
"""


def style() -> None:
    """Put the page's static style in place."""
    st.html(_STYLE)


def head(title: str, *, note: str, is_demo: bool) -> None:
    """Draw the line above every screen: what this is, and what must be known about who is here."""
    with st.container(horizontal=True, vertical_alignment="center", key="head"):
        st.markdown(f"**{title}**", width="content")
        st.badge(
            note, icon=":material/science:" if is_demo else ":material/computer:", color="orange" if is_demo else "blue"
        )
