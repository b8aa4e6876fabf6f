"""``python -m dashboard COMMAND``: the same use cases for terminals and cron.

Exit 0: fine. 1: ran, and found problems or refused. 2: could not run; one line on stderr. Never a traceback.
Heavy modules are imported by the command that needs them: ``resolve`` answers without boto3 or Streamlit.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard import (
    audit_commands,
    inspect_command,
    link_command,
    logs,
    people_commands,
    plan_command,
    printing,
    record_fields,
    trail_commands,
    wording,
)
from dashboard.terminal import CouldNotRun, Json, say_notices
from dashboard.terminal import me as _me
from dashboard.terminal import services as _services
from lib import keys, objects, search
from lib.access import Scope
from lib.diagnosis import state as state_of
from lib.errors import DatabaseUnavailable, LedgerUnavailable, NotAllowed, SettingInvalid
from lib.objects import Observation
from lib.records import Filters, Record
from lib.settings import KeySettings, TrailSettings

if TYPE_CHECKING:
    from lib.services import Services

FIND_BUDGET = timedelta(seconds=10)  # for each 25 rows
MAX_FOUND = 1000

app = typer.Typer(
    help="The prescription PDF dashboard. Settings come from the environment, then .env (see .env.example).",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(trail_commands.app, name="trail")
app.add_typer(people_commands.app, name="people")
app.add_typer(audit_commands.app, name="audits")


def main() -> None:
    """Run one command; turn every failure into one line and an exit code."""
    logs.set_up()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that cannot write a name in Devanagari
    try:
        status = app(standalone_mode=False)
        sys.stdout.flush()
    except typer.Exit as ended:
        status = ended.exit_code
    except (typer.Abort, KeyboardInterrupt):
        status = 130
    except typer.TyperException as error:  # a wrong option or argument
        printing.note(f"{error.format_message()} Try: python -m dashboard --help")
        status = 2
    except (BrokenPipeError, SystemExit):  # `… | head` stopped reading; Typer turns some of these into an exit of 1
        _leave_stdout()
        status = 0
    except Exception as error:  # noqa: BLE001 - the one catch-all of the command line: never a traceback
        printing.note(_line(error))
        if isinstance(error, OSError):
            _leave_stdout()
        status = 2
    sys.exit(status if isinstance(status, int) else 0)


def _leave_stdout() -> None:
    # What could not be written would be tried once more when Python ends, and end it with 120 and a message.
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _line(error: Exception) -> str:
    if isinstance(error, SettingInvalid):
        return wording.setting(error)
    if isinstance(error, DatabaseUnavailable):
        return wording.database(error)
    if isinstance(error, LedgerUnavailable):
        return wording.ledger(error)
    if isinstance(error, CouldNotRun):
        return str(error)
    if isinstance(error, NotAllowed):
        return wording.NOT_ALLOWED
    if sys.stdout is None or (isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EIO}):
        return "The answer could not be written to standard output."
    logging.getLogger("dashboard").debug("command failed", exc_info=error)
    return wording.UNEXPECTED_COMMAND.format(kind=type(error).__name__)


@app.command()
def run(
    demo: Annotated[bool, typer.Option("--demo", help="Open the demo clinic; no settings are needed.")] = False,
    host: Annotated[
        str, typer.Option(help="The address to listen on; outside the demo this computer only.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8501,
) -> None:
    """Serve the dashboard.

    Example: python -m dashboard run --demo
    """
    from dashboard import serve  # brings the server

    serve.run(is_demo=demo, host=host, port=port)


@app.command()
def resolve(
    stored: Annotated[list[str], typer.Argument(metavar="KEY…", help="Stored keys, as they stand in the database.")],
    as_json: Json = False,
) -> None:
    """Say which object key each stored key means. Asks nobody.

    Example: AWS_LOCATION=edrcontainer1 python -m dashboard resolve prescriptions/pdfs/CON153/a.pdf
    """
    values = KeySettings.load()
    say_notices(values)
    found = [asdict(keys.describe(each, values.rules)) for each in stored]
    if as_json:
        printing.as_json({"items": found, "truncated": False})
    else:
        printing.table([_titled(item) for item in found], empty="")


def _titled(item: dict[str, object]) -> dict[str, object]:
    return {name.replace("_", " "): value for name, value in item.items()}


@app.command()
def find(
    query: Annotated[str, typer.Argument(help="A phone, name, PAT…, CON…, number, key or address; '' for the newest.")],
    limit: Annotated[int, typer.Option(min=1, max=MAX_FOUND, help="At most this many rows.")] = 25,
    older: Annotated[bool, typer.Option("--older", help="Replaced versions too.")] = False,
    as_json: Json = False,
) -> None:
    """Find prescriptions and say whether each PDF is in storage.

    Example: python -m dashboard find CON153
    """
    _values, services = _services()
    filters = Filters(older_versions=older)
    found = search.find(_me(), Scope(), services=services, text=query, filters=filters, limit=limit)
    if found.trail_fault is not None:
        printing.note(wording.ledger(found.trail_fault))
    rows = found.page.records
    wanted = [resolved for row in rows if (resolved := record_fields.resolved(row, services.rules)) is not None]
    seen = objects.check(
        wanted,
        store=services.objects,
        cache=services.presence,
        now=services.clock(),
        budget=FIND_BUDGET * (1 + len(wanted) // 25),
    )
    items = [_item(row, services=services, seen=seen) for row in rows]
    if as_json:
        printing.as_json({"taken_as": found.reading.kind, "items": items, "truncated": found.page.after is not None})
        return
    printing.table(
        [_short(item) for item in items], empty=f"Nothing found; taken as {wording.TAKEN_AS[found.reading.kind]}."
    )
    if found.page.after is not None:
        printing.note(f"More than {limit}: raise --limit or narrow the search.")


def _item(row: Record, *, services: Services, seen: Mapping[str, Observation]) -> dict[str, object]:
    resolved = record_fields.resolved(row, services.rules)
    observation: Observation | None = seen.get(resolved) if resolved is not None else None
    doubt = observation.doubt if observation else None
    return {
        **record_fields.identity(row),
        "is_current": row.is_current,
        "is_draft": row.is_draft,
        "stored": row.stored_key,
        "resolved": resolved,
        "presence": observation.presence if observation else None,
        "state": state_of(row, observation),
        "size_bytes": observation.size_bytes if observation else None,
        "reason": {"code": doubt, "detail": wording.doubt(doubt)} if doubt else None,
    }


def _short(item: dict[str, object]) -> dict[str, object]:
    names = ("record_id", "prescription_id", "consultation_id", "patient_id", "version", "state", "stored", "resolved")
    return {name.replace("_", " "): item[name] for name in names}


app.command()(link_command.link)
app.command()(inspect_command.inspect)
app.command()(plan_command.plan)
app.command()(audit_commands.audit)


@app.command()
def migrate(as_json: Json = False) -> None:
    """Make or bring up to date the dashboard's own database. Never touches the clinic's.

    Example: python -m dashboard migrate
    """
    from lib.stores import ledger_db, ledger_migration

    values = TrailSettings.load()
    url = values.ledger_url.get_secret_value()
    ledger_migration.migrate(url)
    if values.has_secret:
        ledger_db.open_trail(url, derive=values.derive).begin_macs(_me(), Scope(), at=datetime.now(UTC))
    if as_json:
        printing.as_json({"migrated": True})
    else:
        printing.say("The activity database is up to date.")
