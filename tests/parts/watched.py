"""A browser that is watched: what the content security policy stopped, and whom it asked for anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, WebSocket

REPORT = (
    "document.addEventListener('securitypolicyviolation',"
    " (event) => reportViolation(`${event.effectiveDirective} ${event.blockedURI}`))"
)


@dataclass
class Watched:
    """One browser's tabs, and what went wrong in any of them."""

    context: BrowserContext
    violations: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def tab(self) -> Page:
        page = self.context.new_page()
        page.on("websocket", self._connected)
        return page

    def strangers(self, url: str) -> list[str]:
        """Return the addresses that were asked for and are not below ``url``."""
        ours = re.compile(
            rf"({re.escape(url)}|{re.escape(url.replace('http', 'ws', 1))})/|data:|blob:{re.escape(url)}/"
        )
        return [each for each in self.asked if not ours.match(each)]

    def watch(self) -> None:
        self.context.expose_function("reportViolation", self._violated)
        self.context.add_init_script(REPORT)
        self.context.on("request", self._requested)
        self.context.on("console", self._said)

    def _violated(self, what: str) -> None:
        self.violations.append(what)

    def _requested(self, request: Request) -> None:
        self.asked.append(request.url)

    def _connected(self, socket: WebSocket) -> None:
        self.asked.append(socket.url)

    def _said(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.violations.append(message.text)


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """A browser in which nobody is signed in."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )
    opened = Watched(context)
    opened.watch()
    yield opened
    context.close()
