"""What a run looked at, as a condition on the findings of another.

Keys are ordered by their bytes in hex, as ``stretches.place`` has them: a text may hold no NUL, and only UTF-8.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Text, and_, collate, false, func, literal, or_, select, true, type_coerce

from lib import stretches
from lib.audit_reach import Reach, Stretch
from lib.diagnosis import State
from lib.findings import Kind
from lib.stores.ledger_audit_tables import AUDIT_FINDINGS, escaped, holdable

_C = AUDIT_FINDINGS.c
_OTHER = AUDIT_FINDINGS.alias("unsure")
_PLACE = func.coalesce(type_coerce(_C.key, Text), type_coerce(_C.resolved, Text))
_IS_OPEN = _C.kind == Kind.PUBLICLY_READABLE
_IS_UNANSWERED = and_(_C.kind == Kind.UNDETERMINED, _C.record_id.is_(None), _PLACE.is_(None))


def asked_alike(first: Reach, second: Reach) -> ColumnElement[bool]:
    """Return whether two runs asked alike for a finding, as ``Reach.has_asked_as`` does."""
    return true() if first.exposure is second.exposure else ~or_(_IS_OPEN, _IS_UNANSWERED)


def ends(reach: Reach) -> ColumnElement[bool]:
    """Return whether a finding is gone when this later run has it no more, as ``Reach.ends`` does."""
    return true() if reach.is_answered else ~_IS_OPEN


def looked_at(reach: Reach, *, run_id: int, is_sqlite: bool) -> ColumnElement[bool]:
    """Return whether a run looked at the place of a finding, as ``Reach.is_at`` does, and could tell how its row is."""
    if is_sqlite:
        order: ColumnElement[str] = func.coalesce(_C.place, func.lower(func.hex(_PLACE)))
    else:
        order = collate(func.coalesce(_C.place, func.encode(func.convert_to(_PLACE, "UTF8"), "hex")), "C")
    listed = (_is_outside(order, each, is_complete=reach.is_complete) for each in reach.unlisted)
    at = or_(
        and_(_PLACE.is_(None), true() if reach.is_full else false()),
        and_(_PLACE.is_not(None), _begins(reach.prefix), *listed),
    )
    return at if reach.is_complete else and_(at, ~_is_undetermined_in(run_id))


def _is_undetermined_in(run_id: int) -> ColumnElement[bool]:
    same = (_OTHER.c.run_id == run_id) & (_OTHER.c.state == State.UNKNOWN) & (_OTHER.c.record_id == _C.record_id)
    return select(literal(1)).where(same).correlate(AUDIT_FINDINGS).exists()


def _begins(prefix: str) -> ColumnElement[bool]:
    if not prefix:
        return true()
    plain, marked = holdable(prefix), escaped(prefix)
    return or_(*(func.substr(_PLACE, 1, len(each)) == each for each in {plain, marked}))


def _is_outside(order: ColumnElement[str], stretch: Stretch, *, is_complete: bool) -> ColumnElement[bool]:
    start, end = (None if each is None else stretches.place(each).hex() for each in stretch)
    sides: list[ColumnElement[bool]] = []
    if start:
        sides.append(order <= start)
    if end is not None:
        sides.append(order >= end if is_complete else order > end)
    return or_(false(), *sides)
