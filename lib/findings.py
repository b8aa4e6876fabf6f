"""What one run finds: each disagreement of the rows with the bucket, typed, with what it rests on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from lib.catalogue import Code, Severity
from lib.diagnosis import State
from lib.evidence import Evidence

Value = str | int | bool | None


class Kind(StrEnum):
    """What sort of disagreement it is."""

    DANGLING_REFERENCE = "dangling_reference"  # a row, and no object at its resolved key
    UNREFERENCED_OBJECT = "unreferenced_object"  # an object below an owned prefix, and no row that resolves to it
    SIZE_DIFFERS = "size_differs"
    CHECKSUM_DIFFERS = "checksum_differs"
    EMPTY_OBJECT = "empty_object"
    SHARED_OBJECT = "shared_object"  # two rows resolve to one object; of two patients it is critical
    CONSULTATION_DIFFERS = "consultation_differs"  # the key names another consultation than the row's
    VERSION_STATE = "version_state"  # of one prescription: no current version, several, or a gap
    RESOLVERS_DISAGREE = "resolvers_disagree"  # it opens by the signer's rule; the storage's rule means another key
    UNRESOLVABLE_KEY = "unresolvable_key"  # empty, too long, or impossible in S3
    WRONG_CONTENT_TYPE = "wrong_content_type"
    PUBLICLY_READABLE = "publicly_readable"
    UNDETERMINED = "undetermined"  # the bucket did not say


# The codes of the catalogue that a finding of a kind may have; where none fits, it has no code.
_NOWHERE = frozenset(
    {
        Code.S3_URI,
        Code.URL_COLLAPSED,
        Code.URL_PRESIGNED,
        Code.URL_CDN,
        Code.URL_PATH_STYLE,
        Code.URL_VIRTUAL_HOST,
        Code.URL_LOCAL_SERVER,
        Code.LOCAL_PATH,
        Code.TEMP_NAME,
        Code.BUCKET_IN_KEY,
        Code.ENVIRONMENT_PREFIX,
        Code.LOCATION_OLD,
        Code.LOCATION_SIBLING,
        Code.LOCATION_DOUBLED_IN_URL,
        Code.LOCATION_DOUBLED_IN_BUCKET,
        Code.LOCATION_NONE_AT_ROOT,
        Code.BACKSLASH,
        Code.DOT_SEGMENT,
        Code.LEADING_SLASH,
        Code.TRAILING_SLASH,
        Code.DOUBLE_SLASH,
        Code.DOUBLE_ENCODED,
        Code.PERCENT_ENCODED,
        Code.HTML_ENTITY,
        Code.MOJIBAKE,
        Code.INVISIBLE,
        Code.WHITESPACE,
        Code.PLUS_FOR_SPACE,
        Code.UNICODE_FORM,
        Code.TRUNCATED,
        Code.RANDOM_SUFFIX,
        Code.EXTENSION,
        Code.CASE,
        Code.MOVED,
        Code.FOUND_BY_CONTENT,
        Code.DELETE_MARKER,
        Code.MULTIPART_UNFINISHED,
        Code.DELETED,
        Code.NEVER_UPLOADED,
        Code.EMPTY,
    }
)
CODES: Mapping[Kind, frozenset[Code]] = MappingProxyType(
    {
        Kind.DANGLING_REFERENCE: _NOWHERE,
        Kind.UNREFERENCED_OBJECT: frozenset({Code.UNREFERENCED, Code.NEAR_DUPLICATE_OBJECTS}),
        Kind.SIZE_DIFFERS: frozenset({Code.SIZE_MISMATCH, Code.NOT_PDF, Code.PDF_TRUNCATED}),
        Kind.CHECKSUM_DIFFERS: frozenset({Code.CHECKSUM_MISMATCH, Code.NOT_PDF}),
        Kind.EMPTY_OBJECT: frozenset({Code.ZERO_BYTE}),
        Kind.SHARED_OBJECT: frozenset({Code.DUPLICATE_REFERENCE}),
        Kind.CONSULTATION_DIFFERS: frozenset({Code.WRONG_PATIENT}),
        Kind.VERSION_STATE: frozenset({Code.VERSION_STATE}),
        Kind.RESOLVERS_DISAGREE: frozenset({Code.LOCATION_DOUBLED_IN_URL, *_NOWHERE}),
        Kind.UNRESOLVABLE_KEY: _NOWHERE,
        Kind.WRONG_CONTENT_TYPE: frozenset({Code.CONTENT_TYPE, Code.CONTENT_ENCODING}),
        Kind.PUBLICLY_READABLE: frozenset({Code.PUBLIC}),
        Kind.UNDETERMINED: frozenset({Code.FORBIDDEN, Code.WRONG_BUCKET, Code.SSE_C, Code.ARCHIVED}),
    }
)
# What no audit can see: codes of links and other consumers, and what only reading an object's bytes shows.
UNSEEN = frozenset(
    {Code.LOCATION_MISSING, Code.CDN_STALE, Code.PDF_ENCRYPTED, Code.SPECIAL_CHARS, Code.PLACEHOLDER_FOLDER}
)

STATES: Mapping[Kind, State] = MappingProxyType(
    {
        Kind.DANGLING_REFERENCE: State.MISSING,
        Kind.UNRESOLVABLE_KEY: State.MISSING,
        Kind.SIZE_DIFFERS: State.DAMAGED,
        Kind.CHECKSUM_DIFFERS: State.DAMAGED,
        Kind.EMPTY_OBJECT: State.DAMAGED,
        Kind.UNDETERMINED: State.UNKNOWN,
    }
)
# A record that has findings of several states counts once, in the first of these.
WORST_STATE_FIRST = (State.MISSING, State.DAMAGED, State.ELSEWHERE, State.UNKNOWN)
ATTENTION = frozenset({Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.UNKNOWN})
# UNKNOWN may turn out to be any of them, so it stands below what somebody should surely do something about.
WORST_FIRST = (
    Severity.CRITICAL,
    Severity.HIGH,
    Severity.MEDIUM,
    Severity.UNKNOWN,
    Severity.LOW,
    Severity.NOTE,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a row is grouped by. No name, no phone. ``generated_at`` is aware UTC."""

    patient_id: str | None = None
    clinic_id: str | None = None
    generated_at: datetime | None = None
    creator: str | None = None  # the user id of whoever had the PDF made
    is_mobile: bool | None = None


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Where the right object of a row may be. ``is_safe``: it is proven, and nothing speaks against it."""

    key: str
    evidence: Evidence
    is_safe: bool
    why: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement. ``key`` is the object it is about, where there is one; ``evidence`` what it rests on, as data.

    A finding about an object alone has no record; one about the bucket has neither record nor key.
    """

    kind: Kind
    severity: Severity
    code: Code | None = None
    record_id: int | None = None
    stored: str | None = None
    resolved: str | None = None
    key: str | None = None
    evidence: Mapping[str, Value] = field(default_factory=dict)
    suggestion: Suggestion | None = None
    facts: Facts = NO_FACTS

    @property
    def subject(self) -> str:
        """What tells the same finding of two runs from another: kind and row, or kind and object.

        >>> Finding(Kind.EMPTY_OBJECT, Severity.CRITICAL, record_id=7).subject
        'empty_object record 7'
        """
        about = f"record {self.record_id}" if self.record_id is not None else f"object {self.key or ''}"
        return f"{self.kind} {about}"

    @property
    def state(self) -> State | None:
        """The state of the row that this finding means, None where it opens all the same."""
        is_elsewhere = self.suggestion is not None and self.suggestion.is_safe
        found = STATES.get(self.kind)
        return State.ELSEWHERE if found is State.MISSING and is_elsewhere else found

    @property
    def needs_attention(self) -> bool:
        """Whether somebody should do something about it."""
        return self.severity in ATTENTION
