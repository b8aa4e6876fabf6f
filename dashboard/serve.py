"""``run``: from settings to a served app. What can be refused is refused, and what is slow is done, before the port answers."""

from __future__ import annotations

import importlib
import os
import signal
import socket
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import uvicorn

from dashboard import printing, wording
from dashboard.origins import LOOPBACK, Site
from dashboard.terminal import CouldNotRun
from dashboard.wording import people as words
from lib.errors import LedgerUnavailable, SettingInvalid
from lib.objects import Disposition
from lib.settings import ROOT, Settings, variables

if TYPE_CHECKING:
    from dashboard.demo import Demo
    from lib.services import Services

DEFAULT_PORT = 8501
DEMO_FOLDER = ROOT / "var" / "demo"
DEMO_TAKES = ("DASHBOARD_LOCK_AFTER",)  # from the environment; everything else of the demo is its own
WARM = ("pandas", "pyarrow.compute", "streamlit.dataframe_util", "streamlit.elements.arrow", "pages")


class _Server(uvicorn.Server):
    """Says the address once it answers there."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for each in sockets or ():
            host, port = each.getsockname()[:2]
            printing.note(f"Open http://{host if host in LOOPBACK else 'localhost'}:{port}  (stop with Ctrl+C)")


def run(*, is_demo: bool, host: str, port: int) -> None:
    """Serve until interrupted; raise SettingInvalid where the start is refused."""
    _end_like_ctrl_c()
    os.chdir(ROOT)  # Streamlit looks .streamlit/config.toml up from here
    if not is_demo:
        if host not in LOOPBACK and not variables().get("DASHBOARD_PUBLIC_URL", "").startswith("https://"):
            raise SettingInvalid("--host", wording.LOOPBACK_ONLY)
        settings = Settings.load()
        with _bind(host, port) as bound:
            _serve(settings, bound=bound)
        return
    from dashboard import demo  # needs parts that only the demo needs

    with _bind(host, port) as bound:
        number = bound.getsockname()[1]
        folder = DEMO_FOLDER if number == DEFAULT_PORT else DEMO_FOLDER.with_name(f"demo-{number}")
        try:
            clinic = demo.start(folder, now=datetime.now(UTC))
        except demo.DemoFailed as error:
            raise SettingInvalid("--demo", wording.DEMO_FAULT[error.fault]) from error
        try:
            given = {name: os.environ[name] for name in DEMO_TAKES if name in os.environ}
            _serve(Settings.load({**clinic.values, **given}), bound=bound, shown=clinic)
        finally:
            clinic.stop()


def _bind(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise SettingInvalid("--port", f"{port} cannot be opened on {host}; choose another, such as 8502") from error
    return bound


def _serve(settings: Settings, *, bound: socket.socket, shown: Demo | None = None) -> None:
    is_demo = shown is not None
    from dashboard import (  # bring Streamlit, boto3 and SQLAlchemy
        asgi,
        oidc_desk,
        safety,
        signing_in,
        unlocking,
        wiring,
    )

    safety.require()
    for noticed in settings.notices():
        printing.note(wording.notice(noticed))
    services = wiring.build(settings, is_demo=is_demo)
    accounts = wiring.accounts(settings, trail=services.trail)
    host = bound.getsockname()[0]
    site = Site(settings.public_url, names=frozenset(LOOPBACK) if host in LOOPBACK else None)
    through = wiring.federation(settings, clock=services.clock)
    desk = signing_in.Desk(site, accounts, services.clock, provider=through.name if through else "")
    try:
        wiring.migrate(settings)
        if is_demo:
            from dashboard.demo import staff

            desk = replace(desk, demo=staff.hire(accounts, at=services.clock()), enter=staff.enter)
        elif not accounts.people.everybody():
            raise CouldNotRun(words.NOBODY_YET)
    except LedgerUnavailable as error:  # it may come back; until then the sign-in says so
        printing.note(wording.ledger(error))
    examples, puzzles = (shown.examples, _puzzles(shown, services)) if shown is not None else ((), ())
    wiring.configure(wiring.Served(services, accounts, site.cookie, examples, puzzles, settings.public_url))
    for module in WARM:
        importlib.import_module(module)
    lock_desk = unlocking.LockDesk(desk, wiring.locks(settings, accounts))
    provider_routes = oidc_desk.OidcDesk(desk, through).routes()
    routes = [*desk.routes(), *provider_routes, *lock_desk.routes(), *lock_desk.inner_routes()]
    config = uvicorn.Config(
        asgi.build(site, signing_in.LiveTokens(accounts, services.clock), routes=routes),
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=site.is_secure,  # who speaks for others is a proxy on this computer, and only where there is one
        ws="websockets-sansio",
        ws_ping_interval=30,
        ws_ping_timeout=30,
        timeout_graceful_shutdown=2,
    )
    with suppress(KeyboardInterrupt):  # uvicorn stops, then raises the signal that stopped it
        _Server(config).run(sockets=[bound])


def _puzzles(shown: Demo, services: Services) -> tuple[tuple[str, str], ...]:
    """Return what is worth explaining in the demo; its links are signed for its own storage."""
    from dashboard.demo import examples

    def sign(key: str, expires: timedelta) -> str:
        return services.objects.presign(
            key, expires=expires, filename="prescription.pdf", disposition=Disposition.INLINE
        )

    return examples.puzzles(shown.stored, sign=sign)


def _end_like_ctrl_c() -> None:
    """Let SIGTERM end the process in order, so that what runs beside it (the demo's storage) is stopped too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
