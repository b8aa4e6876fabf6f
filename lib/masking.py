"""What a masked scope is not shown and cannot ask. Pure; every RecordStore applies both.

A search by name or phone would tell a masked scope who has the name: it is not answered at all.
"""

from __future__ import annotations

from dataclasses import replace

from lib.access import Scope
from lib.records import NameContains, PhoneEnds, PhoneIs, Record, Term

MASK = "•••"  # the same for everybody: neither length nor initials lead to a person


def seen_by(scope: Scope, record: Record) -> Record:
    """Return the record as the scope may see it. What the database does not have stays empty."""
    if not scope.is_masked:
        return record
    return replace(
        record,
        patient_name=MASK if record.patient_name else "",
        patient_phone=MASK if record.patient_phone else "",
    )


def hides(scope: Scope, term: Term) -> bool:
    """Whether an answer to the term would tell the scope what is masked.

    >>> hides(Scope(is_masked=True), NameContains("asha")), hides(Scope(), NameContains("asha"))
    (True, False)
    """
    return scope.is_masked and isinstance(term, NameContains | PhoneIs | PhoneEnds)
