"""The printable report of a run: one HTML file that loads nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from dashboard import display, wording
from dashboard.wording import audit_causes, audit_verdict, audits, problem_evidence, problems
from dashboard.wording import audit_files as words
from dashboard.wording.states import EXPECTED_NONE
from lib.audit_export import Report
from lib.findings import Finding
from lib.kept_findings import Group

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE = """
:root { color-scheme: light; }
body { font: 14px/1.45 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .25rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.verdict { font-size: 1.15rem; border-left: .3rem solid #444; padding-left: .75rem; }
.note { color: #555; } .wide { overflow-x: auto; }
table { border-collapse: collapse; min-width: 40%; } th, td { text-align: left; vertical-align: top; padding: .3rem 1rem .3rem 0; border-bottom: 1px solid #ccc; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; } td.number + td { white-space: nowrap; color: #555; } td.key { font: 12px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.rows table { width: 100%; min-width: 60rem; table-layout: fixed; } .rows th:nth-child(1) { width: 16%; } .rows th:nth-child(2) { width: 10%; } .rows th:nth-child(3) { width: 8%; }
@page { margin: 15mm; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; } thead { display: table-header-group; } tr { break-inside: avoid; } h2 { break-after: avoid; } .wide { overflow: visible; } .rows table { min-width: 0; font-size: 8.5pt; } td.key { font-size: 7.5pt; } }
"""


def html(report: Report, *, now: datetime, zone: ZoneInfo) -> str:
    """Return the whole file. Everything that is not ours goes through ``display`` and is escaped."""
    run = report.run
    before = report.before
    ended_at = None if before is None else before.ended_at or before.started_at
    trend = words.NOT_COMPARED if before is None or ended_at is None else words.compared(before.run_id, ended_at, zone)
    groups = sorted(report.groups, key=lambda each: (not each.count, *each.order))  # what is gone comes last
    strangers = audit_verdict.strangers(run) if report.has_all_records else ""
    left_out = words.rows_left_out(len(report.findings), report.problems)
    parts = [
        f"<h1>{escape(words.heading(run.run_id))}</h1>",
        _note(words.made(now, zone)),
        f'<p class="verdict">{escape(_verdict(report, zone=zone))}</p>',
        f"<p>{escape(strangers)}</p>" if strangers else "",
        _note(audits.checked(run, now=None, zone=zone)) if report.has_all_records else _note(words.ONLY_CLINICS),
        *(f"<p><strong>{escape(each)}</strong></p>" for each in _caveats(report)),
        f"<h2>{escape(words.NUMBERS)}</h2>",
        _table(
            words.COUNT_HEADS,
            ([_text(wording.STATE[each]), *_count(report.states.get(each, 0))] for each in EXPECTED_NONE),
        ),
        f"<h2>{escape(words.CAUSES)}</h2>",
        _note(trend),
        _table(
            [
                *words.CAUSE_HEADS,
                *([words.SEEN_HEAD] if report.past.earlier else []),
                *([words.TREND_HEAD] if before is not None else []),
            ],
            (_cause(each, report=report, zone=zone) for each in groups),
        )
        if report.groups
        else f"<p>{escape(words.no_problem(run))}</p>",
        f"<h2>{escape(words.ROWS)}</h2>" if report.findings else "",
        _note(left_out) if report.problems > len(report.findings) else "",
        _table(words.ROW_HEADS, map(_row, report.findings), name="wide rows") if report.findings else "",
        _note(words.CONFIDENTIAL),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(words.heading(run.run_id))}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(filter(None, parts))
        + "\n</body>\n</html>\n"
    )


def _verdict(report: Report, *, zone: ZoneInfo) -> str:
    run = report.run
    if not report.has_all_records or run.result is None:
        return audit_verdict.clinics_only(report.states, wording.STATE)
    return display.printable(audit_verdict.sentence(run, report.groups, report.tallies, zone=zone))


def _caveats(report: Report) -> Iterable[str]:
    return words.caveats(
        report.run, quoted=lambda key: f"“{display.printable(key)}”", has_all_records=report.has_all_records
    )


def _cause(group: Group, *, report: Report, zone: ZoneInfo) -> list[str]:
    cells = [
        _text(problems.named(group.kind, group.code)),
        _text(problems.SEVERITY[group.severity]),
        *_count(group.count),
        _text("" if group.first_bad is None else wording.day(group.first_bad, zone)),
    ]
    if report.past.earlier:
        at, is_cut = report.past.first_seen(group)
        cells.append(_text(audit_causes.seen(at, is_cut=is_cut, zone=zone)))
    if report.before is not None:
        cells.append(_text(problems.change(new=group.new, still=group.still, gone=group.gone)))
    return cells


def _row(finding: Finding) -> list[str]:
    suggestion = finding.suggestion
    candidate = "" if suggestion is None else f"{problem_evidence.suggestion(suggestion)}: {suggestion.key}"
    return [
        _text(problems.of_line(finding)),
        _text(problems.SEVERITY[finding.severity]),
        _text("" if finding.record_id is None else str(finding.record_id)),
        _key(finding.stored),
        _key(finding.resolved if finding.resolved is not None else finding.key),
        _key(candidate),
    ]


def _count(number: int) -> list[str]:
    return [f'<td class="number">{number:,}</td>', _text(audit_verdict.EXPECT_NONE)]


def _text(text: str) -> str:
    return f"<td>{escape(display.printable(text))}</td>"


def _key(text: str | None) -> str:
    return f'<td class="key">{escape(display.visible(text or ""))}</td>'


def _note(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>'


def _head(text: str) -> str:
    return f'<th class="number">{escape(text)}</th>' if text in words.NUMBER_HEADS else f"<th>{escape(text)}</th>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, name: str = "wide") -> str:
    head = "".join(_head(each) for each in heads)
    body = "\n".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f'<div class="{name}"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'
