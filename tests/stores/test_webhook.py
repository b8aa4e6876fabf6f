"""The webhook of alerts: what arrives, and that nothing which goes wrong there goes further."""

from __future__ import annotations

import json
import logging
import time

import pytest

from lib.stores.webhook import Webhook
from tests.parts import bad_servers
from tests.parts.receiver import receiver

MESSAGE = {"schema": 1, "run_id": 7, "new": {"dangling_reference": 2}}


@pytest.mark.parametrize("status", [200, 204])
def test_a_message_arrives_as_json(status: int) -> None:
    with receiver(status) as (url, got):
        assert Webhook(url).send(MESSAGE)
    ((path, content_type, body),) = got
    assert path == "/hooks/s3cr3t?token=t0k3n"
    assert content_type == "application/json"
    assert json.loads(body) == MESSAGE


def test_a_server_error_is_tried_once_more_and_no_more() -> None:
    with receiver(503, 200) as (url, got):
        assert Webhook(url).send(MESSAGE)
        assert len(got) == 2
    with receiver(503) as (url, got):
        assert not Webhook(url).send(MESSAGE)
        assert len(got) == 2


@pytest.mark.parametrize("status", [302, 307, 400, 404, 410])
def test_a_refusal_or_a_redirect_is_not_taken_and_not_tried_again(status: int) -> None:
    with receiver(status) as (url, got):
        assert not Webhook(url).send(MESSAGE)
    assert len(got) == 1


def test_nobody_there_is_a_log_line_without_the_address(caplog: pytest.LogCaptureFixture) -> None:
    hook = Webhook(f"{bad_servers.refused_address()}/hooks/s3cr3t?token=t0k3n")
    with caplog.at_level(logging.WARNING):
        assert not hook.send(MESSAGE)
    (line,) = [record.getMessage() for record in caplog.records if record.name == "dashboard"]
    assert line == "the alert was not taken by DASHBOARD_ALERT_WEBHOOK: NewConnectionError"
    assert "s3cr3t" not in caplog.text + repr(hook)
    assert "t0k3n" not in caplog.text


def test_a_server_that_drips_its_answer_holds_nobody_up() -> None:
    def drip(_first: str, line: bad_servers.Line) -> None:
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Filler: 1\r\n" * 50:
            if line.closing.wait(0.05):
                return
            line.send(bytes([byte]))

    with bad_servers.serving(drip) as url:
        began = time.monotonic()
        assert not Webhook(url, timeout_s=0.3).send(MESSAGE)
        assert time.monotonic() - began < 10  # all of its drops take 33


@pytest.mark.parametrize("url", ["http://[::1", "ftp://alerts.example/", "https://\ud800.example/"])
def test_an_address_that_is_none_is_not_taken(url: str) -> None:
    assert not Webhook(url).send(MESSAGE)
