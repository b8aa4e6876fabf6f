"""What is said about accounts, passwords and signing in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dashboard.wording.times import clock_time, day, until
from lib.access import Role
from lib.password_links import PasswordLink
from lib.passwords import SHORTEST, PasswordProblem
from lib.people import PasswordState, Person, Refusal
from lib.sessions import Session
from lib.sign_in import Denial, Denied

ROLE = {
    Role.OPERATOR: "Operator",
    Role.OWNER: "Owner",
    Role.CLINIC_ADMIN: "Clinic admin",
    Role.SUPPORT: "Support",
    Role.DEVELOPER: "Developer",
    Role.AUDITOR: "Auditor",
    Role.NOBODY: "Nobody",
}

PASSWORD_STATE = {PasswordState.NONE: "not set yet", PasswordState.SET: "set", PasswordState.ELSEWHERE: "elsewhere"}

ALL_CLINICS = "All clinics, and records without a clinic"
OWNER_SEES_ALL = "An owner sees all clinics."
CLINICS_NOT_READ = "The clinics cannot be read now, so only those that somebody has already are offered."
CHANGE_SIGNS_OUT = "A change of role or clinics, or a disabled account, signs the person out everywhere at once."
YOURSELF = "This is you: a change signs you out."
LINK_IS_SHOWN_ONCE = (
    "The link is shown here only, until you are done or 10 minutes have passed. Nobody can look it up later."
)

UNKNOWN_SESSION = "One that is not yours? Sign out everywhere, then change your password."
PASSWORD_SIGNS_OUT = "It signs you out everywhere, here too; sign in again with the new one."  # noqa: S105 - a sentence
NO_PASSWORD = "You have no password yet. An owner can make a link with which you set one."  # noqa: S105 - likewise
FROM_PROVIDER = (
    "This person signs in through your organisation's identity provider, which says their role and clinics: change them "
    "there. Here the account can be disabled and enabled."
)
PASSWORD_ELSEWHERE = "You sign in through your organisation's identity provider, so you have no password here."  # noqa: S105
_WRONG_OLD = "The password that you have now is not right."

NOBODY_YET = "Nobody has an account yet. Add the first: python -m dashboard people add NAME --role owner"

_REFUSAL = {
    Refusal.NAME_NOT_ALLOWED: "That cannot be a name: up to 100 letters, digits, spaces and . - _ @ + ' with at least one "
    "letter; “local” and “unknown” are taken.",
    Refusal.NAME_TAKEN: "Somebody has that name, perhaps written a little differently. Choose another.",
    Refusal.NO_SUCH_PERSON: "Nobody has an account of that name. python -m dashboard people list shows all.",
    Refusal.LAST_OWNER: "That would leave no owner who can sign in. Make somebody else an owner first, with a password.",
    Refusal.NOT_A_ROLE: "There is no such role: owner, clinic_admin, support, developer or auditor.",
    Refusal.CLINICS_NOT_ALLOWED: "These clinics do not fit the role: a clinic admin needs at least one, an owner sees all, "
    "and an id has no comma and no space at its ends.",
    Refusal.NOT_GRANTABLE: "Only preview and link can be granted on top of a role, and only to a developer.",
    Refusal.DISABLED: "This account is disabled. Enable it first.",
    Refusal.FROM_PROVIDER: FROM_PROVIDER,
}

_PROBLEM = {
    PasswordProblem.TOO_SHORT: f"That is too short: at least {SHORTEST} characters. Four or five words are easy to remember.",
    PasswordProblem.TOO_LONG: "That is too long: at most 256 characters.",
    PasswordProblem.COMMON: "That would be guessed early: it is a common password, a name, a date, or a row of keys. "
    "Four or five words that have nothing to do with each other are better.",
    PasswordProblem.NOT_TEXT: "That holds a character that cannot be typed. Choose another.",
}

_DENIAL = {
    Denial.WRONG: "The name or the password is not right.",
    Denial.WAIT: "Too many attempts. Try again in {wait}.",
    Denial.LINK_OVER: "This link does not work any more: it was used, a newer one was made, or a day has passed. "
    "Ask an owner for a new one.",
}


def account_refusal(refusal: Refusal) -> str:
    """Say why an account was not added or changed."""
    return _REFUSAL[refusal]


def denied(denial: Denied) -> str:
    """Say why nobody got in, or why the password was not taken.

    >>> denied(Denied(Denial.WAIT, timedelta(seconds=0.2))), denied(Denied(Denial.WAIT, timedelta(seconds=61)))
    ('Too many attempts. Try again in 1 second.', 'Too many attempts. Try again in 2 minutes.')
    """
    if isinstance(denial.code, PasswordProblem):
        return _PROBLEM[denial.code]
    return _DENIAL[denial.code].format(wait=waited(denial.wait))


def password_refused(denial: Denied) -> str:
    """Say to somebody who is signed in why their new password was not taken."""
    return _WRONG_OLD if denial.code is Denial.WRONG else denied(denial)


def waited(span: timedelta) -> str:
    """Return how long to wait, rounded up."""
    seconds = max(1, -(-span // timedelta(seconds=1)))
    count, unit = (seconds, "second") if seconds <= 60 else (-(-seconds // 60), "minute")
    return f"{count} {unit}" + ("" if count == 1 else "s")


def person_now(person: Person) -> str:
    """Say who somebody is now."""
    state = "" if person.is_active else " The account is disabled."
    return f"{person.name}: {ROLE[person.role]}, {clinics(person.clinics)}.{state}"


def clinics(wanted: frozenset[str] | None) -> str:
    """Return whose records are seen.

    >>> clinics(None), clinics(frozenset({"CLN002", "CLN001"}))
    ('all clinics', 'CLN001, CLN002')
    """
    return "all clinics" if wanted is None else ", ".join(sorted(wanted))


def person_row(person: Person) -> Mapping[str, object]:
    """Return the row of the table of people."""
    return {
        "name": person.name,
        "role": ROLE[person.role],
        "clinics": clinics(person.clinics),
        "granted": ", ".join(sorted(person.granted)) or None,
        "active": person.is_active,
        "password": PASSWORD_STATE[person.password],
    }


def people_table(people: Iterable[Person]) -> list[dict[str, str]]:
    """Return the rows of the table of people on screen."""
    return [
        {
            "Name": person.name,
            "Role": ROLE[person.role],
            "Clinics": clinics(person.clinics),
            "Account": "active" if person.is_active else "disabled",
            "Password": PASSWORD_STATE[person.password],
            "Granted": ", ".join(sorted(person.granted)),
        }
        for person in people
    ]


def session_table(sessions: Iterable[Session], *, mine: Session, zone: ZoneInfo) -> list[dict[str, str]]:
    """Return the rows of the table of one's own sessions."""
    return [
        {
            "": "this one" if each.id_hash == mine.id_hash else "",
            "Since": f"{day(each.created_at, zone)}, {clock_time(each.created_at, zone)}",
            "Last seen": f"{day(each.last_seen_at, zone)}, {clock_time(each.last_seen_at, zone)}",
            "Address": each.address,
        }
        for each in sessions
    ]


def link_for(link: PasswordLink, *, now: datetime, zone: ZoneInfo, has_address: bool) -> str:
    """Say for whom the link is, and how long it works."""
    where = "" if has_address else " Put the dashboard's address before it."
    return (
        f"{link.person.name} sets their own password there, once, until {until(link.ends_at, now=now, zone=zone)}."
        f"{where} Whoever has the link can sign in as them: give it to nobody else."
    )
