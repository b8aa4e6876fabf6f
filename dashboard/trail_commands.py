"""``python -m dashboard trail …``: whether the trail holds, where it stands, what is in it, and its retention."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn
from zoneinfo import ZoneInfo

import typer

from dashboard import printing, spreadsheets, wording
from dashboard.terminal import CouldNotRun, Json, me
from lib import activity, anchors, chain, retention, trail
from lib.access import Scope
from lib.settings import TrailSettings
from lib.trail import MAC_KEY

app = typer.Typer(help="The activity trail.")

COLUMNS = [field.name for field in fields(trail.TrailEvent)]


def _now() -> datetime:
    return datetime.now(UTC)


def _mac_key(values: TrailSettings) -> bytes | None:
    return values.derive(MAC_KEY) if values.has_secret else None


def _trail(values: TrailSettings) -> trail.Trail:
    from lib.stores import ledger_db  # brings SQLAlchemy

    return ledger_db.open_trail(values.ledger_url.get_secret_value(), derive=values.derive)


def _verified(values: TrailSettings, *, anchor: trail.Anchor | None = None) -> trail.Intact | trail.Broken:
    from lib.stores import ledger_db

    store, key = ledger_db.connect(values.ledger_url.get_secret_value()), _mac_key(values)
    checked = trail.verify(store.events(), key=key, anchor=anchor)
    if isinstance(checked, trail.Intact):
        return checked
    # A prune between two pages of a walk looks like a gap; a second walk begins after it. A real break stays.
    return trail.verify(store.events(), key=key, anchor=anchor)


@app.command()
def verify(
    anchor: Annotated[
        Path | None, typer.Option(help="An anchor taken before: then a cut tail and a restored backup are found too.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Walk the chain of the activity trail: exit 0 when it is intact, 1 with the first broken event.

    Example: python -m dashboard trail verify --anchor anchor.json
    """
    values = TrailSettings.load()
    checked = _verified(values, anchor=None if anchor is None else _read_anchor(anchor, values))
    if isinstance(checked, trail.Broken):
        _say_broken(checked, as_json=as_json)
    _say(wording.verified(checked), {"intact": True, **asdict(checked)}, as_json=as_json)


def _say(sentence: str, answer: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        printing.as_json(answer)
    else:
        printing.say(sentence)


def _say_broken(checked: trail.Broken, *, as_json: bool, then: str = "") -> NoReturn:
    sentence = f"{wording.verified(checked)} {then}".strip()
    reason = {"code": "BROKEN", "detail": sentence}
    _say(sentence, {"intact": False, **asdict(checked), "reason": reason}, as_json=as_json)
    raise typer.Exit(1)


def _read_anchor(file: Path, values: TrailSettings) -> trail.Anchor:
    try:
        return anchors.loads(file.read_text("utf-8"), key=_mac_key(values))
    except (OSError, UnicodeDecodeError):
        raise CouldNotRun(wording.ANCHOR_UNREADABLE.format(file=file)) from None
    except anchors.NoAnchor as refused:
        words = wording.ANCHOR_FORGED if refused.is_forged else wording.ANCHOR_UNREADABLE
        raise CouldNotRun(words.format(file=file)) from None


@app.command("anchor")
def anchor_now(
    out: Annotated[Path | None, typer.Option(help="Write it into this new file instead of on stdout.")] = None,
    as_json: Json = False,
) -> None:
    """Verify the trail, then say where it stands in a few lines of JSON. Keep them out of reach of the database.

    Example: python -m dashboard trail anchor --out /mnt/elsewhere/anchor-2026-11-24.json
    """
    values = TrailSettings.load()
    checked = _verified(values)
    if isinstance(checked, trail.Broken):
        _say_broken(checked, as_json=as_json)
    found = trail.Anchor(checked.last_sequence, checked.last_hash, _now())
    text = anchors.dumps(found, key=values.derive(MAC_KEY))
    if out is not None:
        _write_new(out, text + "\n")
        _say(wording.anchored(found, file=str(out)), {"file": str(out), **json.loads(text)}, as_json=as_json)
    elif as_json:
        printing.as_json(json.loads(text))
    else:
        printing.say(text)


def _write_new(file: Path, text: str) -> None:
    try:
        opened = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as writing:
            writing.write(text)
    except OSError as error:
        raise CouldNotRun(wording.ANCHOR_NOT_WRITTEN.format(file=file, why=error.strerror)) from None


@app.command()
def export(
    since: Annotated[str, typer.Option(help="From this day or instant on.")],
    until: Annotated[str | None, typer.Option(help="Up to this day or instant, without it.")] = None,
    as_csv: Annotated[
        bool, typer.Option("--csv/--json-lines", help="For a spreadsheet, or one object a line.")
    ] = False,
    actor: Annotated[str | None, typer.Option(help="Only what this person did.")] = None,
    action: Annotated[trail.Action | None, typer.Option(help="Only this kind of act.")] = None,
    patient: Annotated[str | None, typer.Option(help="Only acts on records of this patient.")] = None,
    record: Annotated[int | None, typer.Option(help="Only acts on this record.")] = None,
) -> None:
    """Write the events of a time on stdout. That they were taken along is an event too.

    Example: python -m dashboard trail export --since 2026-11-01 --csv
    """
    values = TrailSettings.load()
    chosen = trail.Selection(
        since=_instant(since, zone=values.zone, option="--since"),
        until=None if until is None else _instant(until, zone=values.zone, option="--until"),
        actor=actor,
        action=action,
        patient_id=patient,
        record_id=record,
    )
    with closing(activity.export(me(), Scope(), trail=_trail(values), clock=_now, chosen=chosen)) as events:
        _write(events, as_csv=as_csv)


def _instant(text: str, *, zone: ZoneInfo, option: str) -> datetime:
    """Return an instant; a day is its first moment in the clinic's zone."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CouldNotRun(wording.NOT_A_DAY.format(option=option)) from None


def _write(events: Iterable[trail.TrailEvent], *, as_csv: bool) -> None:
    if as_csv:
        sys.stdout.write(spreadsheets.csv_line(COLUMNS))
    for event in events:
        cells = [printing.plain(getattr(event, name)) for name in COLUMNS]
        if as_csv:
            sys.stdout.write(spreadsheets.csv_line(cells))
        else:
            sys.stdout.write(json.dumps(dict(zip(COLUMNS, cells, strict=True))) + "\n")
    sys.stdout.flush()


@app.command()
def prune(
    before: Annotated[str, typer.Option(help="Take away what is older than this day or instant.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it nothing is changed.")] = False,
    as_json: Json = False,
) -> None:
    """Take old events out of the trail for good. The trail says so, and stays verifiable.

    On PostgreSQL run it as the tables' owner. Example: python -m dashboard trail prune --before 2023-11-24
    """
    values = TrailSettings.load()
    moment = _instant(before, zone=values.zone, option="--before")
    if moment > _now():
        raise CouldNotRun(wording.NOT_OVER)
    if not yes:
        found = retention.would_take(me(), trail=_trail(values), before=moment)
        _say(wording.would_prune(found), {"done": False, "events": found}, as_json=as_json)
        return
    done = retention.prune(me(), Scope(), trail=_trail(values), clock=_now, before=moment)
    checked = done if isinstance(done, trail.Broken) else _verified(values)
    if isinstance(checked, trail.Broken):
        _say_broken(checked, as_json=as_json, then=wording.NOT_PRUNED if checked is done else "")
    cut = chain.cut_of(done) if isinstance(done, trail.TrailEvent) else None
    answer: dict[str, object] = {"done": True, "events": cut.events if cut else 0, "intact": True}
    _say(f"{wording.pruned(cut)} {wording.verified(checked)}", answer, as_json=as_json)
