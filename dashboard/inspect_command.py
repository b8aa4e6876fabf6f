"""``inspect``: what a key, a link, an error page or a record means."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard import printing, record_fields, wording
from dashboard.terminal import CouldNotRun, Json, me, services
from dashboard.wording import autopsy as pasted_words
from dashboard.wording import error_pages as page_words
from dashboard.wording import explain as explain_words
from dashboard.wording import link_faults as link_words
from dashboard.wording.codes import CODE
from lib import autopsy, inspection, keys
from lib.access import Scope
from lib.autopsy import Autopsy
from lib.candidates import Candidate
from lib.catalogue import CATALOGUE, Code
from lib.causes import BareKey
from lib.diagnosis import State
from lib.error_pages import ErrorPage
from lib.explanation import Explanation
from lib.inspection import Inspection
from lib.link_faults import LinkFault

if TYPE_CHECKING:
    from lib.services import Services

MAX_REQUESTS = 40  # of one inspection: somebody waits, and asked for this one
STDIN = "-"


def inspect(
    text: Annotated[
        str,
        typer.Argument(metavar="TEXT|-", help="A key, an address, a link, an error page or a number; - reads stdin."),
    ] = "",
    record: Annotated[int | None, typer.Option(help="The number of the PDF row; the text may then be empty.")] = None,
    as_json: Json = False,
) -> None:
    """Say what a key, a link, an error page or a record means, and why it does not open.

    Example: python -m dashboard inspect prescriptions/pdfs/CON153/a.pdf
    """
    if text == STDIN:
        text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    if not text.strip() and record is None:
        raise CouldNotRun("Nothing to inspect: give a TEXT, - for standard input, or --record ID.")
    _values, using = services()
    found = inspection.inspect(me(), Scope(), services=using, text=text, record_id=record, max_requests=MAX_REQUESTS)
    if record is not None and not found.explanations:
        raise CouldNotRun(wording.NO_SUCH_RECORD)
    if found.trail_fault is not None:
        printing.note(wording.ledger(found.trail_fault))
    answer = _answer(found, using)
    if as_json:
        printing.as_json(answer)
    else:
        _say(found, answer)
    raise typer.Exit(0 if inspection.healthy(found) else 1)


def _answer(found: Inspection, using: Services) -> dict[str, object]:
    main = found.main
    stored = None if main is None else main.record.stored_key or ""
    resolution = None if stored is None else keys.describe(stored, using.rules)
    code = code_of(found)
    return {
        "input_kind": found.pasted.kind,
        "bucket": found.pasted.bucket or using.bucket,
        "stored": stored,
        "resolved": resolution.resolved if resolution else None,
        "written": resolution.written if resolution else None,
        "presence": main.observation.presence if main and main.observation else None,
        "state": main.diagnosis.state if main else None,
        "code": code,
        "severity": CATALOGUE[code].severity if code else None,
        "cause": cause(found),
        "notes": list(main.diagnosis.notes) if main else [],
        "candidates": [_candidate(each) for each in main.diagnosis.candidates] if main else [],
        "records": [_record(each, using) for each in found.explanations],
        "truncated": found.left_off > 0 or found.pasted.left_off > 0 or found.pasted.is_cut,
        "requests": sum(each.requests for each in (*found.explanations, *([found.alone] if found.alone else []))),
        "link": _link(found.autopsy) if found.autopsy else None,
        "error": _error(found.pasted.error) if found.pasted.error else None,
    }


def code_of(found: Inspection) -> Code | None:
    """Return the main code: that of the record, else of the link that was pasted."""
    main = found.main
    if main is not None and main.diagnosis.code is not None:
        return main.diagnosis.code
    is_bare = found.autopsy is not None and found.autopsy.has(LinkFault.LOCATION_MISSING)
    return Code.LOCATION_MISSING if is_bare else None


def cause(found: Inspection) -> str | None:
    """Return in a sentence or two, for developers, why it does not open; None where nothing is wrong."""
    told = []
    if found.autopsy is not None and (fault := autopsy.why(found.autopsy)) is not None:
        told.append(link_words.fault(fault).developer)
    if found.pasted.error is not None:
        told.append(page_words.error_page(found.pasted.error).developer)
    main = found.main
    if main is not None and main.diagnosis.code is not None:
        told.append(CODE[main.diagnosis.code].developers)
    elif main is not None and main.diagnosis.state is State.MISSING:
        told.append(explain_words.NOT_LOOKED)
    return " ".join(told) or None


def _candidate(each: Candidate) -> dict[str, object]:
    return {
        "key": each.key,
        "evidence": each.evidence,
        "why": [*each.why, *each.undone],
        "size_bytes": each.sighting.size_bytes,
        "etag": each.sighting.etag,
        "flags": sorted(each.flags),
    }


def _record(each: Explanation, using: Services) -> dict[str, object]:
    row = each.record
    assert not isinstance(row, BareKey)
    return {
        **record_fields.identity(row),
        "stored": row.stored_key,
        "resolved": record_fields.resolved(row, using.rules),
        "state": each.diagnosis.state,
        "code": each.diagnosis.code,
    }


def _link(taken_apart: Autopsy) -> dict[str, object]:
    return {
        "signature": taken_apart.signature,
        "signer": taken_apart.signer,
        "bucket": taken_apart.bucket,
        "key": taken_apart.key,
        "region": taken_apart.region,
        "issued_at": taken_apart.issued_at,
        "expires_at": taken_apart.expires_at,
        "expired": taken_apart.is_expired,
        "problems": [each.fault for each in taken_apart.problems],
    }


def _error(page: ErrorPage) -> dict[str, object]:
    said = page_words.error_page(page)
    return {"code": page.said or page.code, "meaning": said.developer, "bucket": page.bucket or None}


def _say(found: Inspection, answer: dict[str, object]) -> None:
    printing.say(pasted_words.KIND[found.pasted.kind])
    shown = ("stored", "resolved", "written", "presence", "state", "code", "severity", "cause")
    printing.table([{"": name, " ": answer[name]} for name in shown if answer[name] is not None], empty="")
    main = found.main
    if main is not None and main.diagnosis.candidates:
        rows = [_candidate(each) | {"why": ", ".join([*each.why, *each.undone])} for each in main.diagnosis.candidates]
        printing.table([row | {"flags": ", ".join(map(str, row["flags"]))} for row in rows], empty="")  # type: ignore[call-overload]
    if len(found.explanations) > 1:
        printing.table([_titled(each) for each in answer["records"]], empty="")  # type: ignore[attr-defined]
    if found.left_off:
        printing.note(f"{found.left_off} more records have this key; narrow the text.")


def _titled(item: dict[str, object]) -> dict[str, object]:
    return {name.replace("_", " "): value for name, value in item.items()}
