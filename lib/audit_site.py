"""What a run that is taken up again must know of its beginning, in two small private files beside its spool.

The checks are written down once they have ended. A run that was killed before makes them again, of that moment.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from lib.row_spool import Checked, Versions

SPOOL, LEFTOVERS = "rows", "leftovers"
_SITE, _CHECKED = "site.json", "checked.json"
FILES = (SPOOL, LEFTOVERS, _SITE, _CHECKED)


class SpoolLost(Exception):
    """A run that was taken up again has lost a private file."""


@dataclass(frozen=True, slots=True)
class Site:
    """What is listed: all below ``prefix``. ``is_narrow``: nobody may list the rest, where only suggestions could lie."""

    taken_at: datetime
    prefix: bytes
    is_narrow: bool
    location: str = ""  # by which the rows were resolved


def keep_site(site: Site, folder: Path) -> None:
    """Write it down; raise OSError."""
    told = asdict(site) | {"taken_at": site.taken_at.isoformat(), "prefix": site.prefix.hex()}
    _write(told, folder / _SITE)


def site(folder: Path) -> Site:
    """Return what was written down; raise SpoolLost."""
    try:
        told = json.loads((folder / _SITE).read_text("utf-8"))
        taken_at, prefix = datetime.fromisoformat(told["taken_at"]), bytes.fromhex(told["prefix"])
        return Site(taken_at, prefix, told["is_narrow"], told["location"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpoolLost from error


def keep_checked(checked: Checked, folder: Path) -> None:
    """Write down what was found, unless it is already; raise OSError."""
    if not (folder / _CHECKED).exists():
        _write(asdict(checked), folder / _CHECKED)


def checked(folder: Path) -> Checked | None:
    """Return what was written down, None where the checks had not ended; raise SpoolLost."""
    try:
        told = json.loads((folder / _CHECKED).read_text("utf-8"))
        versions = [Versions(**each) for each in told["versions"]]
        return Checked(told["consultation_differs"], versions, told["resolvers_disagree"], told["cut"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpoolLost from error


def _write(told: Mapping[str, object], path: Path) -> None:
    """Write a file of which no half is ever seen."""
    half = path.with_suffix(".half")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        json.dump(told, file)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
