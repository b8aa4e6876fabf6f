"""The rows without an object: confirmed, diagnosed with the lone objects near them, and kept back until all are known.

Two rows may claim one object, which then is safe for neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lib import audit_findings, causes
from lib.audit_before import NOT_LOOKED_AT, SOUGHT, Before
from lib.audit_confirm import Answered, Asking, confirmed
from lib.audit_terms import Terms, is_unchanged, text
from lib.causes import Known
from lib.findings import Finding, Kind
from lib.leftovers import Scratch
from lib.objects import Observation
from lib.reconcile import RowAlone
from lib.row_spool import Detail, RowReader


@dataclass(frozen=True, slots=True)
class Absent:
    """What judging them takes. ``was_seen``: an earlier run saw the object of that row."""

    left: Scratch
    rows: RowReader
    asking: Asking
    terms: Terms
    was_seen: Callable[[Detail], bool]
    before: Before

    def found(self) -> Iterator[Finding]:
        """Yield their findings, once all of them are known."""
        if self.left.count(RowAlone):
            self.left.index(self.asking.told)
        for some in confirmed(self.left, self.asking, self.terms):
            self._draft(some)
            self.asking.told(0)
        for finding, is_contested in self.left.drafts():
            yield audit_findings.contested(finding) if is_contested else finding

    def _draft(self, some: Sequence[Answered]) -> None:
        details = self.rows.details([each.row.record_id for each in some])
        found: list[Finding] = []
        nowhere: list[tuple[Detail, Observation, Known]] = []
        for each in some:
            row = details.get(each.row.record_id)
            if row is not None and is_unchanged(row, text(each.row.key), self.terms):
                known = self._known(row)
                made = audit_findings.of_absent(row, each.observation, self.terms, known)
                if made.kind is Kind.DANGLING_REFERENCE and made.code in SOUGHT:
                    nowhere.append((row, each.observation, known))
                else:
                    found.append(made)
        traces = self.before.traces([seen.key for _, seen, _ in nowhere])
        for row, seen, known in nowhere:
            at = traces.get(seen.key, NOT_LOOKED_AT)
            known = replace(
                known,
                is_deleted=at.is_deleted,
                is_uploading=at.is_uploading,
                is_unsure=known.is_unsure or at.is_unsure,
            )
            made = audit_findings.of_absent(row, seen, self.terms, known)
            found.append(made if at.was_looked_at else audit_findings.not_looked_at(made))
        suggested = {each.suggestion.key for each in found if each.suggestion is not None}
        meant = self.rows.resolving_to(sorted(suggested)) if suggested else {}
        self.left.draft([_but_taken(each, meant) for each in found])

    def _known(self, row: Detail) -> Known:
        return Known(
            self.left.near(causes.wanted(row), self.terms.rules),
            is_unsure=not self.terms.is_whole,
            was_seen=self.was_seen(row),
        )


def _but_taken(made: Finding, meant: Mapping[str, Sequence[int]]) -> Finding:
    """Return a finding whose suggestion is not safe where another row came to resolve to that object."""
    if made.suggestion is None or made.suggestion.key not in meant:
        return made
    # Without a number, another declared column names it.
    return made if set(meant[made.suggestion.key]) == {made.record_id} else audit_findings.contested(made)
