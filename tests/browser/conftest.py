"""The dashboard with an identity provider, started once for all who sign in through it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.steps import served, with_provider
from tests.parts.chromium import App
from tests.parts.provider import Provider, provider


@pytest.fixture(scope="session")
def the_idp() -> Iterator[Provider]:
    """A provider."""
    with provider() as running:
        yield running


@pytest.fixture(scope="session")
def provider_app(the_idp: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The dashboard with that provider, and with an owner who has a password."""
    with served(with_provider(the_idp, tmp_path_factory.mktemp("oidc"))) as running:
        yield running


@pytest.fixture
def idp(the_idp: Provider) -> Iterator[Provider]:
    """The provider of ``provider_app``: it works, and says of people what it said at first."""
    told = dict(the_idp.people)  # a test puts other claims there, and changes none in place
    yield the_idp
    the_idp.people, the_idp.answer, the_idp.answers_at = told, None, ""
