"""Options of ``.streamlit/config.toml`` that the product relies on. The start is refused when one is not in force.

Streamlit looks that file up from the current folder and ignores ``STREAMLIT_*`` variables under uvicorn,
so what is written there is not proof of what holds (seen in 1.67.0).
"""

from __future__ import annotations

import json
from collections.abc import Callable

from streamlit import config

from lib.errors import SettingInvalid

REQUIRED: dict[str, object] = {
    "client.showErrorDetails": "none",  # no traceback, which may hold data, on anybody's screen
    "server.enableXsrfProtection": True,
    "server.enableCORS": True,  # checks the websocket's Origin
    "server.corsAllowedOrigins": [],
    "server.trustedUserHeaders": {},  # nobody may say in a header who they are
    "global.developmentMode": False,  # accepts every origin
    "server.enableStaticServing": False,
    "server.fileWatcherType": "none",
    "server.enableAgentApi": False,  # the screens for programs, without a browser
    "server.scriptHealthCheckEnabled": False,  # runs the script for anybody who asks
    "browser.gatherUsageStats": False,  # nothing about a clinic goes to anybody
    "runner.magicEnabled": False,  # a bare expression is never drawn
}


def require(read: Callable[[str], object] = config.get_option) -> None:
    """Return if every option is in force; raise SettingInvalid for the first that is not."""
    for name, wanted in REQUIRED.items():
        if read(name) != wanted:
            shown = json.dumps(wanted)
            raise SettingInvalid(name, f"must be {shown} in .streamlit/config.toml; without it the start is refused")
