"""A finding as one line of JSON and back, for a file that only we read. Pure."""

from __future__ import annotations

import json
from datetime import datetime

from lib.catalogue import Code, Severity
from lib.evidence import Evidence
from lib.findings import Facts, Finding, Kind, Suggestion


def text_of(finding: Finding) -> str:
    """Return a finding as JSON, in ASCII."""
    found, facts = finding.suggestion, finding.facts
    return json.dumps(
        [
            finding.kind,
            finding.severity,
            finding.code,
            finding.record_id,
            finding.stored,
            finding.resolved,
            finding.key,
            dict(finding.evidence),
            found and [found.key, found.evidence, found.is_safe, found.why, found.flags],
            facts.patient_id,
            facts.clinic_id,
            facts.generated_at and facts.generated_at.isoformat(),
            facts.creator,
            facts.is_mobile,
        ],
        separators=(",", ":"),
    )


def finding_of(text: str) -> Finding:
    """Return the finding of such a line.

    >>> found = Finding(Kind.EMPTY_OBJECT, Severity.CRITICAL, Code.ZERO_BYTE, 7, key="a.pdf", evidence={"size": 0})
    >>> finding_of(text_of(found)) == found
    True
    """
    kind, severity, code, number, stored, resolved, key, evidence, found, *facts = json.loads(text)
    patient, clinic, generated_at, creator, is_mobile = facts
    return Finding(
        Kind(kind),
        Severity(severity),
        code and Code(code),
        number,
        stored,
        resolved,
        key,
        evidence,
        found and Suggestion(found[0], Evidence(found[1]), found[2], tuple(found[3]), tuple(found[4])),
        Facts(patient, clinic, generated_at and datetime.fromisoformat(generated_at), creator, is_mobile),
    )
