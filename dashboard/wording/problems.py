"""What is said about the problems of one run: their causes, what those have in common, and each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from dashboard.wording.catalogue import EVIDENCE, MEND
from dashboard.wording.codes import CODE
from dashboard.wording.kinds import KIND
from dashboard.wording.times import size
from lib.catalogue import CATALOGUE, Code, Severity
from lib.findings import Kind, Suggestion, Value

NONE_FOUND = "No problem was found: every record's file is there and as its record says, and no file lies there unnamed."
NONE_FITS = "No problem fits. Try a shorter text."
ALL = "All problems"
CHOOSE = "Problem"
SEARCH = "Part of a key, or a record number"
PICK = "Click a line to see its rows below."
PICK_ROW = "Click a line to see what is known about it, and to open its record."
EXPECT_NONE = "Expect none of these. Each count is of problems; a record can have several."
AS_TABLE = "As a table"
OTHERS = "All other causes"
NO_MONTH = "Day not known"
NOT_LINKED = "This problem is about a file alone: no record points at it."
OF_BUCKET = "This problem is about the storage as a whole."
OPEN_RECORD = "Open record {number} in Find"
KEYS_HIDDEN = "Keys are not shown to your role."

SEVERITY = {
    Severity.CRITICAL: "⛔ Critical",
    Severity.HIGH: "🔴 High",
    Severity.MEDIUM: "🟠 Medium",
    Severity.LOW: "🔵 Low",
    Severity.NOTE: "▫️ Note",
    Severity.UNKNOWN: "❔ Can't tell",
}

_FACT = {
    "is_mobile": {"true": "made on a phone", "false": "made on a computer"},
}
_EVIDENCE = {
    "row_size": "size in the record",
    "row_md5": "MD5 in the record",
    "size_bytes": "size in storage",
    "etag": "ETag in storage",
    "modified": "last written",
    "last_modified": "last written",
}


def title(kind: Kind, code: Code | None) -> str:
    """Return what a problem is called: by its cause, where that is known.

    >>> title(Kind.DANGLING_REFERENCE, Code.LOCATION_OLD), title(Kind.SHARED_OBJECT, None)
    ('Older location', 'One file, several records')
    """
    return CODE[code].title if code is not None else KIND[kind].title


def named(kind: Kind, code: Code | None) -> str:
    """Return a problem with its cause in one line.

    >>> named(Kind.DANGLING_REFERENCE, Code.LOCATION_OLD), named(Kind.EMPTY_OBJECT, Code.ZERO_BYTE)
    ('Missing file: Older location', 'Empty file')
    """
    what, why = KIND[kind].title, title(kind, code)
    return what if why == what else f"{what}: {why}"


def mend(kind: Kind, code: Code | None) -> str:
    """Return what mends it.

    >>> mend(Kind.DANGLING_REFERENCE, Code.LOCATION_OLD)
    'Point the row at the right key'
    """
    return MEND[CATALOGUE[code].mend] if code is not None else KIND[kind].then


def change(*, count: int, new: int, gone: int, is_compared: bool) -> str:
    """Say how a cause went on since the run before.

    >>> change(count=31, new=5, gone=0, is_compared=True), change(count=3, new=0, gone=2, is_compared=True)
    ('5 new, 26 still', '3 still, 2 gone')
    >>> change(count=0, new=0, gone=4, is_compared=True), change(count=3, new=3, gone=0, is_compared=False)
    ('4 gone', 'first check')
    """
    if not is_compared:
        return "first check"
    told = ((new, "new"), (count - new, "still"), (gone, "gone"))
    return ", ".join(f"{number:,} {word}" for number, word in told if number) or "–"


def shared(facts: Sequence[tuple[str, str, int]], *, of: int) -> str:
    """Say what the rows of a cause have in common: fact, value, and how many of them have it.

    >>> shared([("is_mobile", "true", 31)], of=31)
    'all made on a phone'
    >>> shared([("is_mobile", "true", 28), ("month", "2026-10", 30)], of=31)
    'made on a phone (28 of 31), of Oct 2026 (30 of 31)'
    """
    return ", ".join(
        f"all {_fact(fact, value)}" if count >= of > 1 else f"{_fact(fact, value)} ({count:,} of {of:,})"
        for fact, value, count in facts
    )


def _fact(fact: str, value: str) -> str:
    if fact == "month":
        return f"of {month(value)}"
    named_: Mapping[str, str] = {"creator": f"made by user {value}", "clinic_id": f"of clinic {value}"}
    return _FACT[fact].get(value.lower(), value) if fact in _FACT else named_.get(fact, value)


def month(value: str) -> str:
    """Return a month as people say it.

    >>> month("2026-10"), month("")
    ('Oct 2026', 'Day not known')
    """
    try:
        return f"{date.fromisoformat(f'{value}-01'):%b %Y}"
    except ValueError:
        return NO_MONTH


def suggestion(found: Suggestion | None) -> str:
    """Say in a cell how sure a suggestion is.

    >>> suggestion(None)
    '–'
    """
    if found is None:
        return "–"
    flagged = "" if not found.flags else ", something speaks against it"
    return EVIDENCE[found.evidence].partition(":")[0] + flagged


def evidence(known: Mapping[str, Value]) -> list[tuple[str, str]]:
    """Return what a problem rests on, as name and value.

    >>> evidence({"size_bytes": 0, "md5": None, "is_public": True})
    [('size in storage', '0 bytes'), ('is public', 'yes')]
    """
    return [(_EVIDENCE.get(name, name.replace("_", " ")), _value(name, value)) for name, value in known.items() if value is not None]


def _value(name: str, value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return size(value) if isinstance(value, int) and name.endswith(("size", "size_bytes")) else str(value)


def plan_for(count: int, most: int) -> str:
    """Say that a plan takes only so many records.

    >>> plan_for(31, 2000), plan_for(5000, 2000)
    ('', 'A plan takes 2,000 records at most: mend these, check all files again, and make the next one.')
    """
    return (
        f"A plan takes {most:,} records at most: mend these, check all files again, and make the next one."
        if count > most
        else ""
    )
