"""The files that browsers load from us: scripts and styles of our components, served under our own address.

A component whose script is a string is loaded from a ``blob:`` address (Streamlit 1.67.0, ``BidiComponent``), which a
content security policy would have to allow. A file that is declared in a manifest is loaded from ``/_stcore/…``.
Streamlit reads manifests of installed packages only, so ours is handed to it when it is first needed.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Required, TypedDict

from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

PACKAGE = "dashboard"
COPY = "copy"
FOLDER = Path(__file__).parent
_MANIFEST = ComponentManifest(PACKAGE, "1", [ComponentConfig(COPY, asset_dir="assets")])
_once = Lock()


class Files(TypedDict, total=False):
    """Arguments of ``st.components.v2.component``."""

    name: Required[str]
    js: str
    css: str


def files(component: str, *, css: bool = False) -> Files:
    """Return a component's name, and where its script and style are, once Streamlit knows of them."""
    found: Files = {"name": f"{PACKAGE}.{component}", "js": f"{component}.js"}
    if css:
        found["css"] = f"{component}.css"
    with _once:
        manager = get_bidi_component_manager()
        if manager.get_component_asset_root(found["name"]) is None:
            manager.register_from_manifest(_MANIFEST, FOLDER.parent)
    return found
