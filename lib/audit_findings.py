"""What is left of a match, with the rows as they are now, made into findings. Pure.

Nothing that is younger than the grace window is a finding, and no row that is not as the snapshot had it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from lib import causes, diagnosis, exposure, keys
from lib.audit_terms import Terms, is_unchanged, is_unresolvable, resolved, text
from lib.candidates import Candidate, Flag, contradicts
from lib.catalogue import CATALOGUE, Code, Severity
from lib.causes import Known
from lib.diagnosis import State, md5_of
from lib.evidence import consultation_of
from lib.findings import CODES, Facts, Finding, Kind, Suggestion, Value
from lib.objects import Observation, Presence
from lib.reconcile import Differs, ObjectAlone
from lib.resolvers import Resolver
from lib.row_spool import Detail, Versions

LOOKED = "looked_for_delete_markers"  # the name of an evidence, where it is False
MAX_OTHERS = 20  # record numbers that one finding names


def of_absent(row: Detail, seen: Observation, terms: Terms, known: Known) -> Finding:
    """Return the finding of a row whose object is absent, cannot be, or gave no answer."""
    found = causes.diagnose(row, seen, terms.rules, known)
    best = next((each for each in found.candidates if Flag.OTHER_CONTENT not in each.flags), None)
    suggestion = None if best is None else _suggestion(best)
    evidence: dict[str, Value] = {"row_size": row.size_bytes, "row_md5": md5_of(row.checksum)}
    if found.notes:
        evidence["notes"] = ", ".join(found.notes)
    if is_unresolvable(row, terms.rules):
        return made_of_row(Kind.UNRESOLVABLE_KEY, found.code, row, terms, evidence, suggestion=suggestion)
    if seen.presence is Presence.UNKNOWN:
        evidence["doubt"] = seen.doubt
        finding = made_of_row(Kind.UNDETERMINED, found.code, row, terms, evidence)
        return replace(finding, severity=Severity.UNKNOWN)
    return made_of_row(Kind.DANGLING_REFERENCE, found.code, row, terms, evidence, suggestion=suggestion)


def not_looked_at(finding: Finding) -> Finding:
    """Return a finding that says of itself that no delete marker and no open upload was looked for at its key."""
    return replace(finding, evidence={**finding.evidence, LOOKED: False})


def of_differs(
    left: Differs, modified: datetime | None, row: Detail, seen: Observation | None, terms: Terms
) -> Iterator[Finding]:
    """Yield how a row's object is not as the row says. ``seen`` is what a HEAD says of it now, where one was made.

    Where none was made, an ETag that differs may be that of an encrypted object: ``is_confirmed`` is False.
    """
    key = text(left.key)
    said = (diagnosis.size_of(row), md5_of(row.checksum))
    if not is_unchanged(row, key, terms) or terms.is_young(modified) or said != (left.row_size, left.row_md5):
        return
    if is_unresolvable(row, terms.rules):  # the location itself, as a folder that somebody made
        yield made_of_row(Kind.UNRESOLVABLE_KEY, Code.EMPTY, row, terms, {})
        return
    now = seen if seen is not None and seen.presence is Presence.PRESENT else None
    if seen is not None and (seen.presence is Presence.ABSENT or terms.is_young(seen.last_modified)):
        return
    size, etag = (left.size_bytes, left.etag) if now is None else (now.size_bytes, (now.etag or "").lower())
    evidence: dict[str, Value] = {
        "row_size": left.row_size,
        "size": size,
        "row_md5": left.row_md5,
        "etag": etag,
        "modified": None if modified is None else modified.isoformat(),
        "is_confirmed": now is not None,
    }
    kind: Kind | None = None
    if seen is not None and now is None and size != 0 and left.row_size in {None, size}:
        # Only the ETag speaks, and nobody told whether it is an MD5.
        found = causes.diagnose(row, seen, terms.rules)
        unsure = made_of_row(Kind.UNDETERMINED, found.code, row, terms, evidence | {"doubt": seen.doubt}, key=key)
        yield replace(unsure, severity=Severity.UNKNOWN)
    elif size == 0:
        kind, code = Kind.EMPTY_OBJECT, Code.ZERO_BYTE
    elif left.row_size not in {None, size}:
        kind, code = Kind.SIZE_DIFFERS, Code.SIZE_MISMATCH
    elif now is None or diagnosis.state(row, now) is State.DAMAGED:
        kind, code = Kind.CHECKSUM_DIFFERS, Code.CHECKSUM_MISMATCH
    if kind is not None:
        yield made_of_row(kind, code, row, terms, evidence, key=key)
    content_type = None if now is None else now.content_type
    if content_type and content_type.partition(";")[0].strip().lower() != "application/pdf":
        yield made_of_row(
            Kind.WRONG_CONTENT_TYPE, Code.CONTENT_TYPE, row, terms, {"content_type": content_type}, key=key
        )


def of_shared(row: Detail, key: str, others: Sequence[int], terms: Terms, *, rows: int, is_of_several: bool) -> Finding:
    """Return the finding of one of several rows that mean one object. ``others`` are the first of them, ``rows`` all."""
    evidence: dict[str, Value] = {
        "rows": rows,
        "is_of_several_patients": is_of_several,
        "other_records": ", ".join(map(str, others)),
    }
    made = made_of_row(Kind.SHARED_OBJECT, Code.DUPLICATE_REFERENCE, row, terms, evidence, key=key)
    return made if is_of_several else replace(made, severity=Severity.LOW)


def of_lone(
    left: ObjectAlone, modified: datetime | None, *, is_near: bool, right_of: int | None, near: str | None = None
) -> Finding:
    """Return the finding of an object that no row means. ``right_of`` is the record whose file it is proven to be."""
    code = Code.NEAR_DUPLICATE_OBJECTS if is_near else Code.UNREFERENCED
    evidence: dict[str, Value] = {
        "size": left.size_bytes,
        "etag": left.etag,
        "modified": None if modified is None else modified.isoformat(),
    }
    if right_of is not None:
        evidence["right_of_record"] = right_of
    if near is not None:
        evidence["near"] = near
    return Finding(Kind.UNREFERENCED_OBJECT, Severity.LOW, code, key=text(left.key), evidence=evidence)


def of_consultation(row: Detail, terms: Terms) -> Finding | None:
    """Return the finding of a row whose key names another consultation than its own, or None."""
    key = resolved(row, terms.rules)
    if not row.consultation_id or not contradicts(key, row.consultation_id) or not is_unchanged(row, key, terms):
        return None
    evidence = {"consultation": row.consultation_id, "named": consultation_of(key)}
    return made_of_row(Kind.CONSULTATION_DIFFERS, Code.WRONG_PATIENT, row, terms, evidence, key=key)


def of_versions(versions: Versions, newest: Detail, terms: Terms) -> Finding | None:
    """Return the finding of a prescription whose versions are not as they should be; None while one is being made."""
    if terms.is_young(newest.facts.generated_at):
        return None
    evidence: dict[str, Value] = {
        "prescription_id": versions.prescription_id,
        "rows": versions.rows,
        "current": versions.current,
        "highest": versions.highest,
    }
    made = made_of_row(Kind.VERSION_STATE, Code.VERSION_STATE, newest, terms, evidence)
    return made if versions.current != 1 else replace(made, severity=Severity.LOW)  # a gap alone


def of_resolvers(row: Detail, terms: Terms) -> Finding | None:
    """Return the finding of a row that opens by the signer's rule while the storage means another key, or None."""
    stored, rules = row.stored_key or "", terms.rules
    asked = keys.describe(stored, rules)
    if asked.agree or is_unresolvable(row, rules) or terms.is_young(row.facts.generated_at):
        return None
    has_prefix = bool(rules.prefix) and stored.startswith(rules.prefix)
    code = asked.problem or (Code.LOCATION_DOUBLED_IN_URL if has_prefix else None)
    made = made_of_row(
        Kind.RESOLVERS_DISAGREE, code, row, terms, {str(Resolver.STORAGE): asked.written}, key=asked.resolved
    )
    return replace(made, severity=Severity.NOTE if has_prefix and asked.problem is None else Severity.LOW)


def of_strangers(counts: Mapping[str, int], *, is_all: bool) -> Iterator[Finding]:
    """Yield what a bucket has whose files open for anyone, or of which that was not found out. ``counts`` as there.

    Of all files, those that open have findings of their own.
    """
    unasked = counts[exposure.UNASKED]
    asked = sum(counts.values()) - unasked
    if counts["open"] and not is_all:
        evidence: dict[str, Value] = {**counts, "asked": asked}
        yield Finding(Kind.PUBLICLY_READABLE, CATALOGUE[Code.PUBLIC].severity, Code.PUBLIC, evidence=evidence)
    if exposure.is_unanswered(counts, is_all=is_all):
        evidence = {"asked": asked, "unknown": counts["unknown"], exposure.UNASKED: unasked}
        yield Finding(Kind.UNDETERMINED, Severity.UNKNOWN, evidence=evidence)


def of_open(key: str, row: Detail | None = None) -> Finding:
    """Return the finding of one file that opens for anyone."""
    made = Finding(Kind.PUBLICLY_READABLE, CATALOGUE[Code.PUBLIC].severity, Code.PUBLIC, key=key)
    if row is None:
        return made
    return replace(made, record_id=row.record_id, stored=row.stored_key, resolved=key, facts=row.facts)


def contested(finding: Finding) -> Finding:
    """Return a finding whose suggestion another row claims too: it is safe for neither."""
    if finding.suggestion is None:
        return finding
    flags = tuple(sorted({*finding.suggestion.flags, str(Flag.OTHER_ROW)}))
    return replace(finding, suggestion=replace(finding.suggestion, is_safe=False, flags=flags))


def _suggestion(best: Candidate) -> Suggestion:
    why, flags = tuple(map(str, best.why)), tuple(sorted(map(str, best.flags)))
    return Suggestion(best.key, best.evidence, best.is_safe, why, flags)


def made_of_row(
    kind: Kind,
    code: Code | None,
    row: Detail,
    terms: Terms,
    evidence: Mapping[str, Value],
    *,
    key: str | None = None,
    suggestion: Suggestion | None = None,
) -> Finding:
    """Return a finding about a row, as severe as its code; one that its kind does not have is left out."""
    code = code if code in CODES[kind] else None
    severity = Severity.HIGH if code is None else CATALOGUE[code].severity
    facts: Facts = row.facts
    return Finding(
        kind,
        severity,
        code,
        row.record_id,
        row.stored_key,
        resolved(row, terms.rules),
        key,
        evidence,
        suggestion,
        facts,
    )
