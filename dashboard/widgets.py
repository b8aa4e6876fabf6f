"""Small pieces of screen that several pages use."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import wording
from dashboard.wording import lock as lock_words
from dashboard.wording import people as words
from lib.access import Actor

LOCK_SHORTCUT = "Alt+L"  # no browser has it, and no key of its own writes a letter with it on Windows and Linux

# Static style, no data in it. The table's own toolbar goes: its export would let a cell start a formula. While a list is
# open, what grows above it must not scroll the page: the list closes by that (Streamlit 1.67.0), under a person's hand.
STYLE = """
.st-key-identity-name [data-testid="stText"] * { font-size: 1.6rem; font-weight: 650; line-height: 1.25; }
.st-key-identity [data-testid="stText"] * { font-family: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
[class*="st-key-verdict_"] [data-testid="stText"] * { font-family: inherit; font-size: 1.45rem; font-weight: 600; line-height: 1.35; white-space: pre-wrap; overflow-wrap: anywhere; }
[class*="st-key-verdict_"] { border-left: .3rem solid; padding: .25rem 0 .25rem 1rem; }
.st-key-verdict_clean { border-color: #15803d; }
.st-key-verdict_broken { border-color: #b45309; }
.st-key-identity { gap: .25rem; }
[data-testid="stHeaderActionElements"] { display: none; }
[class*="st-key-who-"] [data-testid="stText"] * { font-weight: 650; white-space: pre-wrap; overflow-wrap: anywhere; }
[data-testid="stLayoutWrapper"]:has(> .st-key-head) { order: -1; }
[data-testid="stCaptionContainer"][data-testid] { color: inherit; opacity: .8; }
.st-key-lock kbd { color: inherit; opacity: 1; }
[data-testid="stElementToolbar"] { display: none; }
:is([data-testid^="stTopNav"], [data-testid^="stSidebarNav"], [data-testid="stExpandSidebarButton"], [data-testid="stSidebarCollapseButton"] button):focus-visible { outline: 2px solid currentColor; outline-offset: -2px; }
[data-testid="stMain"]:has([role="combobox"][aria-expanded="true"]) { overflow-anchor: none; }
[data-testid="stMainBlockContainer"] { padding-top: 1.5rem; padding-bottom: 3rem; max-width: 82rem; }
[data-testid="stApp"]:has([data-testid="stTopNav"], [data-testid="stExpandSidebarButton"]) [data-testid="stMainBlockContainer"] { padding-top: 4.25rem; }
"""


def style() -> None:
    """Put the page's static style in place."""
    st.html(f"<style>{STYLE}</style>")


def head(title: str, actor: Actor, *, is_demo: bool, lock: Callable[[], None], sign_out: Callable[[], None]) -> None:
    """Draw the line above every screen: what this is, who is signed in, how to lock it, and the way out.

    It is drawn after the screen and lifted above it by the style, so that Tab reaches the search box first.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="head"):
        st.markdown(f"**{title}**", width="content")
        if is_demo:
            st.badge(wording.DEMO, icon=":material/science:", color="orange")
        st.text(f"{actor.name}, {words.ROLE[actor.role]}", width="content")
        st.button(
            lock_words.LOCK,
            key="lock",
            icon=":material/lock:",
            type="tertiary",
            shortcut=LOCK_SHORTCUT,
            help=lock_words.LOCK_HELP,
            on_click=lock,
        )
        st.button(wording.SIGN_OUT, key="sign_out", icon=":material/logout:", type="tertiary", on_click=sign_out)


def signed_out(*, is_locked: bool = False) -> None:
    """Draw what is left when the session has ended or is locked: nothing but the way in."""
    st.info(lock_words.LOCKED if is_locked else wording.SIGNED_OUT, icon=":material/lock:")
    way, name = ("/unlock", lock_words.UNLOCK) if is_locked else ("/signin", wording.SIGN_IN)
    st.html(f'<a href="{way}" target="_self">{name}</a>')
