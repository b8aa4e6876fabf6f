"""Small pieces of screen that several pages use."""

from __future__ import annotations

import streamlit as st

# Static style, no data in it: large type for the identity, a search box that leads the page.
_STYLE = """
<style>
.st-key-identity [data-testid="stText"]:first-child div, .st-key-identity [data-testid="stText"]:first-child {
  font-size: 1.6rem; font-weight: 650; font-family: inherit; line-height: 1.3;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.st-key-identity [data-testid="stText"] div { font-family: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
.block-container, [data-testid="stMainBlockContainer"] { padding-top: 2.2rem; padding-bottom: 3rem; max-width: 78rem; }
</style>
"""


def style() -> None:
    """Put the page's static style in place."""
    st.html(_STYLE)


def say_nothing_found(title: str, advice: str) -> None:
    """Show an empty state that teaches what to do next."""
    with st.container(border=True):
        st.markdown(f"**{title}**")
        st.caption(advice)
