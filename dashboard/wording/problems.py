"""What is said about the problems of one run: their causes, what those have in common, and each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from dashboard.wording.catalogue import MEND
from dashboard.wording.codes import CODE
from dashboard.wording.kinds import KIND
from lib.audit_before import MAX_LOOKS, SOUGHT
from lib.audit_findings import LOOKED
from lib.catalogue import CATALOGUE, Code, Severity
from lib.findings import Finding, Kind, Value
from lib.kept_findings import Tally

NONE_FOUND = (
    "No problem was found: every record's file is there and as its record says, and no file lies there unnamed."
)
NONE_FOUND_THERE = "No problem was found in what was looked at."
NONE_FITS = "No problem fits. Try a shorter text."
ALL = "All problems"
CHOOSE = "Problem"
SEARCH = "Part of a key, or a record number"
NO_TREND = "There is no earlier full check to compare with."
PICK = "Click a line, or go to it with the arrow keys, to see more about it and its rows below."
PICK_ROW = "The worst first. Click a line, or go to it with the arrow keys, to see what is known about it, and to open its record."
EXPECT_NONE = "Expect none of these. Each count is of problems; a record can have several."
ALL_GONE = "What the check before had found, and this one did not."
OTHERS = "All other causes"
NO_MONTH = "Day not known"
NOT_LINKED = "This problem is about a file alone: no record points at it."
OF_BUCKET = "This problem is about the storage as a whole."
WHO_READS = "Can't check: who can read the files"
WHO_READS_THEN = "That is no sign that they are closed. See what storage answers to the address of a file, then check all files again."
OPEN_RECORD = "Open record {number} in Find"
NOT_LOOKED = (
    "Whether a delete marker or an upload that did not end lies at its key was not looked for, so that it may also have "
    "been deleted, or begun. Open the record: there it is looked for."
)
KEYS_HIDDEN = "Keys are not shown to your role."

GONE = "✅ Gone"
SEVERITY = {
    Severity.CRITICAL: "⛔ Critical",
    Severity.HIGH: "🔴 High",
    Severity.MEDIUM: "🟠 Medium",
    Severity.LOW: "🔵 Low",
    Severity.NOTE: "▫️ Note",
    Severity.UNKNOWN: "❔ Can't tell",
}

_USUAL = frozenset(  # these codes say nothing that their kind does not
    {
        (Kind.UNREFERENCED_OBJECT, Code.UNREFERENCED),
        (Kind.SIZE_DIFFERS, Code.SIZE_MISMATCH),
        (Kind.CHECKSUM_DIFFERS, Code.CHECKSUM_MISMATCH),
        (Kind.EMPTY_OBJECT, Code.ZERO_BYTE),
        (Kind.SHARED_OBJECT, Code.DUPLICATE_REFERENCE),
        (Kind.CONSULTATION_DIFFERS, Code.WRONG_PATIENT),
        (Kind.VERSION_STATE, Code.VERSION_STATE),
        (Kind.WRONG_CONTENT_TYPE, Code.CONTENT_TYPE),
        (Kind.PUBLICLY_READABLE, Code.PUBLIC),
    }
)
_FACT: Mapping[str, Callable[[str], str]] = {  # in this order
    "is_mobile": lambda value: "on a phone" if value == "true" else "on a computer",
    "month": lambda value: f"in {month(value)}",
    "creator": lambda value: f"by user {value}",
    "clinic_id": lambda value: f"in clinic {value}",
}


def title(kind: Kind, code: Code | None) -> str:
    """Return what a problem is called: by its cause, where that says more than its kind.

    >>> title(Kind.DANGLING_REFERENCE, Code.LOCATION_OLD), title(Kind.SHARED_OBJECT, Code.DUPLICATE_REFERENCE)
    ('Older location', 'One file, several records')
    """
    return KIND[kind].title if code is None or (kind, code) in _USUAL else CODE[code].title


def named(kind: Kind, code: Code | None) -> str:
    """Return a problem with its cause in one line.

    >>> named(Kind.DANGLING_REFERENCE, Code.LOCATION_OLD), named(Kind.EMPTY_OBJECT, Code.ZERO_BYTE)
    ('Missing file: Older location', 'Empty file')
    """
    what, why = KIND[kind].title, title(kind, code)
    return what if why == what else f"{what}: {why}"


def about(kind: Kind, code: Code | None) -> str:
    """Say what a problem means, what caused it, and what to do next.

    >>> about(Kind.EMPTY_OBJECT, None).startswith("The file has no bytes")
    True
    """
    return f"{KIND[kind].means} {KIND[kind].then}" if code is None else CODE[code].developers


def unanswered(counts: Mapping[str, Value]) -> str:
    """Say that it was not found out who can read the files; ``counts`` is the evidence of that problem.

    >>> unanswered({"asked": 1359, "unknown": 1359})
    'Whether anyone can read the files could not be found out: 1,359 of 1,359 gave no answer.'
    >>> unanswered({"asked": 104, "unknown": 104, "unasked": 1255})
    'Whether anyone can read the files could not be found out: 104 of 104 gave no answer, and 1,255 more were not asked for.'
    """
    unasked = counts.get("unasked", 0)
    left = f", and {unasked:,} more {'was' if unasked == 1 else 'were'} not asked for" if unasked else ""
    return (
        "Whether anyone can read the files could not be found out: "
        f"{counts['unknown']:,} of {counts['asked']:,} gave no answer{left}."
    )


def _is_of_readers(finding: Finding) -> bool:
    return finding.kind is Kind.UNDETERMINED and finding.record_id is None


def of_one(finding: Finding) -> str:
    """Return the name of one problem, with what its cause was not looked for.

    >>> of_one(Finding(Kind.DANGLING_REFERENCE, Severity.CRITICAL, Code.NEVER_UPLOADED, evidence={LOOKED: False}))
    'Missing file: Never uploaded (delete markers not looked for)'
    """
    if _is_of_readers(finding):
        return WHO_READS
    doubt = " (delete markers not looked for)" if finding.evidence.get(LOOKED) is False else ""
    return named(finding.kind, finding.code) + doubt


def of_line(finding: Finding) -> str:
    """Return the name of one problem where nothing else is said of it."""
    return unanswered(finding.evidence) if _is_of_readers(finding) else of_one(finding)


def about_one(finding: Finding) -> str:
    """Say what one problem means, and what is not known of it."""
    if _is_of_readers(finding):
        return f"{unanswered(finding.evidence)} {WHO_READS_THEN}"
    told = about(finding.kind, finding.code)
    return f"{told} {NOT_LOOKED}" if finding.evidence.get(LOOKED) is False else told


def bound(code: Code | None, count: int) -> str:
    """Say that a cause was not looked into for all of its rows.

    >>> bound(Code.NEVER_UPLOADED, MAX_LOOKS), bound(Code.LOCATION_OLD, 5000)
    ('', '')
    >>> bound(Code.NEVER_UPLOADED, MAX_LOOKS + 1).endswith("A row that was not looked at says so; open its record to look.")
    True
    """
    if code not in SOUGHT or count <= MAX_LOOKS:
        return ""
    return (
        f"Delete markers and uploads that did not end may have been looked for at {MAX_LOOKS:,} keys only. "
        "A row that was not looked at says so; open its record to look."
    )


def in_common(said: str) -> str:
    """Say what nine of ten rows of a cause share.

    >>> in_common("all made on a phone")
    'In common: all made on a phone.'
    """
    return f"In common: {said}."


def mend(kind: Kind, code: Code | None) -> str:
    """Return what mends it.

    >>> mend(Kind.DANGLING_REFERENCE, Code.LOCATION_OLD)
    'Point the row at the right key'
    """
    return MEND[CATALOGUE[code].mend] if code is not None else KIND[kind].then.partition(".")[0]


def change(*, new: int, still: int, gone: int) -> str:
    """Say how a cause went on since the run before, as far as that looked.

    >>> change(new=5, still=26, gone=0), change(new=0, still=3, gone=2), change(new=0, still=0, gone=0)
    ('5 new, 26 still', '3 still, 2 gone', '–')
    """
    told = ((new, "new"), (still, "still"), (gone, "gone"))
    return ", ".join(f"{number:,} {word}" for number, word in told if number) or "–"


def causes(count: int) -> str:
    """Say how many causes there are: a table shows some of them at once.

    >>> causes(1), causes(43)
    ('1 cause.', '43 causes.')
    """
    return "1 cause." if count == 1 else f"{count:,} causes."


def part(first: int, last: int, *, of: int | None) -> str:
    """Say which problems of all stand on a page; where a text narrows them, nobody counted all.

    >>> part(16, 30, of=1051), part(1, 15, of=None)
    ('16 to 30 of 1,051', '1 to 15')
    """
    return f"{first:,} to {last:,}" + ("" if of is None else f" of {of:,}")


def shared(facts: Sequence[Tally], *, of: int) -> str:
    """Say what the rows of a cause have in common, what all have first.

    >>> def each(fact, value, count):
    ...     return Tally(Code.LOCATION_OLD, Kind.DANGLING_REFERENCE, fact, value, count)
    >>> shared([each("clinic_id", "CLN001", 31), each("is_mobile", "true", 31)], of=31)
    'all made on a phone, in clinic CLN001'
    >>> shared([each("is_mobile", "false", 31), each("creator", "7", 29), each("month", "2026-10", 30)], of=31)
    'all made on a computer; in Oct 2026 (30 of 31), by user 7 (29 of 31)'
    """
    inner = sorted(facts, key=lambda each: list(_FACT).index(each.fact))
    every = [_FACT[each.fact](each.value) for each in inner if each.count == of]
    nearly = [f"{_FACT[each.fact](each.value)} ({each.count:,} of {of:,})" for each in inner if each.count < of]
    told = [f"all made {', '.join(every)}" if every else "", ", ".join(nearly)]
    said = "; ".join(filter(None, told))
    return said if every or not said else f"made {said}"


def month(value: str) -> str:
    """Return a month as people say it.

    >>> month("2026-10"), month("")
    ('Oct 2026', 'Day not known')
    """
    try:
        return f"{date.fromisoformat(f'{value}-01'):%b %Y}"
    except ValueError:
        return NO_MONTH


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
