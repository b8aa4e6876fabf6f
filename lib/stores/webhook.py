"""Telling somebody's address about a run: one POST of JSON, and its failure is nobody's failure."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping

import urllib3
from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies
from urllib3 import exceptions

TIMEOUT_S = 5.0
ATTEMPTS = 2

_log = logging.getLogger("dashboard")


class Webhook:
    """An address that is told. It may hold a secret, so it stands in no log line and no representation."""

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._url = url
        self._timeout_s = timeout_s

    def send(self, message: Mapping[str, object]) -> bool:
        """Return whether the address took it, with any 2xx. Raises nothing, and returns in ATTEMPTS times the timeout.

        No redirect is followed. What got no answer, or a 5xx, is sent once more: it may arrive twice.
        """
        body = json.dumps(message, separators=(",", ":")).encode("ascii")
        for _ in range(ATTEMPTS):
            answer = self._answer(body)
            if isinstance(answer, int) and answer < 500:
                break
        if isinstance(answer, int) and 200 <= answer < 300:
            return True
        _log.warning("the alert was not taken by DASHBOARD_ALERT_WEBHOOK: %s", answer)
        return False

    def _answer(self, body: bytes) -> int | str:
        """Return the status, or why there is none. A server that sends its head a byte at a time is left behind."""
        answers: list[int | str] = []
        thread = threading.Thread(target=lambda: answers.append(self._post(body)), daemon=True, name="webhook")
        thread.start()
        thread.join(self._timeout_s)
        return answers[0] if answers else "no answer in time"

    def _post(self, body: bytes) -> int | str:
        options = {
            "ca_certs": get_cert_path(True),
            "timeout": urllib3.Timeout(total=self._timeout_s),
            "retries": False,
        }
        try:
            proxy = get_environ_proxies(self._url).get(self._url.partition("://")[0])
            manager = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
            reply = manager.request(
                "POST",
                self._url,
                body=body,
                headers={"Content-Type": "application/json"},
                redirect=False,
                preload_content=False,  # what it answers beyond its status is not read
            )
        except (exceptions.HTTPError, OSError, ValueError) as error:
            return type(error).__name__  # its text may hold the address
        status = reply.status
        reply.close()
        manager.clear()
        return status
