"""``audits export``: what a run found that ended, as files. ``audit --out`` writes the same."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from dashboard import audit_exports, printing
from dashboard.terminal import CouldNotRun, Json, me, say_notices
from dashboard.wording import audit_commands as words
from lib import audit_export, audit_reading
from lib.access import Scope
from lib.audit_export import Form
from lib.audit_office import Office
from lib.audits import Run, Status
from lib.settings import Settings


def export(
    run_id: Annotated[int, typer.Argument(metavar="RUN_ID", help="The number of a run that ended.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Write findings.csv, findings.jsonl and about.txt here.")],
    as_json: Json = False,
) -> None:
    """Write the findings of a run once more, as audit --out does.

    Example: python -m dashboard audits export 12 --out /var/lib/audits
    """
    from dashboard import audit_wiring  # brings SQLAlchemy

    settings = Settings.load()
    say_notices(settings)
    using = audit_wiring.office(settings)
    run = audit_reading.run(me(), Scope(), services=using, run_id=run_id)
    if run is None:
        raise CouldNotRun(words.NO_SUCH_RUN.format(run=run_id))
    if run.status is Status.RUNNING:
        raise CouldNotRun(words.STILL_UNDER_WAY.format(run=run_id))
    if run.result is None:
        raise CouldNotRun(words.NOT_ENDED.format(run=run_id))
    files = write(run, out, using)
    if as_json:
        printing.as_json({"run_id": run_id, "status": run.status, "files": [str(file) for file in files]})
    else:
        printing.say(words.written(run_id, [str(file) for file in files]))


def write(run: Run, out: Path, using: Office) -> tuple[Path, ...]:
    """Write the findings of a run that ended into a folder, and return the files; raise CouldNotRun where it takes none.

    That they are taken along is in the trail first; raises what ``audit_export.export`` raises.
    """
    try:
        with closing(
            audit_export.export(me(), Scope(), services=using, run_id=run.run_id, form=Form.JSON_LINES)
        ) as findings:
            return audit_exports.write(out, findings, about=words.about(run))
    except OSError as error:
        raise CouldNotRun(words.NOT_WRITTEN.format(run=run.run_id, out=out, why=error.strerror)) from None
