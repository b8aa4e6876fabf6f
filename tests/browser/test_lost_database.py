"""Find while the clinic's database cannot be had: one sentence, and the page stays alive."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.steps import ONE_SENTENCE_MS, assert_alive, on_sqlite, search, served, tab
from tests.parts import bad_servers
from tests.parts.chromium import App


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, int]]:
    """The dashboard whose clinic's database is a PostgreSQL at a port where nobody listens; and the port."""
    with bad_servers.held_address() as held:
        port = int(held.rpartition(":")[2])
        address = f"postgresql://clinic:hush@127.0.0.1:{port}/clinic"
        folder = tmp_path_factory.mktemp("lost")
        with served(on_sqlite(folder, bad_servers.refused_address(), DATABASE_URL=address)) as app:
            yield app, port


@contextmanager
def silent(port: int) -> Iterator[None]:
    """Take connections there and never say a word."""
    with socket.create_server(("127.0.0.1", port)):
        yield


@pytest.mark.parametrize(
    ("where", "sentence"),
    [("closed", "The clinic's database cannot be reached."), ("silent", "took too long to answer")],
)
def test_a_database_that_cannot_be_had_is_one_sentence(
    lost: tuple[App, int], browser: Browser, where: str, sentence: str
) -> None:
    app, port = lost
    with silent(port) if where == "silent" else nullcontext(), tab(browser, app) as page:
        expect(page.get_by_text(sentence)).to_be_visible(timeout=ONE_SENTENCE_MS)
        search(page, "Meera Nair")
        expect(page.get_by_text(sentence)).to_be_visible(timeout=ONE_SENTENCE_MS)
        assert_alive(page, app)
        assert "hush" not in page.content() + "".join(app.lines)
