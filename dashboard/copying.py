"""A button that copies a text. Where the browser has no clipboard (plain http), it shows the text, selected.

``st.code`` draws its copy button everywhere, also where it cannot work (FACTS: seen in Streamlit 1.67).
The script is constant; the text travels as data and is only ever put into a text field.
"""

from __future__ import annotations

import streamlit as st

_CSS = """
button { font: inherit; font-size: .875rem; color: inherit; background: transparent; border: 1px solid var(--st-border-color, #8886);
  border-radius: .5rem; padding: .3rem .8rem; min-height: 2.5rem; cursor: pointer; white-space: nowrap; }
button:hover, button:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color); }
textarea { display: block; width: 100%; margin-top: .4rem; font: .85rem monospace; color: inherit;
  background: transparent; border: 1px solid var(--st-border-color, #8886); border-radius: .3rem; }
textarea[hidden] { display: none; }
"""
_HTML = '<button type="button"></button><textarea readonly rows="4" hidden aria-label="Select and copy"></textarea>'
_JS = """
export default function (component) {
  const { data, parentElement } = component;
  const button = parentElement.querySelector("button");
  const field = parentElement.querySelector("textarea");
  button.textContent = data.label;
  field.hidden = true;
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(data.text);
      button.textContent = data.done;
      setTimeout(() => { button.textContent = data.label; }, 2500);
    } catch {
      field.value = data.text;
      field.hidden = false;
      field.focus();
      field.select();
    }
  };
}
"""
_NAME = "copy_button"


def button(label: str, text: str, *, key: str) -> None:
    """Draw the button; ``text`` is what lands in the clipboard."""
    mount = st.components.v2.component(_NAME, html=_HTML, css=_CSS, js=_JS)
    mount(key=key, data={"label": label, "text": text, "done": "Copied"}, width="content", height="content")
