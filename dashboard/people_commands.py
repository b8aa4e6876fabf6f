"""``python -m dashboard people …``: accounts, for the first owner and for whoever sits at the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from dashboard import printing, terminal
from dashboard.terminal import Json
from dashboard.wording import people as words
from lib import accounts
from lib.access import Actor, Permission, Role
from lib.password_links import PasswordLink
from lib.people import NewRole, Person, Refusal

if TYPE_CHECKING:
    from datetime import datetime

    from lib.accounts import Accounts

app = typer.Typer(help="Who may sign in, as what, and for which clinics.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name that the person signs in with.")]
RoleOption = Annotated[
    str, typer.Option("--role", help="owner, clinic_admin, support, developer or auditor.", show_default=False)
]
Clinics = Annotated[
    list[str] | None,
    typer.Option("--clinic", help="A clinic they see; may be given again. Without it, all.", show_default=False),
]
Grants = Annotated[
    list[str] | None,
    typer.Option("--grant", help="preview or link, for a developer.", show_default=False),
]


class _Desk:
    """Who runs the command, and what with."""

    def __init__(self) -> None:
        from dashboard import wiring  # brings SQLAlchemy

        values, services = terminal.services()
        self.actor: Actor = terminal.me()
        self.accounts: Accounts = wiring.accounts(values, trail=services.trail)
        self.now: datetime = services.clock()
        self.public_url = values.public_url.rstrip("/")
        self.zone = services.zone

    def find(self, name: str, *, as_json: bool) -> Person:
        """Return the account of this name; say that there is none, and end."""
        person = accounts.named(self.actor, self.accounts, name, at=self.now)
        return _refuse(Refusal.NO_SUCH_PERSON, as_json=as_json) if person is None else person


@app.command()
def add(name: Name, role: RoleOption, clinic: Clinics = None, grant: Grants = None, as_json: Json = False) -> None:
    """Add somebody, and print the link with which they set their password.

    Example: python -m dashboard people add Bilal --role clinic_admin --clinic CLN001
    """
    given = _rights(role, clinic, grant, as_json=as_json)
    desk = _Desk()
    wanted = accounts.NewPerson(name, given)
    _say_link(desk, accounts.add(desk.actor, desk.accounts, wanted, at=desk.now), as_json=as_json)


@app.command("list")
def list_people(as_json: Json = False) -> None:
    """List everybody who has an account.

    Example: python -m dashboard people list
    """
    desk = _Desk()
    people = accounts.everybody(desk.actor, desk.accounts, at=desk.now)
    if as_json:
        printing.as_json({"items": [_item(person) for person in people], "truncated": False})
    else:
        printing.table([words.person_row(person) for person in people], empty=words.NOBODY_YET)


@app.command("set-role")
def set_role(name: Name, role: RoleOption, clinic: Clinics = None, grant: Grants = None, as_json: Json = False) -> None:
    """Give somebody another role, with its clinics. It signs them out everywhere.

    Example: python -m dashboard people set-role Chitra --role support
    """
    given = _rights(role, clinic, grant, as_json=as_json)
    desk = _Desk()
    person = desk.find(name, as_json=as_json)
    _say_person(accounts.set_role(desk.actor, desk.accounts, person.person_id, given, at=desk.now), as_json=as_json)


@app.command()
def disable(name: Name, as_json: Json = False) -> None:
    """Switch an account off; whoever is signed in with it is out at once.

    Example: python -m dashboard people disable Dev
    """
    desk = _Desk()
    person = desk.find(name, as_json=as_json)
    _say_person(accounts.disable(desk.actor, desk.accounts, person.person_id, at=desk.now), as_json=as_json)


@app.command()
def enable(name: Name, as_json: Json = False) -> None:
    """Switch an account on again.

    Example: python -m dashboard people enable Dev
    """
    desk = _Desk()
    person = desk.find(name, as_json=as_json)
    _say_person(accounts.enable(desk.actor, desk.accounts, person.person_id, at=desk.now), as_json=as_json)


@app.command()
def reset(name: Name, as_json: Json = False) -> None:
    """Print a new link that sets a password. The old password works until the link is used.

    Example: python -m dashboard people reset Bilal
    """
    desk = _Desk()
    person = desk.find(name, as_json=as_json)
    _say_link(desk, accounts.reset(desk.actor, desk.accounts, person.person_id, at=desk.now), as_json=as_json)


def _rights(role: str, clinics: list[str] | None, grants: list[str] | None, *, as_json: bool) -> NewRole:
    wanted = grants or []
    if role not in set(Role):
        _refuse(Refusal.NOT_A_ROLE, as_json=as_json)
    if not all(each in set(Permission) for each in wanted):
        _refuse(Refusal.NOT_GRANTABLE, as_json=as_json)
    granted = frozenset(Permission(each) for each in wanted)
    return NewRole(Role(role), frozenset(clinics) if clinics else None, granted)


def _say_person(changed: Person | Refusal, *, as_json: bool) -> None:
    if isinstance(changed, Refusal):
        _refuse(changed, as_json=as_json)
    if as_json:
        printing.as_json({**_item(changed), "reason": None})
    else:
        printing.say(words.person_now(changed))


def _say_link(desk: _Desk, made: PasswordLink | Refusal, *, as_json: bool) -> None:
    if isinstance(made, Refusal):
        _refuse(made, as_json=as_json)
    address = f"{desk.public_url}{made.path}"
    if as_json:
        link = {"link": address, "link_ends_at": made.ends_at}
        printing.as_json({**_item(made.person), **link, "reason": None})
        return
    printing.say(address)
    printing.note(words.link_for(made, now=desk.now, zone=desk.zone, has_address=bool(desk.public_url)))


def _item(person: Person) -> dict[str, object]:
    return {
        "person_id": person.person_id,
        "name": person.name,
        "role": person.role,
        "clinics": None if person.clinics is None else sorted(person.clinics),
        "granted": sorted(person.granted),
        "is_active": person.is_active,
        "password": person.password,
        "created_at": person.created_at,
        "changed_at": person.changed_at,
    }


def _refuse(refusal: Refusal, *, as_json: bool) -> NoReturn:
    sentence = words.account_refusal(refusal)
    if as_json:
        printing.as_json({"name": None, "reason": {"code": refusal, "detail": sentence}})
    else:
        printing.note(sentence)
    raise typer.Exit(1)
