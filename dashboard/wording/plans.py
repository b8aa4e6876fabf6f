"""What is said about a mend plan: its README, and why a row is left to a person."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from dashboard.wording.catalogue import EVIDENCE, FLAG, MEND
from dashboard.wording.codes import CODE
from lib.catalogue import CATALOGUE
from lib.plan_evidence import shown
from lib.plans import MAX_ROWS, Left, Plan, Reason

WIDTH = 100

REASON = {
    Reason.NOT_CHECKED: "Storage did not say whether the file is there. Make the plan again when it does.",
    Reason.NOT_BY_POINTING: "No other key mends this.",
    Reason.NOTHING_FOUND: "No file was found that could be the right one. If none turns up, make the PDF again as a new version.",
    Reason.NOT_PROVEN: "There are suggestions, but none is proven. Open the best one, compare it with the record, and decide.",
    Reason.FLAGGED: "Something speaks against the best suggestion. Find out whose file it is before you touch the row.",
    Reason.CLAIMED_TWICE: "Two records would get the same file. Open it, see whose it is, and mend that one by hand.",
    Reason.TOO_LONG: "The right key is longer than the column can hold. Make the column longer, then make the plan again.",
    Reason.UNWRITABLE: "The stored key has characters that no script can hold, or no end. Correct the row by its number.",
    Reason.UNBROWSABLE: "The file's key has ./ or ../ in it, which no browser opens. Copy the file to a key without, then "
    "make the plan again.",
    Reason.TARGET_TAKEN: "Another file lies where this one would be copied to, or another record names that key. Find out "
    "which is right before you copy anything.",
}


def readme(plan: Plan) -> str:
    """Return what people read before they run anything.

    It names records by their number, never a patient.
    """
    return "\n".join([*_head(plan), *_steps(plan), *_left(plan)]) + "\n"


def _head(plan: Plan) -> Iterator[str]:
    yield "Mend plan for prescription PDFs"
    yield ""
    yield f"Rows to point at the right key: {len(plan.repoints)}. Files to copy: {len(plan.copies)}."
    yield f"Left to a person: {len(plan.left)}."
    if plan.is_cut:
        yield f"There are more broken rows: a plan holds {MAX_ROWS:,}. Run this one, then make the next."
    yield "The dashboard has changed nothing and runs none of this. Read each script before you run it."
    if plan.include_likely:
        yield "LIKELY ones are included, as was asked. Each is marked NOT PROVEN: open the file before you run its line."
    else:
        yield "Only what is proven is in the scripts: the content of the file agrees with the record."


def _steps(plan: Plan) -> Iterator[str]:
    if plan.copies:
        yield ""
        yield "copy.sh: copies files to where their records look for them. It overwrites and deletes nothing."
        yield "  The AWS command line must have its own credentials, and the addressing style that the bucket needs."
        again = [str(step.record_id) for step in plan.copies if step.needs_another_plan]
        if again:
            yield "  Then make a new plan. It will point these records at their copies:"
            yield from (f"  {line}" for line in wrap(", ".join(again), WIDTH))
    if plan.repoints:
        yield ""
        yield "mend.sql: points rows at the right key, all or none: psql -v ON_ERROR_STOP=1 -f mend.sql"
        if (limit := plan.site.column.max_length) is not None:
            yield f"  No new key is longer than the {limit} characters that the column holds."
    if plan.needs_signer:
        yield ""
        yield "signer.py: the code that signs links is at fault, not the rows. Put this in its place."
    yield ""
    yield "plan.json: the same for machines."


def _left(plan: Plan) -> Iterator[str]:
    if not plan.left:
        return
    yield ""
    yield "Left to a person"
    for each in plan.left:
        yield ""
        yield from _one(each)


def _one(left: Left) -> Iterator[str]:
    title = "" if left.code is None else f", {left.code}: {CODE[left.code].title}"
    yield f"record {left.record_id}{title}"
    yield f"  stored key {shown(left.stored)}"
    yield f"  {REASON[left.reason]}"
    if left.reason is Reason.NOT_BY_POINTING and left.code is not None:
        yield f"  {MEND[CATALOGUE[left.code].mend]}."
        yield from (f"  {line}" for line in wrap(CODE[left.code].developers, WIDTH))
    if left.best is not None:
        yield f"  best suggestion {shown(left.best.key)}"
        yield f"  {EVIDENCE[left.best.evidence]}" + "".join(f"; {FLAG[flag]}" for flag in sorted(left.best.flags))
