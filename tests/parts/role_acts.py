"""Every act of every screen, as a raw websocket sends it, with the permission it needs and what proves that it worked."""

from __future__ import annotations

from dataclasses import dataclass

from lib.access import Permission, Role
from lib.people import NewRole
from pages import PAGES
from tests.parts import raw_socket
from tests.parts.raw_socket import Answer, RawSession
from tests.parts.role_house import MARKS, NUMBERS, House

NOT_ON_SCREEN = {Permission.RETENTION, Permission.SETTINGS}  # no screen needs them yet; ``NAMES`` is a mark of ``list``


@dataclass(frozen=True)
class Act:
    """One thing to do on a screen. ``{n}`` stands for a record's number; ``shows`` is the mark that proves that it worked."""

    name: str
    page: str
    permission: Permission
    shows: str
    query: str = ""
    clicked: str = ""
    switched: str = ""


ACTS = (
    Act("list", "find", Permission.FIND, "doctor", query="browse=1"),
    Act("names", "find", Permission.NAMES, "name", query="browse=1"),
    Act("open", "find", Permission.FIND, "patient id", query="record={n}"),
    Act("keys", "find", Permission.KEYS, "key", query="record={n}", switched="show_keys"),
    Act("storage details", "find", Permission.STORAGE_DETAILS, "bucket", query="record={n}", switched="details_open"),
    Act("preview", "find", Permission.PREVIEW, "pdf", query="record={n}", clicked="act-show_pdf-{n}-0"),
    Act("link", "find", Permission.LINK, "signed link", query="record={n}", clicked="act-create-{n}-0"),
    Act("explain", "explain", Permission.EXPLAIN, "what can be explained"),
    Act("checks", "audit", Permission.AUDIT, "checks of all files"),
    Act("activity", "activity", Permission.ACTIVITY, "event"),
    Act("export", "activity", Permission.ACTIVITY, "event", clicked="act-export-0"),
    Act("people", "people", Permission.PEOPLE, "account"),
    Act("password link", "people", Permission.PEOPLE, "password link", clicked="act-reset-0"),
    Act("account", "account", Permission.ACCOUNT, ""),
)


@dataclass
class Book:
    """What an owner's browser is told: the hash of each page and the id of each widget."""

    pages: dict[str, str]
    widgets: dict[str, str]


def missing() -> list[str]:
    """Return the pages and permissions that no act stands for."""
    acted = {act.permission for act in ACTS}
    return [
        *(f"page {screen.url}" for screen in PAGES if screen.url not in {act.page for act in ACTS}),
        *(f"permission {each}" for each in Permission if each not in acted | NOT_ON_SCREEN),
        *(f"permission {each} has an act" for each in sorted(NOT_ON_SCREEN & acted)),
        *(f"mark {name}" for name in {act.shows for act in ACTS} - {"", *(mark.name for mark in MARKS)}),
    ]


def learn(home: House) -> Book:
    """Walk all screens as an owner."""
    owner = home.sign_in(home.hire(NewRole(Role.OWNER, None)))
    book = Book({}, {})
    with raw_socket.opened(home.served, owner.cookie) as socket:
        book.pages = socket.rerun().pages
        book.pages["find"] = book.pages.pop("")  # the first page of the menu has no path of its own
    for screen in PAGES:
        with raw_socket.opened(home.served, owner.cookie) as socket:
            book.widgets |= socket.rerun(page=book.pages[screen.url]).widgets
    for number in NUMBERS:
        with raw_socket.opened(home.served, owner.cookie) as socket:
            book.widgets |= socket.rerun(f"record={number}", page=book.pages["find"]).widgets
    home.end(owner)
    return book


def do(socket: RawSession, act: Act, book: Book, number: int) -> Answer:
    """Send one act, whoever may do it."""
    clicked, switched = act.clicked.format(n=number), act.switched
    return socket.rerun(
        act.query.format(n=number),
        page=book.pages[act.page],
        clicked=book.widgets[clicked] if clicked else "",
        switched={book.widgets[switched]: True} if switched else None,
    )
