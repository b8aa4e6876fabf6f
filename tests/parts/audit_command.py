"""``python -m dashboard audit`` as cron runs it, and how what it found differs from what was planted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib import keys
from lib.findings import Kind
from tests.parts.broken_keys import LOCATION
from tests.parts.planted import Expected, Planted

ROOT = Path(__file__).parents[2]
STATUSES = {"complete": (0, 1), "incomplete": (2,), "failed": (2,), "cancelled": (2,)}
FIELDS = {"run_id", "status", "records", "objects", "findings", "causes", "requests", "seconds"}
FIELDS |= {"listed_until", "unlisted"}
COLUMNS = ["kind", "code", "severity", "record_id", "stored", "resolved", "key", "evidence", "candidate"]
COLUMNS += ["candidate_evidence"]


@dataclass(frozen=True, slots=True)
class Audited:
    """What a run left behind. ``lines`` are those of findings.jsonl, as text and in its order."""

    status: int
    out: str
    err: str
    lines: tuple[str, ...]

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on stdout."""
        answer = json.loads(self.out)
        assert isinstance(answer, dict)
        return answer

    @property
    def findings(self) -> list[dict[str, Any]]:
        """The findings as data."""
        return [json.loads(line) for line in self.lines]

    def of(self, kind: Kind) -> list[dict[str, Any]]:
        """The findings of one kind."""
        return [each for each in self.findings if each["kind"] == kind]


def environment(values: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a command under these settings alone."""
    bare = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DASHBOARD_", "DATABASE_"))
    }
    return bare | {"DASHBOARD_ENV_FILE": ""} | dict(values)


def command(*words: str) -> list[str]:
    """Return the command line."""
    return [sys.executable, "-m", "dashboard", "audit", "--json", *words]


def audit(values: Mapping[str, str], *words: str, out: Path, timeout_s: float = 600) -> Audited:
    """Run one in a process of its own, which writes its findings to this folder."""
    ran = subprocess.run(
        command("--out", str(out), *words),
        cwd=ROOT,
        env=environment(values),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    return Audited(ran.returncode, ran.stdout, ran.stderr, lines_of(out))


def lines_of(out: Path) -> tuple[str, ...]:
    """Return the lines of a folder's findings.jsonl; a run that could not begin wrote none."""
    written = out / "findings.jsonl"
    return tuple(written.read_text(encoding="utf-8").splitlines()) if written.exists() else ()


def faults_of_form(ran: Audited) -> Iterator[str]:
    """Yield where the answer is not what is promised: fields, counts, exit code."""
    answer = ran.json
    if missing := FIELDS - set(answer):
        yield f"the JSON has no {', '.join(sorted(missing))}"
        return
    if ran.out.count("\n") != 1:
        yield "stdout is not one line"
    found = ran.findings
    for name, column in (("findings", "kind"), ("causes", "code")):
        counted = Counter(each[column] for each in found if each[column] is not None)
        told = {name: count for name, count in answer[name].items() if count}
        if told != counted:
            yield f"{name} are {told}, and findings.jsonl has {dict(counted)}"
    exit_codes = STATUSES[answer["status"]]
    expected = int(bool(found)) if answer["status"] == "complete" else exit_codes[0]
    if ran.status != expected:
        yield f"exit code {ran.status} of a run that is {answer['status']} with {len(found)} findings"
    if answer["status"] == "complete" and (answer["listed_until"], answer["unlisted"]) != (None, []):
        yield f"a complete run says that {answer['unlisted']} was not listed (until {answer['listed_until']})"
    if wrong := {tuple(each) for each in found} - {tuple(COLUMNS)}:
        yield f"findings.jsonl has the columns {wrong}"
    for each in found:
        if each["stored"] is not None and each["resolved"] != keys.resolve(each["stored"], location=LOCATION):
            yield f"record {each['record_id']} resolves to {each['resolved']!r}"


def differences(planted: Planted, ran: Audited, *, public: Iterable[str] = ()) -> list[str]:
    """Return how what was found is not what was planted, a line each, with what else is known of that row or object.

    ``public`` are the objects that must be found readable by anyone, one by one.
    """
    wanted = {each.subject: each for each in planted.findings}
    found: dict[tuple[str, int | None, str | None], list[Expected]] = {}
    open_to_all = Counter[str]()
    for each in map(_found, ran.findings):
        if each.kind is Kind.PUBLICLY_READABLE:
            open_to_all[each.key or ""] += 1
        else:
            found.setdefault(each.subject, []).append(each)
    about = _about(ran.findings)
    lines = []
    for subject, each in wanted.items():
        if subject not in found:
            lines.append(f"not found: {_told(each)}: {planted.sort(each.record_id, each.key)}{about(each)}")
    for subject, several in found.items():
        first = several[0]
        if len(several) > 1:
            lines.append(f"found {len(several)} times: {_told(first)}")
        if subject not in wanted:
            lines.append(f"invented: {_told(first)}: {planted.sort(first.record_id, first.key)}{about(first)}")
        elif (expected := wanted[subject]) != first:
            sort = planted.sort(first.record_id, first.key)
            lines.append(f"otherwise: {_told(first)} where {_told(expected)} was planted: {sort}")
    if open_to_all != Counter(public):
        missing, invented = sorted(set(public) - set(open_to_all)), sorted(set(open_to_all) - set(public))
        lines.append(f"open to anyone: not found {missing}, invented {invented}")
    return sorted(lines)


def _found(each: dict[str, Any]) -> Expected:
    """Return a line as what would have been expected. The object of a row's finding is told by its resolved key."""
    has_row = each["record_id"] is not None and each["kind"] != Kind.PUBLICLY_READABLE
    return Expected(
        Kind(each["kind"]),
        each["code"],
        each["record_id"],
        None if has_row else each["key"],
        each["candidate"],
        each["candidate_evidence"],
    )


def _told(each: Expected) -> str:
    subject = f"record {each.record_id}" if each.record_id is not None else f"object {each.key!r}"
    candidate = f", suggesting {each.candidate!r} ({each.evidence})" if each.candidate else ""
    return f"{each.kind} {each.code} of {subject}{candidate}"


def _about(findings: Sequence[dict[str, Any]]) -> Any:
    """Return what tells what else was found about a row or an object."""
    others: dict[object, list[str]] = {}
    for each in findings:
        for subject in {each["record_id"], each["key"]} - {None}:
            others.setdefault(subject, []).append(f"{each['kind']} {each['code']} {each['evidence']}")

    def told(each: Expected) -> str:
        known = others.get(each.record_id if each.record_id is not None else each.key, [])
        return f" (found of it: {'; '.join(known)})" if known else ""

    return told
