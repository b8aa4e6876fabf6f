"""A button that copies a text. Where the browser has no clipboard (plain http), it shows the text, selected.

``st.code`` draws its copy button everywhere, also where it cannot work (seen in Streamlit 1.67).
The script is constant; the text travels as data and is only ever put into a text field.
"""

from __future__ import annotations

import streamlit as st

from dashboard import assets

_HTML = '<button type="button"></button><textarea readonly rows="4" hidden aria-label="Select and copy"></textarea>'


def button(label: str, text: str, *, key: str) -> None:
    """Draw the button; ``text`` is what lands in the clipboard."""
    mount = st.components.v2.component(html=_HTML, **assets.files(assets.COPY, css=True))
    mount(key=key, data={"label": label, "text": text, "done": "Copied"}, width="content", height="content")
