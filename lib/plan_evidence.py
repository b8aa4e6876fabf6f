"""What a line of a plan rests on, in the comments of its scripts and for machines. Pure.

Everything is printable ASCII on one line: no key can end a comment, hide behind another or turn the line around. A
patient's name or phone is nowhere, since no step holds it.
"""

from __future__ import annotations

import json

from lib.candidates import Candidate
from lib.plans import Copy, Repoint


def shown(text: str | None) -> str:
    r"""Return a key as it is shown in a comment: quoted, and escaped as in JSON.

    >>> print(shown("a\nb\u202e.pdf"), shown(None))
    "a\nb\u202e.pdf" null
    """
    return json.dumps(text)


def evidence(step: Repoint | Copy) -> str:
    """Return on one line why this object is the row's file; what is not proven says so in capitals."""
    found = step.candidate
    sizes = f"size {found.sighting.size_bytes}, row {'none' if step.row_size_bytes is None else step.row_size_bytes}"
    mark = "" if found.is_safe else "NOT PROVEN, "
    return (
        f"record {step.record_id}, {step.code}, {mark}{found.evidence} ({', '.join(found.why)}), {sizes}, "
        f"MD5 {found.sighting.md5 or 'not comparable'}"
    )


def as_data(found: Candidate) -> dict[str, object]:
    """Return a suggestion for machines."""
    return {
        "key": found.key,
        "evidence": str(found.evidence),
        "why": [str(each) for each in found.why],
        "undone": [str(each) for each in found.undone],
        "flags": sorted(str(each) for each in found.flags),
        "size_bytes": found.sighting.size_bytes,
        "etag": found.sighting.etag,
    }
