"""How the findings of a run went on since the runs before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lib.access import Scope
from lib.audit_book import Runs
from lib.audits import Run
from lib.catalogue import Severity
from lib.findings import Kind
from lib.kept_findings import Findings, Group

NO_SILENCE = Group(Kind.UNDETERMINED, None, Severity.UNKNOWN, 0, None, None)


@dataclass(frozen=True, slots=True)
class Since:
    """The findings of a run by cause, compared with ``before``; None: there is none, and nothing is compared."""

    before: Run | None
    groups: Sequence[Group]


def since(run: Run, *, runs: Runs, findings: Findings, scope: Scope) -> Since:
    """Return what is new, still there and gone since the last full verdict. Raises LedgerUnavailable.

    Which files open for anyone, and whether that could be found out, is compared with the last full verdict that asked for
    as many: a nightly run that asks for none says nothing about them. Where there is no such verdict, all that is new.
    """
    before = runs.last_full(run.target, before=run.run_id)
    if before is None:
        return Since(None, findings.groups(run.run_id, scope=scope))
    found = findings.groups(run.run_id, scope=scope, than=before.run_id)
    asked = run.options.exposure
    if before.options.exposure is asked:
        return Since(before, found)
    alike = runs.last_full(run.target, before=run.run_id, exposure=asked)
    every = [each for each in found if not _is_of_opening(each)]
    if alike is None:
        every += (replace(each, new=each.count) for each in found if _is_of_opening(each))
    else:
        every += filter(_is_of_opening, findings.groups(run.run_id, scope=scope, than=alike.run_id))
    if scope.clinics is None:  # else what is about the whole bucket is not shown
        every = _with_silence(every, is_now=run.is_silent, was_then=alike is not None and alike.is_silent)
    return Since(before, sorted(every, key=lambda each: each.order))


def _is_of_opening(group: Group) -> bool:
    return group.kind is Kind.PUBLICLY_READABLE


def _with_silence(groups: list[Group], *, is_now: bool, was_then: bool) -> list[Group]:
    """Return groups in which that finding, one of those without a cause, is new, still there or gone."""
    new, still, gone = is_now and not was_then, is_now and was_then, was_then and not is_now
    if not (new or still or gone):
        return groups
    others = [each for each in groups if (each.kind, each.code) != (Kind.UNDETERMINED, None)]
    mine = [each for each in groups if each not in others] or [NO_SILENCE]
    return [
        *others,
        *(replace(each, new=each.new + new, still=each.still + still, gone=each.gone + gone) for each in mine),
    ]
