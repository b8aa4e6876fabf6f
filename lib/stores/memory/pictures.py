"""The findings of runs in memory, counted for pictures with the rules of the real ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC

from lib.access import Scope
from lib.catalogue import Code
from lib.diagnosis import State
from lib.findings import STATES, Finding, Kind
from lib.kept_findings import Flow, Month, folders
from lib.stores.memory.audits import MemoryAudits


class MemoryPictures:
    """A Pictures, of what was kept in a MemoryAudits."""

    def __init__(self, audits: MemoryAudits) -> None:
        self._audits = audits

    def months(self, run_id: int, *, scope: Scope) -> Sequence[Month]:
        """Return the findings with a record by month and cause, by month."""
        found = Counter(
            ("" if at is None else f"{at.astimezone(UTC):%Y-%m}", each.kind, each.code)
            for each in self._seen(run_id, scope)
            if each.record_id is not None
            for at in [each.facts.generated_at]
        )
        months = [Month(*what, count) for what, count in found.items()]
        return sorted(months, key=lambda each: (each.month, each.kind, each.code or ""))

    def flows(self, run_id: int, *, scope: Scope, limit: int) -> Sequence[Flow]:
        """Return from where to where the rows without an object flow, the most first."""
        found = Counter(
            (
                folders(each.resolved or each.stored or ""),
                None if each.suggestion is None else folders(each.suggestion.key),
            )
            for each in self._seen(run_id, scope)
            if STATES.get(each.kind) is State.MISSING
        )
        flows = [Flow(*what, count) for what, count in found.items()]
        return sorted(flows, key=lambda each: each.order)[:limit]

    def right_files(self, run_id: int, *, scope: Scope) -> Mapping[Code | None, int]:
        """Return, by code, how many of the objects that no row means are the right file of a row that means another."""
        return Counter(
            each.code
            for each in self._seen(run_id, scope)
            if each.kind is Kind.UNREFERENCED_OBJECT and "right_of_record" in each.evidence
        )

    def _seen(self, run_id: int, scope: Scope) -> Iterator[Finding]:
        self._audits.check()
        return (each for each in tuple(self._audits.kept.get(run_id, ())) if scope.sees(each.facts.clinic_id))
