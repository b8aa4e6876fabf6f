"""What is said about what one problem of a run rests on, and about what is suggested for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.wording.catalogue import EVIDENCE, FLAG, WHY
from dashboard.wording.faults import DOUBT
from dashboard.wording.times import day, size
from lib.audit_findings import LOOKED
from lib.candidates import Flag, Why
from lib.findings import Finding, Suggestion, Value
from lib.objects import Doubt

_EVIDENCE = {
    LOOKED: "a delete marker or an open upload was looked for",
    "row_size": "size in the record",
    "row_md5": "MD5 in the record",
    "size": "size in storage",
    "etag": "ETag in storage",
    "modified": "last written",
    "is_confirmed": "asked again, file by file",
    "doubt": "what storage said",
    "rows": "records in all",
    "is_of_several_patients": "of several patients",
    "other_records": "other records",
    "right_of_record": "is the file of record",
    "near": "same as",
    "consultation": "consultation of the record",
    "named": "consultation in the key",
    "current": "current versions",
    "highest": "highest version",
    "storage": "key by the storage's rule",
    "open": "opened for anyone",
    "closed": "did not open",
    "unknown": "gave no answer",
    "asked": "asked for",
    "unasked": "not asked for",
}


def suggestion(found: Suggestion | None) -> str:
    """Say in a cell how sure a suggestion is.

    >>> suggestion(None)
    '–'
    """
    if found is None:
        return "–"
    flagged = "" if not found.flags else ", something speaks against it"
    return EVIDENCE[found.evidence].partition(":")[0] + flagged


def rests_on(found: Suggestion) -> str:
    """Say what speaks for a suggestion and against it."""
    why = [WHY[Why(each)] for each in found.why if each in set(Why)]
    flags = [FLAG[Flag(each)] for each in found.flags if each in set(Flag)]
    told = [EVIDENCE[found.evidence] + ".", f"For it: {'; '.join(why)}." if why else ""]
    return " ".join(filter(None, [*told, f"Against it: {'; '.join(flags)}." if flags else ""]))


def of_object(each: Finding, *, zone: ZoneInfo) -> dict[str, str]:
    """Return size and day of a lone file for its cells; '' where they are not known, and for a record."""
    length, at = each.evidence.get("size"), each.evidence.get("modified")
    is_alone = each.record_id is None
    return {
        "Size": size(length) if is_alone and isinstance(length, int) else "",
        "Written": _day(at, zone) if is_alone and isinstance(at, str) else "",
    }


def _day(text: str, zone: ZoneInfo) -> str:
    try:
        return day(datetime.fromisoformat(text), zone)
    except (ValueError, OverflowError):
        return ""


def evidence(known: Mapping[str, Value], *, zone: ZoneInfo) -> list[tuple[str, str]]:
    """Return what a problem rests on, as name and value.

    >>> evidence({"size": 0, "row_md5": None, "is_confirmed": True, "doubt": "throttled"}, zone=ZoneInfo("Asia/Kolkata"))
    [('size in storage', '0 bytes'), ('asked again, file by file', 'yes'), ('what storage said', 'Storage is busy and asked us to slow down. Try again in a minute.')]
    """
    return [
        (_EVIDENCE.get(name, name.replace("_", " ")), _value(name, value, zone))
        for name, value in known.items()
        if value is not None
    ]


def _value(name: str, value: Value, zone: ZoneInfo) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in {"size", "row_size"} and isinstance(value, int):
        return size(value)
    if name == "modified":
        return _day(str(value), zone)
    return DOUBT[Doubt(value)] if name == "doubt" and value in set(Doubt) else str(value)
