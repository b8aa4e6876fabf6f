"""The tables of runs and findings, as the code reads and writes them; ``migrations`` makes them."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, Table, Text, text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from lib.stores.ledger_tables import LARGE, METADATA, Instant

AUDITS_LOCK = 7_305_819_214_400_012  # PostgreSQL advisory lock; another than the trail's, which never waits for it

_MARK = "\x1a"  # "substitute": what follows is escaped
_ODD = re.compile(r"[\0\\\ud800-\udfff]")
_ESCAPED = re.compile(r"\\(\\|u[0-9a-f]{4})")


def holdable(string: str) -> str:
    r"""Return a string as both databases can hold it: NUL and lone surrogates escaped, anything else as it is.

    >>> holdable("a.pdf"), holdable("a\\b\0"), plain(holdable("a\\b\0"))
    ('a.pdf', '\x1aa\\\\b\\u0000', 'a\\b\x00')
    """
    if not string.startswith(_MARK) and ("\0" not in string and (string.isascii() or _is_utf8(string))):
        return string
    return escaped(string)


def escaped(string: str) -> str:
    r"""Return a string in the form that begins with the mark, as it begins a longer one that ``holdable`` escapes.

    >>> escaped("a\\b")
    '\x1aa\\\\b'
    """
    return _MARK + _ODD.sub(lambda found: "\\\\" if found[0] == "\\" else f"\\u{ord(found[0]):04x}", string)


def plain(held: str) -> str:
    """Return the string that ``holdable`` made this of."""
    if not held.startswith(_MARK):
        return held
    return _ESCAPED.sub(lambda found: "\\" if found[1] == "\\" else chr(int(found[1][1:], 16)), held[1:])


def _is_utf8(string: str) -> bool:
    try:
        string.encode()
    except UnicodeEncodeError:
        return False
    return True


class Held(TypeDecorator[str]):
    """Text that may be anything that Python's strings can be."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Return what the driver is given."""
        return None if value is None else holdable(value)

    def process_result_value(self, value: Any, _dialect: Dialect) -> str | None:
        """Return the string."""
        return None if value is None else plain(value)


_RUNNING = text("status = 'running'")
AUDITS = Table(
    "audits",
    METADATA,
    Column("run_id", LARGE, primary_key=True, autoincrement=False),
    Column("target", Text, nullable=False),
    Column("bucket", Text, nullable=False),  # of the target
    Column("prefix", Held, nullable=False),
    Column("grace_s", Float, nullable=False),
    Column("exposure", Text, nullable=False),
    Column("ranges", Integer, nullable=False),
    Column("started_by", Held, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("resumed_by", Held),
    Column("resumed_at", Instant),
    Column("ended_at", Instant),
    Column("snapshot_at", Instant),
    Column("status", Text, nullable=False),
    Column("is_cancelling", Boolean, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("lease_at", Instant, nullable=False),  # by the database's clock
    Column("seconds", Float, nullable=False),
    Column("progress", Text, nullable=False),  # JSON
    Column("result", Text),  # JSON
    Index("ux_audits_running", "bucket", unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    Index("ix_audits_target", "target", "run_id"),
)
AUDIT_RANGES = Table(
    "audit_ranges",
    METADATA,
    Column("run_id", LARGE, ForeignKey("audits.run_id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("after", Text, nullable=False),  # hex
    Column("until", Text),
    Column("is_done", Boolean, nullable=False),
    Column("rows", LARGE, nullable=False),
    Column("objects", LARGE, nullable=False),
)
AUDIT_FINDINGS = Table(
    "audit_findings",
    METADATA,
    Column("run_id", LARGE, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("subject_hash", LARGE, nullable=False),  # 64 bits: a small index
    Column("kind", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("code", Text),
    Column("state", Text),
    Column("record_id", LARGE),
    Column("stored", Held),
    Column("resolved", Held),
    Column("key", Held),
    Column("evidence", Text, nullable=False),  # JSON
    Column("suggestion", Text),  # JSON
    Column("patient_id", Held),
    Column("clinic_id", Held),
    Column("generated_at", Instant),
    Column("creator", Held),
    Column("is_mobile", Boolean),
    Column("place", Text),  # the bytes of the key, else of the resolved key, in hex, where ``holdable`` escapes it
    Index("ix_audit_findings_code", "run_id", "code"),
    Index("ix_audit_findings_state", "run_id", "state", "record_id"),
    Index("ix_audit_findings_subject", "run_id", "subject_hash"),
)
