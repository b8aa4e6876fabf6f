"""The identity provider over HTTP: discovery, keys, and a code for an ID token. OpenID Connect, code flow with PKCE.

Nothing here is trusted because of how it was said: the addresses come from the document of the configured issuer, the
token is verified with its keys. No redirect is followed, an answer has a size and a time, and no error carries what
the provider said.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from joserfc.jwk import KeySet

from lib.errors import ProviderFault, ProviderUnavailable, TokenFault, TokenRefused
from lib.federation import Claimed
from lib.flows import Flow
from lib.stores import oidc_tokens
from lib.stores.oidc_tokens import Expected, UnknownKey

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
SCOPE = "openid profile email"
ANSWER_MAX = 262_144  # bytes
KEPT_S = 3600  # for how long document and keys are good
CODE_MAX = 2048  # characters
ACCEPT = {"Accept": "application/json", "Accept-Encoding": "identity"}
FORM = {**ACCEPT, "Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class OidcConfig:
    """Which provider, and who we are to it. ``budget_s`` is for one act with all its requests."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    budget_s: float = 10.0


@dataclass(frozen=True, slots=True)
class _Document:
    """What is used of the provider's configuration."""

    authorize: str
    token: str
    keys: str
    auth_method: str


class OidcProvider:
    """An IdentityProvider. Document and keys are kept for an hour; keys are read again when a token names another."""

    def __init__(self, config: OidcConfig, *, clock: Callable[[], datetime]) -> None:
        self._config = config
        self._clock = clock
        self._kept: dict[str, tuple[float, Mapping[str, object]]] = {}

    async def sign_in_url(self, flow: Flow, *, redirect_uri: str) -> str:
        """Return where the browser is sent to."""
        async with self._talk() as client:
            document = await self._document(client)
        made = OAuth2Client(
            None,
            client_id=self._config.client_id,
            redirect_uri=redirect_uri,
            scope=SCOPE,
            code_challenge_method="S256",
        )
        url, _ = made.create_authorization_url(
            document.authorize, state=flow.state, code_verifier=flow.verifier, nonce=flow.nonce
        )
        return str(url)

    async def identify(self, code: str, flow: Flow, *, redirect_uri: str) -> Claimed:
        """Return who came back with this code, verified; raise TokenRefused."""
        if not 0 < len(code) <= CODE_MAX:
            raise TokenRefused(TokenFault.CODE)
        expected = Expected(self._config.issuer, self._config.client_id, flow.nonce)
        async with self._talk() as client:
            document = await self._document(client)
            token = await self._token(client, document, code, flow, redirect_uri=redirect_uri)
            try:
                keys = await self._keys(client, document)
                identity, claims = oidc_tokens.verify(token, keys, expected, at=self._clock())
            except UnknownKey:
                keys = await self._keys(client, document, afresh=True)
                try:
                    identity, claims = oidc_tokens.verify(token, keys, expected, at=self._clock())
                except UnknownKey:
                    raise TokenRefused(TokenFault.KEY) from None
        return Claimed(identity, claims)

    @asynccontextmanager
    async def _talk(self) -> AsyncIterator[httpx.AsyncClient]:
        """Open connections for one act, within its budget. What goes wrong on the wire is down or slow."""
        limits = httpx.Timeout(self._config.budget_s / 2)
        try:
            async with (
                asyncio.timeout(self._config.budget_s),
                httpx.AsyncClient(timeout=limits, follow_redirects=False) as client,
            ):
                yield client
        except (TimeoutError, httpx.TimeoutException):
            raise ProviderUnavailable(ProviderFault.SLOW) from None
        except httpx.RemoteProtocolError:
            raise ProviderUnavailable(ProviderFault.NONSENSE) from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise ProviderUnavailable(ProviderFault.DOWN) from None

    async def _document(self, client: httpx.AsyncClient) -> _Document:
        url = f"{self._config.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = await self._read(client, url)
        if found.get("issuer") != self._config.issuer:
            raise ProviderUnavailable(ProviderFault.ISSUER)
        methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        offered = [each for each in ("client_secret_basic", "client_secret_post") if _has(methods, each)]
        if not offered:
            raise ProviderUnavailable(ProviderFault.NONSENSE)
        return _Document(
            authorize=_endpoint(found, "authorization_endpoint"),
            token=_endpoint(found, "token_endpoint"),
            keys=_endpoint(found, "jwks_uri"),
            auth_method=offered[0],
        )

    async def _keys(self, client: httpx.AsyncClient, document: _Document, *, afresh: bool = False) -> KeySet:
        return oidc_tokens.read_keys(await self._read(client, document.keys, afresh=afresh))

    async def _token(
        self, client: httpx.AsyncClient, document: _Document, code: str, flow: Flow, *, redirect_uri: str
    ) -> object:
        body = prepare_token_request(
            "authorization_code", code=code, redirect_uri=redirect_uri, code_verifier=flow.verifier
        )
        is_basic = document.auth_method == "client_secret_basic"
        coded = quote_plus if is_basic else str  # RFC 6749, 2.3.1, which Authlib 1.9.9 leaves out
        auth = ClientAuth(
            coded(self._config.client_id), coded(self._config.client_secret), auth_method=document.auth_method
        )
        url, headers, sent = auth.prepare("POST", document.token, dict(FORM), body)
        status, answer = await _ask(client, "POST", url, headers=headers, content=sent)
        if status == 200:
            return answer.get("id_token")
        if status in {400, 401} and answer.get("error") == "invalid_grant":
            raise TokenRefused(TokenFault.CODE)
        is_us = status == 401 or answer.get("error") in {"invalid_client", "unauthorized_client"}
        raise ProviderUnavailable(ProviderFault.CLIENT if is_us else _of(status))

    async def _read(self, client: httpx.AsyncClient, url: str, *, afresh: bool = False) -> Mapping[str, object]:
        """Return a JSON object of the provider's, kept for a while."""
        read_at, kept = self._kept.get(url, (0.0, None))
        if kept is not None and not afresh and time.monotonic() - read_at < KEPT_S:
            return kept
        status, answer = await _ask(client, "GET", url, headers=ACCEPT)
        if status != 200 or not answer:
            raise ProviderUnavailable(_of(status))
        self._kept[url] = (time.monotonic(), answer)
        return answer


async def _ask(client: httpx.AsyncClient, method: str, url: str, **sent: Any) -> tuple[int, Mapping[str, object]]:
    """Return status and JSON object; an empty one for an error page that holds none. Raises ProviderUnavailable."""
    body = bytearray()
    async with client.stream(method, url, **sent) as reply:
        async for chunk in reply.aiter_raw():
            body += chunk
            if len(body) > ANSWER_MAX:
                raise ProviderUnavailable(ProviderFault.NONSENSE)
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if reply.status_code == 200 and not isinstance(answer, dict):
        raise ProviderUnavailable(ProviderFault.NONSENSE)
    return reply.status_code, answer if isinstance(answer, dict) else {}


def _of(status: int) -> ProviderFault:
    return ProviderFault.DOWN if status >= 500 or status == 429 else ProviderFault.NONSENSE


def _has(methods: object, wanted: str) -> bool:
    return isinstance(methods, list) and wanted in methods


def _endpoint(document: Mapping[str, object], name: str) -> str:
    """Return an address that may be used: https, or this computer."""
    url = document.get(name)
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        is_fine = parts is not None and bool(parts.hostname) and not parts.username and not parts.fragment
    except ValueError:
        is_fine = False
    if not is_fine or parts is None or not isinstance(url, str):
        raise ProviderUnavailable(ProviderFault.NONSENSE)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return url
    raise ProviderUnavailable(ProviderFault.NONSENSE)
