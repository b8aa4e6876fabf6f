"""How the findings of a run went on since the runs before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lib.access import Scope
from lib.audit_book import Runs
from lib.audits import Run
from lib.findings import Kind
from lib.kept_findings import Findings, Group


@dataclass(frozen=True, slots=True)
class Since:
    """The findings of a run by cause, compared with ``before``; None: there is none, and nothing is compared."""

    before: Run | None
    groups: Sequence[Group]


def since(run: Run, *, runs: Runs, findings: Findings, scope: Scope) -> Since:
    """Return what is new, still there and gone since the last full verdict. Raises LedgerUnavailable.

    Which files open for anyone is compared with the last full verdict that asked for as many: a nightly run that asks for
    none says nothing about them. Where there is no such verdict, all of them are new.
    """
    before = runs.last_full(run.target, before=run.run_id)
    if before is None:
        return Since(None, findings.groups(run.run_id, scope=scope))
    found = findings.groups(run.run_id, scope=scope, than=before.run_id)
    exposure = run.options.exposure
    if before.options.exposure is exposure:
        return Since(before, found)
    alike = runs.last_full(run.target, before=run.run_id, exposure=exposure)
    if alike is None:
        return Since(before, [replace(each, new=each.count) if _is_of_opening(each) else each for each in found])
    opening = filter(_is_of_opening, findings.groups(run.run_id, scope=scope, than=alike.run_id))
    every = [*(each for each in found if not _is_of_opening(each)), *opening]
    return Since(before, sorted(every, key=lambda each: each.order))


def _is_of_opening(group: Group) -> bool:
    return group.kind is Kind.PUBLICLY_READABLE
