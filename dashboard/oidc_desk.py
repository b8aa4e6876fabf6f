"""The routes of signing in through an identity provider: to it, and back from it.

The way back is a navigation from another site, so it brings no form token. What binds it to the browser that began is
the cookie of the flow (``lib.flows``), of which the state in the address is a keyed hash.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard import form_pages, forms, wording
from dashboard.gate import token_of
from dashboard.signing_in import Desk, address_of
from dashboard.wording import federation as words
from lib import federated_sign_in as federated
from lib import flows
from lib.errors import ProviderUnavailable
from lib.federated_sign_in import Barred, Federation, Outside, Return
from lib.flows import Flow
from lib.sessions import Opened

START, CALLBACK = "/oidc/start", "/oidc/callback"
TEXT_MAX = 4096  # characters of what comes back in the address

Through = Callable[[Request, Federation], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class OidcDesk:
    """Who answers at the routes. They are there without a provider too: what is open in the gate is always ours."""

    desk: Desk
    through: Federation | None

    def routes(self) -> list[BaseRoute]:
        """Return the routes; ``gate.OPEN_ROUTES`` lets them be reached."""
        return [
            Route(START, self.desk.safely(self._with_provider(self._start)), methods=["GET"]),
            Route(CALLBACK, self.desk.safely(self._with_provider(self._back)), methods=["GET"]),
        ]

    def _with_provider(self, then: Through) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            if self.through is None:
                return _said(words.NOT_SET_UP, status=404)
            return await then(request, self.through)

        return handle

    async def _start(self, request: Request, through: Federation) -> Response:
        wanted = forms.own_path(request.query_params.get("next", "/"))
        cookie, flow = flows.begin(through.secret, wanted, at=self.desk.clock())
        try:
            url = await through.provider.sign_in_url(flow, redirect_uri=self._redirect_uri(request))
        except ProviderUnavailable as error:
            await asyncio.to_thread(self._failed_at_once, through, self._return(request, flow), error)
            return _said(words.provider(error, name=through.name), status=503)
        answer = RedirectResponse(url, 303)
        self.desk.keep(answer, self._cookie, cookie, lifetime=flows.LIFETIME)
        return answer

    async def _back(self, request: Request, through: Federation) -> Response:
        """Sign in who comes back, or say why not. Either way the browser's flow is over."""
        at = self.desk.clock()
        flow = flows.resume(through.secret, request.cookies.get(self._cookie, ""), at=at)
        asked = {name: request.query_params.get(name, "")[:TEXT_MAX] for name in ("state", "iss")}
        is_ours = flow is not None and flow.is_answered_by(asked["state"])
        if flow is None or not is_ours or not _is_of(through, asked["iss"]):
            # Written nowhere: anybody can send anybody here, and a flood must not fill the disk.
            return self._over(_said(words.outside(Outside(Barred.FLOW_OVER), name=through.name), status=403))
        try:
            done = await self._enter(through, self._return(request, flow))
        except ProviderUnavailable as error:
            await asyncio.to_thread(self._failed, through, self._return(request, flow), error)
            return self._over(_said(words.provider(error, name=through.name), status=503))
        if isinstance(done, Outside):
            status = 429 if done.code is Barred.WAIT else 403
            return self._over(_said(words.outside(done, name=through.name), status=status))
        await asyncio.to_thread(self.desk.end, token_of(request.scope, self.desk.site))
        answer = self._over(RedirectResponse(flow.wanted, 303))
        self.desk.keep(answer, self.desk.site.cookie, done.token)
        return answer

    async def _enter(self, through: Federation, back: Return) -> Opened | Outside:
        accounts, at = self.desk.accounts, self.desk.clock()
        wait = await asyncio.to_thread(federated.waiting, accounts, back, at=at)
        if wait is not None:
            return wait
        claimed = await federated.identify(through, back)
        if isinstance(claimed, Outside):
            return await asyncio.to_thread(federated.refuse, accounts, through, back, claimed.code, at=at)
        return await asyncio.to_thread(federated.enter, accounts, through, claimed, back, at=self.desk.clock())

    def _failed_at_once(self, through: Federation, back: Return, error: ProviderUnavailable) -> None:
        # Counted first, as a try that came back was: whoever asks on and on must not fill the trail.
        if federated.waiting(self.desk.accounts, back, at=self.desk.clock()) is None:
            self._failed(through, back, error)

    def _failed(self, through: Federation, back: Return, error: ProviderUnavailable) -> None:
        federated.failed(self.desk.accounts, through, back, error, at=self.desk.clock())

    def _return(self, request: Request, flow: Flow) -> Return:
        asked = request.query_params
        return Return(
            code=asked.get("code", "")[:TEXT_MAX],
            flow=flow,
            redirect_uri=self._redirect_uri(request),
            address=address_of(request),
            says_no="error" in asked,
        )

    def _redirect_uri(self, request: Request) -> str:
        origin = self.desk.site.origin(request.scope["headers"])
        assert origin is not None  # the gate has refused every other host
        return f"{origin}{CALLBACK}"

    def _over(self, answer: Response) -> Response:
        self.desk.keep(answer, self._cookie, "", lifetime=timedelta())
        return answer

    @property
    def _cookie(self) -> str:
        return f"{self.desk.site.cookie}-oidc"


def _is_of(through: Federation, issuer: str) -> bool:
    """Whether the answer is this provider's, where it says whose it is (RFC 9207)."""
    return not issuer or (issuer.isascii() and hmac.compare_digest(issuer, through.issuer))


def _said(sentence: str, *, status: int) -> Response:
    return form_pages.answer(form_pages.said(wording.SIGN_IN, sentence), status=status)
