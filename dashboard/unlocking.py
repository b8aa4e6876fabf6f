"""The routes of a locked session, and the PIN's. ``/unlock`` stands in front of the gate, ``/pin`` behind it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard import form_pages, forms, lock_pages
from dashboard.signing_in import DEVICE_LIFETIME, Desk, Fields, sign_in_at
from dashboard.wording import lock as words
from lib import locking, pins
from lib.locking import FRESH, Key, Locks, NewPin, StillLocked
from lib.people import PasswordState
from lib.sessions import Held, Live, Locked, Opened
from lib.sign_in import Denied


@dataclass(frozen=True, slots=True)
class LockDesk:
    """Who answers there. What it needs of the sign-in it has from the desk."""

    desk: Desk
    locks: Locks

    def routes(self) -> list[BaseRoute]:
        """Return what ``gate.OPEN_ROUTES`` lets be reached without an open session."""
        return [
            Route("/unlock", self.desk.safely(self._show_unlock), methods=["GET"]),
            Route("/unlock", self.desk.safely(self.desk.form(self._unlock)), methods=["POST"]),
        ]

    def inner_routes(self) -> list[BaseRoute]:
        """Return what the gate keeps for open sessions."""
        return [
            Route("/pin", self.desk.safely(self._show_pin), methods=["GET"]),
            Route("/pin", self.desk.safely(self.desk.form(self._pin)), methods=["POST"]),
        ]

    async def _show_unlock(self, request: Request) -> Response:
        wanted = forms.own_path(request.query_params.get("next", "/"))
        held = await self.desk.held(request)
        if not isinstance(held, Locked):
            return _elsewhere(held, wanted)
        form_token = forms.token_for(request, site=self.desk.site)
        page = await self._unlock_page(request, held, form_token=form_token, wanted=wanted)
        return forms.keep_token(form_pages.answer(page), form_token, site=self.desk.site)

    async def _unlock(self, request: Request, fields: Fields) -> Response:
        wanted = forms.own_path(fields.get("next", "/"))
        held = await self.desk.held(request)
        if not isinstance(held, Locked):
            return _elsewhere(held, wanted)
        done = await self.desk.work.run(lambda: self._try(request, held, fields))
        if isinstance(done, Opened):
            answer = RedirectResponse(wanted, 303)
            self.desk.keep(answer, self.desk.site.cookie, done.token)
            return answer
        page = await self._unlock_page(
            request, held, form_token=fields["form_token"], wanted=wanted, refused=done, is_pin="pin" in fields
        )
        return form_pages.answer(page, status=403)

    def _try(self, request: Request, locked: Locked, fields: Fields) -> Opened | Denied | StillLocked:
        at = self.desk.clock()
        if "click" in fields and self._is_demo(locked):
            return locking.continue_demo(self.locks, locked, at=at)
        key = Key(
            password=fields.get("password"),
            pin=fields.get("pin"),
            device=request.cookies.get(self.desk.device_cookie),
            browser=request.cookies.get(self._cookie),
        )
        return locking.unlock(self.locks, locked, key, at=at)

    async def _unlock_page(
        self,
        request: Request,
        locked: Locked,
        *,
        form_token: str,
        wanted: str,
        refused: Denied | StillLocked | None = None,
        is_pin: bool = True,
    ) -> str:
        browser = request.cookies.get(self._cookie)
        has_pin = await asyncio.to_thread(locking.has_pin, self.locks, locked, browser=browser)
        return lock_pages.unlock(
            lock_pages.Unlock(
                form_token=form_token,
                wanted=wanted,
                name=locked.person.name,
                who=words.who(locked.actor),
                has_pin=has_pin,
                has_password=locked.person.password is PasswordState.SET,
                has_click=self._is_demo(locked),
                provider=self._provider(locked),
                problem="" if refused is None else words.refused(refused),
                is_about_password=refused is not None and not is_pin,
            )
        )

    async def _show_pin(self, request: Request) -> Response:
        held = await self.desk.held(request)
        if not isinstance(held, Live):
            return _elsewhere(held, "/pin")
        form_token = forms.token_for(request, site=self.desk.site)
        page = await self._pin_page(request, held, form_token=form_token)
        return forms.keep_token(form_pages.answer(page), form_token, site=self.desk.site)

    async def _pin(self, request: Request, fields: Fields) -> Response:
        held = await self.desk.held(request)
        if not isinstance(held, Live):
            return _elsewhere(held, "/pin")
        at = self.desk.clock()
        if "forget" in fields:
            await asyncio.to_thread(locking.forget_pins, self.locks, held, at=at)
            return form_pages.answer(lock_pages.pin_done(words.PIN_GONE))
        kept = request.cookies.get(self._cookie)
        browser = kept if kept is not None and pins.browser_hash(kept) is not None else locking.new_browser()
        new = NewPin(fields.get("pin", ""), browser)
        password = fields.get("password", "")
        refused = await self.desk.work.run(lambda: locking.set_pin(self.locks, held, new, password=password, at=at))
        if refused is not None:
            page = await self._pin_page(request, held, form_token=fields["form_token"], problem=words.refused(refused))
            return form_pages.answer(page, status=422)
        answer = form_pages.answer(lock_pages.pin_done(words.PIN_IS_SET))
        self.desk.keep(answer, self._cookie, browser, lifetime=DEVICE_LIFETIME)
        return answer

    async def _pin_page(self, request: Request, live: Live, *, form_token: str, problem: str = "") -> str:
        person = live.person
        found = await asyncio.to_thread(self.locks.pins.browsers, person.person_id, generation=person.generation)
        has_password = person.password is PasswordState.SET
        return lock_pages.pin(
            lock_pages.PinPage(
                form_token=form_token,
                name=person.name,
                has_pin=pins.browser_hash(request.cookies.get(self._cookie)) in found,
                has_any=bool(found),
                has_password=has_password,
                asks_again=not has_password and self.desk.clock() - live.session.created_at >= FRESH,
                provider=self._provider(live),
                problem=problem,
            )
        )

    def _provider(self, held: Held) -> str:
        return self.desk.provider if held.person.password is PasswordState.ELSEWHERE else ""

    def _is_demo(self, locked: Locked) -> bool:
        return locked.person.person_id in {each.person_id for each in self.desk.demo}

    @property
    def _cookie(self) -> str:
        """The cookie by which this browser's PINs know it: of the browser, where ``device_cookie`` is of one account."""
        return f"{self.desk.site.cookie}-browser"


def _elsewhere(held: Held | None, wanted: str) -> Response:
    """Return where to go from a page that is not for a session in this state."""
    return RedirectResponse(wanted if isinstance(held, Live) else sign_in_at(wanted), 303)
