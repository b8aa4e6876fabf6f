"""The findings of runs in memory, read with the rules of the real ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from string import ascii_lowercase, ascii_uppercase

from lib import audit_reach
from lib.access import Scope
from lib.catalogue import Code
from lib.diagnosis import State
from lib.findings import WORST_FIRST, WORST_STATE_FIRST, Finding, Kind
from lib.kept_findings import FACTS, Chosen, Difference, Group, Side, Tally
from lib.stores.memory.audits import MemoryAudits

_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


class MemoryFindings:
    """A Findings, of what was kept in a MemoryAudits."""

    def __init__(self, audits: MemoryAudits) -> None:
        self._audits = audits

    def page(
        self, run_id: int, chosen: Chosen, *, scope: Scope, limit: int, after: int = 0
    ) -> Sequence[tuple[int, Finding]]:
        """Return findings with their numbers, ascending, those above a number."""
        found = [
            (number, each) for number, each in self._seen(run_id, scope) if number > after and _is_chosen(each, chosen)
        ]
        return found[:limit]

    def groups(self, run_id: int, *, scope: Scope, than: int | None = None) -> Sequence[Group]:
        """Return the findings by kind and code, compared with another run."""
        now, old = (
            _by_cause(self._compared(run_id, than, scope)),
            _by_cause(self._compared(than, run_id, scope, was=True)),
        )
        found = []
        for kind, code in now.keys() | old.keys():
            compared = now.get((kind, code), [])
            mine = [each for each, _ in compared]
            gone = [each for each, is_known in old.get((kind, code), []) if is_known is False]
            if not mine and not gone:
                continue
            dates = sorted(each.facts.generated_at for each in mine or gone if each.facts.generated_at is not None)
            found.append(
                Group(
                    kind,
                    code,
                    min((each.severity for each in mine or gone), key=WORST_FIRST.index),
                    count=len(mine),
                    first_bad=dates[0] if dates else None,
                    last_bad=dates[-1] if dates else None,
                    new=sum(is_known is False for _, is_known in compared),
                    still=sum(is_known is True for _, is_known in compared),
                    gone=len(gone),
                )
            )
        return sorted(found, key=lambda each: each.order)

    def tallies(self, run_id: int, *, scope: Scope) -> Sequence[Tally]:
        """Return, for each cause and fact, the values that at least half of its findings have."""
        found = []
        for (kind, code), seen in _by_cause(self._compared(run_id, None, scope)).items():
            mine = [each for each, _ in seen]
            for fact in FACTS:
                values = Counter(value for each in mine if (value := _fact(each, fact)) is not None)
                found += [
                    Tally(code, kind, fact, value, count) for value, count in values.items() if 2 * count >= len(mine)
                ]
        return sorted(found, key=lambda each: (each.kind, each.code or "", FACTS.index(each.fact), each.value))

    def records_in(self, run_id: int, state: State, *, scope: Scope, limit: int) -> Sequence[int]:
        """Return the numbers of the records in a state, the highest first."""
        worst = self._worst(run_id, scope)
        return sorted((record_id for record_id, found in worst.items() if found is state), reverse=True)[:limit]

    def states(self, run_id: int, *, scope: Scope) -> Mapping[State, int]:
        """Return how many records are in each state that is not FOUND."""
        return Counter(self._worst(run_id, scope).values())

    def attention(self, run_id: int, *, scope: Scope) -> int:
        """Return how many records have a finding that needs attention."""
        seen = (each for _, each in self._seen(run_id, scope) if each.needs_attention and each.record_id is not None)
        return len({each.record_id for each in seen})

    def difference(
        self, first: int, second: int, *, scope: Scope, limit: int, after: Difference | None = None
    ) -> Sequence[Difference]:
        """Return what only one of two runs found: the added first, each by number."""
        found = [
            Difference(side, number, each)
            for side, here, there in ((Side.ADDED, second, first), (Side.REMOVED, first, second))
            for number, each, is_known in self._compared(here, there, scope, was=side is Side.REMOVED)
            if is_known is False
        ]
        sides = list(Side)
        if after is not None:
            last = (sides.index(after.side), after.number)
            found = [each for each in found if (sides.index(each.side), each.number) > last]
        return found[:limit]

    def _seen(self, run_id: int | None, scope: Scope) -> Iterator[tuple[int, Finding]]:
        self._audits.check()
        kept = self._audits.kept.get(run_id, []) if run_id is not None else []
        for number, each in enumerate(tuple(kept), 1):
            if scope.sees(each.facts.clinic_id):
                yield number, each

    def _compared(
        self, here: int | None, there: int | None, scope: Scope, *, was: bool = False
    ) -> Iterator[tuple[int, Finding, bool | None]]:
        """Yield the findings of a run, and whether another has them too, None where that one did not look.

        ``was``: the other is the later one.
        """
        mine, other = (audit_reach.of(None if each is None else self._audits.run(each)) for each in (here, there))
        known, unsure = self._subjects(there), set[int | None]()
        if not other.is_complete:
            unsure = {each.record_id for _, each in self._seen(there, Scope()) if each.kind is Kind.UNDETERMINED}
        for number, each in self._seen(here, scope):
            looked = other.is_at(each) and (each.record_id is None or each.record_id not in unsure)
            looked = looked and (not was or other.ends(each))
            is_known: bool | None = each.subject in known
            if not other.has_asked_as(mine, each) or not (is_known or looked):
                is_known = None
            yield number, each, is_known

    def _subjects(self, run_id: int | None) -> frozenset[str]:
        return frozenset(each.subject for _, each in self._seen(run_id, Scope()))

    def _worst(self, run_id: int, scope: Scope) -> Mapping[int, State]:
        states: dict[int, set[State]] = defaultdict(set)
        for _, each in self._seen(run_id, scope):
            if each.record_id is not None and each.state is not None:
                states[each.record_id].add(each.state)
        return {record_id: min(found, key=WORST_STATE_FIRST.index) for record_id, found in states.items()}


def _by_cause(
    compared: Iterator[tuple[int, Finding, bool | None]],
) -> Mapping[tuple[Kind, Code | None], list[tuple[Finding, bool | None]]]:
    found: dict[tuple[Kind, Code | None], list[tuple[Finding, bool | None]]] = defaultdict(list)
    for _, each, is_known in compared:
        found[each.kind, each.code].append((each, is_known))
    return found


def _fact(finding: Finding, fact: str) -> str | None:
    facts = finding.facts
    if fact == "month":
        return None if facts.generated_at is None else facts.generated_at.astimezone(UTC).isoformat()[:7]
    if fact == "is_mobile":
        return None if facts.is_mobile is None else str(facts.is_mobile).lower()
    return facts.creator if fact == "creator" else facts.clinic_id


def _is_chosen(finding: Finding, chosen: Chosen) -> bool:
    same = (
        chosen.code in {None, finding.code}
        and chosen.kind in {None, finding.kind}
        and chosen.severity in {None, finding.severity}
        and chosen.state in {None, finding.state}
        and chosen.has_code in {None, finding.code is not None}
    )
    text = chosen.text.translate(_LOWER)
    return same and (
        (finding.record_id is not None and text == str(finding.record_id))
        or any(text in (key or "").translate(_LOWER) for key in (finding.stored, finding.resolved, finding.key))
    )
