"""The findings of a run as files: CSV for spreadsheets, one JSON object a line for programs."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TextIO

from dashboard import display, spreadsheets
from lib.audit_export import Form
from lib.findings import Finding

COLUMNS = (
    "kind",
    "code",
    "severity",
    "record_id",
    "stored",
    "resolved",
    "key",
    "evidence",
    "candidate",
    "candidate_evidence",
)
ABOUT = "about.txt"
CSV_ENCODING = "utf-8-sig"  # without the mark in front, spreadsheets take it for another alphabet


def fields(finding: Finding) -> dict[str, object]:
    """Return a finding under the names of COLUMNS, in their order."""
    suggestion = finding.suggestion
    values = (
        finding.kind,
        finding.code,
        finding.severity,
        finding.record_id,
        finding.stored,
        finding.resolved,
        finding.key,
        dict(finding.evidence),
        None if suggestion is None else suggestion.key,
        None if suggestion is None else suggestion.evidence,
    )
    return dict(zip(COLUMNS, values, strict=True))


def csv_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield the heads and a line for each finding; evidence is compact JSON, and no cell begins a formula."""
    yield spreadsheets.csv_line(COLUMNS)
    for finding in findings:
        yield _csv_line(fields(finding))


def json_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield one JSON object a line for each finding, ASCII only."""
    for finding in findings:
        yield _json_line(fields(finding))


def write(directory: Path, findings: Iterable[Finding], *, about: Iterable[str]) -> tuple[Path, Path, Path]:
    """Write both files and what they are about into a directory, for their owner alone, and return them; raise OSError.

    1. The directory is made where it is not there.
    2. Each finding goes into two new files of other names, so that what breaks off leaves nothing half done.
    3. They take the places of the files of a run before, with the sentences ``about`` this one.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    places = (directory / Form.CSV, directory / Form.JSON_LINES, directory / ABOUT)
    made: list[Path] = []
    try:
        with ExitStack() as open_files:
            as_csv = open_files.enter_context(_new(places[0], made, encoding=CSV_ENCODING))
            as_json = open_files.enter_context(_new(places[1], made, encoding="ascii"))
            beside = open_files.enter_context(_new(places[2], made, encoding="utf-8"))
            beside.writelines(f"{display.visible(sentence)}\n" for sentence in about)
            as_csv.write(spreadsheets.csv_line(COLUMNS))
            for finding in findings:
                row = fields(finding)
                as_csv.write(_csv_line(row))
                as_json.write(_json_line(row))
        for file, place in zip(made, places, strict=True):
            file.replace(place)
    finally:
        for file in made:
            with suppress(OSError):
                file.unlink(missing_ok=True)
    return places


def _new(place: Path, made: list[Path], *, encoding: str) -> TextIO:
    number, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)  # 0600
    made.append(Path(name))
    return os.fdopen(number, "w", encoding=encoding, newline="")


def _csv_line(row: dict[str, object]) -> str:
    evidence = json.dumps(row["evidence"], separators=(",", ":")) if row["evidence"] else None
    return spreadsheets.csv_line((row | {"evidence": evidence}).values())


def _json_line(row: dict[str, object]) -> str:
    return json.dumps(row, separators=(",", ":")) + "\n"
