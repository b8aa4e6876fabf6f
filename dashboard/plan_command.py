"""``plan``: what would mend the broken rows, written into a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard import printing, private_files
from dashboard.terminal import CouldNotRun, Json, me, services
from dashboard.wording import plans as plan_words
from lib import plan_files, planning
from lib.access import Scope
from lib.records import Everything, Filters, Record

if TYPE_CHECKING:
    from lib.services import Services

MAX_DIGITS = 18  # of a record's number
STEP = 100  # records after which a plan says how far it is
SHOWN = 5  # numbers that no row has


def plan(
    out: Annotated[Path, typer.Option(help="A folder for the files of the plan; it is made.")],
    records: Annotated[
        Path | None,
        typer.Option(help="A file with numbers of PDF rows, one a line.", show_default="the newest 2,000"),
    ] = None,
    include_likely: Annotated[
        bool, typer.Option("--include-likely", help="Also what is likely, marked NOT PROVEN.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write what would mend the broken records: SQL, copy commands, and what is left to a person. Runs none of it.

    Example: python -m dashboard plan --out mend
    """
    _values, using = services()
    rows, is_cut = _named(records, using) if records is not None else _newest(using)

    def walked(count: int) -> None:
        if count % STEP == 0:
            printing.note(f"{count:,} of {len(rows):,} records looked at")

    made = planning.plan(me(), Scope(), services=using, records=rows, include_likely=include_likely, walked=walked)
    written = plan_files.files(made, readme=plan_words.readme(made), made_at=using.clock())
    _write(out, written)
    if as_json:
        printing.as_json(
            {
                "out": str(out),
                "files": sorted(written),
                "repoint": len(made.repoints),
                "copy": len(made.copies),
                "left": len(made.left),
                "truncated": made.is_cut or is_cut,
            }
        )
    else:
        printing.say(f"{out}: {', '.join(sorted(written))}")
        printing.say(
            f"Rows to point at the right key: {len(made.repoints)}. Files to copy: {len(made.copies)}. "
            f"Left to a person: {len(made.left)}."
        )
    if is_cut:
        printing.note(f"Only the first {planning.MAX_RECORDS:,} records were looked at; name others with --records.")
    raise typer.Exit(1 if made.repoints or made.copies or made.left else 0)


def _named(file: Path, using: Services) -> tuple[list[Record], bool]:
    """Return the records whose numbers a file holds, and whether there were too many."""
    try:
        lines = file.read_text(encoding="utf-8-sig").split()
    except (OSError, UnicodeDecodeError) as error:
        raise CouldNotRun(f"{file} cannot be read: it must hold numbers of PDF rows, one a line.") from error
    if not all(line.isascii() and line.isdigit() and len(line) <= MAX_DIGITS for line in lines):
        raise CouldNotRun(f"{file} must hold numbers of PDF rows, one a line, and nothing else.")
    numbers = list(dict.fromkeys(map(int, lines)))
    read = {each: using.records.get(each, scope=Scope()) for each in numbers[: planning.MAX_RECORDS]}
    if unknown := [str(each) for each, row in read.items() if row is None]:
        printing.note(f"No PDF row has the number {', '.join(unknown[:SHOWN])}{' …' if len(unknown) > SHOWN else ''}.")
    return [row for row in read.values() if row is not None], len(numbers) > planning.MAX_RECORDS


def _newest(using: Services) -> tuple[list[Record], bool]:
    """Return the newest records, and whether there are more."""
    found: list[Record] = []
    after = None
    while len(found) < planning.MAX_RECORDS:
        page = using.records.search(Everything(), Filters(older_versions=True), scope=Scope(), limit=100, after=after)
        found += page.records
        if (after := page.after) is None:
            break
    return found[: planning.MAX_RECORDS], after is not None or len(found) > planning.MAX_RECORDS


def _write(out: Path, files: Mapping[str, str]) -> None:
    try:
        with private_files.together(out) as new:
            for name, text in files.items():
                new(name, "utf-8").write(text)
    except OSError as error:
        raise CouldNotRun(f"The plan cannot be written to {out}: {error.strerror}.") from error
