"""The routes that need no session: signing in and out, setting a password, and whether a session lives and is open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard import form_pages, forms, wording
from dashboard.form_pages import Choice
from dashboard.gate import SIGN_IN, token_of
from dashboard.origins import Site
from dashboard.password_work import Crowded, PasswordWork
from dashboard.wording import people as words
from lib import sign_in
from lib.accounts import Accounts
from lib.errors import LedgerUnavailable, NotAllowed
from lib.people import NAME_MAX, Person
from lib.sessions import Held, Locked, Opened
from lib.sign_in import Attempt, Denial, Denied, SignedIn

DEVICE_LIFETIME = timedelta(days=180)

Fields = dict[str, str]
Enter = Callable[..., Opened | None]  # (accounts, person_id, *, at, address)
Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class LiveTokens:
    """What the gate asks of the sessions. Being asked keeps none alive."""

    accounts: Accounts
    clock: Callable[[], datetime]

    def live(self, tokens: Collection[str]) -> frozenset[str]:
        """Return those of these cookie values whose session lives now; raise LedgerUnavailable."""
        return self.accounts.sessions.living(tokens, at=self.clock())


@dataclass(frozen=True, slots=True)
class Desk:
    """Who answers at the routes. ``demo`` are the people whom one click signs in, through ``enter``: in the demo only."""

    site: Site
    accounts: Accounts
    clock: Callable[[], datetime]
    demo: tuple[Person, ...] = ()
    enter: Enter | None = None
    work: PasswordWork = field(default_factory=PasswordWork)
    provider: str = ""  # what people call the identity provider, where there is one

    def routes(self) -> list[BaseRoute]:
        """Return our own routes; ``gate.OPEN_ROUTES`` lets them be reached."""
        return [
            Route("/signin", self.safely(self._show_sign_in), methods=["GET"]),
            Route("/signin", self.safely(self.form(self._sign_in)), methods=["POST"]),
            Route("/signout", self.safely(self.form(self._sign_out)), methods=["POST"]),
            Route("/session", self._session, methods=["GET"]),
            Route("/set-password", self.safely(self._show_set_password), methods=["GET"]),
            Route("/set-password", self.safely(self.form(self._set_password)), methods=["POST"]),
        ]

    def safely(self, then: Handler) -> Handler:
        """Return a handler that says in a page what failed."""

        async def handle(request: Request) -> Response:
            try:
                return await then(request)
            except forms.NotOurForm as refused:
                return form_pages.answer(form_pages.said(wording.SIGN_IN, wording.FORM_REFUSED), status=refused.status)
            except LedgerUnavailable as error:
                return form_pages.answer(form_pages.said(wording.SIGN_IN, wording.ledger(error)), status=503)
            except Crowded:
                return form_pages.answer(form_pages.said(wording.SIGN_IN, wording.CROWDED), status=503)
            except NotAllowed:
                return form_pages.answer(form_pages.said(wording.SIGN_IN, wording.NOT_ALLOWED), status=403)

        return handle

    def form(self, then: Callable[[Request, Fields], Awaitable[Response]]) -> Handler:
        """Return a handler that reads our form first."""

        async def handle(request: Request) -> Response:
            return await then(request, await forms.read(request, site=self.site))

        return handle

    async def _show_sign_in(self, request: Request) -> Response:
        held = await self.held(request)
        form_token = forms.token_for(request, site=self.site)
        wanted = forms.own_path(request.query_params.get("next", "/"))
        if isinstance(held, Locked):
            return RedirectResponse(_with_next("/unlock", wanted), 303)
        if held is not None:
            page = form_pages.signed_in(form_token=form_token, name=held.person.name)
        else:
            page = form_pages.sign_in(
                form_token=form_token, wanted=wanted, choices=self._choices, provider=self.provider
            )
        return forms.keep_token(form_pages.answer(page), form_token, site=self.site)

    async def _sign_in(self, request: Request, fields: Fields) -> Response:
        wanted, name = forms.own_path(fields.get("next", "/")), fields.get("name", "")
        result = await self.work.run(lambda: self._try(request, fields))
        if isinstance(result, Denied):
            page = form_pages.sign_in(
                form_token=fields["form_token"],
                wanted=wanted,
                problem=words.denied(result),
                name=name[:NAME_MAX],
                choices=self._choices,
                provider=self.provider,
            )
            return form_pages.answer(page, status=403)
        await asyncio.to_thread(self.end, token_of(request.scope, self.site))
        answer = RedirectResponse(wanted, 303)
        self.keep(answer, self.site.cookie, result.opened.token)
        if result.device:
            self.keep(answer, self.device_cookie, result.device, lifetime=DEVICE_LIFETIME)
        return answer

    def _try(self, request: Request, fields: Fields) -> SignedIn | Denied:
        address, at = address_of(request), self.clock()
        if self.enter is not None and "person" in fields:
            is_staff = fields["person"] in {each.person_id for each in self.demo}
            opened = self.enter(self.accounts, fields["person"], at=at, address=address) if is_staff else None
            return Denied(Denial.WRONG) if opened is None else SignedIn(opened, "")
        known = request.cookies.get(self.device_cookie)
        attempt = Attempt(fields.get("name", ""), fields.get("password", ""), address=address, device=known)
        return sign_in.sign_in(self.accounts, attempt, at=at)

    async def _sign_out(self, request: Request, fields: Fields) -> Response:
        await asyncio.to_thread(self.end, token_of(request.scope, self.site))
        answer = RedirectResponse(sign_in_at(forms.own_path(fields.get("next", "/"))), 303)
        self.keep(answer, self.site.cookie, "", lifetime=timedelta())
        return answer

    def end(self, token: str | None) -> None:
        """End the session of this token, if it lives: a browser that signs in anew keeps no older one."""
        at = self.clock()
        held = self.accounts.sessions.held(token, at=at) if token else None
        if held is not None:
            sign_in.sign_out(self.accounts, held, at=at)

    async def _session(self, request: Request) -> Response:
        # No other site's page can send this header along (Fetch, CORS: the gate answers no preflight).
        is_use = request.headers.get("x-active") == "1"
        try:
            held = await self.held(request, is_use=is_use)
        except LedgerUnavailable:
            return Response(status_code=503)
        return Response(status_code=401 if held is None else 423 if isinstance(held, Locked) else 204)

    async def held(self, request: Request, *, is_use: bool = False) -> Held | None:
        """Return the session of this browser, if it lives; raise LedgerUnavailable."""
        token = token_of(request.scope, self.site)
        if token is None:
            return None
        return await asyncio.to_thread(self.accounts.sessions.held, token, at=self.clock(), is_use=is_use)

    async def _show_set_password(self, request: Request) -> Response:
        token = request.query_params.get("token", "")
        person = await asyncio.to_thread(sign_in.link_person, self.accounts, token, at=self.clock())
        if person is None:
            return _link_over()
        form_token = forms.token_for(request, site=self.site)
        page = form_pages.set_password(form_token=form_token, token=token, name=person.name)
        return forms.keep_token(form_pages.answer(page), form_token, site=self.site)

    async def _set_password(self, request: Request, fields: Fields) -> Response:
        token, password, at = fields.get("token", ""), fields.get("password", ""), self.clock()
        done = await self.work.run(
            lambda: sign_in.set_password(self.accounts, token, password, address=address_of(request), at=at)
        )
        if not isinstance(done, Denied):
            return form_pages.answer(form_pages.said(wording.SET_PASSWORD, wording.PASSWORD_SET))
        person = await asyncio.to_thread(sign_in.link_person, self.accounts, token, at=at)
        if person is None:
            return _link_over()
        page = form_pages.set_password(
            form_token=fields["form_token"], token=token, name=person.name, problem=words.denied(done)
        )
        return form_pages.answer(page, status=422)

    @property
    def _choices(self) -> tuple[Choice, ...]:
        return tuple(Choice(each.person_id, f"{each.name}, {words.ROLE[each.role].lower()}") for each in self.demo)

    @property
    def device_cookie(self) -> str:
        """The cookie by which this browser is known for one account."""
        return f"{self.site.cookie}-known"

    def keep(self, answer: Response, name: str, value: str, *, lifetime: timedelta | None = None) -> None:
        """Set a cookie for this browser alone; without a lifetime it lasts as long as the browser runs."""
        answer.set_cookie(
            name,
            value,
            path="/",
            secure=self.site.is_secure,
            httponly=True,
            samesite="lax",
            max_age=None if lifetime is None else int(lifetime.total_seconds()),
        )


def sign_in_at(wanted: str) -> str:
    """Return the address of the sign-in that leads to a path of ours."""
    return _with_next(SIGN_IN, wanted)


def _with_next(path: str, wanted: str) -> str:
    return path if wanted == "/" else f"{path}?next={quote(wanted, safe='')}"


def address_of(request: Request) -> str:
    """Return where a request comes from, for the throttle and the trail."""
    return request.client.host if request.client else ""


def _link_over() -> Response:
    return form_pages.answer(form_pages.said(wording.SET_PASSWORD, words.denied(Denied(Denial.LINK_OVER))), status=404)
