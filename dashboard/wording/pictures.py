"""What the pictures of a run are called, and what each shows, for who does not see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

MONTHS = "Problems by the month in which the PDF was made"
CAUSES = "Share of each cause"
FLOWS = "Where rows point, and where their files lie"
TREND = "Records whose file was not found as it should be, check by check"
NOT_FOUND = "File not found"
AS_TABLE = "As a table"
ROOT = "(no folder)"
NOWHERE = "found nowhere"


def percent(count: int, total: int) -> str:
    """Return a share.

    >>> percent(31, 43), percent(1, 1000), percent(0, 0)
    ('72 %', '<1 %', '0 %')
    """
    if not total or not count:
        return "0 %"
    return "<1 %" if 100 * count < total else f"{100 * count / total:.0f} %"


def share(count: int, total: int) -> str:
    """Return a count with its share.

    >>> share(31, 43)
    '31 (72 %)'
    """
    return f"{count:,} ({percent(count, total)})"


def points(prefix: str) -> str:
    """Return what a row points at.

    >>> points("loc/old/")
    'rows: loc/old/'
    """
    return f"rows: {prefix}"


def lies(prefix: str | None) -> str:
    """Return where a file lies.

    >>> lies("loc/old/"), lies(None)
    ('file: loc/old/', 'found nowhere')
    """
    return NOWHERE if prefix is None else f"file: {prefix}"


def months(totals: Mapping[str, int], *, is_cut: bool) -> str:
    """Say what the stacked bars show.

    >>> months({"Sep 2026": 2, "Oct 2026": 31}, is_cut=False)
    'Stacked bars, one a month in UTC, a part for each cause. From Sep 2026 to Oct 2026; the most in Oct 2026: 31.'
    """
    names = list(totals)
    most = max(names, key=totals.__getitem__)
    earlier = " Earlier months are left out." if is_cut else ""
    return (
        "Stacked bars, one a month in UTC, a part for each cause. "
        f"From {names[0]} to {names[-1]}; the most in {most}: {totals[most]:,}.{earlier}"
    )


def causes(bars: Sequence[tuple[str, int]], total: int) -> str:
    """Say what the bars show.

    >>> causes([("Cut off", 3), ("Empty file", 1)], 4)
    'Bars, one a cause, the longest first. Of 4 problems of records the most are “Cut off”: 3 (75 %).'
    """
    name, count = bars[0]
    many = f"{total:,} problem{'' if total == 1 else 's'} of records"
    return f"Bars, one a cause, the longest first. Of {many} the most are “{name}”: {share(count, total)}."


def lone_files(count: int, *, right: int) -> str:
    """Say how many files that no record points at are not among the bars, and whose they are.

    >>> lone_files(0, right=0), lone_files(1, right=0)
    ('', 'Not among them: 1 file that no record points at.')
    >>> lone_files(113, right=107)
    'Not among them: 113 files that no record points at; 107 of these are the right file of a record that points elsewhere.'
    """
    if not count:
        return ""
    said = f"Not among them: {count:,} file{'' if count == 1 else 's'} that no record points at"
    if not right:
        return f"{said}."
    whose = "it is" if count == 1 else f"{right:,} of these {'is' if right == 1 else 'are'}"
    return f"{said}; {whose} the right file of a record that points elsewhere."


def flows(found: Sequence[tuple[str, str | None, int]]) -> str:
    """Say what the bands show.

    >>> flows([("old/pdfs/", "loc/pdfs/", 31), ("loc/pdfs/", None, 2)])
    'Bands from the folder that rows ask for to the one their file lies in. The widest: old/pdfs/ to loc/pdfs/, 31. Found nowhere: 2.'
    """
    left, right, count = found[0]
    widest = f"{left} to {right}" if right is not None else f"{left}, {NOWHERE}"
    lost = sum(number for _, to, number in found if to is None)
    said = f"Bands from the folder that rows ask for to the one their file lies in. The widest: {widest}, {count:,}."
    return said + (f" Found nowhere: {lost:,}." if lost else "")


def trend(found: Sequence[tuple[str, int]]) -> str:
    """Say what the line shows.

    >>> trend([("23 Nov 2026, 06:00", 12), ("24 Nov 2026, 06:00", 43)])
    'A line over 2 full checks: the file of 12 records was missing, misplaced, wrong or unknown at the first (23 Nov 2026, 06:00), of 43 at the last (24 Nov 2026, 06:00).'
    """
    (first, before), (last, now) = found[0], found[-1]
    return (
        f"A line over {len(found)} full checks: the file of {before:,} records was missing, misplaced, wrong or unknown "
        f"at the first ({first}), of {now:,} at the last ({last})."
    )
