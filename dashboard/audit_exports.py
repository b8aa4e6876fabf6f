"""The findings of a run as files: CSV for spreadsheets, one JSON object a line for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from dashboard import display, private_files, spreadsheets
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
    """Write both files and what they are ``about`` into a directory, for their owner alone, and return them; raise OSError.

    They take the places of the files of a run before when they are whole.
    """
    with private_files.together(directory) as new:
        as_csv, as_json = new(Form.CSV, CSV_ENCODING), new(Form.JSON_LINES, "ascii")
        new(ABOUT, "utf-8").writelines(f"{display.visible(sentence)}\n" for sentence in about)
        as_csv.write(spreadsheets.csv_line(COLUMNS))
        for finding in findings:
            row = fields(finding)
            as_csv.write(_csv_line(row))
            as_json.write(_json_line(row))
    return directory / Form.CSV, directory / Form.JSON_LINES, directory / ABOUT


def _csv_line(row: dict[str, object]) -> str:
    evidence = json.dumps(row["evidence"], separators=(",", ":")) if row["evidence"] else None
    return spreadsheets.csv_line((row | {"evidence": evidence}).values())


def _json_line(row: dict[str, object]) -> str:
    return json.dumps(row, separators=(",", ":")) + "\n"
