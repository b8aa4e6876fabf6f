"""``audit`` and ``audits``: check all files, and what was found before."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from dashboard import audit_bar, audit_export_command, audit_exports, printing
from dashboard.terminal import CouldNotRun, Json, me, say_notices
from dashboard.wording import audit_commands as words
from dashboard.wording import audit_compared as compared_words
from dashboard.wording import audits as run_words
from lib import audit_history, audit_reach, audit_reading, auditing, audits, keys, setting_rules
from lib.access import Scope
from lib.audit_book import Busy, LeaseLost
from lib.audit_office import Office
from lib.audits import Exposure, Options, Result, Run, Status
from lib.settings import Settings

LISTED = 50  # runs
DIFFERENT = 1000  # findings of a comparison
MAX_RANGES = 64

app = typer.Typer(help="The runs of the check of all files.", invoke_without_command=True)
app.command()(audit_export_command.export)


def audit(
    prefix: Annotated[
        str | None, typer.Option(metavar="OBJECT_KEY_PREFIX", help="Only below this; never a full verdict.")
    ] = None,
    grace: Annotated[
        str | None, typer.Option(show_default="15m", help="What is younger may be on its way: 15m, 1h, 90s.")
    ] = None,
    exposure: Annotated[
        Exposure | None,
        typer.Option(show_default=Options().exposure, help="How many files are asked for as a stranger."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write findings.csv, findings.jsonl and about.txt here.")
    ] = None,
    resume: Annotated[
        int | None,
        typer.Option(metavar="RUN_ID", help="Go on with this run from its last finished range, with its own options."),
    ] = None,
    ranges: Annotated[
        int | None,
        typer.Option(
            min=1, max=MAX_RANGES, show_default=str(audits.RANGES), help="Listings at once; fewer take less memory."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare every record with the bucket, both ways. Exit 0: nothing found; 1: findings; 2: incomplete or failed.

    Example: python -m dashboard audit --exposure none --out /var/lib/audits
    """
    from dashboard import audit_runs, audit_wiring  # bring SQLAlchemy

    given = _given(prefix, grace, exposure, ranges)
    settings = Settings.load()
    say_notices(settings)
    using = audit_wiring.office(settings)
    try:
        if resume is None:
            run = auditing.begin(me(), Scope(), services=using, options=replace(Options(), **given))
        else:
            _no_other(given, resume, using)
            run = auditing.resume(me(), Scope(), services=using, run_id=resume, launch=False)
    except Busy as busy:
        raise CouldNotRun(words.BUSY_ELSEWHERE if busy.is_elsewhere else words.BUSY.format(run=busy.run_id)) from None
    except LookupError:
        raise CouldNotRun(words.NOT_RESUMABLE.format(run=resume)) from None
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the run is cancelled, not lost
    try:
        with audit_bar.drawn(run.options) as told:
            ended = audit_runs.worked(run, settings, using=using, told=told)
    except LeaseLost:
        raise CouldNotRun(words.LEASE_LOST.format(run=run.run_id)) from None
    try:
        if out is not None and ended.status in {Status.COMPLETE, Status.INCOMPLETE}:
            audit_export_command.write(ended, out, using)
    finally:  # the run itself is in the book
        _say(ended, as_json=as_json)
        sys.stdout.flush()
    if ended.status is Status.CANCELLED:
        os._exit(_exit_code(ended))  # a thread that still waits for an answer would hold the process
    raise typer.Exit(_exit_code(ended))


def _given(prefix: str | None, grace: str | None, exposure: Exposure | None, ranges: int | None) -> dict[str, Any]:
    """Return the options that were given, by their names in Options."""
    if prefix and keys.impossible(prefix):
        raise CouldNotRun(words.NO_PREFIX)
    span = None if grace is None else _duration(grace)
    named = {"prefix": prefix, "grace": span, "exposure": exposure, "ranges": ranges}
    return {name: value for name, value in named.items() if value is not None}


def _duration(text: str) -> timedelta:
    try:
        return setting_rules.grace(text)
    except ValueError as error:
        raise CouldNotRun(f"--grace {error}") from None


def _no_other(given: dict[str, Any], run_id: int, using: Office) -> None:
    """Refuse an option that is not the run's own: it goes on with those that it began with."""
    begun = audit_reading.run(me(), Scope(), services=using, run_id=run_id)
    for option, value in given.items():
        if begun is not None and getattr(begun.options, option) != value:
            raise CouldNotRun(words.OPTION_OF_ANOTHER.format(run=run_id, option=option))


def _say(run: Run, *, as_json: bool) -> None:
    if as_json:
        if run.status is not Status.COMPLETE or not run.progress.records:  # a prefix that is wrong finds nothing either
            for sentence in words.told(run):
                printing.note(sentence)
        printing.as_json(as_data(run))
        return
    for sentence in words.told(run):
        printing.say(sentence)
    if rows := words.kinds(run):
        printing.table(rows, empty="")


def as_data(run: Run) -> dict[str, object]:
    """Return a run for machines."""
    result = run.result or Result(run.status)
    return {
        "run_id": run.run_id,
        "status": run.status,
        "records": run.progress.records,
        "objects": run.progress.objects,
        "findings": {str(kind): count for kind, count in sorted(result.kinds.items())},
        "causes": {str(code): count for code, count in sorted(result.causes.items())},
        "requests": run.progress.requests,
        "seconds": round(run.seconds, 2),
        "listed_until": result.listed_until,
        "unlisted": [list(gap) for gap in result.unlisted],
        "prefix": run.options.prefix,
        "exposure": run.options.exposure,
        "attention": result.attention,
        "strangers": dict(result.strangers),
        "cut": {str(kind): count for kind, count in sorted(result.cut.items())},
        "reason": None if result.reason is None else {"code": result.reason, "detail": run_words.reason(result.reason)},
        "started_at": run.started_at,
        "ended_at": run.ended_at,
    }


def _exit_code(run: Run) -> int:
    if run.status is not Status.COMPLETE:
        return 2
    return 1 if run.result is not None and any(run.result.kinds.values()) else 0


@app.callback()
def listed(context: typer.Context, as_json: Json = False) -> None:
    """List the runs of this bucket, the newest first.

    Example: python -m dashboard audits --json
    """
    if context.invoked_subcommand is not None:
        return
    using = _office()
    found = audit_reading.runs(me(), Scope(), services=using, limit=LISTED + 1)
    items = [as_data(run) for run in found[:LISTED]]
    if as_json:
        printing.as_json({"items": items, "truncated": len(found) > LISTED})
        return
    shown = ("run_id", "status", "started_at", "prefix", "exposure", "records", "objects", "attention", "seconds")
    rows = [item | {"prefix": item["prefix"] or None} for item in items]
    printing.table(
        [{name.replace("_", " "): printing.plain(row[name]) for name in shown} for row in rows], empty=words.NO_RUNS
    )


@app.command()
def diff(
    first: Annotated[int, typer.Argument(metavar="A", help="The number of the earlier run.")],
    second: Annotated[int, typer.Argument(metavar="B", help="The number of the later run.")],
    as_json: Json = False,
) -> None:
    """Say what the second run found that the first had not, and what is gone. Exit 1 where something is new.

    Example: python -m dashboard audits diff 11 12
    """
    using = _office()
    runs = [_comparable(number, using) for number in (first, second)]
    unlike = audit_reach.unlike(*runs)
    compared = audit_history.compare(audit_reading.groups(me(), Scope(), services=using, run_id=second, than=first))
    different = audit_reading.difference(me(), Scope(), services=using, first=first, second=second, limit=DIFFERENT + 1)
    items = [{"side": each.side, **audit_exports.fields(each.finding)} for each in different[:DIFFERENT]]
    counted = {"new": compared.new, "still": compared.still, "gone": compared.gone}
    if as_json:
        printing.as_json(
            {
                "first": first,
                "second": second,
                **counted,
                "not_compared": unlike,
                "items": items,
                "truncated": len(different) > DIFFERENT,
            }
        )
    else:
        printing.say(compared_words.compared(**counted, is_all=not unlike))
        for sentence in compared_words.left_out(*runs):
            printing.say(sentence)
        shown = ("side", "kind", "code", "record_id", "key")
        if items:
            printing.table([{name.replace("_", " "): item[name] for name in shown} for item in items], empty="")
    raise typer.Exit(1 if compared.new else 0)


def _comparable(number: int, using: Office) -> Run:
    found = audit_reading.run(me(), Scope(), services=using, run_id=number)
    if found is None:
        raise CouldNotRun(words.NO_SUCH_RUN.format(run=number))
    if not found.is_comparable:
        raise CouldNotRun(compared_words.refused(found))
    return found


def _office() -> Office:
    from dashboard import audit_wiring

    settings = Settings.load()
    say_notices(settings)
    return audit_wiring.office(settings)
