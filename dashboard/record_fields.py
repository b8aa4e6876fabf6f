"""Which record it is, under the names that every command of the command line gives it in JSON."""

from __future__ import annotations

from lib import keys
from lib.keys import Rules
from lib.records import Record


def identity(row: Record) -> dict[str, object]:
    """Return the numbers of a record, of its prescription and of whom it is about."""
    return {
        "record_id": row.record_id,
        "prescription_id": row.prescription_id,
        "consultation_id": row.consultation_id,
        "patient_id": row.patient_id,
        "version": row.version,
    }


def resolved(row: Record, rules: Rules) -> str | None:
    """Return the resolved key of a record, None for one without a PDF."""
    return keys.resolve(row.stored_key or "", location=rules.location) if row.has_pdf else None
