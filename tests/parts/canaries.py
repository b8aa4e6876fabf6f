"""What must not be printed, logged, measured or written into a trail: every secret and patient that the tests plant.

``tests/conftest.py`` scans what pytest captured of each test, ``CommandLine`` and ``App`` what they said, ``demo_app``
the metrics, and at the end every ledger in a file or in PostgreSQL. A finding names the place and the kind, never the
secret. Who prints on purpose stands in ``ON_PURPOSE``, by command and kind.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import psycopg2

from dashboard.demo import people as demo_people
from tests.parts import sample_clinic

_PATIENTS = [row for row in sample_clinic.USERS if row[4] == "patient"]
NAMES = (*(row[3] for row in _PATIENTS), "Esha Synthetic", "Bilal Synthetic", "Asha Rao", "Asha Roy", "Asha Rai")
PHONES = (*(row[1] for row in _PATIENTS), "+919876543210")
SECRETS = (
    "guardedsecret",
    "testownersecretkey",
    "testothersecretkey",
    "four words nobody guesses",
    "violet harbour ledger tuning fork",
    "another harbour ledger tuning fork",
    sample_clinic.DIAGNOSIS,
)
KINDS = {
    "secret": re.compile("|".join(map(re.escape, SECRETS))),
    "name": re.compile("|".join((*map(re.escape, NAMES), f"Demo-(?:{'|'.join(demo_people.FAMILY_NAMES)})"))),
    "phone": re.compile("|".join((*(re.escape(each[1:]) for each in PHONES), r"\b916\d{9}\b"))),
    "signed link": re.compile(r"X-Amz-Signature(?:=|%3D)[0-9a-f]{64}", re.IGNORECASE),
    "session token": re.compile(r"dashboard-(?:development-)?session=[\w-]{43}"),
    "password link": re.compile(r"/set-password\?token=[\w-]{43}"),
}
ON_PURPOSE = {  # what a command says on stdout because somebody asked it for just that
    "find": {"name", "phone"},
    "link": {"signed link"},
    "people": {"password link"},
}


def found(text: str, *, but: Iterable[str] = ()) -> list[str]:
    """Return the kinds of canaries in a text."""
    return [kind for kind, pattern in KINDS.items() if kind not in but and pattern.search(text)]


def check(text: str, *, where: str, but: Iterable[str] = ()) -> None:
    """Fail, naming the place and the kind, when there is a canary in a text."""
    kinds = found(text, but=but)
    assert not kinds, f"in {where}: {', '.join(kinds)}"


def in_files(folder: Path) -> list[str]:
    """Return what is in the trails of the SQLite files below a folder, as ``file: kinds``."""
    files = (path for path in sorted(folder.rglob("*")) if path.suffix in {".sqlite3", ".sqlite", ".db"})
    return [f"{path}: {', '.join(kinds)}" for path in files if path.is_file() and (kinds := found(_trail(path)))]


def _trail(path: Path) -> str:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
            return "\n".join(map(repr, ledger.execute("SELECT * FROM trail")))
    except sqlite3.Error:  # no ledger, or one that a test broke
        return ""


def in_postgres(socket_dir: str) -> list[str]:
    """Return what is in the trails of a server's databases, as ``database: kinds``."""
    with closing(_database(socket_dir, "postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE NOT datistemplate")
        names = [name for (name,) in cursor.fetchall()]
    return [f"PostgreSQL {name}: {', '.join(kinds)}" for name in names if (kinds := found(_rows(socket_dir, name)))]


def _rows(socket_dir: str, name: str) -> str:
    with closing(_database(socket_dir, name)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_tables WHERE tablename = 'trail'")
        if cursor.fetchone() is None:
            return ""
        cursor.execute("SELECT trail::text FROM trail")
        return "\n".join(map(repr, cursor.fetchall()))


def _database(socket_dir: str, name: str) -> psycopg2.extensions.connection:
    return psycopg2.connect(host=socket_dir, user="postgres", dbname=name)
