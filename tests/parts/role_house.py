"""A served dashboard whose every protected byte is recognisable, over a real ledger; and what each right lets out of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from dashboard import asgi, signing_in, wiring
from dashboard.origins import Site
from lib import access
from lib.access import Actor, Permission, Role, Scope
from lib.accounts import Accounts
from lib.audit_book import Desk as AuditDesk
from lib.people import NewRole, PasswordState, Person
from lib.records import Clinic
from lib.stores import ledger_migration
from lib.stores.memory.audits import MemoryAudits
from lib.stores.memory.findings import MemoryFindings
from lib.stores.memory.objects import MemoryObjects, StoredObject
from lib.stores.memory.records import MemoryRecords
from lib.trail import Action, Subject
from tests.core.clinic import RECORD, bench
from tests.parts import accounts as parts
from tests.parts.served import Served, serve

LOCATION = "edrcontainer1"
WORDS = {"CLN1": "amber", "CLN2": "birch", None: "cedar"}  # each clinic's canary
CLINICS = (Clinic("CLN1", "North"), Clinic("CLN2", "South"))
NUMBERS = {1: "CLN1", 2: "CLN2", 3: None}  # record -> clinic
OTHER_PERSON = "Zoe Canary"  # has an account, of which no event tells; her name is on People and nowhere else
SEEDED = "cli:canary"  # acted in the trail; is on Activity and nowhere else


def body_of(number: int) -> bytes:
    """Return the PDF of one record."""
    return f"%PDF-1.7\nbody-{WORDS[NUMBERS[number]]}\n%%EOF".encode()


ROWS = tuple(
    replace(
        RECORD, record_id=number, prescription_id=number, consultation_id=f"CON00{number}",
        patient_id=f"PAT{WORDS[clinic]}", patient_name=f"Name-{WORDS[clinic]} Synthetic",
        patient_phone=f"+91987655{number * 1111}", doctor_name=f"Dr Doc-{WORDS[clinic]}", clinic_id=clinic, clinic_name=clinic and f"Clinic {clinic}",
        stored_key=f"prescriptions/pdfs/key-{WORDS[clinic]}/key-{WORDS[clinic]}.pdf", version=1, versions=1,
        latest_version=1, size_bytes=len(body_of(number)), checksum="",
    )
    for number, clinic in NUMBERS.items()
)  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """Bytes that say that something protected was sent, and who may be sent it. ``links`` come with a signed link too."""

    name: str
    bytes: bytes
    needs: tuple[frozenset[Permission], ...]  # any of these sets
    number: int | None = None  # of the record whose clinic must be seen
    comes_with_links: bool = False

    def may_reach(self, actor: Actor, scope: Scope) -> bool:
        needs = (*self.needs, frozenset({Permission.LINK})) if self.comes_with_links else self.needs
        sees = self.number is None or access.narrowed(actor, scope).sees(NUMBERS[self.number])
        return sees and any(all(access.may(actor, each) for each in every) for every in needs)


def _any(*permissions: Permission) -> tuple[frozenset[Permission], ...]:
    return tuple(frozenset({each}) for each in permissions)


def _all(*permissions: Permission) -> tuple[frozenset[Permission], ...]:
    return (frozenset(permissions),)


P = Permission
MARKS = (
    *(
        Mark(name, data, needs, row.record_id, links)
        for row in ROWS
        for name, data, needs, links in (
            ("name", row.patient_name.encode(), _all(P.FIND, P.NAMES), False),
            ("phone", f"…{row.patient_phone[-4:]}".encode(), _all(P.FIND, P.NAMES), False),
            ("whole phone", row.patient_phone[1:].encode(), _all(P.FIND, P.NAMES, P.LINK), False),
            ("doctor", row.doctor_name.encode(), _any(P.FIND), False),
            ("patient id", row.patient_id.encode(), _any(P.FIND, P.ACTIVITY), False),
            ("key", f"key-{WORDS[row.clinic_id]}.pdf".encode(), _any(P.KEYS, P.STORAGE_DETAILS), True),
            ("pdf", f"body-{WORDS[row.clinic_id]}".encode(), _all(P.FIND, P.PREVIEW), False),
        )
    ),
    Mark("signed link", b"X-Amz-Signature", _all(P.FIND, P.LINK)),
    Mark("bucket", b"edrspace", _any(P.STORAGE_DETAILS), None, True),
    Mark("what can be explained", b"A link that does not open", _any(P.EXPLAIN)),
    Mark("checks of all files", b"It compares every record with every file in storage", _any(P.AUDIT)),
    Mark("event", SEEDED.encode(), _any(P.ACTIVITY)),
    Mark("account", OTHER_PERSON.encode(), _any(P.PEOPLE)),
    Mark("password link", b"/set-password?token=", _any(P.PEOPLE)),
)


@dataclass(frozen=True)
class SignedIn:
    """One person in one browser session of ours."""

    person: Person
    token: str
    cookie: str


@dataclass
class House:
    """The served app and the ledger behind it."""

    served: Served
    accounts: Accounts
    site: Site
    made: int = 0

    def hire(self, rights: NewRole) -> Person:
        """Add a person of a name that no trail event has yet."""
        self.made += 1
        person = Person(
            f"p{self.made}", f"Cell {self.made}", rights.role, rights.clinics, rights.granted, True,
            PasswordState.NONE, 1, _now(), _now(),
        )  # fmt: skip
        assert self.accounts.people.add(person)
        return person

    def sign_in(self, person: Person) -> SignedIn:
        """Open a session for somebody, as they are now."""
        account = self.accounts.people.by_id(person.person_id)
        assert account is not None
        opened = self.accounts.sessions.open_session(account.person, at=_now(), address="127.0.0.1")
        return SignedIn(account.person, opened.token, f"{self.site.cookie}={opened.token}")

    def seed(self) -> None:
        """Let each record be opened once more, so that it stands on the newest page of Activity."""
        for row in ROWS:
            seen = Subject(row.record_id, row.patient_id, row.clinic_id)
            self.accounts.trail.record(Actor(SEEDED, Role.OPERATOR), Scope(), Action.OPEN, at=_now(), subject=seen)

    @property
    def newest(self) -> int:
        """The number of the trail's last event."""
        return self.accounts.trail.newest(limit=1)[0].sequence

    def end(self, who: SignedIn) -> None:
        """Sign out."""
        self.accounts.sessions.end_all(who.person.person_id)


def _now() -> datetime:
    return datetime.now(UTC)


def _unwritten(accounts: Accounts, name: str) -> None:
    assert accounts.people.add(
        Person("other", name, Role.SUPPORT, None, frozenset(), True, PasswordState.NONE, 1, _now(), _now())
    )


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """Serve it. Streamlit allows one app a process."""
    url = f"sqlite:///{folder}/ledger.sqlite3"
    ledger_migration.migrate(url)
    accounts = parts.on_ledger(url)
    parts.added(accounts)  # an owner stays, whoever is downgraded
    _unwritten(accounts, OTHER_PERSON)  # who does nothing
    stored = {f"{LOCATION}/{row.stored_key}": StoredObject(body_of(row.record_id or 0)) for row in ROWS}
    where = bench(records=MemoryRecords(ROWS, CLINICS), objects=MemoryObjects(stored, clock=_now))
    book = MemoryAudits()
    desk_of_checks = AuditDesk(book, MemoryFindings(book), target="bucket", launch=lambda _run: None)
    services = replace(where.services, trail=accounts.trail, clock=_now, audits=desk_of_checks)
    site = Site()
    wiring.configure(wiring.Served(services, accounts, site.cookie))
    desk = signing_in.Desk(site, accounts, _now)
    app = asgi.build(site, signing_in.LiveTokens(accounts, _now), routes=desk.routes())
    with serve(app) as served:
        print(f"serving on {served.origin}", file=sys.stderr)
        yield House(served, accounts, site)
