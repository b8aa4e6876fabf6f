"""Roles over a raw websocket. Prints one JSON object; exit 1 when one byte or one act got through that should not.

    python -m tests.bench.roles [--seed 3] [--slice]

1. The matrix: every role, with all clinics and with one, with grants; on every page of ``PAGES``, every act of the
   screens, every clinic's record. What comes back is compared with ``access.PERMISSIONS``, both ways.
2. Downgrades: somebody has a record, its PDF, a link and an export open; their account then changes under the open
   socket: another role, other clinics, disabled, a new password, signed out. At once, before the gate has cut the
   socket, everything is sent that a browser could send: reruns of every page by its hash, every fragment, every button,
   the file that waits to be taken. Nothing protected may come back. Within a second the socket is closed, the old cookie
   opens neither a socket nor a file, and after signing in again only what the new role may see arrives, also at the old
   addresses, with the old ids and the old Streamlit session named.

The trail must hold no act of somebody who might not do it. ``--slice`` takes fewer downgrades.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from websockets.exceptions import InvalidHandshake

from lib import access
from lib.access import Permission, Role
from lib.people import ROLES, Activity, NewPassword, NewRole, Refusal
from lib.trail import INTENT, OK, Action, Selection
from tests.parts import raw_socket
from tests.parts.raw_socket import Answer, RawSession
from tests.parts.role_acts import ACTS, Act, Book, do, learn, missing
from tests.parts.role_house import MARKS, NUMBERS, House, Mark, SignedIn, house

NORTH, SOUTH = frozenset({"CLN1"}), frozenset({"CLN2"})
GRANTED = frozenset().union(*access.GRANTABLE.values())
RIGHTS = (
    *(NewRole(role, None) for role in ROLES if role not in access.BOUND_TO_CLINICS),
    *(NewRole(role, NORTH) for role in ROLES if role is not Role.OWNER),
    NewRole(Role.DEVELOPER, NORTH, GRANTED),
    NewRole(Role.CLINIC_ADMIN, SOUTH),
)
TRAIL_ACTS = {  # what nobody may have in the trail as begun or done without the permission
    Action.PREVIEW: Permission.PREVIEW,
    Action.LINK: Permission.LINK,
    Action.EXPORT: Permission.ACTIVITY,
    Action.PEOPLE_CHANGED: Permission.PEOPLE,
    Action.OPEN: Permission.FIND,
    Action.SEARCH: Permission.FIND,
}
CLOSED_WITHIN_S = 1.0
SLICE, SLICE_AT_MOST = 10, 20  # downgrades; a busy machine answers few messages before the cut and needs more of them


@dataclass
class Tally:
    """What is counted."""

    cells: int = 0
    unexpected_allows: list[str] = field(default_factory=list)
    unexpected_denials: list[str] = field(default_factory=list)
    forbidden_acts_in_the_trail: list[str] = field(default_factory=list)
    downgrades: int = 0
    sent_after_a_downgrade: int = 0
    answered_before_the_cut: Counter[str] = field(default_factory=Counter)
    slowest_cut_s: float = 0.0
    sockets_left_open: int = 0
    old_cookies_let_in: int = 0
    files_at_old_addresses: int = 0
    files_for_others: int = 0

    def look(self, where: str, seen: bytes, *, allowed: Callable[[Mark], bool]) -> None:
        """Count every mark in these bytes that may not be there."""
        self.cells += 1
        self.unexpected_allows += [
            f"{where}: {mark.name} {mark.number or ''}" for mark in MARKS if mark.bytes in seen and not allowed(mark)
        ]


def files(home: House, who: SignedIn, addresses: list[str]) -> bytes:
    """Fetch files; return what was got."""
    answers = [home.served.ask(each, cookie=who.cookie) for each in addresses]
    return b"".join(each.body for each in answers if each.status == 200)


def taken(home: House, who: SignedIn, socket: RawSession, answer: Answer) -> bytes:
    """Return what an answer brings in the end: its bytes, its files, and the file that waits to be taken."""
    deferred = [socket.deferred_file(each) for each in answer.deferred]
    addresses = [*answer.media, *(each for found in deferred for each in found.media)]
    return answer.body + files(home, who, addresses)


def walk(home: House, book: Book, who: SignedIn, tally: Tally, *, numbers: tuple[int, ...], offered: str = "") -> None:
    """Do every act as this person, each on a socket of its own, and compare with the table both ways."""
    actor, scope = who.person.actor, who.person.scope
    named = ("streamlit", "x", offered) if offered else ()
    began = home.newest
    for act in ACTS:
        for number in numbers if "{n}" in act.query else numbers[:1]:
            with raw_socket.opened(home.served, who.cookie, *named) as socket:
                if act.page == "activity":
                    home.seed()
                if act.clicked or act.switched:
                    socket.rerun(act.query.format(n=number), page=book.pages[act.page])
                answer = do(socket, act, book, number)
                seen = taken(home, who, socket, answer)
            where = f"{_told(who)} {act.name} {number}"
            tally.look(where, seen, allowed=lambda mark: mark.may_reach(actor, scope))
            proof = [mark for mark in MARKS if mark.name == act.shows and mark.number in {None, number}]
            if act.query == "browse=1":
                proof = [mark for mark in MARKS if mark.name == act.shows]
            sees = "{n}" not in act.query or access.narrowed(actor, scope).sees(NUMBERS[number])
            if access.may(actor, act.permission) and sees:
                tally.unexpected_denials += [
                    f"{where}: no {mark.name} {mark.number or ''}"
                    for mark in proof
                    if mark.may_reach(actor, scope) and mark.bytes not in seen
                ]
    _look_into_the_trail(home, who, tally, since=began)


def _look_into_the_trail(home: House, who: SignedIn, tally: Tally, *, since: int, nothing: bool = False) -> None:
    actor, scope = who.person.actor, access.narrowed(who.person.actor, who.person.scope)
    for event in home.accounts.trail.events(Selection(actor=actor.name)):
        needed = TRAIL_ACTS.get(Action(event.action))
        is_done = event.result in {OK, INTENT}
        if event.sequence <= since or needed is None or not is_done:
            continue
        may = not nothing and access.may(actor, needed)
        if not may or (event.record_id is not None and not scope.sees(event.clinic_id)):
            tally.forbidden_acts_in_the_trail.append(f"{_told(who)} {event.action} {event.result}")


def _told(who: SignedIn) -> str:
    granted = "+" if who.person.granted else ""
    return f"{who.person.role}{granted} {who.person.scope}"


@dataclass
class Held:
    """What somebody has open when their account changes."""

    record: RawSession
    activity: RawSession
    fragments: list[str]
    deferred: list[str]
    addresses: list[str]
    number: int

    def close(self) -> None:
        for socket in (self.record, self.activity):
            socket.__exit__()


def hold(home: House, book: Book, who: SignedIn) -> Held:
    """Open what this person may: a record with its PDF and a link, and an export that waits to be taken."""
    number = next(n for n, clinic in NUMBERS.items() if who.person.scope.sees(clinic))
    record = raw_socket.opened(home.served, who.cookie)
    drawn = [record.rerun(f"record={number}", page=book.pages["find"])]
    drawn += [do(record, act, book, number) for act in ACTS if act.name in {"preview", "link"}]
    activity = raw_socket.opened(home.served, who.cookie)
    activity.rerun(page=book.pages["activity"])
    waiting = activity.rerun(page=book.pages["activity"], clicked=book.widgets["act-export-0"])
    media = [address for each in drawn for address in each.media]
    for file_id in waiting.deferred:
        media += activity.deferred_file(file_id).media
    fragments = sorted({name for each in drawn for name in each.fragments})
    return Held(record, activity, fragments, sorted(waiting.deferred), media, number)


def messages(held: Held, book: Book) -> list[tuple[str, Callable[[], Answer]]]:
    """Return everything that a browser could send on what is held, by name."""

    def acting(act: Act) -> Callable[[], Answer]:
        return lambda: do(held.record, act, book, held.number)

    def polling(name: str) -> Callable[[], Answer]:
        return lambda: held.record.rerun(f"record={held.number}", page=book.pages["find"], fragment=name)

    def taking(name: str) -> Callable[[], Answer]:
        return lambda: held.activity.deferred_file(name)

    return [
        *((act.name, acting(act)) for act in ACTS),
        *(("fragment", polling(each)) for each in held.fragments),
        *(("file that waits", taking(each)) for each in held.deferred),
    ]


def changes() -> Iterator[tuple[str, Any]]:
    """Yield every way to lose a session: every other right, disabled, a new password, signed out."""
    for rights in RIGHTS:
        yield f"now {rights.role} {sorted(rights.clinics or ()) or 'all'}{'+' if rights.granted else ''}", rights
    yield "disabled", Activity(False)
    yield "new password", NewPassword("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA")
    yield "signed out", None


def downgrade(
    home: House, book: Book, before: NewRole, change: Any, tally: Tally, dice: random.Random, *, what: str
) -> None:
    """Hold, change, send at once, and look at what comes back, until after the next sign-in."""
    person = home.hire(before)
    who = home.sign_in(person)
    held = hold(home, book, who)
    sent = messages(held, book)
    dice.shuffle(sent)
    sent.sort(key=lambda each: tally.answered_before_the_cut[each[0]])  # the cut comes soon: the seldomest first
    auditor = home.sign_in(home.hire(NewRole(Role.AUDITOR, None)))
    tally.files_for_others += bool(files(home, auditor, held.addresses))
    until_now = home.newest
    if change is None:
        home.end(who)
    else:
        done = home.accounts.people.change(person.person_id, change, at=datetime.now(UTC))
        assert not isinstance(done, Refusal), done
    start = time.monotonic()
    where = f"{_told(who)}, {what}"
    for name, send in sent:
        answer = send()
        tally.sent_after_a_downgrade += 1
        tally.answered_before_the_cut[name] += answer.is_whole
        tally.look(f"{where}: {name}", answer.body, allowed=lambda _: False)
    for socket in (held.record, held.activity):
        rest = socket.until_closed()
        tally.look(f"{where}: until the cut", rest.body, allowed=lambda _: False)
        tally.sockets_left_open += not rest.is_whole
    tally.slowest_cut_s = max(tally.slowest_cut_s, time.monotonic() - start)
    held.close()
    tally.downgrades += 1
    tally.files_at_old_addresses += bool(files(home, who, held.addresses))
    try:
        raw_socket.opened(home.served, who.cookie).__exit__()
        tally.old_cookies_let_in += 1
    except InvalidHandshake:
        pass
    _look_into_the_trail(home, who, tally, since=until_now, nothing=True)
    if isinstance(change, Activity):
        return
    again = home.sign_in(person)
    actor, scope = again.person.actor, again.person.scope
    seen = files(home, again, held.addresses)
    tally.look(f"{where}: old addresses", seen, allowed=lambda mark: mark.may_reach(actor, scope))
    with raw_socket.opened(home.served, again.cookie, "streamlit", "x", held.record.session) as socket:
        drawn = socket.rerun()
        for each in held.fragments:
            socket.poll(each)
        answers = [drawn, socket.rerun(), *map(socket.deferred_file, held.deferred)]
        body = b"".join(each.body for each in answers)
        tally.look(f"{where}: old ids", body, allowed=lambda mark: mark.may_reach(actor, scope))
        tally.old_cookies_let_in += drawn.session == held.record.session
    if isinstance(change, NewRole):
        walk(home, book, again, tally, numbers=(held.number,), offered=held.record.session)


def campaign(*, seed: int, is_slice: bool) -> dict[str, Any]:
    """Run both parts and return the figures."""
    dice, tally = random.Random(seed), Tally()
    with tempfile.TemporaryDirectory() as folder, house(Path(folder)) as home:
        book = learn(home)
        for rights in RIGHTS:
            walk(home, book, home.sign_in(home.hire(rights)), tally, numbers=tuple(NUMBERS))
        pairs = [(before, *each) for before in RIGHTS for each in changes() if each[1] != before]
        if is_slice:
            pairs = [pair for pair in pairs if pair[0].role in {Role.OWNER, Role.CLINIC_ADMIN}]
            pairs = dice.sample(pairs, SLICE_AT_MOST)
        for number, (before, what, change) in enumerate(pairs):
            if is_slice and number >= SLICE and _is_all_tried(tally.answered_before_the_cut):
                break
            downgrade(home, book, before, change, tally, dice, what=what)
    return {
        "seed": seed,
        "missing": missing(),
        "rights": len(RIGHTS),
        **{name: getattr(tally, name) for name in Tally.__dataclass_fields__ if name != "answered_before_the_cut"},
        "answered_before_the_cut": dict(sorted(tally.answered_before_the_cut.items())),
    }


def is_clean(figures: dict[str, Any]) -> bool:
    """Whether nothing got through, and whether it was tried."""
    nothing = (
        "missing", "unexpected_allows", "unexpected_denials", "forbidden_acts_in_the_trail", "sockets_left_open",
        "old_cookies_let_in", "files_at_old_addresses", "files_for_others",
    )  # fmt: skip
    return (
        not any(figures[name] for name in nothing)
        and figures["slowest_cut_s"] < CLOSED_WITHIN_S
        and _is_all_tried(figures["answered_before_the_cut"])
    )


def _is_all_tried(answered: Mapping[str, int]) -> bool:
    """Whether each message was answered before the cut at least once: else that nothing came back says nothing."""
    return all(answered.get(name) for name in {act.name for act in ACTS} | {"fragment", "file that waits"})


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--slice", action="store_true")
    asked = parser.parse_args()
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    figures = campaign(seed=asked.seed, is_slice=asked.slice)
    print(json.dumps(figures, ensure_ascii=False))
    sys.exit(not is_clean(figures))


if __name__ == "__main__":
    main()
