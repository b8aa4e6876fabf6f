"""Accounts and the links that set their passwords, in SQLite or PostgreSQL. No account is ever deleted."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, delete, insert, select, update

from lib.access import Permission, Role
from lib.people import (
    Account,
    Change,
    Identity,
    NewPassword,
    PasswordState,
    Person,
    Refusal,
    Rehash,
    changed,
    name_key,
)
from lib.stores import ledger_engine
from lib.stores.ledger_people_tables import PASSWORD_LINKS, PEOPLE

PEOPLE_LOCK = 7_305_819_214_400_003  # PostgreSQL advisory lock: accounts change one at a time


class LedgerPeople:
    """A PeopleStore. Threads and processes may share one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, person: Person) -> bool:
        """Commit a new account without a password; False when somebody has that name or identity."""
        key, identity = name_key(person.name), person.identity
        taken = PEOPLE.c.name_key == key
        columns = asdict(person) | {"name_key": key, "password_hash": None}
        del columns["password"], columns["identity"]
        if identity is not None:
            columns |= {"issuer": identity.issuer, "subject": identity.subject}
            taken |= (PEOPLE.c.issuer == identity.issuer) & (PEOPLE.c.subject == identity.subject)
        with ledger_engine.writing(self._engine, lock=PEOPLE_LOCK) as connection:
            if connection.execute(select(PEOPLE.c.person_id).where(taken)).first():
                return False
            connection.execute(insert(PEOPLE), columns)
            return True

    def everybody(self) -> tuple[Person, ...]:
        """Return all accounts, the oldest first."""
        with ledger_engine.reading(self._engine) as connection:
            return _everybody(connection)

    def by_id(self, person_id: str) -> Account | None:
        """Return one account."""
        return self._one(PEOPLE.c.person_id == person_id) if person_id.isascii() and person_id.isalnum() else None

    def by_name(self, name: str) -> Account | None:
        """Return the account whose name has the same ``name_key``."""
        return self._one(PEOPLE.c.name_key == name_key(name))

    def change(self, person_id: str, change: Change, *, at: datetime) -> Person | Refusal:
        """Commit ``changed(…)`` of everybody, alone: of two owners who demote each other, one stays."""
        with ledger_engine.writing(self._engine, lock=PEOPLE_LOCK) as connection:
            return apply(connection, person_id, change, at=at)

    def _one(self, condition: ColumnElement[bool]) -> Account | None:
        with ledger_engine.reading(self._engine) as connection:
            row = connection.execute(select(PEOPLE).where(condition)).first()
        return None if row is None else Account(person_of(row), row.password_hash)


def apply(connection: Connection, person_id: str, change: Change, *, at: datetime) -> Person | Refusal:
    """Change one account in a transaction that holds ``PEOPLE_LOCK``."""
    after = changed(_everybody(connection), person_id, change, at=at)
    if isinstance(after, Refusal):
        return after
    values: dict[str, Any] = {
        "role": after.role,
        "clinics": after.clinics,
        "granted": after.granted,
        "is_active": after.is_active,
        "generation": after.generation,
        "changed_at": after.changed_at,
    }
    which = PEOPLE.c.person_id == person_id
    if isinstance(change, NewPassword | Rehash):
        values["password_hash"] = change.password_hash
    if isinstance(change, Rehash):
        which &= PEOPLE.c.password_hash == change.instead_of
    connection.execute(update(PEOPLE).where(which), values)
    if isinstance(change, NewPassword) or not after.is_active:
        connection.execute(delete(PASSWORD_LINKS).where(PASSWORD_LINKS.c.person_id == person_id))
    return after


def _everybody(connection: Connection) -> tuple[Person, ...]:
    rows = connection.execute(select(PEOPLE).order_by(PEOPLE.c.created_at, PEOPLE.c.person_id))
    return tuple(person_of(row) for row in rows)


def person_of(row: Row[Any]) -> Person:
    """Return the person of a row that has the columns of PEOPLE. A role that we do not know may do nothing."""
    identity = Identity(row.issuer, row.subject) if row.issuer is not None and row.subject is not None else None
    has_password = PasswordState.NONE if row.password_hash is None else PasswordState.SET
    return Person(
        person_id=row.person_id,
        name=row.name,
        role=Role(row.role) if row.role in set(Role) else Role.NOBODY,
        clinics=row.clinics,
        granted=frozenset(Permission(each) for each in row.granted if each in set(Permission)),
        is_active=row.is_active,
        password=has_password if identity is None else PasswordState.ELSEWHERE,
        generation=row.generation,
        created_at=row.created_at,
        changed_at=row.changed_at,
        identity=identity,
    )


class LedgerPasswordLinks:
    """A PasswordLinkStore. A used link is deleted, so that it cannot be used again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, token_hash: str, person_id: str, *, at: datetime, ends_at: datetime) -> None:
        """Commit a link; earlier ones of this person, and what ended long ago, are void."""
        old = (PASSWORD_LINKS.c.person_id == person_id) | (PASSWORD_LINKS.c.ends_at <= at)
        link = {"token_hash": token_hash, "person_id": person_id, "created_at": at, "ends_at": ends_at}
        with ledger_engine.writing(self._engine, lock=PEOPLE_LOCK) as connection:
            connection.execute(delete(PASSWORD_LINKS).where(old))
            connection.execute(insert(PASSWORD_LINKS), link)

    def whose(self, token_hash: str, *, at: datetime) -> Person | None:
        """Return whose password an unused link sets, without using it; None for a disabled person's."""
        with ledger_engine.reading(self._engine) as connection:
            return _whose(connection, token_hash, at=at)

    def use(self, token_hash: str, password_hash: str, *, at: datetime) -> Person | None:
        """Commit the link's use and the password in one transaction; of any number at once, one gets the person."""
        with ledger_engine.writing(self._engine, lock=PEOPLE_LOCK) as connection:
            person = _whose(connection, token_hash, at=at)
            if person is None:
                return None
            after = apply(connection, person.person_id, NewPassword(password_hash), at=at)
            return after if isinstance(after, Person) else None


def _whose(connection: Connection, token_hash: str, *, at: datetime) -> Person | None:
    asked = select(PEOPLE).join(PASSWORD_LINKS, PASSWORD_LINKS.c.person_id == PEOPLE.c.person_id)
    asked = asked.where(PASSWORD_LINKS.c.token_hash == token_hash, PASSWORD_LINKS.c.ends_at > at, PEOPLE.c.is_active)
    row = connection.execute(asked).first()
    return None if row is None else person_of(row)
